"""The reader of files and its parent, part by part: limits, requests, answers, and the groups that are offered."""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from ugrn_core.data import groups, limits, reader, untrusted
from ugrn_core.data.cell_values import CellChoice
from ugrn_core.data.column import MANY, Codes
from ugrn_core.data.groups import Groups, affordable, find_groups, offered
from ugrn_core.errors import Cancelled, DiskError, InputError

# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_minute_and_half_a_gigabyte_unless_the_environment_says_other(monkeypatch):
    monkeypatch.delenv(limits.SECONDS, raising=False)
    monkeypatch.delenv(limits.MEMORY, raising=False)
    assert (limits.read_seconds(), limits.read_memory()) == (60, 512 << 20)
    for given, seconds in (("1", 1), (" 2.5 ", 2.5), ("1e6", 1e6), ("0.99", None), ("1000001", None), ("x", None)):
        monkeypatch.setenv(limits.SECONDS, given)
        if seconds is None:
            with pytest.raises(InputError, match="from 1 to a million"):
                limits.read_seconds()
        else:
            assert limits.read_seconds() == seconds
    for given, memory in (("64M", 64 << 20), ("1023T", 1023 << 40), ("1024T", None), ("67108863", None), ("x", None)):
        monkeypatch.setenv(limits.MEMORY, given)
        if memory is None:
            with pytest.raises(InputError, match="64M or more"):
                limits.read_memory()
        else:
            assert limits.read_memory() == memory


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
def test_the_reader_gives_up_what_it_does_not_need(monkeypatch):
    import resource

    given: dict[int, tuple[int, int]] = {}
    rung: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", given.__setitem__)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (5, resource.RLIM_INFINITY))
    monkeypatch.setattr(signal, "alarm", rung.append)
    monkeypatch.setattr(reader.Path, "read_text", lambda *_: "1000 7 3")
    reader._give_up(100 << 20, 7.9)
    space = 1000 * resource.getpagesize() + (100 << 20)
    kinds = (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)
    expected = dict(zip((*kinds, resource.RLIMIT_AS), (17, 100 << 20, 32, 0, space), strict=True))
    assert given == {kind: (most, most) for kind, most in expected.items()}
    assert rung == [17]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (5, 9))
    reader._limit(3, 8)
    reader._limit(4, 10)
    assert (given[3], given[4]) == ((8, 8), (9, 9))
    given.clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    reader._give_up(100 << 20, 7)
    assert set(given) == set(kinds)
    monkeypatch.setattr(sys, "platform", "win32")
    given.clear()
    reader._give_up(100 << 20, 7)
    assert not given


# --- the reader ------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    x = np.random.default_rng(0).poisson(2, (12, 4)).astype(np.float32)
    x[:, 0] += 1
    obs = pd.DataFrame({"kind": ["a", "b", "b"] * 4}, index=[f"c{i}" for i in range(12)])
    ad.AnnData(x, obs=obs, var=pd.DataFrame(index=["SOX2", "NANOG", "POU5F1", "TP53"])).write_h5ad(tmp_path / "x.h5ad")
    return tmp_path / "x.h5ad"


def carried_out(capsys, **request) -> list[dict[str, Any]]:
    capsys.readouterr()
    reader._carry_out(request)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_answered_with_progress_and_its_end(path, tmp_path, capsys):
    file, folder = str(path), str(tmp_path)

    def shares(answers):
        found = [answer["progress"][0] for answer in answers if "progress" in answer]
        assert found == sorted(found)
        return found

    answers = carried_out(capsys, task="read", file=file, folder=folder)
    assert answers[-1] == {"done": True}
    assert shares(answers)[-1] == 1
    first = shares(answers)[0]
    answers = carried_out(capsys, task="open", file=file, folder=folder)
    assert set(answers[-1]) == {"done", "contents"}
    assert answers[-1]["contents"]["n_cells"] == 12
    opened = [share for share in shares(answers) if share >= 0.2]
    assert (opened[0], opened[-1]) == (pytest.approx(0.2 + 0.8 * first), 1)
    choice = {"genes": [1, 0], "layer": None, "gene_column": None, "group": ["kind", "b"], "within": None,
              "donors": None}  # fmt: skip
    answers = carried_out(capsys, task="cells", file=file, folder=folder, choice=choice)
    assert answers[-1] == {"done": True}
    assert untrusted.load_cell_values(tmp_path).n_cells == 8


