"""Reverse mode through the official model: one forward, its graph kept, one backward a target."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ugrn_core.bench.measure import Measurement, Work
from ugrn_core.bench.models import OfficialModel
from ugrn_core.bench.passes import SweepRows

GRAPH, BACKWARD, BATCHED = "official forward with graph", "official backward", "official backwards, batched"


@dataclass(frozen=True)
class ReverseMode:
    """Works to time: the forward with its graph, a backward of the next target, and ``is_grads_batched`` where torch
    can; else ``reason`` says why it cannot. ``slopes`` (target,) of the row's source are of the first targets."""

    works: list[Work]
    targets: list[int]
    slopes: Tensor
    reason: str | None


def reverse_mode(theirs: OfficialModel, rows: SweepRows, backwards: int) -> ReverseMode:
    """Reverse mode of the first row. ``backwards`` targets are spread over the context."""
    n = len(rows.ids)
    leaf = rows.values[:1].clone().requires_grad_(True)
    out = theirs(rows.ids, leaf)[0]
    targets = sorted({round(i * (n - 1) / max(1, backwards - 1)) for i in range(backwards)})
    turns = itertools.cycle(targets)

    def backward(target: int) -> Tensor:
        return torch.autograd.grad(out[target], leaf, retain_graph=True)[0]

    works = [
        Work(GRAPH, lambda: theirs(rows.ids, leaf), 1, n + 1),
        Work(BACKWARD, lambda: backward(next(turns)), 1, n + 1),
    ]
    batched, reason = _batched(out, leaf, targets)
    if batched:
        works.append(Work(BATCHED, batched, len(targets), n + 1))
    slopes = torch.stack([backward(k)[0, rows.at[0]] for k in targets])
    return ReverseMode(works, targets, slopes, reason)


@dataclass(frozen=True)
class AllTargets:
    """Seconds of reverse mode for every target of one row: one forward with its graph and a backward a target,
    extrapolated from ``backwards_measured``. ``batched_seconds`` is the same with batched backwards; None where torch
    cannot (``batched_not_run`` says why)."""

    targets: int
    backwards_measured: int
    forward_seconds: float
    backward_seconds: float
    one_by_one_seconds: float
    batched_seconds: float | None
    batched_not_run: str | None
    extrapolated: bool = True

    @property
    def seconds(self) -> float:
        """The faster of the two."""
        return min(s for s in (self.one_by_one_seconds, self.batched_seconds) if s is not None)


def all_targets(found: dict[str, Measurement], n_targets: int, reason: str | None) -> AllTargets:
    """Extrapolate from measured passes to all targets."""
    forward, backward = found[GRAPH].seconds, found[BACKWARD]
    batched = forward + n_targets * found[BATCHED].seconds_a_row if BATCHED in found else None
    return AllTargets(
        targets=n_targets,
        backwards_measured=backward.repeats * backward.calls,
        forward_seconds=forward,
        backward_seconds=backward.seconds,
        one_by_one_seconds=forward + n_targets * backward.seconds,
        batched_seconds=batched,
        batched_not_run=reason,
    )


def _batched(out: Tensor, leaf: Tensor, targets: list[int]) -> tuple[Callable[[], object] | None, str | None]:
    chosen = torch.zeros(len(targets), len(out), device=out.device)
    chosen[range(len(targets)), targets] = 1.0

    def run() -> object:
        return torch.autograd.grad(out, leaf, chosen, retain_graph=True, is_grads_batched=True)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch says that it loops where it has no batched rule
            run()
    except (RuntimeError, NotImplementedError) as error:
        return None, str(error).strip().splitlines()[0]
    return run, None
