"""A way through the whole app, offline: with the bundled cells or with a gene list, step by step, on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from ui.network import keys as network_keys
from ui.results.runs import PAGE as RESULTS
from ui.shared import example
from ui.shared import keys as shared_keys
from ui.start import keys

NETWORK, PAIR, GENE, DRIVERS = "pages/network.py", "pages/pair.py", "pages/gene.py", "pages/drivers.py"
CELLS = {"cells": "example", "from": "cells", "column": "bulk_labels", "level": "Dendritic", "variable": "60"}


@dataclass(frozen=True)
class TourStep:
    """A page, its address, and what there is to see; ``starts``: its network needs no click."""

    page: str
    words: str
    address: Mapping[str, str] = field(default_factory=dict)
    starts: bool = False


TOURS: Mapping[str, tuple[TourStep, ...]] = {
    "cells": (
        TourStep(
            NETWORK,
            "The 700 blood cells that come with the app are loaded (in the sidebar), as a file of your own would be. "
            "Asked is a network of the dendritic cells: their detected factors against the genes that vary most. "
            "The line above the drawing says what the best edges are worth, and why two genes alone are the default.",
            CELLS,
            starts=True,
        ),
        TourStep(
            NETWORK,
            "The same network as a table. Choose a row: its curves open below, and the button under them leads to the "
            "pair. Known edges come from a list of yours, or from BEELINE where it is here. The panels below ask the "
            "cells what they show of these edges, how active factors are in each group, and what other methods say.",
            {**CELLS, "view": "table"},
        ),
        TourStep(
            NETWORK,
            "Two groups, in the means of their cells. No translator of the project is calibrated there, so edges have "
            "ranks and no probability; gained and lost are read as a first look.",
            {**CELLS, "mode": "two", "to_level": "CD14+ Monocyte"},
            starts=True,
        ),
        TourStep(
            DRIVERS,
            "What moves monocytes towards dendritic cells: ten factors are moved up and down, and ranked by how far "
            "all other genes then lead there. Two ranks beside need no model, and may know as much.",
            {"cells": "example", "column": "bulk_labels", "a": "CD14+ Monocyte", "b": "Dendritic", "factors": "10",
             "variable": "60"},
        ),
        TourStep(
            PAIR,
            "One pair in the virtual cell of the dendritic cells: how the predicted target moves with its source.",
            {"source": "SPI1", "target": "CSF1R", "context": "cells", "cells": "example", "column": "bulk_labels",
             "levels": "Dendritic", "variable": "60"},
        ),
        TourStep(RESULTS, "All that was run is listed here. Save the session takes it along as one file."),
    ),
    "list": (
        TourStep(
            NETWORK,
            "A gene list was filled in, as you would paste one: factors among its genes are the sources, every gene is "
            "a target. Expected FDR and probability hold at the prevalence beside them.",
            {"genes": example.GENES},
            starts=True,
        ),
        TourStep(
            GENE,
            "Everything the model links to one gene, ranked; the gene as source or as target.",
            {"gene": example.SOURCE},
        ),
        TourStep(
            PAIR,
            "One pair, both ways: response and slope of the target while its source moves.",
            {"source": example.SOURCE, "target": example.TARGET},
        ),
        TourStep(RESULTS, "All that was run is listed here. Save the session takes it along as one file."),
    ),
}  # fmt: skip


def offer() -> None:
    """Buttons that begin a tour."""
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Tour with 700 cells", icon=":material/tour:", type="tertiary", key=keys.TOUR_CELLS):
            _go("cells", 0)
        if st.button("Tour with a gene list", icon=":material/tour:", type="tertiary", key=keys.TOUR_LIST):
            _go("list", 0)


def show() -> None:
    """The step of the tour that is under way, above its page."""
    name, place = st.session_state.get(keys.TOUR, ("", 0))
    steps = TOURS.get(name, ())
    if place >= len(steps) or st.session_state.get(shared_keys.PAGE, steps[place].page) != steps[place].page:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/tour: **{place + 1} of {len(steps)}** · {steps[place].words}", width="stretch")
        if place + 1 < len(steps) and st.button("Next", key=keys.TOUR_NEXT, type="primary"):
            _go(name, place + 1)
        st.button("End", key=keys.TOUR_END, on_click=_end)


def _go(name: str, place: int) -> None:
    step = TOURS[name][place]
    st.session_state[keys.TOUR] = name, place
    if step.starts:
        st.session_state[network_keys.START_NOW] = True
    st.switch_page(step.page, query_params=dict(step.address))


def _end() -> None:
    st.session_state.pop(keys.TOUR, None)
