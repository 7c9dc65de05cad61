"""What a piece of work read of the store or put into it, and results that a saved session brought beside the store.

Such results are somebody else's word. They are read where the store has none, what is made from them stays beside it
too, and the store never holds any: who opens a session is the only one who sees what it says.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from ugrn_core.errors import InputError, UGRNError

MOST_BYTES = 256 << 20
"""Of what sessions brought and what was made from it; more is computed here."""


class OpenedResults:
    """Packed results by address, as sessions brought them; shared by threads."""

    def __init__(self, results: Mapping[str, bytes] | None = None) -> None:
        self._lock = threading.Lock()
        self._results: dict[str, bytes] = {}
        self._token = secrets.token_hex(8)
        self._version = 0
        self.add(results or {})

    def __contains__(self, address: str) -> bool:
        return address in self._results

    def get(self, address: str) -> bytes | None:
        """The packed result under an address, None where there is none."""
        return self._results.get(address)

    def add(self, results: Mapping[str, bytes]) -> None:
        """Keep more, as far as there is room."""
        with self._lock:
            held = self.held()
            for address, packed in results.items():
                held += len(packed) - len(self._results.get(address, b""))
                if held > MOST_BYTES:
                    return
                self._results[address] = packed

    def drop(self, addresses: Iterable[str]) -> None:
        """Forget these; they are computed here from now on."""
        with self._lock:
            for address in addresses:
                self._results.pop(address, None)
            self._version += 1

    def held(self) -> int:
        """Bytes kept."""
        return sum(map(len, self._results.values()))

    @property
    def state(self) -> Hashable:
        """Tells apart answers that may rest on them; None where there are none."""
        return (self._token, self._version) if self._results else None


@dataclass
class Trace:
    """``read``: addresses of all results that work read or made; ``foreign``: those that it took from ``opened``."""

    opened: OpenedResults | None = None
    read: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)

    @contextmanager
    def on(self) -> Iterator[Trace]:
        """Follow the work of this thread. What does not fit a question is forgotten, and said."""
        before = TRACE.set(self)
        try:
            yield self
        except Exception as error:
            if isinstance(error, UGRNError) or not self.foreign or self.opened is None:
                raise
            self.opened.drop(self.foreign)
            raise InputError(
                "A result of the session that was opened does not fit this question, and was left out. Ask again, and "
                "it is computed here."
            ) from error
        finally:
            TRACE.reset(before)


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""Of this thread; None where nobody follows it."""


@contextmanager
def not_followed() -> Iterator[None]:
    """Work whose results a question that is asked again does not need."""
    trace = TRACE.get()
    inner = None if trace is None else Trace(trace.opened)
    token = TRACE.set(inner)
    try:
        yield
    finally:
        TRACE.reset(token)
        if trace is not None and inner is not None:
            trace.foreign |= inner.foreign
