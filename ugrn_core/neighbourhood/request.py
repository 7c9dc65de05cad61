"""What is asked of one gene: in which virtual cell, and which genes are moved beside itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.sweep import check_settings
from ugrn_core.types import Context, SweepSettings

Side = Literal["source", "target"]
SIDES: tuple[Side, ...] = ("source", "target")
"""``source``: the gene is moved and the others are read; ``target``: the others are moved, and the gene is read."""

Reach = Literal["factors", "all"]
"""Other genes asked about. For two genes alone these are the transcription factors, or the whole vocabulary. In a full
context all genes are read, and the factors, or all genes, are moved one after the other."""


@dataclass(frozen=True)
class NeighbourhoodRequest:
    """``gene`` is a symbol of the backbone; the context is the pair alone, or holds the gene."""

    gene: str
    context: Context
    settings: SweepSettings
    reach: Reach = "all"


def check_request(backbone: Backbone, request: NeighbourhoodRequest) -> None:
    """Refuse a question without sense."""
    check_settings(request.settings, base_values=request.context.values)
    if request.context.kind != "pair" and request.gene not in request.context.genes:
        raise InputError(f"{request.gene} is not in the virtual cell; add it to its genes.")
    if not other_genes(backbone, request):
        raise InputError(f"There is no other gene than {request.gene} in this virtual cell; give it more genes.")


def other_genes(backbone: Backbone, request: NeighbourhoodRequest) -> tuple[str, ...]:
    """The other genes in the order in which they are swept: factors first, each part by name."""
    inside = backbone.vocabulary.symbols if request.context.kind == "pair" else request.context.genes
    factors, rest = factors_and_rest([g for g in inside if g != request.gene])
    return factors if request.context.kind == "pair" and request.reach == "factors" else (*factors, *rest)


def factors_and_rest(genes: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Transcription factors among genes, and the others; both sorted."""
    ordered = sorted(genes)
    return tuple(g for g in ordered if is_tf(g)), tuple(g for g in ordered if not is_tf(g))
