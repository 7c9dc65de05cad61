"""What a recipe holds, entry by entry; what does not fit is refused. Nothing in it is a path."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ugrn_core.checked_json import (
    MOST_GENES,
    Count,
    Digest,
    Finite,
    Gene,
    Genes,
    Grid,
    Inside,
    Line,
    Positive,
    Share,
    Value,
)
from ugrn_core.genes.file_names import names_of
from ugrn_core.genes.lookup import Species
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.request import NetworkRequest
from ugrn_core.translators.names import TranslatorName
from ugrn_core.types import Background, Context, ContextKind


def _no_path(text: str) -> str:
    if set(text) & set("/\\") or text.startswith("."):
        raise ValueError("it is a path, expected a name")
    return text


def _none_twice(names: dict[str, str]) -> dict[str, str]:
    twice = next((name for name, n in Counter(names.values()).items() if n > 1), None)
    if twice is not None:
        raise ValueError(f"two genes are called {twice[:60]}")
    return names


Lines = Annotated[tuple[Line, ...], Field(max_length=1_000)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Model(_Part):
    """The backbone by name and fingerprint."""

    name: Annotated[Line, AfterValidator(_no_path)]
    fingerprint: Line
    unit: Line


class TranslatorFacts(_Part):
    """The translator by name and digest, and what it is."""

    name: TranslatorName
    digest: Digest
    method: Line
    networks: Lines
    train_sets: Lines
    calibrated: bool


class Settings(_Part):
    """Virtual values, and the share of edges that probabilities assume."""

    base: Value
    grid: Grid
    background: Background
    prevalence: Inside


class Cell(_Part):
    """The virtual cell; ``values`` (gene,) in the model's unit where it is a profile."""

    kind: ContextKind
    label: Line
    genes: Genes
    values: Annotated[tuple[Finite, ...], Field(max_length=MOST_GENES)] | None


class ReferencePart(_Part):
    """The network that edges were looked up in, by name, number of edges and their hash."""

    name: Line
    edges: Count
    sha256: Digest


class ShownEdges(_Part):
    """:class:`ugrn_core.network.edge_filter.EdgeFilter`, as text."""

    min_probability: Share | None
    max_fdr: Share | None
    slope_directions: Lines | None
    directions: Lines | None
    tags: Lines | None
    sources: Genes | None
    targets: Genes | None = None
    genes: Genes | None
    near: tuple[Gene, Annotated[int, Field(ge=1, le=100)]] | None
    top_per_source: Positive | None
    cap: Positive | None


class Hashes(_Part):
    """sha256 of the names as given, of sources and targets, of the virtual cell."""

    names: Digest
    genes: Digest
    cell: Digest


class Recipe(_Part):
    """One network. ``names`` are the genes as they were given, ``species`` how they were read, ``file_names`` what
    those of the network are called in a mouse file."""

    recipe: Literal[2]
    command: Line
    model: Model
    translator: TranslatorFacts
    settings: Settings
    cell: Cell
    names: Annotated[tuple[str, ...], Field(max_length=MOST_GENES)]
    species: Species | None
    sources: Genes
    targets: Genes
    known: ReferencePart | None
    shown: ShownEdges
    notes: Lines
    sha256: Hashes
    versions: Annotated[dict[Line, Line], Field(max_length=100)]
    file_names: Annotated[dict[Gene, Gene], AfterValidator(_none_twice), Field(max_length=MOST_GENES)] | None = None

    def request(self) -> NetworkRequest:
        """The question."""
        cell = Context(self.cell.kind, self.cell.genes, self.cell.values, self.cell.label)
        names = None if self.file_names is None else names_of(self.file_names)
        return NetworkRequest(self.sources, self.targets, cell, names)

    def shown_edges(self) -> EdgeFilter:
        """Which edges of the answer were shown."""
        return EdgeFilter(**self.shown.model_dump())
