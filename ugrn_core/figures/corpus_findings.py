"""What the tables of the second generation say, first of all against the corpus that the models come from.

Every sentence and number is made from the frames; ``make results`` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ugrn_core.benchmark.results import read_results
from ugrn_core.figures.benchmark import RANDOM
from ugrn_core.figures.benchmark_means import NONE, SUBSETS, WITHOUT_STRING, averages, markdown
from ugrn_core.paths import ASSETS
from ugrn_core.translators.kinds import PAPER

DEFAULT, LOG1P, CONTROL = "ugrn-mini-2", "ugrn-mini-log1p-2", "ugrn-mini-2-reconstructed"
HALF_RANDOM = "ugrn-mini-2-random-transformer"
FIRST = ("ugrn-mini", "ugrn-mini-log1p")
CORPUS = "Co-expression"
KINDS = {PAPER: "", "logistic": ", linear translator"}
TAUGHT = {
    DEFAULT: "taught that co-expression",
    LOG1P: "taught the same in the other layout",
    CONTROL: "the same vectors, learnt hidden values alone",
    **dict.fromkeys(FIRST, "first generation"),
}
ABOUT_AS_MUCH = 0.005
"""Difference of two averages under which one knows nothing beyond the other."""

Frames = Mapping[tuple[str, int, str], pd.DataFrame]
"""Frames by model, table and kind of translator."""


def corpus_findings(frames: Frames) -> str:
    """Paragraphs and tables (markdown) of what is there; Table 1 of the default with the paper's translator must be."""
    first = frames[DEFAULT, 1, PAPER]
    ours, theirs = (averages(first).get(column, NONE) for column in ("Ens", CORPUS))
    beyond = "nothing" if ours.value <= theirs.value + ABOUT_AS_MUCH else "a little"
    told = [
        "**The curves of the second generation against the corpus they come from.** Mean AUPRC over the tests of Table "
        f"1, in brackets the lowest and the highest of {ours.seeds} seeds; of models, Ens. The co-expression of the "
        "corpus takes no model and no training, and STRING holds co-expression itself. In these tables the curves "
        f"carry what the corpus knows of a pair, and {beyond} beyond it.",
        markdown(
            ["scores", "all pairs", "both genes unseen", "without STRING", "without STRING, both unseen"],
            _lines(frames),
        ),
    ]
    others = list(_other_tables(frames))
    if others:
        told += [
            "Where translators are trained on other networks than STRING too, "
            f"{'less of it survives' if _survives_less(frames) else 'it survives'} (Ens of `{DEFAULT}`, the paper's "
            "translator):",
            markdown(["table", "Ens", "the corpus", "Ens, both genes unseen", "the corpus, both unseen"], others),
        ]
    return "\n\n".join(told)


def shipped_frames() -> dict[tuple[str, int, str], pd.DataFrame]:
    """Every shipped frame that the paragraphs read."""
    found = {}
    for model in (*TAUGHT, HALF_RANDOM):
        for table in range(1, 6):
            for kind in KINDS:
                ending = "" if kind == PAPER else f"_{kind}"
                file = ASSETS / "benchmark" / f"{model}_table_{table}{ending}.csv.gz"
                if file.exists() and (table == 1 or model == DEFAULT):
                    found[model, table, kind] = read_results(file)
    return found


def _lines(frames: Frames) -> Iterator[list[object]]:
    """The corpus, every model and translator, and random weights, on Table 1."""
    first = frames[DEFAULT, 1, PAPER]
    yield ["co-expression of the corpus", *_of(first, CORPUS)]
    for model, taught in TAUGHT.items():
        for kind, words in KINDS.items():
            if (model, 1, kind) in frames:
                yield [f"`{model}` ({taught}){words}", *_of(frames[model, 1, kind], "Ens")]
    if (HALF_RANDOM, 1, PAPER) in frames:
        half = _of(frames[HALF_RANDOM, 1, PAPER], f"Ens{RANDOM}")
        yield ["a random transformer over the trained gene embeddings", *half]
    yield [f"random weights, of the shape of `{DEFAULT}`", *_of(first, f"Ens{RANDOM}")]


def _of(frame: pd.DataFrame, column: str) -> list[object]:
    """Averages over all pairs and over unseen ones, with the tests on STRING and without."""
    return [averages(frame, 1, s, networks).get(column, NONE) for networks in ((), WITHOUT_STRING) for s in SUBSETS]


def _other_tables(frames: Frames) -> Iterator[list[object]]:
    for table in range(2, 6):
        if (DEFAULT, table, PAPER) in frames:
            means = [averages(frames[DEFAULT, table, PAPER], table, s) for s in SUBSETS]
            yield [f"Table {table}", *(m.get(c, NONE) for m in means for c in ("Ens", CORPUS))]


def _survives_less(frames: Frames) -> bool:
    """Whether Ens falls farther behind the corpus in every other table than in Table 1, over all pairs."""
    gaps = {}
    for (model, table, kind), frame in frames.items():
        if model == DEFAULT and kind == PAPER:
            means = averages(frame, table)
            gaps[table] = means["Ens"].value - means[CORPUS].value
    return bool(np.all([gap < gaps[1] for table, gap in gaps.items() if table != 1]))
