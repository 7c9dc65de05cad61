"""One word, one thing: no two public classes of the program share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from ugrn_core.methods.catalogue import METHODS

ROOT = Path(__file__).resolve().parent.parent


def public_classes() -> dict[str, list[str]]:
    """Files by the name of the class that they define at the top."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ("ugrn_core", "ui", "pages"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(str(path.relative_to(ROOT)))
    return found


def test_no_two_public_classes_share_a_name() -> None:
    twice = {name: files for name, files in public_classes().items() if len(files) > 1}
    assert not twice, "give one of them another name"


def test_no_text_of_the_app_names_a_class() -> None:
    """A class that is renamed by its bare word takes labels with it that hold that word."""
    classes = {name for name in public_classes() if sum(map(str.isupper, name)) > 1 and not name.isupper()}
    said: list[str] = []
    for path in sorted((ROOT / "ui").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
        texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        words = {n.value: set(n.value.split()) for n in texts if id(n) not in docs}
        said += [f"{path.name}: {text}" for text, parts in words.items() if parts & classes]
    assert not said


def test_no_name_of_a_method_is_compared_as_text() -> None:
    """What a method needs and reads stands in its record (``ugrn_core/methods``)."""
    found: list[str] = []
    for room in ("ugrn_core", "ui", "pages"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare):
                    listed = (ast.Tuple, ast.List, ast.Set)
                    sides = (node.left, *node.comparators)
                    sides = [n for side in sides for n in (side.elts if isinstance(side, listed) else (side,))]
                    texts = {n.value for n in sides if isinstance(n, ast.Constant) and isinstance(n.value, str)}
                    found += [f"{path.relative_to(ROOT)}:{node.lineno} {text}" for text in texts & METHODS.keys()]
    assert not found
