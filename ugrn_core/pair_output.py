"""A pair's result in other forms: a long table, the JSON of ``ugrn pair``, the command that regenerates it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from ugrn_core.types import Curves, PairResult, SweepSettings


class Asked(Protocol):
    """What a request and its result share."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def settings(self) -> SweepSettings: ...


def pair_frame(result: PairResult) -> pd.DataFrame:
    """Long table: ``direction, source, target, virtual_value, response, slope, unit``."""
    frames = []
    for direction, curves in (("forward", result.forward), ("reverse", result.reverse)):
        frames.append(
            pd.DataFrame(
                {
                    "direction": direction,
                    "source": curves.source,
                    "target": curves.target,
                    "virtual_value": result.settings.grid,
                    "response": np.nan if curves.response is None else curves.response,
                    "slope": curves.slope,
                    "unit": result.unit,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def pair_json(result: PairResult) -> dict[str, object]:
    """What ``ugrn pair --json`` prints."""

    def curves(c: Curves) -> dict[str, object]:
        return {"response": None if c.response is None else c.response.tolist(), "slope": c.slope.tolist()}

    return {
        "source": result.source,
        "target": result.target,
        "backbone": result.backbone,
        "fingerprint": result.fingerprint,
        "context_size": result.context_size,
        "base": result.settings.base,
        "grid": list(result.settings.grid),
        "forward": curves(result.forward),
        "reverse": curves(result.reverse),
        "residual": result.residual,
    }


def pair_command(
    request: Asked,
    backbone_name: str,
    *,
    context: str = "pair",
    more: Sequence[str] = (),
) -> str:
    """The CLI line that regenerates a result; ``context`` is ``pair`` or the file it came from, ``more`` are further
    words such as ``--group kind=B --layer counts``."""
    settings = request.settings
    words = ["ugrn", "pair", request.source, request.target, "--backbone", backbone_name, "--context", context]
    words += [*more, "--base", exactly(settings.base), "--grid", ",".join(map(exactly, settings.grid))]
    return shlex.join([*words, "--background", settings.background, "--json"])


def exactly(value: float) -> str:
    """The shortest text that reads back as the same number: 10, 0.25, 1.2345678."""
    return np.format_float_positional(value, trim="-")
