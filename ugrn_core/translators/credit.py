"""Which features make a translator say what it says: integrated gradients (Sundararajan, Taly and Yan 2017).

The credit of a feature is its change from a start to the pair, times the mean derivative of the logit by it along the
straight line between both. The credits of a pair add up to the difference of its logit and that of the start. Between
two kinks of a translator's ReLUs the derivative does not change, and the kinks on a line can be found: the mean is
taken piece by piece and is no approximation.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ugrn_core.translators.mlp import TranslatorNet
from ugrn_core.translators.translator import Translator


def credit(
    translator: Translator, start: Mapping[str, np.ndarray], end: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """What each feature adds to the mean logit, (feature,) float64 by part, on the way from ``start`` to ``end``.

    Both hold features (feature,) by part. The sum over all parts is the difference of the logits.
    """
    n_parts = len(translator.nets)
    return {
        part: np.mean([net_credit(net, start[part], end[part]) for net in nets], 0) / n_parts
        for part, nets in translator.nets.items()
    }


def net_credit(net: TranslatorNet, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Integrated gradients (feature,) float64 of one net from ``start`` to ``end``, both (feature,)."""
    wide = copy.deepcopy(net).double()
    first, last = (torch.from_numpy(np.asarray(x, np.float64)) for x in (start, end))
    at = _pieces(wide, first, last)
    middles = (first + ((at[:-1] + at[1:]) / 2)[:, None] * (last - first)).requires_grad_()
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(wide(middles).sum(), middles)
    return ((last - first) * (slopes * at.diff()[:, None]).sum(0)).numpy()


@torch.no_grad()
def _pieces(net: TranslatorNet, first: Tensor, last: Tensor) -> Tensor:
    """Places (place,) from 0 to 1, rising, between which the net is linear on the line from ``first`` to ``last``."""
    at = torch.tensor([0.0, 1.0], dtype=torch.float64)
    hidden: Sequence[torch.nn.Linear] = net.linear_layers()[:-1]
    for depth in range(len(hidden)):
        values = (first + at[:, None] * (last - first) - net.mean) / net.scale
        for layer in hidden[:depth]:
            values = layer(values).relu()
        unit = hidden[depth](values)  # linear in each piece that is there so far
        here, there = unit[:-1], unit[1:]
        piece, which = torch.nonzero((here < 0) != (there < 0), as_tuple=True)
        share = here[piece, which] / (here[piece, which] - there[piece, which])
        at = torch.cat([at, at[piece] + share * (at[piece + 1] - at[piece])]).unique()
    return at