def test_what_leaves_a_choice_is_not_read(path, tmp_path, capsys):
    data = ad.read_h5ad(path)
    data.layers["more"] = data.X.copy()
    data.write_h5ad(path)
    answers = carried_out(capsys, task="open", file=str(path), folder=str(tmp_path))
    assert set(answers[-1]) == {"done", "contents"} and answers[-1]["done"] is True
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.h5ad"]


def test_a_choice_of_cells_is_of_tuples():
    said = {"genes": [3, 1], "layer": "raw", "gene_column": None, "within": "kind", "donors": None}
    assert reader._choice({**said, "group": None}) == CellChoice((3, 1), "raw", None, None, "kind", None)
    assert reader._choice({**said, "group": ["kind", "b"]}).group == ("kind", "b")


def test_an_answer_is_a_line_of_bounded_length(capsys, monkeypatch):
    line = json.dumps({"error": "x"})
    monkeypatch.setattr(reader, "MAX_ANSWER", len(line))
    reader._answer(error="x")
    assert capsys.readouterr().out == line + "\n"
    with pytest.raises(InputError, match="names of the groups in the file are too long"):
        reader._answer(error="xy")


def asked(monkeypatch, capsys, error: BaseException | None, file="x.h5ad") -> list[dict[str, Any]]:
    """Answers of the reader where carrying out ends so."""

    def carry_out(_request):
        if error is not None:
            raise error

    for name in ("human_symbols", "mouse_genes", "transcription_factors", "keep_freed_memory"):
        monkeypatch.setattr(reader, name, lambda: None)
    monkeypatch.setattr(reader, "_give_up", lambda memory, seconds: None)
    monkeypatch.setattr(reader, "_carry_out", carry_out)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"file": file}) + "\n"))
    reader.main()
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def of_h5py(words: str) -> BaseException:
    """An error that seems to be raised in a file of h5py, or of another library by its name."""
    return raised_in("/packages/h5py/_objects.py", words)


def raised_in(file: str, words: str) -> BaseException:
    try:
        exec(compile(f"raise ValueError({words!r})", file, "exec"))
    except ValueError as error:
        return error
    raise AssertionError


def test_what_reads_text_is_loaded_before_memory_is_given_up(path, tmp_path, monkeypatch, capsys):
    (tmp_path / "x.csv").write_text("gene,c1\nSOX2,1\n")
    loaded: list[str] = []
    real = builtins.__import__
    for file, wanted in ((path, False), (tmp_path / "x.csv", True)):
        loaded.clear()
        with monkeypatch.context() as patched:
            patched.setattr(builtins, "__import__", lambda name, *more: loaded.append(name) or real(name, *more))
            asked(monkeypatch, capsys, None, str(file))
        assert ("pandas" in loaded) == wanted


def test_errors_are_answers_and_bugs_are_not(monkeypatch, capsys):
    assert asked(monkeypatch, capsys, None) == [{"ready": True}]
    assert asked(monkeypatch, capsys, InputError("No."))[-1] == {"error": "No."}
    monkeypatch.setenv(limits.MEMORY, "64M")
    assert "takes more than 64 MB of memory" in asked(monkeypatch, capsys, MemoryError())[-1]["error"]
    error = of_h5py("x" * 300)
    said = asked(monkeypatch, capsys, error)[-1]["error"]
    assert said.startswith(f"The file is damaged ({'x' * 160}). Copy it again")
    with pytest.raises(ValueError, match="a bug"):
        asked(monkeypatch, capsys, ValueError("a bug"))
    assert reader._of_a_library(raised_in("/lib/gzip.py", "x"))
    assert not reader._of_a_library(raised_in("/lib/other.py", "x"))
    assert not reader._of_a_library(ValueError("never raised"))


