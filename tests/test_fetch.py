"""Pinned downloads against a local server: whole, cut off, wrong, missing, cancelled, and put there by hand."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ugrn_core import download as download_room
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.registry import PINNED, PinnedCheckpoint, by_hand, fetch, missing_files
from ugrn_core.download import only_one
from ugrn_core.errors import Cancelled, FetchError, InputError
from ugrn_core.paths import checkpoint_folder
from ugrn_core.pinned import KEPT, PinnedFile
from ugrn_core.time_left import duration


@dataclass
class Server:
    """What the local server gives and how it misbehaves; ``asked`` holds (file, Range header) of every request."""

    files: dict[str, bytes]
    url: str = ""
    ranges: bool = True
    cuts: int = 0
    cut_after: int = 3_000
    length: bool = True
    status: int = 200
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Server

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""

    def do_GET(self) -> None:
        state, name = self.state, self.path.rpartition("/")[2]
        wanted = self.headers.get("Range")
        state.asked.append((name, wanted))
        self.close_connection = True
        if state.status != 200 or name not in state.files:
            self.send_error(state.status if state.status != 200 else 404)
            return
        content = state.files[name]
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
        if first and first >= len(content):
            self.send_error(416)
            return
        body = content[first:]
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        if state.length:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if state.cuts and len(body) > state.cut_after:
            state.cuts -= 1
            body = body[: state.cut_after]
        self.wfile.write(body)


@pytest.fixture
def server(scgpt_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of one tiny checkpoint, pinned under the name ``tiny``; downloads go to a cache of their own."""
    files = {name: (scgpt_folder / name).read_bytes() for name in ("args.json", "vocab.json", "best_model.pt")}
    state = Server(files)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"state": state}))
    state.url = f"http://127.0.0.1:{http.server_port}/tiny"
    pinned = tuple(PinnedFile(n, len(b), hashlib.sha256(b).hexdigest()) for n, b in files.items())
    monkeypatch.setitem(PINNED, "tiny", PinnedCheckpoint(state.url, "https://example.org/tiny", pinned))
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download_room, "WAIT", 0.0)
    monkeypatch.setattr(download_room, "SHOW_EVERY", 0.0)
    monkeypatch.setattr(download_room, "CHUNK", 1_000)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join(5)


def visible(folder: Path) -> set[str]:
    """Names in a folder but for the lock and the kept hashes."""
    return {p.name for p in folder.iterdir() if p.name not in (".fetch.lock", KEPT)} if folder.is_dir() else set()


ALL = {"args.json", "vocab.json", "best_model.pt"}


def test_a_whole_download_loads(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[float, str]] = []
    assert len(missing_files("tiny")) == 3
    folder = fetch("tiny", progress=lambda share, text: seen.append((share, text)))
    assert folder == checkpoint_folder("tiny") and visible(folder) == ALL
    assert all((folder / n).read_bytes() == b for n, b in server.files.items())
    assert missing_files("tiny") == ()
    assert len(load_checkpoint(folder, device="cpu").vocabulary) == 20
    shares = [s for s, _ in seen]
    assert shares == sorted(shares) and shares[-1] == 1.0 and 0 < shares[0] < 0.1 and len(shares) > 10
    assert any("best_model.pt: 0.0 of 0.0 MB, about" in t and t.endswith(" left") for _, t in seen)
    assert "verified" in seen[-1][1]
    assert capfd.readouterr() == ("", "")


def test_nothing_is_downloaded_twice(server: Server) -> None:
    fetch("tiny")
    server.asked.clear()
    fetch("tiny")
    assert server.asked == []


def test_a_cut_off_download_goes_on_by_itself(server: Server) -> None:
    server.cuts = 2
    folder = fetch("tiny")
    assert visible(folder) == ALL
    ranges = [r for n, r in server.asked if n == "best_model.pt"]
    assert ranges == [None, "bytes=3000-", "bytes=6000-"]


@pytest.mark.parametrize("length", [True, False])
def test_a_download_that_stays_cut_off_goes_on_at_the_next_call(server: Server, length: bool) -> None:
    server.cuts, server.length = 5, length
    with pytest.raises(FetchError, match=r"best_model.pt was cut off 5 times, last at 15,000 of .* bytes"):
        fetch("tiny")
    folder = checkpoint_folder("tiny")
    assert visible(folder) == {"args.json", "vocab.json", "best_model.pt.part"}
    server.asked.clear()
    assert visible(fetch("tiny")) == ALL
    assert server.asked == [("best_model.pt", "bytes=15000-")]
    assert (folder / "best_model.pt").read_bytes() == server.files["best_model.pt"]


def test_a_server_without_ranges_starts_over(server: Server) -> None:
    server.cuts, server.ranges = 1, False
    seen: list[float] = []
    folder = fetch("tiny", progress=lambda share, text: seen.append(share))
    assert (folder / "best_model.pt").read_bytes() == server.files["best_model.pt"]
    assert [r for n, r in server.asked if n == "best_model.pt"] == [None, "bytes=3000-"]
    assert seen[-1] == 1.0 and max(seen) <= 1.0


def test_a_wrong_file_is_deleted_and_both_hashes_are_said(server: Server) -> None:
    right = server.files["best_model.pt"]
    server.files["best_model.pt"] = wrong = right[:-1] + bytes([right[-1] ^ 1])
    with pytest.raises(FetchError) as caught:
        fetch("tiny")
    assert hashlib.sha256(right).hexdigest() in str(caught.value)
    assert hashlib.sha256(wrong).hexdigest() in str(caught.value)
    assert visible(checkpoint_folder("tiny")) == {"args.json", "vocab.json"}
    server.files["best_model.pt"] = right
    assert visible(fetch("tiny")) == ALL


