"""Everything below the form: the job, what is shown of its network, views, the chosen edge, the files."""

from __future__ import annotations

import streamlit as st

from ugrn_core.network.summary import network_facts
from ui.network import activities as network_activities
from ui.network import address, comparison, keys, known_edges, question
from ui.network import edge as network_edge
from ui.network import evidence as network_cells
from ui.network import files as network_files
from ui.network import filters as network_shown
from ui.network import form as network_form
from ui.network import peers as network_peers
from ui.network import summary as network_numbers
from ui.network import views as network_views
from ui.network.run import Predicted, predicted, table_of
from ui.network.views import View
from ui.shared import kept, models
from ui.shared.errors import said_in_place
from ui.shared.gene_report import show_report


@st.fragment(key=keys.NETWORK_RESULTS)
def show() -> None:
    """The network or the two networks that the form asks for; a control in here draws nothing else anew."""
    with said_in_place():
        asked = question.read(models.current())
        networks = predicted(asked)
        if networks is not None:
            network_form.fold(asked)
            _shown(networks)
        show_report(asked[0].genes)
    address.write()


def _shown(networks: tuple[Predicted, ...]) -> None:
    first, topic = networks[0].asked, ("networks", tuple(n.asked.key for n in networks))
    above = st.container()
    network_shown.settle_names(first.request, first.backbone.vocabulary, first.question.species)
    probabilities = all(n.asked.has_probabilities for n in networks)
    with network_shown.controls(first.request, first.translator.card, probabilities):
        known_edges.controls(first.backbone)
    known = known_edges.read(first.backbone)
    share = network_shown.prevalence(first.translator.card)
    tables = [table_of(n, share, known.edges, known.token) for n in networks]
    tokens = [f"{n.token} {share!r} {known.token}" for n in networks]
    filters = network_shown.read(probabilities)
    if len(networks) == 2:
        number, beside = comparison.which(networks)
        if number is None:
            comparison.show(networks, tables, tokens, filters, known, share, above, beside)
            return
        networks, tables, tokens = networks[number : number + 1], tables[number : number + 1], tokens[number:]
    network, table, token = networks[0], tables[0], tokens[0]
    views = st.container()
    place, evidence = network_cells.ask(network, topic)
    selection = network_cells.beside(evidence, table, network_shown.selected(token, table, filters, share))
    kept.shelf().show(topic, edges=selection.table)
    with above:
        network_numbers.row(network, network_facts(table, selection.table, share), known, filters)
        network_numbers.worth(network, table)
    with views:
        network_views.show(View(network, table, selection.table, network_cells.token(evidence, token), filters, known))
        network_numbers.sentence((network,), share, selection.notes)
    with place:
        network_cells.result(evidence, network, selection.table)
    network_activities.show(network, table, topic)
    network_peers.show(network, table, known, topic)
    network_edge.show((network,), (table,))
    network_numbers.caveats((network,))
    with_evidence = network_cells.for_files(evidence)
    words = network_cells.cli_args(evidence)
    network_files.show(network, filters, known, network_cells.token(evidence, token), with_evidence, words)
