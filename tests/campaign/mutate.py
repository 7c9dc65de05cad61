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
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.campaign import executed
from tests.campaign.forked import MOST_SECONDS, ROOT, in_a_fork, warm_up
from tests.campaign.mutated import BY_HAND, EQUIVALENT, ROOMS

GOAL = 0.95

LARGE = 1000
_EPOCH = 1_000_000_000


@dataclass(frozen=True)
class Change:
    """A file of ``ugrn_core``, the change in words, and what writes the changed file."""

    file: str
    words: str
    line: int
    write: Callable[[], str]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.words}"


def by_hand() -> list[Change]:
    """The changes by hand; a text that its file has not exactly once is a ValueError."""
    found = []
    for file, before, after in BY_HAND:
        text = (ROOT / "ugrn_core" / file).read_text("utf-8")
        if text.count(before) != 1:
            raise ValueError(f"ugrn_core/{file} has {text.count(before)} times {before!r}")
        words = f"{before.strip()}  ->  {after.strip() or 'nothing'}"
        line = text[: text.index(before)].count("\n") + 1
        found.append(Change(file, words, line, partial(text.replace, before, after)))
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
    """Every change of one place of a file that the syntax offers, but for those that :func:`_told` leaves alone."""
    tree = ast.parse((ROOT / "ugrn_core" / file).read_text("utf-8"))
    told = {id(n) for node in ast.walk(tree) for kept in _told(node) for n in ast.walk(kept)}
    inside = {id(n): f"{name}: " for holder in ast.walk(tree) if (name := _name(holder)) for n in ast.walk(holder)}
    above = {id(n): holder for holder in ast.walk(tree) for n in ast.iter_child_nodes(holder)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr | ast.stmt) or id(node) in told:
            continue
        for words, changed in _changed(node):
            before = _short(node) + (f" of {_short(above[id(node)])}" if isinstance(node, ast.Constant) else "")
            words = f"{inside.get(id(node), '')}{before}  ->  {words}"
            yield Change(file, words, node.lineno, partial(_written, tree, node, changed))


def _short(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100]


def _name(node: ast.AST) -> str:
    """Name of a function, a class or a constant, to tell a change by; nothing for what has none."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    constant = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id
    return constant if constant and constant.lstrip("_").isupper() else ""


def _written(tree: ast.AST, node: ast.AST, changed: ast.AST) -> str:
    """The file with another node in place of one; the tree is as before afterwards."""
    _put(tree, node, changed)
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    finally:
        _put(tree, changed, node)


def equivalent(change: Change) -> bool:
    """Whether a change is known to change nothing one can ask for."""
    return any(change.words in told for told, _ in EQUIVALENT.get(change.file, ()))


def _told(node: ast.AST) -> Iterator[ast.AST]:
    """Parts in which a change is no change of what is done: types, words of an error, imports, checks of a programmer.

    Of the last kind are the frozen dataclass or model and the zip that asks for equal lengths: they speak up where a
    caller in the code is wrong, and no input brings that about. How large a named limit is (``MAX_LINKS = 100_000``,
    ``MOST_BYTES = 64 << 20``) is a choice; that it is kept is changed where it is asked for.
    """
    if isinstance(node, ast.Assign) and _name(node):
        value = node.value
        shifted = isinstance(value, ast.BinOp) and isinstance(value.op, ast.LShift)
        if shifted or (isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value >= LARGE):
            yield value
    for name in ("annotation", "returns"):
        if isinstance(kept := getattr(node, name, None), ast.AST):
            yield kept
    if isinstance(node, ast.Raise | ast.ImportFrom | ast.Import | ast.JoinedStr):
        yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        yield node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        kept = {"zip": "strict", "dataclass": "frozen", "ConfigDict": "frozen"}.get(node.func.id)
        yield from (k for k in node.keywords if k.arg == kept is not None)


def _drawn(node: ast.AST) -> bool:
    """Whether numbers are drawn here, ``rng.random() < share``: whether the share itself counts, no draw ever shows."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "random"


