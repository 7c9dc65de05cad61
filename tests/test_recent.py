"""Answers that are shared by sessions: computed once, bounded, and failures are nobody else's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ugrn_core.recent import LARGEST, Recent


def test_what_many_ask_at_once_is_computed_once():
    recent, counted, together = Recent(), [], threading.Barrier(8)
    started = threading.Event()

    def make() -> str:
        counted.append(1)
        started.wait(5)
        return "answer"

    def ask(_: int) -> str:
        together.wait()
        return recent.once(("curves", "GATA1"), make)

    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(ask, range(8))
        started.set()
        assert list(asked) == ["answer"] * 8
    assert counted == [1] and ("curves", "GATA1") in recent and ("curves", "KLF1") not in recent


def test_a_failure_is_not_shared_and_the_next_one_tries_again():
    recent, gate, waits = Recent(), threading.Event(), threading.Event()

    def fails() -> str:
        waits.set()
        gate.wait(5)
        raise ValueError("mine")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(recent.once, "key", fails)
        waits.wait(5)
        second = pool.submit(recent.once, "key", lambda: "own")
        gate.set()
        with pytest.raises(ValueError, match="mine"):
            first.result()
        assert second.result() == "own"


def test_answers_are_bounded_by_number_and_bytes_and_the_longest_unasked_go():
    few = Recent(most=2)
    for key in ("a", "b", "a", "c"):
        few.once(key, lambda key=key: key)
    assert "a" in few and "c" in few and "b" not in few
    small = Recent(most_bytes=3_000)
    for n in range(4):
        small.once(n, lambda: np.zeros(128))  # 1,024 bytes and some
    assert 0 not in small and 3 in small
    small.once("huge", lambda: np.zeros(LARGEST // 8 + 1))
    assert "huge" not in small and 3 in small
    small.clear()
    assert 3 not in small
