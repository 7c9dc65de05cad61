"""Session keys: each page declares its own in one typed module, and no other file spells one."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATE = {"st.session_state", "state", "session"}
MODULES = sorted(ROOT.glob("ui/*/keys.py"))
ROOMS = [path.parent.name for path in MODULES]


def declared(room: str) -> dict[str, str]:
    """Names of keys by their text."""
    module = importlib.import_module(f"ui.{room}.keys")
    return {getattr(module, name): name for name in get_type_hints(module)}


def spelled(path: Path) -> Iterator[str]:
    """Keys of the session that a file spells, in place or in a constant of its own.

    Subscripts, get, pop, setdefault, ``in``, and ``key=`` of a control.
    """
    tree = ast.parse(path.read_text("utf-8"))
    own = dict(constants(tree))
    for node in ast.walk(tree):
        found: list[ast.expr] = []
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in STATE:
            found = [node.slice]
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) in STATE:
            found = [node.left]
        elif isinstance(node, ast.Call):
            found = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
            if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in STATE:
                found += node.args[:1]
        found = [own.get(ast.unparse(n), n) for n in found]
        yield from (n.value for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str))


def constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names that a file gives to values at its top, one by one or several at once."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            name, value = node.targets[0], node.value
            yield ast.unparse(name), value
            if isinstance(name, ast.Tuple) and isinstance(value, ast.Tuple):
                yield from zip(map(ast.unparse, name.elts), value.elts, strict=True)


def test_every_page_declares_its_keys() -> None:
    pages = {"benchmark", "drivers", "gene", "lessons", "network", "pair", "results", "server"}
    pages |= {"shared", "start", "translators"}
    assert set(ROOMS) == pages


@pytest.mark.parametrize("room", ROOMS)
def test_no_key_is_spelled(room: str) -> None:
    here = {key for path in (ROOT / "ui" / room).glob("*.py") for key in spelled(path)}
    assert not here, "declare it in keys.py, and take it from there"


def test_the_frame_and_the_pages_spell_no_key() -> None:
    for path in [*(ROOT / "pages").glob("*.py"), *(ROOT / "ui").glob("*.py"), ROOT / "app.py"]:
        assert not set(spelled(path)), path.name


@pytest.mark.parametrize("room", ROOMS)
def test_a_key_has_a_type_and_a_use(room: str) -> None:
    module = importlib.import_module(f"ui.{room}.keys")
    hints = get_type_hints(module, include_extras=True)
    assert hints and all(get_origin(h) is Annotated and get_args(h)[0] is str for h in hints.values())
    assert {name for name in vars(module) if name.isupper()} == hints.keys()
    texts = [p.read_text("utf-8") for p in (ROOT / "ui").rglob("*.py") if p.name != "keys.py"]
    prefix = f"{room}_keys"
    for name in hints:
        used = (f"keys.{name}", f"{prefix}.{name}")
        assert any(word in text for text in texts for word in used), name


def test_no_key_belongs_to_two() -> None:
    everything = [key for room in ROOMS for key in declared(room)]
    assert len(set(everything)) == len(everything)
