"""The process that reads files: what it sees, what it may take, and how it ends."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import time

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import psutil
import pytest
from scipy import sparse
from typer.testing import CliRunner

from tests.test_h5ad import GENES, dataset, same, saved, turned_around
from ugrn_core.cli import app
from ugrn_core.data import groups, hdf5, limits, untrusted
from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad
from ugrn_core.data.untrusted import open_untrusted_h5ad, read_untrusted_h5ad
from ugrn_core.errors import Cancelled, DiskError, InputError

ENDLESS = "import time\nprint('{\"ready\": true}', flush=True)\nwhile True: time.sleep(1)"


@pytest.fixture
def path(tmp_path):
    return saved(dataset(), tmp_path)


def instead(monkeypatch, program: str) -> None:
    """Run a program in the place of the reader."""
    monkeypatch.setattr(untrusted, "COMMAND", (*untrusted.COMMAND[:2], "-c", program))


def answer_of(monkeypatch, path, expression: str):
    """What an expression gives where the reader would be."""
    program = f"import json, os, resource, sys\nprint(json.dumps({{'error': json.dumps({expression})}}))"
    instead(monkeypatch, program)
    with pytest.raises(InputError) as caught:
        open_untrusted_h5ad(path)
    return json.loads(str(caught.value))


# --- what it reads -------------------------------------------------------------------------------------------------


def test_an_upload_is_read_by_a_process_of_its_own(path):
    upload = io.BytesIO(path.read_bytes())
    upload.name = "../data.h5ad"
    seen: list[float] = []
    same(read_untrusted_h5ad(upload, progress=lambda share, _: seen.append(share)), read_h5ad(path))
    assert seen[-1] == 1.0
    assert open_untrusted_h5ad(path)[0] == inspect_h5ad(path)


def test_a_file_that_leaves_no_choice_is_opened_by_one_process(tmp_path, path, monkeypatch):
    started, real, seen = [], untrusted._started, []
    monkeypatch.setattr(untrusted, "_started", lambda *given: started.append(1) or real(*given))
    contents, cells = open_untrusted_h5ad(path, progress=lambda share, _: seen.append(share))
    assert contents == inspect_h5ad(path) and cells is not None and not contents.leaves_a_choice
    same(cells, read_h5ad(path))
    assert started == [1] and seen == sorted(seen) and seen[-1] == 1.0
    several = tmp_path / "several.h5ad"
    data = ad.read_h5ad(path)
    data.layers["raw"] = data.X.copy()
    data.write_h5ad(several)
    contents, cells = open_untrusted_h5ad(several)
    assert contents == inspect_h5ad(several) and contents.leaves_a_choice and cells is None


def test_its_errors_are_those_of_the_reader(tmp_path, path):
    with pytest.raises(InputError, match="genes in rows"):
        read_untrusted_h5ad(turned_around(tmp_path))
    with pytest.raises(InputError, match="no layer 'raw'"):
        read_untrusted_h5ad(path, layer="raw")


@pytest.mark.parametrize("name", ["\0", "x" * 300 + ".h5ad", "..", "", "a\nb", None])
def test_the_name_of_an_upload_is_for_reading_only(path, name):
    upload = io.BytesIO(path.read_bytes())
    if name is not None:
        upload.name = name
    label = read_untrusted_h5ad(upload).label
    assert label.isprintable()
    assert 0 < len(label) <= 200


def test_the_command_line_does_not_open_files_itself(path, monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("opened in this process")

    monkeypatch.setattr(h5py, "File", refuse)
    line = ["pair", "SOX2", "NANOG", "--backbone", "ugrn-mini", "--context", str(path), "--json"]
    outcome = CliRunner().invoke(app, line)
    assert outcome.exit_code == 0, outcome.output


# --- what it sees --------------------------------------------------------------------------------------------------


def test_it_sees_neither_environment_nor_folder_nor_files_of_its_parent(path, tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_TOKEN", "secret")
    monkeypatch.setenv("HDF5_PLUGIN_PATH", str(tmp_path))
    monkeypatch.setenv("HDF5_DRIVER", "core")
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    monkeypatch.chdir(tmp_path)
    held = os.open(path, os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        found = answer_of(
            monkeypatch,
            path,
            "[dict(os.environ), os.getcwd(), os.listdir('/proc/self/fd'), sys.path, sys.flags.safe_path]",
        )
    finally:
        os.close(held)
    environment, folder, files, search, safe = found
    assert not {"UGRN_TOKEN", "HDF5_PLUGIN_PATH", "HDF5_DRIVER", "PYTHONSTARTUP", "HOME", "PATH"} & set(environment)
    assert len(environment) <= 15
    assert folder != str(tmp_path)
    assert len(files) == 4  # input, output, complaints, and the list of them itself
    assert safe
    assert not {"", ".", str(tmp_path), folder} & set(search)


def test_modules_planted_where_the_app_runs_are_not_loaded(path, tmp_path, monkeypatch):
    planted = tmp_path / "planted"
    planted.mkdir()
    for module in ("h5py", "numpy", "json", "ugrn_core", "sitecustomize"):
        (planted / f"{module}.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(planted)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", "planted"]))
    assert open_untrusted_h5ad(path)[0].n_cells == 30


# --- what it may take ----------------------------------------------------------------------------------------------


def limited(monkeypatch, path, *names: str) -> list[int]:
    """Limits of the reader once it has given up what it does not need."""
    wanted = ", ".join(f"resource.getrlimit(resource.{name})" for name in names)
    program = (
        "import json, resource\nfrom ugrn_core.data import reader\nreader._give_up(100 << 20, 7)\n"
        f"print(json.dumps({{'error': json.dumps([{wanted}])}}))"
    )
    instead(monkeypatch, program)
    with pytest.raises(InputError) as caught:
        open_untrusted_h5ad(path)
    found = json.loads(str(caught.value))
    assert all(soft == hard for soft, hard in found)
    return [soft for soft, _ in found]


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux only")
def test_it_gives_up_what_reading_does_not_need(path, monkeypatch):
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_FSIZE")
    space, seconds, files, core, size = limited(monkeypatch, path, *names)
    assert 100 << 20 < space < 3 << 30
    assert (seconds, core, size) == (17, 0, 100 << 20)
    assert files <= 64


def big_file(folder, n_cells: int, n_columns: int = 60):
    """Sparse counts of many cells with many columns: categories, text, whole and broken numbers."""
    rng = np.random.default_rng(0)
    counts = sparse.random(n_cells, len(GENES), 0.4, format="csr", dtype=np.float32, random_state=0)
    counts.data = np.ceil(counts.data * 9)
    counts.indptr = counts.indptr.astype(np.int64)
    kinds = [
        lambda: pd.Categorical.from_codes(rng.integers(0, 30, n_cells), [f"level {i}" for i in range(30)]),
        lambda: rng.choice(np.array(["a cell of one kind", "a cell of another kind"], dtype=object), n_cells),
        lambda: rng.random(n_cells),
        lambda: np.array([f"{i:016x}" for i in range(n_cells)], dtype=object),
    ]
    obs = {f"c{i:02d}": kinds[i % 4]() for i in range(n_columns)}
    data = ad.AnnData(counts, obs=pd.DataFrame(obs, index=[f"cell {i}" for i in range(n_cells)]))
    data.var_names = GENES
    data.strings_to_categoricals = lambda *_: None  # text stays text
    data.write_h5ad(folder / "big.h5ad", convert_strings_to_categoricals=False)
    return folder / "big.h5ad"


def test_many_cells_and_columns_are_read_in_little_memory(tmp_path, monkeypatch):
    """100,000 cells and 60 columns (a tenth of an atlas) within 96 MB."""
    path = big_file(tmp_path, 100_000)
    monkeypatch.setenv(limits.MEMORY, "96M")
    monkeypatch.setenv(limits.SECONDS, "600")
    data = read_untrusted_h5ad(path)
    assert data.n_cells == 100_000
    assert list(data.groups) == [f"c{i:02d}" for i in range(60) if i % 4 < 2]
    truth = ad.read_h5ad(path)
    rows = (truth.obs["c01"] == "a cell of one kind").to_numpy()
    assert data.groups["c01"]["a cell of one kind"].n_cells == rows.sum()
    np.testing.assert_allclose(
        data.groups["c01"]["a cell of one kind"].detection, (truth.X[rows] > 0).mean(0).A1, rtol=1e-5
    )


def repeated_text(folder, n_cells: int, size: int):
    """A column whose texts all lie at one place of the file: small on disk, large in memory."""
    path = saved(dataset(np.ones((n_cells, len(GENES)), np.float32)), folder)
    with h5py.File(path, "r+") as file:
        file["obs/huge"] = np.array([b"x" * size] + [b""] * (n_cells - 1), dtype=h5py.string_dtype())
        offset = file["obs/huge"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[offset : offset + 16 * n_cells] = content[offset : offset + 16] * n_cells
    path.write_bytes(bytes(content))
    return path


def test_text_that_unfolds_is_a_sentence_that_names_its_column(tmp_path, monkeypatch):
    path = repeated_text(tmp_path, 3000, 300_000)
    assert path.stat().st_size < 4 << 20
    with pytest.raises(InputError, match=r"/obs/huge takes more memory.*Leave it out.*UGRN_READ_MEMORY"):
        read_untrusted_h5ad(path)


def test_long_texts_are_no_levels(path):
    with h5py.File(path, "r+") as file:
        for name, size in (("long", 1001), ("short", 1000)):
            file[f"obs/{name}"] = np.array([b"x" * size, b"y" * size] * 15)
            group = file.create_group(f"obs/{name} categories")
            group["codes"], group["categories"] = np.arange(30) % 2, file[f"obs/{name}"][:2]
    found = open_untrusted_h5ad(path)[0].groups
    assert {"short", "short categories"} == {name for name in found if "o" in name}


def test_a_matrix_that_needs_too_much_is_a_sentence(tmp_path, monkeypatch):
    """One cell with a value in each of many genes, times many levels."""
    genes = 60_000
    obs = pd.DataFrame({f"c{i}": pd.Categorical([f"level {j % 40}" for j in range(80)]) for i in range(1)})
    obs.index = obs.index.astype(str)
    data = ad.AnnData(sparse.csr_matrix(np.ones((80, genes), np.float32)), obs=obs)
    data.var_names = [f"GENE{i}" for i in range(genes)]
    path = saved(data, tmp_path)
    assert len(read_untrusted_h5ad(path).groups) == 1
    monkeypatch.setenv(limits.MEMORY, "64M")
    with pytest.raises(InputError, match=r"takes more (than 64 MB of )?memory.*UGRN_READ_MEMORY"):
        read_untrusted_h5ad(path)


def test_large_chunks_are_refused_and_those_within_the_limit_are_read(tmp_path):
    """Chunks of many zeros: 1,000 times as large in memory as in the file."""
    n = hdf5.MAX_CHUNK_BYTES // 4
    path = saved(dataset(sparse.csr_matrix(np.ones((30, len(GENES)), np.float32))), tmp_path)
    for size, words in ((n, None), (n + 1, "chunks of 64 MB; at most 64 MB are read at once")):
        with h5py.File(path, "r+") as file:
            for part, values in (("data", np.float32(1)), ("indices", np.int32(0))):
                kept = file[f"X/{part}"][:]
                del file[f"X/{part}"]
                stored = file.create_dataset(
                    f"X/{part}", kept.shape, values.dtype, chunks=(size,), maxshape=(None,), compression="gzip"
                )
                stored[:] = kept
        if words is None:
            assert read_untrusted_h5ad(path).n_cells == 30
        else:
            with pytest.raises(InputError, match=words):
                read_untrusted_h5ad(path)


def test_entries_of_megabytes_are_refused(path):
    with h5py.File(path, "r+") as file:
        file.create_dataset("obs/wide", shape=(30,), dtype="S5000000", chunks=(1,))
    with pytest.raises(InputError, match=r"/obs/wide has entries of 5,000,000 bytes"):
        read_untrusted_h5ad(path)


def test_columns_that_do_not_fit_the_time_are_left_out_and_named(path, monkeypatch):
    """The wanted column comes first, and one that costs nothing beside another stays with it."""
    assert list(read_h5ad(path).groups) == ["batch", "kind", "tall"]
    with h5py.File(path, "r+") as file:
        codes = file["obs/kind/codes"][:]
        of_kind = [0 if kind in (b"B", b"T") else 1 for kind in file["obs/kind/categories"][:]]
        file["obs/lineage/codes"] = np.where(codes < 0, -1, np.array(of_kind)[codes])
        file["obs/lineage/categories"] = [b"lymphoid", b"innate"]
    filled = int(read_h5ad(path).whole.detection.sum() * 30 + 0.5)
    monkeypatch.setattr(groups, "GROUPED_VALUES_A_SECOND", filled / 60)
    read = read_h5ad(path, group="kind=B")
    assert list(read.groups) == ["kind", "lineage"]
    assert any("groups of batch, tall" in note and "UGRN_READ_SECONDS" in note for note in read.notes)
    assert list(read_h5ad(path).groups) == ["batch"]
    monkeypatch.setenv(limits.SECONDS, "180")
    assert list(read_h5ad(path).groups) == ["batch", "kind", "lineage", "tall"]


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan", "inf", "1e9"])
def test_a_time_that_is_none_is_refused(path, monkeypatch, given):
    monkeypatch.setenv(limits.SECONDS, given)
    with pytest.raises(InputError, match=r"UGRN_READ_SECONDS is .*such as 300"):
        read_untrusted_h5ad(path)


@pytest.mark.parametrize("given", ["0", "1M", "lots", "-2G", "1e9T"])
def test_a_memory_that_is_none_is_refused(path, monkeypatch, given):
    monkeypatch.setenv(limits.MEMORY, given)
    with pytest.raises(InputError, match=r"UGRN_READ_MEMORY is .*such as 2G"):
        read_untrusted_h5ad(path)


# --- how it ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (ENDLESS, InputError, "not done after 1 seconds.*UGRN_READ_SECONDS"),
        ("import os; os.abort()", InputError, "crashed: it is damaged"),
        ("raise ValueError('a bug')", RuntimeError, "a bug"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", InputError, "not done after 1 seconds"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGALRM)", InputError, "not done after 1 seconds"),
    ],
    ids=["hangs", "crashes", "bug", "processor time", "alarm"],
)
def test_a_reader_that_hangs_or_crashes_does_not_take_the_app_along(path, monkeypatch, program, error, words):
    instead(monkeypatch, program)
    monkeypatch.setenv(limits.SECONDS, "1")
    with pytest.raises(error, match=words):
        read_untrusted_h5ad(path)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_an_answer_that_nobody_wants_any_more_ends_the_process(path, monkeypatch):
    """Also of a reader that says nothing."""
    before = children()
    instead(monkeypatch, ENDLESS)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        read_untrusted_h5ad(path, cancel=lambda: bool(children() - before) and time.monotonic() > started + 0.5)
    with pytest.raises(Cancelled):
        open_untrusted_h5ad(path, cancel=lambda: bool(children() - before))
    assert children() == before


def test_an_error_while_progress_is_shown_ends_it_too(path):
    before = children()

    def stop(_share: float, _what: str) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        read_untrusted_h5ad(path, progress=stop)
    assert children() == before


def test_a_full_disk_is_a_sentence(path, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    upload = io.BytesIO(path.read_bytes())
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(DiskError, match=r"no room to read a file: No space left.*TMPDIR"):
        read_untrusted_h5ad(upload)


def test_cells_that_cannot_be_kept_are_a_sentence(path, monkeypatch):
    """The reader writes what it read into the temporary folder, which may be full by then."""
    program = (
        "from ugrn_core.data import reader\ndef full(*_): raise OSError(28, 'No space left')\n"
        "reader.save_expression = full\nreader.main()"
    )
    instead(monkeypatch, program)
    with pytest.raises(InputError, match=r"cannot be kept in .*No space left.*TMPDIR"):
        read_untrusted_h5ad(path)
