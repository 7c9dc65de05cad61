"""Results that are many or large, in a fixed number of places of the store, which forgets nothing by itself.

Each question has one of :data:`PLACES` places of its kind, by its hash, and a later question of the same place writes
over the earlier. A row says what it answers, so that another question's is never read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.store import Store
from ugrn_core.types import Cancel

PLACES = 128

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Place:
    """Where the answer of one question lies: ``address`` in the store; ``question`` (32 bytes) says what lies there."""

    store: Store | None
    address: str
    question: bytes

    def get(self) -> Arrays | None:
        """What is kept, or None where there is nothing or another question's answer."""
        if self.store is None:
            return None
        for read in (self.store.get, self.store.opened):
            found = read(self.address)
            if found is not None and found.pop("question", np.empty(0, np.uint8)).tobytes() == self.question:
                return found
        return None

    def there(self) -> bool:
        """Whether it need not be computed."""
        return self.get() is not None

    def get_or_compute(self, compute: Callable[[], Arrays], cancel: Cancel | None) -> Arrays:
        """What is kept, else what ``compute`` gives, which is kept then; other runs wait and do not compute it too."""
        if self.store is None:
            return compute()
        found = self.get()
        if found is not None:
            return found
        with self.store.lock(self.address, cancel=cancel):
            found = self.get()
            if found is None:
                found = compute()
                self.store.put(self.address, {"question": np.frombuffer(self.question, np.uint8)} | found)
        return found


def place_of(store: Store | None, kind: str, key: str, part: int = 0, more: Sequence[str] = ()) -> Place:
    """The place of ``part`` of the answer to the question with ``key`` (:func:`ugrn_core.stored_sweep.question_key`).

    ``kind`` names the results and their version; ``more`` is what else the part depends on.
    """
    address = hashlib.sha256(f"{kind} place {int(key, 16) % PLACES} part {part}".encode()).hexdigest()
    return Place(store, address, hashlib.sha256("\n".join([key, *more]).encode()).digest())
