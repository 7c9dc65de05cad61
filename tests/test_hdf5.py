"""An HDF5 file of anybody, opened and gone through: where it begins, how large it is, what is followed."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import h5py
import numpy as np
import pytest

from ugrn_core.data import hdf5
from ugrn_core.data.hdf5 import attribute, child, is_hdf5, keys, open_hdf5, read, readable
from ugrn_core.errors import InputError


def content(user_block: int = 0) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w", userblock_size=user_block) as file:
        file["a/b/c"] = [1, 2, 3]
        file["d"] = 5
    return out.getvalue()


@pytest.fixture
def file():
    with h5py.File("some", "w", driver="core", backing_store=False) as opened:
        yield opened


@pytest.mark.parametrize("user_block", [0, 512, 1024, 4096])
def test_a_file_is_opened_wherever_hdf5_may_begin(tmp_path, user_block):
    path = tmp_path / "x.h5"
    path.write_bytes(content(user_block))
    assert is_hdf5(path)
    stream = io.BytesIO(path.read_bytes())
    stream.seek(7)
    for source in (path, str(path), stream):
        with open_hdf5(source) as opened:
            assert opened["a/b/c"][()].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"x", "is not HDF5"),
        (b"\x1f\x8b\x08", "is gzip-compressed"),
        (b"PK\3\4", "is a zip archive"),
        (b"x" * 512 + content(), "cannot be read"),  # it begins there, and its addresses do not
        (b"x" * 513 + content(), "is not HDF5"),
        (b"x" * 1536 + content(), "is not HDF5"),
    ],
)
def test_what_is_no_hdf5_file_is_told(tmp_path, start, words):
    path = tmp_path / "x.h5"
    path.write_bytes(start)
    assert is_hdf5(path) == (words == "cannot be read")
    for source in (path, io.BytesIO(start)):
        if words == "cannot be read":
            break
        with pytest.raises(InputError, match=words), open_hdf5(source):
            pass
    with pytest.raises(InputError, match="There is no file"), open_hdf5(tmp_path / "none.h5"):
        pass


def test_a_file_may_have_as_many_bytes_as_the_limit(monkeypatch):
    whole = content()
    monkeypatch.setattr(hdf5, "MAX_FILE_BYTES", len(whole))
    with open_hdf5(io.BytesIO(whole)) as opened:
        assert "d" in opened
    monkeypatch.setattr(hdf5, "MAX_FILE_BYTES", len(whole) - 1)
    with pytest.raises(InputError, match="at most 0 GB are read"), open_hdf5(io.BytesIO(whole)):
        pass


def test_links_are_counted_over_all_groups_and_depth_from_the_root(file, monkeypatch):
    for name in ("a/b/c", "a/b/d", "a/e", "f", "g/h"):
        file.create_group(name)
    file["a/again"] = file["a/b"]  # 9 links; what is met again is not gone through again
    monkeypatch.setattr(hdf5, "MAX_LINKS", 9)
    hdf5._check_links(file)
    for most in (8, 5, 2):
        monkeypatch.setattr(hdf5, "MAX_LINKS", most)
        with pytest.raises(InputError, match=f"more than {most} entries"):
            hdf5._check_links(file)
    monkeypatch.setattr(hdf5, "MAX_LINKS", 9)
    monkeypatch.setattr(hdf5, "MAX_DEPTH", 3)
    hdf5._check_links(file)
    for most in (2, 1, 0):
        monkeypatch.setattr(hdf5, "MAX_DEPTH", most)
        with pytest.raises(InputError, match=f"more than {most} groups within each other"):
            hdf5._check_links(file)
    for place in ("z", "g/z"):
        file[place] = h5py.ExternalLink("other.h5", "/")
        monkeypatch.setattr(hdf5, "MAX_DEPTH", 3)
        monkeypatch.setattr(hdf5, "MAX_LINKS", 99)
        with pytest.raises(InputError, match=f"^/{place} is a link to another file"):
            hdf5._check_links(file)
        del file[place]
    file["soft"] = h5py.SoftLink("/nowhere")
    hdf5._check_links(file)
    file["type"] = np.dtype("f8")
    hdf5._check_links(file)


def test_a_child_is_a_group_or_a_data_set_that_numpy_has(file):
    file["a/b"] = [1, 2]
    file["soft"] = h5py.SoftLink("/a")
    file["type"] = np.dtype("f8")
    h5py.h5d.create(file.id, b"time", h5py.h5t.UNIX_D32LE, h5py.h5s.create_simple((2,)))
    found = child(file, "a", "b")
    assert isinstance(found, h5py.Dataset) and read(found).tolist() == [1, 2] and read(found, 1) == 2
    assert isinstance(child(file, "a"), h5py.Group) and child(file) == file
    for names in (("none",), ("a", "none"), ("a", "b", "c"), ("none", "a"), ("type",), ("time",)):
        assert child(file, *names) is None
    assert child(None, "a") is None
    with pytest.raises(InputError, match=r"^/soft is a link to another place"):
        child(file, "soft")
    assert keys(file) == ["a", "soft", "time", "type"]


def test_attributes_are_text_or_what_they_are(file):
    file.attrs.update({"bytes": np.bytes_(b"a\xff"), "text": "b", "number": 5})
    assert attribute(file, "bytes") == "a\ufffd"
    assert (attribute(file, "text"), attribute(file, "number"), attribute(file, "none")) == ("b", 5, None)


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"a\0b"])
def test_a_name_that_may_be_a_path_is_refused(name):
    for fine in (b"a", b"...", b".a", b"a.."):
        assert hdf5._checked_name(fine, "/x") == fine
    for where, words in (("/x", "as an entry of /x;"), ("", "as an entry of /;")):
        with pytest.raises(InputError, match=words):
            hdf5._checked_name(name, where)


def test_up_to_eighty_bytes_of_a_name_are_shown():
    assert hdf5._shown(b"x" * 80) == "x" * 80 == hdf5._shown(b"x" * 81)


def test_chunks_of_the_limit_are_read_and_what_is_in_one_piece_has_none(file, monkeypatch):
    monkeypatch.setattr(hdf5, "MAX_CHUNK_BYTES", 8 * 6)
    file.create_dataset("fits", (10, 10), "f8", chunks=(2, 3))
    file.create_dataset("more", (10, 10), "f8", chunks=(7, 1))
    file.create_dataset("whole", (10, 10), "f8")
    file.create_dataset("wide", (1,), "S49")
    for name in ("fits", "whole", "wide"):
        assert child(file, name) is not None
    with pytest.raises(InputError, match=r"/more is stored in chunks of 0 MB"):
        child(file, "more")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("no"), r"^It cannot be read: .* \(no\)"),
        (KeyError("x"), r"^It cannot be read: .* \(x\)"),
        (OSError("unable to allocate"), "^It takes more memory"),
        (MemoryError(), "^It takes more memory"),
    ],
)
def test_errors_of_the_library_are_one_sentence(error, words):
    with pytest.raises(InputError, match=words), readable("It"):
        raise error
    with pytest.raises(ZeroDivisionError), readable("It"):
        raise ZeroDivisionError


def test_a_group_that_cannot_be_gone_through_is_named():
    def broken(_take):
        raise RuntimeError("bad heap")

    group = cast("Any", SimpleNamespace(links=SimpleNamespace(iterate=broken)))
    for path, words in (("", "^/ cannot be read"), ("/a", "^/a cannot be read")):
        with pytest.raises(InputError, match=words):
            hdf5._link_names(group, path, 9)
