"""Functions run in a fork of a process that has the libraries loaded: quick to start, and killed where they hang."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MOST_SECONDS = 600
"""Longer than that, and a run counts as failed: it hangs."""


def in_a_fork(run: Callable[[], int], folder: Path, log: Path, seconds: float = MOST_SECONDS) -> int:
    """Exit status of a function in a fork of this process, which has the libraries loaded; killed after a while."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            os.chdir(folder)
            written = os.open(log, os.O_WRONLY | os.O_CREAT)
            os.dup2(written, 1)
            os.dup2(written, 2)
            status = run()
        finally:
            sys.stdout.flush()
            os._exit(status)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def warm_up() -> None:
    """Load what takes long to load, once; every fork has it."""
    of_torch = "torch torch._dynamo torch.nn.attention safetensors.torch"
    of_numbers = "numpy pandas scipy.stats sklearn.ensemble sklearn.linear_model sklearn.metrics anndata h5py"
    others = "hypothesis pytest typer.testing pydantic rapidfuzz rich.progress diskcache filelock requests networkx"
    for name in f"{of_torch} {of_numbers} {others}".split():
        __import__(name)
    import torch

    torch.set_num_threads(1)
