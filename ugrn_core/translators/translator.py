"""A trained translator: networks of several seeds, the card that says what they are, and hashes of what they saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ugrn_core.errors import InputError
from ugrn_core.translators.calibration import Calibration, ReliabilityBin, probability, shift_prevalence
from ugrn_core.translators.mlp import TranslatorNet, predict_logits
from ugrn_core.translators.schema import FeatureSchema

CARD_VERSION = 1


@dataclass(frozen=True)
class HeldOutScore:
    """Ranking of one held-out group of pairs (a data set and network, or a fold of genes)."""

    test: str
    auprc: float
    auroc: float
    n_pos: int
    n_neg: int


@dataclass(frozen=True)
class TranslatorCard:
    """What one must know of a translator. It holds genes, and no edge.

    ``networks`` and ``train_sets`` name the training rows, or ``own edges`` and their file. ``prior`` is the share of
    edges among the training pairs, ``prevalence`` the share assumed where none is given: the median density of the
    training networks over their regulators. Without ``calibration`` probabilities are those of the networks alone.
    ``reciprocal``: share of the edges of the training networks whose reverse is one of their edges too; None in cards
    of older versions.
    """

    name: str
    schema: FeatureSchema
    networks: tuple[str, ...]
    train_sets: tuple[str, ...]
    gene_set: str
    sampler: str
    neg_ratio: int
    max_pos: int | None
    epochs: int
    seeds: int
    n_pos: int
    n_neg: int
    prior: float
    prevalence: float
    genes: tuple[str, ...]
    metrics: tuple[HeldOutScore, ...]
    calibration: Calibration | None
    reciprocal: float | None = None


@dataclass(frozen=True)
class Translator:
    """``nets``: the networks of each part by seed. ``pair_hashes`` (pair,) uint64, rising: the training pairs."""

    card: TranslatorCard
    nets: Mapping[str, tuple[TranslatorNet, ...]]
    pair_hashes: np.ndarray

    def logits(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mean logit (pair,) float32 over seeds and parts of the features (pair, feature) of each part."""
        for part, nets in self.nets.items():
            width = len(nets[0].mean)
            if features[part].ndim != 2 or features[part].shape[1] != width:
                raise InputError(
                    f"Translator {self.card.name} reads {width} {part} features a pair, got {features[part].shape[1:]}."
                )
        return np.mean(
            [np.mean([predict_logits(n, features[p]) for n in nets], 0) for p, nets in self.nets.items()], 0
        ).astype(np.float32)

    def probabilities(self, logits: np.ndarray, prevalence: float | None = None) -> np.ndarray:
        """Calibrated probabilities (pair,) float64 at a prevalence (default: the card's)."""
        c = self.card.calibration
        calibrated = logits if c is None else c.slope * np.asarray(logits, np.float64) + c.intercept
        prior = self.card.prior if c is None else c.prior
        wanted = self.card.prevalence if prevalence is None else prevalence
        return probability(shift_prevalence(calibrated, prior, wanted))


def card_json(card: TranslatorCard) -> dict[str, Any]:
    """The card as JSON-like content; NaN does not occur."""
    return {"version": CARD_VERSION} | asdict(card)


def card_from_json(content: Mapping[str, Any]) -> TranslatorCard:
    """The card of its JSON; other content is an :class:`InputError`."""
    known = dict(content)
    if known.pop("version", None) != CARD_VERSION:
        raise InputError(f"it is no translator card of version {CARD_VERSION}")
    try:
        schema, calibration = known["schema"], known["calibration"]
        known["schema"] = FeatureSchema(**(schema | {"grid": tuple(schema["grid"])}))
        if calibration is not None:
            bins = tuple(ReliabilityBin(**b) for b in calibration["reliability"])
            held_out = tuple(calibration["held_out"])
            known["calibration"] = Calibration(**(calibration | {"reliability": bins, "held_out": held_out}))
        known["metrics"] = tuple(HeldOutScore(**m) for m in known["metrics"])
        for listed in ("networks", "train_sets", "genes"):
            known[listed] = tuple(known[listed])
        return TranslatorCard(**known)
    except (TypeError, KeyError, AttributeError) as error:
        raise InputError(f"its card is incomplete or has unknown entries ({error})") from error
