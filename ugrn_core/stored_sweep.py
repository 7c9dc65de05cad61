"""Sweeps read through the result store: nothing is computed twice, a killed run goes on from what it had.

Full contexts: one source a key, arrays over the sorted genes. Pair context: one source and one of a fixed number of
hash buckets of targets a key. Without a store everything is computed afresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.store import Store, sweep_key
from ugrn_core.sweep import SCHEMA, PairSweep, SourceSweep, check_settings, sweep_pairs, sweep_sources
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, counted

PRECISION = "float32"
BUCKETS = 16
SOURCES_A_GROUP = 16
KEYS_A_GROUP = 200
PAIRS_A_GROUP = 4096


def stored_sources(
    backbone: Backbone,
    context: Context,
    sources: Sequence[str],
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Iterator[SourceSweep]:
    """Sweep sources over a full context (its genes in their order); see :func:`ugrn_core.sweep.sweep_sources`.

    Written to the store in groups of ``SOURCES_A_GROUP`` sources as soon as a group is done.
    """
    order, genes, values = sorted_cell(context)
    check_settings(settings, base_values=values)
    back = np.argsort(order)
    for start in range(0, len(sources), SOURCES_A_GROUP):
        group = sources[start : start + SOURCES_A_GROUP]
        within = counted(progress, start, len(group), len(sources), "sources swept")
        found = _group(backbone, genes, values, group, settings, store, within, cancel)
        if within:
            within(1.0, "")
        for source in group:
            sweep = found[source]
            response = None if sweep.response is None else sweep.response[:, back]
            yield SourceSweep(source, response, sweep.slope[:, back])


def directed_pairs(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    context: Context,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PairSweep:
    """Response and slope (pair, value) of directed pairs (source, target) in any context; both genes lie in it."""
    if context.kind == "pair":
        return _stored_pairs(backbone, pairs, settings, store, progress, cancel)
    column = {g: k for k, g in enumerate(context.genes)}
    wanted: dict[str, list[int]] = {}
    for row, (source, _) in enumerate(pairs):
        wanted.setdefault(source, []).append(row)
    slope = np.empty((len(pairs), len(settings.grid)), np.float32)
    response = None if settings.background == "follow" else np.empty_like(slope)
    for sweep in stored_sources(backbone, context, list(wanted), settings, store, progress=progress, cancel=cancel):
        rows = wanted[sweep.source]
        columns = [column[pairs[r][1]] for r in rows]
        slope[rows] = sweep.slope[:, columns].T
        if response is not None and sweep.response is not None:
            response[rows] = sweep.response[:, columns].T
    return PairSweep(response, slope)


def sorted_cell(context: Context) -> tuple[list[int], list[str], list[float] | None]:
    """Places of the genes of a context in alphabetical order, and genes and base values in that order, as kept."""
    order = sorted(range(len(context.genes)), key=lambda i: context.genes[i])
    values = None if context.values is None else [context.values[i] for i in order]
    return order, [context.genes[i] for i in order], values


def source_key(
    backbone: Backbone, context: Context, settings: SweepSettings, source: str, *, slopes: bool = True
) -> str:
    """Store address of the sweep of a source over a full context, or of its responses alone."""
    return question_key(backbone, f"{'sweep' if slopes else 'responses'}-{SCHEMA}", context, settings, source)


def question_key(
    backbone: Backbone, what: str, context: Context, settings: SweepSettings, subject: str, bucket: int | None = None
) -> str:
    """Store address of ``what`` (a result kind with its version) asked of ``subject`` in a context."""
    return sweep_key(
        fingerprint=backbone.fingerprint,
        schema=what,
        precision=PRECISION,
        context_genes=context.genes,
        base=settings.base if context.values is None else context.values,
        grid=settings.grid,
        background=settings.background,
        source=subject,
        bucket=bucket,
    )


def _group(
    backbone: Backbone,
    genes: Sequence[str],
    values: Sequence[float] | None,
    sources: Sequence[str],
    settings: SweepSettings,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[str, SourceSweep]:
    def compute(missing: Sequence[str]) -> list[SourceSweep]:
        return list(sweep_sources(backbone, genes, missing, settings, values, progress=progress, cancel=cancel))

    if store is None:
        return {s.source: s for s in compute(sources)}
    kind = Context("genes" if values is None else "profile", tuple(genes), None if values is None else tuple(values))
    keys = {s: source_key(backbone, kind, settings, s) for s in sources}
    found = _sweeps_of(store, keys, sources)
    missing = [s for s in sources if found[s] is None]
    if missing:
        with store.lock(*(keys[s] for s in missing), cancel=cancel):
            found |= _sweeps_of(store, keys, missing)
            todo = [s for s in missing if found[s] is None]
            fresh = compute(todo) if todo else []  # even no source costs a pass of the base cell
            if fresh:
                store.put_many({keys[s.source]: packed(s.response, s.slope) for s in fresh})
            found |= {s.source: s for s in fresh}
    return {s: sweep for s, sweep in found.items() if sweep is not None}


def _stored_pairs(
    backbone: Backbone,
    pairs: Sequence[tuple[str, str]],
    settings: SweepSettings,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> PairSweep:
    if store is None:
        return sweep_pairs(backbone, pairs, settings, progress=progress, cancel=cancel)
    check_settings(settings)
    rows: dict[tuple[str, int], dict[str, list[int]]] = {}
    for row, (source, target) in enumerate(pairs):
        rows.setdefault((source, bucket_of(target)), {}).setdefault(target, []).append(row)
    slope = np.empty((len(pairs), len(settings.grid)), np.float32)
    response = None if settings.background == "follow" else np.empty_like(slope)
    done = 0
    for cells in _cell_groups(rows):
        wanted = {cell: list(rows[cell]) for cell in cells}
        for cell, known in _pair_group(backbone, wanted, settings, store, cancel).items():
            for target, at in rows[cell].items():
                r, g = known[target]
                slope[at] = g
                if response is not None:
                    response[at] = r
                done += len(at)
        if progress:
            progress(done / len(pairs), f"{done:,} of {len(pairs):,} pairs swept")
    return PairSweep(response, slope)


def bucket_of(target: str) -> int:
    """Bucket of a target in the pair context; fixed for ever, as it is part of the keys."""
    return hashlib.sha256(target.encode()).digest()[0] % BUCKETS


def _cell_groups(rows: dict[tuple[str, int], dict[str, list[int]]]) -> Iterator[list[tuple[str, int]]]:
    group: list[tuple[str, int]] = []
    size = 0
    for cell, targets in rows.items():
        if group and (len(group) >= KEYS_A_GROUP or size + len(targets) > PAIRS_A_GROUP):
            yield group
            group, size = [], 0
        group.append(cell)
        size += len(targets)
    if group:
        yield group


Cell = tuple[str, int]
"""A source and a bucket of targets."""
Known = dict[str, tuple[np.ndarray | None, np.ndarray]]


def _pair_group(
    backbone: Backbone,
    wanted: dict[tuple[str, int], list[str]],
    settings: SweepSettings,
    store: Store,
    cancel: Cancel | None,
) -> dict[tuple[str, int], Known]:
    """Curves by target for each (source, bucket); what the store lacks is computed in one sweep and added to it."""
    alone = Context()
    keys = {c: question_key(backbone, f"sweep-{SCHEMA}", alone, settings, c[0], c[1]) for c in wanted}
    known = _cells_of(store, keys, list(wanted))
    lacking = [c for c in wanted if any(t not in known[c] for t in wanted[c])]
    if not lacking:
        return known
    with store.lock(*(keys[c] for c in lacking), cancel=cancel):
        known |= _cells_of(store, keys, lacking)
        todo = [(c, t) for c in lacking for t in wanted[c] if t not in known[c]]
        if todo:
            fresh = sweep_pairs(backbone, [(c[0], t) for c, t in todo], settings, cancel=cancel)
            for row, (cell, target) in enumerate(todo):
                response = None if fresh.response is None else fresh.response[row]
                known[cell][target] = (response, fresh.slope[row])
            store.put_many({keys[c]: _pack_pairs(known[c]) for c in dict.fromkeys(c for c, _ in todo)})
    return known


def packed(response: np.ndarray | None, slope: np.ndarray) -> dict[str, np.ndarray]:
    """A sweep as it is kept: ``slope``, and ``response`` where there is one, over the sorted genes."""
    arrays = {"slope": np.ascontiguousarray(slope)}
    return arrays if response is None else arrays | {"response": np.ascontiguousarray(response)}


def _unpack(source: str, arrays: dict[str, np.ndarray] | None) -> SourceSweep | None:
    return None if arrays is None else SourceSweep(source, arrays.get("response"), arrays["slope"])


def _sweeps_of(store: Store, keys: Mapping[str, str], sources: Sequence[str]) -> dict[str, SourceSweep | None]:
    found = store.get_many(keys[source] for source in sources)
    return {source: _unpack(source, found[keys[source]]) for source in sources}


def _cells_of(store: Store, keys: Mapping[Cell, str], cells: Sequence[Cell]) -> dict[Cell, Known]:
    found = store.get_many(keys[cell] for cell in cells)
    return {cell: _unpack_pairs(found[keys[cell]]) for cell in cells}


def _pack_pairs(known: Known) -> dict[str, np.ndarray]:
    targets = sorted(known)
    names = np.frombuffer("\n".join(targets).encode(), dtype=np.uint8)
    responses = [r for r, _ in (known[t] for t in targets) if r is not None]
    return {"targets": names} | packed(
        np.stack(responses) if responses else None, np.stack([known[t][1] for t in targets])
    )


def _unpack_pairs(arrays: dict[str, np.ndarray] | None) -> Known:
    if arrays is None:
        return {}
    targets = arrays["targets"].tobytes().decode().split("\n")
    response = arrays.get("response")
    return {t: (None if response is None else response[i], arrays["slope"][i]) for i, t in enumerate(targets)}
