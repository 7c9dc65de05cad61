"""Tools that write into cells, in the manner of scanpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ugrn_core.api.networks import PredictedNetwork, networks
from ugrn_core.data.context import VARIABLE_GENES
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import by_human_symbol
from ugrn_core.network.distinct_names import distinct_names
from ugrn_core.network.edge_filter import TOP, EdgeFilter, edge_count
from ugrn_core.network.exports.folder import about_network
from ugrn_core.network.exports.h5ad import MATRICES, edge_matrix
from ugrn_core.network.recipe import recipe_text

if TYPE_CHECKING:
    from anndata import AnnData


def network(
    adata: AnnData, *, key_added: str | None = None, copy: bool = False, top: int = TOP, **options: Any
) -> AnnData | None:
    """Write the network of the cells into them, as ``network.h5ad`` of the app and of ``ugrn network`` holds it.

    Parameters
    ----------
    adata
        Cells; genes are found by the names that the network was made from.
    key_added
        Put before the keys, with an underscore; by default ``score`` and ``probability``, and ``ugrn`` in ``uns``.
    copy
        Give a copy with the network, and leave ``adata`` as it is.
    top
        Best edges that are written, of each group.
    options
        ``groupby, groups, sources, translator, model, context, prevalence, known, layer, gene_column, n_variable,
        memory, store, progress, cancel`` of :func:`ugrn_core.network`.

    Returns
    -------
    None, or the copy. Written are ``varp["score"]`` and ``varp["probability"]``, sparse (gene, gene) float64, rows are
    sources and columns targets, nothing where an edge is not among the best; with ``groupby`` one of each a group, as
    ``"score: B"``. ``uns["ugrn"]``: a ``caption``, ``model``, ``translator``, ``context``, ``prevalence``, ``notes``,
    and the ``recipes`` (JSON) that make the networks again. An edge of a gene that is in ``.raw`` only has no place
    here and is counted in the notes.

    Raises
    ------
    InputError
        As in :func:`ugrn_core.network`, and for what are no cells.
    """
    if not hasattr(adata, "obs"):
        raise InputError("tl.network writes into cells (AnnData); network(genes) gives a table.")
    asked = dict.fromkeys((
        "groupby", "groups", "sources", "translator", "model", "context", "prevalence", "known", "layer",
        "gene_column", "memory", "store", "progress", "cancel",
    )) | {"n_variable": VARIABLE_GENES} | options  # fmt: skip
    made = list(networks(adata, **asked, shown=EdgeFilter(cap=top)))  # pyright: ignore[reportArgumentType]
    into = adata.copy() if copy else adata
    before = "" if key_added is None else f"{key_added}_"
    keys = distinct_names([m.group or "" for m in made], lambda name: name.replace("/", "-"))
    notes = [note for m in made for note in m.notes]
    for m in made:
        table = m.shown(top).table
        placed, left_out = _placed(table, m, adata)
        if left_out:
            notes.append(f"{edge_count(left_out)} of genes that are not in these cells' var left out.")
        for matrix in MATRICES:
            name = f"{before}{matrix}" if m.group is None else f"{before}{matrix}: {keys[m.group]}"
            into.varp[name] = edge_matrix(placed, list(adata.var_names), matrix)
    about = about_network(made[0].files, made[0].shown(top))
    into.uns[key_added or "ugrn"] = about | {
        "notes": list(dict.fromkeys(notes)),
        "groups": [m.group for m in made if m.group is not None],
        "recipes": [recipe_text(m.files.recipe) for m in made],
    }
    return into if copy else None


def _placed(table: pd.DataFrame, made: PredictedNetwork, adata: AnnData) -> tuple[pd.DataFrame, int]:
    """The edges with the names of ``var`` in place of symbols, and how many have none."""
    columns = [adata.var_names, *(adata.var[c] for c in adata.var if adata.var[c].dtype.kind in "OSU")]
    records = made.files.genes
    written = set(records["gene"])
    names = max((pd.Index(c.astype(str)) for c in columns), key=lambda index: int(index.isin(written).sum()))
    first = pd.Series(adata.var_names, index=names)
    first = first[~first.index.duplicated()]
    here = records.assign(name=records["gene"].map(first)).dropna(subset=["symbol", "name"])
    at = here.drop_duplicates("symbol").set_index("symbol")["name"]
    table = by_human_symbol(table)
    moved = table.assign(source=table["source"].map(at), target=table["target"].map(at))
    there = moved["source"].notna() & moved["target"].notna()
    return moved[there], int(np.sum(~there))
