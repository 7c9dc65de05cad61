"""Does a tissue's own cell around a pair tell how the pair's association differs between tissues?

One corpus file has cells of several tissues. Pairs are chosen in its even cells: related genes whose correlation within
tissues differs most between tissues. The odd cells say what the difference is. It is predicted by the model's slope of
the target where the source stands at its mean of the tissue: with the two genes alone, both at their means of the
tissue, and with the genes around them that are most unlike the average in the tissue, at their means too. Two genes
alone at the mean of all cells say the same of every tissue.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.standardised import standardised
from ugrn_core.spreadsheet import csv_text
from ugrn_core.sweep import sweep_sources
from ugrn_core.types import Progress, SweepSettings
from ugrn_core.whole_files import write_whole

FILE = "mca_microwell_10samples"
CANDIDATES, PAIRS = 4000, 300
TISSUE_GENES = 62
RELATED = 0.2
LEAST_DETECTION = 0.1
FEWEST_TISSUES = 3
FEWEST_CELLS = 100
COLUMNS = ("source", "target", "tissue", "cells", "chosen_by", "association", "pair", "tissue_genes")
"""A pair in a tissue: its odd cells, the correlation in its even cells and in its odd cells, and slopes of the model:
of the two genes alone at their means of the tissue, and with the tissue's genes around them."""
PREDICTORS = {"pair": "the two genes alone, at their means of the tissue", "tissue_genes": "with the tissue's genes"}
RESAMPLES = 200


