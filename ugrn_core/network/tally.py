"""Pieces of a network run computed by its hands, with how much of it is done told on the way."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

from ugrn_core.network.hands import Hands
from ugrn_core.shared_work import Piece, Results, shared_results
from ugrn_core.store import Store
from ugrn_core.types import Cancel, Progress, counted


@dataclass
class Tally:
    """How much is done of ``whole``; ``words`` say of what."""

    whole: int
    words: str
    progress: Progress | None
    done: int = 0

    def add(self, n: int) -> None:
        """``n`` more are done."""
        self.done += n
        self.say(f"{self.done:,} of {self.whole:,} {self.words}")

    def say(self, words: str) -> None:
        """Tell the user, where the share has not changed."""
        if self.progress:
            self.progress(self.done / self.whole, words)

    def part(self, n: int) -> Progress | None:
        """Progress within the next ``n``."""
        return counted(self.progress, self.done, n, self.whole, self.words)


def computed(
    pieces: Iterable[Piece], store: Store | None, hands: Hands, tally: Tally, cancel: Cancel | None
) -> Generator[tuple[tuple[str, ...], Results], None, None]:
    """Addresses and results of each piece, as they are there (see :func:`ugrn_core.shared_work.shared_results`)."""

    def width() -> int:
        if hands.missing():
            tally.say(hands.missing())
        return hands.width()

    with closing(shared_results(pieces, store, width=width, cancel=cancel, explain=hands.explain)) as results:
        for piece, found in results:
            yield piece.keys, found
