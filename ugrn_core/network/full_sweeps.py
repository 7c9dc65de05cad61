"""Sweeps of a network in a full context: every gene over all of them, once, in files that curves are read from."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.network.blocks import Curves
from ugrn_core.network.executors import CountedProgress, TaskExecutor, computed
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.scores import DiskArray
from ugrn_core.shared_work import Arrays, Results, WorkItem
from ugrn_core.store import Store
from ugrn_core.stored_sweep import sorted_cell, source_key
from ugrn_core.sweep import check_settings
from ugrn_core.types import Cancel, Progress, SweepSettings


class CurveFiles:
    """Response and slope (gene, value, gene) of ``genes`` over each other, in files; no response under follow."""

    def __init__(self, genes: Sequence[str], cell: Sequence[str], settings: SweepSettings) -> None:
        self.row = {gene: n for n, gene in enumerate(genes)}
        place = {gene: n for n, gene in enumerate(cell)}
        self.columns = [place[gene] for gene in genes]
        names = ("slope",) if settings.background == "follow" else ("slope", "response")
        shape = len(genes), len(settings.grid), len(genes)
        self.files = {name: DiskArray(shape, np.float32) for name in names}

    def fill(self, source: str, sweep: Arrays) -> None:
        """Put in the sweep of a source, each array (value, gene) over the genes of the cell."""
        for name, file in self.files.items():
            file.array[self.row[source]] = sweep[name][:, self.columns]
            file.let_go()

    def read(
        self, pairs: Sequence[Edge], progress: Progress | None = None, cancel: Cancel | None = None
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """Response and slope, each (pair, value); it takes a moment, so that nothing is told or asked."""
        i, j = np.array([[self.row[s], self.row[t]] for s, t in pairs]).T
        found = {name: file.array[i, :, j] for name, file in self.files.items()}
        for file in self.files.values():
            file.let_go()
        return found.get("response"), found["slope"]


def sweep_all(
    backbone: Backbone,
    request: NetworkRequest,
    settings: SweepSettings,
    store: Store | None,
    tasks: TaskExecutor,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Curves:
    """Sweep sources and targets, since both directions are scored; each source is kept as soon as it is done."""
    _, cell, values = sorted_cell(request.context)
    check_settings(settings, base_values=values)
    genes = tuple(dict.fromkeys([*request.sources, *request.targets]))
    files = CurveFiles(genes, cell, settings)
    counting = CountedProgress(len(genes), "sources swept", progress)
    source = {source_key(backbone, request.context, settings, gene): gene for gene in genes}

    def submit(missing: Sequence[str], stop: Cancel) -> Future[Results]:
        keys = {source[key]: key for key in missing}
        return tasks.sweep(cell, values, settings, keys, counting.part(len(missing)), stop)

    keys, size = list(source), tasks.sources_a_piece
    pieces = (WorkItem(tuple(keys[n : n + size]), submit) for n in range(0, len(keys), size))
    with closing(computed(pieces, store, tasks, counting, cancel)) as results:
        for swept, found in results:
            for key in swept:
                files.fill(source[key], found[key])
            counting.add(len(swept))
    return files.read
