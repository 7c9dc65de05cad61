"""A recipe that is loaded back: its question, and what it showed, in the controls of the page."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.genes.resolve import resolve
from ugrn_core.network.recipe import MAX_BYTES, Recipe, check_recipe, read_recipe
from ui.network import filters, keys
from ui.shared import translator as network_translator
from ui.shared.contexts import ContextChoice
from ui.shared.errors import NotYet, plain
from ui.shared.translator import LoadedTranslator

RECIPE_FILE = "recipe.json"


def controls() -> None:
    """The field for the file; a new one fills the controls."""
    file = st.file_uploader(
        "recipe.json of a network",
        type=["json"],
        key=keys.RECIPE_FILE,
        max_upload_size=MAX_BYTES >> 20,
        help="It holds the question itself, its genes and the values of the virtual cell, and names model and "
        "translator.",
    )
    if file is not None and st.session_state.get(keys.RECIPE_ID) != file.file_id:
        st.session_state.pop(keys.RECIPE, None)
        recipe = read_recipe(file.getvalue())
        st.session_state[keys.RECIPE], st.session_state[keys.RECIPE_ID] = recipe, file.file_id
        _fill(recipe)
    recipe = _loaded()
    if recipe is not None:
        st.caption(
            plain(
                f"{len(recipe.sources):,} sources × {len(recipe.targets):,} targets, {recipe.cell.label}, made with "
                f"{recipe.model.name} and {recipe.translator.name}."
            )
        )


def read(backbone: Backbone) -> tuple[Recipe, LoadedTranslator, ContextChoice, tuple[str, ...]]:
    """Recipe, translator, genes and notes; another model or translator than the recipe's is an error that says so."""
    recipe = _loaded()
    if recipe is None:
        raise NotYet("There is no recipe yet: upload the recipe.json of a network.")
    if recipe.model.fingerprint != backbone.fingerprint:
        raise InputError(
            f"The recipe was made with the model {recipe.model.name} (fingerprint {recipe.model.fingerprint[:12]}), "
            f"chosen is {backbone.card.name} ({backbone.fingerprint[:12]}). Choose that model in the sidebar."
        )
    names = network_translator.fitting(backbone)
    found = (network_translator.load(name) for name in names)
    kept = next((k for k in found if k.digest == recipe.translator.digest), None)
    if kept is None:
        raise InputError(
            f"The translator {recipe.translator.name} of the recipe (digest {recipe.translator.digest[:12]}) is not "
            f"here; those of this model are {', '.join(names) or 'none'}. Bring it in on the Translators page."
        )
    notes = check_recipe(recipe, backbone, kept.translator)
    request = recipe.request
    report = resolve(recipe.names or request.targets, backbone.vocabulary, recipe.species)
    choice = ContextChoice({recipe.cell.label: request.context}, RECIPE_FILE, report=report)
    return recipe, kept, choice, notes


def _loaded() -> Recipe | None:
    return st.session_state.get(keys.RECIPE)


def _fill(recipe: Recipe) -> None:
    """Put what the recipe showed into the controls."""
    st.session_state[filters.prevalence_key(recipe.translator.name)] = recipe.settings.prevalence
    filters.fill(recipe.shown_edges())
