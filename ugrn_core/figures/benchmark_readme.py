"""What the README says of the benchmark: words and numbers from the frames."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pandas as pd

from ugrn_core.benchmark.results import NONE as NO_MODEL
from ugrn_core.figures.benchmark import ANSWERS, CORPUS, RANDOM
from ugrn_core.figures.benchmark_means import NONE, averages, best

WIDTH = 120
START, END = "<!-- results: make results -->", "<!-- end of results -->"
COLUMNS = ("Ens", "Ens, both genes unseen", "best score without a model", "random weights")


def readme_section(
    firsts: Mapping[str, pd.DataFrame], others: Mapping[str, pd.DataFrame], default: str, ours: pd.DataFrame
) -> str:
    """The section between its marks: a short table and three things to know.

    ``firsts``: frames of Table 1 by model, the default model's among them. ``others``: frames of Table 1 of one
    model by sampler, ``per_tf`` among them. ``ours``: that of the default model without the leak.
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
    above = whole["Ens"].value > whole[CORPUS[0]].value
    return (
        f"**A look-up of co-expression {'does less' if above else 'does as well'}.** `{model}` is "
        f"{'above' if above else 'not above'} the cosine of two genes in its own corpus, which needs no model: "
        f"{whole['Ens']} and {whole[CORPUS[0]]} over all pairs, {unseen['Ens']} and {unseen[CORPUS[0]]} where both "
        "genes are unseen. To beat scores that know no pair is not to know regulation."
    )


def _drawn(frames: Mapping[str, pd.DataFrame], ours: pd.DataFrame, model: str) -> str:
    """How much the draw of pairs decides."""
    means = {name: averages(frame) for name, frame in frames.items()}
    embeddings = sorted((m["Baseline-Emb"] for m in means.values()), key=lambda m: m.value)
    without = averages(ours)
    return (
        f"**How pairs are drawn decides what a number means.** Embeddings of one model are worth {embeddings[0]} to "
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
