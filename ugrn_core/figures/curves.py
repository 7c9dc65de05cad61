"""Curves of pairs as one frame: several contexts of a pair, one source against several targets, or a list of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ugrn_core.genes.file_names import HUMAN_COLUMNS, in_file
from ugrn_core.pair import PairSpecific, base_of
from ugrn_core.pair_output import pair_frame
from ugrn_core.types import PairResult

RAW, SPECIFIC = "raw", "pair-specific"

COLUMNS = [
    "series", "measure", "direction", "source", "target", "base", "virtual_value", "response", "slope", "unit",
]  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """A curve of a frame along its virtual values ``at``, all (value,); a ``response`` that is not defined is NaN."""

    series: str
    measure: str
    direction: str
    source: str
    target: str
    base: float
    unit: str
    at: np.ndarray
    response: np.ndarray
    slope: np.ndarray

    def __getitem__(self, quantity: str) -> np.ndarray:
        return self.response if quantity == "response" else self.slope


def split_curves(frame: pd.DataFrame) -> list[Curve]:
    """The curves of a frame (:data:`COLUMNS`) one by one, in its order: a figure asks for them many times."""
    columns = [frame[name].tolist() for name in ("series", "measure", "direction", "source", "target", "base", "unit")]
    rows: dict[tuple[str, str, str], list[int]] = {}
    for row, key in enumerate(zip(*columns[:3], strict=True)):
        rows.setdefault(key, []).append(row)
    numbers = [frame[name].to_numpy(float) for name in ("virtual_value", "response", "slope")]
    found = []
    for at in rows.values():
        series, measure, direction, source, target, base, unit = (values[at[0]] for values in columns)
        order = np.array(at)[np.argsort(numbers[0][at], kind="stable")]
        x, response, slope = (values[order] for values in numbers)
        found.append(Curve(series, measure, direction, source, target, float(base), unit, x, response, slope))
    return found


def prepare_pair(results: Mapping[str, PairResult], specific: PairSpecific | None = None) -> pd.DataFrame:
    """Long frame (:data:`COLUMNS`) of one pair in several contexts; ``series`` is the name of the context.

    ``specific`` belongs to the first of them. ``base`` is the value from which the source of that row starts, in the
    unit of ``virtual_value``; ``response`` is NaN under the ``follow`` background. In cells of a mouse file genes have
    its names, and their human symbols stand behind (``HUMAN_COLUMNS``).
    """
    frames = [_frame(result, name, RAW) for name, result in results.items()]
    if specific is not None:
        name, result = next(iter(results.items()))
        centred = replace(result, forward=specific.forward, reverse=specific.reverse)
        frames.insert(1, _frame(centred, name, SPECIFIC))
    return pd.concat(frames, ignore_index=True)


def prepare_targets(results: Sequence[PairResult]) -> pd.DataFrame:
    """Long frame (:data:`COLUMNS`) of one source against several targets; ``series`` is the target."""
    named = [(*in_file(result.context.names, (result.target,)), result) for result in results]
    return pd.concat([_frame(result, target, RAW) for target, result in named], ignore_index=True)


def _frame(result: PairResult, series: str, measure: str) -> pd.DataFrame:
    frame = pair_frame(result)
    bases = [float(base_of(result.context, g, result.settings.base)) for g in (result.source, result.target)]
    own = {"series": series, "measure": measure, "base": np.repeat(bases, len(result.settings.grid))}
    columns = [*COLUMNS, *(c for c in HUMAN_COLUMNS if c in frame)]
    return pd.DataFrame({name: own[name] if name in own else frame[name] for name in columns})


def prepare_peaks(frame: pd.DataFrame) -> pd.DataFrame:
    """Largest change of every curve: ``series, measure, direction, source, target, peak, at, unit``, one row a curve.

    ``peak`` is the signed response of largest size, under ``follow`` the slope, and ``at`` its virtual value.
    """
    quantity = "slope" if frame["response"].isna().all() else "response"
    rows = frame.groupby(["series", "measure", "direction"], sort=False)[quantity].apply(lambda c: c.abs().idxmax())
    peaks = frame.loc[rows.to_numpy()].rename(columns={quantity: "peak", "virtual_value": "at"})
    columns = ["series", "measure", "direction", "source", "target", "peak", "at", "unit"]
    return peaks[columns].reset_index(drop=True)


def prepare_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Frame of :func:`ugrn_core.pair.score_pairs` with its columns at virtual values gathered into lists.

    ``forward`` and ``reverse`` hold the response at every virtual value (under ``follow`` the slope), in grid order.
    """
    at_values = [c for c in scored.columns if "_at_" in c]
    table = scored.drop(columns=at_values)
    for direction in ("forward", "reverse"):
        own = [c for c in at_values if c.startswith(direction)]
        table[direction] = scored[own].astype(float).to_numpy().tolist()
    first = ["source", "target", "forward_max_response", "forward", "reverse_max_response", "reverse"]
    return table[[*first, *(c for c in table.columns if c not in first)]]
