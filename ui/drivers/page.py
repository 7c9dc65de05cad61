"""What moves state A towards state B, on its page: two groups or a group and a set of genes, the run, its table."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Hashable
from dataclasses import dataclass, field

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.column import MAX_LEVELS
from ugrn_core.data.context import VARIABLE_GENES
from ugrn_core.drivers.drivers import (
    COLUMNS,
    CONTROL,
    N_FACTORS,
    Drivers,
    DriversRequest,
    States,
    between_groups,
    estimate_drivers,
    find_drivers,
    to_set,
)
from ugrn_core.errors import InputError
from ugrn_core.estimate import context_room
from ugrn_core.figures.drivers import plot_drivers, prepare_drivers
from ugrn_core.genes.gene_list import parse_gene_list
from ugrn_core.genes.resolve import resolve
from ugrn_core.types import SweepSettings
from ui.drivers import keys
from ui.server.session import store
from ui.shared import address, cells, contexts, kept, models, work
from ui.shared.errors import NotYet, plain
from ui.shared.figure_panel import csv_button, figure_panel
from ui.shared.gene_report import gene_table
from ui.shared.work import Question

GROUP, SET = "group", "set"
LABELS = {GROUP: "Another group", SET: "A gene set"}
SET_FILE = "genes.txt"
MOST_FACTORS = 3_000
WORDS = {"column": "drivers column", "a": "drivers a", "b": "drivers b"}
NUMBERS = {"variable": ("drivers variable", VARIABLE_GENES), "factors": ("drivers factors", N_FACTORS)}
"""Words of the address: session keys, and for numbers their defaults."""


@dataclass(frozen=True)
class DriversQuestion:
    """``words`` is what ``ugrn drivers`` is called with, ``title`` names the question."""

    request: DriversRequest = field(repr=False)
    notes: tuple[str, ...]
    words: tuple[str, ...]
    title: str


def show(backbone: Backbone) -> None:
    """Controls and, below, everything that came out."""
    st.caption(
        "Every factor is moved up and down in the virtual cell of A, and ranked by how far all other genes then lead "
        f"towards B. A model knows who goes with whom, not who drives whom. {CONTROL}"
    )
    _apply_url()
    chosen = cells.current()
    if chosen is None:
        st.button("Use the example: 700 blood cells", on_click=cells.use_example, icon=":material/grain:")
        raise NotYet("There are no cells yet: choose them in the sidebar, or use the example.")
    _controls(chosen)
    _write()
    asked = _read(backbone, chosen)
    key = ("drivers", backbone.fingerprint, hashlib.sha256(repr(asked.request).encode()).hexdigest())
    work.turn_to(key)
    found = _answer(backbone, asked, key)
    if found is not None:
        kept.shelf().show(key, drivers=found.table)
        _result(backbone, asked, found)
    for note in asked.notes:
        st.caption(plain(note))


def _apply_url() -> None:
    """Fill the controls from an address that came from outside."""
    of_page = (keys.TO, *WORDS.values(), *(key for key, _ in NUMBERS.values()))
    given, state = address.arrived(*of_page), st.session_state
    for word, key in WORDS.items():
        if given.get(word):
            state[key] = given[word]
    for word, (key, _) in NUMBERS.items():
        if given.get(word):
            state[key] = _whole(word, given[word])
    if given.get("towards"):
        state[keys.TO] = address.one_of("towards", given["towards"], tuple(LABELS))
    if given.get("genes"):
        state[keys.SET] = address.list_of(given["genes"])


def _whole(word: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_FACTORS:
        raise InputError(f"The address says {word}={text!r}; expected a whole number from 1 to {MOST_FACTORS:,}.")
    return int(text)


def _write() -> None:
    """Put the controls into the address; defaults are left out."""
    state, to_set = st.session_state, st.session_state[keys.TO] == SET
    said = {word: state.get(key) for word, key in WORDS.items() if not (to_set and word == "b")}
    said |= {word: state[key] if state.get(key) != default else "" for word, (key, default) in NUMBERS.items()}
    said |= {"towards": SET if to_set else "", "genes": address.short_list("drivers set") if to_set else ""}
    address.put(said | {"cells": cells.in_address()})


def _controls(chosen: cells.Cells) -> None:
    columns = list(chosen.data.groups)
    if not columns:
        raise InputError(f"These cells have no groups: a column with 2 to {MAX_LEVELS} levels is needed.")
    state = st.session_state
    state.setdefault(keys.TO, GROUP)
    if state.get(keys.COLUMN) not in columns:
        state[keys.COLUMN] = columns[0]
    by, first, kind, second = st.columns([5, 5, 6, 5], vertical_alignment="bottom")
    column = by.selectbox("Group cells by", columns, key=keys.COLUMN, persist_state="session")
    levels = list(chosen.data.groups[column])
    for key, default in (("drivers a", levels[0]), ("drivers b", levels[1])):
        if state.get(key) not in levels:
            state[key] = default
    first.selectbox("From A", levels, key=keys.A, persist_state="session")
    kind.segmented_control(
        "Towards",
        list(LABELS),
        key=keys.TO,
        persist_state="session",
        required=True,
        format_func=LABELS.__getitem__,
    )
    if state[keys.TO] == GROUP:
        second.selectbox("To B", levels, key=keys.B, persist_state="session")
    else:
        st.text_area("Genes that should rise", key=keys.SET, persist_state="session", placeholder="HBB, GYPA ...")
    size, factors, _ = st.columns([3, 3, 7])
    with size:
        contexts.variable_genes("drivers variable")
    state.setdefault(keys.FACTORS, N_FACTORS)
    factors.number_input(
        "Factors",
        1,
        MOST_FACTORS,
        key=keys.FACTORS,
        persist_state="session",
        step=50,
        help="How many transcription factors are moved: those that differ most between the groups.",
    )


def _read(backbone: Backbone, chosen: cells.Cells) -> DriversQuestion:
    """The question by the controls."""
    state = st.session_state
    column, a = state[keys.COLUMN], state[keys.A]
    n_variable, n_factors = state.get(keys.VARIABLE) or VARIABLE_GENES, int(state[keys.FACTORS])
    words = ["--cells", chosen.word, "--from", f"{column}={a}"]
    wanted: tuple[str, ...] | None = None
    if state[keys.TO] == GROUP:
        b = state[keys.B]
        if a == b:
            raise NotYet(f"Choose two different groups: both are {a}.")
        words += ["--to", f"{column}={b}"]
        title = f"{a} to {b}"
    else:
        names = parse_gene_list(state.get(keys.SET) or "")
        if not names:
            raise NotYet("There are no genes yet: name those that should rise.")
        wanted = resolve(names, backbone.vocabulary).symbols
        words += ["--to-genes", SET_FILE]
        title = f"{a} to {len(wanted)} genes"
    size = n_factors, n_variable
    states = _states(chosen.token, backbone.fingerprint, (column, a), state[keys.B], wanted, *size, chosen, backbone)
    words += [*chosen.options, *(["--variable", str(n_variable)] if n_variable != VARIABLE_GENES else [])]
    words += ["--factors", str(n_factors)] if n_factors != N_FACTORS else []
    words += ["--backbone", models.command_name(backbone)]
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    request = DriversRequest(states.cell, states.difference, states.sources, settings)
    return DriversQuestion(request, states.notes, tuple(words), title)


@st.cache_resource(max_entries=16, show_spinner="Gathering the genes of these cells")
def _states(
    token: str,
    fingerprint: str,
    a: tuple[str, str],
    b: str,
    wanted: tuple[str, ...] | None,
    n_factors: int,
    n_variable: int,
    _chosen: cells.Cells,
    _backbone: Backbone,
) -> States:
    """A and B; ``token`` and ``fingerprint`` stand for the data and the model in the cache's key."""
    cap = context_room(_backbone)
    if wanted is None:
        return between_groups(
            _chosen.data, _backbone, a, (a[0], b), n_factors=n_factors, n_variable=n_variable, cap=cap
        )
    return to_set(_chosen.data, _backbone, a, wanted, n_factors=n_factors, n_variable=n_variable, cap=cap)


