"""Lesson 2: why not set a gene to zero? Because how far it falls depends on where it stood."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from ugrn_core.backbones.toy import GENES as TOY_GENES
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.circuits.teaching import GENES
from ugrn_core.lessons.model import BASE, backbone_of, mean_levels, model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction
from ugrn_core.methods.perturbation import zeroing_effects
from ugrn_core.sweep import sweep_sources
from ugrn_core.types import SweepSettings

LOUD, SOFT, TARGET = TOY_GENES[:3]
"""The toy's genes that play a gene of high mean, one of low mean, and their target."""

MEANS = ((4.0, 1.0), (3.0, 1.5), (4.5, 0.9), (3.6, 1.2), (4.0, 0.5))
WEIGHTS = (0.5, 0.8, 0.6, 1.2, 0.4)
VIRTUAL = 2.0
HIGHEST_MEAN = 5.0


def means(seed: int) -> tuple[float, float]:
    """Means of the two genes, the higher first."""
    return MEANS[seed % len(MEANS)]


def weight(seed: int) -> float:
    """The one weight with which both act on the target."""
    return WEIGHTS[(seed // len(MEANS) + seed) % len(WEIGHTS)]


def linear_model(shared: float) -> ToyBackbone:
    """The project's linear toy, M(v) = W v, with the same weight of both genes on the target."""
    toy = ToyBackbone(1, torch.device("cpu"))
    loud, soft, target = (TOY_GENES.index(g) for g in (LOUD, SOFT, TARGET))
    toy.weights[target, loud] = toy.weights[target, soft] = shared
    return toy


def effects(loud: float, soft: float, shared: float, virtual: float = VIRTUAL) -> pd.DataFrame:
    """``gene, mean, zeroing, response`` of both genes on the target, by the functions of the product.

    ``zeroing`` is Eq. 3 on the mean profile, ``response`` Eq. 8 at ``virtual`` from base 1.
    """
    toy, genes = linear_model(shared), [LOUD, SOFT, TARGET]
    profile = np.array([loud, soft, 1.0], np.float32)
    zeroed = zeroing_effects(toy, genes, profile, genes[:2])[:, 2]
    responses = []
    for sweep in sweep_sources(toy, genes, genes[:2], SweepSettings(1.0, (virtual,))):
        assert sweep.response is not None  # fixed background
        responses.append(float(sweep.response[0, 2]))
    return pd.DataFrame(
        {"gene": ["U", "V"], "mean": [loud, soft], "zeroing": zeroed.astype(float), "response": responses}
    )


@lru_cache(maxsize=32)
def circuit_effects(seed: int, target: str = "K", sources: tuple[str, ...] = ("A", "H")) -> pd.DataFrame:
    """The same two numbers from the trained model of the circuit: ``gene, mean, zeroing, response`` on ``target``."""
    backbone, level = backbone_of(seed), mean_levels(seed)
    profile = np.array([level[g] for g in GENES], np.float32)
    zeroed = zeroing_effects(backbone, list(GENES), profile, list(sources))[:, GENES.index(target)]
    responses = []
    for source in sources:
        sweep = next(iter(sweep_sources(backbone, [source, target], [source], SweepSettings(BASE, (VIRTUAL,)))))
        assert sweep.response is not None
        responses.append(float(sweep.response[0, 1]))
    return pd.DataFrame(
        {
            "gene": list(sources),
            "mean": [level[g] for g in sources],
            "zeroing": zeroed.astype(float),
            "response": responses,
        }
    )


def predict(seed: int) -> Prediction:
    loud, soft = means(seed)
    table = effects(loud, soft, weight(seed)).set_index("gene")["zeroing"]
    right = 0 if table["U"] > table["V"] * 1.01 else 2 if table["V"] > table["U"] * 1.01 else 1
    return Prediction(
        f"In a model that is a plain sum, genes U and V act on T with the same weight. U has a mean of {loud:g} in "
        f"the cells, V of {soft:g}. Each is set to zero in the mean cell. Which one seems to matter more?",
        ("U, the gene with the higher mean", "Both the same", "V, the gene with the lower mean"),
        right,
        "Zero is far from a high mean and near a low one: the effect is weight times mean, so it ranks genes by how "
        "much there is of them.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    loud, soft = means(seed)
    table = effects(loud, soft, weight(seed)).set_index("gene")
    zeroing = table.loc["U", "zeroing"] / table.loc["V", "zeroing"]
    response = table.loc["U", "response"] / table.loc["V", "response"]
    at = f"with means {loud:g} and {soft:g} and weight {weight(seed):g}"
    return (
        LessonQuestion(
            f"Effect of setting U to zero, divided by that of V ({at})?",
            float(zeroing),
            0.05,
            hint="Both are weight times mean.",
            working=f"({weight(seed):g} x {loud:g}) / ({weight(seed):g} x {soft:g}) = {loud / soft:.3g}.",
        ),
        LessonQuestion(
            f"Response of T to U at x = {VIRTUAL:g}, divided by that to V?",
            float(response),
            0.02,
            hint="Both go from the base value 1 to the same x.",
            working=f"Both are {weight(seed):g} x ({VIRTUAL:g} - 1): the ratio is 1.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    loud, soft = means(seed)
    table = circuit_effects(seed).set_index("gene")
    a, h = table.loc["A"], table.loc["H"]
    return (
        f"Setting to zero told U and V apart by {loud / soft:.3g} to 1, although they act alike: it measures how much "
        "there is of a gene.",
        "Moving both from one base value to the same virtual value gave the same response: that is the idea of VVP.",
        f"In the trained model nothing is a plain sum (A on K: {a['zeroing']:.2f} by zero, {a['response']:.2f} by "
        f"VVP; H on K: {h['zeroing']:.2f} and {h['response']:.2f}), and no true ratio is known there by a formula.",
    )


LESSON = Lesson(
    number=2,
    title="Why not set it to zero?",
    question="A gene is knocked out in silico by setting it to zero. What does the effect measure?",
    story="The simplest model of all is a sum: T = weight x U + weight x V. Here nothing is hidden, and any method can "
    "be held against a formula.",
    simulated="nothing; the sum is exact",
    trained="only the second figure, from the circuit's model",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"\mathrm{Pert}_{ij} = M(x)_j - M(x \mid x_i \leftarrow 0)_j \;=\; w\,\bar{x}_i"
    r"\qquad \mathrm{VVP}_{ij}(v_t) = w\,(v_t - v_b)",
    equation_note="Eq. 3 of the paper on the mean profile, and Eq. 8, both for the sum: only the first depends on the "
    "mean of the gene that is moved.",
    free=lambda seed: {"model": model_name(seed), "source": "A", "target": "K"},
    to_do=(
        "Move the mean of U, then that of V, and watch both pairs of bars.",
        "Make the means equal. When do the two methods agree?",
        "Change the virtual value: the bars of VVP grow, their ratio stays.",
    ),
)
