"""A network in one row of numbers, and in one sentence what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ugrn_core.figures.report_network import RANKS, facts_told
from ugrn_core.network import own_cells
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.summary import NetworkFacts, known_enrichment
from ui.network.known_edges import ReferenceEdges
from ui.network.run import Predicted
from ui.shared.errors import plain

HELP = {
    "Best probability": "The mean probability of the edges shown, against the share assumed for any pair.",
    "Known among them": "Share of the edges shown that are known elsewhere, beside that of all scored edges.",
}

NOT_CHECKED = (
    "No known edges are laid over this network, so nothing can be said of how many of the best hold: "
    "choose a list under Known edges."
)


def row(network: Predicted, facts: NetworkFacts, known: ReferenceEdges, filters: EdgeFilter) -> None:
    """Five facts."""
    request = network.asked.request
    size = len(request.sources), len(request.targets)
    label = None if known.edges is None else known.label
    given = facts_told(size, network.scores.n_edges, facts, filters, sure=network.asked.has_probabilities, known=label)
    for column, (name, value, below) in zip(st.columns(len(given)), given, strict=True):
        column.metric(name, value, below, delta_color="off", delta_arrow="off", help=HELP.get(name))


def worth(network: Predicted, table: pd.DataFrame) -> None:
    """What the best edges are worth by what is known, in a line above the drawing; for cells, why they stand so."""
    found = known_enrichment(table, network.scores.n_edges)
    said = found.sentence() if found is not None else NOT_CHECKED
    asked = network.asked
    reason = own_cells.why(asked.backbone.card.name, asked.translator.card.name) if asked.of_cells else ""
    st.markdown(plain(f"{said} {reason}"))


def sentence(networks: Sequence[Predicted], prevalence: float, notes: Sequence[str]) -> None:
    """What the edges are, at which prior, and what was left out."""
    asked = [network.asked for network in networks]
    models, readers = (" and ".join(dict.fromkeys(names)) for names in (
        [a.backbone.card.name for a in asked], [a.translator.card.name for a in asked]
    ))  # fmt: skip
    calibrated = "" if all(a.translator.card.calibration for a in asked) else "not calibrated, and "
    chances = (
        f"Probabilities are {calibrated}those at a prevalence of {prevalence:.3g}: so many of all pairs are assumed to "
        "be edges."
    )
    if not all(a.has_probabilities for a in asked):
        chances = RANKS
    st.caption(plain(f"Hypotheses of {models}, read by {readers}; no measurement. {chances} {' '.join(notes)}"))


def caveats(networks: Sequence[Predicted]) -> None:
    """What is unusual about the question."""
    for note in dict.fromkeys(note for network in networks for note in network.notes):
        st.caption(plain(note))
