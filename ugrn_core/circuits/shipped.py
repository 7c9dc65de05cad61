"""The teaching circuits that have a shipped backbone, and how such a backbone is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ugrn_core.circuits.simulation import measured_cells, simulate
from ugrn_core.circuits.teaching import teaching_circuit
from ugrn_core.errors import InputError
from ugrn_core.types import Cancel, Progress

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import TransformerBackbone
    from ugrn_core.circuits.training import Trained

SHIPPED = (1, 2, 3, 4, 5)
"""Circuits ``circuit-1`` to ``circuit-5``."""

N_CELLS = 6000
LIVE_STEPS = 800
LARGEST_SEED = 999_999


def circuit_number(seed: int) -> int:
    """The shipped circuit of a student's seed: seeds go round them, so that neighbours have different ones."""
    if not 1 <= seed <= LARGEST_SEED:
        raise InputError(f"seed is {seed}; expected a whole number from 1 to {LARGEST_SEED:,}.")
    return SHIPPED[(seed - 1) % len(SHIPPED)]


def circuit_name(number: int) -> str:
    """The name of its backbone."""
    return f"circuit-{number}"


def circuit_cells(number: int) -> np.ndarray:
    """The cells (cell, gene) float32, log1p, that the backbone of a teaching circuit is trained on."""
    circuit = teaching_circuit(number)
    return measured_cells(circuit, simulate(circuit, N_CELLS, number))


def train_circuit(
    number: int,
    steps: int | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    watch: Callable[[list[float]], None] | None = None,
) -> Trained:
    """A model of a teaching circuit, as the shipped ones were made; fewer ``steps`` are quicker and less exact."""
    from ugrn_core.circuits.training import TrainingSettings, train

    settings = TrainingSettings(seed=number)
    settings = settings if steps is None else replace(settings, steps=steps)
    cells = circuit_cells(number)
    return train(cells, teaching_circuit(number).measured, settings, progress=progress, cancel=cancel, watch=watch)


def save_circuit(trained: Trained, number: int, folder: Path) -> TransformerBackbone:
    """Write the model as a checkpoint folder."""
    from ugrn_core.circuits.training import save

    return save(trained, folder, circuit_name(number), f"Circuit {number}: simulated genes whose arrows are known")
