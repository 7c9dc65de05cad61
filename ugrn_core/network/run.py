"""A network run: blocks of sources against all targets, finished ones read from the store, the rest computed.

In cells of two genes a block is swept and scored by whoever computes. In a full context the sources are swept first,
group by group, into a file; scores are quick then and made in this process. Results are kept by this process alone,
so that workers elsewhere need no store.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing, suppress
from functools import partial

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.methods.catalogue import curves_read, reads_curves
from ugrn_core.network.blocks import BlockScores, Curves, block_key, block_pairs, translator_digest
from ugrn_core.network.executors import CountedProgress, InProcess, TaskExecutor, computed, task_executor
from ugrn_core.network.question import NetworkRequest, check_request
from ugrn_core.network.scores import DiskArray, NetworkScores, ScoreFiles
from ugrn_core.opened import not_followed
from ugrn_core.shared_work import Arrays, Results, WorkItem
from ugrn_core.store import Store
from ugrn_core.stored_sweep import sorted_cell, source_key
from ugrn_core.sweep import check_settings
from ugrn_core.translators.schema import FeatureSchema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Progress, part_of

SWEEP_SHARE = 0.9
"""Share of the progress bar that the sweeps of a full context take."""
MISSES = 40
"""Blocks not in the store, one after another, beyond which no more are looked for; several runs work side by side."""
LOOKED_AT_PAIRS = 2_000_000


def predict_network(
    backbone: Backbone,
    translator: Translator,
    request: NetworkRequest,
    store: Store | None = None,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> NetworkScores:
    """Logits and slopes of every source -> target. Finished blocks go into the store at once: a run that was stopped
    goes on after them, and two runs of the same request share the work.

    ``executor``: who computes; by default this process, one block at a time on the queue of the model's device. A
    cluster's (:func:`ugrn_core.cluster.cluster_executor`) or any other of ``concurrent.futures`` gives the same scores
    to rtol 1e-5. Workers that are lost are a ClusterError; a worker that dies is not, while others are left.
    """
    notes = check_request(request, translator, backbone)
    tasks = task_executor(backbone, translator, executor)

    def score(tasks: TaskExecutor, start: float = 0.0) -> NetworkScores:
        files = ScoreFiles(request, translator.card.seeds)
        counting = CountedProgress(request.n_pairs, "pairs of genes scored", part_of(progress, start, 1.0))
        with closing(_scored(_blocks(backbone, translator, request), store, tasks, counting, cancel)) as scored:
            for pairs, block in scored:
                files.fill(pairs, block)
        return files.finished(notes)

    if request.context.kind == "pair" or not reads_curves(translator.card.schema.parts):
        return score(tasks)
    if store is not None and all(key in store for key, _ in _blocks(backbone, translator, request)):
        with suppress(_LostError):
            return score(InProcess(backbone, translator, curves=_lost))
    part = part_of(progress, 0.0, SWEEP_SHARE)
    with not_followed():
        curves = sweep_all(backbone, request, translator.card.schema, store, tasks, part, cancel)
    return score(InProcess(backbone, translator, curves=curves), SWEEP_SHARE)


class _LostError(Exception):
    """A block that was in the store is not any more: it was cleared meanwhile, or is damaged."""


def _lost(*_: object) -> dict[str, np.ndarray]:
    raise _LostError


def finished_share(backbone: Backbone, translator: Translator, request: NetworkRequest, store: Store | None) -> float:
    """Share of the pairs of genes whose blocks the store holds, from below for networks beyond ``LOOKED_AT_PAIRS``.

    Runs go through the blocks in one order, so that it stops looking after :data:`MISSES` in a row.
    """
    if store is None:
        return 0.0
    done = looked_at = misses = 0
    for key, pairs in _blocks(backbone, translator, request):
        kept = key in store
        misses = 0 if kept else misses + 1
        done, looked_at = done + kept * len(pairs), looked_at + len(pairs)
        if misses == MISSES or looked_at > LOOKED_AT_PAIRS:
            break
    return done / request.n_pairs


def _blocks(backbone: Backbone, translator: Translator, request: NetworkRequest) -> Iterator[tuple[str, list[Edge]]]:
    """Store address and pairs of every block."""
    digest, settings = translator_digest(translator), translator.card.schema.settings
    for pairs in block_pairs(request):
        yield block_key(backbone, digest, request, settings, pairs), pairs


def _scored(
    blocks: Iterator[tuple[str, list[Edge]]],
    store: Store | None,
    tasks: TaskExecutor,
    counting: CountedProgress,
    cancel: Cancel | None,
) -> Generator[tuple[list[Edge], BlockScores], None, None]:
    """Every block with its scores, as they are there."""
    drawn: dict[str, list[Edge]] = {}

    def submit(missing: tuple[str, ...], stop: Cancel) -> Future[Results]:
        (key,) = missing
        return tasks.score(key, drawn[key], counting.part(len(drawn[key])), stop)

    def pieces() -> Iterator[WorkItem]:
        for key, pairs in blocks:
            drawn[key] = pairs
            yield WorkItem((key,), submit)

    with closing(computed(pieces(), store, tasks, counting, cancel)) as results:
        for (key,), found in results:
            pairs = drawn.pop(key)
            yield pairs, BlockScores(**found[key])
            counting.add(len(pairs))


class CurveFiles:
    """Curves by name (gene, value, gene) of ``genes`` over each other, in files."""

    def __init__(self, genes: Sequence[str], cell: Sequence[str], n_values: int, names: Iterable[str]) -> None:
        self.row = {gene: n for n, gene in enumerate(genes)}
        place = {gene: n for n, gene in enumerate(cell)}
        self.columns = [place[gene] for gene in genes]
        shape = len(genes), n_values, len(genes)
        self.files = {name: DiskArray(shape, np.float32) for name in names}

    def fill(self, source: str, sweep: Arrays) -> None:
        """Put in the sweep of a source, each array (value, gene) over the genes of the cell."""
        for name, file in self.files.items():
            file.array[self.row[source]] = sweep[name][:, self.columns]
            file.let_go()

    def read(
        self, pairs: Sequence[Edge], progress: Progress | None = None, cancel: Cancel | None = None
    ) -> dict[str, np.ndarray]:
        """Curves by name, each (pair, value); it takes a moment, so that nothing is told or asked."""
        i, j = np.array([[self.row[s], self.row[t]] for s, t in pairs]).T
        found = {name: file.array[i, :, j] for name, file in self.files.items()}
        for file in self.files.values():
            file.let_go()
        return found


def sweep_all(
    backbone: Backbone,
    request: NetworkRequest,
    schema: FeatureSchema,
    store: Store | None,
    tasks: TaskExecutor,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Curves:
    """Sweep sources and targets, since both directions are scored; each source is kept as soon as it is done.

    Without slopes where none is read. A sweep with slopes that the store holds serves then too, and is whole again
    where it turns out to be damaged; the other way round it never does.
    """
    settings, read = schema.settings, curves_read(schema.parts)
    _, cell, values = sorted_cell(request.context)
    check_settings(settings, base_values=values)
    genes = tuple(dict.fromkeys([*request.sources, *request.targets]))
    files = CurveFiles(genes, cell, len(settings.grid), read)
    counting = CountedProgress(len(genes), "sources swept", progress)

    def key(gene: str, slopes: bool) -> str:
        return source_key(backbone, request.context, settings, gene, slopes=slopes)

    whole = [g for g in genes if "slope" in read or (store is not None and key(g, True) in store)]
    lean = sorted(set(genes) - set(whole))
    source = {key(g, slopes): g for some, slopes in ((whole, True), (lean, False)) for g in some}

    def submit(slopes: bool, missing: Sequence[str], stop: Cancel) -> Future[Results]:
        keys = {source[key]: key for key in missing}
        return tasks.sweep(cell, values, settings, keys, slopes, counting.part(len(missing)), stop)

    def pieces() -> Iterator[WorkItem]:
        keys, size = list(source), tasks.sources_a_piece
        for some, slopes in ((keys[: len(whole)], True), (keys[len(whole) :], False)):
            for n in range(0, len(some), size):
                yield WorkItem(tuple(some[n : n + size]), partial(submit, slopes))

    with closing(computed(pieces(), store, tasks, counting, cancel)) as results:
        for swept, found in results:
            for at in swept:
                files.fill(source[at], found[at])
            counting.add(len(swept))
    return files.read
