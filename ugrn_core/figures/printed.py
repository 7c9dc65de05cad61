"""Figures and reports for print, PDF and SVG with their font inside, drawn by a Chromium that is here.

kaleido drives the browser. Both run in a process of their own that is ended when its time is over, when it takes too
much memory or when nobody wants the picture any more. Nothing of it needs a network.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import plotly.graph_objects as go
import psutil

from ugrn_core.data.standardised import UNIT
from ugrn_core.errors import DiskError, InputError, stop_if
from ugrn_core.figures.style import short_unit
from ugrn_core.memory import bytes_of
from ugrn_core.paths import ASSETS, ROOT
from ugrn_core.types import Cancel, Progress

Kind = Literal["pdf", "svg"]
KINDS: tuple[Kind, ...] = ("pdf", "svg")
BROWSER, MEMORY, SECONDS = "UGRN_CHROMIUM", "UGRN_PRINT_MEMORY", "UGRN_PRINT_SECONDS"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
DEFAULT_MEMORY, DEFAULT_SECONDS = 2 << 30, 90.0
MOST_JSON = 20_000_000
"""Characters of a figure: beyond it a browser has more to draw than a page can show."""
WIDTHS = (40.0, 1000.0)
USUAL_WIDTH = 180.0
"""Millimetres: two columns of most journals."""
LEAST_PIXELS = 640
"""A figure is laid out at this width at least and made smaller as a whole: titles need their room."""
PIXELS_A_MM = 96 / 25.4
FONT = "UGRN Sans"
"""A part of Source Sans (SIL Open Font License, assets/fonts/OFL.txt) under a name of its own, as that asks for."""
FONT_FILE = ASSETS / "fonts" / "ugrn-sans.ttf"
LOOK_SECONDS = 0.1
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{fonts}</dir>
<cachedir>{cache}</cachedir></fontconfig>
"""
OF_THE_SYSTEM = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL", "PROGRAMFILES")


def browser() -> str:
    """Path of the browser that draws: ``UGRN_CHROMIUM``, or the first one that is installed; else an InputError."""
    named = os.environ.get("UGRN_CHROMIUM", "").strip()
    if named:
        found = shutil.which(named)
        if found is None:
            raise InputError(f"{BROWSER} is {named!r}, which is no program here. Name a Chromium or Chrome.")
        return found
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise InputError(
        "PDF and SVG are drawn by Chromium, and there is none on this machine: install chromium, or name one in "
        f"{BROWSER}."
    )


def what_is_missing() -> str | None:
    """Why nothing can be drawn for print here, in a sentence; None where it can."""
    if importlib.util.find_spec("kaleido") is None:
        return "PDF and SVG are drawn with the package kaleido, which is not installed: pip install kaleido."
    try:
        browser()
    except InputError as reason:
        return str(reason)
    return None


def printed(
    figure: go.Figure,
    kind: Kind,
    width: float = USUAL_WIDTH,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> bytes:
    """The figure as a file of ``kind``, ``width`` millimetres wide, on white, in a font that is inside the file.

    The height follows the figure's own. Takes some seconds. InputErrors: a width out of range, what is missing on this
    machine, a figure too large, and more time or memory than ``UGRN_PRINT_SECONDS`` (90) or ``UGRN_PRINT_MEMORY`` (2G).
    """
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise InputError(f"The width is {width:g} mm; expected {WIDTHS[0]:g} to {WIDTHS[1]:,.0f}.")
    missing = what_is_missing()
    if missing:
        raise InputError(missing)
    drawn = on_paper(figure)
    text = str(drawn.to_json())
    if len(text) > MOST_JSON:
        raise InputError("This figure holds too much to be drawn for print: show less of it, or take the HTML file.")
    pixels = max(width * PIXELS_A_MM, LEAST_PIXELS)
    height = float(drawn.layout.height or 0.6 * pixels)  # pyright: ignore[reportAttributeAccessIssue]
    picture = {"format": kind, "width": pixels, "height": height, "scale": width * PIXELS_A_MM / pixels}
    if progress:
        progress(0.05, "drawing")
    found = _drawn("figure.json", text, {"picture": picture}, cancel)
    return found if kind == "pdf" else _svg(found.decode("utf-8"), width, width * height / pixels).encode()


def page_pdf(page: str, *, cancel: Cancel | None = None) -> bytes:
    """A page of HTML that needs nothing else, as PDF on the paper that its style names; InputErrors as :func:`printed`.

    The page is trusted: it is one of ours, with all texts of others escaped.
    """
    missing = what_is_missing()
    if missing:
        raise InputError(missing)
    return _drawn("page.html", page, {}, cancel)


def _drawn(name: str, text: str, options: Mapping[str, object], cancel: Cancel | None) -> bytes:
    """What the printer makes of a file of this name in a folder of its own."""
    with _room() as folder:
        (folder / name).write_text(text, "utf-8")
        told = {**options, "browser": browser(), "seconds": _seconds()}
        (folder / "options.json").write_text(json.dumps(told), "utf-8")
        (folder / "fonts.conf").write_text(FONTS.format(fonts=FONT_FILE.parent, cache=folder / "fonts"), "utf-8")
        _draw(folder, cancel)
        return (folder / "printed").read_bytes()


def on_paper(figure: go.Figure) -> go.Figure:
    """A copy of the figure for white paper, whatever the page it is on looks like; long units are shortened."""
    drawn = go.Figure(figure).update_layout(
        template="plotly_white", font_color="#222222", font_family=f"{FONT}, sans-serif", paper_bgcolor="#ffffff"
    )
    drawn.for_each_annotation(lambda note: note.update(text=_short(note.text)))
    for each in (drawn.for_each_xaxis, drawn.for_each_yaxis):
        each(lambda axis: axis.title.update(text=_short(axis.title.text)))
    return drawn


def _short(text: str | None) -> str | None:
    return text and text.replace(UNIT, short_unit(UNIT)).replace(UNIT.removesuffix("s"), short_unit(UNIT))


def font_face() -> str:
    """CSS that carries the font in itself."""
    data = base64.b64encode(FONT_FILE.read_bytes()).decode()
    return f'@font-face{{font-family:"{FONT}";src:url(data:font/ttf;base64,{data}) format("truetype")}}'


def _svg(text: str, width: float, height: float) -> str:
    """plotly's SVG with the font inside and its size in millimetres."""
    start, end = text.index("<svg"), text.index(">", text.index("<svg"))
    head = re.sub(r'(\s)width="[^"]*"', rf'\1width="{width:.6g}mm"', text[start:end], count=1)
    head = re.sub(r'(\s)height="[^"]*"', rf'\1height="{height:.6g}mm"', head, count=1)
    return f"{text[:start]}{head}><style>{font_face()}</style>{text[end + 1 :]}"


@contextlib.contextmanager
def _room() -> Iterator[Path]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="ugrn-print-", ignore_cleanup_errors=True)
    except OSError as error:
        raise DiskError(f"There is no room to draw: {error.strerror or error}. Set TMPDIR to a folder.") from error
    with folder:
        yield Path(folder.name)


