"""The first weights of the control's backbone: the regression it is taught, as far as one layer of attention holds it.

What gene s says of gene t is a bent line, one slope on either side of the mean. Its odd part, its even part, and what
the two genes alone say beyond that are three tables (target, source). Each becomes a pair of attention heads: with
scores arsinh(table) and -arsinh(table), the difference of the two exponentials is the table again, and the leading
singular axes of arsinh(table) are what the genes' embeddings hold. Two pairs of heads look past other genes, at
``<cls>``, so that what they say does not depend on how many genes a cell has; the third says less the more there are.

Training starts here. No arrow enters; what the axes leave out, and every other bend, is left to training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn

from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.circuits.means import FARTHEST, ConditionalMeans
from ugrn_core.circuits.training import TrainingSettings, new_model

HEADS = 6
PAST_GENES = 1000.0
"""How many genes ``<cls>`` weighs in the heads that look past the others."""

SHARPNESS = (6.0, 6.0, 0.3)
"""By which the tables are multiplied before arsinh: a large one keeps weak effects apart from strong ones."""

ALONE = 4.5
"""Tokens over which the third pair of heads spreads what it says of a pair alone: of three tokens (``<cls>`` is one) a
score moves the share of another by 2/9."""

LEVEL = 0.3
"""Size of one standard deviation in the channel of a value."""

BY_CHANCE = 0.02
"""Of the other weights, which are drawn by lot."""

Axes = tuple[np.ndarray, np.ndarray]


def first_model(groups: Sequence[np.ndarray], s: TrainingSettings, centre: float, scale: float) -> LeanTransformer:
    """A model of all ``groups`` of cells (cell, gene), whose genes all have mean ``centre`` and spread ``scale``."""
    if s.n_heads != HEADS or s.width < 4 * HEADS:
        raise ValueError(f"width {s.width} and {s.n_heads} heads: the first weights take {HEADS} heads of 4 or more")
    if min(cells.shape[1] for cells in groups) < 8:
        raise ValueError("the first weights take circuits of 8 genes or more")
    rank = s.width // HEADS - 1
    axes = np.vstack([gene_axes(cells, rank) for cells in groups])
    embeddings, size = _of_one_length(axes, s.width)
    model = new_model(s, embeddings, centre)
    with torch.no_grad():
        _lay_cls(model, axes.shape[1], size)
        _lay_values(model, axes.shape[1], centre, scale)
        _lay_heads(model, rank)
        _lay_answer(model, axes.shape[1] + 3, scale * size / math.sqrt(s.width))
    return model


def effect_tables(means: ConditionalMeans) -> np.ndarray:
    """Odd part, even part and what a pair alone says beyond, (3, target, source), in standard deviations a standard
    deviation: slopes up and down, by least squares over what the regression says up to :data:`FARTHEST`."""
    z = np.delete(np.linspace(-FARTHEST, FARTHEST, 7), 3)
    alone, among = means.responses(z)
    parts = np.linalg.pinv(np.stack([z, np.abs(z)], 1))
    odd, even = np.einsum("kv,stv->kts", parts, among)
    beyond = np.einsum("v,stv->ts", parts[0], alone) - odd
    left = ALONE / (len(odd) + 1)  # of what a pair alone says, in a cell of all genes
    beyond /= 1.0 - left
    return np.stack([odd - left * beyond, even, beyond])


def gene_axes(cells: np.ndarray, rank: int) -> np.ndarray:
    """Every gene as target and as source of each table, (gene, 6 x rank)."""
    found = []
    for table, sharpness in zip(effect_tables(ConditionalMeans.of(cells)), SHARPNESS, strict=True):
        scores = np.arcsinh(sharpness * table)
        np.fill_diagonal(scores, 0.0)
        found += _axes(scores, rank)
    return np.hstack(found)


def _axes(table: np.ndarray, rank: int) -> Axes:
    """Leading axes of rows and of columns, (row, rank) each, of which inner products come near the table."""
    rows, size, columns = np.linalg.svd(table)
    both = (rows * np.sqrt(size))[:, :rank], (columns.T * np.sqrt(size))[:, :rank]
    missing = rank - both[0].shape[1]
    return np.pad(both[0], ((0, 0), (0, missing))), np.pad(both[1], ((0, 0), (0, missing)))


def _of_one_length(axes: np.ndarray, width: int) -> tuple[np.ndarray, float]:
    """Embeddings (gene, width) and their length: two channels fill up what a gene lacks in length and make its mean
    zero, so that layer norms treat all genes alike. Four channels are left free."""
    squares, sums = (axes**2).sum(1), axes.sum(1)
    length = float((squares + sums**2 / 2.0).max()) + 1.0
    apart = np.sqrt(2.0 * (length - squares) - sums**2)
    filled = np.stack([(apart - sums) / 2.0, (-apart - sums) / 2.0], 1)
    free = np.zeros((len(axes), width - axes.shape[1] - 2))
    return np.hstack([axes, free, filled]), math.sqrt(length)


def _lay_cls(model: LeanTransformer, free: int, size: float) -> None:
    """``<cls>`` has a channel of its own, the value of a gene at its mean, and the length of the others."""
    row = torch.zeros(model.config.width)
    row[free] = 1.0
    row[-2:] = torch.tensor([size, -size]) / math.sqrt(2.0)
    model.gene_embedding.weight[model.config.cls_id] = row


def _lay_values(model: LeanTransformer, free: int, centre: float, scale: float) -> None:
    """Two channels: how far a value is from the mean, and its size; a masked value, below zero, counts as the mean."""
    into, out = model.value_in, model.value_out
    one = LEVEL / scale
    for row, (slope, at) in enumerate(((1.0, -centre), (-1.0, centre), (-1.0, 0.0))):
        into.weight[row, 0], into.bias[row] = slope, at
    out.weight *= BY_CHANCE
    out.bias.zero_()
    out.weight[free : free + 4] = 0.0
    away = torch.tensor([[one, -one, (1 + centre) * one], [one, one, -(1 + centre) * one]])
    out.weight[free + 1 : free + 3, :3] = away
    at_mean = torch.tensor([centre * one, -centre * one])
    model.gene_embedding.weight[model.config.cls_id, free + 1 : free + 3] = at_mean


def _lay_heads(model: LeanTransformer, rank: int) -> None:
    """Three pairs of heads in the first layer, one a table; what they say goes to the channel of the answer."""
    layer, width = model.blocks[0], model.config.width
    size, free = rank + 1, HEADS * rank
    for part in (layer.qkv.weight, layer.qkv.bias, layer.out.weight, layer.out.bias):
        part.zero_()
    qkv, bias, same = layer.qkv.weight, layer.qkv.bias, math.sqrt(size) * torch.eye(rank)
    for table, (value, past) in enumerate(((1, True), (2, True), (1, False))):
        of_target, of_source = 2 * table * rank, (2 * table + 1) * rank
        gain = (PAST_GENES if past else ALONE) / (2.0 * SHARPNESS[table])
        for head, sign in ((2 * table, 1.0), (2 * table + 1, -1.0)):
            at = head * size
            qkv[at : at + rank, of_target : of_target + rank] = same
            qkv[width + at : width + at + rank, of_source : of_source + rank] = sign * torch.eye(rank)
            qkv[2 * width + at, free + value] = 1.0
            layer.out.weight[free + 3, at] = sign * gain
            if past:
                bias[at + rank] = 1.0
                qkv[width + at + rank, free] = math.sqrt(size) * math.log(PAST_GENES)
    for block in model.blocks:
        block.ff_out.weight *= BY_CHANCE
        block.ff_out.bias.zero_()
    for block in model.blocks[1:]:
        block.out.weight *= BY_CHANCE
        block.out.bias.zero_()


def _lay_answer(model: LeanTransformer, channel: int, scale: float) -> None:
    """The decoder reads the channel of the answer, up and down; ``scale`` undoes the layer norms."""
    first, second, last = (cast(nn.Linear, layer) for layer in model.head)
    for layer in (first, second):
        layer.weight[:2], layer.bias[:2] = 0.0, 0.0
    first.weight[:2, channel] = torch.tensor([scale / LEVEL, -scale / LEVEL])
    second.weight[:2, :2] = torch.eye(2)
    last.weight *= BY_CHANCE
    last.weight[0, :2] = torch.tensor([1.0, -1.0])
