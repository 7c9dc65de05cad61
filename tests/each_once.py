"""One of several workers that compute the same keys; a process that starts with this file imports little else."""

from __future__ import annotations

import threading
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from ugrn_core.store import Store


def compute_all(folder: Path, ledger: Path, keys: list[str], seed: int, barrier: Barrier | threading.Barrier) -> None:
    """Every key in an order of its own, singly and in groups; each computation leaves a line in the ledger."""
    order = np.random.default_rng(seed).permutation(len(keys))
    barrier.wait(60)
    with Store(folder) as store:
        for group in np.array_split(order, len(keys) // 2):
            wanted = [keys[i] for i in group]
            with store.lock(*wanted):
                missing = [key for key in wanted if store.get(key) is None]
                with ledger.open("a") as lines:
                    lines.writelines(f"{key}\n" for key in missing)
                store.put_many({key: {"value": np.array([int(key[:8], 16)])} for key in missing})