def _changed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What a node may be changed to, with words."""
    other = copy.deepcopy(node)
    if isinstance(other, ast.Compare) and type(other.ops[0]) in COMPARED and not _drawn(other.left):
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
    """Whether all tests pass in a copy of the tree; a test that hangs does not."""

    def run() -> int:
        import pytest

        sys.path[:] = [str(tree), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
        for name in [n for n in sys.modules if n.split(".")[0] in ("ugrn_core", "tests", "ui")]:
            del sys.modules[name]
        os.environ["PYTHONPATH"] = str(tree)
        quickly = ["-q", "-x", "--no-header", "-n", "0", "-p", "no:cacheprovider", "-m", "not browser"]
        return int(pytest.main([*quickly, *tests]))

    return in_a_fork(run, tree, Path(os.devnull), seconds) == 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--changes", type=int, default=150, help="drawn changes beside those by hand")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="of the drawn ones these many first: the next slice")
    parser.add_argument("--only", default="", help="files whose name holds this text")
    parser.add_argument("--tests", default="", help="these (noticed: tests/test_noticed.py) and not those of the room")
    parser.add_argument("--by-hand", action="store_true", help="only the changes by hand")
    parser.add_argument("--trust", action="store_true", help="do not run the tests of the code as it is first")
    wider = "so many seconds of other tests that execute it, where those of the room miss a change"
    parser.add_argument("--wider", type=float, default=0, metavar="SECONDS", help=f"{wider} (tests.campaign.executed)")
    parser.add_argument("--verbose", action="store_true", help="a line for every change")
    asked = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    offered = [c for f in ROOMS if asked.only in f for c in changes(f)]
    drawn = [c for c in offered if not equivalent(c)]
    left_out = len(offered) - len(drawn)
    random.Random(asked.seed).shuffle(drawn)
    slice_ = [] if asked.by_hand else drawn[asked.skip : asked.skip + asked.changes]
    wanted = ([] if asked.skip else [c for c in by_hand() if asked.only in c.file]) + slice_
    print(
        f"{len(wanted)} changes in {len({c.file for c in wanted})} files, of {len(drawn):,} that could be drawn in "
        f"{len({c.file for c in drawn})}; {left_out} more are known to change nothing",
        flush=True,
    )
    warm_up()
    sys.dont_write_bytecode = False  # of the copy, so that a run compiles one file and not three hundred
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    others = executed.read() if asked.wider else {}
    with tempfile.TemporaryDirectory(prefix="ugrn-mutate-") as folder:
        tree = Path(folder) / "tree"
        skipped = shutil.ignore_patterns(".git", ".venv", "cache", "build", "dist", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=skipped, symlinks=True)
        (tree / "cache").mkdir()
        files = sorted({c.file for c in wanted})
        held = {file: tuple(_files(asked.tests) if asked.tests else tests_of(file)) for file in files}
        every = sorted({test for found in held.values() for test in found})
        seconds, red = dict.fromkeys(every, 30.0), set[str]()
        for test in [] if asked.trust else every:
            began = time.monotonic()
            if not run_tests(tree, [test]):
                red.add(test)
            seconds[test] = time.monotonic() - began
        for test in sorted(red):
            print(f"left out, for it fails as it is: {test}", flush=True)
        survivors, tried = [], 0
        for change in (c for c in wanted if not red.issuperset(held[c.file])):
            tests = sorted((t for t in held[change.file] if t not in red), key=seconds.__getitem__)
            path = tree / "ugrn_core" / change.file
            before = path.read_text("utf-8")
            path.write_text(change.write(), "utf-8")
            tried += 1
            # bytecode is told apart by whole seconds and size: each writing gets a second of its own
            os.utime(path, (_EPOCH + 2 * tried, _EPOCH + 2 * tried))
            began = time.monotonic()
            missed = run_tests(tree, tests, 20 + 10 * sum(seconds[t] for t in tests))
            if missed and others:
                file = os.path.normpath(f"ugrn_core/{change.file}")
                further = executed.who_executes(others, file, change.line, asked.wider, leave_out=tests)
                missed = not further or run_tests(tree, further, 60 + 10 * asked.wider)
            if missed:
                survivors.append(change)
                print(f"SURVIVES  {change}", flush=True)
            path.write_text(before, "utf-8")
            os.utime(path, (_EPOCH + 2 * tried + 1, _EPOCH + 2 * tried + 1))
            if asked.verbose:
                print(f"{tried} {time.monotonic() - began:.1f} s {change}", flush=True)
    share = 1 - len(survivors) / max(tried, 1)
    print(f"{tried - len(survivors)} of {tried} changes noticed, {share:.1%} (goal {GOAL:.0%})", flush=True)
    return 0 if share >= GOAL and not red else 1


if __name__ == "__main__":
    sys.exit(main())