def test_cells_that_cannot_be_kept_say_where(path, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left")

    monkeypatch.setattr(reader, "save_expression", full)
    with pytest.raises(InputError, match=f"cannot be kept in {tmp_path}: No space left"):
        reader._carry_out({"task": "read", "file": str(path), "folder": str(tmp_path)})


# --- its parent ------------------------------------------------------------------------------------------------------


def child_that_says(*answers: Any, then: bytes = b"") -> Any:
    lines = b"".join(json.dumps(answer).encode() + b"\n" for answer in answers)
    return cast("Any", SimpleNamespace(stdout=io.BytesIO(lines + then), stdin=io.BytesIO()))


def test_the_last_answer_counts_and_progress_is_told():
    told: list[Any] = []
    child = child_that_says({"ready": True}, {"progress": [0.5, "half"]}, {"done": True, "x": 1})
    assert untrusted._last_answer(child, lambda share, what: told.append((share, what)), None) == {"done": True, "x": 1}
    assert told == [(0.5, "half")]
    assert untrusted._last_answer(child_that_says({"progress": [1, "x"]}), None, lambda: False) == {
        "progress": [1, "x"]
    }
    assert untrusted._last_answer(child_that_says(), None, None) == {}
    with pytest.raises(Cancelled):
        untrusted._last_answer(child_that_says({"ready": True}), None, lambda: True)


class Silent(io.RawIOBase):
    """A stream that says a line and then nothing until it is let go."""

    def __init__(self, *lines: bytes) -> None:
        self.lines, self.gone = list(lines), threading.Event()

    def readline(self, size=-1) -> bytes:
        if self.lines:
            return self.lines.pop(0)
        self.gone.wait(20)
        return b""


@pytest.mark.parametrize(
    ("lines", "steps", "words"),
    [
        ((), [100, 219, 220, 221], "not done after 9 seconds and was stopped"),  # two minutes for its start
        ((b'{"ready": true}\n',), [100, 100, 108, 109, 110], "not done after 9 seconds and was stopped"),
        ((b'{"ready": true, "progress": [0.1, "cells"]}\n',), [100, 100, 110], r"after 9 seconds \(last: cells\) and"),
    ],
)
def test_time_is_counted_from_the_start_and_then_from_being_ready(monkeypatch, lines, steps, words):
    silent = Silent(*lines)
    times = iter(steps)
    monkeypatch.setenv(limits.SECONDS, "9")
    monkeypatch.setattr(untrusted, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(untrusted, "time", SimpleNamespace(monotonic=lambda: next(times)))
    asked_of: list[bool] = []

    def cancel() -> bool:
        asked_of.extend(t.daemon for t in threading.enumerate() if t.name.endswith("(_forward)"))
        return False

    with pytest.raises(InputError, match=words):
        untrusted._last_answer(cast("Any", SimpleNamespace(stdout=silent)), None, cancel)
    assert next(times, None) is None, "neither earlier nor later"
    assert asked_of and all(asked_of), "a thread that hangs keeps no program from ending"
    silent.gone.set()


def test_only_an_upload_is_copied_and_only_up_to_a_limit(tmp_path, monkeypatch):
    assert untrusted._on_disk("x.h5ad", tmp_path) == Path("x.h5ad").absolute()
    assert untrusted._on_disk(tmp_path / "x", tmp_path) == tmp_path / "x"
    monkeypatch.setattr(untrusted, "MAX_UPLOAD_BYTES", 4)
    upload = io.BytesIO(b"abcd")
    upload.seek(2)
    assert untrusted._on_disk(upload, tmp_path).read_bytes() == b"abcd"
    assert upload.tell() == 0
    with pytest.raises(InputError, match="at most 0 GB are read"):
        untrusted._on_disk(io.BytesIO(b"abcde"), tmp_path)


def test_a_label_is_a_name_without_what_no_page_shows():
    def of(name: str) -> str:
        upload = io.BytesIO()
        upload.name = name
        return untrusted._label(upload)

    assert untrusted._label(Path("/a/b\n.h5ad")) == untrusted._label("/a/b\n.h5ad") == of("/a/b\n.h5ad") == "b?.h5ad"
    assert of("x" * 300) == "x" * 200
    assert of("") == untrusted._label(io.BytesIO()) == "the uploaded file"


def test_the_child_has_a_session_of_its_own_and_a_place_for_complaints(tmp_path, monkeypatch):
    given: dict[str, Any] = {}
    monkeypatch.setattr(untrusted.subprocess, "Popen", lambda command, **more: given.update(more, command=command))
    untrusted._started(tmp_path, io.BytesIO())
    assert given["start_new_session"] is True
    assert (given["command"], given["cwd"]) == (untrusted.COMMAND, tmp_path)

    def full(*_, **__):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(untrusted.subprocess, "Popen", full)
    with pytest.raises(DiskError, match="no room to read a file: Resource temporarily"):
        untrusted._started(tmp_path, io.BytesIO())
    assert {-signal.SIGXCPU, -signal.SIGALRM} == untrusted.OVER_TIME


@pytest.mark.parametrize(
    ("answer", "ended", "complaint", "found"),
    [
        ({"done": True}, 0, b"", {"done": True}),
        ({"error": "No."}, 0, b"", "No."),
        ({"done": True, "error": "No."}, 0, b"", "No."),
        ({}, -signal.SIGXCPU, b"", "not done after"),
        ({}, -signal.SIGALRM, b"Traceback", "not done after"),
        ({}, 1, b"Traceback\nValueError: x", RuntimeError),
        ({}, 1, b"", "crashed"),
        ({}, -signal.SIGSEGV, b"", "crashed"),
        ({"done": False}, 0, b"", "crashed"),
    ],
)
def test_how_a_child_ended_is_told(tmp_path, monkeypatch, answer, ended, complaint, found):
    killed: list[int] = []

    class Child:
        stdin, stdout = io.BytesIO(), io.BytesIO(json.dumps(answer).encode() + b"\n")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def kill(self):
            killed.append(1)

        def wait(self):
            return ended

    def started(_folder, complaints):
        complaints.write(complaint)
        return Child()

    monkeypatch.setattr(untrusted, "_started", started)
    if isinstance(found, dict):
        assert untrusted._ask({"file": "f"}, tmp_path, None, None) == found
    else:
        kind, words = (InputError, found) if isinstance(found, str) else (found, "ValueError: x")
        with pytest.raises(kind, match=words):
            untrusted._ask({"file": "f"}, tmp_path, None, None)
    assert killed == [1]


def test_absolute_places_of_modules_are_handed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/one", "two", "", "/three"]))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/libs")
    monkeypatch.setenv("HOME", "/home")
    found = untrusted._environment(tmp_path)
    assert found["PYTHONPATH"].split(os.pathsep)[1:] == ["/one", "/three"]
    assert found["LD_LIBRARY_PATH"] == "/libs" and "HOME" not in found


# --- groups ----------------------------------------------------------------------------------------------------------


def column(*codes: int, levels: int | None = None) -> Codes:
    n = max(codes) + 1 if levels is None else levels
    return Codes(np.array(codes, np.int16), tuple(f"l{i}" for i in range(n)))


def table(**columns) -> Any:
    """A table of cells whose columns of numbers are named so."""
    return SimpleNamespace(
        columns=tuple(columns), levels=columns.__getitem__, is_number=lambda name: name.startswith("n")
    )


def test_columns_of_two_levels_are_groups_the_wanted_first_and_numbers_last():
    one, two, three = column(0, 0, 0), column(0, 1, 0), column(0, 1, 2)
    cells = table(n1=three, a=two, b=one, c=three, d=None, e=MANY, n2=two, kind=two, kinds=three)
    told: list[Any] = []
    found = find_groups(cells, lambda share, what: told.append((share, what)))
    assert list(found.columns) == ["a", "c", "kind", "kinds", "n1", "n2"]
    assert found.many == ["e"]
    assert told[0] == (0.0, "column 'a' of cells looked at") and len(told) == 9
    for group, first in (("kind", "kind"), ("kind=x", "kind"), ("n2=l0", "n2"), ("kinds", "kinds"), ("k", "a")):
        assert next(iter(find_groups(cells, group=group).columns)) == first
    assert offered(found.columns) == "Groups of cells: a (2), c (3), kind (2), kinds (3), n1 (3), n2 (2)."
    assert offered({}) == "It has no groups of cells: no column of them has 2 to 200 levels."


def test_labels_that_are_none_are_said():
    codes = Codes(np.array([-1, 0, 0, 1, 2, -1, 2, 3], np.int16), ("", "x", " NaN", "0"))
    plain = column(0, 1, 0)
    assert Groups({"a": codes, "b": plain}, ["m"]).notes() == [
        "Columns of more than 200 levels are not offered as groups: m.",
        "Cells without a label are in no group of a column: a (2).",
        "Labels that are empty or say nan are groups like others: a (4).",
    ]
    assert Groups({"b": plain}).notes() == []
    for n, shown in ((10, "m0, m1, m2, m3, m4, m5, m6, m7, m8, m9."), (11, "m7, m8, m9, ....")):
        assert Groups({}, [f"m{i}" for i in range(n)]).notes()[0].endswith(shown)


def test_profiles_are_kept_as_far_as_there_is_room(monkeypatch):
    found = Groups({"a": column(0, 1, 2), "b": column(0, 1, 1), "c": column(2, 1, 0), "d": column(0, 1, 0)})
    order = ("d", "c", "b", "a", "gone")
    monkeypatch.setenv(limits.SECONDS, "10")
    monkeypatch.setattr(groups, "GROUPED_VALUES_A_SECOND", 100)

    def kept(n_genes: int, filled: int, values: int) -> tuple[list[str], list[str]]:
        monkeypatch.setattr(groups, "MAX_PROFILE_VALUES", values)
        columns, notes = affordable(found, order, n_genes, filled)
        assert all(columns[name] is found.columns[name] for name in columns)
        return list(columns), notes

    assert kept(7, 1, 10**6) == (["d", "c", "b", "a"], [])
    assert kept(7, 0, 10**6) == (["d", "c", "b", "a"], [])
    # one for all cells, then 3, 2, 3 and 2 levels
    assert kept(7, 1, 77) == (["d", "c", "b", "a"], [])
    for values, left in ((76, "d"), (63, "d"), (62, "c"), (49, "c, d"), (42, "c, d"), (41, "b, c, d"), (28, "b, c, d")):
        names, notes = kept(7, 1, values)
        if values == 62:  # the next that fits takes its place
            assert names == ["d", "b", "a"]
        assert notes == [f"No profiles are kept for the groups of {left}: too many levels times genes."]
    assert kept(7, 1, 27)[0] == ["b"]
    # b, c and d are unions of a's levels and cost nothing
    assert kept(7, 10**6, 10**6) == (["d", "c", "b", "a"], [])


def test_what_is_left_of_a_folder_hides_no_answer(monkeypatch):
    given: dict[str, Any] = {}
    real = untrusted.tempfile.TemporaryDirectory
    monkeypatch.setattr(untrusted.tempfile, "TemporaryDirectory", lambda **how: given.update(how) or real(**how))
    with untrusted._room() as folder:
        assert folder.is_dir()
    assert not folder.exists()
    assert given["ignore_cleanup_errors"] is True


def test_columns_beyond_the_time_are_left_out_and_named(monkeypatch):
    found = Groups({"a": column(0, 1, 0, 1), "b": column(0, 0, 1, 1), "c": column(1, 0, 1, 0), "d": column(0, 1, 1, 0)})
    order = ("d", "c", "b", "a")
    monkeypatch.setenv(limits.SECONDS, "10")
    monkeypatch.setattr(groups, "GROUPED_VALUES_A_SECOND", 0.4)
    assert list(affordable(found, order, 5, 1)[0]) == list(order)
    monkeypatch.setattr(groups, "GROUPED_VALUES_A_SECOND", 60)
    for filled, names in ((200, ["d", "c", "b", "a"]), (201, ["c", "b", "a"]), (300, ["c", "b", "a"]),
                          (301, ["c", "a"]), (10**6, ["c", "a"]), (0, ["d", "c", "b", "a"])):  # fmt: skip
        columns, notes = affordable(found, order, 5, filled)
        assert list(columns) == names, filled
        left = [name for name in "abcd" if name not in names]
        many = {2: 1, 3: 2}.get(len(names))
        assert len(notes) == bool(left)
        if left:
            assert notes[0].startswith(f"No profiles are kept for the groups of {', '.join(left)}: with so many cells")
            assert f"{many} columns are summed" in notes[0] and f"adata.obs[[{left[0]!r}]]" in notes[0]
