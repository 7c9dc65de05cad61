"""What the bench times: rows as the sweep makes them, the passes of one backbone over a full context, and pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.linear import spare_rows
from ugrn_core.bench.counts import dual_formula, forward_formula, pairs_formula, sweep_formula
from ugrn_core.bench.measure import Measurement, Work
from ugrn_core.bench.models import OfficialModel
from ugrn_core.bench.part import BenchPart
from ugrn_core.sweep import batch_size, sweep_pairs
from ugrn_core.types import SweepSettings

FORWARD, DUAL, SWEEP = "forward", "dual", "sweep"
PAIRS, PAIR_ROWS, OFFICIAL_PAIR_ROWS = "pairs, end to end", "pair rows", "official pair rows"


@dataclass(frozen=True)
class SweepRows:
    """Genes ``ids`` (gene,) at ``base`` (gene,); in each row the gene ``at`` (row,) stands at ``value`` (row,)."""

    ids: Tensor
    base: Tensor
    at: Tensor
    value: Tensor

    @property
    def values(self) -> Tensor:
        """Input values (row, gene)."""
        return self.base.repeat(len(self.at), 1).scatter_(1, self.at[:, None], self.value[:, None])

    @property
    def tangents(self) -> Tensor:
        """Direction of each row (row, gene): one at the moved gene."""
        return torch.zeros_like(self.values).scatter_(1, self.at[:, None], 1.0)

    @property
    def sources(self) -> int:
        """Different genes moved."""
        return len(self.at.unique())

    def first(self, n: int) -> SweepRows:
        """The first ``n`` rows, repeated where there are fewer."""
        which = torch.arange(n) % len(self.at)
        return SweepRows(self.ids, self.base, self.at[which], self.value[which])


def random_genes(backbone: TransformerBackbone, n: int, seed: int = 0) -> list[str]:
    """``n`` different genes of the vocabulary, the same for a seed."""
    symbols = backbone.vocabulary.symbols
    order = torch.randperm(len(symbols), generator=torch.Generator().manual_seed(seed))
    return [symbols[int(i)] for i in order[:n]]


def sweep_rows(backbone: TransformerBackbone, n_genes: int) -> SweepRows:
    """One batch out of the middle of a sweep: the last values of one source and the first ones of the next."""
    device, card = backbone.device, backbone.card
    ids = torch.from_numpy(backbone.vocabulary.ids(random_genes(backbone, n_genes))).to(device)
    size = batch_size(n_genes + 1, device)
    values = torch.tensor(card.grid, device=device).repeat(2 + size // len(card.grid))
    sources = torch.arange(len(values), device=device) // len(card.grid) % n_genes
    start = max(0, len(card.grid) - size // 2)
    rows = slice(start, start + size)
    return SweepRows(ids, torch.full((n_genes,), card.base, device=device), sources[rows], values[rows])


def pass_works(backbone: TransformerBackbone, rows: SweepRows) -> list[Work]:
    """Plain pass, dual pass of any direction (:meth:`LeanTransformer.dual`), and the sweep's own pass
    (:meth:`BaseCell.sweep`, its base cell built once before), on the same rows."""
    config, batch, genes = backbone.model.config, len(rows.at), len(rows.ids)
    values, tangents, cell = rows.values, rows.tangents, backbone.base_cell(rows.ids, rows.base)
    formulas = {
        FORWARD: forward_formula(config, batch, genes),
        DUAL: dual_formula(config, batch, genes),
        SWEEP: sweep_formula(config, batch, genes, rows.sources),
    }
    runs = {
        FORWARD: lambda: backbone.reconstruct(rows.ids, values),
        DUAL: lambda: backbone.dual(rows.ids, values, tangents),
        SWEEP: lambda: cell.sweep(rows.at, rows.value),
    }
    return [Work(name, runs[name], batch, genes + 1, formulas[name]) for name in runs]


def plain_forward_mode(backbone: TransformerBackbone, rows: SweepRows) -> tuple[Tensor, Tensor]:
    """Reconstruction and slope (row, gene) by ``torch.func.jvp`` of the lean forward: what one would write without
    this project. Only math attention has a forward-mode rule."""
    with sdpa_kernel(SDPBackend.MATH):
        found = torch.func.jvp(lambda v: backbone.model(rows.ids, v), (rows.values,), (rows.tangents,))
    return found[0], found[1]


def check_passes(part: BenchPart, backbone: TransformerBackbone, rows: SweepRows, label: str = "") -> None:
    """Hold the sweep's own pass against the dual pass, and the dual pass against torch's forward mode."""
    sweep = backbone.base_cell(rows.ids, rows.base).sweep(rows.at, rows.value)
    dual = backbone.dual(rows.ids, rows.values, rows.tangents)
    plain = plain_forward_mode(backbone, rows.first(1))
    for i, what in enumerate(("reconstruction", "slope")):
        part.agree(f"sweep_vs_dual_{what}{label}", sweep[i], dual[i])
        part.agree(f"dual_vs_plain_{what}{label}", dual[i][:1], plain[i])


def share(measurement: Measurement) -> float:
    """Share of the GEMM rate of a work whose multiply-adds were counted."""
    assert measurement.gemm_fraction is not None
    return measurement.gemm_fraction


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
    n, genes = (k + spare_rows(k, part.device) for k in (len(ids), len(ids.unique())))  # as they are computed
    formula = pairs_formula(ours.model.config, n, len(grid), genes)
    works = [Work(PAIR_ROWS, mine, len(cells), 3, formula), Work(OFFICIAL_PAIR_ROWS, official, len(cells), 3)]
    found = part.measure(works)
    part.no_gain["pair_context_vs_reverse_mode"] = found[OFFICIAL_PAIR_ROWS].seconds / found[PAIR_ROWS].seconds
