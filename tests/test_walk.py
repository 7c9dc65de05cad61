"""How far a gene name goes from where it is asked about to the sweep and back to the figure.

The way there are the functions of ours on the stack, closures among them, from the first one of the page, of the
command or of the library down to ``sweep_pairs``. The way back are those on the stack when the rows of the sweep, which
go up through the same functions, become a frame (``pair_frame``), the frame a figure (``plot_curves``) and the figure
a part of the page (``figure_panel``). A function is passed when it stands on a way, whether it does anything with the
name or not. The name is held as it is handed to a function: as a text, in a list of pairs, in a record, in a frame; a
record in a list or under a key counts as the record. It is packed anew where one function has it in a way in which the
one before had it not.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType

import pandas as pd
import pytest
import streamlit as st
from typer.testing import CliRunner

import ugrn_core as ugrn
from tests.framed_page import framed_page
from ugrn_core import stored_sweep
from ugrn_core.cli import app
from ugrn_core.figures import curves
from ugrn_core.jobs import JOBS
from ugrn_core.recent import RECENT
from ugrn_core.translators import library
from ugrn_core.translators.translator import TranslatorCard
from ui.pair import trajectories, view
from ui.shared import kept, work

ROOT = Path(__file__).resolve().parent.parent
GENE = "GATA1"
MOST_FUNCTIONS, MOST_PACKED = 12, 6
MOST_IN_THE_CORE = 12
"""There and back."""
MOST_ON_THE_PAGE = 80
"""Functions that have the name in hand in a whole run of the page, without those that ask questions for anybody."""
FOR_ANY_QUESTION = {"ui/shared/work.py", "ui/shared/kept.py"} | {
    f"ugrn_core/{room}.py" for room in ("recent", "jobs", "memory")
}
NO_FUNCTIONS = {"<module>", "<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}
Step = tuple[str, frozenset[str]]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    monkeypatch.setattr(work, "GRACE", 2.0)
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    RECENT.clear()
    yield
    for job in list(JOBS._jobs.values()):
        job.stop.set()
        job.wait(5)
    JOBS._jobs.clear()
    kept.SHELVES.clear()


def holder(value: object, depth: int = 3) -> str:
    """How a value holds the gene: ``str``, ``list[tuple[str]]``, ``frame``, the name of a record; else empty."""
    if isinstance(value, str):
        return "str" if value == GENE else ""
    if isinstance(value, pd.DataFrame):
        return "frame" if "source" in value and (value["source"] == GENE).any() else ""
    if depth and isinstance(value, list | tuple | set | frozenset | dict):
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        found = next(filter(None, (holder(v, depth - 1) for v in list(inside)[:20])), "")
        return found if found[:1].isupper() or found in ("", "frame") else f"{type(value).__name__}[{found}]"
    if depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (getattr(value, f.name, None) for f in dataclasses.fields(value))
        return type(value).__name__ if any(holder(v, 1) for v in fields) else ""
    return ""


def in_hand(frame: FrameType) -> frozenset[str]:
    """How a function was handed the gene."""
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] + code.co_freevars
    return frozenset({holder(frame.f_locals.get(name)) for name in names} - {""})


def steps(frame: FrameType | None) -> list[Step]:
    """Functions of ours on the stack, outermost first, and how each was handed the gene."""
    found: list[Step] = []
    while frame is not None:
        code, file = frame.f_code, frame.f_code.co_filename
        inside = any(file.startswith(str(ROOT / room)) for room in ("ugrn_core", "ui"))
        if inside and code.co_name not in NO_FUNCTIONS:
            found.append((f"{file.removeprefix(f'{ROOT}/')}:{code.co_qualname}", in_hand(frame)))
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


def here(walks: list[list[Step]]) -> list[list[Step]]:
    """Those that the page, command or library takes itself; a job begins on a thread of its own."""
    found = [w for w in walks if "jobs.py" not in str(w[:4])]
    assert found
    return found


def few(way: list[Step]) -> None:
    functions = list(dict.fromkeys(name for name, _ in way))
    assert len(functions) <= MOST_FUNCTIONS, "\n".join(functions)


def packed(way: list[Step]) -> int:
    """How often the name is packed anew along a way."""
    had = [how for _, how in way if how]
    return sum(not now & before for before, now in itertools.pairwise(had))


def on_the_way_back(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    way: list[Step] = []

    def noted(room: ModuleType, name: str) -> None:
        real = getattr(room, name)

        def seen(*given, **named):
            held = {holder(value) for value in (*given, *named.values())} - {""}
            way.extend([*steps(sys._getframe(1)), (f"{real.__module__.replace('.', '/')}.py:{name}", frozenset(held))])
            return real(*given, **named)

        monkeypatch.setattr(room, name, seen)

    noted(curves, "pair_frame")
    noted(trajectories, "plot_curves")
    noted(view, "figure_panel")
    return way


def test_from_the_page_and_back(walks: list[list[Step]], monkeypatch: pytest.MonkeyPatch) -> None:
    way_back = on_the_way_back(monkeypatch)
    at = framed_page("pair.py", 60)
    at.session_state["model"] = "toy-square"
    at.query_params["source"], at.query_params["target"] = GENE, "KLF1"
    assert not at.run().exception
    for way in here(walks):
        few(way)
    way_there = here(walks)[0]
    shown = next(n for n, (name, _) in enumerate(way_back) if name.endswith(":figure_panel"))
    way_back = way_back[: shown + 1]
    dense = [name for name, _ in way_back].index("ui/pair/trajectories.py:of_pair")
    way_back = way_back[:dense] + way_back[[n for n, _ in way_back].index("ui/pair/trajectories.py:draw", dense) :]
    few(way_back)
    core = {name for name, _ in (*way_there, *way_back) if name.startswith("ugrn_core")}
    assert len(core) <= MOST_IN_THE_CORE, sorted(core)
    assert packed([*way_there, *way_back]) <= MOST_PACKED


def test_the_whole_page() -> None:
    """Counted without closures, which stand in one of those counted."""
    with_it: set[str] = set()

    def noted(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        if event == "call" and file.startswith(("ugrn_core/", "ui/")) and file not in FOR_ANY_QUESTION:
            name = f"{file}:{frame.f_code.co_qualname.partition('.<locals>')[0]}"
            if name not in with_it and frame.f_code.co_name not in NO_FUNCTIONS and in_hand(frame):
                with_it.add(name)

    at = framed_page("pair.py", 60)
    at.session_state["model"] = "ugrn-mini-3"
    at.query_params["source"], at.query_params["target"] = GENE, "KLF1"
    threading.setprofile(noted)  # the page runs on a thread of its own
    try:
        at.run()
    finally:
        threading.setprofile(None)
    assert not at.exception
    assert "ugrn_core/sweep.py:sweep_pairs" in with_it
    assert len(with_it) <= MOST_ON_THE_PAGE, "\n".join(sorted(with_it))


def test_from_the_command_and_the_library(walks: list[list[Step]]) -> None:
    done = CliRunner().invoke(app, ["pair", GENE, "KLF1", "--backbone", "toy-square"])
    assert done.exit_code == 0, done.output
    ways = here(walks)
    ugrn.pair(ugrn.load("toy-square"), GENE, "MPO")
    for way in (*ways, *here(walks)):
        few(way)
        assert packed(way) <= MOST_PACKED


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """Cards that are read from a file, and files of the core that ask a card for its prevalence."""
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
    return cards, prevalences


def test_the_command_reads_a_card_and_its_prevalence_once(tmp_path: Path, read: tuple[list[str], list[str]]) -> None:
    cards, prevalences = read
    (tmp_path / "genes.txt").write_text(f"{GENE} KLF1 HBB")
    words = ["network", "--genes", str(tmp_path / "genes.txt"), "--backbone", "ugrn-mini", "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert len(cards) == len(prevalences) == 1


def test_the_page_reads_each_card_once_and_hands_the_prevalence_down(read: tuple[list[str], list[str]]) -> None:
    cards, prevalences = read
    at = framed_page("network.py", 60)
    at.session_state["model"], at.session_state["net known"] = "ugrn-mini", "none"
    at.query_params["genes"] = f"{GENE},KLF1,HBB"
    at.run()
    next(b for b in at.button if b.label == "Predict the network").click().run()
    for _ in range(60):
        if any(m.label == "Edges scored" for m in at.metric):
            break
        at.run()
    assert not at.exception and any(m.label == "Edges scored" for m in at.metric)
    assert len(cards) == len(set(cards)), "read again"
    prevalences.clear()
    at.run()
    assert len(prevalences) <= 1, prevalences
