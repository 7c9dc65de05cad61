"""``--context`` and ``--group``: the virtual cell a pair is asked in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ugrn_core.cli.genes import read_genes
from ugrn_core.errors import InputError
from ugrn_core.types import Context

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone


def read_context(text: str, group: str | None, backbone: Backbone, strict: bool) -> Context:
    """Context of ``pair``, of a gene list, or of an h5ad file (of one ``group`` of its cells, COLUMN=LEVEL)."""
    file = Path(text).expanduser()
    is_data = file.suffix == ".h5ad"
    if group is not None and not is_data:
        raise InputError(f"--group is {group!r}, but --context is {text!r}: groups need an h5ad file as the context.")
    if text == "pair":
        return Context()
    if is_data:
        raise NotImplementedError
    symbols = read_genes(file, backbone.vocabulary, strict)
    return Context("genes", symbols, label=f"{len(symbols)} genes of {file.name}")