@pytest.mark.parametrize("change", [lambda b: b[:-700], lambda b: b + b"more"])
def test_a_file_of_another_length_is_refused_before_it_is_written(server: Server, change: object) -> None:
    right = server.files["best_model.pt"]
    server.files["best_model.pt"] = change(right)  # type: ignore[operator]
    with pytest.raises(FetchError, match=f"expected {len(right):,}"):
        fetch("tiny")
    assert visible(checkpoint_folder("tiny")) == {"args.json", "vocab.json"}


def test_a_longer_file_of_unsaid_length_is_refused(server: Server) -> None:
    server.length = False
    server.files["best_model.pt"] += b"x" * 5_000
    with pytest.raises(FetchError, match="does not match"):
        fetch("tiny")
    assert visible(checkpoint_folder("tiny")) == {"args.json", "vocab.json"}


@pytest.mark.parametrize("extra", [b"", b"too long by far"])
def test_a_stale_part_is_given_up(server: Server, extra: bytes) -> None:
    folder = checkpoint_folder("tiny")
    folder.mkdir(parents=True)
    stale = b"\x01" * len(server.files["best_model.pt"]) + extra
    (folder / "best_model.pt.part").write_bytes(stale)
    with pytest.raises(FetchError, match="does not match"):
        fetch("tiny")
    assert visible(fetch("tiny")) == ALL


def test_a_server_that_has_nothing_left_to_give_starts_over(server: Server) -> None:
    folder = checkpoint_folder("tiny")
    folder.mkdir(parents=True)
    right = server.files["best_model.pt"]
    (folder / "best_model.pt.part").write_bytes(right[:5_000])
    server.files["best_model.pt"] = right[:4_000]
    with pytest.raises(FetchError, match="another file"):
        fetch("tiny")
    assert visible(folder) == {"args.json", "vocab.json"}


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusing_server_is_told_with_the_way_out(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(FetchError) as caught:
        fetch("tiny")
    message = str(caught.value)
    assert f"127.0.0.1 answered {status}" in message
    assert str(checkpoint_folder("tiny")) in message and "ugrn fetch tiny" in message
    assert all(str(f) in message for f in PINNED["tiny"].files)
    assert len(server.asked) == 1


def test_offline_says_what_to_do_and_where_to_put_the_files(server: Server) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("tiny", base_url="http://127.0.0.1:1")
    message = str(caught.value)
    assert by_hand("tiny") in message and "no connection to 127.0.0.1" in message
    for name, content in server.files.items():
        assert f"{name} ({len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()})" in message
    assert visible(checkpoint_folder("tiny")) == set()


def test_files_put_there_by_hand_are_verified_and_used(server: Server) -> None:
    folder = checkpoint_folder("tiny")
    folder.mkdir(parents=True)
    for name, content in server.files.items():
        (folder / name).write_bytes(content)
    assert fetch("tiny", base_url="http://127.0.0.1:1") == folder
    assert server.asked == []


@pytest.mark.parametrize("change", [lambda b: b[:-9], lambda b: b"\x00" + b[1:]])
def test_a_wrong_file_put_there_by_hand_is_named_and_left_alone(server: Server, change: object) -> None:
    folder = checkpoint_folder("tiny")
    folder.mkdir(parents=True)
    wrong = change(server.files["best_model.pt"])  # type: ignore[operator]
    (folder / "best_model.pt").write_bytes(wrong)
    with pytest.raises(FetchError, match=r"best_model.pt is not the pinned .* got .*, expected .*left as it is"):
        fetch("tiny")
    assert (folder / "best_model.pt").read_bytes() == wrong


def test_a_cancelled_download_keeps_what_came(server: Server) -> None:
    calls = iter(range(1_000))
    with pytest.raises(Cancelled, match="kept for the next time"):
        fetch("tiny", cancel=lambda: next(calls) > 6)
    folder = checkpoint_folder("tiny")
    kept = sum((folder / n).stat().st_size for n in visible(folder))
    assert 3_000 < kept < sum(map(len, server.files.values()))
    assert visible(fetch("tiny")) == ALL
    assert any(r is not None for _, r in server.asked)


def test_two_downloads_do_not_write_one_folder(server: Server) -> None:
    with only_one(checkpoint_folder("tiny")), pytest.raises(FetchError, match="is running"):
        fetch("tiny")
    assert server.asked == []
    fetch("tiny")


def test_too_little_room_is_said_before_the_download(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_room.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10})())
    with pytest.raises(FetchError, match="free"):
        fetch("tiny")
    assert server.asked == []


def test_a_cache_that_cannot_be_written_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(FetchError, match="UGRN_CACHE_DIR"):
        fetch("tiny")


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="scgpt-human"):
        fetch("scgpt-mouse")


def test_scgpt_human_is_pinned_whole() -> None:
    pinned = PINNED["scgpt-human"]
    assert {f.name for f in pinned.files} == ALL
    assert pinned.size == 1_300 + 1_317_639 + 205_385_258
    assert all(len(bytes.fromhex(f.sha256)) == 32 for f in pinned.files)
    assert pinned.base_url.startswith("https://") and len(pinned.base_url.rpartition("/")[2]) == 40


def test_durations_are_short_words() -> None:
    assert [duration(s) for s in (0.4, 89, 90, 600, 5400)] == ["1 s", "89 s", "2 min", "10 min", "1.5 h"]
