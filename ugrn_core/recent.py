"""Answers of a moment ago, shared by all sessions of a process: what two ask at once is computed once.

An answer is found by the whole question and by nothing else, so that nobody sees what another has loaded: who finds the
answer asked the same of the same numbers under the same names. Answers are shared as they are; nobody may change one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ugrn_core.memory import bytes_held

MOST = 512
MOST_BYTES = 64 << 20
LARGEST = 8 << 20
"""Bytes of an answer that is still kept."""

T = TypeVar("T")


@dataclass
class _Answer:
    """One on its way (``done`` is not set), there (``held`` bytes), or given up (``failed``)."""

    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    failed: bool = False
    held: int = 0


class Recent:
    """At most ``most`` answers and about ``most_bytes``; those go that were asked for longest ago."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self._answers: dict[Hashable, _Answer] = {}  # those asked for last stand last
        self._held = 0

    def __contains__(self, key: Hashable) -> bool:
        """Whether the answer is there."""
        with self._lock:
            found = self._answers.get(key)
            return found is not None and found.done.is_set()

    def once(self, key: Hashable, make: Callable[[], T], size: int | None = None) -> T:
        """The answer to ``key``: kept, awaited where another thread is at it, else made by ``make`` here.

        ``key`` must tell apart everything the answer depends on. What ``make`` raises is raised here alone; who waited
        for it tries by itself. ``size``: its bytes, where measuring them would take as long as making it.
        """
        while True:
            with self._lock:
                found = self._answers.pop(key, None)
                if found is None:
                    own = self._answers[key] = _Answer()
                    break
                self._answers[key] = found
            found.done.wait()
            if not found.failed:
                return found.value
        try:
            own.value = make()
        except BaseException:
            own.failed = True
            with self._lock:
                self._forget(key, own)
            own.done.set()
            raise
        size = bytes_held((key, own.value)) if size is None else size
        with self._lock:
            own.held = size
            if self._answers.get(key) is own:
                self._held += size
                if size > LARGEST:
                    self._forget(key, own)
                self._bound()
        own.done.set()
        return own.value

    def clear(self) -> None:
        """Forget all; what is on its way is still given to those who wait for it."""
        with self._lock:
            self._answers.clear()
            self._held = 0

    def _forget(self, key: Hashable, answer: _Answer) -> None:
        if self._answers.get(key) is answer:
            del self._answers[key]
            self._held -= answer.held

    def _bound(self) -> None:
        if len(self._answers) <= self._most and self._held <= self._most_bytes:
            return
        for key, answer in list(self._answers.items()):
            if answer.held:
                self._forget(key, answer)
            if len(self._answers) <= self._most and self._held <= self._most_bytes:
                return


RECENT = Recent()
"""Of this process."""
