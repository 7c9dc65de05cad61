"""The one question of a network, shared by the page, the command line, the library and the recipe.

:class:`NetworkQuestion` is what was asked, as a recipe holds it: names as they were given, sources, targets, virtual
cell. :func:`ask` makes it of controls, options or arguments; :class:`NetworkRequest` is what of it is computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.checked_json import MOST_GENES, Finite, Gene, Genes, Line, complaint
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import names_of
from ugrn_core.genes.lookup import Species
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.genes.tfs import is_tf
from ugrn_core.translators.schema import check_schema, feature_schema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Context, ContextKind, FileNames

CellChoice = Literal["pair", "full"]
"""Two genes alone, or all genes at once: of a list at base, of cells at their means."""
PAIR, FULL = "pair", "full"
CELL_CHOICES: tuple[CellChoice, ...] = (PAIR, FULL)

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
                more = f" and {len(outside) - 5:,} more" if len(outside) > 5 else ""
                raise InputError(
                    f"Not in the virtual cell: {', '.join(outside[:5])}{more}. Add to it what is asked about."
                )
        if len(set(self.sources) | set(self.targets)) < 2:
            raise InputError(f"A network needs two different genes, got {self.sources[0]} alone.")

    @property
    def n_pairs(self) -> int:
        """Number of unordered pairs of genes, each scored in the directions asked for."""
        both = len(set(self.sources) & set(self.targets))
        return len(self.sources) * len(self.targets) - both - both * (both - 1) // 2


def _none_twice(names: dict[str, str]) -> dict[str, str]:
    twice = next((name for name, n in Counter(names.values()).items() if n > 1), None)
    if twice is not None:
        raise ValueError(f"two genes are called {twice[:60]}")
    return names


class RecipeEntry(BaseModel):
    """A part of a recipe: strict types, nothing it does not know, nothing changed afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Cell(RecipeEntry):
    """The virtual cell; ``values`` (gene,) in the model's unit where it is a profile."""

    kind: ContextKind
    label: Line
    genes: Genes
    values: Annotated[tuple[Finite, ...], Field(max_length=MOST_GENES, fail_fast=True)] | None


class NetworkQuestion(RecipeEntry):
    """A network that is asked for. ``names`` are the genes as they were given, ``species`` how they were read,
    ``file_names`` what those of the network are called in a mouse file."""

    cell: Cell
    names: Annotated[tuple[str, ...], Field(max_length=MOST_GENES, fail_fast=True)]
    species: Species | None
    sources: Genes
    targets: Genes
    file_names: Annotated[dict[Gene, Gene], AfterValidator(_none_twice), Field(max_length=MOST_GENES)] | None = None

    @classmethod
    def of(cls, request: NetworkRequest, names: Sequence[str] = (), species: Species | None = None) -> NetworkQuestion:
        """The question behind a request. A gene or label that a recipe cannot hold, such as one with control
        characters, is an :class:`InputError`."""
        cell, told = request.context, None
        if request.names is not None:
            told = {g: request.names.of(g) for g in sorted({*request.sources, *request.targets})}
        try:
            return cls(
                cell=Cell(kind=cell.kind, label=cell.label, genes=cell.genes, values=cell.values),
                names=tuple(names),
                species=species,
                sources=request.sources,
                targets=request.targets,
                file_names=told,
            )
        except ValidationError as error:
            raise InputError(f"This network cannot be described in a recipe: {complaint(error)}.") from error

    @cached_property
    def request(self) -> NetworkRequest:
        """What is computed."""
        cell, names = self.cell, None if self.file_names is None else names_of(self.file_names)
        around = None if cell.kind == "pair" else names
        context = Context(cell.kind, cell.genes, cell.values, cell.label, names=around)
        return NetworkRequest(self.sources, self.targets, context, names)


def default_sources(genes: Sequence[str]) -> tuple[str, ...]:
    """The transcription factors among genes, in their order."""
    return tuple(g for g in genes if is_tf(g))


def ask(
    backbone: Backbone,
    translator: Translator,
    cell: Context,
    report: GeneReport,
    choice: str,
    sources: Sequence[str] | GeneReport | None = None,
    *,
    species: Species | None = None,
) -> tuple[NetworkQuestion, tuple[str, ...]]:
    """Sources (by default the factors among the genes of ``cell``) against all genes, and notes for the user.

    ``report``: what became of the names that were given. ``choice`` is one of :data:`CELL_CHOICES`. ``sources``: names,
    or what became of them; those that are no genes of the model are told in a note.
    """
    if choice not in CELL_CHOICES:
        raise InputError(f"The virtual cell is {choice!r}; expected pair or full.")
    notes: list[str] = []
    if sources is None:
        named = default_sources(cell.genes)
        if not named:
            raise InputError(
                f"None of the {len(cell.genes):,} genes is a transcription factor, so there is no source. Add factors "
                "to the genes, or name the sources yourself (of a command: --sources)."
            )
    else:
        found = sources if isinstance(sources, GeneReport) else resolve(list(sources), backbone.vocabulary)
        named = found.symbols
        notes += [said] if (said := found.sentence()) and found is not sources else []
    request, added = _request(cell, named, translator.card.schema.base, whole=choice == FULL)
    names = [record.name for record in report.records]
    return NetworkQuestion.of(request, names, species), (*notes, *added)


def _request(
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
