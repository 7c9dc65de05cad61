"""A network in a few numbers: what is shown of it, how much of that is expected to be wrong, how much is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.network.filters import expected_fdr, percent
from ugrn_core.translation.scoring import NOVELTY

BEST = 50
"""Edges whose worth is told from known networks."""


@dataclass(frozen=True)
class NetworkFacts:
    """``fdr`` is NaN where nothing is shown; ``best`` is the largest probability, ``lift`` the mean probability of the
    shown edges for that of all pairs (the prevalence); all three are NaN where edges have ranks alone. ``known`` and
    ``known_all``: shares of the shown and of all looked-at edges that another network has, None where nothing was
    checked.
    """

    scored: int
    shown: int
    fdr: float
    best: float
    lift: float
    known: float | None
    known_all: float | None


@dataclass(frozen=True)
class Enrichment:
    """Known edges among the ``best`` edges and among all ``scored`` ones, training pairs left out of both: shares."""

    best: int
    scored: int
    known: float
    chance: float

    @property
    def times(self) -> float:
        """How many times as many known edges there are among the best as among as many drawn by chance."""
        return self.known / self.chance

    def sentence(self) -> str:
        return (
            f"The best {self.best} hold {self.times:.2g} times as many known edges as chance "
            f"({percent(self.known)} against {percent(self.chance)}; pairs of the translator's training left out)."
        )


def network_facts(table: pd.DataFrame, shown: pd.DataFrame, prevalence: float) -> NetworkFacts:
    """Facts of the edges ``shown`` out of ``table``, both edge tables at ``prevalence``."""
    fdr = expected_fdr(shown)
    best = float(shown["probability"].max()) if len(shown) else float("nan")
    return NetworkFacts(len(table), len(shown), fdr, best, (1 - fdr) / prevalence, _known(shown), _known(table))


def known_enrichment(table: pd.DataFrame, best: int = BEST) -> Enrichment | None:
    """How the ``best`` edges of an edge table (best first) stand beside all of it; None where nothing is known, and
    where they are more than a quarter of all."""
    told = ((table["known"] != "not checked") & (table["novelty"] != NOVELTY[0])).to_numpy(bool)
    known = (table["known"] == "yes").to_numpy(bool)[np.flatnonzero(told)]
    if not known.any() or len(known) < 4 * best:
        return None
    return Enrichment(best, len(known), float(known[:best].mean()), float(known.mean()))


def _known(table: pd.DataFrame) -> float | None:
    """Share of known edges among those that were checked."""
    checked = table.loc[table["known"] != "not checked", "known"]
    return float((checked == "yes").mean()) if len(checked) else None
