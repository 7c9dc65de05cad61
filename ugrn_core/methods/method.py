"""What a method of the benchmark is: how it scores a pair, and what it needs for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ugrn_core.methods.reading import Reading

if TYPE_CHECKING:
    from ugrn_core.methods.expression_probes import ExpressionProbes
    from ugrn_core.methods.shortcuts import KnownEdges

Family = Literal["origin", "baseline", "ours", "control", "class", "corpus", "shortcut", "answers", "given"]
Source = Literal["curves", "gene level", "expression"]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Method:
    """One way to score pairs: one of ``reading``, ``members``, ``from_expression``, ``shortcut`` and ``given``.

    ``reading``: a translator is trained on these features; their curves come from ``source``: the pair's own curves,
    the gene-level part of them (:mod:`ugrn_core.methods.marginal`), or, without curves, expression probes.
    ``members``: the mean of the logits of these methods. ``from_expression``: a score read from expression probes.
    ``shortcut``: a score without a model; of the family ``answers`` where it reads the edges of the network tested on.
    ``given``: scores of a file, read by data set and pairs, NaN where it has none.
    """

    name: str
    label: str
    family: Family
    reading: Reading | None = None
    source: Source = "curves"
    members: tuple[str, ...] = ()
    from_expression: Callable[[ExpressionProbes, Pairs], np.ndarray] | None = None
    shortcut: Callable[[KnownEdges, Pairs], np.ndarray] | None = None
    given: Callable[[str, Pairs], np.ndarray] | None = None

    @property
    def needs_model(self) -> bool:
        return self.shortcut is None and self.given is None

    @property
    def needs_expression(self) -> bool:
        return self.from_expression is not None or self.source == "expression"

    @property
    def curves(self) -> tuple[str, ...]:
        """The curves that it reads: ``response``, ``slope``, both or none."""
        return () if self.reading is None else self.reading.curves

    @property
    def two_ways(self) -> bool:
        """Whether its pair features have a half for target -> source."""
        return bool(self.curves) or self.source == "expression"
