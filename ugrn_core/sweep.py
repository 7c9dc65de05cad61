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

from ugrn_core.backbones.backbone import Backbone, plain_pairs
from ugrn_core.backbones.devices import device_errors, is_out_of_memory
from ugrn_core.backbones.threads import row_threads
from ugrn_core.errors import InputError, stop_if
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
    ids, base, rows, size = _cell_to_sweep(backbone, genes, sources, settings, base_values, batch)
    follow = settings.background == "follow"
    with device_errors(backbone.device):
        at_base = None if follow else backbone.reconstruct(ids, base[None])[0]
        cell = None if follow else backbone.base_cell(ids, base)

    def read(at: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        out, slope = cell.sweep(at, value) if cell else _follow_rows(backbone, ids, at, value)
        return (out if at_base is None else out - at_base), slope

    swept = _read_rows(read, rows, len(settings.grid), size, backbone.device, progress, cancel)
    for source, (response, slope) in zip(sources, swept, strict=True):
        yield SourceSweep(source, None if follow else response, slope)


def source_responses(
    backbone: Backbone,
    genes: Sequence[str],
    sources: Sequence[str],
    settings: SweepSettings,
    base_values: Sequence[float] | None = None,
    *,
    batch: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Each source and its response (value, gene): :func:`sweep_sources` where no slope is read, in plain passes."""
    _need_responses(settings)
    ids, base, rows, size = _cell_to_sweep(backbone, genes, sources, settings, base_values, batch)
    with device_errors(backbone.device):
        at_base = backbone.reconstruct(ids, base[None])[0]

    def read(at: Tensor, value: Tensor) -> tuple[Tensor]:
        at, value = at.to(base.device), value.to(base.device)
        values = base.repeat(len(at), 1).scatter_(1, at[:, None], value[:, None])
        return (backbone.reconstruct(ids, values) - at_base,)

    swept = _read_rows(read, rows, len(settings.grid), size, backbone.device, progress, cancel)
    for source, (response,) in zip(sources, swept, strict=True):
        yield source, response


def sweep_pairs(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    settings: SweepSettings,
    *,
    responses: bool = True,
    batch: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PairSweep:
    """Sweep directed pairs (source, target), each in a virtual cell of these two genes alone.

    Deterministic; the order of pairs is kept. Cost: T dual passes over three tokens a pair, and one plain pass that
    both directions of a pair share; without ``responses`` there is none, and the response is None.
    """
    follow = settings.background == "follow"
    ids, grid, size = _pairs_to_sweep(backbone, pairs, settings, batch)

    def read(block: Tensor) -> tuple[Tensor, Tensor]:
        if follow:
            return plain_pairs(backbone, block.to(backbone.device), settings.base, grid, follow=True)
        return backbone.sweep_pairs(block, settings.base, grid)

    wanted = responses and not follow
    if not pairs:
        return PairSweep(np.empty((0, len(grid)), np.float32) if wanted else None, np.empty((0, len(grid)), np.float32))
    at_base = _targets_at_base(backbone, ids, settings.base, size * len(grid), cancel) if wanted else None
    out, slope = _read_pairs(read, ids, size, backbone.device, progress, cancel)
    return PairSweep(None if at_base is None else out - at_base[:, None], slope)


def pair_responses(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    settings: SweepSettings,
    *,
    batch: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> np.ndarray:
    """Response (pair, value) of directed pairs: :func:`sweep_pairs` where no slope is read, in plain passes."""
    _need_responses(settings)
    ids, grid, size = _pairs_to_sweep(backbone, pairs, settings, batch)
    if not pairs:
        return np.empty((0, len(grid)), np.float32)
    at_base = _targets_at_base(backbone, ids, settings.base, size * len(grid), cancel)

    def read(block: Tensor) -> tuple[Tensor]:
        return (backbone.reconstruct_pairs(block, settings.base, grid),)

    (out,) = _read_pairs(read, ids, size, backbone.device, progress, cancel)
    return out - at_base[:, None]


def batch_size(tokens: int, device: torch.device) -> int:
    """Rows of one dual pass for a context of ``tokens`` tokens, ``<cls>`` included: as many for each thread."""
    if device.type != "cpu":
        return max(1, TOKENS_A_BATCH // tokens)
    return row_threads(device) * max(1, TOKENS_A_THREAD // tokens)


def _targets_at_base(backbone: Backbone, ids: np.ndarray, base: float, size: int, cancel: Cancel | None) -> np.ndarray:
    """Reconstruction (pair,) of the targets of ids (pair, 2) with both genes at base; once for both directions."""
    cells = np.sort(ids)
    keys = cells.astype(np.int32).view(np.int64)[:, 0]  # both ids in one number
    _, first, where = np.unique(keys, return_index=True, return_inverse=True)
    second = ids[:, 1] == cells[:, 1]

    def read(block: Tensor) -> tuple[Tensor]:
        return (backbone.pairs_at_base(block, base),)

    (found,) = _read_pairs(read, cells[first], size, backbone.device, None, cancel)
    return found[where, second.astype(np.intp)]


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


def _places(genes: Sequence[str], sources: Sequence[str]) -> dict[str, int]:
    """Place of every gene of a context, which is to hold each once, and all sources."""
    where = {g: i for i, g in enumerate(genes)}
    absent = [s for s in sources if s not in where]
    if absent or len(where) != len(genes):
        raise ValueError(f"sources outside the context: {absent[:5]}; repeated genes: {len(genes) - len(where)}")
    return where


def _need_responses(settings: SweepSettings) -> None:
    if settings.background == "follow":
        raise ValueError("background 'follow' has no responses")


def _cell_to_sweep(
    backbone: Backbone,
    genes: Sequence[str],
    sources: Sequence[str],
    settings: SweepSettings,
    base_values: Sequence[float] | None,
    batch: int | None,
) -> tuple[Tensor, Tensor, list[tuple[int, float]], int]:
    """Ids (gene,), base values (gene,), rows (place of the source, virtual value) in order, and rows a pass."""
    check_settings(settings, base_values=base_values)
    where = _places(genes, sources)
    ids = torch.from_numpy(backbone.vocabulary.ids(genes)).to(backbone.device)
    base = _base_row(len(genes), settings, base_values, backbone.device)
    rows = [(where[s], v) for s in sources for v in settings.grid]
    return ids, base, rows, batch or batch_size(len(genes) + 1, backbone.device)


def _pairs_to_sweep(
    backbone: Backbone, pairs: Sequence[tuple[str, str]], settings: SweepSettings, batch: int | None
) -> tuple[np.ndarray, Tensor, int]:
    """Ids (pair, 2), the grid, and pairs of a batch."""
    check_settings(settings)
    if any(s == t for s, t in pairs):
        raise InputError("A pair needs two different genes.")
    vocabulary = backbone.vocabulary
    ids = np.stack([vocabulary.ids([s for s, _ in pairs]), vocabulary.ids([t for _, t in pairs])], 1)
    grid = torch.tensor(settings.grid, device=backbone.device, dtype=torch.float32)
    return ids, grid, max(1, (batch or batch_size(3, backbone.device)) // len(grid))


def _read_rows(
    read: Callable[[Tensor, Tensor], tuple[Tensor, ...]],
    rows: Sequence[tuple[int, float]],
    n_values: int,
    size: int,
    device: torch.device,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Iterator[list[np.ndarray]]:
    """What ``read`` gives of rows (gene moved, its value), batch by batch; for each source (value, gene) arrays."""
    pending: list[tuple[Tensor, ...]] = []
    start = 0
    while start < len(rows):
        stop_if(cancel)
        chunk = rows[start : start + size]
        at = torch.tensor([i for i, _ in chunk])  # on the host, so that no batch waits for the device
        value = torch.tensor([v for _, v in chunk], dtype=torch.float32)
        found = unless_full(lambda: [x.cpu() for x in read(at, value)], device, size)  # noqa: B023
        if found is None:
            size //= 2
            continue
        pending += zip(*found, strict=True)
        start += len(chunk)
        if progress:
            progress(start / len(rows), f"{start:,} of {len(rows):,} passes")
        while len(pending) >= n_values:
            done, pending = pending[:n_values], pending[n_values:]
            yield [torch.stack(row).numpy() for row in zip(*done, strict=True)]


def _read_pairs(
    read: Callable[[Tensor], tuple[Tensor, ...]],
    ids: np.ndarray,
    size: int,
    device: torch.device,
    progress: Progress | None,
    cancel: Cancel | None,
) -> list[np.ndarray]:
    """What ``read`` gives of ids (pair, 2), each (pair, ...), batch by batch."""
    parts: list[list[np.ndarray]] = []
    start = 0
    while start < len(ids):
        stop_if(cancel)
        block = torch.from_numpy(ids[start : start + size])
        found = unless_full(lambda: [x.cpu().numpy() for x in read(block)], device, size)  # noqa: B023
        if found is None:
            size //= 2
            continue
        parts.append(found)
        start += len(block)
        if progress:
            progress(start / len(ids), f"{start:,} of {len(ids):,} pairs swept")
    return [np.concatenate(whole) for whole in zip(*parts, strict=True)]


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
