"""Curves of pairs as one frame: several contexts of a pair, or one source against several targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ugrn_core.genes.file_names import HUMAN_COLUMNS, in_file
from ugrn_core.pair import PairSpecific
from ugrn_core.pair_output import pair_frame
from ugrn_core.types import PairResult

RAW, SPECIFIC = "raw", "pair-specific"

COLUMNS = [
    "series", "measure", "direction", "source", "target", "base", "virtual_value", "response", "slope", "unit",
]  # fmt: skip


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
    frame = pair_frame(result).assign(series=series, measure=measure)
    genes = (result.source, result.target)
    bases = {name: _base(result, gene) for name, gene in zip(in_file(result.context.names, genes), genes, strict=True)}
    return frame.assign(base=frame["source"].map(bases))[[*COLUMNS, *(c for c in HUMAN_COLUMNS if c in frame)]]


def _base(result: PairResult, gene: str) -> float:
    """Value from which ``gene`` starts: its own in a profile, the virtual cell's otherwise."""
    context = result.context
    if context.values is None:
        return float(result.settings.base)
    return float(context.values[context.genes.index(gene)])


def prepare_peaks(frame: pd.DataFrame) -> pd.DataFrame:
    """Largest change of every curve: ``series, measure, direction, source, target, peak, at, unit``, one row a curve.

    ``peak`` is the signed response of largest size, under ``follow`` the slope, and ``at`` its virtual value.
    """
    quantity = "slope" if frame["response"].isna().all() else "response"
    rows = frame.groupby(["series", "measure", "direction"], sort=False)[quantity].apply(lambda c: c.abs().idxmax())
    peaks = frame.loc[rows.to_numpy()].rename(columns={quantity: "peak", "virtual_value": "at"})
    columns = ["series", "measure", "direction", "source", "target", "peak", "at", "unit"]
    return peaks[columns].reset_index(drop=True)
