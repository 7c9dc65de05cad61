"""The tasks of a network run as workers elsewhere run them: what was sent is opened once a process, and kept.

A worker uses its own device (``UGRN_DEVICE``, else the best there is), and needs no disk that others see.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch

from ugrn_core.backbones.transport import open_backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.errors import ClusterError
from ugrn_core.memory import keep_freed_memory
from ugrn_core.network.tasks import curves_alone, score_task, sweep_task
from ugrn_core.shared_work import Results
from ugrn_core.translators.transport import open_translator
from ugrn_core.types import Cancel, SweepSettings

T = TypeVar("T")
KEPT = 4
"""Models and translators a worker keeps open, those used last."""

_opened: dict[str, Any] = {}
_opening = threading.Lock()


def score_on_worker(model_sha: str, model: bytes, translator_sha: str, translator: bytes, task: str) -> Results:
    """:func:`score_task` in cells of two genes; ``task`` is JSON (:func:`score_text`)."""
    cancel = _begin()
    backbone = _open(model_sha, model, open_backbone)
    kept = _open(translator_sha, translator, open_translator)
    key, sources, targets = json.loads(task)
    curves = curves_alone(backbone, kept.card.schema.settings)
    return score_task(backbone, kept, key, list(zip(sources, targets, strict=True)), curves, cancel=cancel)


def score_text(key: str, pairs: Sequence[Edge]) -> str:
    """What :func:`score_on_worker` is told of a block."""
    return json.dumps([key, [s for s, _ in pairs], [t for _, t in pairs]])


def sweep_on_worker(model_sha: str, model: bytes, task: str) -> Results:
    """:func:`sweep_task`; ``task`` is JSON (:func:`sweep_text`)."""
    cancel = _begin()
    backbone = _open(model_sha, model, open_backbone)
    genes, values, (base, grid, background), keys = json.loads(task)
    return sweep_task(backbone, genes, values, SweepSettings(base, tuple(grid), background), keys, cancel=cancel)


def sweep_text(
    genes: Sequence[str], values: Sequence[float] | None, settings: SweepSettings, keys: Mapping[str, str]
) -> str:
    """What :func:`sweep_on_worker` is told of some sources; numbers come back as they were."""
    return json.dumps([genes, values, [settings.base, settings.grid, settings.background], keys])


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
