"""Workers elsewhere, behind the interface of ``concurrent.futures``: other processes, or a Dask cluster.

The address of a cluster comes from the command line or from ``UGRN_SCHEDULER``, never from a browser. Dask's transport
unpickles what it receives, so a cluster belongs in a network whose members are trusted. ``distributed`` is loaded when
an address is given, never before.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ugrn_core.device_queue import DeviceQueue
from ugrn_core.errors import ClusterError, InputError, UGRNError

T = TypeVar("T")

ADDRESS = re.compile(r"(?:tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(\d{1,5})")
CONNECT_SECONDS = 10
ANSWER_SECONDS = 2.0
"""Patience with the scheduler when it is asked how many threads there are."""
COUNT_EVERY = 3.0
"""Seconds between two such questions."""
A_THREAD = 2
"""Pieces of work under way for each thread of the workers, so that none waits for the next one."""
FEWEST = 8
"""Pieces under way however few the threads are; workers may come later."""

RESUMES = "What was finished is kept: the same run, started again, goes on from there."
ALIKE = "Workers need this program and its requirements, in the same versions as here."


class Workers:
    """An executor whose tasks run in other processes, with what a long run has to know of it."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Hand over a call of a function of some module; a loss of the workers is a ClusterError."""
        try:
            return self.executor.submit(function, *args)
        except (RuntimeError, OSError) as error:
            raise self.explain(error) from error

    def share(self, content: bytes, name: str) -> Any:
        """What tasks are given in place of ``content`` and receive as ``content``; ``name`` is a hash of it."""
        return content

    def width(self) -> int:
        """Pieces of work to have under way."""
        return max(FEWEST, A_THREAD * (os.cpu_count() or 1))

    def threads(self) -> int | None:
        """Threads of all workers at present, None where that is not known."""
        return None

    def explain(self, error: BaseException) -> BaseException:
        """An error of a task or a submission in words where it is the workers' loss or lack, else itself."""
        if isinstance(error, CancelledError | BrokenExecutor):
            return ClusterError(f"The processes that computed were lost ({type(error).__name__}). {RESUMES}")
        if isinstance(error, ImportError):
            return ClusterError(f"A worker cannot do the work: {error}. {ALIKE}")
        return error


class DaskWorkers(Workers):
    """The workers of a Dask cluster, by its client's executor.

    A worker that cannot import what a message holds drops the message and its connection, and nobody is told. So
    functions go by their names and are looked up inside the task, where a failure is the task's; arguments are text,
    numbers, bytes, and plain collections of them.
    """

    def __init__(self, executor: Executor, client: Any) -> None:
        super().__init__(executor)
        self.client = client
        self._threads, self._counted = 0, float("-inf")

    def submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        return super().submit(_by_name(function.__module__, function.__name__), *args)

    def share(self, content: bytes, name: str) -> Any:
        """The content as the result of a task: it goes over once, from worker to worker where needed, and is made
        again where the workers that held it died."""
        from dask import config

        with config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):  # it goes over once only
            return self.client.submit(lambda sent: sent, content, key=f"ugrn-{name}", pure=False)

    def width(self) -> int:
        if self.client.status == "closed":  # what was handed over while it tried to connect again would never end
            raise self.explain(CancelledError())
        return max(FEWEST, A_THREAD * (self.threads() or 0))

    def threads(self) -> int | None:
        if time.monotonic() - self._counted > COUNT_EVERY and self.client.status == "running":
            with suppress(OSError, TimeoutError):  # busy or lost: a loss shows in the futures
                found = self.client.sync(self.client.scheduler.identity, n_workers=0, callback_timeout=ANSWER_SECONDS)
                self._threads = found["total_threads"]
            self._counted = time.monotonic()
        return self._threads

    def explain(self, error: BaseException) -> BaseException:
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        if isinstance(error, UGRNError):
            return error
        if isinstance(error, KilledWorker):
            return ClusterError(
                f"{error.allowed_failures + 1} workers died one after the other at the same piece of work; most often "
                f"they have too little memory. Their logs say more. {RESUMES}"
            )
        if isinstance(error, CancelledError | CommClosedError) or self.client.status != "running":
            return ClusterError(
                f"The connection to the Dask scheduler was lost. {RESUMES} Start the cluster anew, or run without it."
            )
        return super().explain(error)


