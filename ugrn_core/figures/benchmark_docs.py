"""The page of the docs with every run of the benchmark: words and numbers from the frames, each mean with its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ugrn_core.benchmark.tables import seed_spread, string_beside_nonspecific, with_seeds
from ugrn_core.figures.benchmark import CORPUS, SHORTCUTS, TableView, prepare_tests
from ugrn_core.figures.benchmark_heads import head_sentences
from ugrn_core.figures.benchmark_means import SUBSETS, SUMMARY, Summaries, markdown, wrapped
from ugrn_core.figures.benchmark_protocols import DRAWS, BothDraws
from ugrn_core.methods.catalogue import METHODS

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
