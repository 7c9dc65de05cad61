"""How far a gene name goes from where it is asked about to the sweep: few functions, and few ways to hold it.

Counted are the functions of ours on the stack, closures among them, from the first one of the page, of the command or
of the library down to ``sweep_pairs``, and the kinds of value in which they are handed the name.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
import streamlit as st
from typer.testing import CliRunner

import ugrn_core as ugrn
from tests.framed_page import framed_page
from ugrn_core import stored_sweep
from ugrn_core.cli import app
from ugrn_core.jobs import JOBS
from ugrn_core.translators import library
from ugrn_core.translators.translator import TranslatorCard
from ui.shared import kept, work

ROOT = Path(__file__).resolve().parent.parent
GENE = "GATA1"
MOST_FUNCTIONS, MOST_HOLDERS = 12, 6
Step = tuple[str, frozenset[str]]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    monkeypatch.setattr(work, "GRACE", 2.0)
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    yield
    for job in list(JOBS._jobs.values()):
        job.stop.set()
        job.wait(5)
    JOBS._jobs.clear()
    kept.SHELVES.clear()


def holder(value: object, depth: int = 3) -> str:
    """How a value holds the gene: ``str``, ``list[tuple[str]]``, the name of a record; empty where it does not."""
    if isinstance(value, str):
        return "str" if value == GENE else ""
    if depth and isinstance(value, list | tuple | set | frozenset | dict):
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        found = next(filter(None, (holder(v, depth - 1) for v in list(inside)[:20])), "")
        return f"{type(value).__name__}[{found}]" if found else ""
    if depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (getattr(value, f.name, None) for f in dataclasses.fields(value))
        return type(value).__name__ if any(holder(v, 1) for v in fields) else ""
    return ""


def steps(frame: FrameType | None) -> list[Step]:
    """Functions of ours on the stack, outermost first, and how each was handed the gene."""
    found: list[Step] = []
    while frame is not None:
        code, file = frame.f_code, frame.f_code.co_filename
        inside = any(file.startswith(str(ROOT / room)) for room in ("ugrn_core", "ui"))
        if inside and code.co_name != "<module>":
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] + code.co_freevars
            held = {holder(frame.f_locals.get(name)) for name in names} - {""}
            found.append((f"{file.removeprefix(f'{ROOT}/')}:{code.co_qualname}", frozenset(held)))
        frame = frame.f_back
    return found[::-1]


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[list[Step]]:
    found: list[list[Step]] = []
    real = stored_sweep.sweep_pairs

    def seen(backbone, pairs, *more, **options):
        if any(GENE in pair for pair in pairs) and len(pairs) < 10:  # not the random pairs that it is compared with
            found.append([*steps(sys._getframe(1)), ("ugrn_core/sweep.py:sweep_pairs", frozenset({holder(pairs)}))])
        return real(backbone, pairs, *more, **options)

    monkeypatch.setattr(stored_sweep, "sweep_pairs", seen)
    return found


def held(walks: list[list[Step]]) -> None:
    here = [w for w in walks if "jobs.py" not in str(w[:4])]  # a job begins on a thread of its own
    assert here
    for walk in here:
        functions = [name for name, _ in walk]
        kinds = set().union(*(how for _, how in walk))
        assert len(functions) <= MOST_FUNCTIONS, "\n".join(functions)
        assert len(kinds) <= MOST_HOLDERS, sorted(kinds)


def test_from_the_page(walks: list[list[Step]]) -> None:
    at = framed_page("pair.py", 60)
    at.session_state["model"] = "toy-square"
    at.query_params["source"], at.query_params["target"] = GENE, "KLF1"
    assert not at.run().exception
    held(walks)


def test_from_the_command_and_the_library(walks: list[list[Step]]) -> None:
    done = CliRunner().invoke(app, ["pair", GENE, "KLF1", "--backbone", "toy-square"])
    assert done.exit_code == 0, done.output
    held(walks)
    walks.clear()
    ugrn.pair(ugrn.load("toy-square"), GENE, "MPO")
    held(walks)


def test_card_and_prevalence_of_a_translator_are_read_once_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards: list[str] = []
    prevalences: list[str] = []
    real, plain = library.card_from_json, TranslatorCard.__getattribute__

    def counted(text, what):
        cards.append(what)
        return real(text, what)

    def noted(card, name):
        caller = sys._getframe(1).f_code.co_filename
        if name == "prevalence" and caller.startswith(str(ROOT / "ugrn_core")):  # not where dataclasses copies it
            prevalences.append(caller)
        return plain(card, name)

    library._card.cache_clear()
    monkeypatch.setattr(library, "card_from_json", counted)
    monkeypatch.setattr(TranslatorCard, "__getattribute__", noted)
    (tmp_path / "genes.txt").write_text(f"{GENE} KLF1 HBB")
    words = ["network", "--genes", str(tmp_path / "genes.txt"), "--backbone", "ugrn-mini", "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert len(cards) == len(prevalences) == 1
