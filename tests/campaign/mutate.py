"""``make mutate``: what do the tests notice? One small change of the code at a time, and the tests of that file.

Changed are the rooms of science and safety, in a copy of the tree. First come
the changes by hand (:data:`BY_HAND`), which a reading of the code found that no test noticed; then ones drawn by seed
from all that the syntax offers. A change that no test notices survives: it is printed, and is either a lack of the
tests or no change of what the code does.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GOAL = 0.95
MOST_SECONDS = 600
"""Longer than that, and the change counts as noticed: it hangs."""

ROOMS = {
    "added_genes.py": "context pair",
    "benchmark/metrics.py": "protocols benchmark",
    "benchmark/sampling.py": "sampling exchange protocols",
    "checked_json.py": "untrusted_recipes untrusted_translators",
    "data/binning.py": "binning scale",
    "data/context.py": "context",
    "data/groups.py": "cell_groups h5ad reader",
    "data/hdf5.py": "links h5ad",
    "data/limits.py": "reader",
    "data/reader.py": "reader",
    "data/scale.py": "scale h5ad",
    "data/standardised.py": "context",
    "methods/reading.py": "probes readings",
    "network/direction.py": "network_order network",
    "network/edge_filter.py": "network_views noticed network",
    "network/edge_table.py": "network network_views",
    "pair.py": "pair figures",
    "pair_hashes.py": "translators",
    "pair_specific.py": "probes pair",
    "pinned.py": "pinned fetch",
    "residual.py": "probes pair",
    "rows.py": "store damaged_store",
    "shared_work.py": "second_look shared_work",
    "spreadsheet.py": "spreadsheet",
    "store.py": "store damaged_store second_look",
    "stored_sweep.py": "second_look pair context",
    "translation/training_set.py": "translator_kinds translators",
    "translators/calibration.py": "translators",
    "translators/exchange.py": "untrusted_translators",
    "translators/translator.py": "translators untrusted_translators",
    "whole_files.py": "whole_files",
}
"""Files of ``ugrn_core`` that are changed, and the tests that hold each."""


@dataclass(frozen=True)
class Change:
    """A file of ``ugrn_core``, what it is changed to, and the change in words."""

    file: str
    text: str
    words: str


BY_HAND = (
    ("stored_sweep.py", "base=settings.base if context.values is None else context.values,", "base=settings.base,"),
    ("translation/training_set.py", "for r in rows if r.data_set != row.data_set]", "for r in rows]"),
    ("benchmark/metrics.py", "(s not in seen) + (t not in seen)", "2 * (s not in seen)"),
    ("translators/translator.py", "self.card.prevalence if prevalence is None", "prior if prevalence is None"),
    ("network/direction.py", "PERCENTILE = 99.0", "PERCENTILE = 50.0"),
    ("network/direction.py", "rule.tf_tf if both else rule.tf_other", "rule.tf_other if both else rule.tf_tf"),
    ("network/direction.py", "[gaps[both][:N_RANDOM], gaps[~both][:N_RANDOM]]",
     "[gaps[~both][:N_RANDOM], gaps[both][:N_RANDOM]]"),
    ("benchmark/sampling.py", "Draw(free, positive, edge.sum(0),", "Draw(free, positive, positive.sum(0),"),
    ("added_genes.py", "known[g][0] if g in known else base for", "known[g][0] if g in known else 0.0 for"),
    ("pair.py", "both = [(request.source, request.target), (request.target, request.source)]",
     "both = [(request.source, request.target)]"),
    ("network/edge_filter.py", "<= fdr + ROUNDING", "< fdr - ROUNDING"),
    ("shared_work.py", "            found |= _read(store, missing)\n", ""),
    ("shared_work.py", "    with held.locks:\n", "    with ExitStack():\n"),
    ("data/reader.py", "resource.getpagesize() + memory)", "resource.getpagesize() + (memory << 20))"),
    ("data/groups.py", "* n_genes <= MAX_PROFILE_VALUES", "* n_genes <= 1 << 60"),
    ("translators/exchange.py", "or sum(m.file_size for m in members) > MAX_BYTES", "or len(members) < 0"),
)  # fmt: skip
"""File, text, and what it is changed to."""


def by_hand() -> list[Change]:
    """The changes by hand; a text that its file has not exactly once is a ValueError."""
    found = []
    for file, before, after in BY_HAND:
        text = (ROOT / "ugrn_core" / file).read_text("utf-8")
        if text.count(before) != 1:
            raise ValueError(f"ugrn_core/{file} has {text.count(before)} times {before!r}")
        found.append(Change(file, text.replace(before, after), f"{before.strip()}  ->  {after.strip() or 'nothing'}"))
    return found


COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip


def changes(file: str) -> Iterator[Change]:
    """Every change of one place of a file that the syntax offers; annotations and texts for people are left alone."""
    text = (ROOT / "ugrn_core" / file).read_text("utf-8")
    tree = ast.parse(text)
    places = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    told = {id(n) for node in ast.walk(tree) for kept in _told(node) for n in ast.walk(kept)}
    for number, node in enumerate(places):
        if id(node) in told:
            continue
        for words, changed in _changed(node):
            other = copy.deepcopy(tree)
            place = [n for n in ast.walk(other) if hasattr(n, "lineno")][number]
            _put(other, place, changed)
            try:
                written = ast.unparse(ast.fix_missing_locations(other))
            except (AttributeError, ValueError):
                continue
            yield Change(file, written, f"line {node.lineno}: {' '.join(ast.unparse(node).split())[:100]}  ->  {words}")


def _told(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a node in which a change is no change of what is done: types, docstrings, words of an error."""
    for name in ("annotation", "returns"):
        if isinstance(kept := getattr(node, name, None), ast.AST):
            yield kept
    if isinstance(node, ast.Raise | ast.ImportFrom | ast.Import | ast.JoinedStr):
        yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        yield node


