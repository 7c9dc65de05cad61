"""Which virtual cell own cells are asked in by default: the one that did best on unseen cells.

Measured by ``python -m ugrn_core.pretrain own-cells``: for BEELINE data sets with expression, the model's default
translator and one of all other sets rank the same pairs in two genes alone and in the means of a group of cells.
Counted are the edges of the set's own networks among the best 50 pairs, pairs of either training left out. The second
decides: neither it nor the model had seen anything of the set, where some sets took part in choosing and calibrating
the first.
"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.paths import ASSETS
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.translators.schema import ContextName

FILE = ASSETS / "examples" / "own_cells.csv"
COLUMNS = ("model", "translator", "data_set", "group", "network", "context", "pairs", "edges", "best", "best_edges")
WITHOUT = "all-other-sets"
"""A translator as the project's own of all sets, made without the set it is tested on."""
OF_ALL_SETS = "all-sets-3"
"""The translator of the project that is made like it, of all sets."""
WORDS: dict[ContextName, str] = {"pair": "two genes alone", "full": "means of the cells"}


@lru_cache(maxsize=1)
def measured() -> pd.DataFrame:
    """One line a data set, group, network and virtual cell (:data:`COLUMNS`)."""
    return pd.read_csv(FILE)


def times_chance(frame: pd.DataFrame) -> pd.Series:
    """How many times as many edges the best pairs hold as were to be expected by chance, by virtual cell."""
    expected = frame["best"] * frame["edges"] / frame["pairs"]
    sums = frame.assign(expected=expected).groupby("context")[["best_edges", "expected"]].sum()
    return sums["best_edges"] / sums["expected"]


def default_cell(model: str = DEFAULT_BACKBONE) -> ContextName:
    """The virtual cell of own cells for a model; one that was not measured is taken to be as the default model."""
    times = times_chance(_of(model, WITHOUT))
    return "pair" if times["pair"] >= times["full"] else "full"


def why(model: str = DEFAULT_BACKBONE, translator: str | None = None) -> str:
    """The reason for the default, as a sentence, with the figures of a translator where it was measured."""
    frame, best = _of(model, WITHOUT), default_cell(model)
    times = times_chance(frame)
    other: ContextName = "full" if best == "pair" else "pair"
    sets = " and ".join(dict.fromkeys(frame["data_set"]))
    said = (
        f"By default own cells are asked in {WORDS[best]}: on cells of {sets}, of which neither model nor translator "
        f"had seen anything, the best {frame['best'].max()} pairs of a translator of all other sets ({OF_ALL_SETS} is "
        f"of that kind) held {times[best]:.2g} times as many known edges as chance, {times[other]:.2g} times in "
        f"{WORDS[other]}."
    )
    measured_one = _of(model, translator)
    name = str(measured_one["translator"].iloc[0])
    if name == WITHOUT:
        return said
    took_part = _took_part(name)
    each = []
    for data_set, of_set in measured_one.groupby("data_set", sort=False):
        at = times_chance(of_set)
        note = ", whose networks it was calibrated by" if data_set in took_part else ""
        each.append(f"{at[best]:.2g} and {at[other]:.2g} times in {data_set}{note}")
    return f"{said} {name}: {'; '.join(each)}."


def _took_part(translator: str) -> frozenset[str]:
    """Data sets whose networks calibrate a translator of the project."""
    calibration = load_translator(translator).card.calibration
    return frozenset(calibration.held_out) if calibration is not None else frozenset()


def _of(model: str, translator: str | None) -> pd.DataFrame:
    """Lines of a model and a translator, by default the model's own; what was not measured is as the nearest that was:
    the default model, a translator of all other sets."""
    frame = measured()
    model = model if model in set(frame["model"]) else DEFAULT_BACKBONE
    of_model = frame[frame["model"] == model]
    name = DEFAULT_TRANSLATORS.get(model) if translator is None else translator
    return of_model[of_model["translator"] == (name if name in set(of_model["translator"]) else WITHOUT)]
