"""One question of a network: the page, the command line, the library and the recipe ask in the same words."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.data.context import list_context
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import names_of
from ugrn_core.genes.resolve import resolve
from ugrn_core.network.question import NetworkQuestion, NetworkRequest, ask
from ugrn_core.network.recipe import build_recipe, read_recipe, recipe_text
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.types import Context

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("GATA1", "KLF1", "HBB", "p53")


def asked(choice: str = "pair", sources: tuple[str, ...] | None = None) -> tuple[NetworkQuestion, tuple[str, ...]]:
    backbone = load_backbone("ugrn-mini")
    translator = load_translator(DEFAULT_TRANSLATORS["ugrn-mini"])
    report = resolve(NAMES, backbone.vocabulary)
    return ask(backbone, translator, list_context(report, "a list"), report, choice, sources)


@pytest.mark.parametrize("choice", ["pair", "full"])
def test_a_recipe_is_its_question(choice: str) -> None:
    backbone, translator = load_backbone("ugrn-mini"), load_translator(DEFAULT_TRANSLATORS["ugrn-mini"])
    question, _ = asked(choice)
    made = build_recipe(backbone, translator, question, prevalence=None, command="ugrn network")
    read = read_recipe(recipe_text(made))
    assert read.model_dump(include=set(NetworkQuestion.model_fields)) == question.model_dump()
    assert read.request == question.request
    assert list(read.names) == list(NAMES)
    assert question.request.context.kind == {"pair": "pair", "full": "genes"}[choice]


def test_what_is_asked_and_what_is_computed_are_the_same() -> None:
    """Also with names of a mouse file, and with the values of a profile."""
    names = names_of({"GATA1": "Gata1", "KLF1": "Klf1"})
    cell = Context("profile", ("GATA1", "KLF1"), (0.1, 3.0000001), "B cells", names=names)
    request = NetworkRequest(("GATA1",), ("GATA1", "KLF1"), cell, names)
    assert NetworkQuestion.of(request, ("Gata1", "Klf1"), "mouse").request == request
    alone = replace(request, context=Context(), names=None)
    assert NetworkQuestion.of(alone).request == alone


def test_sources_are_the_factors_or_those_named_and_what_is_unknown_is_said() -> None:
    assert asked()[0].sources == ("GATA1", "KLF1", "TP53")
    question, notes = asked("full", ("SPI1", "NOSUCHGENE"))
    assert question.sources == ("SPI1",)
    assert question.targets == ("GATA1", "KLF1", "HBB", "TP53", "SPI1")
    assert any("NOSUCHGENE" in note for note in notes) and any("SPI1 was not in the context" in n for n in notes)
    with pytest.raises(InputError, match="expected pair or full"):
        asked("both")


def test_a_gene_that_no_recipe_can_hold_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(InputError, match="cannot be described in a recipe"):
        NetworkQuestion.of(NetworkRequest(("A\n",), ("A\n", "B")))


def test_questions_are_made_in_one_place() -> None:
    """Nobody else puts sources against targets: page, command line and library all go through ``ask``."""
    makers: dict[str, set[str]] = {}
    for path in [*ROOT.glob("ugrn_core/**/*.py"), *ROOT.glob("ui/**/*.py")]:
        calls = (n.func for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call))
        called = {f.id for f in calls if isinstance(f, ast.Name)}
        for name in called & {"ask", "NetworkRequest"}:
            makers.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    assert {"ugrn_core/api/networks.py", "ugrn_core/cli/network_question.py", "ui/network/question.py"} <= makers["ask"]
    measured = {"ugrn_core/pretrain/own_cells.py", "ugrn_core/network/example.py"}  # networks of our own making
    assert makers["NetworkRequest"] - measured == {"ugrn_core/network/question.py"}
