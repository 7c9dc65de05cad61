"""What the store keeps of the neighbourhoods of single genes: the last of them, in a fixed number of places.

A neighbourhood is megabytes, and the store forgets nothing by itself. So each gene has one of :data:`PLACES` places,
by the hash of its question, and a later gene of the same place writes over it. A row says what it answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key
from ugrn_core.sweep import SCHEMA
from ugrn_core.types import Cancel, Context, SweepSettings

PLACES = 128
VERSION = "neighbourhood-1"

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class KeptPart:
    """One part of a neighbourhood: ``place`` is its address, ``question`` (32 bytes) tells what lies there."""

    store: Store | None
    place: str
    question: bytes

    def get(self) -> Arrays | None:
        """What is kept, or None where there is nothing or another gene's."""
        found = None if self.store is None else self.store.get(self.place)
        if found is None or found.pop("question", np.empty(0, np.uint8)).tobytes() != self.question:
            return None
        return found

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
        with self.store.lock(self.place, cancel=cancel):
            found = self.get()
            if found is None:
                found = compute()
                self.store.put(self.place, {"question": np.frombuffer(self.question, np.uint8)} | found)
        return found


def part_kept(
    backbone: Backbone,
    gene: str,
    settings: SweepSettings,
    store: Store | None,
    number: int,
    others: Sequence[str],
) -> KeptPart:
    """The place of part ``number`` of a gene's curves, those with ``others`` in cells of two genes alone."""
    key = question_key(backbone, f"{VERSION}-{SCHEMA}", Context(), settings, gene)
    place = hashlib.sha256(f"{VERSION} place {int(key, 16) % PLACES} part {number}".encode()).hexdigest()
    return KeptPart(store, place, hashlib.sha256("\n".join([key, *others]).encode()).digest())
