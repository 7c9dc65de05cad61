"""How far responses point along a difference of two states: projection, what lies aside, and what shuffles would give.

A is where the cell stands, d = B - A where it should go, R what a source at one virtual value does to all other genes.
``towards`` = R.d / |d|^2 is the share of the way to B; ``alignment`` the cosine of R and d; ``aside`` the length of the
part of R that is orthogonal to d, by |d|; ``nearer`` = 1 - |d - R|^2 / |d|^2 = 2 towards - towards^2 - aside^2 says how
much smaller the squared distance to B becomes. The source itself is left out of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

N_SHUFFLES = 999
SEED = 0


@dataclass(frozen=True)
class Doses:
    """Each (value,) float64, by virtual value of the source; ``shuffled`` (shuffle,): the largest ``towards`` over the
    values where the genes of the difference are shuffled."""

    towards: np.ndarray
    alignment: np.ndarray
    aside: np.ndarray
    shuffled: np.ndarray

    @property
    def nearer(self) -> np.ndarray:
        return 2 * self.towards - self.towards**2 - self.aside**2

    @property
    def best(self) -> int:
        """Place of the value that goes farthest."""
        return int(np.argmax(self.towards))

    @property
    def p(self) -> float:
        """Share of shuffles that go as far; at least 1 / (shuffles + 1)."""
        return float((1 + (self.shuffled >= self.towards.max()).sum()) / (1 + len(self.shuffled)))


def shuffles(difference: np.ndarray, n: int = N_SHUFFLES) -> np.ndarray:
    """The difference (gene,) with its genes in another order, (gene, shuffle) float32, seeded."""
    rng = np.random.default_rng(SEED)
    return rng.permuted(np.tile(difference.astype(np.float32)[:, None], n), axis=0)


def doses(response: np.ndarray, difference: np.ndarray, source: int, shuffled: np.ndarray) -> Doses:
    """What ``response`` (value, gene) of the gene at place ``source`` does along ``difference`` (gene,).

    ``shuffled`` (gene, shuffle): the difference in other orders, to compare with; what falls to the source in one and
    the source's own part change places, so that each is an order of what the other genes differ by. A difference of
    nothing but the source gives zeros.
    """
    r = response.astype(np.float64)
    r[:, source] = 0
    d = difference.astype(np.float64).copy()
    d[source] = 0
    square = d @ d
    along = r @ d
    length = np.sqrt((r**2).sum(1))
    zero = np.zeros(len(r))
    if square == 0:
        return Doses(zero, zero, zero, np.zeros(shuffled.shape[1]))
    towards = along / square
    aside = np.sqrt(np.maximum(length**2 / square - towards**2, 0))
    alignment = np.divide(along, length * np.sqrt(square), out=np.zeros(len(r)), where=length > 0)
    single = r.astype(np.float32)
    own = np.float32(difference[source])
    its_place = (shuffled == own).argmax(0)
    by_chance = single @ shuffled + single[:, its_place] * (shuffled[source] - own)
    return Doses(towards, alignment, aside, by_chance.max(0) / square)


def carriers(response: np.ndarray, difference: np.ndarray, source: int, n: int) -> np.ndarray:
    """Places of the genes that carry most of R.d at one value, ``response`` (gene,), the largest first; those that
    work against it are none."""
    share = response.astype(np.float64) * difference
    share[source] = 0
    order = np.argsort(-share, kind="stable")[:n]
    return order[share[order] > 0]