def _draw(folder: Path, cancel: Cancel | None) -> None:
    """Run the printer on the folder, and end it and its browser however this goes."""
    with (folder / "complaints").open("w+b") as complaints:
        child = subprocess.Popen(
            (sys.executable, "-P", "-m", "ugrn_core.figures.printer", str(folder)),
            stdin=subprocess.DEVNULL,
            stdout=complaints,
            stderr=complaints,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            _watch(child, cancel)
        finally:
            _end(child)
        complaints.seek(0)
        said = complaints.read(100_000).decode("utf-8", "replace").strip()
    if child.returncode or not (folder / "printed").is_file():
        reason = said.splitlines()[-1] if said else f"it ended with status {child.returncode}"
        raise InputError(f"The browser could not draw this ({reason[:300]}). Is {browser()} a Chromium that runs here?")


def _environment(folder: Path) -> dict[str, str]:
    """All that the printer and its browser learn of the environment; what they write goes into the folder."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return {name: os.environ[name] for name in OF_THE_SYSTEM if name in os.environ} | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(entry for entry in given if os.path.isabs(entry))]),
        "PYTHONUTF8": "1",
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "TMPDIR": str(folder),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }


def _watch(child: subprocess.Popen[bytes], cancel: Cancel | None) -> None:
    """Wait for the printer; too long, too large or no longer wanted is an error."""
    seconds, memory = _seconds(), _memory()
    end = time.monotonic() + seconds
    while child.poll() is None:
        stop_if(cancel, "Stopped on request.")
        if time.monotonic() > end:
            raise InputError(f"This was not drawn after {seconds:,.0f} seconds. Allow more time with {SECONDS}.")
        if sum(_bytes(process) for process in _family(child.pid)) > memory:
            raise InputError(f"Drawing took more than {memory >> 20:,} MB. Allow more with {MEMORY}.")
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(LOOK_SECONDS)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the printer and all that it has started."""
    for process in reversed(_family(child.pid)):
        with contextlib.suppress(psutil.Error):
            process.kill()
    child.kill()
    child.wait()


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def _bytes(process: psutil.Process) -> int:
    """Memory that the process has for itself; what browsers share among each other is counted once at most."""
    with contextlib.suppress(psutil.Error):
        held = process.memory_info()
        return held.rss - getattr(held, "shared", 0)
    return 0


def _seconds() -> float:
    given = os.environ.get("UGRN_PRINT_SECONDS", "").strip()
    with contextlib.suppress(ValueError):
        seconds = float(given) if given else DEFAULT_SECONDS
        if 1 <= seconds <= 3600:
            return seconds
    raise InputError(f"{SECONDS} is {given!r}; give a number of seconds from 1 to 3600.")


def _memory() -> int:
    given = os.environ.get("UGRN_PRINT_MEMORY", "").strip()
    memory = bytes_of(given) if given else DEFAULT_MEMORY
    if memory is None or not 64 << 20 <= memory < 1 << 50:
        raise InputError(f"{MEMORY} is {given!r}; give a size of 64M or more, such as 2G.")
    return memory
