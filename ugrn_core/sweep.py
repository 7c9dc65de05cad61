"""The one hot computation: move a source gene along virtual values and read every gene of the virtual cell.

For a source s, context genes K and virtual values v_1..v_T the sweep gives the response
R[t, k] = M(v with s<-v_t)_k - M(v)_k (Eq. 8 of the paper) and the slope G[t, k] = dM(v with s<-v_t)_k / dv_s
(Eq. 9), both from one dual-number pass a (source, value). Under ``background="follow"`` all genes stand at v_t and
only the slope is defined. Everything is float32 and deterministic; batch size and gene order do not change results
beyond float32 rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ugrn_core.backbones.backbone import Backbone, SweptCell, plain_pairs
from ugrn_core.backbones.devices import device_errors, is_out_of_memory
from ugrn_core.backbones.threads import row_threads
from ugrn_core.errors import Cancelled, InputError
from ugrn_core.types import Cancel, Progress, SweepSettings

T = TypeVar("T")

SCHEMA = 1
"""Version of what a sweep means; part of every cache key."""

LARGEST_VALUE = 1e6

TOKENS_A_THREAD = 3072
"""Tokens (rows x context length) that a thread of a processor takes through a pass at once: enough for the matrix
products, few enough for its cache."""

TOKENS_A_BATCH = 1 << 15
"""Tokens of one pass on a GPU."""


@dataclass(frozen=True)
class SourceSweep:
    """Response and slope of one source over a context, each (value, gene) float32; response None under follow."""

    source: str
    response: np.ndarray | None
    slope: np.ndarray


@dataclass(frozen=True)
class PairSweep:
    """Response and slope of directed pairs in the pair context, each (pair, value); response None under follow."""

    response: np.ndarray | None
    slope: np.ndarray


def check_settings(settings: SweepSettings, *, base_values: object = None) -> None:
    """Refuse settings that have no meaning, before anything is computed."""
    if not settings.grid:
        raise InputError("The value grid is empty: give at least one virtual value.")
    if not np.isfinite([settings.base, *settings.grid]).all():
        raise InputError(f"Base and grid must be finite numbers, got {settings.base} and {list(settings.grid)}.")
    beyond = [v for v in (settings.base, *settings.grid) if abs(v) > LARGEST_VALUE]
    if beyond:
        raise InputError(f"Base and grid take values up to {LARGEST_VALUE:,.0f}, got {beyond[0]:g}.")
    if len(set(settings.grid)) != len(settings.grid):
        raise InputError(f"The value grid names a value twice: {list(settings.grid)}.")
    if settings.background not in ("fixed", "follow"):
        raise InputError(f"Background must be 'fixed' or 'follow', got {settings.background!r}.")
    if settings.background == "follow" and base_values is not None:
        raise InputError(
            "Background 'follow' sets every gene to the same virtual value and has no place for a base value a gene. "
            "Use background 'fixed', or a context without a profile."
        )


def sweep_sources(
    backbone: Backbone,
    genes: Sequence[str],
    sources: Sequence[str],
    settings: SweepSettings,
    base_values: Sequence[float] | None = None,
    *,
    batch: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Iterator[SourceSweep]:
    """Sweep each source over the context ``genes``; yields in the order of ``sources`` as soon as one is done.

    ``base_values`` (gene,) gives every gene its own base value (``settings.base`` otherwise). Cost: one plain pass,
    then one dual pass a (source, value), each quadratic in the context.
    """
    check_settings(settings, base_values=base_values)
    where = {g: i for i, g in enumerate(genes)}
    absent = [s for s in sources if s not in where]
    if absent or len(where) != len(genes):
        raise ValueError(f"sources outside the context: {absent[:5]}; repeated genes: {len(genes) - len(where)}")
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    base = _base_row(len(genes), settings, base_values, backbone.device)
    follow = settings.background == "follow"
    with device_errors(backbone.device):
        at_base = None if follow else backbone.reconstruct(ids, base[None])[0]
        cell = None if follow else backbone.base_cell(ids, base)
    n_values = len(settings.grid)
    rows = [(where[s], v) for s in sources for v in settings.grid]
    size = batch or batch_size(len(genes) + 1, backbone.device)
    pending: list[tuple[Tensor, Tensor]] = []
    finished = 0
    start = 0
    while start < len(rows):
        stop_if(cancel)
        chunk = rows[start : start + size]
        at = torch.tensor([i for i, _ in chunk])  # on the host, so that no batch waits for the device
        value = torch.tensor([v for _, v in chunk], dtype=torch.float32)
        found = unless_full(lambda: _read_rows(backbone, cell, ids, at, value, at_base), backbone.device, size)  # noqa: B023
        if found is None:
            size //= 2
            continue
        pending += zip(*found, strict=True)
        start += len(chunk)
        if progress:
            progress(start / len(rows), f"{start:,} of {len(rows):,} passes")
        while len(pending) >= n_values:
            done, pending = pending[:n_values], pending[n_values:]
            stacked = None if follow else torch.stack([r for r, _ in done]).numpy()
            yield SourceSweep(sources[finished], stacked, torch.stack([g for _, g in done]).numpy())
            finished += 1


def sweep_pairs(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    settings: SweepSettings,
    *,
    batch: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PairSweep:
    """Sweep directed pairs (source, target), each in a virtual cell of these two genes alone.

    Deterministic; the order of pairs is kept. Cost: T dual passes over three tokens a pair, and one plain pass that
    both directions of a pair share.
    """
    check_settings(settings)
    if any(s == t for s, t in pairs):
        raise InputError("A pair needs two different genes.")
    follow = settings.background == "follow"
    n, n_values = len(pairs), len(settings.grid)
    vocabulary = backbone.vocabulary
    ids = np.stack([vocabulary.ids([s for s, _ in pairs]), vocabulary.ids([t for _, t in pairs])], 1)
    grid = torch.tensor(settings.grid, device=backbone.device, dtype=torch.float32)
    slope = np.empty((n, n_values), np.float32)
    response = None if follow else np.empty((n, n_values), np.float32)
    size = max(1, (batch or batch_size(3, backbone.device)) // n_values)
    at_base = None if response is None else _targets_at_base(backbone, ids, settings.base, size * n_values, cancel)
    start = 0
    while start < n:
        stop_if(cancel)
        block = torch.from_numpy(ids[start : start + size])
        found = unless_full(lambda: _read_pairs(backbone, block, settings, grid), backbone.device, size)  # noqa: B023
        if found is None:
            size //= 2
            continue
        done = start + len(block)
        slope[start:done] = found[1].numpy()
        if response is not None and at_base is not None:
            response[start:done] = found[0].numpy() - at_base[start:done, None]
        start = done
        if progress:
            progress(done / n, f"{done:,} of {n:,} pairs swept")
    return PairSweep(response, slope)


def batch_size(tokens: int, device: torch.device) -> int:
    """Rows of one dual pass for a context of ``tokens`` tokens, ``<cls>`` included: as many for each thread."""
    if device.type != "cpu":
        return max(1, TOKENS_A_BATCH // tokens)
    return row_threads(device) * max(1, TOKENS_A_THREAD // tokens)


def _targets_at_base(backbone: Backbone, ids: np.ndarray, base: float, size: int, cancel: Cancel | None) -> np.ndarray:
    """Reconstruction (pair,) of the targets of ids (pair, 2) with both genes at base; once for both directions."""
    low, high = ids.min(1), ids.max(1)
    keys = low * (int(high.max(initial=0)) + 1) + high
    _, first, where = np.unique(keys, return_index=True, return_inverse=True)
    cells = np.stack([low[first], high[first]], 1)
    found = np.empty(cells.shape, np.float32)
    start = 0
    while start < len(cells):
        stop_if(cancel)
        block = torch.from_numpy(cells[start : start + size])
        read = unless_full(lambda: backbone.pairs_at_base(block, base).cpu(), backbone.device, size)  # noqa: B023
        if read is None:
            size //= 2
            continue
        found[start : start + len(block)] = read.numpy()
        start += len(block)
    return found[where, (ids[:, 1] == high).astype(np.intp)]


def _base_row(n_genes: int, settings: SweepSettings, values: Sequence[float] | None, device: torch.device) -> Tensor:
    if values is None:
        return torch.full((n_genes,), settings.base, device=device, dtype=torch.float32)
    if len(values) != n_genes:
        raise ValueError(f"{n_genes} genes, {len(values)} base values")
    return torch.tensor(values, device=device, dtype=torch.float32)


def _follow_rows(backbone: Backbone, ids: Tensor, at: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """A dual pass with every gene at the source's value."""
    at, value = at.to(ids.device), value.to(ids.device)
    values = value[:, None].repeat(1, len(ids))
    return backbone.dual(ids, values, torch.zeros_like(values).scatter_(1, at[:, None], 1.0))


