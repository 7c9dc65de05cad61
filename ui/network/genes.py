"""The genes of a network: a list, or those of the chosen cells with their means."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.context import VARIABLE_GENES, list_context
from ugrn_core.genes.lookup import Species
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.genes.text_file import read_text
from ugrn_core.network.question import NetworkRequest
from ui.network import keys, recipe
from ui.shared import cells, columns, contexts, example
from ui.shared.contexts import ALL_CELLS, LIST_FILE, ContextChoice
from ui.shared.errors import NotYet

LIST, CELLS, RECIPE = "list", "cells", "recipe"
LABELS = {LIST: "A list", CELLS: "The cells", RECIPE: "A recipe"}


def origin() -> str:
    """Where the genes come from."""
    return st.session_state.get(keys.FROM) or LIST


def controls(two_groups: bool) -> None:
    """What belongs to the origin that is chosen."""
    if origin() == LIST:
        _list_controls()
    elif origin() == CELLS:
        _cell_controls(two_groups)
    else:
        recipe.controls()


def read(backbone: Backbone, level_key: str = "net level") -> ContextChoice:
    """The genes by the controls, of cells with their means; a :class:`NotYet` says what is missing."""
    if origin() == LIST:
        return _of_list(backbone)
    return _of_cells(backbone, level_key)


def species() -> Species | None:
    """How the gene names of the cells were read; a list is read name by name."""
    held = cells.current()
    return "mouse" if origin() == CELLS and held is not None and held.data.species == "mouse" else None


def nothing_given() -> bool:
    """Whether the controls name no genes at all, as when a page was loaded anew without list and file."""
    if origin() == LIST:
        return not (st.session_state.get(keys.UPLOADED) or (st.session_state.get(keys.GENES) or "").strip())
    return origin() == CELLS and cells.current() is None


def group_name(level_key: str) -> str:
    """The group a select box holds, for titles."""
    column = st.session_state.get(keys.COLUMN) or ALL_CELLS
    return ALL_CELLS if column == ALL_CELLS else str(st.session_state.get(level_key))


def of_job(request: NetworkRequest, backbone: Backbone) -> ContextChoice:
    """The genes of a running job, when the list or the cells they came from are gone."""
    report = _report(request.targets, backbone.fingerprint, backbone)
    file = "cells.h5ad" if request.context.kind == "profile" else LIST_FILE
    return ContextChoice({request.context.label: request.context}, file, report=report)


def use_example() -> None:
    """Callback of a button: the genes of the demo."""
    st.session_state[keys.FROM], st.session_state[keys.GENES] = LIST, example.NETWORK


def _list_controls() -> None:
    text, upload = st.columns([3, 2])
    text.text_area(
        "Genes of the network",
        key=keys.GENES,
        persist_state="session",
        height=124,
        placeholder="GATA1, TAL1, KLF1, HBB ... separated as you like, or pasted from a table",
    )
    file = upload.file_uploader(
        "or a text or CSV file", key=keys.GENE_FILE, type=["txt", "csv", "tsv"], max_upload_size=5
    )
    if file is not None:
        st.session_state[keys.UPLOADED] = (file.name, read_text(file.getvalue()))
    else:
        st.session_state.pop(keys.UPLOADED, None)
        label = f"Fill in {len(example.NETWORK.split())} genes of blood cells"
        upload.button(label, on_click=use_example, icon=":material/grain:")
    columns.gene_box(_given()[1], keys.GENE_COLUMN)


def _given() -> tuple[str, str]:
    """File and text of the list."""
    return st.session_state.get(keys.UPLOADED) or (LIST_FILE, st.session_state.get(keys.GENES) or "")


def _of_list(backbone: Backbone) -> ContextChoice:
    uploaded = keys.UPLOADED in st.session_state
    file, text = _given()
    names = columns.read_genes(text, keys.GENE_COLUMN).names
    if not names:
        raise NotYet("The network has no genes yet: paste a list above, upload one, or take the genes of your cells.")
    report = _report(names, backbone.fingerprint, backbone)
    pasted = "" if uploaded else "\n".join(names) + "\n"
    name = file if uploaded else "your list"
    options = columns.gene_words(keys.GENE_COLUMN) if uploaded else ()
    return ContextChoice({name: list_context(report, file)}, file, options=options, report=report, gene_list=pasted)


def _cell_controls(two_groups: bool) -> None:
    chosen = cells.current()
    if chosen is None:
        st.button("Use the example: 700 blood cells", on_click=cells.use_example, icon=":material/grain:")
        return
    columns = [*([] if two_groups else [ALL_CELLS]), *chosen.data.groups]
    if not columns:
        return
    if st.session_state.get(keys.COLUMN) not in columns:
        st.session_state[keys.COLUMN] = columns[0]
    by, first, second, size = st.columns([3, 3, 3, 2])
    column = by.selectbox("Group cells by", columns, key=keys.COLUMN, persist_state="session")
    if column != ALL_CELLS:
        levels = list(chosen.data.groups[column])
        _level_box(first, "From" if two_groups else "Group", levels, "net level", levels[0])
        if two_groups:
            _level_box(second, "To", levels, "net level b", levels[1])
    with size:
        contexts.variable_genes(keys.VARIABLE)


def _level_box(place, label: str, levels: list[str], key: str, default: str) -> None:
    if st.session_state.get(key) not in levels:
        st.session_state[key] = default
    place.selectbox(label, levels, key=key, persist_state="session")


def _of_cells(backbone: Backbone, level_key: str) -> ContextChoice:
    chosen = cells.current()
    if chosen is None:
        raise NotYet("There are no cells yet: choose them in the sidebar, or use the example.")
    column = st.session_state.get(keys.COLUMN) or ALL_CELLS
    group = None if column == ALL_CELLS else (column, str(st.session_state.get(level_key)))
    n_variable = st.session_state.get(keys.VARIABLE) or VARIABLE_GENES
    return contexts.of_group(backbone, chosen, group, n_variable)


@st.cache_resource(max_entries=32, show_spinner="Looking up the genes")
def _report(names: tuple[str, ...], fingerprint: str, _backbone: Backbone) -> GeneReport:
    """``fingerprint`` stands for the vocabulary in the key of the cache."""
    return resolve(names, _backbone.vocabulary)
