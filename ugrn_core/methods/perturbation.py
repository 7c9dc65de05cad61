"""In-silico perturbation (Eq. 3 and 6): what a target's reconstruction loses when the source is set to zero.

``Origin-Pert`` uses the signed effect as a score, ``Baseline-Pert`` the effect of both directions as a pair feature.
Both need expression: a profile (gene,) in the backbone's unit, or cells whose effects are averaged. A binned profile
is binned once; the source's bin is set to 0 and nothing is binned again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import stop_if
from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import Reading
from ugrn_core.sweep import batch_size
from ugrn_core.types import Cancel, Progress


def zeroing_effects(
    backbone: Backbone,
    genes: Sequence[str],
    cells: np.ndarray,
    sources: Sequence[str],
    *,
    zeros: np.ndarray | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> np.ndarray:
    """Effects (source, gene) float32: M(x)_k - M(x with source 0)_k, signed as printed, averaged over cells.

    ``cells`` is (gene,) for a mean profile or (cell, gene). ``zeros`` (gene,) is where a gene stands that is not
    expressed, 0 without it: in standard deviations from its mean that is a number of its own for every gene.
    Cost: one plain pass a (cell, source).
    """
    cells = np.atleast_2d(np.asarray(cells, dtype=np.float32))
    if cells.shape[1] != len(genes):
        raise ValueError(f"{len(genes)} genes, cells {cells.shape}")
    where = {g: i for i, g in enumerate(genes)}
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    off = torch.zeros(len(genes)) if zeros is None else torch.from_numpy(np.asarray(zeros, np.float32))
    off = off.to(backbone.device)
    at = torch.tensor([where[s] for s in sources], device=backbone.device)
    effects = torch.zeros(len(sources), len(genes), device=backbone.device)
    size = batch or batch_size(len(genes) + 1, backbone.device)
    for n, cell in enumerate(torch.from_numpy(cells).to(backbone.device)):
        intact = backbone.reconstruct(ids, cell[None])
        for start in range(0, len(sources), size):
            stop_if(cancel, "Stopped on request.")
            rows = at[start : start + size]
            knocked = cell.repeat(len(rows), 1).scatter_(1, rows[:, None], off[rows][:, None])
            effects[start : start + size] += intact - backbone.reconstruct(ids, knocked)
        if progress:
            progress((n + 1) / len(cells), f"{n + 1:,} of {len(cells):,} cells")
    return (effects / len(cells)).cpu().numpy()


def perturbation_scores(
    effects: np.ndarray,
    sources: Sequence[str],
    genes: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    absolute: bool = False,
) -> np.ndarray:
    """Origin-Pert scores (pair,) of Eq. 3 from effects (source, gene); signed unless ``absolute``."""
    row, column = {s: i for i, s in enumerate(sources)}, {g: i for i, g in enumerate(genes)}
    scores = np.array([effects[row[s], column[t]] for s, t in pairs], dtype=np.float32)
    return np.abs(scores) if absolute else scores


def perturbation_features(
    effects: np.ndarray, sources: Sequence[str], genes: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> np.ndarray:
    """Baseline-Pert features (pair, 2) of Eq. 6: source -> target, then target -> source; both must be sources."""
    forward = perturbation_scores(effects, sources, genes, pairs)
    reverse = perturbation_scores(effects, sources, genes, [(t, s) for s, t in pairs])
    return np.stack([forward, reverse], 1)


ORIGIN_PERT = Method(
    "Origin-Pert",
    "zeroing, signed (Eq. 3)",
    "origin",
    from_expression=lambda probes, pairs: perturbation_scores(probes.effects, probes.genes, probes.genes, pairs),
)
BASELINE_PERT = Method("Baseline-Pert", "translator on zeroing (Eq. 6)", "baseline", Reading(), "expression")
