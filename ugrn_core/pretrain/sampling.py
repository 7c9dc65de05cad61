"""Batches for pre-training: virtual cells with conditional means to learn, and real profiles with values hidden.

Everything is drawn from a generator seeded by (seed, step), so that a resumed run sees the same batches. Part of a
cell's genes are related to its first gene (the nearest by absolute cosine): random genes have nothing to say of each
other. The number of genes runs from the pair alone to 512.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ugrn_core.pretrain.doors import MASK_VALUE, ValueRange
from ugrn_core.pretrain.standardise import ZCorpus
from ugrn_core.pretrain.targets import Teacher
from ugrn_core.pretrain.tissue_targets import Tissues

GENES_A_CELL = (2, 512)
TOKENS_A_BATCH = 6144
MAX_CELLS = 1536
MOVE = 0.25
"""Where slopes are taught: so many standard deviations between two values of a gene in cells that are else alike."""
ALIKE, ALIKE_PAIRS = 2, 4
"""So many such cells in a row; of two genes more, further apart, to say how slopes change over the range."""
MOVES_PAIRS = 0.2, 1.5
"""Least and largest move in pairs, in standard deviations."""
RELATED = 200
RELATED_SHARE, UNRELATED_PAIRS = 0.6, 0.5
"""So many of a cell's genes are drawn among those related to the first; no pair is in so many batches of pairs."""
PAIRS_SHARE, FEW_SHARE, FEW = 0.35, 0.7, 16
"""Share of batches of pairs, and share of the others that have at most ``FEW`` genes."""
WIDE_SHARE = 0.3
"""Share of cells whose values are spread over the whole range; the others lie around the base value."""
REAL_GENES = (8, 256)
HIDDEN_SHARE = 0.3
TISSUE_GENES = (8, 128)
RELATED_IN_TISSUE = 8
"""Genes related to the moved one in a cell of a tissue, those whose relation differs most between tissues; the others
are those that tell the tissue."""
TISSUE_NOISE = 0.2
"""Standard deviations by which the genes of half of these cells are off their means."""


@dataclass(frozen=True)
class Batch:
    """Gene columns, shown values, values to predict and loss weights, each (cell, gene).

    ``alike`` blocks of cells follow each other if there is a ``move`` (cell / alike,): cell i of a block is cell i of
    the one before with one gene moved by so many of that gene's standard deviations, so that differences of blocks over
    it are slopes.
    """

    genes: np.ndarray
    shown: np.ndarray
    truth: np.ndarray
    weight: np.ndarray
    move: np.ndarray | None = None
    alike: int = 1


