"""One worker thread a device behind the interface of ``concurrent.futures``, so that work takes turns.

This is the in-process way to run blocks; whatever takes an ``Executor`` can take a cluster's instead.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")


class DeviceQueue(Executor):
    """An executor with one worker thread and tasks in the order they came.

    The thread starts with the first task and does not keep the interpreter alive. A task submitted by a task of the
    same queue runs at once, in place, so that a job may hand out its blocks to its own queue without waiting for
    itself forever.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waiting: set[Future[Any]] = set()
        self._closed = False

    @property
    def inside(self) -> bool:
        """Whether the caller is a task of this queue."""
        return threading.current_thread() is self._thread

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        if self.inside:
            _settle(future, lambda: fn(*args, **kwargs))
            return future
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the queue {self._name} is shut down")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"ugrn-{self._name}", daemon=True)
                self._thread.start()
            self._waiting.add(future)
            self._tasks.put(lambda: self._take(future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._tasks.put(None)
            waiting = list(self._waiting) if cancel_futures else []
        for future in waiting:
            future.cancel()
        if wait:
            self.join()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the worker thread of a queue that was shut down, ``timeout`` seconds at most."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
            del task  # or the last task's arguments and result would live until the next one

    def _take(self, future: Future[T], call: Callable[[], T]) -> None:
        with self._lock:
            self._waiting.discard(future)
        if future.set_running_or_notify_cancel():
            _settle(future, call)


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    """Result or exception of ``call`` into ``future``; a worker thread must outlive whatever a task raises."""
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - the caller gets it from the future
        future.set_exception(error)
    else:
        future.set_result(result)
