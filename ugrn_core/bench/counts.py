"""Multiply-adds of the matrix products that are really called, as formulas and as counted in a run.

Elementwise work, softmax and norms are not counted, nor is anything a shorter way leaves out: a share of the GEMM
rate says how near the processor is to its limit, not how clever the path is.

Symbols: B rows of a batch, U different sources among them, G genes, L = G + 1 tokens, D width, F feed-forward width,
N layers, M products of one gene's linear map (0 without one); in the pair context P pairs, T values, R = P T rows,
U different genes, K parts of values, E 1 with more than one layer and 0 with one.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop

from ugrn_core.backbones.linear import ONEDNN
from ugrn_core.backbones.transformer import TransformerConfig
from ugrn_core.bench.timing import torch_threads

LAYER = "(4*D**2 + 2*D*F)"
DECODER = "(2*D**2 + D)"
FORWARD = f"L*M + B*(L*(D + D**2 + N*{LAYER}) + 2*N*L**2*D + G*{DECODER})"
DUAL = f"L*M + B*(L*(D + 2*D**2 + 2*N*{LAYER}) + 6*N*L**2*D + 2*G*{DECODER})"
SWEEP = f"U*L**2*D + B*(M + D + 8*D**2 + 6*L*D + 2*L*(D**2 + 2*D*F) + (N - 1)*(2*L*{LAYER} + 6*L**2*D) + 2*G*{DECODER})"
PAIRS = (
    f"(U + 1)*M + 2*(D + D**2) + T*(D + 2*D**2) + 3*(U + K)*D**2 + 2*U*K*D + K**2*D"
    f" + 2*R*(1 + 2*E)*(D**2 + 2*D*F) + 6*R*(N - 1 - E)*{LAYER} + 2*R*E*(8*D**2 + 2*D*F) + 2*R*{DECODER}"
)
"""Genes and values are projected once, K = 2 + 2 T parts of values among them; the last layer is computed for the
target alone, one token of three."""


@dataclass(frozen=True)
class Formula:
    """Multiply-adds as an expression of symbols; :attr:`multiply_adds` is its value."""

    text: str
    symbols: Mapping[str, int]

    @property
    def multiply_adds(self) -> int:
        return _value(ast.parse(self.text, mode="eval").body, self.symbols)


def forward_formula(config: TransformerConfig, batch: int, genes: int) -> Formula:
    """:meth:`LeanTransformer.forward` of ``batch`` cells with the same genes."""
    return Formula(FORWARD, _symbols(config) | _context(batch, genes))


def dual_formula(config: TransformerConfig, batch: int, genes: int) -> Formula:
    """:meth:`LeanTransformer.dual` of ``batch`` cells with the same genes."""
    return Formula(DUAL, _symbols(config) | _context(batch, genes))


def sweep_formula(config: TransformerConfig, batch: int, genes: int, sources: int) -> Formula:
    """:meth:`BaseCell.sweep` of ``batch`` rows with ``sources`` different genes moved."""
    return Formula(SWEEP, _symbols(config) | _context(batch, genes) | {"U": sources})


def pairs_formula(config: TransformerConfig, pairs: int, values: int, genes: int) -> Formula:
    """:func:`ugrn_core.backbones.two_genes.sweep_pairs` of ``pairs`` pairs among ``genes`` different genes."""
    pair_symbols = {"P": pairs, "T": values, "R": pairs * values, "U": genes, "E": int(config.n_layers > 1)}
    pair_symbols["K"] = 2 + 2 * values
    return Formula(PAIRS, _symbols(config) | pair_symbols)


def counted(work: Callable[[], object]) -> int:
    """Multiply-adds of the matrix products that ``work`` calls, counted by torch as they are called, on one thread:
    torch does not count those of others."""
    with torch_threads(1), FlopCounterMode(display=False, custom_mapping=_NOT_YET_COUNTED) as counter:
        work()
    return counter.get_total_flops() // 2


def _cpu_attention(query: Any, key: Any, value: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    return sdpa_flop(query, key, value)


def _onednn_linear(x: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    return 2 * math.prod(x) * weight[0]


_NOT_YET_COUNTED: dict[Any, Callable[..., int]] = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _cpu_attention
}
"""Torch counts its attention kernels, except the CPU's, and of linear maps those of its own library."""
if ONEDNN:
    _NOT_YET_COUNTED[torch.ops.mkldnn._linear_pointwise] = _onednn_linear

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}


def _value(node: ast.expr, symbols: Mapping[str, int]) -> int:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, symbols), _value(node.right, symbols))
    if isinstance(node, ast.Name):
        return symbols[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    raise ValueError(f"no arithmetic: {ast.unparse(node)}")


def _symbols(config: TransformerConfig) -> dict[str, int]:
    mapped = config.gene_width * config.width if config.gene_width != config.width else 0
    return {"D": config.width, "F": config.ff_width, "N": config.n_layers, "M": mapped}


def _context(batch: int, genes: int) -> dict[str, int]:
    return {"B": batch, "G": genes, "L": genes + 1}