def tissue_frame(
    backbone: Backbone,
    genes: Sequence[str],
    values: np.ndarray,
    tissues: np.ndarray,
    vectors: np.ndarray,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """One line a pair and tissue (``COLUMNS``).

    ``values`` (cell, gene) are log1p, ``tissues`` (cell,) their tissue, ``vectors`` (gene, dimension) of unit length.
    """
    (mean, variance), groups = moments(values), groups_of(tissues)
    detected = np.stack([(values[rows] > 0).mean(0) >= LEAST_DETECTION for rows in groups.values()])
    pairs = _candidates(vectors, detected)
    even, odd = (
        np.stack([_correlations(values[rows[half::2]], pairs) for rows in groups.values()], 1) for half in (0, 1)
    )
    both = np.stack([detected[:, i] & detected[:, j] for i, j in pairs])
    chosen = _most_different(even, both, np.array([(len(rows) + 1) // 2 for rows in groups.values()]))
    means = np.stack([standardised(values[rows[::2]].mean(0), mean, variance, len(values)) for rows in groups.values()])
    lines = []
    for n, k in enumerate(chosen):
        i, j = pairs[k]
        for t in np.flatnonzero(both[k]):
            around = np.argsort(-np.where(detected[t], np.abs(means[t]), 0), kind="stable")[:TISSUE_GENES]
            larger = [i, j, *(g for g in around.tolist() if g not in (i, j))]
            slopes = [_slope(backbone, genes, cell, means[t]) for cell in ([i, j], larger)]
            tissue = list(groups)[t]
            cells = len(groups[tissue]) // 2
            lines.append((genes[i], genes[j], tissue, cells, even[k, t], odd[k, t], *slopes))
        if progress and n % 10 == 9:
            progress((n + 1) / len(chosen), f"{n + 1:,} of {len(chosen):,} pairs")
    return pd.DataFrame(lines, columns=list(COLUMNS))


def groups_of(tissues: np.ndarray) -> dict[str, np.ndarray]:
    """Rows of the tissues that have enough cells; the even ones of each are known, the odd ones judge."""
    groups = {t: np.flatnonzero(tissues == t) for t in sorted(set(tissues.tolist()))}
    return {t: rows for t, rows in groups.items() if len(rows) >= 2 * FEWEST_CELLS}


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances (gene,) float64 over all cells."""
    blocks = np.array_split(values, 32, axis=1)
    mean, variance = (np.concatenate([f(b, 0, dtype=np.float64) for b in blocks]) for f in (np.mean, np.var))
    return mean, variance


def write_tissues(frame: pd.DataFrame, file: Path) -> None:
    """The frame as CSV, four decimals."""
    write_whole(file, csv_text(frame.round(4)).encode())


def recovered(frame: pd.DataFrame) -> dict[str, tuple[float, float, float, float]]:
    """How well each of ``PREDICTORS`` tells differences between tissues: (correlation, 2.5 %, 97.5 %, share of pairs).

    The correlation is of association and prediction, each less its mean over the pair's tissues, its interval over
    pairs; the share is of pairs in which it puts the tissues that were highest and lowest when the pair was chosen in
    the order that the other cells have.
    """
    pair = frame["source"] + " " + frame["target"]
    _, number = np.unique(pair, return_inverse=True)
    drawn = np.random.default_rng(0).integers(number.max() + 1, size=(RESAMPLES, number.max() + 1))
    truth = _centred(frame["association"].to_numpy(), number)
    found = {}
    for name in PREDICTORS:
        said = _centred(frame[name].to_numpy(), number)
        sums = np.stack([np.bincount(number, v) for v in (truth * said, truth**2, said**2)])
        low, high = np.quantile(_correlation(sums[:, drawn].sum(2)), [0.025, 0.975])
        whole = float(_correlation(sums.sum(1, keepdims=True))[0])
        right = []
        for _, lines in frame.groupby(pair, sort=True):
            high_end, low_end = lines["chosen_by"].idxmax(), lines["chosen_by"].idxmin()
            difference = lines.loc[high_end, ["association", name]] - lines.loc[low_end, ["association", name]]
            right.append(difference["association"] * difference[name] > 0)
        found[name] = (whole, float(low), float(high), float(np.mean(right)))
    return found


def _candidates(vectors: np.ndarray, detected: np.ndarray) -> list[tuple[int, int]]:
    """Related pairs that are detected together in some tissues, drawn (seed 0)."""
    rng = np.random.default_rng(0)
    pool = np.flatnonzero(detected.sum(0) >= FEWEST_TISSUES)
    pairs: list[tuple[int, int]] = []
    for i in rng.permutation(pool):
        near = pool[(np.abs(vectors[pool] @ vectors[i]) > RELATED) & (pool > i)]
        shared = (detected[:, near] & detected[:, [i]]).sum(0) >= FEWEST_TISSUES
        pairs += [(int(i), int(j)) for j in rng.permutation(near[shared])[:8]]
        if len(pairs) >= CANDIDATES:
            break
    return pairs[:CANDIDATES]


def _correlations(values: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Pearson correlations (pair,); 0 where a gene does not vary."""
    used = sorted({g for pair in pairs for g in pair})
    column = {g: c for c, g in enumerate(used)}
    z = values[:, used].astype(np.float64)
    z -= z.mean(0)
    size = np.linalg.norm(z, axis=0)
    z /= np.where(size > 1e-9, size, np.inf)
    return np.array([z[:, column[i]] @ z[:, column[j]] for i, j in pairs])


def _most_different(correlation: np.ndarray, both: np.ndarray, cells: np.ndarray) -> list[int]:
    """The pairs whose correlations (pair, tissue) differ most between tissues, beyond what their errors give."""
    scores = np.where(both, np.arctanh(np.clip(correlation, -0.999, 0.999)), np.nan)
    weight = np.where(both, cells - 3.0, 0)
    centre = np.nansum(weight * scores, 1, keepdims=True) / weight.sum(1, keepdims=True)
    excess = np.nansum(weight * (scores - centre) ** 2, 1) / (both.sum(1) - 1)
    return np.argsort(-excess, kind="stable")[:PAIRS].tolist()


def _slope(backbone: Backbone, genes: Sequence[str], cell: Sequence[int], means: np.ndarray) -> float:
    """Slope of the second gene of a cell where the first stands at its mean, all at their means."""
    names, values = [genes[g] for g in cell], [float(means[g]) for g in cell]
    settings = SweepSettings(backbone.card.base, (values[0],))
    (found,) = sweep_sources(backbone, names, names[:1], settings, values)
    return float(found.slope[0, 1])


def _centred(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    return values - (np.bincount(number, values) / np.bincount(number))[number]


def _correlation(sums: np.ndarray) -> np.ndarray:
    """Correlations from sums (3, ...) of products and both squares; 0 where nothing varies."""
    size = np.sqrt(sums[1] * sums[2])
    return np.divide(sums[0], size, out=np.zeros_like(size), where=size > 1e-12)