def _answer(backbone: Backbone, asked: DriversQuestion, key: Hashable) -> Drivers | None:
    request = asked.request
    held = st.session_state.get(keys.COST_OF_DRIVERS)
    if held is None or held[0] != key:
        held = st.session_state[keys.COST_OF_DRIVERS] = key, estimate_drivers(backbone, request, store()).seconds
    question = Question(
        key,
        lambda progress, cancel: find_drivers(backbone, request, store(), progress=progress, cancel=cancel),
        f"Drivers of {asked.title}",
        max(held[1], work.AT_ONCE),
        str(backbone.device),
        about=f"{len(request.sources):,} factors in a cell of {len(request.context.genes):,} genes",
    )
    return work.answer("drivers", question, topic=key)


def _result(backbone: Backbone, asked: DriversQuestion, found: Drivers) -> None:
    """Figure, table, downloads and the command."""
    command = shlex.join(["ugrn", "drivers", *asked.words])
    frame, name = prepare_drivers(found), f"drivers of {asked.title}, {backbone.card.name}"
    figure_panel(
        plot_drivers(frame, backbone.card.unit),
        frame,
        name=f"{name}, dose by dose",
        alt="Share of the way from A to B at every virtual value of the best factors",
        command=command,
        key=keys.FIGURE,
    )
    number = st.column_config.NumberColumn
    percent = ("towards", "aside", "nearer")
    gene_table(
        found.table,
        "source",
        "drivers table",
        height=460,
        alt="Factors, those first that lead farthest towards B",
        column_config={
            column: number(column.replace("_", " "), help=said, format="percent" if column in percent else None)
            if column not in ("source", "move", "carried_by")
            else st.column_config.TextColumn(column.replace("_", " "), help=said)
            for column, said in COLUMNS.items()
        },
    )
    csv_button(found.table, name, "drivers")
    best = found.table.iloc[0]
    st.caption(
        plain(
            f"{best['source']} leads farthest: moved {best['move']}, {best['towards']:.1%} of the way. It is number "
            f"{best['rank_change']:,} by its own change from A to B and number {best['rank_corpus']:,} by "
            f"co-expression in the corpus, which need no model. {' '.join(found.notes)}"
        )
    )