@dataclass
class BatchSampler:
    """Draws batches of one corpus at one door."""

    corpus: ZCorpus
    teacher: Teacher
    door: ValueRange
    tissues: Tissues | None = None
    near: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.usable = np.flatnonzero(self.teacher.vectors.norm(dim=1).numpy() > 0)
        weight = np.array([p.weight for p in self.corpus.parts])
        self.part_share = weight / weight.sum()

    def virtual(self, seed: int, step: int, n_genes: int | None = None) -> Batch:
        """Virtual cells with the conditional mean of every gene; a gene that stands twice in a cell does not count."""
        rng = np.random.default_rng([seed, step, 0])
        n = n_genes or _number_of_genes(rng)
        cells = min(MAX_CELLS, max(8, TOKENS_A_BATCH // (n + 1)))
        genes = self._genes(rng, cells, n, self.usable)
        return self._taught(genes, self.door.values(genes, self._positions(rng, genes)))

    def _taught(self, genes: np.ndarray, shown: np.ndarray) -> Batch:
        z = self.door.z(genes, shown)
        counts = (~_repeated(genes)).astype(np.float32)
        with torch.no_grad():
            means = self.teacher.means(*map(torch.from_numpy, (genes, z, counts))).numpy()
        truth = self.door.centre[genes] + self.door.size[genes] * np.clip(means, -3, 3)
        return Batch(genes, shown, truth.astype(np.float32), counts)

    def moved(self, seed: int, step: int, n_genes: int | None = None) -> Batch:
        """Virtual cells in rows: the same genes and values but for one gene, moved from each to the next, by
        :data:`MOVE` or in pairs by :data:`MOVES_PAIRS`, and there over any part of the range."""
        rng = np.random.default_rng([seed, step, 0])
        n = n_genes or _number_of_genes(rng)
        alike = ALIKE_PAIRS if n == 2 else ALIKE
        cells = max(4, TOKENS_A_BATCH // (alike * (n + 1)))
        related = 0.0 if n == 2 and rng.random() < UNRELATED_PAIRS else RELATED_SHARE
        genes = self._genes(rng, cells, n, self.usable, related)
        at = np.arange(cells), rng.integers(n, size=cells)
        z, move = self._positions(rng, genes), np.full(cells, MOVE)
        if n == 2:
            _, low, high = (end[at] for end in self.door.span(genes))
            move = np.minimum(rng.uniform(*MOVES_PAIRS, cells), (high - low) / (alike - 1))
            z[at] = low + rng.random(cells) * np.maximum(high - low - (alike - 1) * move, 0)
        both = np.tile(genes, (alike, 1))
        batch = self._taught(both, self.door.values(both, self._row(z, genes, at, alike, move)))
        return self._in_a_row(batch, at, alike)

    def of_tissues(self, seed: int, step: int, n_genes: int | None = None) -> Batch:
        """Virtual cells of tissues, the tissue's genes at their means there and the first gene moved, in twins."""
        assert self.tissues is not None
        rng = np.random.default_rng([seed, step, 3])
        low, high = TISSUE_GENES
        n = n_genes or round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))
        cells = max(4, TOKENS_A_BATCH // (ALIKE * (n + 1)))
        tissue = rng.integers(len(self.tissues.means), size=cells)
        pools = [np.intersect1d(self.usable, np.flatnonzero(d)) for d in self.tissues.detected]
        first = np.array([rng.choice(pools[t]) for t in tissue])
        genes = self._telling(rng, tissue, n)
        related = min(RELATED_IN_TISSUE, n - 1)
        genes[:, 1 : 1 + related] = self._different(rng, first, related)
        genes[:, 0] = first
        rest = self.tissues.means[tissue[:, None], genes]
        z = rest + np.where(rng.random((cells, 1)) < 0.5, TISSUE_NOISE, 0.0) * rng.normal(size=genes.shape)
        at = np.arange(cells), np.zeros(cells, np.int64)
        z[at] = rest[at] + rng.normal(0, 1, cells)
        twice = np.tile(genes, (ALIKE, 1))
        shown = self.door.values(twice, self._row(z.astype(np.float32), genes, at, ALIKE, np.full(cells, MOVE)))
        away = self.door.z(twice, shown)[:, 0] - np.tile(rest[at], ALIKE)
        beyond = self.teacher.counts_as(torch.from_numpy(away))
        vectors = self.teacher.vectors.numpy()
        goes_with = self.teacher.signal * self.tissues.associations(tissue, first, genes, vectors)
        goes_with[:, 0] = 0
        means = np.tile(rest, (ALIKE, 1)) + np.tile(goes_with, (ALIKE, 1)) * beyond.numpy()[:, None]
        truth = self.door.centre[twice] + self.door.size[twice] * np.clip(means, -3, 3)
        counts = ~_repeated(genes) & self.tissues.detected[tissue[:, None], genes]
        batch = Batch(twice, shown, truth.astype(np.float32), np.tile(counts, (ALIKE, 1)).astype(np.float32))
        return self._in_a_row(batch, at, ALIKE)

    def _telling(self, rng: np.random.Generator, tissue: np.ndarray, n: int) -> np.ndarray:
        """Genes (cell, n) that tell each cell's tissue, drawn from its most unusual ones, of which each cell takes into
        account another number from n on."""
        assert self.tissues is not None
        most = self.tissues.unusual.shape[1]
        pool = rng.integers(min(n, most), most, len(tissue), endpoint=True)
        order = np.where(np.arange(most) < pool[:, None], rng.random((len(tissue), most)), 2).argsort(1)
        drawn = np.take_along_axis(self.tissues.unusual[tissue], order, 1)
        return np.take(drawn, np.arange(n) % most, axis=1)

    def _different(self, rng: np.random.Generator, genes: np.ndarray, n: int) -> np.ndarray:
        """Genes (gene, n) related to each, of a draw of them those whose relation differs most between tissues."""
        assert self.tissues is not None
        drawn = self._related(genes)[np.arange(len(genes))[:, None], rng.integers(RELATED, size=(len(genes), 5 * n))]
        vectors = self.teacher.vectors.numpy()
        said = np.stack(
            [
                self.tissues.associations(np.full(len(genes), t), genes, drawn, vectors)
                for t in range(len(self.tissues.means))
            ]
        )
        there = self.tissues.detected[:, drawn] & self.tissues.detected[:, genes][:, :, None]
        counts = np.maximum(there.sum(0), 1)
        mean = (said * there).sum(0) / counts
        spread = (((said - mean) ** 2) * there).sum(0) / counts
        chosen = np.argsort(-spread, axis=1, kind="stable")[:, :n]
        return np.take_along_axis(drawn, chosen, 1)

    def _row(
        self, z: np.ndarray, genes: np.ndarray, at: tuple[np.ndarray, np.ndarray], alike: int, move: np.ndarray
    ) -> np.ndarray:
        """Standard deviations (alike * cell, gene): z, then z with the gene ``at`` moved once, and so on."""
        _, _, high = self.door.span(genes)
        up = np.where(z[at] + (alike - 1) * move <= high[at] + 1e-4, move, -move)
        row = np.tile(z, (alike, 1, 1))
        for k in range(alike):
            row[k][at] += k * up
        return row.reshape(-1, z.shape[1])

    def _in_a_row(self, batch: Batch, at: tuple[np.ndarray, np.ndarray], alike: int) -> Batch:
        """The batch with the moves that its shown values have, between the first two blocks."""
        cells = len(at[0])
        shown = self.door.z(batch.genes[: 2 * cells], batch.shown[: 2 * cells])
        return replace(batch, move=shown[cells:][at] - shown[:cells][at], alike=alike)

    def real(self, seed: int, step: int, n_genes: int | None = None) -> Batch:
        """Profiles of one data set with some of the measured values hidden; only those weigh."""
        rng = np.random.default_rng([seed, step, 1])
        low, high = REAL_GENES
        n = n_genes or round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))
        cells = max(8, TOKENS_A_BATCH // (n + 1))
        part = self.corpus.parts[rng.choice(len(self.part_share), p=self.part_share)]
        rows = rng.integers(part.rows.start, part.rows.stop, cells)
        genes = self._genes(rng, cells, n, part.genes)
        truth = self.door.values(genes, self.corpus.z[rows[:, None], genes])
        counts = np.zeros(len(self.corpus.genes), bool)
        counts[part.genes] = True
        hidden = (rng.random((cells, n)) < HIDDEN_SHARE) & counts[genes] & ~_repeated(genes)
        shown = np.where(hidden, np.float32(MASK_VALUE), truth)
        return Batch(genes, shown, truth, hidden.astype(np.float32))

    def _genes(
        self, rng: np.random.Generator, cells: int, n: int, pool: np.ndarray, related_share: float = RELATED_SHARE
    ) -> np.ndarray:
        """Gene columns (cell, gene): the first from the pool, the others related to it or from the pool."""
        first = rng.choice(pool, cells)
        genes = rng.choice(pool, (cells, n))
        related = self._related(first)[np.arange(cells)[:, None], rng.integers(RELATED, size=(cells, n))]
        genes = np.where(rng.random((cells, n)) < related_share, related, genes)
        genes[:, 0] = first
        return genes

    def _positions(self, rng: np.random.Generator, genes: np.ndarray) -> np.ndarray:
        """Standard deviations (cell, gene): scattered; in half of the cells all but a few are at the base value."""
        shape, one = genes.shape, (len(genes), 1)
        rest, low, high = self.door.span(genes)
        near = np.clip(rest + rng.normal(0, 1.3, shape), low, high)
        z = np.where(rng.random(one) < WIDE_SHARE, low + (high - low) * rng.random(shape), near)
        moved = np.where(rng.random(one) < 0.5, 1.0, rng.choice([1, 2, 4], one) / shape[1])
        return np.where(rng.random(shape) < moved, z, rest)

    def _related(self, genes: np.ndarray) -> np.ndarray:
        """The genes nearest to each, (gene, RELATED)."""
        new = [g for g in dict.fromkeys(genes.tolist()) if g not in self.near]
        for start in range(0, len(new), 256):
            asked = torch.tensor(new[start : start + 256])
            cosine = (self.teacher.vectors[asked] @ self.teacher.vectors.T).abs()
            cosine[torch.arange(len(asked)), asked] = -1
            count = min(RELATED, cosine.shape[1] - 1)
            found = cosine.topk(count, dim=1).indices.numpy()
            found = np.resize(found, (len(asked), RELATED)) if count < RELATED else found
            self.near.update(zip(asked.tolist(), found.astype(np.int32), strict=True))
        return np.stack([self.near[g] for g in genes.tolist()]).astype(np.int64)


def _number_of_genes(rng: np.random.Generator) -> int:
    low, high = GENES_A_CELL
    kind = rng.random()
    if kind < PAIRS_SHARE:
        return low
    span = (low + 1, FEW) if kind < PAIRS_SHARE + FEW_SHARE * (1 - PAIRS_SHARE) else (FEW + 1, high)
    return round(math.exp(rng.uniform(math.log(span[0]), math.log(span[1]))))


def _repeated(genes: np.ndarray) -> np.ndarray:
    """Whether a gene stands elsewhere in its cell too, (cell, gene) bool."""
    order = np.argsort(genes, axis=1, kind="stable")
    ranked = np.take_along_axis(genes, order, 1)
    same = np.zeros(genes.shape, bool)
    same[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    same[:, :-1] |= same[:, 1:]
    repeated = np.zeros(genes.shape, bool)
    np.put_along_axis(repeated, order, same, 1)
    return repeated
