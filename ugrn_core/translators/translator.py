"""A trained translator: networks of several seeds, the card that says what they are, and hashes of what they saw."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from ugrn_core.checked_json import STRICT, Count, Genes, Inside, Positive, Share, Word, Words, from_json
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import reads_curves
from ugrn_core.translators.calibration import Calibration, probability, shift_prevalence
from ugrn_core.translators.kinds import PAPER, KindName
from ugrn_core.translators.mlp import TranslatorNet, predict_logits
from ugrn_core.translators.names import TranslatorName
from ugrn_core.translators.schema import FeatureSchema
from ugrn_core.types import ContextKind

MOST_BYTES = 16 << 20
"""Of a card."""


def _once_each(kinds: tuple[ContextKind, ...]) -> tuple[ContextKind, ...]:
    if len(set(kinds)) < len(kinds):
        raise ValueError("a context is named twice")
    return kinds


Contexts = Annotated[tuple[ContextKind, ...], Field(min_length=1, max_length=3), AfterValidator(_once_each)]


@dataclass(frozen=True, config=STRICT)
class HeldOutScore:
    """Ranking of one held-out group of pairs (a data set and network, or a fold of genes)."""

    test: Word
    auprc: Share
    auroc: Share
    n_pos: Positive
    n_neg: Positive


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TranslatorCard:
    """What one must know of a translator. It holds genes, and no edge.

    ``networks`` and ``train_sets`` name the training rows, or ``own edges`` and their file. ``prior`` is the share of
    edges among the training pairs, ``prevalence`` the share assumed where none is given: the median density of the
    training networks over their regulators. Without ``calibration`` probabilities are those of the networks alone.
    ``reciprocal``: share of the edges of the training networks whose reverse is one of their edges too; None in cards
    of older versions, which name no ``kind`` either. ``epochs`` is None for a kind without. ``contexts``: the virtual
    cells that probabilities hold in; None in older versions, see :meth:`holds_in`.
    """

    version: Literal[1] = 1
    kind: KindName = PAPER
    name: TranslatorName
    schema: FeatureSchema
    networks: Words
    train_sets: Words
    gene_set: Word
    sampler: Word
    neg_ratio: Positive
    max_pos: Positive | None
    epochs: Positive | None
    seeds: Annotated[int, Field(ge=1, le=100)]
    n_pos: Count
    n_neg: Count
    prior: Inside
    prevalence: Inside
    genes: Genes
    metrics: Annotated[tuple[HeldOutScore, ...], Field(max_length=1_000)]
    calibration: Calibration | None
    reciprocal: Share | None = None
    contexts: Contexts | None = None

    def holds_in(self, kind: ContextKind) -> bool:
        """Whether probabilities mean something in such a virtual cell; elsewhere the scores rank, and no more.

        Without ``contexts`` it is the one of its features: two genes alone, or a list of genes at base. Embeddings of
        genes are the same in every cell.
        """
        return kind in (self.contexts or own_contexts(self.schema)) or not reads_curves(self.schema.parts)


def own_contexts(schema: FeatureSchema) -> tuple[ContextKind, ...]:
    """The virtual cells that features were made in, and probabilities were calibrated in."""
    return ("pair",) if schema.context == "pair" else ("genes",)


@dataclasses.dataclass(frozen=True)
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
        calibrated = logits if c is None else c(logits)
        prior = self.card.prior if c is None else c.prior
        wanted = self.card.prevalence if prevalence is None else prevalence
        return probability(shift_prevalence(calibrated, prior, wanted))


def card_json(card: TranslatorCard) -> dict[str, Any]:
    """The card as JSON-like content; NaN does not occur."""
    return dataclasses.asdict(card)


def card_from_json(text: str | bytes, what: str = "The card cannot be read") -> TranslatorCard:
    """The card of its JSON text; other content is an :class:`InputError` that begins with ``what``."""
    return from_json(TranslatorCard, text, what, MOST_BYTES)
