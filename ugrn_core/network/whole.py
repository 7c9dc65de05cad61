"""A translator on whole networks: every candidate pair of data sets that it was not trained on, at real prevalence.

What a user sees is the head of a list in which edges are rare. Candidates are a network's regulators times its genes,
without pairs of a gene with itself and without edges of the networks that the translator was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge, Network, Row
from ugrn_core.errors import InputError
from ugrn_core.network.edge_filter import edges_within
from ugrn_core.store import Store
from ugrn_core.translation.held_out import open_rows
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Progress, part_of

TOPS = (50, 200)
FDR = 0.5
LISTS = ("listed", "listed_wrong", "shown", "shown_wrong")
COLUMNS = ("test", "regulators", "pairs", "prevalence", *(f"best_{k}" for k in TOPS), *LISTS)


def whole_frame(
    translator: Translator,
    backbone: Backbone,
    rows: Sequence[Row],
    networks: Mapping[Row, Network],
    trained: Sequence[Network] = (),
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """One line a network (``COLUMNS``): how many pairs, the share of edges among them, and among the best of them.

    ``listed`` is the length of the list whose expected FDR is 50 % at the network's own prevalence, ``listed_wrong``
    the share of it that is not in the network; ``shown`` and ``shown_wrong`` are the same at the translator's
    prevalence, at which the app lists edges unless it is told another. ``rows`` are of
    :func:`ugrn_core.translation.held_out.open_rows`.
    """
    known = frozenset(e for network in trained for e in network.edges)
    seen = [str(row) for row in rows if row not in open_rows(translator.card)]
    if seen:
        raise InputError(
            f"{translator.card.name} was trained on data of {', '.join(seen)}; test it on other data sets."
        )
    lines = []
    for n, row in enumerate(rows):
        network, part = networks[row], part_of(progress, n / len(rows), (n + 1) / len(rows))
        pairs = candidates(network, known)
        edges = frozenset(network.edges) - known
        prevalence = len(edges) / len(pairs)
        table = score_pairs(translator, backbone, pairs, store=store, progress=part, cancel=cancel)
        right = np.array([pair in edges for pair in zip(table["source"], table["target"], strict=True)])
        lists: list[float] = []
        for share in (prevalence, translator.card.prevalence):
            n_listed = edges_within(translator.probabilities(table["score"].to_numpy(), share), FDR)
            lists += [n_listed, 1 - right[:n_listed].mean() if n_listed else float("nan")]
        best = [float(right[:k].mean()) for k in TOPS]
        lines.append((str(row), len(network.tfs), len(pairs), prevalence, *best, *lists))
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype({"listed": int, "shown": int})


def candidates(network: Network, without: frozenset[Edge] = frozenset()) -> list[Edge]:
    """Regulators times genes of a network, without self pairs and the edges ``without``."""
    return [(s, t) for s in network.tfs for t in network.genes if s != t and (s, t) not in without]
