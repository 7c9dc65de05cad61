"""What a recipe holds, entry by entry; what does not fit is refused. Nothing in it is a path."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.network.request import NetworkRequest
from ugrn_core.network.shown import Shown
from ugrn_core.translators.names import check_name
from ugrn_core.types import Background, Context, ContextKind

MAX_GENES = 100_000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _plain(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("it holds control characters")
    return text


def _no_path(text: str) -> str:
    if set(text) & set("/\\") or text.startswith("."):
        raise ValueError("it is a path, expected a name")
    return text


def _translator_name(text: str) -> str:
    try:
        return check_name(text)
    except InputError as error:
        raise ValueError(str(error)) from None


Line = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(_plain)]
Gene = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_plain)]
Genes = Annotated[tuple[Gene, ...], Field(max_length=MAX_GENES)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Model(_Part):
    """The backbone by name and fingerprint."""

    name: Annotated[Line, AfterValidator(_no_path)]
    fingerprint: Line
    unit: Line


class TranslatorFacts(_Part):
    """The translator by name and digest, and what it is."""

    name: Annotated[Line, AfterValidator(_translator_name)]
    digest: Digest
    method: Line
    networks: tuple[Line, ...]
    train_sets: tuple[Line, ...]
    calibrated: bool


class Settings(_Part):
    """Virtual values, and the share of edges that probabilities assume."""

    base: Finite
    grid: Annotated[tuple[Finite, ...], Field(min_length=1, max_length=100)]
    background: Background
    prevalence: Annotated[float, Field(gt=0, lt=1)]


class Cell(_Part):
    """The virtual cell; ``values`` (gene,) in the model's unit where it is a profile."""

    kind: ContextKind
    label: Line
    genes: Genes
    values: Annotated[tuple[Finite, ...], Field(max_length=MAX_GENES)] | None


class Known(_Part):
    """The network that edges were looked up in, by name, number of edges and their hash."""

    name: Line
    edges: int
    sha256: Digest


class ShownEdges(_Part):
    """:class:`ugrn_core.network.shown.Shown`, as text."""

    min_probability: Annotated[float, Field(ge=0, le=1)] | None
    max_fdr: Annotated[float, Field(ge=0, le=1)] | None
    slope_directions: tuple[Line, ...] | None
    directions: tuple[Line, ...] | None
    tags: tuple[Line, ...] | None
    sources: Genes | None
    genes: Genes | None
    near: tuple[Gene, Annotated[int, Field(ge=1, le=100)]] | None
    top_per_source: Annotated[int, Field(ge=1)] | None
    cap: Annotated[int, Field(ge=1)] | None


class Hashes(_Part):
    """sha256 of the names as given, of sources and targets, of the virtual cell."""

    names: Digest
    genes: Digest
    cell: Digest


class Recipe(_Part):
    """One network. ``names`` are the genes as they were given, ``species`` how they were read."""

    recipe: Literal[2]
    command: Line
    model: Model
    translator: TranslatorFacts
    settings: Settings
    cell: Cell
    names: Annotated[tuple[str, ...], Field(max_length=MAX_GENES)]
    species: Species | None
    sources: Genes
    targets: Genes
    known: Known | None
    shown: ShownEdges
    notes: tuple[Line, ...]
    sha256: Hashes
    versions: dict[Line, Line]

    def request(self) -> NetworkRequest:
        """The question."""
        cell = Context(self.cell.kind, self.cell.genes, self.cell.values, self.cell.label)
        return NetworkRequest(self.sources, self.targets, cell)

    def shown_edges(self) -> Shown:
        """Which edges of the answer were shown."""
        return Shown(**self.shown.model_dump())
