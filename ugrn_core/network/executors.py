"""Who computes for a network run: the queue of the model's device in this process, or workers elsewhere.

A task is the scores of a block or the sweeps of some sources; its results go by store address. What is sent to a worker
elsewhere is opened once a process and kept; a worker uses its own device (``UGRN_DEVICE``, else the best there is), and
needs no disk that others see. How much of a run is done is told on the way.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.transport import open_backbone, pack_backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.cluster import Workers, workers_of
from ugrn_core.errors import ClusterError
from ugrn_core.jobs import JOBS
from ugrn_core.memory import keep_freed_memory
from ugrn_core.network.blocks import Curves, curves_alone, score_block
from ugrn_core.shared_work import Results, WorkItem, shared_results
from ugrn_core.store import Store
from ugrn_core.stored_sweep import packed
from ugrn_core.sweep import source_responses, sweep_sources
from ugrn_core.translators.exchange import open_translator, pack_translator
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Progress, SweepSettings, counted

T = TypeVar("T")
KEPT = 4
"""Models and translators a worker keeps open, those used last."""

_opened: dict[str, Any] = {}
_opening = threading.Lock()


def score_task(
    backbone: Backbone,
    translator: Translator,
    key: str,
    pairs: Sequence[Edge],
    curves: Curves,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Results:
    """Scores of a block of pairs under its ``key``."""
    return {key: vars(score_block(backbone, translator, pairs, curves, progress, cancel))}


def sweep_task(
    backbone: Backbone,
    genes: Sequence[str],
    values: Sequence[float] | None,
    settings: SweepSettings,
    keys: Mapping[str, str],
    slopes: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Results:
    """Sweeps of the sources in ``keys`` over a full context (sorted genes with their base values), by their keys;
    responses alone where no ``slopes`` are wanted."""
    if not slopes:
        found = source_responses(backbone, genes, list(keys), settings, values, progress=progress, cancel=cancel)
        return {keys[source]: {"response": np.ascontiguousarray(response)} for source, response in found}
    swept = sweep_sources(backbone, genes, list(keys), settings, values, progress=progress, cancel=cancel)
    return {keys[s.source]: packed(s.response, s.slope) for s in swept}


def score_on_worker(model_sha: str, model: bytes, translator_sha: str, translator: bytes, task: str) -> Results:
    """:func:`score_task` in cells of two genes; ``task`` is JSON (:func:`score_text`)."""
    cancel = _begin()
    backbone = _open(model_sha, model, open_backbone)
    kept = _open(translator_sha, translator, open_translator)
    key, sources, targets = json.loads(task)
    curves = curves_alone(backbone, kept.card.schema)
    return score_task(backbone, kept, key, list(zip(sources, targets, strict=True)), curves, cancel=cancel)


def score_text(key: str, pairs: Sequence[Edge]) -> str:
    """What :func:`score_on_worker` is told of a block."""
    return json.dumps([key, [s for s, _ in pairs], [t for _, t in pairs]])


def sweep_on_worker(model_sha: str, model: bytes, task: str) -> Results:
    """:func:`sweep_task`; ``task`` is JSON (:func:`sweep_text`)."""
    cancel = _begin()
    backbone = _open(model_sha, model, open_backbone)
    genes, values, (base, grid, background), slopes, keys = json.loads(task)
    return sweep_task(
        backbone, genes, values, SweepSettings(base, tuple(grid), background), keys, slopes, cancel=cancel
    )


def sweep_text(
    genes: Sequence[str],
    values: Sequence[float] | None,
    settings: SweepSettings,
    keys: Mapping[str, str],
    slopes: bool = True,
) -> str:
    """What :func:`sweep_on_worker` is told of some sources; numbers come back as they were."""
    return json.dumps([genes, values, [settings.base, settings.grid, settings.background], slopes, keys])


def _begin() -> Cancel | None:
    """Use a fair share of the processors; gives whether the task was called off, where that can be known."""
    if "distributed.worker" not in sys.modules:
        return None
    from dask.system import CPU_COUNT
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:
        return None
    keep_freed_memory()
    if "OMP_NUM_THREADS" not in os.environ:  # Dask's nanny sets it to 1
        torch.set_num_threads(max(1, CPU_COUNT // worker.state.nthreads))
    key = worker.get_current_task()

    def called_off() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return called_off


def _open(sha: str, content: bytes, reader: Callable[[bytes], T]) -> T:
    with _opening:
        found = _opened.pop(sha, None)
        if found is None:
            if hashlib.sha256(content).hexdigest() != sha:
                raise ClusterError(f"A model or translator reached {socket.gethostname()} damaged. Run again.")
            found = reader(content)
        while len(_opened) >= KEPT:
            del _opened[next(iter(_opened))]
        _opened[sha] = found
        return found


class TaskExecutor(Protocol):
    """Takes blocks of pairs and groups of sources; the futures give results by store address."""

    sources_a_piece: int

    def width(self) -> int:
        """Pieces to have under way."""
        ...

    def missing(self) -> str:
        """What the work waits for, in words; empty where it goes on."""
        ...

    def explain(self, error: BaseException) -> BaseException:
        """An error in words where it is the executor's."""
        ...

    def score(self, key: str, pairs: Sequence[Edge], progress: Progress | None, cancel: Cancel) -> Future[Results]:
        """Hand out a block."""
        ...

    def sweep(
        self, genes: Sequence[str], values: Sequence[float] | None, settings: SweepSettings, keys: Mapping[str, str],
        slopes: bool, progress: Progress | None, cancel: Cancel,
    ) -> Future[Results]:  # fmt: skip
        """Hand out the sources in ``keys``, over the sorted genes of a full context, with ``slopes`` or without."""
        ...


