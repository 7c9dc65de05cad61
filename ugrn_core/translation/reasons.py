"""Why a translator says so: what each virtual value of each curve of a pair adds to its logit."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.estimate import Estimate
from ugrn_core.methods.catalogue import READINGS, reads_curves
from ugrn_core.methods.reading import Reading
from ugrn_core.random_pairs import curves_of_random_pairs, estimate_random_pairs
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.translators.credit import credit
from ugrn_core.translators.schema import PARTS
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Context, Progress, part_of

BOTH = "both"
COLUMNS = {
    "curve": "response or slope, or what is read beside curves",
    "direction": "forward: source -> target of the pair asked about; reverse: target -> source; both: beside curves",
    "source": "gene that is moved in this curve",
    "target": "gene that is read",
    "virtual_value": "where the source stands, in the unit of the model; empty beside curves",
    "of_the_pair": "the curve there; beside curves the first number that is read",
    "of_random_pairs": "the mean of random pairs there",
    "adds": "what that adds to the logit, beside the logit of the mean random pair (log odds)",
}
"""Columns in order, with what they hold."""


@dataclass(frozen=True)
class Reasons:
    """``frame`` has :data:`COLUMNS`; its ``adds`` sum to ``logit - usual_logit``.

    ``usual_logit`` is that of the mean of ``n_random`` random pairs, ``probability`` at the prevalence of the card; NaN
    in a virtual cell that the translator is not calibrated for.
    """

    frame: pd.DataFrame
    logit: float
    usual_logit: float
    probability: float
    n_random: int


def pair_reasons(
    translator: Translator,
    backbone: Backbone,
    source: str,
    target: str,
    context: Context,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Reasons:
    """What makes the logit of (source -> target) in a context, at the values the translator was trained at.

    A translator of another model, or one that reads no curves, is an :class:`InputError`. Its kind of context is not
    compared with this one: see :func:`ugrn_core.network.question.request_in`.
    """
    settings = translator.card.schema.settings
    check_reads_curves(translator, backbone)
    if source == target:
        raise InputError(f"Source and target are the same gene ({source}). A pair needs two different genes.")
    whole, _ = with_genes(context, [source, target], settings.base)
    most = part_of(progress, 0.0, 0.95)
    random = curves_of_random_pairs(backbone, whole, settings, store, progress=most, cancel=cancel)
    pairs = [(source, target), (target, source)]
    swept = directed_pairs(backbone, pairs, whole, settings, store, cancel=cancel)
    parts = {part: READINGS[part] for part in translator.nets}
    curves = {"response": swept.response, "slope": swept.slope}
    there, back = ({k: v[[n]] for k, v in curves.items() if v is not None} for n in (0, 1))
    mean = {name: values[None].astype(np.float32) for name, values in random.mean.items()}
    own = {part: reading.features(backbone, pairs[:1], there, back)[0] for part, reading in parts.items()}
    usual = {part: reading.usual(backbone, random.pairs, mean)[0] for part, reading in parts.items()}
    adds = credit(translator, usual, own)
    logits = translator.logits({part: np.stack([usual[part], own[part]]) for part in parts})
    frames = [_rows(parts[part], backbone, pairs, settings.grid, own[part], usual[part], adds[part]) for part in parts]
    return Reasons(
        pd.concat(frames, ignore_index=True),
        float(logits[1]),
        float(logits[0]),
        float(translator.probabilities(logits)[1]) if translator.card.holds_in(context.kind) else float("nan"),
        random.n,
    )


def reasons_command(
    translator: str, source: str, target: str, backbone: str, *, context: str = "pair", more: Sequence[str] = ()
) -> str:
    """The CLI line that makes a frame of reasons again; ``context`` and ``more`` as for ``pair_command``."""
    words = ["ugrn", "translator", "why", translator, source, target, "--backbone", backbone, "--context", context]
    return shlex.join([*words, *more])


def sums_by_curve(frame: pd.DataFrame) -> dict[str, float]:
    """What each curve of each direction adds in all, the largest size first: ``response of KLF1 to GATA1``."""
    sums = frame.groupby(["curve", "direction", "target", "source"], sort=False)["adds"].sum()
    named = {
        curve if direction == BOTH else f"{curve} of {target} to {source}": float(v)
        for (curve, direction, target, source), v in sums.items()
    }
    return dict(sorted(named.items(), key=lambda item: -abs(item[1])))


def check_reads_curves(translator: Translator, backbone: Backbone) -> None:
    """Refuse a translator of another model, and one whose features are no curves."""
    card = translator.card
    if card.schema.fingerprint != backbone.fingerprint:
        raise InputError(
            f"Translator {card.name} reads curves of {card.schema.backbone}, the chosen model is {backbone.card.name}. "
            "Choose that model, or a translator of this one."
        )
    other = [part for part in translator.nets if not READINGS[part].curves]
    if other:
        raise InputError(
            f"Translator {card.name} reads {other[0]}, which has no virtual values. Take one of "
            f"{', '.join(method for method, parts in PARTS.items() if reads_curves(parts))}."
        )


def estimate_reasons(
    translator: Translator, backbone: Backbone, context: Context, store: Store | None = None
) -> Estimate:
    """Cost of the random pairs of :func:`pair_reasons`, which the store keeps; beside them the pair is no work."""
    return estimate_random_pairs(backbone, context, translator.card.schema.settings, store)


def _rows(
    reading: Reading,
    backbone: Backbone,
    pairs: list[tuple[str, str]],
    grid: tuple[float, ...],
    own: np.ndarray,
    usual: np.ndarray,
    adds: np.ndarray,
) -> pd.DataFrame:
    """A line each virtual value of each curve, one for all numbers of each thing that is read beside curves."""
    (source, target), n, start = pairs[0], len(grid), 0
    lines: list[tuple[object, ...]] = []
    for curve in reading.curves:
        for direction, (s, t) in zip(("forward", "reverse"), pairs, strict=True):
            at = range(start, start + n)
            lines += [(curve, direction, s, t, v, own[i], usual[i], adds[i]) for v, i in zip(grid, at, strict=True)]
            start += n
    for beside in reading.beside:
        width = beside.features(backbone, pairs[:1]).shape[1]
        added = adds[start : start + width].sum()
        lines.append((beside.label, BOTH, source, target, np.nan, own[start], usual[start], added))
        start += width
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    numbers = list(COLUMNS)[4:]
    return frame.astype(dict.fromkeys(numbers, np.float64))
