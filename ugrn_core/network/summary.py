"""A network in a few numbers: what is shown of it, how much of that is expected to be wrong, how much is known."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ugrn_core.network.filters import expected_fdr


@dataclass(frozen=True)
class NetworkFacts:
    """``fdr`` is NaN where nothing is shown; ``best`` is the largest probability, ``lift`` the mean probability of the
    shown edges for that of all pairs (the prevalence). ``known`` and ``known_all``: shares of the shown and of all
    looked-at edges that another network has, None where nothing was checked.
    """

    scored: int
    shown: int
    fdr: float
    best: float
    lift: float
    known: float | None
    known_all: float | None


def network_facts(table: pd.DataFrame, shown: pd.DataFrame, prevalence: float) -> NetworkFacts:
    """Facts of the edges ``shown`` out of ``table``, both edge tables at ``prevalence``."""
    fdr = expected_fdr(shown)
    best = float(shown["probability"].max()) if len(shown) else float("nan")
    return NetworkFacts(len(table), len(shown), fdr, best, (1 - fdr) / prevalence, _known(shown), _known(table))


def _known(table: pd.DataFrame) -> float | None:
    """Share of known edges among those that were checked."""
    checked = table.loc[table["known"] != "not checked", "known"]
    return float((checked == "yes").mean()) if len(checked) else None
