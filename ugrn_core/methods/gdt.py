"""Gradient trajectory, GDT (Eq. 9): the slope of a target with respect to its source along the virtual values.

G_t = d M(cell with source at v)_target / dv at v = v_t, exact (dual numbers). The features of a pair are its slopes
source -> target, then target -> source (paper, 4.2). Curves: :mod:`ugrn_core.sweep`.
"""

from __future__ import annotations

from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import SLOPES

GDT = Method("GDT", "translator on slopes (Eq. 9)", "ours", SLOPES)
