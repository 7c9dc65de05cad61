"""The results of the Gene page: card, table, heat map, and what can be done with chosen rows."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.figures.neighbourhood import MOST_ROWS, plot_trajectories
from ugrn_core.figures.report_gene import called, gene_report, rank_words, trajectories_of
from ugrn_core.genes.file_names import in_file
from ugrn_core.genes.gene_list import parse_gene_list
from ugrn_core.genes.resolve import resolve
from ugrn_core.neighbourhood.export import gene_command, gene_csv
from ugrn_core.neighbourhood.table import Rank, filtered, likeness, neighbour_table, ranked, translator_scores
from ui.gene import card, found, keys, rows, state
from ui.gene.controls import redraw
from ui.gene.found import Found
from ui.gene.state import GeneQuestion
from ui.shared import models, work
from ui.shared import translator as network_translator
from ui.shared.errors import NotYet, plain, said_in_place
from ui.shared.figure_panel import figure_panel
from ui.shared.translator import LoadedTranslator

ROW_BYTES, HEAT_BYTES = 400, 600_000
"""What a row of the table and the figure take in memory, about."""
HEAT_NOTE = "Each row by its own largest size, in an order in which shapes are alike. A hypothesis, not a measurement."


@st.fragment(key=keys.FRAGMENT)
def results() -> None:
    """Everything below the controls."""
    with said_in_place():
        backbone = models.current()
        asked = state.read(backbone)
        card.show(asked, backbone)
        there = found.find(backbone, asked.request)
        if there is not None:
            _show(backbone, asked, there)
        state.write(backbone)


def _show(backbone: Backbone, asked: GeneQuestion, there: Found) -> None:
    side = state.side()
    kept = _translator(backbone)
    table, rank, told = _table(backbone, there, kept)
    alike = str(st.session_state.get(keys.ALIKE) or "")
    if alike in set(table["gene"]):
        table = _by_likeness(table, there, alike)
    else:
        alike = ""
    _words(asked, there, table, rank, alike)
    if table.empty:
        st.info("No gene passes the filters.", icon=":material/filter_alt_off:")
        return
    left, right = st.container(key=keys.RESULTS).columns([31, 17], gap="medium")
    with left:
        rows.show(table, there.neighbourhood, side, rank, card.detection(backbone), backbone.card.unit)
    with right:
        _heat(backbone, asked, there, table, kept, rank, (told, alike))
    with left:
        st.download_button(
            "All rows as CSV",
            data=lambda: gene_csv(there.neighbourhood, [table.drop(columns="likeness", errors="ignore")]).encode(),
            file_name=f"{called(there.neighbourhood)} as {side}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )


def _translator(backbone: Backbone) -> LoadedTranslator | None:
    """The chosen translator, the first one by default; None where the model has none."""
    try:
        return network_translator.chosen(backbone, keys.TRANSLATOR)
    except NotYet:
        if state.rank() == "score":
            raise
        return None


def _table(backbone: Backbone, there: Found, kept: LoadedTranslator | None) -> tuple[pd.DataFrame, Rank, Hashable]:
    """The table of a side by its rank and filters, the rank there is now, and what tells this table apart."""
    hood, side, rank = there.neighbourhood, state.side(), state.rank()
    scores, translator = None, None
    whole = ("gene table", backbone.fingerprint, hood.request, hood.n_reference, side, there.known is None)
    if kept is not None:
        used, scored = kept.translator, ("gene scores", *whole, kept.digest)
        try:
            scores = work.shared(scored, lambda: translator_scores(used, backbone, hood, side))
            translator, whole = used, (*whole, kept.digest)
        except InputError:
            if rank == "score":
                raise
    by: Rank = "response" if rank == "specific" and not hood.specific else rank
    names = hood.request.context.names
    wanted = parse_gene_list(st.session_state.get(keys.OWN) or "")
    wanted = wanted if names is None else [names.symbol(name) for name in wanted]
    genes = tuple(resolve(wanted, backbone.vocabulary).symbols) if wanted else None
    text, factors = str(st.session_state.get(keys.TEXT) or ""), state.factors_only()

    def made() -> pd.DataFrame:
        table = neighbour_table(hood, side, scores=scores, translator=translator, known=there.known)
        return ranked(filtered(table, factors=factors, genes=genes, text=text, names=names), by)

    told = (*whole, by, factors, genes, text)
    return work.shared(told, made, len(hood.others) * ROW_BYTES), by, told


def _by_likeness(table: pd.DataFrame, there: Found, gene: str) -> pd.DataFrame:
    """Rows with the nearest shape first, the chosen gene before all."""
    hood = there.neighbourhood
    curves = np.nan_to_num(rows.curves_of(hood, state.side()))
    near = likeness(curves, hood.others.index(gene))
    table = table.assign(likeness=near[table.index].round(6))
    first = table["gene"] == gene
    ordered = table[~first].sort_values(["likeness", "gene"], ascending=[False, True])
    return pd.concat([table[first], ordered])


def _words(asked: GeneQuestion, there: Found, table: pd.DataFrame, rank: Rank, alike: str) -> None:
    """What the table holds, in a sentence or two."""
    gene, hood, side = called(there.neighbourhood), there.neighbourhood, state.side()
    what = f"What moves when {gene} moves" if side == "source" else f"What moves {gene}"
    kind = "transcription factors" if state.factors_only() else "genes"
    said = [f"{what}: {len(table):,} {kind}, by {rank_words(rank, hood.deciding)}."]
    if state.rank() == "specific" and rank != "specific":
        said.append(
            "The pair-specific response is not there yet, and the order is that of the response as predicted, "
            "which is mostly how easily each gene moves."
            if asked.request.context.kind == "pair"
            else "This virtual cell has too few genes for a pair-specific response; the order is by the response."
        )
    elif rank == "specific":
        said.append(f"Percentiles are among {len(hood.peaks if hood.peaks is not None else ()):,} random pairs.")
        if hood.n_reference < 64:
            said.append(f"Centred by {hood.n_reference} reference genes.")
    if rank == "score":
        said.append("The score ranks; over a whole vocabulary it is no probability.")
    st.caption(plain(" ".join(said)))
    if alike:
        with st.container(horizontal=True, vertical_alignment="center"):
            near = in_file(hood.request.context.names, (alike,))[0]
            st.markdown(f"Nearest in shape to **{plain(near)}** first")
            st.button("Back to the rank", icon=":material/close:", key=keys.BACK, on_click=state.forget_alike(redraw))
    if asked.request.context.kind != "pair" and side == "target" and not st.session_state.get(keys.ALL):
        st.button("Move all genes, not the factors alone", key=keys.MOVE_ALL, on_click=_move_all)


def _move_all() -> None:
    st.session_state[keys.ALL] = True


def _heat(
    backbone: Backbone,
    asked: GeneQuestion,
    there: Found,
    table: pd.DataFrame,
    kept: LoadedTranslator | None,
    rank: Rank,
    told: Hashable,
) -> None:
    """The best trajectories, clustered by shape; ``told`` tells the table apart."""
    hood, side, gene = there.neighbourhood, state.side(), called(there.neighbourhood)

    def drawn() -> tuple[pd.DataFrame, go.Figure]:
        frame = trajectories_of(hood, side, table, backbone.card.unit, MOST_ROWS)
        return frame, plot_trajectories(frame, gene=gene, side=side)

    line = gene_command(
        asked.request,
        models.command_name(backbone),
        rank,
        side=side,
        translator=kept.translator.card.name if kept is not None and rank == "score" else None,
        factors=state.factors_only(),
        context=asked.choice.file,
        more=(*asked.choice.group_words, *asked.choice.options),
    )
    with said_in_place():
        frame, figure = work.shared(("gene heat", told), drawn, HEAT_BYTES)
        figure_panel(
            figure,
            frame,
            name=f"{gene} as {side}, {backbone.card.name}",
            alt=f"Trajectories of the best {min(MOST_ROWS, len(table))} genes of {gene} as {side}, a row a gene",
            command=line,
            report=lambda: gene_report(
                backbone,
                hood,
                {side: table},
                rank,
                command=line,
                names=asked.choice.names_told,
                notes=(*asked.choice.notes, *asked.notes),
            ),
            key=keys.HEAT,
            note=HEAT_NOTE,
        )