def stop_if(cancel: Cancel | None) -> None:
    """Raise :class:`Cancelled` where ``cancel`` says so; asked between batches."""
    if cancel and cancel():
        raise Cancelled("Stopped on request; what was finished is kept.")


def _read_rows(
    backbone: Backbone, cell: SweptCell | None, ids: Tensor, at: Tensor, value: Tensor, at_base: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Response (or reconstruction, under follow) and slope of some rows, on the host."""
    out, slope = cell.sweep(at, value) if cell else _follow_rows(backbone, ids, at, value)
    return (out if at_base is None else out - at_base).cpu(), slope.cpu()


def _read_pairs(backbone: Backbone, ids: Tensor, settings: SweepSettings, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Reconstruction and slope of some pairs, on the host."""
    if settings.background == "follow":
        out, slope = plain_pairs(backbone, ids.to(backbone.device), settings.base, grid, follow=True)
    else:
        out, slope = backbone.sweep_pairs(ids, settings.base, grid)
    return out.cpu(), slope.cpu()


def unless_full(compute: Callable[[], T], device: torch.device, size: int) -> T | None:
    """What ``compute`` gives, or None where memory ran out and a smaller batch than ``size`` may fit."""
    with device_errors(device):
        try:
            return compute()
        except RuntimeError as error:
            if size == 1 or not is_out_of_memory(error):
                raise
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return None
