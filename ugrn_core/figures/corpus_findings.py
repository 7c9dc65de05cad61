"""What the tables of the second generation say, first of all against the corpus that the models come from.

Every sentence is made from the frames; ``python -m ugrn_core.pretrain findings`` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ugrn_core.benchmark.paper import AVERAGE
from ugrn_core.benchmark.results import read_results
from ugrn_core.figures.benchmark import RANDOM, TableView, prepare_cells, prepare_tests
from ugrn_core.paths import ASSETS
from ugrn_core.translators.kinds import PAPER

DEFAULT, LOG1P, CONTROL = "ugrn-mini-2", "ugrn-mini-log1p-2", "ugrn-mini-2-reconstructed"
HALF_RANDOM = "ugrn-mini-2-random-transformer"
FIRST = {DEFAULT: "ugrn-mini", LOG1P: "ugrn-mini-log1p"}
CORPUS = "Co-expression"
KINDS = {PAPER: "the paper's translator", "logistic": "a linear one"}

Frames = Mapping[tuple[str, int, str], pd.DataFrame]
"""Frames by model, table and kind of translator."""


def corpus_findings(frames: Frames) -> str:
    """A paragraph (markdown) of what is there; Table 1 of the default with the paper's translator must be."""
    corpus = _of(frames[DEFAULT, 1, PAPER], CORPUS)
    told = [
        "**The curves of the second generation against the corpus they come from.** In Table 1 the co-expression of "
        f"the corpus, without a model or training, reaches {corpus[0]} over all pairs and {corpus[1]} where both genes "
        "are unseen (STRING holds co-expression itself).",
        _reaches(frames, DEFAULT, "which was taught that co-expression"),
    ]
    if (LOG1P, 1, PAPER) in frames:
        told.append(_reaches(frames, LOG1P, "taught the same in the other layout"))
    if (CONTROL, 1, PAPER) in frames:
        told.append(_reaches(frames, CONTROL, "which starts from the same vectors and learnt hidden values alone"))
    ours, theirs = (float(v[0]) for v in (_of(frames[DEFAULT, 1, PAPER], "Ens"), corpus))
    told.append(
        "So in these tables the curves carry what the corpus knows of a pair, and "
        + ("nothing beyond it." if ours <= theirs + 0.005 else "a little beyond it.")
    )
    told.append(_beside_first(frames))
    others = _other_tables(frames)
    if others:
        told.append(others)
    told.append(_random(frames))
    return " ".join(filter(None, told))


def shipped_frames() -> dict[tuple[str, int, str], pd.DataFrame]:
    """Every shipped frame that the paragraph reads."""
    found = {}
    for model in (DEFAULT, LOG1P, CONTROL, HALF_RANDOM, *FIRST.values()):
        for table in range(1, 6):
            for kind in KINDS:
                ending = "" if kind == PAPER else f"_{kind}"
                file = ASSETS / "benchmark" / f"{model}_table_{table}{ending}.csv.gz"
                if file.exists():
                    found[model, table, kind] = read_results(file)
    return found


def _reaches(frames: Frames, model: str, what: str) -> str:
    parts = []
    for kind, words in KINDS.items():
        if (model, 1, kind) in frames:
            value = _of(frames[model, 1, kind], "Ens")
            parts.append(f"{value[0]} and {value[1]} with {words}")
    rest = _of(frames[model, 1, PAPER], "Ens", without_string=True)
    base = _of(frames[model, 1, PAPER], CORPUS, without_string=True)
    return (
        f"`{model}`, {what}, reaches {' and '.join(parts)} (Ens; without the tests on STRING {rest[0]} and {rest[1]} "
        f"with the first of these, the corpus {base[0]} and {base[1]})."
    )


def _beside_first(frames: Frames) -> str:
    said = []
    for model, before in FIRST.items():
        if (model, 1, PAPER) in frames and (before, 1, PAPER) in frames:
            old = _of(frames[before, 1, PAPER], "Ens")
            said.append(f"`{before}` {old[0]} and {old[1]}")
    return f"The first generation stood at {'; '.join(said)}." if said else ""


def _other_tables(frames: Frames) -> str:
    said = []
    for table in range(2, 6):
        if (DEFAULT, table, PAPER) in frames:
            ours, corpus = (_of(frames[DEFAULT, table, PAPER], m, table=table) for m in ("Ens", CORPUS))
            said.append(f"{ours[0]} and {ours[1]} in Table {table} (the corpus {corpus[0]} and {corpus[1]})")
    if not said:
        return ""
    return (
        "Where translators are trained on other networks than STRING too, less of it survives: Ens of "
        f"`{DEFAULT}` with the paper's translator has {', '.join(said)}."
    )


def _random(frames: Frames) -> str:
    twin = _of(frames[DEFAULT, 1, PAPER], f"Ens{RANDOM}")
    said = f"Random weights reach {twin[0]} and {twin[1]} in Table 1"
    if (HALF_RANDOM, 1, PAPER) in frames:
        half = _of(frames[HALF_RANDOM, 1, PAPER], f"Ens{RANDOM}")
        said += f", a random transformer over the trained gene embeddings {half[0]} and {half[1]}"
    return f"{said}."


def _of(frame: pd.DataFrame, column: str, *, table: int = 1, without_string: bool = False) -> tuple[str, str]:
    """Averages over all pairs and over unseen ones, as they are written."""
    if without_string:
        frame = frame[frame["test_network"] != "STRING"]
    values = []
    for subset in ("all", "both_unseen"):
        cells = prepare_cells(prepare_tests(frame, TableView(table, subset=subset)))
        means = cells[cells["row"] == AVERAGE].set_index("column")["value"]
        values.append(f"{means[column]:.3f}")
    return values[0], values[1]
