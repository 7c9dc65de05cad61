"""A server of the app on a free loopback port, with a cache of its own, and the browser to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    # The last list counts, so Playwright's own is said again. The pages of the address bar cost as much as a window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch",
]
STARTING = 90.0  # seconds


def chromium() -> str | None:
    """Path of the browser: ``CHROMIUM``, else Debian's; None where there is none."""
    given = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    return shutil.which(given)


def launch(playwright: Playwright) -> Browser:
    """Headless Chromium that asks nobody for anything."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


@contextmanager
def app_server(cache: Path, log: Path, *options: str, script: str = "app.py", **more: str) -> Iterator[str]:
    """Address of a running app, ours or another ``script``; its cache is ``cache``, what it says goes to ``log``.

    ``options`` are further ones of ``streamlit run``, ``more`` are variables of its environment.
    """
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        script,
        "--server.headless",
        "true",
        "--server.port",
        str(port),
        *options,
    ]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}  # as users run it
    environment |= {"UGRN_CACHE_DIR": str(cache), **more}
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the app did not start; it said:\n{log.read_text('utf-8', errors='replace')[-2000:]}")
