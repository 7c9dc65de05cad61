"""What is asked: models by name, and cells in memory, read as those of a file are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import DEFAULT_BACKBONE, load_backbone
from ugrn_core.data.context import data_context, list_context, pair_context
from ugrn_core.data.expression import ExpressionData
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.estimate import context_room
from ugrn_core.genes.resolve import resolve
from ugrn_core.types import Context


def load(name: str | Path | None = None, *, device: str | None = None) -> Backbone:
    """A model to ask: one of ``ugrn models``, or the folder of a checkpoint.

    Parameters
    ----------
    name
        ``"ugrn-mini"``, or a folder in the layout of scGPT or scBenchmark. By default the first model of the registry.
    device
        ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"cpu"``; by default ``UGRN_DEVICE``, else the best there is.

    Returns
    -------
    The model, read anew at every call: keep it. ``model.card`` has its unit, base value and virtual values,
    ``model.vocabulary`` its genes, ``model.fingerprint`` a hash of its weights. Nothing is unpickled.

    Raises
    ------
    InputError
        No model and no folder has that name.
    CheckpointError
        The model is not on this machine, or its files are damaged.
    """
    return load_backbone(DEFAULT_BACKBONE if name is None else name, device)


if TYPE_CHECKING:
    from anndata import AnnData


def cells_of(
    adata: AnnData, *, layer: str | None = None, gene_column: str | None = None, groupby: str | None = None
) -> ExpressionData:
    """Profiles of the cells: units recognised, names and groups found as in an h5ad file.

    ``adata`` stays as it is. Its matrices and tables go through a temporary file, so that there is one reader.
    """
    import anndata

    raw = None if adata.raw is None else {"X": adata.raw.X, "var": adata.raw.var}
    plain = anndata.AnnData(X=adata.X, obs=adata.obs.copy(), var=adata.var.copy(), layers=dict(adata.layers), raw=raw)
    with tempfile.TemporaryDirectory(prefix="ugrn-cells-") as folder:
        file = Path(folder) / "the cells"
        plain.write_h5ad(file)
        return read_h5ad(file, layer=layer, gene_column=gene_column, group=groupby)


def virtual_cell(
    model: Backbone, given: Sequence[str] | AnnData | None, group: tuple[str, str] | None
) -> tuple[Context, tuple[str, ...]]:
    """The virtual cell, and what was chosen in making it."""
    if given is None:
        return pair_context(), ()
    if hasattr(given, "obs"):
        data = cells_of(given, groupby=None if group is None else group[0])  # pyright: ignore[reportArgumentType]
        cell, _, notes = data_context(data, model.card, model.vocabulary, group=group, cap=context_room(model))
        return cell, (*data.notes, *notes)
    report = resolve(list(given), model.vocabulary)  # pyright: ignore[reportArgumentType]
    return list_context(report, "the genes given"), (report.sentence(),)
