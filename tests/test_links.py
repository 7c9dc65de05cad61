"""Files with a way out of themselves: an upload must not show what lies elsewhere on the machine that reads it."""

from __future__ import annotations

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ugrn_core.data import hdf5
from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad
from ugrn_core.data.untrusted import open_untrusted_h5ad, read_untrusted_h5ad
from ugrn_core.errors import InputError

GENES = ["SOX2", "NANOG", "POU5F1", "TP53"]
SECRETS = ["SECRETA", "SECRETB", "SECRETC", "SECRETD"]


@pytest.fixture
def secret(tmp_path):
    """Another HDF5 file of the machine, of the very shape that would be read."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["names"] = np.array(SECRETS, dtype="S8")
        file["cells"] = np.array([f"SECRET{i}" for i in range(6)], dtype="S8")
        file["numbers"] = np.full((6, 4), 4242.0, np.float32)
        file["group/names"] = np.array(SECRETS, dtype="S8")
    return path


@pytest.fixture
def path(tmp_path):
    """A sound file of six cells and four genes."""
    counts = np.arange(24, dtype=np.float32).reshape(6, 4)
    obs = pd.DataFrame({"kind": pd.Categorical(list("ABABAB"))}, index=[f"c{i}" for i in range(6)])
    data = ad.AnnData(sparse.csr_matrix(counts), obs=obs, var=pd.DataFrame(index=GENES), uns={"note": "x"})
    data.write_h5ad(tmp_path / "data.h5ad")
    return tmp_path / "data.h5ad"


def index_through_a_link(file, secret):
    file["var/way"] = h5py.ExternalLink(str(secret), "/")
    file["var"].attrs["_index"] = "way/names"


def index_through_a_link_of_the_root(file, secret):
    file["way"] = h5py.ExternalLink(str(secret), "/group")
    file["var"].attrs["_index"] = "/way/names"


def index_by_a_link(file, secret):
    del file["var/_index"]
    file["var/_index"] = h5py.ExternalLink(str(secret), "names")


def index_through_two_links(file, secret):
    file["uns/way"] = h5py.ExternalLink(str(secret), "/")
    del file["var/_index"]
    file["var/_index"] = h5py.SoftLink("/uns/way/names")


def a_table_elsewhere(file, secret):
    del file["var"]
    file["var"] = h5py.ExternalLink(str(secret), "group")


def categories_elsewhere(file, secret):
    del file["obs/kind/categories"]
    file["obs/kind/categories"] = h5py.ExternalLink(str(secret), "names")


def part_of_a_matrix_elsewhere(file, secret):
    del file["X/data"]
    file["X/data"] = h5py.ExternalLink(str(secret), "numbers")


def a_link_nobody_reads(file, secret):
    file["uns/deep/er/way"] = h5py.ExternalLink(str(secret), "/")


def a_link_of_another_kind(file, secret):
    file["uns/way"] = h5py.ExternalLink(str(secret), "/")
    return lambda content: content.replace(b"\x01\x08\x40\x03way", b"\x01\x08\x46\x03way")


def a_link_in_a_file_of_the_newest_form(file, secret):
    newest = secret.with_name("newest.h5")
    with h5py.File(newest, "w", libver="latest") as other:
        for name in file:
            file.copy(name, other)
        other["uns/way"] = h5py.ExternalLink(str(secret), "/")
    return lambda _: newest.read_bytes()


def virtual(file, secret):
    del file["var/_index"]
    layout = h5py.VirtualLayout((4,), "S8")
    layout[:] = h5py.VirtualSource(str(secret), "names", (4,), "S8")
    file["var"].create_virtual_dataset("_index", layout)


def virtual_part_of_a_matrix(file, secret):
    values = len(file["X/data"])
    del file["X/data"]
    layout = h5py.VirtualLayout((values,), "f4")
    for i in range(values):
        layout[i] = h5py.VirtualSource(str(secret), "numbers", (6, 4), "f4")[i % 6, i % 4]
    file["X"].create_virtual_dataset("data", layout)


def virtual_that_nobody_reads(file, secret):
    layout = h5py.VirtualLayout((4,), "S8")
    layout[:] = h5py.VirtualSource(str(secret), "names", (4,), "S8")
    file["uns"].create_virtual_dataset("other", layout)


def raw_storage(file, secret):
    del file["var/_index"]
    file["var"].create_dataset("_index", (4,), "S8", external=[(str(secret), 0, 32)])


def raw_storage_that_nobody_reads(file, secret):
    file["uns"].create_dataset("other", (4,), "S8", external=[(str(secret), 0, 32)])


WAYS_OUT = [
    index_through_a_link,
    index_through_a_link_of_the_root,
    index_by_a_link,
    index_through_two_links,
    a_table_elsewhere,
    categories_elsewhere,
    part_of_a_matrix_elsewhere,
    a_link_nobody_reads,
    a_link_of_another_kind,
    a_link_in_a_file_of_the_newest_form,
    virtual,
    virtual_part_of_a_matrix,
    virtual_that_nobody_reads,
    raw_storage,
    raw_storage_that_nobody_reads,
]


def changed(path, change, *more):
    """The file with a change made by the HDF5 library, and one of its bytes where the change returns one."""
    with h5py.File(path, "r+") as file:
        on_bytes = change(file, *more)
    if on_bytes:
        before = path.read_bytes()
        path.write_bytes(on_bytes(before))
        assert path.read_bytes() != before
    return path


@pytest.mark.parametrize("change", WAYS_OUT, ids=lambda change: change.__name__)
@pytest.mark.parametrize("look", [read_h5ad, inspect_h5ad], ids=lambda look: look.__name__)
def test_a_file_with_a_way_out_is_refused_whole(path, secret, change, look):
    with pytest.raises(InputError, match=r"link to another file|stored in another file") as caught:
        look(changed(path, change, secret))
    assert "SECRET" not in str(caught.value)


def test_the_reader_of_uploads_refuses_it_too(path, secret):
    changed(path, index_through_a_link, secret)
    with pytest.raises(InputError, match="way is a link to another file"):
        open_untrusted_h5ad(path)
    with pytest.raises(InputError, match="way is a link to another file"):
        read_untrusted_h5ad(path)


def test_a_link_is_refused_before_what_it_points_to_is_opened(path, tmp_path, monkeypatch):
    """The library must not even look whether the other file is there."""
    changed(path, index_by_a_link, tmp_path / "not there.h5")
    monkeypatch.setattr(hdf5, "_check_links", lambda _: None)
    with pytest.raises(InputError, match="link to another place"):
        read_h5ad(path)


@pytest.mark.parametrize("index", ["way/names", "/obs/_index", "../obs/_index", "..", ".", "", "_index\0x", "a/"])
def test_names_from_inside_a_file_are_no_paths(path, index):
    def rename(file):
        del file["var"].attrs["_index"]
        file["var"].attrs.create("_index", np.bytes_(index.encode() + b"\0x" * (not index)))
        file["var/way/names"] = np.array(SECRETS, dtype="S8")

    with pytest.raises(InputError, match=r"no index|is empty or holds a /"):
        read_h5ad(changed(path, rename))


def test_a_slash_written_into_a_name_is_refused(path):
    """No library writes such a link; whoever edits the bytes can."""

    def rename(file):
        file["obs/wXnames"] = np.arange(6)
        return lambda content: content.replace(b"wXnames\0", b"w/names\0")

    with pytest.raises(InputError, match=r"names 'w/names' as an entry of /obs"):
        read_h5ad(changed(path, rename))


def test_a_column_of_an_old_table_is_no_path(path):
    """Before 0.7 the categories of a column lay under uns, by the name of the column."""

    def old_table(file):
        del file["obs"]
        rows = np.zeros(6, [("index", "S8"), ("way/out", "i1")])
        rows["index"] = [f"c{i}".encode() for i in range(6)]
        file["obs"] = rows
        file["uns/way/out_categories"] = np.array(SECRETS, dtype="S8")

    with pytest.raises(InputError, match="'way/out_categories' as an entry of /uns"):
        read_h5ad(changed(path, old_table))


def test_references_are_not_followed(path):
    def refer(file):
        file["var/names"] = np.array(SECRETS, dtype="S8")
        del file["var/_index"]
        names = np.array([file["var/names"].ref] * 4, dtype=h5py.ref_dtype)
        file["var"].create_dataset("_index", data=names, dtype=h5py.ref_dtype)
        file["var"].attrs["other"] = file["var/names"].ref

    with pytest.raises(InputError, match="var has no index that can be read"):
        read_h5ad(changed(path, refer))


def test_groups_in_a_circle_and_links_within_the_file_are_no_reason(path):
    def circle(file):
        file["uns/itself"] = file["uns"]
        file["uns/root"] = file["/"]
        file["uns/soft"] = h5py.SoftLink("/uns/soft")
        file["uns/dangling"] = h5py.SoftLink("/nowhere/at/all")
        file["uns/type"] = np.dtype("f8")

    assert read_h5ad(changed(path, circle)).genes == tuple(GENES)


def test_depth_and_number_of_entries_are_bounded(path, monkeypatch):
    def deep(file):
        file.create_group("uns/" + "/".join("d" * hdf5.MAX_DEPTH))

    deep_file = changed(path, deep)
    with pytest.raises(InputError, match="32 groups within each other"):
        read_h5ad(deep_file)
    monkeypatch.setattr(hdf5, "MAX_DEPTH", 50)
    assert read_h5ad(deep_file).genes == tuple(GENES)
    monkeypatch.setattr(hdf5, "MAX_LINKS", 20)
    with pytest.raises(InputError, match="more than 20 entries"):
        read_h5ad(deep_file)
