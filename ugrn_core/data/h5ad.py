"""An untrusted file of cells in, an :class:`ExpressionData` out; it is read by blocks of cells and let go."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np

from ugrn_core.data.containers.opened import open_cells
from ugrn_core.data.expression import ExpressionData, summarise
from ugrn_core.data.gene_names import (
    choose_gene_names,
    gene_columns,
    gene_rows,
    guess_species,
    known_share,
    named_like_genes,
)
from ugrn_core.data.groups import affordable, find_groups, offered
from ugrn_core.data.layout import Matrix, OpenedFile, read_layout
from ugrn_core.data.other_hdf5 import other_layout
from ugrn_core.data.scale import Survey, survey
from ugrn_core.errors import InputError
from ugrn_core.types import Progress, part_of

WRITING_SHARE = 0.6
"""Share of the time that goes into a file that is written as HDF5 first."""
SURVEY_SHARE = 0.3
"""Share of the time that goes into the first of the two passes."""


@dataclass(frozen=True)
class H5adContents:
    """What a file offers: names for ``layer``, for ``gene_column``, and groups as column -> levels."""

    n_cells: int
    n_genes: int
    layers: tuple[str, ...]
    gene_columns: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]

    @property
    def leaves_a_choice(self) -> bool:
        """Whether there are several matrices or several columns of gene names."""
        return len(self.layers) > 1 or len(self.gene_columns) > 1


def inspect_h5ad(file: Path | str | BinaryIO, progress: Progress | None = None) -> H5adContents:
    """List layers, gene columns and groups without reading a matrix."""
    with open_cells(file, progress) as (opened, kind):
        layout = layout_of(opened, kind)
        groups = {name: codes.levels for name, codes in find_groups(layout.cells, progress).columns.items()}
        names = gene_columns(layout.genes)
        return H5adContents(layout.n_cells, layout.genes.n_rows, tuple(layout.matrices), names, groups)


def read_h5ad(
    file: Path | str | BinaryIO,
    *,
    layer: str | None = None,
    gene_column: str | None = None,
    group: str | None = None,
    progress: Progress | None = None,
) -> ExpressionData:
    """Read a data set (a path, or a seekable binary file such as an upload).

    ``layer``: "X", "raw" or the name of a layer; by default X, or where X is scaled ``.raw`` or the first layer that is
    not, which is said in the notes. ``gene_column``: a column of the gene table, or "index". ``group``: the column of
    cells that is wanted, or COLUMN=LEVEL; it comes first where not all can be kept. Whatever cannot be used is an
    InputError. Two passes over the matrix; deterministic. A file of unknown origin is better read by
    :func:`ugrn_core.data.untrusted.read_untrusted_h5ad`.
    """
    with open_cells(file, part_of(progress, 0.0, WRITING_SHARE)) as (opened, kind):
        layout = layout_of(opened, kind)
        progress = part_of(progress, WRITING_SHARE, 1.0) if kind else progress
        matrix, genes, seen, notes = choose_matrix(layout, layer, gene_column, part_of(progress, 0.0, SURVEY_SHARE))
        second = part_of(progress, SURVEY_SHARE, 1.0)
        groups = find_groups(layout.cells, second, group or "")
        columns, left_out = affordable(groups, layout.cells.columns, matrix.n_genes, seen.filled)
        summary = summarise(matrix, seen, columns, second)
    notes.append(f"The file is {layout.kind}: {layout.n_cells:,} cells, {matrix.n_genes:,} genes.")
    notes += [offered(columns), *groups.notes(), *left_out]
    empty = int((seen.totals == 0).sum())
    if empty:
        notes.append(f"{empty:,} of {layout.n_cells:,} cells have no counts; they stay in the means.")
    return ExpressionData(
        label=Path(str(file if isinstance(file, (str, Path)) else getattr(file, "name", "the uploaded file"))).name,
        genes=tuple(map(str, genes)),
        species=guess_species(genes),
        matrix=matrix.name,
        units=seen.units,
        n_cells=layout.n_cells,
        whole=summary.whole,
        groups=summary.groups,
        variance=summary.variance,
        sample=summary.sample,
        notes=tuple(notes),
    )


@cache
def example_data() -> ExpressionData:
    """700 blood cells (10x PBMC 68k, reduced to 765 genes), which the package scanpy carries; about 1 s, offline."""
    return read_h5ad(example_file())


def example_file() -> Path:
    """Their file; an InputError where scanpy is not installed."""
    spec = importlib.util.find_spec("scanpy")
    folder = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else Path("scanpy")
    file = folder / "datasets" / "10x_pbmc68k_reduced.h5ad"
    if not file.is_file():
        raise InputError(
            "The example cells are missing: scanpy, which carries them, is not installed: "
            "pip install 'ugrn-explorer[app]'."
        )
    return file


def layout_of(opened: h5py.File, kind: str) -> OpenedFile:
    """Where things lie; ``kind`` says what the file was before it was written as HDF5, where it was."""
    layout = other_layout(opened) or read_layout(opened)
    if kind.startswith(","):  # unpacked, and otherwise as it was
        kind = layout.kind + kind
    return replace(layout, kind=kind) if kind else layout


def choose_matrix(
    layout: OpenedFile, layer: str | None, gene_column: str | None, progress: Progress | None
) -> tuple[Matrix, np.ndarray, Survey, list[str]]:
    """The matrix to read with its genes, its survey and what is to be said of the choice."""
    if layer is not None and layer not in layout.matrices:
        raise InputError(layout.unusable.get(layer) or f"There is no layer {layer!r}. {_offered(layout)}")
    if layer is None and "X" in layout.unusable:
        raise InputError(f"{layout.unusable['X']} {_offered(layout) if layout.matrices else ''}".strip())
    if not layout.matrices:
        raise InputError("The file has no X, no .raw and no layer: there is no expression in it. Give another file.")
    order = [layer] if layer is not None else [n for n in ("X", "raw") if n in layout.matrices]
    if layer is None:
        order += [n for n in layout.matrices if n not in order]
    notes: list[str] = []
    for name in order:
        matrix, genes, about_genes = _checked_genes(layout, layout.matrices[name], gene_column)
        seen = survey(matrix, genes, progress)
        notes += seen.sentences(name)
        if not seen.scaled:
            if seen.largest == 0:
                raise InputError(f"{name} holds nothing but zeros. {_offered(layout)}")
            notes += [f"{name} was used instead of {order[0]}."] if name != order[0] else []
            notes += about_genes
            return matrix, genes, seen, notes
    raise InputError(
        f"{notes[0]} Expected counts or log-normalised values"
        + (f". {_offered(layout)}" if layer is not None else ", and there is neither .raw nor a layer without them.")
        + " Keep them when scaling: adata.raw = adata, then sc.pp.scale(adata)."
    )


def _checked_genes(layout: OpenedFile, matrix: Matrix, gene_column: str | None) -> tuple[Matrix, np.ndarray, list[str]]:
    """A matrix with its genes alone, their names, and notes on both.

    A file whose cells are named like genes and whose genes are not is turned around.
    """
    index = matrix.genes.index()
    if gene_column is None and not named_like_genes(index) and known_share(layout.cells.some_names()) > 0.5:
        some = ", ".join(layout.cells.some_names(3)[:3])
        raise InputError(
            f"The file holds genes in rows: its {layout.n_cells:,} cells are named like genes ({some}). Turn it "
            "around: adata = adata.T, then adata.write_h5ad(...)."
        )
    kept, notes = gene_rows(matrix.genes, layout.genes)
    genes, source = choose_gene_names(matrix.genes, gene_column, kept)
    return replace(matrix, kept=kept), genes, [*notes, *source]


def _offered(layout: OpenedFile) -> str:
    return f"The file has: {', '.join(layout.matrices)}."
