"""Recipes from anybody: whatever a text holds, it is read or refused in a sentence."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.errors import InputError
from ugrn_core.network.question import NetworkQuestion, NetworkRequest
from ugrn_core.network.recipe import LIBRARIES, build_recipe, check_recipe, read_recipe, recipe_text
from ugrn_core.translators.library import load_translator
from ugrn_core.types import Context

GENES = ("GATA1", "KLF1", "TP53")


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    request = NetworkRequest(GENES, GENES, Context())
    made = build_recipe(
        load_backbone("ugrn-mini"),
        load_translator("all-sets"),
        NetworkQuestion.of(request),
        prevalence=None,
        command="ugrn network",
    )
    return json.loads(recipe_text(made))


def places(content: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in content.items():
        found += [(*above, key), *(places(value, (*above, key)) if isinstance(value, dict) else [])]
    return found


def changed(content: dict[str, Any], place: tuple[str, ...], value: object) -> str:
    content = copy.deepcopy(content)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("settings", "grid"), list(range(1_000_000))),
        (("settings", "grid"), [1e300]),
        (("settings", "base"), float("nan")),
        (("settings", "prevalence"), 1),
        (("translator", "name"), "../../x"),
        (("translator", "name"), "NUL"),
        (("translator", "networks"), ["x"] * 2_000),
        (("model", "name"), ".hidden"),
        (("model", "name"), "/etc/passwd"),
        (("shown", "cap"), 10**400),
        (("shown", "cap"), True),
        (("sources",), ["A"] * 200_000),
        (("sources",), ["\ud800"]),
        (("versions",), {str(i): "1" for i in range(1_000)}),
        (("notes",), [["deep"]]),
    ],
)
def test_an_entry_that_does_not_fit_is_a_sentence(recipe, place, value):
    with pytest.raises(InputError, match=r"not the recipe\.json") as refused:
        read_recipe(changed(recipe, place, value))
    assert len(str(refused.value)) < 700


@pytest.mark.parametrize(
    "text", ["", "[]", "[" * 100_000, '{"recipe":' * 5_000, '{"recipe": 2, "recipe": 2}', b"\xff\xfe", b"\0"]
)
def test_what_is_no_recipe_is_a_sentence(text):
    with pytest.raises(InputError, match=r"not the recipe\.json"):
        read_recipe(text)


def test_a_recipe_is_read_behind_a_byte_order_mark_and_a_key_twice_is_refused(recipe):
    text = json.dumps(recipe).encode()
    assert read_recipe(b"\xef\xbb\xbf" + text) == read_recipe(text)
    with pytest.raises(InputError, match="'command' stands twice"):
        read_recipe(b'{"command": "x",' + text[1:])


SOMETHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(st.data(), SOMETHING)
def test_any_value_anywhere_is_read_or_refused(recipe, data, value):
    place = data.draw(st.sampled_from(places(recipe)))
    try:
        read = read_recipe(changed(recipe, place, value))
    except InputError:
        return
    assert read_recipe(recipe_text(read)) == read


def test_a_recipe_is_held_against_what_is_here(recipe):
    made = read_recipe(json.dumps(recipe))
    model, translator = load_backbone("ugrn-mini"), load_translator("all-sets")
    assert check_recipe(made, model, translator) == ()
    assert set(made.versions) == {"ugrn-explorer", *LIBRARIES}
    before = made.model_copy(
        update={"versions": {**made.versions, "torch": "1.0", "ugrn-explorer": "0.1", "xlib": "7"}}
    )
    torch, own = made.versions["torch"], made.versions["ugrn-explorer"]
    (note,) = check_recipe(before, model, translator)
    listed = note.removeprefix("The recipe was made with ").removesuffix(": the last decimals may differ.")
    assert set(listed.split(", ")) == {
        f"torch 1.0 (here {torch})",
        f"ugrn-explorer 0.1 (here {own})",
        "xlib 7 (here none)",
    }
    with pytest.raises(InputError, match=r"made with model ugrn-mini .*here is ugrn-mini-log1p .*--backbone"):
        check_recipe(made, load_backbone("ugrn-mini-log1p"), translator)
    other = made.translator.model_copy(update={"digest": "0" * 64})
    with pytest.raises(InputError, match=r"translator all-sets \(000000000000\), here is all-sets .*--translator"):
        check_recipe(made.model_copy(update={"translator": other}), model, translator)
    moved = made.settings.model_copy(update={"base": made.settings.base + 1})
    with pytest.raises(InputError, match="its translator reads"):
        check_recipe(made.model_copy(update={"settings": moved}), model, translator)


def test_a_recipe_begins_with_what_is_asked_for_and_is_a_line_an_entry(recipe):
    text = recipe_text(read_recipe(json.dumps(recipe)))
    assert list(json.loads(text))[:5] == ["recipe", "command", "model", "translator", "settings"]
    assert text.startswith('{\n "recipe": ') and '\n  "name": "ugrn-mini"' in text and text.endswith("\n}\n")
    assert json.loads(text) == recipe
