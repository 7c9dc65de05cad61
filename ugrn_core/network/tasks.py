"""What a network run hands out: scores of a block, sweeps of some sources; results by store address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.network.blocks import Curves, score_block
from ugrn_core.shared_work import Results
from ugrn_core.stored_sweep import packed
from ugrn_core.sweep import sweep_pairs, sweep_sources
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Progress, SweepSettings


def score_task(
    backbone: Backbone,
    translator: Translator,
    key: str,
    pairs: Sequence[Edge],
    curves: Curves,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Results:
    """Scores of a block of pairs under its ``key``."""
    return {key: vars(score_block(backbone, translator, pairs, curves, progress, cancel))}


def sweep_task(
    backbone: Backbone,
    genes: Sequence[str],
    values: Sequence[float] | None,
    settings: SweepSettings,
    keys: Mapping[str, str],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Results:
    """Sweeps of the sources in ``keys`` over a full context (sorted genes with their base values), by their keys."""
    swept = sweep_sources(backbone, genes, list(keys), settings, values, progress=progress, cancel=cancel)
    return {keys[s.source]: packed(s.response, s.slope) for s in swept}


def curves_alone(backbone: Backbone, settings: SweepSettings) -> Curves:
    """Curves of pairs in cells of two genes, swept anew.

    They are not kept: their blocks are, and at the speed of the sweep a row a pair in the store costs as much as the
    sweep itself.
    """

    def read(
        pairs: Sequence[Edge], progress: Progress | None, cancel: Cancel | None
    ) -> tuple[np.ndarray | None, np.ndarray]:
        swept = sweep_pairs(backbone, pairs, settings, progress=progress, cancel=cancel)
        return swept.response, swept.slope

    return read
