"""The table of neighbours, and what can be done with rows that are chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from ugrn_core.figures.style import short_unit, slope_unit
from ugrn_core.genes.file_names import in_file
from ugrn_core.neighbourhood.run import Neighbourhood, Side
from ugrn_core.neighbourhood.table import COLUMNS, Rank
from ugrn_core.types import FileNames
from ui.gene import keys
from ui.network import genes as network_genes
from ui.shared import address, models
from ui.shared.genes import MOST_TARGETS

PAIR_PAGE = "pages/pair.py"
NETWORK_PAGE = "pages/network.py"
MOST_SHOWN = 500
"""Rows of the table on the page; the file holds all."""
HEIGHT = 640


def curves_of(found: Neighbourhood, side: Side) -> np.ndarray:
    """The curves that are looked at: pair-specific where they are there, else as predicted."""
    kind = found.specific or found.raw
    return kind[side][found.deciding]


def show(
    table: pd.DataFrame, found: Neighbourhood, side: Side, rank: Rank, detection: Mapping[str, float] | None, unit: str
) -> None:
    """The best rows, to be sorted and chosen; below them what can be done with those that are chosen."""
    top, names = table.head(MOST_SHOWN), found.request.context.names
    shown = _columns(top, found, side, detection)
    token = f"{found.request} {side} {rank} {hashlib.sha256(' '.join(top['gene']).encode()).hexdigest()}"
    key = f"gene rows {hashlib.sha256(token.encode()).hexdigest()[:16]}"
    event = st.dataframe(
        shown,
        width="stretch",
        height=HEIGHT,
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        alt=f"Genes linked to {in_file(names, (found.request.gene,))[0]}, best first; choose rows to open them",
        column_config=_config(found, unit),
    )
    if len(table) > MOST_SHOWN:
        st.caption(f"The best {MOST_SHOWN:,} of {len(table):,}; the file has all.")
    _actions(found.request.gene, [str(top["gene"].iloc[r]) for r in event["selection"]["rows"]], side, names)


def _columns(
    top: pd.DataFrame, found: Neighbourhood, side: Side, detection: Mapping[str, float] | None
) -> pd.DataFrame:
    """Columns in an order for the eye; those without a number are left out. Genes of a mouse file have its names, and
    their human symbols beside them."""
    names = found.request.context.names
    shown = pd.DataFrame(
        {
            "gene": list(in_file(names, top["gene"])),
            **({} if names is None else {"human": top["gene"].to_numpy()}),
            "curve": curves_of(found, side)[top.index].astype(float).tolist(),
            "specific": top["specific"],
            "percentile": top["percentile"],
            "response": top["response"],
            "at": top["at"],
            "score": top["score"],
            "slope": top["slope_direction"],
            "TF": top["tf"],
            "known": top["known"],
            "seen": top["novelty"],
        }
    )
    if "likeness" in top:
        shown.insert(list(shown).index("curve") + 1, "likeness", top["likeness"].to_numpy())
    if detection is not None:
        shown.insert(len(shown.columns) - 3, "detected", [detection.get(g, np.nan) for g in top["gene"]])
    empty = [c for c in ("specific", "percentile", "score") if shown[c].isna().all()]
    empty += [c for c in ("known", "seen") if (shown[c] == "").all()]
    return shown.drop(columns=empty)


def _config(found: Neighbourhood, unit: str) -> dict:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    measured = short_unit(unit) if found.deciding == "response" else slope_unit(unit)
    return {
        "gene": text("gene", width=84),
        "curve": st.column_config.LineChartColumn(
            "curve", width=72, help="Over the virtual values, from low to high; pair-specific where that is there"
        ),
        "likeness": number("likeness", format="%.3f", width=72, help="Cosine of the two curves"),
        "specific": number("specific", format="%+.3f", width=72, help=f"{COLUMNS['specific']}, in {measured}"),
        "percentile": number("percentile", format="%.1f", width=84, help=COLUMNS["percentile"]),
        "response": number(found.deciding, format="%+.3f", width=76, help=f"{COLUMNS['response']}, in {measured}"),
        "at": number("at x", format="%g", width=46, help=COLUMNS["at"]),
        "score": number("score", format="%.2f", width=56, help=COLUMNS["score"]),
        "slope": text("steepest", width=64, help=COLUMNS["slope_direction"]),
        "TF": st.column_config.CheckboxColumn("TF", width=40, help=COLUMNS["tf"]),
        "detected": number("detected", format="percent", width=80, help="Share of the chosen cells that show the gene"),
        "known": text("known in", width=110, help=COLUMNS["known"]),
        "seen": text("in training", width=122, help=COLUMNS["novelty"]),
    }


def _actions(gene: str, chosen: list[str], side: Side, names: FileNames | None) -> None:
    """Buttons for the chosen rows; a line that says how to choose where none is."""
    if not chosen:
        st.caption(":material/ads_click: Choose a row to open it as a pair or to find genes like it; several for more.")
        return
    with st.container(horizontal=True, gap="small"):
        if len(chosen) == 1:
            _one(gene, chosen[0], side, names)
        else:
            _several(gene, chosen, side, names)


def _one(gene: str, other: str, side: Side, names: FileNames | None) -> None:
    source, target = (gene, other) if side == "source" else (other, gene)
    called = in_file(names, (other,))[0]
    if st.button(
        f"Open {' → '.join(in_file(names, (source, target)))}",
        type="primary",
        icon=":material/open_in_new:",
        key=keys.PAIR,
    ):
        _go(PAIR_PAGE, source=source, target=target, mode="pair")
    like, icon = f"Find genes like {called}", ":material/ssid_chart:"
    st.button(like, icon=icon, key=keys.LIKE, on_click=_find_alike, args=(other,))
    if st.button(f"All of {called}", icon=":material/genetics:", key=keys.OTHER):
        address.open_gene(other)


def _several(gene: str, chosen: list[str], side: Side, names: FileNames | None) -> None:
    fits = side == "source" and len(chosen) <= MOST_TARGETS
    if fits and st.button(f"{in_file(names, (gene,))[0]} and {len(chosen)} targets", type="primary", key=keys.TARGETS):
        _go(PAIR_PAGE, source=gene, targets=",".join(chosen), mode="targets")
    if st.button(f"A network of these {len(chosen) + 1} genes", icon=":material/hub:", key=keys.NETWORK):
        held = st.session_state
        held["net from"], held["net genes"] = network_genes.LIST, ", ".join([gene, *chosen])
        held.pop("net names", None)
        address.go(NETWORK_PAGE, {"genes": address.short_list("net genes")})


def _find_alike(gene: str) -> None:
    st.session_state[keys.ALIKE] = gene


def _go(page: str, **words: str) -> None:
    """Another page with the model and the virtual cell of this one."""
    address.go(page, words, models.current().card)
