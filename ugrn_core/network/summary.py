"""A network in numbers: its edges, what is known of them, and the genes that have most of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.network.edge_filter import expected_fdr, percent
from ugrn_core.network.layout import prepare_nodes
from ugrn_core.translation.scoring import NOVELTY

BEST = 50
"""Edges whose worth is told from known networks."""
HUB_COLUMNS = ["gene", "is_tf", "out_degree", "in_degree", "mean_probability_out", "strongest_targets"]
STRONGEST = 5


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
    """Known edges among the ``best`` edges and among all ``scored`` ones, training pairs left out of both: shares.

    ``whole``: these are all edges that were scored, and not the best of many more.
    """

    best: int
    scored: int
    known: float
    chance: float
    whole: bool = True

    @property
    def times(self) -> float:
        """How many times as many known edges there are among the best as among as many drawn by chance."""
        return self.known / self.chance

    def sentence(self) -> str:
        beside = "chance" if self.whole else f"all of the best {self.scored:,}"
        return (
            f"The best {self.best} hold {self.times:.2g} times as many known edges as {beside} "
            f"({percent(self.known)} against {percent(self.chance)}; pairs of the translator's training left out)."
        )


def network_facts(table: pd.DataFrame, shown: pd.DataFrame, prevalence: float) -> NetworkFacts:
    """Facts of the edges ``shown`` out of ``table``, both edge tables at ``prevalence``."""
    fdr = expected_fdr(shown)
    best = float(shown["probability"].max()) if len(shown) else float("nan")
    return NetworkFacts(len(table), len(shown), fdr, best, (1 - fdr) / prevalence, _known(shown), _known(table))


def known_enrichment(table: pd.DataFrame, n_edges: int, best: int = BEST) -> Enrichment | None:
    """How the ``best`` edges of an edge table (best first; of a network of ``n_edges``) stand beside all of it; None
    where nothing is known, and where they are more than a quarter of all."""
    told = ((table["known"] != "not checked") & (table["novelty"] != NOVELTY[0])).to_numpy(bool)
    known = (table["known"] == "yes").to_numpy(bool)[np.flatnonzero(told)]
    if not known.any() or len(known) < 4 * best:
        return None
    return Enrichment(best, len(known), float(known[:best].mean()), float(known.mean()), len(table) == n_edges)


def _known(table: pd.DataFrame) -> float | None:
    """Share of known edges among those that were checked."""
    checked = table.loc[table["known"] != "not checked", "known"]
    return float((checked == "yes").mean()) if len(checked) else None


def hub_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row a gene (:data:`HUB_COLUMNS`), most outgoing edges first, then most incoming, then by name.

    ``mean_probability_out`` is NaN for a gene that is no source; ``strongest_targets`` are its :data:`STRONGEST`
    targets of best score, as a text with commas.
    """
    ordered = table.sort_values(["score", "source", "target"], ascending=[False, True, True])
    best = ordered.groupby("source", sort=False, observed=True)
    out = pd.DataFrame(
        {
            "mean_probability_out": np.round(best["probability"].mean(), 6),
            "strongest_targets": best["target"].agg(lambda targets: ", ".join(targets.head(STRONGEST))),
        }
    )
    hubs = prepare_nodes(table).join(out, on="gene")
    hubs["strongest_targets"] = hubs["strongest_targets"].fillna("")
    busiest = hubs.sort_values(["out_degree", "in_degree", "gene"], ascending=[False, False, True], ignore_index=True)
    return busiest[HUB_COLUMNS]
