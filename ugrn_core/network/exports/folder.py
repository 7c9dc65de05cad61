"""All files of a predicted network in a folder or a zip archive; the same network gives the same bytes."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from ugrn_core.beeline.networks import Edge
from ugrn_core.errors import InputError
from ugrn_core.network.direction import DirectionRule
from ugrn_core.network.exports.cyjs import cyjs
from ugrn_core.network.exports.gexf import gexf
from ugrn_core.network.exports.graph import network_graph
from ugrn_core.network.exports.graphml import graphml
from ugrn_core.network.exports.h5ad import CellNetwork, network_h5ad
from ugrn_core.network.exports.sif import sif
from ugrn_core.network.filters import Selection, edge_count, percent
from ugrn_core.network.recipe import recipe_text
from ugrn_core.network.recipe_form import Recipe
from ugrn_core.network.scores import NetworkScores
from ugrn_core.network.table import edge_table, write_edges
from ugrn_core.translators.translator import Translator

FILES = (
    "edges.csv", "genes.csv", "recipe.json", "network.graphml", "network.cyjs", "network.sif", "network.gexf",
    "network.html", "network.h5ad",
)  # fmt: skip
LOOKED_AT = 500_000
"""Best edges that filters choose from; edges.csv holds all."""
MOST_IN_FILES = 20_000
"""Edges of the graph files, at most: beyond, the programs that read them give up."""
NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip archive."""
CANNOT_WRITE = "The network cannot be written to {folder}: {error}. Name another folder."

Draw = Callable[[pd.DataFrame, str], str]
"""The page (HTML) of an edge table and its caption. Pictures lie in a room above this one, and are handed in."""


@dataclass(frozen=True)
class NetworkFiles:
    """A network and what is told of it: ``known`` edges of another network, None where nothing was checked; ``genes``,
    the report of every name; the ``recipe``, which has the prevalence and says which edges are shown."""

    scores: NetworkScores
    translator: Translator
    rule: DirectionRule
    recipe: Recipe
    genes: pd.DataFrame
    known: Collection[Edge] | None = None

    @property
    def prevalence(self) -> float:
        return self.recipe.settings.prevalence


def shown_network(files: NetworkFiles) -> Selection:
    """The edges that the graph files hold, with a note for all that was left out of them."""
    table = edge_table(
        files.scores, files.translator, files.rule, prevalence=files.prevalence, known=files.known, limit=LOOKED_AT
    )
    shown = files.recipe.shown_edges().select(table)
    notes = list(shown.notes)
    if len(table) < files.scores.n_edges:
        notes.insert(0, f"Chosen from the best {len(table):,} of {edge_count(files.scores.n_edges)}.")
    if len(shown.table) > MOST_IN_FILES:
        notes.append(
            f"Graph files hold the best {MOST_IN_FILES:,} of the {edge_count(len(shown.table))} that were chosen."
        )
    return Selection(shown.table.head(MOST_IN_FILES), tuple(notes))


def about_network(files: NetworkFiles, shown: Selection) -> dict[str, str | float]:
    """What the graph files say of themselves; ``caption`` is the sentence for readers."""
    recipe = files.recipe
    first = f"{edge_count(len(shown.table))} of {files.scores.n_edges:,} scored"
    rate = f", {percent(shown.fdr)} of them expected to be wrong" if len(shown.table) else ""
    caption = (
        f"Predicted, not measured: {first}{rate}, if {percent(recipe.settings.prevalence)} of all pairs are edges. "
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


def write_network(files: NetworkFiles, folder: Path, draw: Draw) -> Selection:
    """Write :data:`FILES` into ``folder``, which is made where it is missing; returns the edges of the graph files.

    Every file is whole or not there; files of the same name are replaced. A folder that cannot be written and a gene
    that a format has no place for are InputErrors.
    """
    shown = shown_network(files)
    about = about_network(files, shown)
    graph = network_graph(shown.table, about)
    recipe = recipe_text(files.recipe)
    cell = CellNetwork(files.recipe.cell.label, files.scores.request, files.recipe.settings.base, shown.table, recipe)
    made: dict[str, bytes] = {
        "genes.csv": files.genes.to_csv(index=False, lineterminator="\n").encode(),
        "network.graphml": graphml(graph),
        "network.cyjs": cyjs(graph),
        "network.sif": sif(graph),
        "network.gexf": gexf(graph),
        "network.html": draw(shown.table, str(about["caption"])).encode(),
        "network.h5ad": network_h5ad([cell], about),
    }
    make_folder(folder)
    try:
        write_edges(
            files.scores, files.translator, files.rule, folder / "edges.csv", prevalence=files.prevalence,
            known=files.known,
        )  # fmt: skip
        for name, content in made.items():
            write_whole(folder / name, content)
        write_whole(folder / "recipe.json", recipe.encode())  # last: who finds it finds the others
    except OSError as error:
        raise InputError(CANNOT_WRITE.format(folder=folder, error=error)) from error
    return shown


def make_folder(folder: Path) -> None:
    """Make a folder where it is missing; one that cannot be made is an InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(CANNOT_WRITE.format(folder=folder, error=error)) from error


def zip_network(files: NetworkFiles, file: Path | BinaryIO, draw: Draw) -> Selection:
    """Write :data:`FILES` as a zip archive to a path or an open file; see :func:`write_network`."""
    with tempfile.TemporaryDirectory(prefix="ugrn-zip-") as folder:
        shown = write_network(files, Path(folder), draw)
        zip_files([Path(folder) / name for name in FILES], file)
    return shown


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


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is whole or not there."""
    partial = file.with_name(f"{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)
