"""One pinned file from the network: resumed where it was cut off, checked against size and sha256, whole or not there.

The file is written as ``NAME.part`` and gets its name only when its hash is right (pooch compares it and deletes
what does not match). Two processes never write one folder at once.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ugrn_core.errors import FetchError, stop_if
from ugrn_core.pinned import PinnedFile
from ugrn_core.time_left import duration
from ugrn_core.types import Cancel, Progress

if TYPE_CHECKING:
    from requests import RequestException, Response

CHUNK = 1 << 16
TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds without a byte
ATTEMPTS = 5
WAIT = 1.0  # seconds before a cut-off download goes on
SHOW_EVERY = 0.2  # seconds between two sentences of progress


@dataclass
class Meter:
    """Bytes in, share and sentence out, over all files of a fetch; the rate counts bytes of this run only."""

    total: int
    progress: Progress | None = None
    done: int = 0
    fresh: int = 0
    began: float = field(default_factory=time.monotonic)
    shown: float = float("-inf")

    def found(self, n_bytes: int) -> None:
        """Bytes that were there already; negative where they had to be given up."""
        self.done += n_bytes

    def add(self, name: str, n_bytes: int) -> None:
        """Bytes that came just now."""
        self.done += n_bytes
        self.fresh += n_bytes
        now = time.monotonic()
        if self.progress is None or (now - self.shown < SHOW_EVERY and self.done < self.total):
            return
        self.shown = now
        left = (self.total - self.done) * (now - self.began) / max(self.fresh, 1)
        self.progress(
            min(self.done / self.total, 1.0),
            f"{name}: {self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB, about {duration(left)} left",
        )


@dataclass
class ResumingDownloader:
    """A downloader for :func:`pooch.retrieve` that appends to ``part`` and asks only for what is missing."""

    file: PinnedFile
    part: Path
    meter: Meter
    cancel: Cancel | None = None

    def __call__(self, fname: Any, action: Any, pooch: Any, *, check_only: bool | None = None) -> None:
        """pooch's protocol, in its own words: ``fname`` is the URL, ``action`` the path to write."""
        from requests import HTTPError, RequestException

        reason = "the server closed the connection"
        self.meter.found(self._have())
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(WAIT)
            before = self._have()
            if before < self.file.size:
                try:
                    self._stream(fname)
                except HTTPError:
                    raise
                except RequestException as error:
                    if self._have() <= before:
                        raise
                    reason = plain_reason(error, fname)
            if self._have() >= self.file.size:
                os.replace(self.part, action)
                return
        raise FetchError(
            f"{self.file.name} was cut off {ATTEMPTS} times, last at {self._have():,} of {self.file.size:,} bytes "
            f"({reason}). What came is kept: fetch again to go on from there."
        )

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _stream(self, url: str) -> None:
        import requests

        have = self._have()
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416:  # the server has nothing from there on: the part is of another file
                self._give_up_part()
                return
            response.raise_for_status()
            resumed = response.status_code == 206 and _starts_at(response) == have
            if have and not resumed:
                self._give_up_part()
            self._check_size(response, have if resumed else 0)
            with self.part.open("ab") as part:
                for chunk in response.iter_content(CHUNK):
                    stop_if(self.cancel, f"Stopped; what came of {self.file.name} is kept for the next time.")
                    part.write(chunk)
                    self.meter.add(self.file.name, len(chunk))
                    if part.tell() > self.file.size:  # too long without having said so: the hash will tell
                        return

    def _give_up_part(self) -> None:
        self.meter.found(-self._have())
        self.part.unlink(missing_ok=True)

    def _check_size(self, response: Response, have: int) -> None:
        """A server that announces another length has another file: say so before a byte is written."""
        announced = response.headers.get("Content-Length", "")
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        if announced.isdigit() and not encoded and have + int(announced) != self.file.size:
            self._give_up_part()
            raise FetchError(
                f"The server offers {self.file.name} with {have + int(announced):,} bytes, expected "
                f"{self.file.size:,}: that is another file. Nothing of it was kept."
            )


def download(
    url: str, file: PinnedFile, folder: Path, *, meter: Meter | None = None, cancel: Cancel | None = None
) -> Path:
    """Download ``file`` to ``folder`` under its own name, or raise :class:`FetchError` and leave no such name behind.

    A cut-off download goes on by itself up to 5 times, and at the next call; a file with another hash is deleted.
    """
    import pooch
    from requests import RequestException

    part = folder / f"{file.name}.part"
    meter = Meter(file.size) if meter is None else meter
    check_room(folder, file.size - (part.stat().st_size if part.is_file() else 0))
    try:
        with _quiet_pooch():
            pooch.retrieve(
                url, file.sha256, file.name, folder, downloader=ResumingDownloader(file, part, meter, cancel)
            )
    except RequestException as error:
        raise FetchError(f"Could not get {url}: {plain_reason(error, url)}.") from error
    except ValueError as error:
        raise FetchError(f"{error} Fetch it again; if that repeats, the server has another file.") from error
    except OSError as error:
        raise FetchError(f"Could not write {file.name} to {folder}: {error}.") from error
    return folder / file.name


def announced_size(url: str) -> int:
    """Bytes of a file as its server announces them, for a file that is pinned by its hash alone."""
    import requests

    try:
        with requests.get(url, headers={"Accept-Encoding": "identity"}, stream=True, timeout=TIMEOUT) as response:
            response.raise_for_status()
            announced = response.headers.get("Content-Length", "")
    except requests.RequestException as error:
        raise FetchError(f"Could not get {url}: {plain_reason(error, url)}.") from error
    if not announced.isdigit():
        raise FetchError(f"The server does not say how large {url} is; fetch it by hand.")
    return int(announced)


def plain_reason(error: RequestException, url: str) -> str:
    """Why a request failed, without the library's own wrapping."""
    import requests

    host = urlsplit(url).hostname or url
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{host} answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"{host} did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no trusted connection to {host}"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {host}"
    return (
        f"{host} closed the connection" if isinstance(error, requests.exceptions.ChunkedEncodingError) else str(error)
    )


def check_room(folder: Path, n_bytes: int) -> None:
    """Raise :class:`FetchError` where ``folder`` has less free space than ``n_bytes``."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise FetchError(f"{folder} has {free / 1e6:,.0f} MB free, {n_bytes / 1e6:,.0f} MB are needed.")


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for one download at a time, across processes."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".fetch.lock", timeout=0):
            yield
    except Timeout as error:
        raise FetchError(f"Another download to {folder} is running; wait for it to end.") from error
    except OSError as error:
        raise FetchError(f"{folder} cannot be used: {error}. Set UGRN_CACHE_DIR to a folder you can write.") from error


def _starts_at(response: Response) -> int | None:
    """First byte of a partial answer, from ``Content-Range: bytes FIRST-LAST/TOTAL``."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """pooch logs every download to stderr; what the user should see comes through ``progress``."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