def _changed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What a node may be changed to, with words."""
    other = copy.deepcopy(node)
    if isinstance(other, ast.Compare) and type(other.ops[0]) in COMPARED:
        other.ops[0] = COMPARED[type(other.ops[0])]()
        yield ast.unparse(other), other
    elif isinstance(other, ast.BinOp) and type(other.op) in COMPUTED:
        other.op = COMPUTED[type(other.op)]()
        yield ast.unparse(other), other
    elif isinstance(other, ast.BoolOp):
        other.op = ast.Or() if isinstance(other.op, ast.And) else ast.And()
        yield ast.unparse(other), other
    elif isinstance(other, ast.UnaryOp) and isinstance(other.op, ast.Not | ast.USub | ast.Invert):
        yield ast.unparse(other.operand), other.operand
    elif isinstance(other, ast.IfExp):
        yield "the other branch", ast.IfExp(other.test, other.orelse, other.body)
    elif isinstance(other, ast.Constant) and isinstance(other.value, bool | int | float):
        value = (not other.value) if isinstance(other.value, bool) else other.value + 1
        yield repr(value), ast.Constant(value)
    elif isinstance(other, ast.If):
        other.test = ast.UnaryOp(ast.Not(), other.test)
        yield "not so", other


def _put(tree: ast.AST, place: ast.AST, changed: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is place:
                setattr(parent, name, changed)
            elif isinstance(value, list) and any(v is place for v in value):
                setattr(parent, name, [changed if v is place else v for v in value])


def tests_of(file: str) -> list[str]:
    """The test files of a room."""
    return _files(ROOMS[file])


def _files(names: str) -> list[str]:
    return [f"tests/test_{name}.py" for name in names.split()]


def run_tests(tree: Path, tests: list[str], seconds: float = MOST_SECONDS) -> bool:
    """Whether all tests pass in a copy of the tree, in a fork of this process, which has the libraries loaded."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(tree)
        sys.path[:] = [str(tree), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
        for name in [n for n in sys.modules if n.split(".")[0] in ("ugrn_core", "tests", "ui")]:
            del sys.modules[name]
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        import pytest

        os.environ["PYTHONPATH"] = str(tree)
        status = pytest.main(["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-m", "not browser", *tests])
        os._exit(int(status))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def warm_up() -> None:
    """Load what takes long to load, once; every fork has it."""
    for name in (
        "torch",
        "numpy",
        "pandas",
        "scipy.stats",
        "sklearn",
        "anndata",
        "h5py",
        "hypothesis",
        "pytest",
        "typer",
    ):
        __import__(name)
    import torch

    torch.set_num_threads(1)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--changes", type=int, default=150, help="drawn changes beside those by hand")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="files whose name holds this text")
    parser.add_argument("--tests", default="", help="these (noticed: tests/test_noticed.py) and not those of the room")
    parser.add_argument("--by-hand", action="store_true", help="only the changes by hand")
    asked = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    drawn = [] if asked.by_hand else [c for f in ROOMS if asked.only in f for c in changes(f)]
    random.Random(asked.seed).shuffle(drawn)
    wanted = [c for c in by_hand() if asked.only in c.file] + drawn[: asked.changes]
    print(
        f"{len(wanted)} changes, of {len(drawn):,} that could be drawn, in {len({c.file for c in wanted})} files",
        flush=True,
    )
    warm_up()
    with tempfile.TemporaryDirectory(prefix="ugrn-mutate-") as folder:
        tree = Path(folder) / "tree"
        skipped = shutil.ignore_patterns(".git", ".venv", "cache", "build", "dist", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=skipped, symlinks=True)
        (tree / "cache").mkdir()
        held = {c.file: _files(asked.tests) if asked.tests else tests_of(c.file) for c in wanted}
        green = {tests: run_tests(tree, list(tests)) for tests in sorted({tuple(found) for found in held.values()})}
        red = {file for file, tests in held.items() if not green[tuple(tests)]}
        for file in sorted(red):
            print(f"left out, for its tests fail as it is: {file}", flush=True)
        survivors, tried = [], 0
        for change in (c for c in wanted if c.file not in red):
            path = tree / "ugrn_core" / change.file
            before = path.read_text("utf-8")
            path.write_text(change.text, "utf-8")
            tried += 1
            if run_tests(tree, held[change.file]):
                survivors.append(change)
                print(f"SURVIVES  {change.file}: {change.words}", flush=True)
            path.write_text(before, "utf-8")
    share = 1 - len(survivors) / max(tried, 1)
    print(f"{tried - len(survivors)} of {tried} changes noticed, {share:.1%} (goal {GOAL:.0%})", flush=True)
    return 0 if share >= GOAL and not red else 1


if __name__ == "__main__":
    sys.exit(main())
