"""Random pairs in the same kind of virtual cell as a pair: their mean curve, how far they spread, how large they get.

The pairs are those among which a percentile is taken (:func:`ugrn_core.pair_specific.random_pairs`), their
curves as predicted: nothing is taken out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.estimate import Estimate, estimate
from ugrn_core.pair_specific import FEWEST_REFERENCE, random_pairs
from ugrn_core.reference import reference_of_context
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs, question_key
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import Cancel, Context, Progress, SweepSettings

VERSION = "random-pairs-1"


@dataclass(frozen=True)
class RandomPairs:
    """What random pairs do, by measure: ``slope``, and ``response`` but under ``follow``.

    ``pairs``: who they are. ``mean`` (value,) is their mean curve, ``spread`` one number: the standard deviation about
    it, over pairs and values. ``peaks`` (pair,) are max_t |curve| of each.
    """

    pairs: Sequence[tuple[str, str]]
    mean: Mapping[str, np.ndarray]
    spread: Mapping[str, float]
    peaks: Mapping[str, np.ndarray]

    @property
    def n(self) -> int:
        return len(self.pairs)


def curves_of_random_pairs(
    backbone: Backbone,
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> RandomPairs:
    """Up to 1,000 ordered pairs of the reference genes of a context, the same at every call; the store keeps it.

    Cost: 1,000 pairs for two genes alone, 64 sources in a full context. One of fewer than 8 genes is an InputError.
    """
    key, pairs = _key(backbone, context, settings), _pairs(backbone, context)
    found = None if store is None else store.get(key)
    if found is None:
        if context.kind == "pair":
            swept = sweep_pairs(backbone, pairs, settings, progress=progress, cancel=cancel)
        else:
            swept = directed_pairs(backbone, pairs, context, settings, store, progress=progress, cancel=cancel)
        found = {}
        for name, values in (("response", swept.response), ("slope", swept.slope)):
            if values is None:  # a response under follow
                continue
            mean = values.mean(0, dtype=np.float64)
            found |= {
                f"mean {name}": mean,
                f"spread {name}": np.array([np.sqrt(np.mean((values - mean) ** 2))]),
                f"peaks {name}": np.abs(values).max(1),
            }
        if store is not None:
            store.put(key, found)
    names = [name for name in ("response", "slope") if f"mean {name}" in found]
    return RandomPairs(
        pairs,
        {name: found[f"mean {name}"] for name in names},
        {name: float(found[f"spread {name}"][0]) for name in names},
        {name: found[f"peaks {name}"] for name in names},
    )


def estimate_random_pairs(
    backbone: Backbone, context: Context, settings: SweepSettings, store: Store | None = None
) -> Estimate:
    """Cost of :func:`curves_of_random_pairs`; of a full context, sweeps that are in the store are not counted off."""
    known = 1.0 if store is not None and _key(backbone, context, settings) in store else 0.0
    if context.kind == "pair":
        return estimate(backbone, 3, len(_pairs(backbone, context)) * len(settings.grid), known)
    sources = len(reference_of_context(backbone, context))
    return estimate(backbone, 1 + len(context.genes), sources * len(settings.grid), known)


def _pairs(backbone: Backbone, context: Context) -> list[tuple[str, str]]:
    genes = reference_of_context(backbone, context)
    if len(genes) < FEWEST_REFERENCE:
        raise InputError(
            f"Random pairs need at least {FEWEST_REFERENCE} genes, this virtual cell has {len(genes)}. Take a larger "
            "gene list, or the pair alone."
        )
    a, b = random_pairs(len(genes))
    return [(genes[i], genes[j]) for i, j in zip(a.tolist(), b.tolist(), strict=True)]


def _key(backbone: Backbone, context: Context, settings: SweepSettings) -> str:
    return question_key(backbone, VERSION, context, settings, "\n".join(reference_of_context(backbone, context)))
