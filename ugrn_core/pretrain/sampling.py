"""Batches for pre-training: which cells, which genes of a cell, which values are hidden.

Everything is drawn from a generator seeded by (seed, step), so that a resumed run sees the same batches. The number
of genes of a batch is drawn log-uniformly from 2 to 256: the model must also make sense of the pair alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ugrn_core.pretrain.corpus import Corpus, Part

TOKENS_A_BATCH = 8192
GENES_A_CELL = (2, 256)
NONZERO_SHARE = (0.6, 0.95)
MASK_RATE = (0.15, 0.75)
MASK_VALUE = -1.0
MAX_CELLS = 2048
DISTINCT_FROM = 16  # from this many genes a cell on, repeats are frequent enough to be avoided when drawing


@dataclass(frozen=True)
class Batch:
    """Gene columns, true values, shown values and loss weights, each (cell, gene)."""

    genes: np.ndarray
    truth: np.ndarray
    shown: np.ndarray
    weight: np.ndarray


class Sampler:
    """Draws cells with probability by the square root of their data set's size, then genes and masks."""

    def __init__(self, corpus: Corpus, *, held_out: bool = False, replace_share: float = 0.0) -> None:
        self.corpus = corpus
        self.parts = [p for p in corpus.parts if p.held_out == held_out and len(p.rows)]
        self.replace_share = replace_share
        sizes: dict[str, int] = {}
        for p in self.parts:
            sizes[_file(p)] = sizes.get(_file(p), 0) + len(p.rows)
        weight = np.array([len(p.rows) / np.sqrt(sizes[_file(p)]) for p in self.parts])
        self.part_share = weight / weight.sum()

    def draw(self, seed: int, step: int, n_genes: int | None = None, mask_rate: float | None = None) -> Batch:
        """The batch of a step; the same arguments give the same batch."""
        rng = np.random.default_rng([seed, step])
        low, high = GENES_A_CELL
        n = n_genes or round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))
        cells = min(MAX_CELLS, TOKENS_A_BATCH // (n + 1))
        which = rng.choice(len(self.parts), size=cells, p=self.part_share)
        share = rng.uniform(*NONZERO_SHARE)
        genes = np.stack([self._genes_of_cell(rng, self.parts[k], n, share) for k in which])
        rows, genes = genes[:, 0], genes[:, 1:]
        truth = self.corpus.values[rows[:, None], genes].astype(np.float32)
        return self._mask(rng, genes, truth, mask_rate or rng.uniform(*MASK_RATE))

    def _genes_of_cell(self, rng: np.random.Generator, part: Part, n: int, share: float) -> np.ndarray:
        """Row of a cell of the part, then n gene columns, about ``share`` of them non-zero; columns may repeat."""
        row = int(rng.integers(part.rows.start, part.rows.stop))
        nonzero = self.corpus.nonzero(row)
        picked = np.empty(n + 1, np.int64)
        picked[0] = row
        k = min(int(rng.binomial(n, share)), len(nonzero))
        if n >= DISTINCT_FROM:
            picked[1 : k + 1] = rng.choice(nonzero, k, replace=False, shuffle=False)
        else:
            picked[1 : k + 1] = nonzero[(rng.random(k) * len(nonzero)).astype(np.int64)]
        picked[k + 1 :] = part.measured[(rng.random(n - k) * len(part.measured)).astype(np.int64)]
        return picked

    def _mask(self, rng: np.random.Generator, genes: np.ndarray, truth: np.ndarray, rate: float) -> Batch:
        cells, n = genes.shape
        hidden = rng.random((cells, n)) < rate
        forced = rng.integers(n, size=cells)  # at least one hidden, at least one shown
        hidden[np.arange(cells), forced] = True
        hidden[np.arange(cells), (forced + 1) % n] = False
        shown = np.where(hidden, MASK_VALUE, truth)
        if self.replace_share:
            replaced = hidden & (rng.random((cells, n)) < self.replace_share)
            shown = np.where(replaced, rng.permuted(truth, axis=0), shown)
        order = np.argsort(genes, axis=1, kind="stable")
        ranked = np.take_along_axis(genes, order, 1)
        same = ranked[:, 1:] == ranked[:, :-1]
        twice = np.zeros_like(hidden)
        twice[:, 1:] |= same
        twice[:, :-1] |= same
        repeats = np.zeros_like(hidden)
        np.put_along_axis(repeats, order, twice, 1)
        return Batch(genes, truth, shown.astype(np.float32), (hidden & ~repeats).astype(np.float32))


def _file(part: Part) -> str:
    return part.name.split(":")[0]
