"""The model of a seed and its curves, on virtual values fine enough for a slider; all of it is kept once asked."""

from __future__ import annotations

import json
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ugrn_core.backbones.registry import BACKBONES, load_backbone
from ugrn_core.circuits.shipped import circuit_name, circuit_number
from ugrn_core.circuits.simulation import Effects, effects_of
from ugrn_core.circuits.teaching import GENES, teaching_circuit
from ugrn_core.errors import CheckpointError
from ugrn_core.residual import quadrature_nodes
from ugrn_core.sweep import SourceSweep, sweep_sources
from ugrn_core.types import SweepSettings

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import TransformerBackbone

BASE = 1.0
LOWEST, HIGHEST, STEP = 0.1, 2.0, 0.05
FINE = tuple(np.round(np.arange(LOWEST, HIGHEST + STEP / 2, STEP), 2).tolist())
"""Virtual values of a slider; the base is among them."""

COARSE = (0.1, 0.4, 0.7, 1.0, 1.3, 1.6, 2.0)
"""Values at which do() is simulated."""

AVERAGE = "average cell"
"""A context: all genes, each at its mean, but source and target at base."""

EFFECT_CELLS = 400


def model_name(seed: int) -> str:
    """The registry's name of the model that belongs to a student's seed."""
    return circuit_name(circuit_number(seed))


def backbone_of(seed: int) -> TransformerBackbone:
    """The model of a seed, on the processor."""
    return _backbone(circuit_number(seed))


def mean_levels(seed: int) -> MappingProxyType[str, float]:
    """Mean of every gene (log1p) in the cells that the model was trained on."""
    return _means(circuit_number(seed))


def curve(seed: int, source: str, target: str, beside: tuple[str, ...] = ()) -> pd.DataFrame:
    """``x, predicted, response, slope`` of the target over :data:`FINE` values of the source, all else at base.

    ``beside`` are further genes in the cell, at base too, or :data:`AVERAGE` alone.
    """
    at = _cell(source, target, beside).index(target)
    sweep = _sweep(circuit_number(seed), source, target, tuple(sorted(beside)))
    assert sweep.response is not None  # fixed background
    return pd.DataFrame(
        {
            "x": FINE,
            "predicted": sweep.response[:, at] + base_level(seed, source, target, beside),
            "response": sweep.response[:, at],
            "slope": sweep.slope[:, at],
        }
    )


def base_level(seed: int, source: str, target: str, beside: tuple[str, ...] = ()) -> float:
    """What the model predicts of the target in the cell at its base values."""
    return _base_level(circuit_number(seed), source, target, tuple(sorted(beside)))


def response_at(seed: int, source: str, target: str, x: float, beside: tuple[str, ...] = ()) -> float:
    """Response of the target at one of the fine values."""
    frame = curve(seed, source, target, beside)
    return float(frame.loc[np.isclose(frame["x"], x), "response"].iloc[0])


@lru_cache(maxsize=64)
def exact_area(seed: int, source: str, target: str, x: float) -> float:
    """Integral of the slope from base to ``x``, one of the fine values, the pair alone.

    By Gauss-Legendre quadrature between neighbouring fine values: a network of ReLUs has kinks, which one wide
    interval would smooth over.
    """
    ends = tuple(v for v in FINE if BASE < v <= x + 1e-9)
    nodes, weights = quadrature_nodes(BASE, ends)
    settings = SweepSettings(BASE, tuple(map(float, nodes)))
    sweep = next(iter(sweep_sources(backbone_of(seed), [source, target], [source], settings)))
    return float(weights[-1] @ sweep.slope[:, 1])


@lru_cache(maxsize=64)
def slopes_at(seed: int, source: str, target: str, values: tuple[float, ...]) -> np.ndarray:
    """Slope (value,) of the target at any values of the source, the pair alone."""
    unique = tuple(dict.fromkeys(values))
    settings = SweepSettings(BASE, unique)
    sweep = next(iter(sweep_sources(backbone_of(seed), [source, target], [source], settings)))
    return sweep.slope[:, 1]


def true_response(seed: int, source: str, target: str, clamped: tuple[str, ...] = ()) -> pd.DataFrame:
    """``x, response`` of do(source = x) in the simulated circuit, against do(source = base).

    ``clamped`` genes are held at base by hand. A simulation of :data:`EFFECT_CELLS` cells a value: about half a second
    the first time, nothing after that.
    """
    effects = _effects(circuit_number(seed), source, tuple(sorted(clamped)))
    return pd.DataFrame({"x": COARSE, "response": effects.response(target, BASE)})


def change_to(seed: int, source: str, target: str, x: float, beside: tuple[str, ...] = ()) -> float:
    """Change of the model's target when the source goes from the lowest value to ``x``."""
    low, high = (response_at(seed, source, target, v, beside) for v in (LOWEST, x))
    return high - low


def true_change(seed: int, source: str, target: str, x: float, clamped: tuple[str, ...] = ()) -> float:
    """Change of the target under do(source = x), against do(source = lowest value)."""
    frame = true_response(seed, source, target, clamped).set_index("x")["response"]
    return float(frame.loc[x] - frame.loc[LOWEST])


def _cell(source: str, target: str, beside: tuple[str, ...]) -> list[str]:
    others = [g for g in GENES if g not in (source, target)] if AVERAGE in beside else sorted(beside)
    return [source, target, *others]


def _levels(number: int, source: str, target: str, beside: tuple[str, ...]) -> list[float]:
    means = _means(number) if AVERAGE in beside else {}
    free = (source, target)
    return [BASE if g in free else means.get(g, BASE) for g in _cell(source, target, beside)]


@lru_cache(maxsize=256)
def _sweep(number: int, source: str, target: str, beside: tuple[str, ...]) -> SourceSweep:
    genes = _cell(source, target, beside)
    levels = _levels(number, source, target, beside)
    return next(iter(sweep_sources(_backbone(number), genes, [source], SweepSettings(BASE, FINE), levels)))


@lru_cache(maxsize=128)
def _effects(number: int, source: str, clamped: tuple[str, ...]) -> Effects:
    held = dict.fromkeys(clamped, BASE)
    return effects_of(teaching_circuit(number), source, COARSE, number, held, n_cells=EFFECT_CELLS)


@lru_cache(maxsize=256)
def _base_level(number: int, source: str, target: str, beside: tuple[str, ...]) -> float:
    import torch

    genes, backbone = _cell(source, target, beside), _backbone(number)
    ids = torch.from_numpy(backbone.vocabulary.ids(genes))
    levels = torch.tensor([_levels(number, source, target, beside)])
    return float(backbone.reconstruct(ids, levels)[0, 1])


@lru_cache(maxsize=8)
def _backbone(number: int) -> TransformerBackbone:
    return load_backbone(circuit_name(number), "cpu")  # pyright: ignore[reportReturnType] (a circuit is a transformer)


@lru_cache(maxsize=8)
def _means(number: int) -> MappingProxyType[str, float]:
    folder = BACKBONES[circuit_name(number)].folder
    assert folder is not None
    about = json.loads((folder / "card.json").read_text("utf-8")).get("about", {})
    if set(about.get("mean", {})) != set(GENES):
        raise CheckpointError(f"{folder}: the card has no mean of every gene; this copy of the project is incomplete.")
    return MappingProxyType({g: float(about["mean"][g]) for g in GENES})
