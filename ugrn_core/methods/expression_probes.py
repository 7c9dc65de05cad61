"""Perturbation and attention of one data set's mean profile, once for all its pairs (Eq. 3, 4 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.expression import Expression
from ugrn_core.data.binning import bin_values
from ugrn_core.data.standardised import UNIT as STANDARDISED
from ugrn_core.data.standardised import standardised
from ugrn_core.errors import InputError
from ugrn_core.methods.attention import attention_matrix
from ugrn_core.methods.perturbation import zeroing_effects
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key
from ugrn_core.types import BackboneCard, Cancel, Context, Progress, SweepSettings

SOURCES_A_GROUP = 16
NO_SETTINGS = SweepSettings(0.0, (0.0,))
"""Zeroing and attention have no base value and no grid; the profile in the key says it all."""


@dataclass(frozen=True)
class ExpressionProbes:
    """Effects (gene, gene) of setting each gene to zero and attention (gene, gene), over the genes of a profile."""

    genes: tuple[str, ...]
    effects: np.ndarray
    attention: np.ndarray


def expression_probes(
    backbone: Backbone,
    expression: Expression,
    needed: Sequence[str],
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> ExpressionProbes:
    """Probes of a data set's mean profile; genes of ``needed`` without expression stand at 0.

    Where the card says that genes at 0 never reached the model, such genes stay only if they are needed. Cost: one
    plain pass a gene over the whole profile.
    """
    values = dict(zip(expression.genes, mean_profile(expression, backbone.card), strict=True))
    known = {g: float(v) for g, v in values.items() if g in backbone.vocabulary} | {
        g: 0.0 for g in needed if g not in values
    }
    drop = backbone.card.drop_zero_genes
    genes = tuple(sorted(g for g, v in known.items() if v > 0 or g in set(needed) or not drop))
    profile = np.array([known[g] for g in genes], np.float32)
    context = Context("profile", genes, tuple(map(float, profile)), f"mean profile of {expression.data_set}")
    off = zero_expression(expression, backbone.card)
    zeros = np.array([off.get(g, 0.0) for g in genes], np.float32)
    effects = _effects(backbone, context, (profile, zeros), store, progress, cancel)
    key = question_key(backbone, "attention-1", context, NO_SETTINGS, "mean profile")
    kept = None if store is None else store.get(key)
    if kept is None:
        kept = {"attention": attention_matrix(backbone, genes, profile)}
        if store is not None:
            store.put(key, kept)
    return ExpressionProbes(genes, effects, kept["attention"])


def mean_profile(expression: Expression, card: BackboneCard) -> np.ndarray:
    """Mean profile (gene,) float32 in the unit of a backbone.

    Binned models: every cell is binned, then bins are averaged. Models of log1p values: base-2 logarithms times ln 2.
    Models of standard deviations: every gene at its mean, 0.
    """
    if card.n_bins:
        return np.asarray(bin_values(expression.values, card.n_bins)).mean(0, dtype=np.float64).astype(np.float32)
    if card.unit == "log1p":
        return (expression.values * np.log(2.0)).mean(0, dtype=np.float64).astype(np.float32)
    if card.unit == STANDARDISED:
        return np.zeros(len(expression.genes), np.float32)
    raise InputError(
        f"{card.label} counts in {card.unit!r}; expression can be given in bins, log1p or standard deviations only."
    )


def zero_expression(expression: Expression, card: BackboneCard) -> dict[str, float]:
    """Where each gene stands when it is not expressed; empty where that is 0 for all."""
    if card.unit != STANDARDISED:
        return {}
    logs = expression.values * np.log(2.0)
    zeros = standardised(np.zeros(logs.shape[1]), logs.mean(0), logs.var(0), len(logs))
    return dict(zip(expression.genes, map(float, zeros), strict=True))


def _effects(
    backbone: Backbone,
    context: Context,
    profile_and_zeros: tuple[np.ndarray, np.ndarray],
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> np.ndarray:
    rows: list[np.ndarray] = []
    (profile, zeros), own = profile_and_zeros, any(profile_and_zeros[1])
    for start in range(0, len(context.genes), SOURCES_A_GROUP):
        group = context.genes[start : start + SOURCES_A_GROUP]
        to = " ".join(f"{z:.6g}" for z in zeros[start : start + SOURCES_A_GROUP]) if own else ""
        key = question_key(backbone, "zeroing-1", context, NO_SETTINGS, " ".join(group) + (f" to {to}" if own else ""))
        kept = None if store is None else store.get(key)
        if kept is None:
            kept = {"effects": zeroing_effects(backbone, context.genes, profile, group, zeros=zeros, cancel=cancel)}
            if store is not None:
                store.put(key, kept)
        rows.append(kept["effects"])
        if progress:
            done = start + len(group)
            progress(done / len(context.genes), f"{done:,} of {len(context.genes):,} genes set to zero")
    return np.concatenate(rows)
