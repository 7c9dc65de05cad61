"""What made a network, as JSON: enough to make it again, and to see that it is the same.

A recipe holds the question itself (sources, targets, the virtual cell with its values), so that it needs no other
file. It names a model and a translator and no place where they lie. Read back, it may come from anybody: see
:func:`read_recipe`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from importlib.metadata import version
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from ugrn_core import __version__
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.checked_json import (
    Count,
    Digest,
    Gene,
    Genes,
    Grid,
    Inside,
    Line,
    Positive,
    Share,
    Value,
    complaint,
    from_json,
)
from ugrn_core.errors import InputError
from ugrn_core.network.blocks import translator_digest
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.question import NetworkQuestion, RecipeEntry
from ugrn_core.translators.names import TranslatorName
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Background, SweepSettings

Lines = Annotated[tuple[Line, ...], Field(max_length=1_000)]
RECIPE_VERSION = 2
MAX_BYTES = 16 << 20
FIRST = ("recipe", "command", "model", "translator", "settings")
LIBRARIES = ("torch", "numpy", "pandas", "networkx", "anndata")


def _no_path(text: str) -> str:
    if set(text) & set("/\\") or text.startswith("."):
        raise ValueError("it is a path, expected a name")
    return text


class Model(RecipeEntry):
    """The backbone by name and fingerprint."""

    name: Annotated[Line, AfterValidator(_no_path)]
    fingerprint: Line
    unit: Line


class TranslatorFacts(RecipeEntry):
    """The translator by name and digest, and what it is."""

    name: TranslatorName
    digest: Digest
    method: Line
    networks: Lines
    train_sets: Lines
    calibrated: bool


class Settings(RecipeEntry):
    """Virtual values, and the share of edges that probabilities assume."""

    base: Value
    grid: Grid
    background: Background
    prevalence: Inside


class ReferencePart(RecipeEntry):
    """The network that edges were looked up in, by name, number of edges and their hash."""

    name: Line
    edges: Count
    sha256: Digest


class ShownEdges(RecipeEntry):
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


class Hashes(RecipeEntry):
    """sha256 of the names as given, of sources and targets, of the virtual cell."""

    names: Digest
    genes: Digest
    cell: Digest


class Recipe(NetworkQuestion):
    """A question, and what answered it."""

    recipe: Literal[2]
    command: Line
    model: Model
    translator: TranslatorFacts
    settings: Settings
    known: ReferencePart | None
    shown: ShownEdges
    notes: Lines
    sha256: Hashes
    versions: Annotated[dict[Line, Line], Field(max_length=100)]

    def shown_edges(self) -> EdgeFilter:
        """Which edges of the answer were shown."""
        return EdgeFilter(**self.shown.model_dump())


def build_recipe(
    backbone: Backbone,
    translator: Translator,
    question: NetworkQuestion,
    *,
    prevalence: float | None,
    command: str,
    known: ReferencePart | None = None,
    shown: EdgeFilter = EdgeFilter(),  # noqa: B008 (frozen)
    notes: tuple[str, ...] = (),
) -> Recipe:
    """The recipe of a network; ``command`` is the CLI line that makes it again, with ``--out .``.

    A gene or label that a recipe cannot hold, such as one with control characters, is an :class:`InputError`.
    """
    try:
        return _recipe(backbone, translator, question, prevalence, command, known, shown, notes)
    except ValidationError as error:
        raise InputError(f"This network cannot be described in a recipe: {complaint(error)}.") from error


def _recipe(
    backbone: Backbone,
    translator: Translator,
    question: NetworkQuestion,
    prevalence: float | None,
    command: str,
    known: ReferencePart | None,
    shown: EdgeFilter,
    notes: tuple[str, ...],
) -> Recipe:
    card = translator.card
    return Recipe(
        **{entry: getattr(question, entry) for entry in NetworkQuestion.model_fields},
        recipe=RECIPE_VERSION,
        command=command,
        model=Model(name=backbone.card.name, fingerprint=backbone.fingerprint, unit=backbone.card.unit),
        translator=TranslatorFacts(
            name=card.name,
            digest=translator_digest(translator),
            method=card.schema.method,
            networks=card.networks,
            train_sets=card.train_sets,
            calibrated=card.calibration is not None,
        ),
        settings=Settings(
            base=card.schema.base,
            grid=card.schema.grid,
            background=card.schema.background,
            prevalence=card.prevalence if prevalence is None else prevalence,
        ),
        known=known,
        shown=ShownEdges(**vars(shown)),
        notes=notes,
        sha256=_hashes(question),
        versions={"ugrn-explorer": __version__} | {name: version(name) for name in LIBRARIES},
    )


def recipe_text(recipe: Recipe) -> str:
    """The recipe as a file."""
    content = recipe.model_dump(mode="json")
    told = {entry: content.pop(entry) for entry in FIRST} | content
    return json.dumps(told, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def read_recipe(text: str | bytes) -> Recipe:
    """The recipe in a text of unknown origin, or an :class:`InputError` that names the first thing wrong with it.

    Its size is limited, entries it does not know are refused, nothing in it is taken as a path, and its gene lists
    and values have to have the hashes that were written with them.
    """
    recipe = from_json(Recipe, text, "This is not the recipe.json of a network", MAX_BYTES)
    try:
        hashes = _hashes(recipe)
    except ValueError as error:  # a context of a kind that does not go with its genes
        raise InputError(f"This recipe asks for no network: {error}.") from error
    for what in Hashes.model_fields:
        expected, got = getattr(recipe.sha256, what), getattr(hashes, what)
        if expected != got:
            raise InputError(
                f"The {what} of the recipe were changed after it was written: their sha256 is {got[:12]}..., expected "
                f"{expected[:12]}.... Take the recipe as it was written, or give the genes themselves."
            )
    return recipe


def check_recipe(recipe: Recipe, backbone: Backbone, translator: Translator) -> tuple[str, ...]:
    """Refuse a model or a translator that is not the recipe's; the notes name versions that differ."""
    schema = translator.card.schema
    settings = SweepSettings(recipe.settings.base, recipe.settings.grid, recipe.settings.background)
    for what, name, expected, got, next_step in (
        ("model", recipe.model.name, recipe.model.fingerprint, backbone.fingerprint, "--backbone"),
        ("translator", recipe.translator.name, recipe.translator.digest, translator_digest(translator), "--translator"),
    ):
        if got != expected:
            here = backbone.card.name if what == "model" else translator.card.name
            raise InputError(
                f"The recipe was made with {what} {name} ({expected[:12]}), here is {here} ({got[:12]}): the same name "
                f"does not make it the same. Name the right one with {next_step}."
            )
    if schema.settings != settings:
        raise InputError(f"The recipe asks for {settings}, its translator reads {schema.settings}.")
    here = {"ugrn-explorer": __version__} | {name: version(name) for name in LIBRARIES}
    differing = [f"{k} {v} (here {here.get(k, 'none')})" for k, v in recipe.versions.items() if here.get(k) != v]
    if differing:
        return (f"The recipe was made with {', '.join(differing)}: the last decimals may differ.",)
    return ()


def known_facts(name: str, edges: Collection[Edge] | None) -> ReferencePart | None:
    """Facts of the network that edges are looked up in; None where nothing is."""
    if edges is None:
        return None
    listed = "\n".join(sorted(f"{s}\t{t}" for s, t in edges))
    return ReferencePart(name=name, edges=len(edges), sha256=hashlib.sha256(listed.encode()).hexdigest())


def _hashes(question: NetworkQuestion) -> Hashes:
    request = question.request
    cell = request.context
    return Hashes(
        names=_hash(list(question.names)),
        genes=_hash([request.sources, request.targets]),
        cell=_hash([cell.kind, cell.genes, cell.values]),
    )


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
