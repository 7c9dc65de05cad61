"""Arrays on disk: a full disk must be a sentence, never the end of the process."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
import tempfile

import numpy as np
import psutil
import pytest

from ugrn_core.errors import DiskError
from ugrn_core.network import scores
from ugrn_core.network.scores import DiskArray
from ugrn_core.paths import ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("shape", [(3, 4), (0,), (1,), (2, 600_000)])
def test_an_array_is_zeros_at_first_and_keeps_what_is_written(folder, monkeypatch, shape):
    monkeypatch.setattr(scores, "KEPT_BYTES", 0)
    kept = DiskArray(shape, np.float32)
    assert kept.array.shape == shape
    assert not kept.array.any()
    kept.array[...] = np.arange(kept.array.size, dtype=np.float32).reshape(shape)
    kept.let_go()
    np.testing.assert_array_equal(kept.array.ravel(), np.arange(kept.array.size, dtype=np.float32))


def test_its_file_has_no_name_that_could_stay_behind(folder):
    kept = DiskArray((1000,), np.float64)
    assert not list(folder.iterdir())
    del kept


def test_the_space_is_there_before_the_array_is(folder):
    """A file with holes would end the process at the first page that finds no room."""
    before = psutil.disk_usage(str(folder)).free
    kept = DiskArray((32 << 20,), np.uint8)
    files = [
        os.stat(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")
    ]
    sizes = {s.st_blocks * 512 for s in files if s.st_size == 32 << 20} if sys.platform == "linux" else set()
    assert not sizes or max(sizes) >= 32 << 20
    assert sizes or psutil.disk_usage(str(folder)).free < before
    assert not kept.array.any()


def test_where_nothing_can_be_reserved_zeros_are_written(folder, monkeypatch):
    def unknown(*_):
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    kept = DiskArray((3 << 20,), np.uint8)
    assert not kept.array.any()
    monkeypatch.delattr(os, "posix_fallocate")
    assert not DiskArray(((1 << 20) + 7,), np.uint8).array.any()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES])
def test_a_full_disk_is_a_sentence(folder, monkeypatch, number):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DiskError, match=r"needs 8 MB in the temporary folder .* MB are free .*Make room.*TMPDIR"):
        DiskArray((1 << 20,), np.float64)


def test_a_missing_temporary_folder_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(DiskError, match=r"temporary folder, and there is none.*TMPDIR"):
        DiskArray((1 << 20,), np.float64)


PROGRAM = """
import resource, sys
import numpy as np
from ugrn_core.errors import DiskError
from ugrn_core.network import scores
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    scores.DiskArray((4 << 20,), np.uint8).array[:] = 1
except DiskError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize("reserve", [True, False], ids=["reserved", "written"])
def test_a_process_without_room_lives_on(reserve):
    program = PROGRAM if reserve else "import os; del os.posix_fallocate\n" + PROGRAM
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "needs 4 MB in the temporary folder" in ended.stdout


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs a file system of its own")
def test_a_file_system_that_is_full_is_a_sentence(tmp_path):
    """The real thing where it can be had: 2 MB of memory as the temporary folder."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        program = PROGRAM.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))", "")
        ended = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, (ended.returncode, ended.stderr)
        assert "needs 4 MB in the temporary folder" in ended.stdout
    finally:
        gc.collect()
        subprocess.run(["umount", str(tmp_path)], check=True)
