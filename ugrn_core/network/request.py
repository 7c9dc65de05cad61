"""What a predicted network is asked of: sources, targets, virtual cell; and whether a translator can answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.genes.tfs import is_tf
from ugrn_core.translators.schema import check_schema, feature_schema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Context, FileNames

CELLS = {"pair": "two genes alone", "genes": "all genes of a list at base", "profile": "means of cells"}
"""Kinds of virtual cell in words."""


@dataclass(frozen=True)
class NetworkRequest:
    """Sources against targets (symbols of the backbone), in a virtual cell; a gene is never its own target.

    ``context``: the pair alone, a list of genes, or the genes and mean profile of cells; a list or profile holds
    every source and target. ``names``: of genes of a mouse file, by which its edges are told.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    context: Context = Context()  # noqa: RUF009 (frozen)
    names: FileNames | None = None

    def __post_init__(self) -> None:
        for what, genes in (("source", self.sources), ("target", self.targets)):
            if not genes:
                raise InputError(f"The network has no {what}: give at least one gene of this model.")
            if len(set(genes)) < len(genes):
                twice = next(g for n, g in enumerate(genes) if g in genes[:n])
                raise InputError(f"The {what}s name {twice} twice; give every gene once.")
        if self.context.kind != "pair":
            outside = sorted({*self.sources, *self.targets} - set(self.context.genes))
            if outside:
                raise InputError(f"{', '.join(outside[:5])} and others are not in the virtual cell; add them to it.")
        if len(set(self.sources) | set(self.targets)) < 2:
            raise InputError(f"A network needs two different genes, got {self.sources[0]} alone.")

    @property
    def n_pairs(self) -> int:
        """Number of unordered pairs of genes, each scored in the directions asked for."""
        both = len(set(self.sources) & set(self.targets))
        return len(self.sources) * len(self.targets) - both - both * (both - 1) // 2


def default_sources(genes: Sequence[str]) -> tuple[str, ...]:
    """The transcription factors among genes, in their order."""
    return tuple(g for g in genes if is_tf(g))


def request_in(
    cell: Context, sources: Sequence[str], base: float, *, whole: bool
) -> tuple[NetworkRequest, tuple[str, ...]]:
    """Sources against the genes of ``cell`` and each other, and notes.

    ``whole``: all at once in that cell, sources that it lacks added to it (:func:`with_genes`); else two genes alone.
    """
    targets = tuple(dict.fromkeys([*cell.genes, *sources]))
    if not whole:
        return NetworkRequest(tuple(sources), targets, names=cell.names), ()
    larger, notes = with_genes(cell, targets, base)
    return NetworkRequest(tuple(sources), targets, larger, cell.names), tuple(notes)


def check_request(request: NetworkRequest, translator: Translator, backbone: Backbone) -> tuple[str, ...]:
    """Refuse a translator of other features; the notes say what is unusual about the question."""
    schema = translator.card.schema
    kind = {"pair": "pair", "genes": "full"}.get(request.context.kind, schema.context)
    check_schema(
        translator.card.name,
        schema,
        feature_schema(backbone, schema.method, kind, schema.settings),  # pyright: ignore[reportArgumentType]
    )
    return () if has_probabilities(request, translator) else (without_probabilities(request, translator),)


def has_probabilities(request: NetworkRequest, translator: Translator) -> bool:
    """Whether the translator is calibrated for the virtual cell that is asked in; else edges have ranks alone."""
    return translator.card.holds_in(request.context.kind)


def without_probabilities(request: NetworkRequest, translator: Translator) -> str:
    """Why edges have no probability, as a sentence."""
    card = translator.card
    where = " and ".join(CELLS[kind] for kind in CELLS if card.holds_in(kind))  # pyright: ignore[reportArgumentType]
    return (
        f"{card.name} is calibrated for {where}. In {CELLS[request.context.kind]} its scores rank edges: there is no "
        "probability and no expected FDR. Read differences between groups as a first look, not as a result."
    )
