"""Linear maps of many rows, through the quicker of the two libraries that torch brings for a processor.

Torch's ``linear`` calls MKL, which knows AVX-512 on Intel's processors alone; oneDNN, which torch carries beside it,
uses it wherever it is. A product of 256 rows or more takes less than half the time there (measured on an AMD of 2024:
110 against 240 Gflop/s a thread), and the same elsewhere. Results are equal to float32 rounding; of few rows they do
not depend on where the numbers lie in memory, as MKL's do. For every new number of rows oneDNN writes a program, which
takes as long as five such products and gives 3 MB back to the system: :func:`spare_rows` keeps these numbers few.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (..., in) times the transpose of weight (out, in), plus bias (out,): ``torch.nn.functional.linear``.

    oneDNN's product keeps no graph, so that it is left out wherever one may be wanted.
    """
    if _by_onednn(x):
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


def add_linear_(z: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """Add x (..., in) times the transpose of weight (out, in) to z (..., out) in place; returns z."""
    if _by_onednn(x):
        z += affine(x, weight)
    else:
        flat = z.view(-1, z.shape[-1])
        torch.addmm(flat, x.reshape(-1, x.shape[-1]), weight.t(), out=flat)
    return z


def spare_rows(n: int, device: torch.device) -> int:
    """Rows to add to ``n`` so that it has four binary digits and then zeros, an eighth more at most: of those there are
    eight between 512 and 1024. None where no program is written."""
    return -n % (1 << max(0, n.bit_length() - 4)) if ONEDNN and device.type == "cpu" else 0


def _by_onednn(x: Tensor) -> bool:
    return ONEDNN and x.is_cpu and x.dtype == torch.float32 and not torch.is_grad_enabled()


class Linear(nn.Linear):
    """torch's layer by :func:`affine`."""

    def forward(self, input: Tensor) -> Tensor:
        return affine(input, self.weight, self.bias)
