"""A pair's result in other forms: a long table, the JSON of ``ugrn pair``, the command that regenerates it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.company import MEASURES, Companion, Surface
from ugrn_core.genes.file_names import named_as_in_file
from ugrn_core.types import Curves, FileNames, PairResult, SweepSettings

SURFACE_COLUMNS = ["source", "target", "companion", "source_value", "companion_value", *MEASURES, "unit"]


class PairQuestion(Protocol):
    """What a request and its result share."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def settings(self) -> SweepSettings: ...


def pair_frame(result: PairResult, companions: Sequence[Companion] = ()) -> pd.DataFrame:
    """Long table: ``direction, source, target, virtual_value, response, slope, unit, company``.

    ``company`` is a text such as ``TAL1=30 KLF1=5``, empty where the pair has none. In cells of a mouse file genes have
    its names, and their human symbols stand behind.
    """
    both, n = (result.forward, result.reverse), len(result.settings.grid)
    responses = [c.response for c in both if c.response is not None]
    frame = pd.DataFrame(
        {
            "direction": ["forward"] * n + ["reverse"] * n,
            "source": [c.source for c in both for _ in range(n)],
            "target": [c.target for c in both for _ in range(n)],
            "virtual_value": np.tile(np.array(result.settings.grid, float), 2),
            "response": np.concatenate(responses) if responses else np.nan,
            "slope": np.concatenate([c.slope for c in both]),
            "unit": result.unit,
            "company": " ".join(c.called(result.context.names) for c in companions),
        }
    )
    return named_as_in_file(frame, result.context.names)


def company_frame(result: PairResult, companions: Sequence[Companion], without: PairResult | None) -> pd.DataFrame:
    """:func:`pair_frame` of a pair without its companions and, below, with them; the pair alone where it has none."""
    table = pair_frame(result, companions)
    return table if without is None else pd.concat([pair_frame(without), table], ignore_index=True)


def surface_frame(surfaces: Sequence[Surface]) -> pd.DataFrame:
    """Long table of response surfaces (:data:`SURFACE_COLUMNS`), one row a point; of a mouse file by its names, the
    human symbols behind."""
    parts = []
    for surface in surfaces:
        y, x = np.meshgrid(surface.companion_values, surface.source_values, indexing="ij")
        named = {"source": surface.source, "target": surface.target, "companion": surface.companion}
        columns = {"source_value": x.ravel(), "companion_value": y.ravel()}
        columns |= {name: getattr(surface, name).ravel() for name in MEASURES}
        parts.append(pd.DataFrame(columns).assign(**named, unit=surface.unit)[SURFACE_COLUMNS])
    ends = ("source", "target", "companion")
    return named_as_in_file(pd.concat(parts, ignore_index=True), surfaces[0].names if surfaces else None, ends)


def surface_json(
    backbone: Backbone, request: PairQuestion, companions: Sequence[Companion], surfaces: Sequence[Surface]
) -> dict[str, object]:
    """What ``ugrn pair --surface N --json`` prints; every measure is a list a companion value over source values."""
    axes = ("source_values", "companion_values", *MEASURES)
    return {
        "source": request.source,
        "target": request.target,
        "backbone": backbone.card.name,
        "fingerprint": backbone.fingerprint,
        "unit": backbone.card.unit,
        "base": request.settings.base,
        **({} if not surfaces or surfaces[0].names is None else _names(request, surfaces[0].names)),
        "company": {c.gene: c.value for c in companions},
        "surfaces": [
            {"companion": s.companion, **_called(s), "companion_base": s.companion_base}
            | {name: getattr(s, name).tolist() for name in axes}
            for s in surfaces
        ],
    }


def pair_json(
    result: PairResult, companions: Sequence[Companion] = (), without: PairResult | None = None
) -> dict[str, object]:
    """What ``ugrn pair --json`` prints; ``without`` is the same pair without its companions."""

    def curves(c: Curves) -> dict[str, object]:
        return {"response": None if c.response is None else c.response.tolist(), "slope": c.slope.tolist()}

    alone = None if without is None else {"forward": curves(without.forward), "reverse": curves(without.reverse)}

    return {
        "source": result.source,
        "target": result.target,
        **_in_file(result),
        "backbone": result.backbone,
        "fingerprint": result.fingerprint,
        "context_size": result.context_size,
        "base": result.settings.base,
        "grid": list(result.settings.grid),
        "forward": curves(result.forward),
        "reverse": curves(result.reverse),
        "residual": result.residual,
        "company": {c.gene: c.value for c in companions},
        "without": alone,
    }


def pair_command(
    request: PairQuestion,
    backbone_name: str,
    *,
    context: str = "pair",
    more: Sequence[str] = (),
) -> str:
    """The CLI line that regenerates a result; ``context`` is ``pair`` or the file it came from, ``more`` are further
    words such as ``--group kind=B --layer counts`` or ``--with TAL1=30``."""
    settings = request.settings
    words = ["ugrn", "pair", request.source, request.target, "--backbone", backbone_name, "--context", context]
    words += [*more, "--base", exactly(settings.base), "--grid", ",".join(map(exactly, settings.grid))]
    return shlex.join([*words, "--background", settings.background, "--json"])


def exactly(value: float) -> str:
    """The shortest text that reads back as the same number: 10, 0.25, 1.2345678."""
    return np.format_float_positional(value, trim="-")


def _in_file(result: PairResult) -> dict[str, object]:
    """Names of both genes in a mouse file, beside the model's symbols; nothing for other cells."""
    names = result.context.names
    if names is None:
        return {}
    return _names(result, names)


def _names(asked: PairQuestion, names: FileNames) -> dict[str, object]:
    return {"source_in_file": names.of(asked.source), "target_in_file": names.of(asked.target)}


def _called(surface: Surface) -> dict[str, object]:
    return {} if surface.names is None else {"companion_in_file": surface.names.of(surface.companion)}
