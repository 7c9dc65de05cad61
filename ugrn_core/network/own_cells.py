"""Which virtual cell own cells are asked in by default: the one that did best on unseen cells.

Measured by ``python -m ugrn_core.pretrain own-cells``: for BEELINE data sets with expression, translators of all other
sets rank the same pairs in two genes alone and in the means of a group of cells. Counted are the edges of the set's
own networks among the best 50 pairs, pairs of the training left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import pandas as pd

from ugrn_core.paths import ASSETS

FILE = ASSETS / "examples" / "own_cells.csv"
COLUMNS = ("model", "data_set", "group", "network", "context", "pairs", "edges", "best", "best_edges")
DEFAULT_MODEL = "ugrn-mini-2"
Asked = Literal["pair", "full"]
WORDS: dict[Asked, str] = {"pair": "two genes alone", "full": "means of the cells"}


@lru_cache(maxsize=1)
def measured() -> pd.DataFrame:
    """One line a data set, group, network and virtual cell (:data:`COLUMNS`)."""
    return pd.read_csv(FILE)


def times_chance(frame: pd.DataFrame) -> pd.Series:
    """How many times as many edges the best pairs hold as were to be expected by chance, by virtual cell."""
    expected = frame["best"] * frame["edges"] / frame["pairs"]
    sums = frame.assign(expected=expected).groupby("context")[["best_edges", "expected"]].sum()
    return sums["best_edges"] / sums["expected"]


def default_cell(model: str = DEFAULT_MODEL) -> Asked:
    """The virtual cell of own cells for a model; one that was not measured is taken to be as the default model."""
    times = times_chance(_of(model))
    return "pair" if times["pair"] >= times["full"] else "full"


def why(model: str = DEFAULT_MODEL) -> str:
    """The reason for the default, as a sentence."""
    frame, best = _of(model), default_cell(model)
    times = times_chance(frame)
    other: Asked = "full" if best == "pair" else "pair"
    sets = " and ".join(dict.fromkeys(frame["data_set"]))
    return (
        f"By default own cells are asked in {WORDS[best]}, which did best on cells that neither model nor translator "
        f"had seen ({sets}): its best {frame['best'].max()} pairs held {times[best]:.2g} times as many known edges as "
        f"chance, those of {WORDS[other]} {times[other]:.2g} times."
    )


def _of(model: str) -> pd.DataFrame:
    frame = measured()
    return frame[frame["model"] == (model if model in set(frame["model"]) else DEFAULT_MODEL)]
