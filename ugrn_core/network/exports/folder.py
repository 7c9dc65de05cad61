"""All files of a predicted network in a folder or a zip archive; the same network gives the same bytes."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from ugrn_core.beeline.networks import Edge
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import in_file
from ugrn_core.network.direction import DirectionRule
from ugrn_core.network.edge_filter import Selection, edge_count, percent
from ugrn_core.network.exports.graph import (
    NOT_HDF5,
    NOT_SIF,
    NOT_XML,
    adjacencies,
    check_texts,
    cyjs,
    decoupler,
    gexf,
    gmt,
    graphml,
    network_graph,
    sif,
)
from ugrn_core.network.exports.h5ad import CellNetwork, network_h5ad
from ugrn_core.network.question import NetworkRequest, has_probabilities
from ugrn_core.network.recipe import Recipe, recipe_text
from ugrn_core.network.scores import NetworkScores
from ugrn_core.network.summary import known_enrichment
from ugrn_core.network.table import write_edges
from ugrn_core.spreadsheet import csv_text
from ugrn_core.translators.translator import Translator
from ugrn_core.whole_files import whole_folder

FILES = (
    "edges.csv", "genes.csv", "recipe.json", "network.graphml", "network.cyjs", "network.sif", "network.gexf",
    "network.html", "network.h5ad", "regulons.gmt", "adjacencies.csv", "decoupler.csv",
)  # fmt: skip
SEALED = (*(name for name in FILES if name != "recipe.json"), "recipe.json")
"""The files in the order in which they are put in place."""
REPORTS = ("report.html", "report.pdf")
"""Files that lie beside them where they are asked for; those of an earlier run are removed."""
LOOKED_AT = 500_000
"""Best edges that filters choose from; edges.csv holds all."""
MOST_IN_FILES = 20_000
"""Edges of the graph files, at most: beyond, the programs that read them give up."""
NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip archive."""
CANNOT_WRITE = "The network cannot be written to {folder}: {error}. Name another folder."

Draw = Callable[[pd.DataFrame, str], str]
"""The page (HTML) of an edge table and its caption. Pictures lie in a room above this one, and are handed in."""
Tell = Callable[[pd.DataFrame, pd.DataFrame], bytes]
"""A report on the best edges and those shown of them."""
Beside = Callable[[Selection, pd.Series], Selection]
"""Shown edges with what cells show of them beside (:mod:`ugrn_core.evidence`); from them and all scores."""


@dataclass(frozen=True)
class NetworkFiles:
    """A network and what is told of it: ``known`` edges of another network, None where nothing was checked; ``genes``,
    the report of every name; the ``recipe``, which has the prevalence and says which edges are shown; ``evidence`` puts
    what cells show beside the edges of the graph files, where they were asked."""

    scores: NetworkScores
    translator: Translator
    rule: DirectionRule
    recipe: Recipe
    genes: pd.DataFrame
    known: Collection[Edge] | None = None
    evidence: Beside | None = None

    @property
    def prevalence(self) -> float:
        return self.recipe.settings.prevalence


def shown_network(recipe: Recipe, best: pd.DataFrame, n_edges: int) -> Selection:
    """The edges that the graph files hold out of the ``best`` of all, with a note for all that was left out."""
    shown = recipe.shown_edges().select(best, recipe.settings.prevalence)
    notes = list(shown.notes)
    if (worth := known_enrichment(best, n_edges)) is not None:
        notes.append(worth.sentence())
    if len(best) < n_edges:
        notes.insert(0, f"Chosen from the best {len(best):,} of {edge_count(n_edges)}.")
    if len(shown.table) > MOST_IN_FILES:
        notes.append(f"The graph files hold the best {MOST_IN_FILES:,} of {edge_count(len(shown.table))} chosen.")
    return Selection(shown.table.head(MOST_IN_FILES), tuple(notes))


