"""Every method of the benchmark by name: the paper's seven, the marginal controls, and scores without a model."""

from __future__ import annotations

from collections.abc import Iterable

from ugrn_core.methods.attention import ORIGIN_ATTN
from ugrn_core.methods.embedding import BASELINE_EMB, EMB_PAIR
from ugrn_core.methods.gdt import GDT
from ugrn_core.methods.gene_class import CURVES_CLASS, CURVES_LISTED, VVP_CLASS
from ugrn_core.methods.marginal import MARGINAL_ENS, MARGINAL_GDT, MARGINAL_VVP
from ugrn_core.methods.method import Method
from ugrn_core.methods.perturbation import BASELINE_PERT, ORIGIN_PERT
from ugrn_core.methods.reading import Curve, Reading
from ugrn_core.methods.shortcuts import ANSWERS, CORPUS, SHORTCUTS
from ugrn_core.methods.vvp import VVP

ENS = Method("Ens", "mean logit of VVP and GDT", "ours", members=(VVP.name, GDT.name))

_PAPER = (ORIGIN_PERT, ORIGIN_ATTN, BASELINE_PERT, BASELINE_EMB, VVP, GDT, ENS)
_CONTROLS = (MARGINAL_VVP, MARGINAL_GDT, MARGINAL_ENS, EMB_PAIR, VVP_CLASS, CURVES_CLASS, CURVES_LISTED)

METHODS: dict[str, Method] = {m.name: m for m in (*_PAPER, *_CONTROLS, *CORPUS, *SHORTCUTS, *ANSWERS)}

READINGS: dict[str, Reading] = {m.name: m.reading for m in (VVP, GDT, BASELINE_EMB, VVP_CLASS) if m.reading}
"""What a part of a translator reads, by its name, which is that of the method."""

PAPER_METHODS = tuple(m.name for m in _PAPER)
"""The columns of the paper's tables, in its order."""


def trained_parts(method: Method) -> tuple[Method, ...]:
    """The methods whose translators a score needs: itself, its members, or none."""
    if method.members:
        return tuple(METHODS[name] for name in method.members)
    return () if method.reading is None else (method,)


def reads_curves(parts: Iterable[str]) -> bool:
    """Whether any of these parts of a translator reads a curve: whether pairs cost passes of the model."""
    return bool(curves_read(parts))


def curves_read(parts: Iterable[str]) -> frozenset[Curve]:
    """The curves that these parts read between them: what a run computes, and no more."""
    return frozenset(curve for part in parts for curve in READINGS[part].curves)
