"""What can be taken away of a network: every file by itself or all of them zipped, and the line that makes them."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ugrn_core.figures.network_html import network_file
from ugrn_core.figures.report import Report
from ugrn_core.figures.report_network import network_report
from ugrn_core.figures.style import file_stem
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.exports.folder import FILES, Beside, NetworkFiles, write_network, zip_files
from ugrn_core.network.recipe import Recipe, build_recipe, known_facts
from ui.network import filters, keys
from ui.network.known_edges import ReferenceEdges
from ui.network.question import SOURCES_FILE
from ui.network.run import Predicted
from ui.shared import models

MEANING = {
    "edges.csv": "All scored edges, best first",
    "genes.csv": "What became of every gene name",
    "recipe.json": "What made it; can be loaded back here",
    "network.graphml": "The edges shown, for Gephi, yEd, igraph, networkx",
    "network.cyjs": "The edges shown, for Cytoscape",
    "network.sif": "The edges shown, for Cytoscape and many others",
    "network.gexf": "The edges shown, for Gephi",
    "network.html": "The drawing, works without a connection",
    "network.h5ad": "The edges shown, for scanpy and the scverse",
    "regulons.gmt": "The edges shown as gene sets, a line a source, for pySCENIC's AUCell and others",
    "adjacencies.csv": "The edges shown, as GRNBoost2 of pySCENIC writes them",
    "decoupler.csv": "The edges shown, as decoupler reads a network; no weight is a sign",
}


@dataclass(frozen=True)
class Wanted:
    """All that the files depend on, read from the controls; they are made outside the page's run.

    ``command`` names no place of this machine.
    """

    network: Predicted
    shown: EdgeFilter
    known: ReferenceEdges
    prevalence: float
    command: str
    token: str
    evidence: Beside | None = None


def show(
    network: Predicted,
    shown: EdgeFilter,
    known: ReferenceEdges,
    token: str,
    evidence: Beside | None = None,
    evidence_words: tuple[str, ...] = (),
) -> None:
    """Buttons for the files of the edges ``shown``, and the command; files are made when one is asked for.

    ``evidence``: what cells show of the edges of the graph files, and its words of a command.
    """
    asked = network.asked
    card = asked.translator.card
    share = filters.prevalence(card) if asked.has_probabilities else card.prevalence
    line = command(network, shown, known, evidence_words, names_only=True)
    wanted = Wanted(network, shown, known, share, line, token, evidence)
    name = file_stem(f"network of {asked.name}, {asked.backbone.card.name}, {asked.translator.card.name}")
    st.subheader("Take away", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "All files (zip)",
            data=lambda: _zipped(wanted),
            file_name=f"{name}.zip",
            mime="application/zip",
            on_click="ignore",
            type="primary",
            key=keys.ZIP,
            icon=":material/folder_zip:",
        )
        for file in FILES:
            st.download_button(
                file,
                data=lambda file=file: (_folder(wanted) / file).read_bytes(),
                file_name=file if file == "recipe.json" else f"{name}_{file}",
                on_click="ignore",
                key=f"net {file}",
                help=MEANING[file],
            )
    beside = " The graph files hold what the cells show of them." if evidence is not None else ""
    st.caption(f"The edges that are shown, as a graph for other programs; all scored edges in edges.csv.{beside}")
    st.code(command(network, shown, known, evidence_words), language="bash", wrap_lines=True)
    if SOURCES_FILE in asked.words:
        st.download_button(
            SOURCES_FILE,
            "\n".join(asked.request.sources) + "\n",
            SOURCES_FILE,
            on_click="ignore",
            key=keys.SOURCES_FILE,
            help="The sources as a file, for the command line",
        )


def command(
    network: Predicted,
    shown: EdgeFilter,
    known: ReferenceEdges,
    more: tuple[str, ...] = (),
    *,
    names_only: bool = False,
) -> str:
    """The line of ``ugrn network`` that makes this network and its files again; ``names_only``: without folders."""
    asked = network.asked
    given, backbone = list(asked.words), models.command_name(asked.backbone)
    if names_only:
        given[1], backbone = Path(given[1]).name, Path(backbone).name
    line = ["ugrn", "network", *given, "--translator", asked.translator.card.name, "--backbone", backbone]
    share = filters.prevalence(asked.translator.card)
    if asked.has_probabilities and share != asked.translator.card.prevalence:
        line += ["--prevalence", np.format_float_positional(share, trim="-")]
    line += [*known.words, *more]
    return shlex.join([*line, *shown.cli_args(), "--out", "."])


def command_of_both(networks: Sequence[Predicted], shown: EdgeFilter, known: ReferenceEdges) -> str:
    """The line that makes two groups and what differs between them, else a line for each network."""
    groups = [n.asked.genes.group for n in networks]
    first, second = groups
    if first is None or second is None or first == second:
        lines = [command(n, shown, known) for n in networks]
        return "\n".join(f"{line.removesuffix('.')}{name}" for line, name in zip(lines, "ab", strict=True))
    words = shlex.split(command(networks[0], shown, known))
    at = words.index("--group")
    between = ["--group", first[0], "--between", first[1], "--between", second[1]]
    return shlex.join([*words[:at], *between, *words[at + 2 :]])


def _zipped(wanted: Wanted) -> bytes:
    folder = _folder(wanted)
    with tempfile.TemporaryFile() as archive:
        zip_files([folder / name for name in FILES], archive)
        archive.seek(0)
        return archive.read()


def _folder(wanted: Wanted) -> Path:
    return Path(_written(wanted.token, wanted.shown, wanted.command, wanted).name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _written(token: str, shown: EdgeFilter, command: str, _wanted: Wanted) -> tempfile.TemporaryDirectory[str]:
    """A folder with all files; gone with its place in the cache."""
    folder = tempfile.TemporaryDirectory(prefix="ugrn-files-", ignore_cleanup_errors=True)
    write_network(_files(_wanted), Path(folder.name), network_file)
    return folder


def _files(wanted: Wanted) -> NetworkFiles:
    network, known = wanted.network, wanted.known
    report = network.asked.genes.report
    assert report is not None
    return NetworkFiles(
        network.scores,
        network.asked.translator,
        network.rule,
        _recipe(wanted),
        report.frame(),
        known.edges,
        wanted.evidence,
    )


def report_of(
    network: Predicted,
    shown: EdgeFilter,
    table: pd.DataFrame,
    edges: pd.DataFrame,
    known: ReferenceEdges,
    figure: go.Figure,
) -> Callable[[], Report]:
    """What makes the report on the ``edges`` that ``shown`` chooses of the ``table``, drawn as ``figure``.

    The controls are read now, the rest is done when it is called.
    """
    asked, card = network.asked, network.asked.translator.card
    share = filters.prevalence(card) if asked.has_probabilities else card.prevalence
    wanted = Wanted(network, shown, known, share, command(network, shown, known, names_only=True), network.token)
    return lambda: network_report(
        asked.backbone,
        _files(wanted),
        table,
        edges,
        name=asked.name,
        known=known.label,
        names=asked.genes.names_told,
        notes=network.notes,
        figure=figure,
    )


def _recipe(wanted: Wanted) -> Recipe:
    network, known = wanted.network, wanted.known
    asked = network.asked
    return build_recipe(
        asked.backbone,
        asked.translator,
        asked.question,
        prevalence=wanted.prevalence,
        command=wanted.command,
        known=known_facts(known.name, known.edges),
        shown=wanted.shown,
        notes=network.of_the_run,
    )
