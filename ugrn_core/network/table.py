"""The edge table of a run: scores in words and probabilities, the best edges or all of them, part by part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import Edge
from ugrn_core.network.direction import DirectionRule, directions
from ugrn_core.network.edge_table import COLUMNS, SLOPE_DIRECTIONS
from ugrn_core.network.scores import NetworkScores
from ugrn_core.network.tags import known_words, tag_words
from ugrn_core.translation.scoring import novelty
from ugrn_core.translators.translator import Translator

ROWS_A_PART = 20_000
DECIMALS = 6


def edge_table(
    scores: NetworkScores,
    translator: Translator,
    rule: DirectionRule,
    *,
    prevalence: float | None = None,
    known: Collection[Edge] | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """The best ``limit`` edges (all by default) in the form of :mod:`ugrn_core.network.edge_table`.

    ``prevalence``: share of edges among candidate pairs, default the card's. ``known``: edges of another network,
    None where nothing was checked.
    """
    parts = list(_parts(scores, translator, rule, prevalence, known, scores.order()[:limit]))
    return pd.concat(parts, ignore_index=True)


def write_edges(
    scores: NetworkScores,
    translator: Translator,
    rule: DirectionRule,
    file: Path,
    *,
    prevalence: float | None = None,
    known: Collection[Edge] | None = None,
) -> int:
    """Write all edges as CSV, part by part, through a partial file; the number of edges."""
    partial = file.with_name(f"{file.name}.partial")
    order = scores.order()
    with partial.open("w", encoding="utf-8", newline="") as out:
        for n, part in enumerate(_parts(scores, translator, rule, prevalence, known, order)):
            part.to_csv(out, index=False, header=not n, lineterminator="\n", float_format=f"%.{DECIMALS}f")
    partial.replace(file)
    return len(order)


def probabilities(scores: NetworkScores, translator: Translator, prevalence: float | None = None) -> np.ndarray:
    """Calibrated probabilities (edge,) float64 of all edges, best first."""
    return translator.probabilities(scores.mean_logits().ravel()[scores.order()], prevalence)


def _parts(
    scores: NetworkScores,
    translator: Translator,
    rule: DirectionRule,
    prevalence: float | None,
    known: Collection[Edge] | None,
    order: np.ndarray,
) -> Iterator[pd.DataFrame]:
    seeds = scores.logits.reshape(len(scores.logits), -1)
    for start in range(0, max(len(order), 1), ROWS_A_PART):
        places = order[start : start + ROWS_A_PART]
        pairs = scores.edges(places)
        logits = seeds[:, places]
        mean = logits.mean(0, dtype=np.float32)
        slope = scores.slope.ravel()[places].astype(np.float64)
        seen, checked = novelty(translator, pairs), known_words(pairs, known)
        table = pd.DataFrame(pairs, columns=["source", "target"]).assign(
            score=np.round(mean.astype(np.float64), DECIMALS),
            probability=np.round(translator.probabilities(mean, prevalence), DECIMALS),
            spread=np.round(np.std([translator.probabilities(one, prevalence) for one in logits], 0), DECIMALS),
            slope=np.round(slope, DECIMALS),
            slope_direction=np.select(
                [slope > 0, slope < 0, slope == 0], SLOPE_DIRECTIONS[:3], SLOPE_DIRECTIONS[3]
            ),
            direction=directions(scores, places, rule),
            novelty=seen,
            known=checked,
            tag=tag_words(seen, checked),
        )
        yield table[list(COLUMNS)]
