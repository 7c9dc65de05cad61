"""One word, one thing: no two public classes of the program share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

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
