"""The pair context: pairs a second through the sweep, and the same rows by reverse mode through the official model."""

from __future__ import annotations

import torch
from torch import Tensor

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.bench.counts import pairs_formula
from ugrn_core.bench.measure import Work
from ugrn_core.bench.models import OfficialModel
from ugrn_core.bench.part import BenchPart
from ugrn_core.bench.rows import random_genes
from ugrn_core.sweep import batch_size, sweep_pairs
from ugrn_core.types import SweepSettings

PAIRS, PAIR_ROWS, OFFICIAL_PAIR_ROWS = "pairs, end to end", "pair rows", "official pair rows"


def random_pairs(backbone: TransformerBackbone, n: int) -> list[tuple[str, str]]:
    """Both directions of ``n`` pairs of different genes, seeded; few pairs share a source (the harder case)."""
    n_genes = len(backbone.vocabulary)
    first, second = (random_genes(backbone, n_genes, seed) for seed in (1, 2))
    drawn = [(first[i % n_genes], second[(i + i // n_genes) % n_genes]) for i in range(2 * n)]
    pairs = [(s, t) for s, t in drawn if s != t][:n]
    return [*pairs, *((t, s) for s, t in pairs)]


def pairs_work(backbone: TransformerBackbone, n: int) -> Work:
    """Response and slope of ``n`` pairs, both directions, at every value of the card's grid, from symbols to arrays."""
    directed = random_pairs(backbone, n)
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    return Work(PAIRS, lambda: sweep_pairs(backbone, directed, settings), len(directed) // 2, 3)


def time_pairs(part: BenchPart, backbone: TransformerBackbone, n: int) -> None:
    """Pairs a second of ``backbone``."""
    work = pairs_work(backbone, n)
    found = part.measure([work])[PAIRS]
    part.figure("pairs_per_second", found.batch / found.seconds, work.run)


def pairs_against_reverse_mode(part: BenchPart, ours: TransformerBackbone, theirs: OfficialModel) -> None:
    """One batch of pair rows, response and slope, beside one official forward and backward over the same cells.

    Cells of a batch do not touch each other, so that one backward gives the slope of every row: there is nothing for
    a dual pass to gain here but its own speed.
    """
    grid = torch.tensor(ours.card.grid, device=part.device)
    n = max(1, batch_size(3, part.device) // len(grid))
    symbols = random_pairs(ours, n)[:n]
    ids = torch.stack([torch.from_numpy(ours.vocabulary.ids(pair)) for pair in symbols]).to(part.device)
    base = ours.card.base
    cells = ids[:, None].expand(-1, len(grid), -1).reshape(-1, 2)
    leaf = torch.stack([grid.repeat(len(ids)), torch.full((len(cells),), base, device=part.device)], 1)
    leaf.requires_grad_(True)

    def official() -> tuple[Tensor, Tensor]:
        out = theirs(cells, leaf)[:, 1]
        return out, torch.autograd.grad(out.sum(), leaf)[0][:, 0]

    def mine() -> tuple[Tensor, Tensor]:
        return ours.sweep_pairs(ids, base, grid)

    for what, a, b in zip(("reconstruction", "slope"), mine(), official(), strict=True):
        part.agree(f"pairs_vs_reverse_mode_{what}", a.flatten(), b.detach())
    formula = pairs_formula(ours.model.config, len(ids), len(grid), len(ids.unique()))
    works = [Work(PAIR_ROWS, mine, len(cells), 3, formula), Work(OFFICIAL_PAIR_ROWS, official, len(cells), 3)]
    found = part.measure(works)
    part.no_gain["pair_context_vs_reverse_mode"] = found[OFFICIAL_PAIR_ROWS].seconds / found[PAIR_ROWS].seconds
