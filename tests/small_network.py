"""Made-up networks of a few genes: an edge table for what is done with one, and a quickly trained translator."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.network.edge_table import DIRECTIONS, KNOWN, SLOPE_DIRECTIONS, TAGS, in_order
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translation.scoring import NOVELTY
from ugrn_core.translation.training import train_translator
from ugrn_core.translation.training_set import TrainRequest, own_training_set
from ugrn_core.translators.translator import Translator
from ugrn_core.types import SweepSettings


def small_edge_table(n_sources: int = 4, n_targets: int = 9, seed: int = 0) -> pd.DataFrame:
    """All pairs of sources G1, G2, ... with targets G1 ... Gn but those of a gene with itself."""
    rng = np.random.default_rng(seed)
    genes = [f"G{i + 1}" for i in range(n_targets)]
    pairs = [(s, t) for s, t in itertools.product(genes[:n_sources], genes) if s != t]
    n = len(pairs)
    logits = np.round(rng.normal(-2.0, 1.5, n), 6)
    slope = np.round(rng.normal(0.0, 0.1, n), 6)
    table = pd.DataFrame(pairs, columns=["source", "target"]).assign(
        score=logits,
        probability=np.round(1 / (1 + np.exp(-logits)), 6),
        spread=np.round(rng.uniform(0, 0.1, n), 6),
        slope=slope,
        slope_direction=np.select([slope > 0, slope < 0], SLOPE_DIRECTIONS[:2], SLOPE_DIRECTIONS[2]),
        direction=rng.choice(DIRECTIONS, n),
        novelty=rng.choice(NOVELTY, n),
        known=rng.choice(KNOWN, n),
        tag=rng.choice(TAGS, n),
    )
    return in_order(table)


TABLES = st.builds(small_edge_table, st.integers(1, 5), st.integers(5, 9), st.integers(0, 1000))


def edge_pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Source and target of every row."""
    return list(zip(table["source"], table["target"], strict=True))


def trained(backbone: Backbone, method: str = "Ens", context: str = "pair", background: str = "fixed") -> Translator:
    """A translator of made-up edges among nine genes, all of them both ways."""
    symbols = backbone.vocabulary.symbols[:9]
    lines = [f"{a},{b},{(i * j) % 2}" for i, a in enumerate(symbols) for j, b in enumerate(symbols) if a != b]
    edges = parse_edges("\n".join(["source,target,label", *lines]), backbone.vocabulary)
    settings = SweepSettings(backbone.card.base, backbone.card.grid, background)
    how = TrainRequest("toy", method=method, context=context, epochs=3, seeds=2, settings=settings)
    return train_translator(backbone, how, own_training_set(how, edges))
