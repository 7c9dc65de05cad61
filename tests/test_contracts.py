"""Promises about the tree as a whole: who imports whom, what loads what, and that nothing is unpickled."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ABOVE_CORE = ("streamlit", "ui", "pages", "app")
SPRINGS = {"_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal", "jsonpickle"}
DISKCACHE_SPRINGS = {"Cache", "FanoutCache", "Deque", "Index", "JSONDisk", "memoize"}
STORE = ROOT / "ugrn_core" / "rows.py"


def sources(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    return found + [path for room in rooms if (path := ROOT / room).is_file()]


PROGRAM = sources("ugrn_core", "ui", "pages", "app.py")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of the modules that a module imports anywhere in its body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def unpickling(tree: ast.AST, *, is_store: bool = False) -> Iterator[str]:
    """Every way in which a module could unpickle: libraries of pickles, and calls that read them unless told not to.

    The name of pickle's own error may be used; rows.py may use diskcache through its PlainDisk.
    """
    for module in imported(tree):
        top = module.split(".")[0]
        if top in SPRINGS or (top == "diskcache" and not is_store):
            yield f"import {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "pickle":
            yield from (f"pickle.{alias.name}" for alias in node.names if alias.name != "UnpicklingError")
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pickle" and node.attr != "UnpicklingError":
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and springs(node, is_store):
            yield ast.unparse(node)


def springs(call: ast.Call, is_store: bool) -> bool:
    called = ast.unparse(call.func)
    last = called.split(".")[-1]
    options = {option.arg: ast.unparse(option.value) for option in call.keywords}
    return (
        (called == "torch.load" and options.get("weights_only") != "True")
        or (called in ("np.load", "numpy.load") and options.get("allow_pickle") != "False")
        or options.get("allow_pickle", "False") != "False"
        or called in ("eval", "exec", "yaml.load")
        or last in ("read_pickle", "unsafe_load")
        or (is_store and last in DISKCACHE_SPRINGS and options.get("disk") != "PlainDisk")
    )


def test_import_contracts() -> None:
    checked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_imports_the_app() -> None:
    """app.py is a script and not a package, which import-linter cannot see."""
    for path in sources("ugrn_core", "ui", "pages"):
        assert "app" not in set(imported(ast.parse(path.read_text("utf-8")))), name(path)


@pytest.mark.parametrize("path", sources("ugrn_core"), ids=name)
def test_the_core_knows_nothing_of_what_stands_above(path: Path) -> None:
    above = {m for m in imported(ast.parse(path.read_text("utf-8"))) if m.split(".")[0] in ABOVE_CORE}
    assert not above


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_is_light() -> None:
    heavy = {"anndata", "numpy", "pandas", "plotly", "scanpy", "scgpt", "scipy", "sklearn", "streamlit", "torch"}
    assert not heavy & loaded_by("import ugrn_core")
    assert "torch" in loaded_by("import torch")  # the question can be answered with yes


@pytest.mark.parametrize(
    "room",
    [
        *("beeline", "cluster", "data", "device_queue", "download", "errors", "genes", "jobs", "paths", "time_left"),
        *("shared_work", "store", "types"),
    ],
)
def test_rooms_that_load_no_torch(room: str) -> None:
    assert not {"torch", "streamlit"} & loaded_by(f"import ugrn_core.{room}")


@pytest.mark.parametrize("path", PROGRAM, ids=name)
def test_nothing_is_unpickled(path: Path) -> None:
    assert not list(unpickling(ast.parse(path.read_text("utf-8")), is_store=path == STORE))


@pytest.mark.parametrize(
    "line",
    [
        "import pickle; pickle.load(file)",
        "import pickle; reader = pickle.Unpickler",
        "from pickle import loads",
        "from joblib import load",
        "import diskcache",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "pandas.read_pickle(path)",
        "yaml.load(text)",
        "eval(text)",
    ],
)
def test_the_search_for_unpickling_finds(line: str) -> None:
    assert list(unpickling(ast.parse(line)))


def test_the_search_for_unpickling_lets_pass() -> None:
    harmless = "torch.load(p, weights_only=True); np.load(p, allow_pickle=False); safetensors.numpy.load(b)"
    assert not list(unpickling(ast.parse(harmless)))
    assert not list(unpickling(ast.parse("import pickle\ntry: read()\nexcept pickle.UnpicklingError: pass")))
    assert not list(unpickling(ast.parse("import diskcache; diskcache.Cache(f, disk=PlainDisk)"), is_store=True))
    assert list(unpickling(ast.parse("import diskcache; diskcache.Cache(f)"), is_store=True))
