"""Virtual value perturbation, VVP (Eq. 8): the response of a target when its source leaves the base value.

R_t = M(cell with source at v_t)_target - M(cell with source at base)_target, for every virtual value v_t. The features
of a pair are its responses source -> target, then target -> source (paper, 4.2). Curves: :mod:`ugrn_core.sweep`.
"""

from __future__ import annotations

from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import RESPONSES

VVP = Method("VVP", "translator on responses (Eq. 8)", "ours", RESPONSES)
