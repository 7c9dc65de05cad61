"""Card of a loaded checkpoint: the defaults of its layout, its ``card.json``, and what the caller knows better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ugrn_core.backbones.layouts import Layout, count, number
from ugrn_core.errors import CheckpointError
from ugrn_core.types import BackboneCard

FACTS = ("name", "label", "unit", "domain", "base", "grid", "drop_zero_genes", "embedded", "licence")
"""What ``card.json`` may state of a backbone. Its key ``about`` is free (how it was trained, figures, sources)."""

GRID_SHARES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9)
BASE_SHARE = 0.2
"""Defaults of a binned model as shares of its top bin: 1, 5, 15, 25, 35, 45 and 10 for scGPT's 51 bins."""

LOG1P_DOMAIN = (0.0, 8.0)
LOG1P_BASE = 1.0
LOG1P_GRID = (0.25, 0.5, 2.0, 3.0, 4.0, 5.0)


def make_card(layout: Layout, args: Mapping[str, Any], folder_name: str, *facts: Mapping[str, Any]) -> BackboneCard:
    """Card of a checkpoint; later ``facts`` outrank earlier ones, all outrank the defaults of the layout.

    A binned model keeps values in bins 0 to ``n_bins - 1`` and never met a gene at 0 in scGPT's pre-training.
    """
    known = _binned(args) if layout.name == "scgpt" else _log1p()
    known |= {"name": folder_name, "label": f"{layout.label} checkpoint {folder_name}"}
    for given in facts:
        unknown = sorted(set(given) - set(FACTS) - {"about"})
        if unknown:
            raise CheckpointError(f"card: unknown facts {', '.join(unknown)}; expected {', '.join(FACTS)} or about.")
        known |= {k: v for k, v in given.items() if k != "about"}
    return BackboneCard(
        name=_text(known, "name"),
        label=_text(known, "label"),
        layout=layout.name,
        unit=_text(known, "unit"),
        domain=_domain(known),
        base=number(known, "base"),
        grid=_grid(known),
        max_seq_len=count(args, "max_seq_len"),
        n_bins=count(args, "n_bins") if layout.name == "scgpt" else 0,
        drop_zero_genes=_flag(known, "drop_zero_genes"),
        embedded=_flag(known, "embedded"),
        licence=_text(known, "licence"),
    )


def _binned(args: Mapping[str, Any]) -> dict[str, Any]:
    top = count(args, "n_bins") - 1
    return {
        "unit": "bins",
        "domain": (0.0, float(top)),
        "base": round(BASE_SHARE * top, 6),
        "grid": tuple(round(x * top, 6) for x in GRID_SHARES),
        "drop_zero_genes": True,
        "embedded": False,
        "licence": "",
    }


def _log1p() -> dict[str, Any]:
    return {
        "unit": "log1p",
        "domain": LOG1P_DOMAIN,
        "base": LOG1P_BASE,
        "grid": LOG1P_GRID,
        "drop_zero_genes": False,
        "embedded": False,
        "licence": "",
    }


def _text(facts: Mapping[str, Any], key: str) -> str:
    if not isinstance(facts[key], str):
        raise CheckpointError(f"card: {key} is {facts[key]!r}, expected text.")
    return facts[key]


def _flag(facts: Mapping[str, Any], key: str) -> bool:
    if not isinstance(facts[key], bool):
        raise CheckpointError(f"card: {key} is {facts[key]!r}, expected true or false.")
    return facts[key]


def _numbers(facts: Mapping[str, Any], key: str) -> tuple[float, ...]:
    values = facts[key]
    if not isinstance(values, list | tuple):
        raise CheckpointError(f"card: {key} is {values!r}, expected a list of numbers.")
    return tuple(number({key: x}, key) for x in values)


def _domain(facts: Mapping[str, Any]) -> tuple[float, float]:
    values = _numbers(facts, "domain")
    if len(values) != 2 or values[0] >= values[1]:
        raise CheckpointError(f"card: domain is {list(values)}, expected a lower and an upper value.")
    return values[0], values[1]


def _grid(facts: Mapping[str, Any]) -> tuple[float, ...]:
    values = _numbers(facts, "grid")
    if not values or sorted(set(values)) != list(values):
        raise CheckpointError(f"card: grid is {list(values)}, expected rising virtual values.")
    return values
