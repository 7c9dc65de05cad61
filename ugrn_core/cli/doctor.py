"""``ugrn doctor``: what this installation is made of, whether its models are whole, and parity with official scGPT."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from ugrn_core import __version__
from ugrn_core.cli.output import say, write_json, write_table
from ugrn_core.errors import UGRNError

Facts = dict[str, Any]

PACKAGES = ("torch", "scgpt", "numpy", "safetensors", "anndata", "plotly", "streamlit", "typer")


def doctor(
    parity: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Compare this checkpoint with the official scGPT model."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Show environment, device, cache and models, and check them.

    Every model that is here is loaded. Exit status 2 where one is damaged or differs from the official model.
    """
    faults: list[str] = []
    report = {
        "environment": _environment(),
        "device": _examined(_device, faults),
        "cache": _examined(_cache, faults),
        "models": _models(faults),
    }
    if parity is not None:
        report["parity"] = _examined(lambda: _parity(parity), faults)
        if report["parity"].get("passed") is False:
            faults.append(f"{parity} differs from the official scGPT model: do not trust its curves.")
    if as_json:
        write_json({**report, "faults": faults})
    else:
        _show(report)
    for fault in faults:
        say(f"ugrn: {fault}")
    if faults:
        raise typer.Exit(2)


def _examined(part: Callable[[], Facts], faults: list[str]) -> Facts:
    """Facts of one part; where it cannot be used, the reason goes to ``faults`` and the others are still shown."""
    try:
        return part()
    except UGRNError as error:
        faults.append(str(error))
        return {"state": "cannot be used"}


def _environment() -> Facts:
    variables = {k: v for k, v in sorted(os.environ.items()) if k.startswith("UGRN_")}
    system = {"ugrn": __version__, "python": platform.python_version(), "system": platform.platform()}
    return system | {name: _version(name) for name in PACKAGES} | variables


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _device() -> Facts:
    from ugrn_core.backbones.devices import describe_device, devices

    return asdict(describe_device()) | {"processors": os.cpu_count(), "available": list(devices())}


def _cache() -> Facts:
    from ugrn_core.store import Store

    with Store() as store:
        stats = store.stats()
    free = shutil.disk_usage(stats.folder).free
    return {
        "folder": str(stats.folder),
        "results": stats.entries,
        "bytes": stats.size,
        "limit_bytes": stats.limit,
        "free_bytes": free,
    }


def _models(faults: list[str]) -> Facts:
    """State of every named model, with the passport of those that have files here."""
    from ugrn_core.backbones.registry import status

    found: Facts = {}
    for model in status():
        if not model.available:
            found[model.name] = {"state": model.note}
        elif model.folder is None:
            found[model.name] = {"state": "ready"}
        else:
            found[model.name] = _examined(partial(_passport, model.folder), faults)
    return found


def _passport(folder: Path) -> Facts:
    from ugrn_core.backbones.passport import passport

    return {"state": "ready", **_plain(asdict(passport(folder)))}


def _parity(folder: Path) -> Facts:
    from ugrn_core.backbones.passport import parity

    report = parity(folder)
    return _plain(asdict(report)) | {"passed": report.passed, "passport": _passport(folder)}


def _plain(facts: Facts) -> Facts:
    return {name: str(value) if isinstance(value, Path) else value for name, value in facts.items()}


def _show(report: Facts) -> None:
    for title, facts in report.items():
        write_table([title, ""], [[f"  {name}", _said(value)] for name, value in _flat(facts)])


def _flat(facts: Facts) -> list[tuple[str, Any]]:
    """Facts of facts under names with a dot, except that a lone state is the fact."""
    rows: list[tuple[str, Any]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += [(name if k == "state" else f"{name}.{k}", v) for k, v in _flat(value)]
        else:
            rows.append((name, value))
    return rows


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "none" if value is None else str(value)
