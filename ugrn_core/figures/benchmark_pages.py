"""What the README and the docs say of the benchmark: words and numbers from the frames, each mean with its seeds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd

from ugrn_core.benchmark.results import NONE as NO_MODEL
from ugrn_core.benchmark.tables import seed_spread, string_beside_nonspecific, with_seeds
from ugrn_core.figures.benchmark import ANSWERS, CORPUS, RANDOM, SHORTCUTS, TableView, prepare_tests
from ugrn_core.figures.benchmark_heads import head_sentences
from ugrn_core.figures.benchmark_means import (
    ABOUT_AS_MUCH,
    NONE,
    SUBSETS,
    SUMMARY,
    Summaries,
    averages,
    best,
    markdown,
    wrapped,
)
from ugrn_core.figures.benchmark_protocols import DRAWS, BothDraws
from ugrn_core.methods.catalogue import METHODS

WIDTH = 120
START, END = "<!-- results: make results -->", "<!-- end of results -->"
COLUMNS = ("Ens", "Ens, both genes unseen", "best score without a model", "random weights")

HEAD = """# Results of the benchmark

Tables 1 to 6 of the paper on the BEELINE networks (TFs+500, two genes in the virtual cell), beside twins with random
weights and scores that need no model. The Benchmark page shows all of it beside what the paper prints, and opens every
number to its tests and pairs. A mean stands with the lowest and the highest of its seeds, in which pairs and
translators are drawn anew. `make tables` makes the frames anew, `make results` this page."""

LEGEND = """Mean AUPRC (average precision). Negatives are drawn per TF where nothing else is said; tests with fewer than
50 edges have no value, which leaves 19 of 66 in Table 5 where both genes are unseen. Table 6 is Table 1 with more
negatives. “Gene level” is a translator that sees what each gene does on average, and no pair; “target is a TF” goes by
the census of Lambert et al. 2018, “target is listed” by BEELINE's own list for the test; “random weights” is Ens of a
model that was never trained."""


def readme_section(
    firsts: Mapping[str, pd.DataFrame], others: Mapping[str, pd.DataFrame], default: str, ours: pd.DataFrame
) -> str:
    """The section between its marks: a short table and three things to know.

    ``firsts``: frames of Table 1 by model, the default model's among them. ``others``: frames of Table 1 of the
    default model by sampler, ``per_tf`` among them. ``ours``: that without the leak.
    """
    lines = [f"| model | made by | {' | '.join(COLUMNS)} |", "|---|---|---|---|---|---|"]
    lines += [_line(model, frame) for model, frame in firsts.items()]
    head = (
        "AUPRC of Table 1 of the paper (BEELINE, TFs+500, two genes in the virtual cell, as many negatives as "
        "positives, drawn per TF): mean over its 19 rows, and in brackets the lowest and the highest seed."
    )
    things = [_corpus(firsts[default], default), _drawn(others, ours, default), _printed()]
    numbered = [_filled(f"{n}. {text}", "   ") for n, text in enumerate(things, 1)]
    last = (
        "All runs and what they say: [results](docs/benchmark-results.md). The Benchmark page opens every number to "
        "its tests and pairs, and takes scores of your own method, as `ugrn benchmark` does by `--scores`."
    )
    parts = [START, _filled(head), "\n".join(lines), "Three things to know before a number is believed:"]
    return "\n\n".join([*parts, "\n".join(numbered), _filled(last), END])


def _line(model: str, frame: pd.DataFrame) -> str:
    """A model in the short table."""
    objective = next(str(o) for o in frame.loc[frame["weights"] == "trained", "objective"] if o != NO_MODEL)
    means, unseen = averages(frame), averages(frame, subset="both_unseen")
    cells = (means["Ens"], unseen["Ens"], best(means), means.get(f"Ens{RANDOM}", NONE))
    return f"| `{model}` | {objective} | {' | '.join(map(str, cells))} |"


def _corpus(frame: pd.DataFrame, model: str) -> str:
    """The default model beside the co-expression of its corpus."""
    whole, unseen = averages(frame), averages(frame, subset="both_unseen")
    above = whole["Ens"].value > whole[CORPUS[0]].value + ABOUT_AS_MUCH
    return (
        f"**A look-up of co-expression {'does less' if above else 'does as well'}.** `{model}` is "
        f"{'above' if above else 'no more than level with'} the cosine of two genes in its own corpus, which needs no "
        "model: "
        f"{whole['Ens']} and {whole[CORPUS[0]]} over all pairs, {unseen['Ens']} and {unseen[CORPUS[0]]} where both "
        "genes are unseen. To beat scores that know no pair is not to know regulation."
    )


def _drawn(frames: Mapping[str, pd.DataFrame], ours: pd.DataFrame, model: str) -> str:
    """How much the draw of pairs decides."""
    means = {name: averages(frame) for name, frame in frames.items()}
    embeddings = sorted((m["Baseline-Emb"] for m in means.values()), key=lambda m: m.value)
    without = averages(ours)
    return (
        f"**How pairs are drawn decides what a number means.** Embeddings of `{model}` are worth {embeddings[0]} to "
        f"{embeddings[-1]} as negatives are drawn, and “is the reverse pair an edge of the test”, which reads the "
        f"answers, {means['per_tf'][ANSWERS[0]]} with those of the paper. `--sampler exchanged` is our protocol, in "
        f"which scores that read the answers reach {best(without, ANSWERS)} at most, chance being 0.5 "
        f"([why](docs/decisions/087-edges-with-their-targets-exchanged.md)): there Ens of `{model}` has "
        f"{without['Ens']}, the cosine of its corpus {without[CORPUS[0]]}, the best score without a model "
        f"{best(without)}."
    )


def _printed() -> str:
    return (
        "**Nothing of this speaks for or against scGPT**, whose weights were not run here ([how](docs/scgpt-run.md)). "
        "Some printed figures look like scores that read the answers; what that does and does not show: "
        "[printed figures](docs/printed-figures.md)."
    )


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def results_page(
    findings: Sequence[str], sections: Mapping[str, str], runs: Sequence[tuple[str, str]], of: Summaries
) -> str:
    """The page: findings, sections by their titles, and the averages of every run ``(model, run)``."""
    titles = {"all": "All pairs", "both_unseen": "Both genes unseen in training"}
    whole = [f"### {titles[s]}\n\n{_every_run(runs, of, s)}" for s in SUBSETS]
    told = [f"## {title}\n\n{text.strip()}" for title, text in sections.items()]
    return wrapped("\n\n".join([HEAD, *findings, *told, f"## Every run\n\n{LEGEND}", *whole])) + "\n"


def _every_run(runs: Sequence[tuple[str, str]], of: Summaries, subset: str) -> str:
    rows = [[f"`{model}`", run, *(of(model, run, subset)[c] for c in SUMMARY)] for model, run in runs]
    return markdown(["model", "run", *SUMMARY], rows)


def peers_section(draws: BothDraws) -> str:
    """Methods of others on the data sets whose cells are at hand, on the pairs of Table 1."""
    sets = ", ".join(dict.fromkeys(map(str, draws.paper["test_set"])))
    told = [
        f"Scores from the cells of a data set alone ({sets}), beside the co-expression of the corpus and the scores "
        "without a model, on the pairs of Table 1. Pairs without a score stand last (`coverage` in the frame). "
        "`ugrn benchmark --scores mine.csv --name MINE` puts any other method into such a table."
    ]
    for frame, said in zip(draws, DRAWS.values(), strict=True):
        told += [f"**Pairs {said}.** {string_beside_nonspecific(frame)}", _by_test(frame)]
    return "\n\n".join(told)


def _by_test(frame: pd.DataFrame) -> str:
    """A row a method, a column a test: mean AUPRC with its seeds."""
    tests = prepare_tests(frame, TableView(1))
    spread = seed_spread(tests, ["row"])
    means = tests.dropna(subset="value").groupby(["row", "column"])["value"].mean()
    given = [m for m in dict.fromkeys(tests["column"]) if m not in METHODS]
    rows = list(dict.fromkeys(tests["row"]))
    shown = [name for name in (*given, *CORPUS, *SHORTCUTS) if name in means.index.get_level_values("column")]
    return markdown(
        ["method", *rows],
        [
            [name, *(with_seeds(means[r, name], *spread.loc[(r, name)]) if (r, name) in means else "–" for r in rows)]
            for name in shown
        ],
    )


def prevalence_section(model: str, frame: pd.DataFrame, compared: pd.DataFrame) -> str:
    """What the heads of rankings of all candidates hold."""
    said = "\n".join(f"- {sentence}" for sentence in head_sentences(frame, compared))
    return (
        f"All candidate pairs of a test ranked by `{model}`, by its corpus and by the methods of others, trained as in "
        "Table 1 on hESC STRING (so that hESC itself is no test); how, and every score with its interval: `ugrn "
        f"benchmark prevalence` ([cli](cli.md)) and the Benchmark page.\n\n{said}"
    )
