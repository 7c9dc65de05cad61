"""How the example network is made, and what its text says measured."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.data.h5ad import example_data
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.example import ExampleNetwork
from ugrn_core.store import Store
from ugrn_core.translation.scoring import NOVELTY, score_pairs
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Progress

MOST_VARIABLE = 300
BEST = 50


def example_genes() -> tuple[str, ...]:
    """The factors of the bundled cells, then their most variable genes."""
    data = example_data()
    order = np.argsort(-np.asarray(data.variance), kind="stable")[:MOST_VARIABLE]
    return tuple(dict.fromkeys([*filter(is_tf, data.genes), *(data.genes[i] for i in order)]))


def measure(
    backbone: Backbone,
    translator: Translator,
    known: Collection[Edge],
    store: Store | None = None,
    progress: Progress | None = None,
) -> ExampleNetwork:
    """The example with its figures; genes that the model does not know are left out."""
    genes = tuple(g for g in example_genes() if g in backbone.vocabulary)
    factors = [g for g in genes if is_tf(g)]
    pairs = [(s, t) for s in factors for t in genes if s != t]
    table = score_pairs(translator, backbone, pairs, store=store, progress=progress)
    wrong = round(float((1 - table["probability"][:BEST]).sum()))
    table = table[table["novelty"] != NOVELTY[0]]
    right = np.array([pair in known for pair in zip(table["source"], table["target"], strict=True)])
    return ExampleNetwork(
        genes,
        len(factors),
        backbone.card.name,
        backbone.fingerprint,
        translator.card.name,
        len(right),
        int(right.sum()),
        BEST,
        int(right[:BEST].sum()),
        wrong,
    )
