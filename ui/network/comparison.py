"""Two networks side by side: edges gained, lost and kept, and the curves of an edge in both."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ugrn_core.figures.network_panels import plot_changes, prepare_changes
from ugrn_core.network.compare import CHANGES, compare_networks, comparison_notes, cut_words, same_cut
from ugrn_core.network.edge_filter import EdgeFilter, edge_count, expected_fdr
from ugrn_core.network.exports.groups import CAVEAT
from ui.network import edge as network_edge
from ui.network import files as network_files
from ui.network import filters as network_shown
from ui.network import keys, summary
from ui.network.edge_table import MOST_ROWS
from ui.network.known_edges import ReferenceEdges
from ui.network.run import Predicted
from ui.shared import kept
from ui.shared.errors import plain
from ui.shared.figure_panel import figure_panel

CHANGES_VIEW = "Changes"
LIKELY = ["source", "target", "probability_change", "probability_a", "probability_b", "change"]
RANKED = ["source", "target", "rank_a", "rank_b", "change"]
"""Columns of the table, of edges with probabilities and without."""
NOTE = (
    "Only edges shown in at least one of both. Each is a hypothesis, and so is the difference; one smaller than the "
    "spread of either network means nothing."
)


def which(networks: Sequence[Predicted]) -> tuple[int | None, DeltaGenerator]:
    """Which of both networks is looked at by itself, None for what differs between them; and the place beside."""
    names = [n.asked.name for n in networks]
    looked_at, beside = st.columns([4, 7], vertical_alignment="center")
    chosen = looked_at.segmented_control(
        "Look at",
        [CHANGES_VIEW, *names],
        key=keys.WHICH,
        persist_state="session",
        default=CHANGES_VIEW,
        required=True,
        label_visibility="collapsed",
    )
    return (names.index(chosen) if chosen in names else None), beside


def show(
    networks: Sequence[Predicted],
    tables: Sequence[pd.DataFrame],
    tokens: Sequence[str],
    filters: EdgeFilter,
    known: ReferenceEdges,
    share: float,
    above: DeltaGenerator,
    beside: DeltaGenerator,
) -> None:
    """What differs between both networks, with the same rule applied to each; numbers go to the place ``above``, the
    choice of changes ``beside`` the choice of the network."""
    first, second = (n.asked.name for n in networks)
    names, token = (first, second), " ".join(tokens)
    selected = [network_shown.selected(t, table, filters, share).table for t, table in zip(tokens, tables, strict=True)]
    compared, shown, cut = _compared(token, filters, tables, selected)
    kept.shelf().show(("networks", tuple(n.asked.key for n in networks)), changes=compared)
    with above:
        _numbers(compared, shown, names)
    there = [change for change in CHANGES if (compared["change"] == change).any()]
    network_shown.forget_strangers(keys.CHANGES, there)
    kinds = beside.pills(
        "Changes",
        there,
        key=keys.CHANGES,
        selection_mode="multi",
        persist_state="session",
        format_func=lambda change: _said(change, names),
        label_visibility="collapsed",
    )
    chosen = compared[compared["change"].isin(kinds)].reset_index(drop=True) if kinds else compared
    st.caption(plain(" ".join((cut_words(cut), *comparison_notes(tables[0], tables[1], compared, names)))))
    if chosen.empty:
        st.info("No edge here: with these filters neither network shows one of this kind.")
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        frame = prepare_changes(chosen)
        figure_panel(
            plot_changes(frame, names),
            frame,
            name=f"{names[0]} and {names[1]}, changes",
            alt=f"Probability or rank of every edge in {names[0]} and in {names[1]}",
            command=network_files.command_of_both(networks, filters, known),
            key=keys.CHANGES_SHOWN,
            note=CAVEAT if networks[0].asked.genes.group else NOTE,
        )
    with right:
        _table(chosen, names, f"{token} {filters} {kinds}")
    summary.sentence(networks, network_shown.prevalence(networks[0].asked.translator.card), ())
    network_edge.show(networks, tables)
    summary.caveats(networks)


def _numbers(compared: pd.DataFrame, shown: Sequence[pd.DataFrame], names: tuple[str, str]) -> None:
    counts = compared["change"].value_counts()
    columns = st.columns(5)
    for column, change in zip(columns, ("gained", "lost", "kept"), strict=False):
        said = {"gained": f"only in {names[1]}", "lost": f"only in {names[0]}", "kept": "in both"}[change]
        column.metric(change.title(), f"{counts.get(change, 0):,}", said, delta_color="off", delta_arrow="off")
    for column, table, name in zip(columns[3:], shown, names, strict=True):
        rate = expected_fdr(table)
        label, value, words = f"FDR, {name}", f"{100 * rate:.3g} %", edge_count(len(table))
        if math.isnan(rate):  # edges by rank, or none
            label, value, words = f"Shown, {name}", f"{len(table):,}", "by rank" if len(table) else "no edge"
        column.metric(label, value, words, delta_color="off", delta_arrow="off")


def _table(chosen: pd.DataFrame, names: tuple[str, str], token: str) -> None:
    key = f"changes {hashlib.sha256(token.encode()).hexdigest()[:16]}"
    number = st.column_config.NumberColumn
    top = chosen.head(MOST_ROWS)
    st.dataframe(
        top,
        width="stretch",
        height=430,
        hide_index=True,
        key=key,
        on_select=lambda: network_edge.picker(top, key),
        selection_mode="single-row",
        alt="Edges by how much they differ; choose one to see its curves in both",
        column_order=RANKED if top["probability_change"].isna().all() else LIKELY,
        column_config={
            "probability_a": number("p from", format="%.4f", help=f"Probability in {names[0]}"),
            "probability_b": number("p to", format="%.4f", help=f"Probability in {names[1]}"),
            "probability_change": number("change", format="%+.4f", help="Change of the probability"),
            "rank_a": number("rank from", format="%d", help=f"Rank in {names[0]}"),
            "rank_b": number("rank to", format="%d", help=f"Rank in {names[1]}"),
            "change": st.column_config.TextColumn("kind"),
        },
    )
    if len(chosen) > MOST_ROWS:
        st.caption(f"The top {MOST_ROWS:,} of {len(chosen):,} edges; the CSV beside the figure has all.")


def _said(change: str, names: tuple[str, str]) -> str:
    return {CHANGES[3]: f"scored in {names[1]} only", CHANGES[4]: f"scored in {names[0]} only"}.get(change, change)


@st.cache_resource(max_entries=8, show_spinner="Comparing")
def _compared(
    token: str, filters: EdgeFilter, _tables: Sequence[pd.DataFrame], _selected: Sequence[pd.DataFrame]
) -> tuple[pd.DataFrame, tuple[pd.DataFrame, pd.DataFrame], float]:
    """Edges with their change, the edges of both that were compared, and the probability they are cut at."""
    (a, b), (from_a, from_b) = _tables, _selected
    shown_a, shown_b, cut = same_cut(from_a, from_b)
    return compare_networks(a, b, shown_a=shown_a, shown_b=shown_b), (shown_a, shown_b), cut
