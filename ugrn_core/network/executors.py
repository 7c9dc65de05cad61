"""Who computes for a network run: the queue of the model's device in this process, or workers elsewhere.

How much of it is done is told on the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.transport import pack_backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.cluster import Workers, workers_of
from ugrn_core.jobs import JOBS
from ugrn_core.network.blocks import Curves
from ugrn_core.network.on_workers import score_on_worker, score_text, sweep_on_worker, sweep_text
from ugrn_core.network.tasks import curves_alone, score_task, sweep_task
from ugrn_core.shared_work import Results, WorkItem, shared_results
from ugrn_core.store import Store
from ugrn_core.translators.translator import Translator
from ugrn_core.translators.transport import pack_translator
from ugrn_core.types import Cancel, Progress, SweepSettings, counted


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
        progress: Progress | None, cancel: Cancel,
    ) -> Future[Results]:  # fmt: skip
        """Hand out the sources in ``keys``, over the sorted genes of a full context."""
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
        self.curves = curves_alone(backbone, translator.card.schema.settings) if curves is None else curves

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
        progress: Progress | None, cancel: Cancel,
    ) -> Future[Results]:  # fmt: skip
        return self.executor.submit(sweep_task, self.backbone, genes, values, settings, keys, progress, cancel)


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
        progress: Progress | None, cancel: Cancel,
    ) -> Future[Results]:  # fmt: skip
        return self.workers.submit(sweep_on_worker, *self._model, sweep_text(genes, values, settings, keys))

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
