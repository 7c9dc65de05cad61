"""The file of a session: what is saved comes back, and files of anybody are read or refused with a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from typer.testing import CliRunner

from tests.small_network import small_edge_table
from ugrn_core import session_file
from ugrn_core.cli import app
from ugrn_core.data.h5ad import example_data
from ugrn_core.errors import InputError
from ugrn_core.opened import OpenedResults, Trace
from ugrn_core.session_file import (
    MOST_MEMBERS,
    RECORD,
    KeptCells,
    KeptRun,
    Session,
    read_session,
    with_results,
    write_session,
)
from ugrn_core.store import Store


@pytest.fixture(scope="module")
def session() -> Session:
    data = example_data()
    few = replace(data, genes=data.genes[:30], variance=data.variance[:30], groups={}, whole=cut(data.whole))
    grouped = replace(few, groups={"kind": {k: cut(p) for k, p in list(data.groups["bulk_labels"].items())[:3]}})
    table = small_edge_table().assign(source="=SUM(A1)", target="NA")
    table.loc[0, "probability"] = np.nan
    run = KeptRun("pages/network.py", "Network of B", "2 × 3", 1.5e9, "done", {"genes": "A,B"}, {"edges": table})
    asked = KeptRun("pages/gene.py", "Gène", "", 1.6e9, "cancelled", {"gene": "GATA1"})
    return Session((KeptCells(grouped, "cells.h5ad", ("--layer", "raw")),), {"0" * 32: "GATA1\nTAL1"}, (run, asked))


def cut(profile: Any) -> Any:
    return replace(profile, bins=profile.bins[:30], log1p=profile.log1p[:30], detection=profile.detection[:30])


@pytest.fixture(scope="module")
def content(session: Session) -> bytes:
    return write_session(session, "0.0")


def test_what_is_saved_comes_back(session: Session, content: bytes) -> None:
    back = read_session(content)
    assert back.lists == session.lists and write_session(back, "0.0") == content == write_session(session, "0.0")
    (held,), (was,) = back.cells, session.cells
    assert (held.word, held.options, held.data.digest) == (was.word, was.options, was.data.digest)
    assert held.data.sample.shape == (0, 30), "no cell is in the file"
    for column, levels in was.data.groups.items():
        for level, profile in levels.items():
            np.testing.assert_array_equal(held.data.groups[column][level].log1p, profile.log1p)
            assert held.data.groups[column][level].n_cells == profile.n_cells
    for run, before in zip(back.runs, session.runs, strict=True):
        assert replace(run, found={}) == replace(before, found={})
    pd.testing.assert_frame_equal(back.runs[0].found["edges"], session.runs[0].found["edges"], check_dtype=False)
    assert b"'=SUM" in zipfile.ZipFile(io.BytesIO(content)).read("found/0/edges.csv"), "no spreadsheet runs it"


def test_an_empty_session_is_a_file_too() -> None:
    assert read_session(write_session(Session(), "0.0")) == Session()


def remade(content: bytes, change: Callable[[dict[str, bytes]], None], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return out.getvalue()


def record(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    """Put other values into the record; a name with dots is a place in it."""

    def change(members: dict[str, bytes]) -> None:
        found = json.loads(members[RECORD])
        for path, value in changes.items():
            place, *above = found, *path.split("__")
            for key in above[:-1]:
                place = place[int(key) if key.isdigit() else key]
            place[above[-1]] = value
        members[RECORD] = json.dumps(found).encode()

    return change


def array(values: Any, **kwargs: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        name = next(name for name in members if name.endswith("variance.npy"))
        out = io.BytesIO()
        np.save(out, values, **kwargs)
        members[name] = out.getvalue()

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: m.pop(RECORD), "holds no session.json"),
        (lambda m: m.update({RECORD: b"[]"}), "not a session"),
        (lambda m: m.update({RECORD: b"{" * 5000}), "not a session"),
        (lambda m: m.update({"../evil.py": b"x"}), "not of it"),
        (lambda m: m.update({"cells/a.npy": b"x"}), "not of it"),
        (lambda m: m.pop("found/0/edges.csv"), "missing"),
        (lambda m: m.update({"found/0/edges.csv": b"\x00\xff\x00"}), "is no table|titles|found/0"),
        (lambda m: m.update({"found/0/edges.csv": b"a\n" * 6_000_000}), "over 8,388,608 bytes"),
        (lambda m: m.update({f"x{n}": b"" for n in range(MOST_MEMBERS)}), "over 20,000 files"),
        (record(session=3), "session"),
        (record(colour="red"), "colour"),
        (record(runs__0__found=["../../x"]), "found"),
        (record(runs__0__address={"a" * 99: "x"}), "address"),
        (record(runs__0__started=float("1e300")), "started"),
        (record(runs__0__state="gone"), "state"),
        (record(lists={"x": "y"}), "lists"),
        (record(cells__0__digest="../" * 11), "digest"),
        (record(cells__0__genes=[]), "genes"),
        (record(cells__0__n_cells="700"), "n_cells"),
        (record(cells__0__genes=["A"] * 29), "expected float32"),
        (record(cells__0__genes=["A"] * 30), "were changed"),
        (record(cells__0__label="another"), "were changed"),
        (record(cells__0__species="rat"), "species"),
        (record(cells__0__groups={"k": [{"name": "a", "n_cells": 1}] * 2}), "stands twice"),
        (record(cells__0__groups={"k": [{"name": str(n), "n_cells": 1} for n in range(999)]}), "expected float32"),
        (lambda m: m.update({"results/" + "0" * 64 + ".safetensors": b"x"}), "not of it"),
        (record(results={"0" * 64: "1" * 32}), "missing"),
        (record(results={"../x": "1" * 32}), "results"),
        (record(runs__0__results=["x"]), "results"),
        (array(np.zeros(30)), "expected float32"),
        (array(np.full(30, np.nan, np.float32)), "not finite"),
        (array(np.array([{}] * 30, object), allow_pickle=True), "expected float32|no array"),
        (array(np.zeros((30, 1), np.float32)), "expected float32"),
        (array(np.ones(30, np.float32)), "were changed"),
        (lambda m: m.update({n: b"\x93NUMPY\x01\x00" + b"\xff" * 90 for n in m if "variance" in n}), "no array"),
    ],
)
def test_files_that_do_not_fit_are_a_sentence(content: bytes, change: Any, why: str) -> None:
    with pytest.raises(InputError, match=why) as refused:
        read_session(remade(content, change))
    assert len(str(refused.value)) < 600


def test_results_are_bound_to_their_checksums_and_taken_as_far_as_there_is_room(session: Session, monkeypatch) -> None:
    stored = {f"{n:064x}": bytes([n]) * 100 for n in range(3)}
    runs = tuple(replace(run, results=tuple(stored)[: 1 + n]) for n, run in enumerate(session.runs))
    whole = with_results(replace(session, runs=runs), stored.get)
    assert [len(run.results) for run in whole.runs] == [1, 2] and len(whole.results) == 2
    content = write_session(whole, "0.0")
    assert read_session(content).results == whole.results and read_session(content).runs[1].results == runs[1].results
    spoilt = remade(content, lambda m: m.update({f"results/{next(iter(stored))}.safetensors": b"other"}))
    with pytest.raises(InputError, match="the result 000000000000 was changed"):
        read_session(spoilt)
    monkeypatch.setattr(session_file, "MOST_RESULT_BYTES", 150)
    few = with_results(replace(session, runs=runs), stored.get)
    assert [len(run.results) for run in few.runs] == [1, 0], "the latest run does not fit whole, the one before does"


@pytest.mark.parametrize(("most_bytes", "most_files"), [(200, 100), (299, 100), (999, 4), (999, 5)])
def test_the_latest_runs_come_first_where_there_is_room_for_two(session: Session, monkeypatch, most_bytes, most_files):
    stored = {f"{n:064x}": bytes([n]) * 100 for n in range(4)}
    days = (3, 1, 4, 2)
    runs = tuple(replace(session.runs[0], started=day, results=(a,)) for day, a in zip(days, stored, strict=True))
    monkeypatch.setattr(session_file, "MOST_RESULT_BYTES", most_bytes)
    monkeypatch.setattr(session_file, "MOST_MEMBERS", most_files)
    packed = with_results(replace(session, runs=runs), stored.get)
    assert [len(run.results) for run in packed.runs] == [1, 0, 1, 0]
    assert set(packed.results) == {f"{n:064x}" for n in (0, 2)}


def test_members_have_no_date_and_can_be_read_by_everybody(content: bytes) -> None:
    for member in zipfile.ZipFile(io.BytesIO(content)).infolist():
        assert (member.date_time, member.external_attr) == ((1980, 1, 1, 0, 0, 0), 0o644 << 16)


def test_as_much_as_the_limits_say_is_read_and_no_more(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    members = zipfile.ZipFile(io.BytesIO(content)).infolist()
    sizes = {member.filename: member.file_size for member in members}
    limits = {
        "MOST_MEMBERS": len(members),
        "MOST_BYTES": sum(sizes.values()),
        "MOST_RECORD_BYTES": sizes[RECORD],
        "MOST_TABLE_BYTES": sizes["found/0/edges.csv"],
    }
    for name, most in limits.items():
        with monkeypatch.context() as patched:
            patched.setattr(session_file, name, most)
            read_session(content)
            patched.setattr(session_file, name, most - 1)
            with pytest.raises(InputError, match=r"over|too long"):
                read_session(content)


def test_a_locked_member_is_refused_before_it_is_opened(content: bytes) -> None:
    for flag, words in ((1, "in an unusual way"), (2, "")):
        flagged = bytearray(content)
        flagged[content.index(b"PK\1\2") + 8] |= flag
        if words:
            with pytest.raises(InputError, match=words):
                read_session(bytes(flagged))
        else:
            read_session(bytes(flagged))


def test_tables_have_a_hundred_columns_of_one_type_at_most(content: bytes) -> None:
    def with_table(text: str) -> pd.DataFrame:
        return (
            read_session(remade(content, lambda m: m.update({"found/0/edges.csv": text.encode()})))
            .runs[0]
            .found["edges"]
        )

    columns = ",".join(f"c{n}" for n in range(100))
    assert with_table(f"{columns}\n").shape == (0, 100)
    for text in (f"{columns},c\n", f"{columns}\n{columns},c\n", "," * 400_000):  # pandas names a million for hours
        with pytest.raises(InputError, match="over 100 columns"):
            with_table(text)
    with pytest.raises(InputError, match="titles that no table"):
        with_table('"a\nb"\n')
    assert set(with_table("a\n" + "1\n" * 150_000 + "x\n")["a"]) == {"1", "x"}


def test_of_many_faults_in_a_list_one_is_looked_for(content: bytes) -> None:
    """A list of wrong entries would cost a kilobyte for each: a small file, and all memory of the machine."""

    def spoil(members: dict[str, bytes]) -> None:
        whole = json.loads(members["session.json"])
        whole["cells"][0]["genes"] = [1] * 50_000
        members["session.json"] = json.dumps(whole).encode()

    file = remade(content, spoil)
    with pytest.raises(InputError, match=r"cells\.0\.genes\.0: should be a valid string") as caught:
        read_session(file)
    cause = caught.value.__cause__
    assert isinstance(cause, ValidationError) and cause.error_count() < 10


def test_a_result_that_does_not_fit_its_question_is_forgotten_and_said(tmp_path) -> None:
    key, store = "a" * 64, Store(tmp_path)
    opened = OpenedResults({key: safetensors.numpy.save({"x": np.zeros(3)}), "b" * 64: b"no tensors"})
    assert store.get(key) is None, "nobody has opened it"
    with pytest.raises(InputError, match="does not fit this question"), Trace(opened).on() as trace:
        store.get(key)["y"]  # pyright: ignore
    assert trace.foreign == {key} and key not in opened
    with Trace(opened).on() as trace:
        assert store.get("b" * 64) is None and not trace.foreign
    opened.add({key: safetensors.numpy.save({"x": np.ones(3)})})
    with Trace(opened).on() as trace:
        assert (store.get(key) or {})["x"].sum() == 3
        store.put("c" * 64, {"made": np.ones(1)})
        assert "c" * 64 in store
    assert "c" * 64 not in store and store.stats().entries == 0, "what rests on it stays beside the store"
    with Trace(OpenedResults()).on():
        store.put("c" * 64, {"made": np.ones(1)})
    assert "c" * 64 in store


def test_other_containers_are_refused(content: bytes) -> None:
    packed_oddly = remade(content, lambda m: None, zipfile.ZIP_LZMA)
    for odd in (b"", b"PK", content[:-30], content[: len(content) // 2], packed_oddly):
        with pytest.raises(InputError, match="not a session"):
            read_session(odd)


def test_a_bomb_is_refused_before_it_is_unpacked(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_file, "MOST_BYTES", 8 << 20)
    bomb = remade(content, lambda m: m.update({"found/0/edges.csv": b"0" * (9 << 20)}))
    assert len(bomb) < 1 << 20
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(InputError, match="over 20,000 files or 8,388,608 bytes"):
        read_session(bomb)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spoilt_files_are_read_or_refused(content: bytes, data: st.DataObject) -> None:
    """Bytes of the file, and of its record, changed or cut anywhere."""
    inside = data.draw(st.booleans())
    whole = remade(content, lambda m: None, zipfile.ZIP_STORED)
    spoilt = bytearray(zipfile.ZipFile(io.BytesIO(content)).read(RECORD) if inside else whole)
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(spoilt) - 1), st.integers(0, 255)), max_size=4)):
        spoilt[at] = byte
    end = data.draw(st.integers(0, len(spoilt)) | st.just(len(spoilt)))
    cut_off = bytes(spoilt[:end])
    with contextlib.suppress(InputError):
        read_session(remade(content, lambda m: m.update({RECORD: cut_off})) if inside else cut_off)


def ugrn(*words: object, status: int = 0) -> Any:
    done = CliRunner().invoke(app, ["session", *map(str, words)])
    assert done.exit_code == status, done.output
    return done


def test_the_command_line_lists_a_session_and_writes_it_as_files(session: Session, content: bytes, tmp_path) -> None:
    (tmp_path / "s.zip").write_bytes(content)
    listed = pd.read_csv(io.StringIO(ugrn("show", tmp_path / "s.zip").stdout), keep_default_na=False)
    assert listed["kind"].tolist() == ["cells", "list", "run", "run"]
    assert "done; /network?genes=A%2CB" in listed["about"][2] and listed["size"][1] == 2
    ugrn("open", tmp_path / "s.zip", "--out", tmp_path / "out")
    data = session.cells[0].data
    profiles = anndata.read_h5ad(tmp_path / "out" / "cells_1.h5ad")
    level, profile = next(iter(data.groups["kind"].items()))
    row = profiles[f"kind = {level}"]
    np.testing.assert_array_equal(np.ravel(row.X), profile.log1p)
    np.testing.assert_array_equal(np.ravel(row.layers["detection"]), profile.detection)
    assert row.obs["n_cells"].iloc[0] == profile.n_cells and tuple(profiles.var_names) == data.genes
    assert (tmp_path / "out" / "list_1.txt").read_text() == "GATA1\nTAL1"
    edges = pd.read_csv(tmp_path / "out" / "run_1_edges.csv")
    assert len(edges) == len(session.runs[0].found["edges"]) and edges["source"].str.startswith("'=").all()
    files = pd.read_csv(tmp_path / "out" / "contents.csv", keep_default_na=False)["files"]
    assert files.tolist() == ["cells_1.h5ad", "list_1.txt", "run_1_edges.csv", ""]


def test_cells_and_lists_become_a_session(tmp_path) -> None:
    (tmp_path / "genes.txt").write_text("GATA1\nKLF1\n")
    out = tmp_path / "made.ugrn.zip"
    ugrn("save", "--cells", "example", "--list", tmp_path / "genes.txt", "--out", out)
    made = read_session(out.read_bytes())
    assert made.cells[0].data.digest == example_data().digest and list(made.lists.values()) == ["GATA1\nKLF1\n"]
    for words, said in (
        (("save", "--out", out), "would be empty"),
        (("show", tmp_path / "none.zip"), "cannot be read"),
        (("show", tmp_path / "genes.txt"), "not a session"),
        (("open", out, "--out", tmp_path / "genes.txt"), "cannot be written"),
        (("save", "--cells", "example", "--out", tmp_path / "no" / "s.zip"), "--out is"),
    ):
        assert said in ugrn(*words, status=2).stderr
