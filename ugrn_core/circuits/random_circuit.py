"""Circuits of random topology, for asking how well a whole pipeline finds arrows that are known.

A fifth of the genes regulate. Regulators stand in an order and are regulated by earlier ones only, the first of them
by none; every other gene has one to three regulators, drawn with preference for those that regulate much already, so
that few have many targets. A hidden circuit has further regulators that nobody measures, each of several genes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ugrn_core.circuits.circuit import Circuit, Gene, Logic, Regulator

REGULATOR_SHARE = 0.2
FREE_SHARE = 0.4
"""Share of the regulators that no other gene regulates; cells differ in them."""

IN_DEGREE = (0.45, 0.35, 0.2)
"""Chances of one, two and three regulators."""

REPRESSOR_SHARE = 0.3
HIDDEN_SHARE = 0.5
"""Hidden regulators of a hidden circuit, as a share of those that are measured and free."""

HIDDEN_TARGETS = 0.3
"""Chance that a regulated gene of a hidden circuit has a hidden regulator as well."""

NOISE = 1.0
SPREAD = 0.9


def random_circuit(n_genes: int, seed: int, *, confounded: bool = False) -> Circuit:
    """A circuit with ``n_genes`` measured genes, regulators first. ``confounded`` adds hidden common regulators."""
    if n_genes < 10:
        raise ValueError(f"{n_genes} genes are too few for a random circuit; it takes 10 or more")
    rng = np.random.default_rng([seed, n_genes, int(confounded)])
    n_regulators = max(4, round(REGULATOR_SHARE * n_genes))
    n_free = max(2, round(FREE_SHARE * n_regulators))
    names = [f"R{i + 1}" for i in range(n_regulators)] + [f"G{i + 1}" for i in range(n_genes - n_regulators)]
    hidden = [f"U{i + 1}" for i in range(max(1, round(HIDDEN_SHARE * n_free)))] if confounded else []
    level = dict.fromkeys([*names[:n_free], *hidden], 3.0)  # typical level, around which arrows are sensitive
    weight = np.ones(n_regulators)
    genes = []
    for at, name in enumerate(names):
        if at < n_free:
            genes.append(Gene(name, _around(rng, 3.0), spread=SPREAD))
            continue
        known = min(at, n_regulators)
        degree = min(known, 1 + int(rng.choice(len(IN_DEGREE), p=IN_DEGREE)))
        chance = weight[:known] / weight[:known].sum()
        chosen = [names[i] for i in rng.choice(known, degree, replace=False, p=chance)]
        weight[[names.index(c) for c in chosen]] += 1.0
        if hidden and rng.random() < HIDDEN_TARGETS:
            chosen.append(hidden[int(rng.integers(len(hidden)))])
        gene = _regulated(rng, name, chosen, level)
        level[name] = gene.most / 2
        genes.append(gene)
    genes += [Gene(name, _around(rng, 3.0), spread=SPREAD) for name in hidden]
    return Circuit(tuple(genes), NOISE, tuple(hidden))


def _regulated(rng: np.random.Generator, name: str, sources: list[str], level: dict[str, float]) -> Gene:
    signs: list[Literal[1, -1]] = [-1 if rng.random() < REPRESSOR_SHARE else 1 for _ in sources]
    regulators = tuple(
        Regulator(s, sign, round(level[s] * rng.uniform(0.7, 1.3), 3), round(rng.uniform(2.0, 4.0), 3))
        for s, sign in zip(sources, signs, strict=True)
    )
    logic: Logic = "and" if rng.random() < 0.5 else "or"
    return Gene(name, _around(rng, 6.0), regulators=regulators, logic=logic)


def _around(rng: np.random.Generator, value: float) -> float:
    return round(value * rng.uniform(0.7, 1.3), 3)
