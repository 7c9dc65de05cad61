"""``ugrn app``: the app in the browser, from a checkout or from an installed package."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import Annotated

import typer

from ugrn_core.errors import InputError
from ugrn_core.paths import APP


def open_app(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535, help="Port of the server.")] = 8501,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy stands in front and lets in whom it knows.")
    ] = False,
) -> None:
    """Open the app in the browser, on this machine only. Ctrl-C ends it.

    Whatever else is given goes to streamlit run as it stands, as in --server.address 0.0.0.0.
    """
    command = app_command(port, ctx.args, headless=headless, behind_proxy=behind_proxy)
    if os.name == "posix":
        os.execv(command[0], command)  # the server takes this process's place, and with it every signal
    else:
        raise typer.Exit(subprocess.run(command, check=False).returncode)


def app_command(port: int, options: list[str], *, headless: bool = False, behind_proxy: bool = False) -> list[str]:
    """The words that start the server; without Streamlit, or without the app's own files, an :class:`InputError`.

    ``-P``: the folder one stands in is no place to import from; Streamlit adds that of ``app.py``, where ``ui`` lies.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise InputError("The app needs Streamlit, which is not installed: pip install 'ugrn-explorer[app]'.")
    script = APP / "app.py"
    if not script.is_file():
        raise InputError(f"The app is not here: {script} is missing. Install ugrn-explorer again, or clone it whole.")
    words = [sys.executable, "-P", "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    words += ["--server.headless", "true"] if headless else []
    return [*words, *options, *(["--", "--behind-proxy"] if behind_proxy else [])]
