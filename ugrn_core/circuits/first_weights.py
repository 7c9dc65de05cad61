"""The first weights of the control's backbone: the regression it is taught, as far as one layer of attention holds it.

What gene s says of gene t is a cubic curve. Its three parts, and those of what the two genes alone say beyond, are six
tables (target, source). Each becomes a pair of attention heads: with scores arsinh(table) and -arsinh(table), the
difference of the two exponentials is the table again, and the leading singular axes of arsinh(table) are what the
genes' embeddings hold. The heads of the first three tables look past other genes, at ``<cls>``, so that what they say
does not depend on how many genes a cell has; the others say less the more there are.

Training starts here. No arrow enters; what the axes leave out is left to training.
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

PARTS = 3
HEADS = 4 * PARTS
"""Two a table, and two tables a part of the curve: among all genes, and of a pair alone."""

PAST_GENES = 1000.0
"""How many genes ``<cls>`` weighs in the heads that look past the others."""

SHARPNESS = (*(6.0,) * PARTS, *(0.3,) * PARTS)
"""By which the tables are multiplied before arsinh: a large one keeps weak effects apart from strong ones."""

ALONE = 4.5
"""Tokens over which the heads of a pair alone spread what they say: of three tokens (``<cls>`` is one) a score moves
the share of another by 2/9."""

KNOTS = np.linspace(-FARTHEST, FARTHEST, 11)
"""Standard deviations at which what a value says is bent; between two it is straight, beyond the last it is level."""

LEVEL = 0.3
"""Size of one standard deviation in the channel of a value."""

BY_CHANCE = 0.02
"""Of the other weights, which are drawn by lot."""

Axes = tuple[np.ndarray, np.ndarray]


def first_model(
    taught: Sequence[ConditionalMeans], s: TrainingSettings, centre: float, scale: float
) -> LeanTransformer:
    """A model of the genes of all circuits ``taught``, whose genes all have mean ``centre`` and spread ``scale``."""
    if s.n_heads != HEADS or s.width < 4 * HEADS:
        raise ValueError(f"width {s.width} and {s.n_heads} heads: the first weights take {HEADS} heads of 4 or more")
    if min(len(means.centre) for means in taught) < 8:
        raise ValueError("the first weights take circuits of 8 genes or more")
    rank = s.width // HEADS - 1
    axes = np.vstack([gene_axes(means, rank) for means in taught])
    embeddings, size = _of_one_length(axes, s.width)
    model = new_model(s, embeddings, centre)
    with torch.no_grad():
        _lay_cls(model, axes.shape[1], size)
        _lay_values(model, axes.shape[1], centre, scale)
        _lay_heads(model, rank)
        _lay_answer(model, axes.shape[1] + 1 + PARTS, scale * size / math.sqrt(s.width))
    return model


def curve_parts(z: np.ndarray) -> np.ndarray:
    """The parts of a curve, (value, part), at standardised values: line, square, and cubic across the line; all are
    zero at the mean."""
    return np.stack([z, z**2 / 2.0, (z**3 - 3.0 * z) / 6.0], 1)


def effect_tables(means: ConditionalMeans) -> np.ndarray:
    """Parts of what the regression says among all genes, and what a pair alone says beyond, (6, target, source), in
    standard deviations of the target."""
    z = np.delete(np.linspace(-FARTHEST, FARTHEST, 7), 3)
    inverse = np.linalg.pinv(curve_parts(z))
    alone, among = (np.einsum("kv,stv->kts", inverse, curves) for curves in means.responses(z))
    left = ALONE / (len(means.centre) + 1)  # of what a pair alone says, in a cell of all genes
    beyond = (alone - among) / (1.0 - left)
    return np.concatenate([among - left * beyond, beyond])


def gene_axes(means: ConditionalMeans, rank: int) -> np.ndarray:
    """Every gene as target and as source of each table, (gene, 12 x rank)."""
    found = []
    for table, sharpness in zip(effect_tables(means), SHARPNESS, strict=True):
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
    zero, so that layer norms treat all genes alike. The others are left free."""
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
    """A channel for each part of a curve, straight between :data:`KNOTS`; a masked value, below zero, counts as the
    mean."""
    into, out = model.value_in, model.value_out
    n, parts = len(KNOTS), curve_parts(KNOTS)
    slopes = np.vstack([np.zeros(PARTS), np.diff(parts, axis=0) / np.diff(KNOTS)[:, None], np.zeros(PARTS)])
    into.weight[: n + 1, 0] = torch.tensor([*(1.0 / scale,) * n, -1.0])
    into.bias[: n + 1] = torch.tensor([*(-centre / scale - KNOTS), 0.0]).float()
    channels = slice(free + 1, free + 1 + PARTS)
    out.weight *= BY_CHANCE
    out.bias.zero_()
    out.weight[free : free + 2 + PARTS] = 0.0
    out.weight[channels, :n] = LEVEL * torch.from_numpy(np.diff(slopes, axis=0).T).float()
    out.weight[channels, n] = -LEVEL * torch.from_numpy(parts[0]).float()
    out.bias[channels] = LEVEL * torch.from_numpy(parts[0]).float()
    model.gene_embedding.weight[model.config.cls_id, channels] = -out.bias[channels]


def _lay_heads(model: LeanTransformer, rank: int) -> None:
    """A pair of heads in the first layer a table; what they say goes to the channel of the answer."""
    layer, width = model.blocks[0], model.config.width
    size, free = rank + 1, HEADS * rank
    for part in (layer.qkv.weight, layer.qkv.bias, layer.out.weight, layer.out.bias):
        part.zero_()
    qkv, bias, same = layer.qkv.weight, layer.qkv.bias, math.sqrt(size) * torch.eye(rank)
    for table in range(2 * PARTS):
        past, value = table < PARTS, free + 1 + table % PARTS
        of_target, of_source = 2 * table * rank, (2 * table + 1) * rank
        gain = (PAST_GENES if past else ALONE) / (2.0 * SHARPNESS[table])
        for head, sign in ((2 * table, 1.0), (2 * table + 1, -1.0)):
            at = head * size
            qkv[at : at + rank, of_target : of_target + rank] = same
            qkv[width + at : width + at + rank, of_source : of_source + rank] = sign * torch.eye(rank)
            qkv[2 * width + at, value] = 1.0
            layer.out.weight[free + 1 + PARTS, at] = sign * gain
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
