"""Card of a loaded checkpoint: the defaults of its layout, its ``card.json``, and what the caller knows better."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, JsonValue, TypeAdapter
from typing_extensions import TypedDict

from ugrn_core.backbones.layouts import Args, PublishedLayout, ScgptArgs
from ugrn_core.checked_json import STRICT, Grid, Line, Value, Word
from ugrn_core.types import BackboneCard, Objective


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if sorted(set(values)) != list(values):
        raise ValueError("expected rising values")
    return values


class Facts(TypedDict, total=False):
    """What ``card.json`` may state of a backbone; ``about`` is free (how it was trained, figures, sources)."""

    __pydantic_config__ = STRICT  # pyright: ignore[reportGeneralTypeIssues] (pydantic's way)

    name: Word
    label: Line
    unit: Word
    domain: Annotated[tuple[Value, Value], AfterValidator(_rising)]
    base: Value
    grid: Annotated[Grid, AfterValidator(_rising)]
    drop_zero_genes: bool
    embedded: bool
    licence: Line
    objective: Objective
    about: JsonValue


FACTS = TypeAdapter(Facts)

GRID_SHARES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9)
BASE_SHARE = 0.2
"""Defaults of a binned model as shares of its top bin: 1, 5, 15, 25, 35, 45 and 10 for scGPT's 51 bins."""

LOG1P_DOMAIN = (0.0, 8.0)
LOG1P_BASE = 1.0
LOG1P_GRID = (0.25, 0.5, 2.0, 3.0, 4.0, 5.0)


def make_card(layout: PublishedLayout, args: Args, folder_name: str, *facts: Facts) -> BackboneCard:
    """Card of a checkpoint; later ``facts`` outrank earlier ones, all outrank the defaults of the layout.

    A binned model keeps values in bins 0 to ``n_bins - 1`` and never met a gene at 0 in scGPT's pre-training.
    """
    n_bins = args.n_bins if isinstance(args, ScgptArgs) else 0
    known: dict[str, Any] = _binned(n_bins - 1) if n_bins else _log1p()
    known |= {"name": folder_name, "label": f"{layout.label} checkpoint {folder_name}"}
    for given in facts:
        known |= {key: value for key, value in given.items() if key != "about"}
    n_bins = n_bins if known["unit"] == "bins" else 0
    return BackboneCard(layout=layout.name, max_seq_len=args.max_seq_len, n_bins=n_bins, **known)


def _binned(top: int) -> dict[str, Any]:
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
