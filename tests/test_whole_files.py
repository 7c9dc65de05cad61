"""Files and folders that are whole or not there: after errors, kills, and beside another writer."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ugrn_core import whole_files
from ugrn_core.whole_files import PARTIAL, remove_sealed, whole_file, whole_folder, write_whole

NAMES = ("edges", "genes", "seal")


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_when_the_block_ends_and_nothing_else_is(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    with whole_file(file) as partial:
        partial.write_text("new")
        assert not file.exists()
    assert (file.read_text(), everything(tmp_path)) == ("new", ["a.csv"])


def test_a_lock_waits_for_ever_unless_it_is_told(tmp_path: Path, monkeypatch) -> None:
    waits = []
    real = whole_files.FileLock
    monkeypatch.setattr(
        whole_files, "FileLock", lambda *args, **how: waits.append(how["timeout"]) or real(*args, **how)
    )
    for more in ({}, {"seconds": 3}):
        with whole_files.file_lock(tmp_path / "lock", **more):
            (tmp_path / "lock").unlink()  # as who held it before may do
    assert waits == [-1, 3]


def test_a_folder_that_vanished_hides_no_error(tmp_path: Path) -> None:
    def vanish(written: Path) -> None:
        written.rmdir()
        raise InterruptedError

    with pytest.raises(InterruptedError), whole_folder(tmp_path, NAMES) as written:
        vanish(written)


def test_an_error_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    write_whole(file, b"old")
    with suppress(ZeroDivisionError), whole_file(file) as partial:
        partial.write_text("half")
        _ = 1 / 0
    assert (file.read_text(), everything(tmp_path)) == ("old", ["a.csv"])


def test_what_a_killed_run_left_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "a.csv.partial").write_text("much more than the next run writes")
    (tmp_path / "a.csv.partial.lock").touch()
    write_whole(tmp_path / "a.csv", b"new")
    assert ((tmp_path / "a.csv").read_bytes(), everything(tmp_path)) == (b"new", ["a.csv"])


@pytest.mark.skipif(os.name == "nt", reason="links and devices are those of POSIX")
def test_a_link_is_followed_and_a_device_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(OSError, match="no plain file"):
        write_whole(Path(os.devnull), b"new")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no plain file"):
        write_whole(tmp_path / "pipe", b"new")


def test_two_writers_of_a_place_take_turns_or_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_files, "PATIENCE", 0.05)
    with whole_file(tmp_path / "a") as partial:
        partial.touch()
        with pytest.raises(OSError, match="another program is writing"):
            write_whole(tmp_path / "a", b"other")
    with whole_folder(tmp_path, ("seal",)) as written:
        (written / "seal").write_text("1")
        with pytest.raises(OSError, match="another program is writing"), whole_folder(tmp_path, NAMES):
            pytest.fail("two writers in one folder")
    assert everything(tmp_path) == ["a", "seal"]


def fill(folder: Path, text: str) -> None:
    with whole_folder(folder, NAMES) as written:
        for name in NAMES:
            (written / name).write_text(text)


def test_a_folder_takes_its_files_together_and_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    fill(tmp_path, "1")
    fill(tmp_path, "2")
    assert everything(tmp_path) == ["edges", "genes", "mine.txt", "seal"]
    assert {(tmp_path / name).read_text() for name in NAMES} == {"2"}
    with suppress(ZeroDivisionError), whole_folder(tmp_path, NAMES) as written:
        (written / "edges").write_text("half")
        _ = 1 / 0
    with pytest.raises(OSError), whole_folder(tmp_path, NAMES) as written:  # a file is missing
        (written / "edges").write_text("half")
    assert {(tmp_path / name).read_text() for name in NAMES} == {"2"}
    assert everything(tmp_path) == ["edges", "genes", "mine.txt", "seal"]


def test_the_seal_goes_first_and_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    real = os.fsync

    def look(handle: int) -> None:
        seen.append([name for name in everything(tmp_path) if name in NAMES])
        real(handle)

    fill(tmp_path, "1")
    monkeypatch.setattr(os, "fsync", look)
    fill(tmp_path, "2")
    changes = [names for n, names in enumerate(seen) if not n or names != seen[n - 1]]
    assert changes == [list(NAMES), ["edges", "genes"], list(NAMES)]
    remove_sealed(tmp_path, NAMES)
    assert not everything(tmp_path)


WRITER = """
import sys
from pathlib import Path
from ugrn_core.whole_files import whole_folder
folder, number = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
while True:
    with whole_folder(folder, ("edges", "genes", "seal")) as written:
        for name in ("edges", "genes", "seal"):
            (written / name).write_text(f"{number} " * 20_000)
    number += 1
"""


@pytest.mark.skipif(os.name == "nt", reason="kill is that of POSIX")
def test_nobody_sees_files_of_two_runs_under_one_seal_whenever_they_are_killed(tmp_path: Path) -> None:
    mixed, looked, done = [], [], threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                before = (tmp_path / "seal").read_text()
                found = {(tmp_path / name).read_text() for name in ("edges", "genes")}
                if (tmp_path / "seal").read_text() == before:
                    looked.append(before)
                    mixed.extend(found - {before})
            except FileNotFoundError:
                pass

    reader = threading.Thread(target=look)
    reader.start()
    pause = random.Random(0)
    try:
        for turn in range(8):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), str(turn * 100_000)], stdout=subprocess.PIPE, text=True
            )
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause.uniform(0, 0.2))
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
    finally:
        done.set()
        reader.join()
    assert looked
    assert not mixed
    fill(tmp_path, "last")
    assert everything(tmp_path) == sorted(NAMES)
    assert not (tmp_path / PARTIAL).exists()
