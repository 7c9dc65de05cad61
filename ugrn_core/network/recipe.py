"""What made a network, as JSON: enough to make it again, and to see that it is the same.

A recipe holds the question itself (sources, targets, the virtual cell with its values), so that it needs no other
file. It names a model and a translator and no place where they lie. Read back, it may come from anybody: see
:func:`read_recipe`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from importlib.metadata import version

from pydantic import ValidationError

from ugrn_core import __version__
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.checked_json import complaint, from_json
from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.network.blocks import translator_digest
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.recipe_form import (
    Cell,
    Hashes,
    Model,
    Recipe,
    ReferencePart,
    Settings,
    ShownEdges,
    TranslatorFacts,
)
from ugrn_core.network.request import NetworkRequest
from ugrn_core.translators.translator import Translator
from ugrn_core.types import SweepSettings

RECIPE_VERSION = 2
MAX_BYTES = 16 << 20
LIBRARIES = ("torch", "numpy", "pandas", "networkx", "anndata")


def build_recipe(
    backbone: Backbone,
    translator: Translator,
    request: NetworkRequest,
    *,
    prevalence: float | None,
    command: str,
    names: Sequence[str] = (),
    species: Species | None = None,
    known: ReferencePart | None = None,
    shown: EdgeFilter = EdgeFilter(),  # noqa: B008 (frozen)
    notes: tuple[str, ...] = (),
) -> Recipe:
    """The recipe of a network; ``command`` is the CLI line that makes it again, with ``--out .``.

    A gene or label that a recipe cannot hold, such as one with control characters, is an :class:`InputError`.
    """
    try:
        return _recipe(backbone, translator, request, prevalence, command, names, species, known, shown, notes)
    except ValidationError as error:
        raise InputError(f"This network cannot be described in a recipe: {complaint(error)}.") from error


def _recipe(
    backbone: Backbone,
    translator: Translator,
    request: NetworkRequest,
    prevalence: float | None,
    command: str,
    names: Sequence[str],
    species: Species | None,
    known: ReferencePart | None,
    shown: EdgeFilter,
    notes: tuple[str, ...],
) -> Recipe:
    card, cell = translator.card, request.context
    return Recipe(
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
        cell=Cell(kind=cell.kind, label=cell.label, genes=cell.genes, values=cell.values),
        names=tuple(names),
        species=species,
        sources=request.sources,
        targets=request.targets,
        known=known,
        shown=ShownEdges(**vars(shown)),
        notes=notes,
        sha256=_hashes(names, request),
        versions={"ugrn-explorer": __version__} | {name: version(name) for name in LIBRARIES},
        file_names=_file_names(request),
    )


def _file_names(request: NetworkRequest) -> dict[str, str] | None:
    """Names in a mouse file of the genes of the network, which may be called by their symbols too."""
    if request.names is None:
        return None
    return {g: request.names.of(g) for g in sorted({*request.sources, *request.targets})}


def recipe_text(recipe: Recipe) -> str:
    """The recipe as a file."""
    return json.dumps(recipe.model_dump(mode="json"), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def read_recipe(text: str | bytes) -> Recipe:
    """The recipe in a text of unknown origin, or an :class:`InputError` that names the first thing wrong with it.

    Its size is limited, entries it does not know are refused, nothing in it is taken as a path, and its gene lists
    and values have to have the hashes that were written with them.
    """
    recipe = from_json(Recipe, text, "This is not the recipe.json of a network", MAX_BYTES)
    try:
        hashes = _hashes(recipe.names, recipe.request())
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
    listed = "\n".join(f"{s}\t{t}" for s, t in sorted(edges))
    return ReferencePart(name=name, edges=len(edges), sha256=hashlib.sha256(listed.encode()).hexdigest())


def _hashes(names: Sequence[str], request: NetworkRequest) -> Hashes:
    cell = request.context
    return Hashes(
        names=_hash(list(names)),
        genes=_hash([request.sources, request.targets]),
        cell=_hash([cell.kind, cell.genes, cell.values]),
    )


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
