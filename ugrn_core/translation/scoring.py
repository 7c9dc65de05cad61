"""Score gene pairs with a translator: an edge table with logits, probabilities and what the translator had seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.benchmark.features import FeatureCache, FeatureContext
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.store import Store
from ugrn_core.translators.schema import check_schema, feature_schema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Context, Progress

EDGE_COLUMNS = ("source", "target", "score", "probability", "novelty")
NOVELTY = ("pair seen", "both genes seen", "one gene unseen", "both genes unseen")
HERE = "here"


def score_pairs(
    translator: Translator,
    backbone: Backbone,
    pairs: Sequence[Edge],
    context: Context = Context(),  # noqa: B008 (frozen)
    store: Store | None = None,
    *,
    prevalence: float | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Edge table ``source, target, score, probability, novelty``, best first, ties by source and target.

    ``score`` is the mean logit, ``probability`` calibrated and at ``prevalence`` (default: the card's), both with 6
    decimals. Symbols are the backbone's. The context is the pair alone or a list of genes that holds every pair,
    as the translator was trained.
    """
    asked = tuple(dict.fromkeys(pairs))
    if not asked:
        raise InputError("There is no pair to score. Give at least one, e.g. SOX2,NANOG.")
    if any(s == t for s, t in asked):
        raise InputError(f"A pair needs two different genes, got {next(s for s, t in asked if s == t)} twice.")
    if context.kind == "profile":
        raise InputError("Translators were trained at one base value for all genes; take a gene list as the context.")
    card = translator.card
    kind = "pair" if context.kind == "pair" else "full"
    check_schema(card.name, card.schema, feature_schema(backbone, card.schema.method, kind, card.schema.settings))
    outside = sorted({g for pair in asked for g in pair} - set(context.genes)) if kind == "full" else []
    if outside:
        raise InputError(f"{', '.join(outside[:5])} and others are not in the context; add them to its genes.")
    around = FeatureContext(kind, card.schema.settings, {HERE: context.genes}, {})
    bank = FeatureCache(backbone, around, store)
    sample = LabelledPairs(asked, np.zeros(len(asked), np.int8), (HERE,) * len(asked))
    methods = [METHODS[name] for name in card.schema.parts]
    bank.prepare([sample], methods, progress, cancel)
    logits = translator.logits({m.name: bank.features(m, sample) for m in methods})
    table = pd.DataFrame(asked, columns=["source", "target"])
    table["score"] = np.round(logits.astype(np.float64), 6)
    table["probability"] = np.round(translator.probabilities(logits, prevalence), 6)
    table["novelty"] = novelty(translator, asked)
    table = table.sort_values(["score", "source", "target"], ascending=[False, True, True], ignore_index=True)
    return table[list(EDGE_COLUMNS)]


def novelty(translator: Translator, pairs: Sequence[Edge]) -> list[str]:
    """What of each pair was in the training, negatives included: one of ``NOVELTY``."""
    seen = np.isin(pair_hashes(pairs), translator.pair_hashes)
    genes = set(translator.card.genes)
    unseen = [(s not in genes) + (t not in genes) for s, t in pairs]
    return [NOVELTY[0] if known else NOVELTY[1 + n] for known, n in zip(seen, unseen, strict=True)]
