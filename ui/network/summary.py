"""A network in one row of numbers, and in one sentence what they mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ugrn_core.network import own_cells
from ugrn_core.network.exports.folder import LOOKED_AT
from ugrn_core.network.shown import Shown
from ugrn_core.network.summary import NetworkFacts, known_enrichment
from ui.network.known_edges import Known
from ui.network.run import Predicted
from ui.shared.errors import plain

KNOWN_HELP = "Share of the edges shown that are known elsewhere, beside that of all scored edges."
LIFT_HELP = "The mean probability of the edges shown, against the share assumed for any pair."


def row(network: Predicted, facts: NetworkFacts, known: Known, filters: Shown) -> None:
    """Five facts."""
    given = told(network, facts, known, filters)
    for column, (label, value, below, explained) in zip(st.columns(len(given)), given, strict=True):
        column.metric(label, value, below, delta_color="off", delta_arrow="off", help=explained)


def told(
    network: Predicted, facts: NetworkFacts, known: Known, filters: Shown
) -> list[tuple[str, str, str, str | None]]:
    """The facts in words: what it is, its value, what belongs to it, and what it means."""
    request = network.asked.request
    genes, sure = f"{len(request.sources):,} × {len(request.targets):,} genes", network.asked.has_probabilities
    return [
        ("Edges scored", f"{network.scores.n_edges:,}", genes, None),
        ("Shown", f"{facts.shown:,}", _reached(facts, filters), None),
        ("Expected FDR", _percent(facts.fdr), _wrong(facts) if sure else "not known: no calibration here", None),
        ("Best probability", _number(facts.best), _lift(facts) if sure else "edges have ranks alone", LIFT_HELP),
        ("Known among them", *_known(facts, known), KNOWN_HELP),
    ]  # fmt: skip


def worth(network: Predicted, table: pd.DataFrame) -> None:
    """What the best edges are worth by what is known, in a line above the drawing; for cells, why they stand so."""
    found = known_enrichment(table)
    said = found.sentence() if found is not None else "Nothing is known of these edges, so their worth is not either."
    reason = own_cells.why(network.asked.backbone.card.name) if network.asked.of_cells else ""
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
        chances = "Edges are ranked, and no more is known of them."
    st.caption(plain(f"Hypotheses of {models}, read by {readers}; no measurement. {chances} {' '.join(notes)}"))


def caveats(networks: Sequence[Predicted]) -> None:
    """What is unusual about the question."""
    for note in dict.fromkeys(note for network in networks for note in network.notes):
        st.caption(plain(note))


def _reached(facts: NetworkFacts, filters: Shown) -> str:
    """By which rule the edges were chosen, and whether the rate asked for was reached."""
    if filters.max_fdr is not None:
        held = facts.fdr <= filters.max_fdr
        return f"within {filters.max_fdr:.0%}" if held else f"best ones: none within {filters.max_fdr:.0%}"
    if filters.min_probability is not None:
        return f"at {filters.min_probability:g} or more"
    return "the best ones"


def _wrong(facts: NetworkFacts) -> str:
    if not facts.shown:
        return "nothing is shown"
    return f"about {round(facts.fdr * facts.shown):,} of {facts.shown:,} wrong"


def _lift(facts: NetworkFacts) -> str:
    return f"mean {facts.lift:.2g} × the prevalence" if facts.shown else "nothing is shown"


def _known(facts: NetworkFacts, known: Known) -> tuple[str, str]:
    if facts.known is None or facts.known_all is None:
        return "–", "not checked" if known.edges is None else "nothing is shown"
    among = "all" if facts.scored < LOOKED_AT else f"the best {facts.scored:,}"
    return _percent(facts.known), f"{_percent(facts.known_all)} of {among}, {known.label}"


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.3g} %"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
