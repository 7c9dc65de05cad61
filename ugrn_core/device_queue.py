"""Worker threads behind the interface of ``concurrent.futures``, one a device, so that work takes turns.

This is the in-process way to run blocks; whatever takes an ``Executor`` can take a cluster's instead.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")
Task = tuple[Future[Any], Callable[[], Any]]


class DeviceQueue(Executor):
    """An executor with one worker thread or a few. Each owner's tasks come in the order they were submitted, and the
    owners take turns: who has many tasks waiting does not make the others wait for all of them.

    A thread starts when there is a task for it and does not keep the interpreter alive. A task submitted by a task of
    the same queue runs at once, in place, so that a job may hand out its blocks to its own queue without waiting for
    itself forever.
    """

    def __init__(self, name: str, workers: int = 1) -> None:
        self._name = name
        self._workers = workers
        self._waiting: dict[str, deque[Task]] = {}
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    @property
    def inside(self) -> bool:
        """Whether the caller is a task of this queue."""
        return threading.current_thread() in self._threads

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return self.submit_for("", lambda: fn(*args, **kwargs))

    def submit_for(self, owner: str, call: Callable[[], T]) -> Future[T]:
        """As :meth:`submit`, in the turns of ``owner``."""
        future: Future[T] = Future()
        if self.inside:
            _settle(future, call)
            return future
        with self._changed:
            if self._closed:
                raise RuntimeError(f"the queue {self._name} is shut down")
            self._waiting.setdefault(owner, deque()).append((future, call))
            n_waiting = sum(map(len, self._waiting.values()))
            if n_waiting > self._idle and len(self._threads) < self._workers:
                thread = threading.Thread(target=self._work, name=f"ugrn-{self._name}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
        return future

    def ahead(self, future: Future[Any]) -> int:
        """How many waiting tasks have their turn before this one."""
        with self._changed:
            turns = [each for each in self._turns() if not each.cancelled()]
        return turns.index(future) if future in turns else 0

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._changed:
            self._closed = True
            waiting = [future for tasks in self._waiting.values() for future, _ in tasks] if cancel_futures else []
            self._changed.notify_all()
        for future in waiting:
            future.cancel()
        if wait:
            self.join()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the worker threads of a queue that was shut down, ``timeout`` seconds each at most."""
        for thread in self._threads:
            thread.join(timeout)

    def _turns(self) -> Iterator[Future[Any]]:
        """The waiting tasks in the order in which they will be taken."""
        lines = deque(iter(tasks) for tasks in self._waiting.values())
        while lines:
            line = lines.popleft()
            task = next(line, None)
            if task is not None:
                yield task[0]
                lines.append(line)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            future, call = task
            if future.set_running_or_notify_cancel():
                _settle(future, call)
            del task, future, call  # or the last task's arguments and result would live until the next one

    def _next(self) -> Task | None:
        """The first task of the owner whose turn it is, waiting for one; None when the queue is shut down and empty."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._idle -= 1
            if not self._waiting:
                return None
            owner = next(iter(self._waiting))
            tasks = self._waiting.pop(owner)
            task = tasks.popleft()
            if tasks:
                self._waiting[owner] = tasks  # behind the others
            return task


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    """Result or exception of ``call`` into ``future``; a worker thread must outlive whatever a task raises."""
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - the caller gets it from the future
        future.set_exception(error)
    else:
        future.set_result(result)
