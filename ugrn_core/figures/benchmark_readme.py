"""What the README says of the benchmark, and the page of the docs with every run: words and numbers from the frames."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from ugrn_core.benchmark.results import NONE
from ugrn_core.figures.benchmark import CORPUS, SHORTCUTS, TableView, prepare_tests
from ugrn_core.figures.benchmark_words import SUMMARY, prepare_summary

REVERSE = "Reverse is an edge"
WIDTH = 120
START, END = "<!-- results: make results -->", "<!-- end of results -->"
COLUMNS = ("Ens", "Ens, both genes unseen", "best score without a model", "random weights")


class Mean(NamedTuple):
    """An average over the rows of a table, with its lowest and highest seed."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "–" if self.value != self.value else f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def average(frame: pd.DataFrame, column: str, subset: str = "all", table: int = 1) -> Mean:
    """Average AUPRC of a column of a table, and that of its lowest and highest seed."""
    tests = prepare_tests(frame, TableView(table, subset=subset))
    of = tests[tests["column"] == column].dropna(subset="value")
    by_seed = of.groupby(["seed", "row"])["value"].mean().groupby("seed").mean()
    whole = float(of.groupby("row")["value"].mean().mean())
    return Mean(whole, float(by_seed.min()), float(by_seed.max()))


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


def results_page(findings: str, frames: Mapping[tuple[str, str], pd.DataFrame], tables: Mapping[str, int]) -> str:
    """The page of the docs: the words on all tables, and the averages of every run.

    ``frames`` are by model and run, ``tables`` says which table a run is of.
    """
    lines = [f"| model | run | {' | '.join(SUMMARY)} |", f"|{'---|' * (len(SUMMARY) + 2)}"]
    for (model, run), frame in frames.items():
        by = prepare_summary(frame, tables[run]).set_index("subset")
        cells = [f"{by.loc['all', c]:.3f} / {by.loc['both_unseen', c]:.3f}".replace("nan", "–") for c in SUMMARY]
        lines.append(f"| `{model}` | {run} | {' | '.join(cells)} |")
    return "\n\n".join([_PAGE_HEAD, findings.strip(), _PAGE_LEGEND, "\n".join(lines)]) + "\n"


_PAGE_HEAD = """# Results of the benchmark

Tables 1 to 6 of the paper were run with the first generation of the embedded models on the BEELINE networks (TFs+500,
two genes in the virtual cell, 3 seeds), beside twins with random weights and scores that need no model. The
Benchmark page shows all of it, and the later models, beside what the paper prints, and opens every number to its tests
and pairs.
`make tables` makes the frames anew, `make results` this page."""

_PAGE_LEGEND = """Mean AUPRC (average precision) over all pairs / over pairs whose genes are both unseen in training. In
Table 5 the second number is of the 19 tests (of 66) that have 50 such edges. Table 6 is Table 1 with more negatives.
Negatives are drawn per TF where nothing else is said. “Gene level” is a translator that sees what each gene does on
average, and no pair; “target is a TF” goes by the census of Lambert et al. 2018, “target is listed” by BEELINE's own
list for the test; “random weights” is Ens of a model that was never trained."""


def _line(model: str, frame: pd.DataFrame) -> str:
    """A model in the short table."""
    objective = next(str(o) for o in frame.loc[frame["weights"] == "trained", "objective"] if o != NONE)
    best = max((average(frame, s) for s in SHORTCUTS), key=lambda m: m.value)
    cells = (average(frame, "Ens"), average(frame, "Ens", "both_unseen"), best, average(frame, "Ens (random weights)"))
    return f"| `{model}` | {objective} | {' | '.join(map(str, cells))} |"


def _corpus(frame: pd.DataFrame, model: str) -> str:
    """The default model beside the co-expression of its corpus."""
    ours, theirs = average(frame, "Ens"), average(frame, CORPUS[0])
    unseen = average(frame, "Ens", "both_unseen"), average(frame, CORPUS[0], "both_unseen")
    above = ours.value > theirs.value
    return (
        f"**A look-up of co-expression {'does less' if above else 'does as well'}.** `{model}` is "
        f"{'above' if above else 'not above'} the cosine of two genes in its own corpus, which needs no model: "
        f"{ours.value:.3f} and {theirs.value:.3f} over all pairs, {unseen[0].value:.3f} and {unseen[1].value:.3f} "
        "where both genes are unseen. To beat scores that know no pair is not to know regulation."
    )


def _drawn(frames: Mapping[str, pd.DataFrame], ours: pd.DataFrame, model: str) -> str:
    """How much the draw of pairs decides."""
    values = {name: average(frame, "Baseline-Emb").value for name, frame in frames.items()}
    low, high = min(values.values()), max(values.values())
    reads = average(frames["per_tf"], REVERSE).value
    return (
        f"**How pairs are drawn decides what a number means.** Embeddings of one model are worth {low:.3f} to "
        f"{high:.3f} as negatives are drawn, and “is the reverse pair an edge of the test”, which reads the answers, "
        f"{reads:.3f} with those of the paper. `--sampler exchanged` is our protocol, in which no such score is above "
        f"chance ([why](docs/decisions/087-edges-with-their-targets-exchanged.md)): there Ens of `{model}` has "
        f"{average(ours, 'Ens')}, the cosine of its corpus {average(ours, CORPUS[0])}, the best score without a model "
        f"{max((average(ours, s) for s in SHORTCUTS), key=lambda m: m.value)}."
    )


def _printed() -> str:
    return (
        "**Nothing of this speaks for or against scGPT**, whose weights were not run here ([how](docs/scgpt-run.md)). "
        "Some printed figures look like scores that read the answers; what that does and does not show: "
        "[printed figures](docs/printed-figures.md)."
    )


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
