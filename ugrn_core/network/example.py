"""Examples of the Start page: a network, and pairs whose curves bend.

The network: the factors among the genes of the bundled cells against all of their genes.

What its text says of known edges is measured: among the best edges that were not in the translator's training, and
among all such pairs, the share that is an edge of BEELINE's networks, which are of other cells.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.data.h5ad import example_data
from ugrn_core.genes.tfs import is_tf
from ugrn_core.paths import ASSETS, shipped_model
from ugrn_core.store import Store
from ugrn_core.translation.scoring import NOVELTY, score_pairs
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Progress
from ugrn_core.whole_files import write_whole

FILE = ASSETS / "examples" / "network.json"
BEST = 50
LISTED = 20
"""Pairs whose curves bend."""


@dataclass(frozen=True)
class ExampleNetwork:
    """Genes, and what was measured with the project's default model and translator.

    ``expected_wrong``: of the ``best`` edges of all, by their probabilities at the translator's own prevalence.
    """

    genes: tuple[str, ...]
    factors: int
    model: str
    fingerprint: str
    translator: str
    pairs: int
    known: int
    best: int
    best_known: int
    expected_wrong: int

    @property
    def lift(self) -> float:
        """How many times as many known edges there are among the best as among all pairs."""
        return (self.best_known / self.best) / (self.known / self.pairs)

    def sentence(self) -> str:
        return (
            f"{self.factors} factors against {len(self.genes)} genes of 700 blood cells, scored in seconds. Of the "
            f"{self.best} best edges by {self.model} that were not in its translator's training {self.best_known} are "
            f"in networks of other cells (BEELINE), {self.lift:.0f} times as many as among all pairs; most of the "
            "others are unknown there, or wrong."
        )


def write_example(found: ExampleNetwork) -> None:
    FILE.parent.mkdir(exist_ok=True)
    write_whole(FILE, (json.dumps(asdict(found), indent=1) + "\n").encode())


def read_example() -> ExampleNetwork:
    facts = json.loads(FILE.read_text())
    return ExampleNetwork(**(facts | {"genes": tuple(facts["genes"])}))


def most_bent(frame: pd.DataFrame) -> pd.DataFrame:
    """The ``LISTED`` pairs whose curve explains most beyond a line in the data sets of the training, the best first.

    ``frame`` is that of :mod:`ugrn_core.pretrain.shapes`.
    """
    return frame.sort_values(["gain", "source", "target"], ascending=[False, True, True])[:LISTED]


@cache
def bent_pairs(model: str) -> tuple[Edge, ...]:
    """:func:`most_bent` of a shipped model; none where its shapes were not judged."""
    folder = shipped_model(model)
    if folder is None or not (folder / "shapes.csv").exists():
        return ()
    found = most_bent(pd.read_csv(folder / "shapes.csv"))
    return tuple(zip(found["source"], found["target"], strict=True))


def example_genes() -> tuple[str, ...]:
    """The factors of the bundled cells, then their genes by how much they vary, the most variable first."""
    data = example_data()
    order = np.argsort(-np.asarray(data.variance), kind="stable")
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