def workers_of(executor: Executor | None) -> Workers | None:
    """The manners of an executor whose tasks run elsewhere; None for those of this process, and for no executor."""
    if executor is None or isinstance(executor, DeviceQueue | ThreadPoolExecutor):
        return None
    if type(executor).__module__ == "distributed.cfexecutor":
        return DaskWorkers(executor, executor._client)  # pyright: ignore[reportAttributeAccessIssue]
    return Workers(executor)


def scheduler_address(given: str | None = None) -> str | None:
    """Address of the Dask scheduler: ``given``, else ``UGRN_SCHEDULER``, else None; InputError where it is none."""
    source = "--scheduler" if given is not None else "UGRN_SCHEDULER"
    address = (os.environ.get("UGRN_SCHEDULER", "") if given is None else given).strip()
    if not address and given is None:
        return None
    match = ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) < 65536:
        raise InputError(f"{source} is {address!r}; expected the address of a Dask scheduler, such as tcp://host:8786.")
    return address


@contextmanager
def cluster_executor(address: str | None = None) -> Iterator[Executor | None]:
    """Executor of the Dask cluster at ``address``, else at ``UGRN_SCHEDULER``; None without either: work stays here.

    No scheduler there is a ClusterError. Workers may come and go meanwhile.
    """
    wanted = scheduler_address(address)
    if wanted is None:
        yield None
        return
    client = _client(wanted)
    try:
        yield client.get_executor(pure=False)
    finally:
        with _silent(client.status != "running"), suppress(TimeoutError):
            client.close(timeout=CONNECT_SECONDS)


@contextmanager
def _silent(lost: bool) -> Iterator[None]:
    """Without the traceback that Dask logs where a lost client is closed: the loss was told in words."""
    log = logging.getLogger("distributed.client")
    before, log.disabled = log.disabled, lost or log.disabled
    try:
        yield
    finally:
        log.disabled = before


def _client(address: str) -> Any:
    try:
        answers = _knock(address)
        if answers != "Scheduler":
            raise ClusterError(f"At {address} a Dask {answers} answers; give the address of the scheduler.")
        from distributed import Client

        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except ImportError as error:
        raise ClusterError(
            f"A Dask cluster needs the package distributed: pip install 'ugrn-explorer[cluster]' ({error})."
        ) from error
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address} ({_one_line(error)}). Start one with `dask scheduler` and workers "
            "with `dask worker`, or run without --scheduler and UGRN_SCHEDULER."
        ) from error


def _knock(address: str) -> str:
    """What of Dask answers, in time: a client that does not get through may wait for ever, and leaves a thread."""
    match = ADDRESS.fullmatch(address)
    assert match is not None
    socket.create_connection((match[1].strip("[]"), int(match[2])), CONNECT_SECONDS).close()  # fails at once

    async def ask() -> str:
        from distributed.core import rpc
        from distributed.security import Security

        async with rpc(address, connection_args=Security().get_connection_args("client")) as there:
            found: Any = await asyncio.wait_for(there.identity(), CONNECT_SECONDS)
            return found["type"]

    with ThreadPoolExecutor(1) as thread:  # the caller's may have a loop of its own
        return thread.submit(asyncio.run, ask()).result()


def _by_name(module: str, name: str) -> Callable[..., Any]:
    """A call of ``module.name`` where the versions are those of here; an ImportError says what differs or is missing.

    It goes over as code, since all of it is local to this function, and needs nothing but Python there.
    """

    def versions() -> dict[str, str]:
        from importlib.metadata import version

        import ugrn_core

        return {"ugrn-explorer": ugrn_core.__version__, "torch": version("torch").partition("+")[0]}

    wanted = versions()

    def call(*args: Any) -> Any:
        import importlib
        import socket

        here = versions()
        other = [f"{what} {here[what]} instead of {wanted[what]}" for what in wanted if here[what] != wanted[what]]
        if other:
            raise ImportError(f"{socket.gethostname()} has {', '.join(other)}")
        return getattr(importlib.import_module(module), name)(*args)

    call.__name__ = name  # Dask's pages show it
    return call


def _one_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
