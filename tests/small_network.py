"""A made-up edge table of a few genes, for tests of what is done with one."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from ugrn_core.network.edge_table import DIRECTIONS, KNOWN, SLOPE_DIRECTIONS, TAGS, in_order
from ugrn_core.translation.scoring import NOVELTY


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
