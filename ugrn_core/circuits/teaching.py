"""The circuit of the lessons: every pattern that tells an association from an effect, in fourteen genes.

A chain S -> A -> B -> F, a repression A -| C, a common cause H -> D and H -> E, a toggle P -| Q -| P, a gene K that
needs A and H at once, and X, Y, Z, which have nothing to do with anything. The pattern is the same for every seed;
the strengths are not, and neither are the answers.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ugrn_core.circuits.circuit import Circuit, Gene, Regulator

NOISE = 1.1
SPREAD = 0.9
QUIET = 3.0
"""Genes without a regulator differ between cells more than they flicker within one."""

LOOSE = ("X", "Y", "Z")

ARROWS: tuple[tuple[str, str, Literal[1, -1]], ...] = (
    ("S", "A", 1),
    ("A", "B", 1),
    ("B", "F", 1),
    ("A", "C", -1),
    ("H", "D", 1),
    ("H", "E", 1),
    ("A", "K", 1),
    ("H", "K", 1),
    ("P", "Q", -1),
    ("Q", "P", -1),
)
GENES = ("S", "A", "B", "F", "C", "H", "D", "E", "K", "P", "Q", *LOOSE)


def teaching_circuit(seed: int) -> Circuit:
    """The circuit of a seed; both sides of the toggle are equally strong, so that either may win."""
    rng = np.random.default_rng([seed, 14])
    strengths = {arrow[:2]: (rng.uniform(0.8, 1.2), rng.uniform(1.8, 3.2)) for arrow in ARROWS}
    strengths["Q", "P"] = strengths["P", "Q"]
    most = {name: rng.uniform(0.85, 1.15) for name in GENES}
    most["Q"] = most["P"]

    def gene(name: str) -> Gene:
        arrows = [a for a in ARROWS if a[1] == name]
        regulators = []
        for source, _, sign in arrows:
            half, steepness = strengths[source, name]
            middle = 1.5 if name in "PQ" else 2.0 if sign < 0 else 2.6
            regulators.append(Regulator(source, sign, round(middle * half, 3), round(steepness, 3)))
        full = 3.0 if not arrows else 5.0 if name in "PQ" else 8.0 if len(arrows) > 1 else 6.0
        most_made = round(full * most[name], 3)
        if not arrows:
            return Gene(name, most_made, spread=SPREAD, quiet=QUIET)
        return Gene(name, most_made, regulators=tuple(regulators))

    return Circuit(tuple(gene(name) for name in GENES), NOISE)