def about_network(files: NetworkFiles, shown: Selection) -> dict[str, str | float]:
    """What the graph files say of themselves; ``caption`` is the sentence for readers."""
    recipe = files.recipe
    first = f"{edge_count(len(shown.table))} of {files.scores.n_edges:,} scored"
    rate = f", {percent(shown.fdr)} of them expected to be wrong" if len(shown.table) else ""
    rate += f", if {percent(recipe.settings.prevalence)} of all pairs are edges"
    if not has_probabilities(files.scores.request, files.translator):
        rate = ", by rank; how many are right is not known"
    caption = (
        f"Predicted, not measured: {first}{rate}. "
        f"{recipe.model.name}, translator {recipe.translator.name}, {recipe.cell.label}."
    )
    return {
        "caption": caption,
        "selection": " ".join(shown.notes) or "All scored edges.",
        "model": recipe.model.name,
        "translator": recipe.translator.name,
        "context": recipe.cell.label,
        "prevalence": recipe.settings.prevalence,
        "command": recipe.command,
    }


def write_network(
    files: NetworkFiles, folder: Path, draw: Draw, reports: Mapping[str, Tell] | None = None
) -> Selection:
    """Write :data:`FILES` into ``folder``, which is made where it is missing; returns the edges of the graph files.

    ``reports``, some of :data:`REPORTS` by name, lie with them. They are written beside and moved into place
    together: who finds a recipe finds the files that it made. A folder that cannot be written and a gene that a format
    has no place for (:func:`check_genes`) are InputErrors.
    """
    check_genes(files.scores.request)
    make_folder(folder)
    try:
        wanted = reports or {}
        unwanted = [name for name in REPORTS if name not in wanted]
        with whole_folder(folder, (*wanted, *SEALED), unwanted) as written:
            best = write_edges(
                files.scores,
                files.translator,
                files.rule,
                written / "edges.csv",
                prevalence=files.prevalence,
                known=files.known,
                keep=LOOKED_AT,
            )
            shown = shown_network(files.recipe, best, files.scores.n_edges)
            if files.evidence is not None:
                shown = files.evidence(shown, best["score"])
            for name, content in _graph_files(files, shown, draw).items():
                (written / name).write_bytes(content)
            for name, tell in wanted.items():
                (written / name).write_bytes(tell(best, shown.table))
            (written / "genes.csv").write_bytes(csv_text(files.genes).encode())
            (written / "recipe.json").write_bytes(recipe_text(files.recipe).encode())
    except OSError as error:
        raise InputError(CANNOT_WRITE.format(folder=folder, error=error)) from error
    return shown


def _graph_files(files: NetworkFiles, shown: Selection, draw: Draw) -> dict[str, bytes]:
    """Contents by name of the files of the shown edges."""
    about = about_network(files, shown)
    graph = network_graph(shown.table, about)
    recipe = files.recipe
    cell = CellNetwork(recipe.cell.label, files.scores.request, recipe.settings.base, shown.table, recipe_text(recipe))
    return {
        "network.graphml": graphml(graph),
        "network.cyjs": cyjs(graph),
        "network.sif": sif(graph),
        "network.gexf": gexf(graph),
        "network.html": draw(shown.table, str(about["caption"])).encode(),
        "network.h5ad": network_h5ad([cell], about),
        "regulons.gmt": gmt(graph),
        "adjacencies.csv": adjacencies(graph),
        "decoupler.csv": decoupler(graph),
    }


def check_genes(request: NetworkRequest) -> None:
    """Refuse a request with a gene that one of the files has no place for, before anything is computed."""
    genes = dict.fromkeys(in_file(request.names, [*request.sources, *request.targets]))
    for cannot, file in ((NOT_XML, "GraphML"), (NOT_SIF, "SIF"), (NOT_HDF5, "HDF5")):
        check_texts(genes, cannot, file)


def make_folder(folder: Path) -> None:
    """Make a folder where it is missing; one that cannot be made is an InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(CANNOT_WRITE.format(folder=folder, error=error)) from error


def zip_files(found: Sequence[Path], file: Path | BinaryIO) -> None:
    """Files by name in a zip archive without dates."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in found:
            member = zipfile.ZipInfo(path.name, NO_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(member, "w") as out:
                shutil.copyfileobj(source, out, 1 << 20)