def task_executor(backbone: Backbone, translator: Translator, executor: Executor | None) -> TaskExecutor:
    """The tasks behind an executor; without one, the queue of the backbone's device."""
    workers = workers_of(executor)
    return InProcess(backbone, translator, executor) if workers is None else Elsewhere(backbone, translator, workers)


class InProcess:
    """One piece at a time; it reports from inside and looks up between batches. ``curves``: of blocks, by default
    swept in cells of two genes."""

    sources_a_piece = 16

    def __init__(
        self, backbone: Backbone, translator: Translator, executor: Executor | None = None, curves: Curves | None = None
    ) -> None:
        self.backbone, self.translator = backbone, translator
        self.executor = JOBS.executor(str(backbone.device)) if executor is None else executor
        self.curves = curves_alone(backbone, translator.card.schema) if curves is None else curves

    def width(self) -> int:
        return 1

    def missing(self) -> str:
        return ""

    def explain(self, error: BaseException) -> BaseException:
        return error

    def score(self, key: str, pairs: Sequence[Edge], progress: Progress | None, cancel: Cancel) -> Future[Results]:
        return self.executor.submit(
            score_task, self.backbone, self.translator, key, pairs, self.curves, progress, cancel
        )

    def sweep(
        self, genes: Sequence[str], values: Sequence[float] | None, settings: SweepSettings, keys: Mapping[str, str],
        slopes: bool, progress: Progress | None, cancel: Cancel,
    ) -> Future[Results]:  # fmt: skip
        return self.executor.submit(sweep_task, self.backbone, genes, values, settings, keys, slopes, progress, cancel)


class Elsewhere:
    """As many pieces as keep the workers busy. They report when they are done; the scheduler tells them to stop."""

    sources_a_piece = 4

    def __init__(self, backbone: Backbone, translator: Translator, workers: Workers) -> None:
        self.backbone, self.translator, self.workers = backbone, translator, workers

    def width(self) -> int:
        return self.workers.width()

    def missing(self) -> str:
        return "waiting for a worker of the cluster" if self.workers.threads() == 0 else ""

    def explain(self, error: BaseException) -> BaseException:
        return self.workers.explain(error)

    def score(self, key: str, pairs: Sequence[Edge], progress: Progress | None, cancel: Cancel) -> Future[Results]:
        task = score_text(key, pairs)
        return self.workers.submit(score_on_worker, *self._model, *self._translator, task)

    def sweep(
        self, genes: Sequence[str], values: Sequence[float] | None, settings: SweepSettings, keys: Mapping[str, str],
        slopes: bool, progress: Progress | None, cancel: Cancel,
    ) -> Future[Results]:  # fmt: skip
        return self.workers.submit(sweep_on_worker, *self._model, sweep_text(genes, values, settings, keys, slopes))

    @cached_property
    def _model(self) -> tuple[str, Any]:
        return self._shared(pack_backbone(self.backbone))

    @cached_property
    def _translator(self) -> tuple[str, Any]:
        return self._shared(pack_translator(self.translator))

    def _shared(self, content: bytes) -> tuple[str, Any]:
        """Hash of the content, and what stands for it in a task; sent when the first task needs it."""
        sha = hashlib.sha256(content).hexdigest()
        return sha, self.workers.share(content, sha)


@dataclass
class CountedProgress:
    """How much is done of ``whole``; ``words`` say of what."""

    whole: int
    words: str
    progress: Progress | None
    done: int = 0

    def add(self, n: int) -> None:
        """``n`` more are done."""
        self.done += n
        self.say(f"{self.done:,} of {self.whole:,} {self.words}")

    def say(self, words: str) -> None:
        """Tell the user, where the share has not changed."""
        if self.progress:
            self.progress(self.done / self.whole, words)

    def part(self, n: int) -> Progress | None:
        """Progress within the next ``n``."""
        return counted(self.progress, self.done, n, self.whole, self.words)


def computed(
    pieces: Iterable[WorkItem],
    store: Store | None,
    tasks: TaskExecutor,
    counting: CountedProgress,
    cancel: Cancel | None,
) -> Generator[tuple[tuple[str, ...], Results], None, None]:
    """Addresses and results of each piece, as they are there (see :func:`ugrn_core.shared_work.shared_results`)."""

    def width() -> int:
        if tasks.missing():
            counting.say(tasks.missing())
        return tasks.width()

    with closing(shared_results(pieces, store, width=width, cancel=cancel, explain=tasks.explain)) as results:
        for piece, found in results:
            yield piece.keys, found
