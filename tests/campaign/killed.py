"""``ugrn network`` in a process that can be killed at a chosen moment, and that says which results it has computed.

Processes are forked from one that has imported everything already: kills fall into the work and not into imports.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

PAIRS_A_BLOCK = 12
"""Pairs of one block of the network, so that a small one has several."""


def start(words: Sequence[str], cache: Path, said: Path) -> BaseProcess:
    """Start ``ugrn`` over a store of its own; every store address goes to ``said`` once its result is kept."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "torch", "ugrn_core.network.run", "ugrn_core.backbones.registry"])
    process = context.Process(target=_run, args=(tuple(map(str, words)), str(cache), str(said)))
    process.start()
    return process


def kept(said: Path) -> list[str]:
    """Store addresses in the order in which they were kept, by all runs that said so."""
    return said.read_text("utf-8").split() if said.exists() else []


def _run(words: tuple[str, ...], cache: str, said: str) -> None:
    os.environ["UGRN_CACHE_DIR"] = cache
    out = os.open(said + ".out", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    from ugrn_core.cli.app import app
    from ugrn_core.network import blocks
    from ugrn_core.store import Store

    blocks.PAIRS_A_BLOCK = PAIRS_A_BLOCK
    put_many = Store.put_many

    def put_and_say(self: Store, items: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        put_many(self, items)
        with open(said, "a", encoding="utf-8") as file:
            file.write("".join(f"{key}\n" for key in items))

    Store.put_many = put_and_say
    sys.argv = ["ugrn", *words]
    app()
