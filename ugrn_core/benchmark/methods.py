"""Every method of the benchmark by name: the paper's seven, the marginal controls, and scores without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.benchmark.expression_probes import ExpressionProbes
from ugrn_core.benchmark.shortcuts import (
    Known,
    coexpression,
    degrees_of_the_test,
    edge_lookup,
    gene_degrees,
    has_an_edge,
    partial_coexpression,
    reverse_is_an_edge,
    target_is_regulator,
    target_is_tf,
    target_out_degree,
)
from ugrn_core.probes.readings import READINGS, Reading

Family = Literal["origin", "baseline", "ours", "control", "class", "corpus", "shortcut", "answers", "given"]


@dataclass(frozen=True)
class Method:
    """One way to score pairs: one of ``features``, ``members``, ``from_expression``, ``shortcut`` and ``given``.

    ``features``: a translator is trained on pair features of that name (:mod:`ugrn_core.benchmark.features`).
    ``members``: the mean of the logits of these methods. ``from_expression``: a score read from expression probes.
    ``shortcut``: a score without a model; of the family ``answers`` where it reads the edges of the network tested on.
    ``given``: scores of a file, read by data set and pairs, NaN where it has none.
    ``kind``: the curves it is cut from, ``response`` or ``slope``.
    """

    name: str
    label: str
    family: Family
    features: str = ""
    members: tuple[str, ...] = ()
    from_expression: Callable[[ExpressionProbes, Sequence[Edge]], np.ndarray] | None = None
    shortcut: Callable[[Known, Sequence[Edge]], np.ndarray] | None = None
    given: Callable[[str, Sequence[Edge]], np.ndarray] | None = None
    kind: Literal["", "response", "slope"] = ""

    @property
    def needs_model(self) -> bool:
        return self.shortcut is None and self.given is None

    @property
    def two_ways(self) -> bool:
        """Whether its pair features have a half for target -> source."""
        return bool(self.kind or self.reading.curves) or self.features == "perturbation"

    @property
    def reading(self) -> Reading:
        """What it reads where several things are put together; nothing for the others."""
        return READINGS.get(self.features, Reading())

    @property
    def reads_responses(self) -> bool:
        return self.kind == "response" or "response" in self.reading.curves

    @property
    def needs_expression(self) -> bool:
        return self.from_expression is not None or self.features == "perturbation"


_METHODS = (
    Method("Origin-Pert", "zeroing, signed (Eq. 3)", "origin", from_expression=ExpressionProbes.origin_pert),
    Method("Origin-Attn", "attention (Eq. 4)", "origin", from_expression=ExpressionProbes.origin_attn),
    Method("Baseline-Pert", "translator on zeroing (Eq. 6)", "baseline", features="perturbation"),
    Method("Baseline-Emb", "translator on gene embeddings (Eq. 7)", "baseline", features="embedding"),
    Method("VVP", "translator on responses (Eq. 8)", "ours", features="response", kind="response"),
    Method("GDT", "translator on slopes (Eq. 9)", "ours", features="slope", kind="slope"),
    Method("Ens", "mean logit of VVP and GDT", "ours", members=("VVP", "GDT")),
    Method(
        "Marginal-VVP",
        "translator on the gene-level part of responses",
        "control",
        features="gene_level_response",
        kind="response",
    ),
    Method(
        "Marginal-GDT",
        "translator on the gene-level part of slopes",
        "control",
        features="gene_level_slope",
        kind="slope",
    ),
    Method(
        "Marginal-Ens",
        "mean logit of Marginal-VVP and Marginal-GDT",
        "control",
        members=("Marginal-VVP", "Marginal-GDT"),
    ),
    Method("Emb-pair", "translator on product and difference of gene embeddings (ours)", "control", "embedding_pair"),
    Method("VVP+class", "translator on responses, cosines of embeddings, gene class", "class", features="VVP+class"),
    Method("Co-expression", "cosine in the corpus, no training", "corpus", shortcut=coexpression),
    Method("Partial correlation", "in the corpus, given the set's genes", "corpus", shortcut=partial_coexpression),
    Method("Edge look-up", "is it an edge of the training network", "shortcut", shortcut=edge_lookup),
    Method("Gene degrees", "degrees in the training network", "shortcut", shortcut=gene_degrees),
    Method("Target is a TF", "is the target in the census of factors", "shortcut", shortcut=target_is_tf),
    Method("Target is listed", "is the target in the test's TF.csv", "shortcut", shortcut=target_is_regulator),
    Method("Reverse is an edge", "is target -> source an edge of the test", "answers", shortcut=reverse_is_an_edge),
    Method("Has an edge", "do both genes have an edge in the test", "answers", shortcut=has_an_edge),
    Method("Target's out-degree", "out-degree of the target in the test", "answers", shortcut=target_out_degree),
    Method("Test degrees", "degrees in the test network", "answers", shortcut=degrees_of_the_test),
)

METHODS: dict[str, Method] = {m.name: m for m in _METHODS}

PAPER_METHODS = ("Origin-Pert", "Origin-Attn", "Baseline-Pert", "Baseline-Emb", "VVP", "GDT", "Ens")
"""The columns of the paper's tables, in its order."""


def trained_parts(method: Method) -> tuple[Method, ...]:
    """The methods whose translators a score needs: itself, its members, or none."""
    if method.members:
        return tuple(METHODS[name] for name in method.members)
    return (method,) if method.features else ()
