"""A kept translator beside scores that need no model, on the held-out pairs its card was judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ugrn_core.beeline.networks import ROWS, Network, Row
from ugrn_core.benchmark.methods import METHODS
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.sampling import sample_pairs
from ugrn_core.benchmark.shortcuts import Known
from ugrn_core.translation.edge_list import OWN
from ugrn_core.translation.material import TrainRequest, judged_rows
from ugrn_core.translators.translator import TranslatorCard

SHORTCUTS = tuple(m.name for m in METHODS.values() if m.shortcut is not None)
COLUMNS = ("test", "scored_by", "auprc", "auroc", "n_pos", "n_neg")


def training_rows(card: TranslatorCard) -> tuple[Row, ...]:
    """The BEELINE networks a translator was trained on; none for a user's own edges."""
    if OWN in card.networks:
        return ()
    return tuple(r for r in ROWS if r.network in card.networks and r.data_set in card.train_sets)


def needed_rows(card: TranslatorCard) -> tuple[Row, ...]:
    """Networks that :func:`held_out_frame` reads: those of the training and those of the tests."""
    rows = training_rows(card)
    return tuple(dict.fromkeys([*rows, *judged_rows(rows)])) if rows else ()


def held_out_frame(card: TranslatorCard, networks: Mapping[Row, Network] | None = None) -> pd.DataFrame:
    """One line a held-out test and score (``COLUMNS``): the translator by its card, then each shortcut.

    Shortcuts score the very pairs of the card's tests, drawn anew from ``networks`` (:func:`needed_rows`, in the
    vocabulary of the translator's backbone); without them, and for own edges, only the translator has lines. A
    shortcut that was fitted, such as degrees, reads only networks of other data sets than the test's.
    """
    lines = [(m.test, card.schema.method, m.auprc, m.auroc, m.n_pos, m.n_neg) for m in card.metrics]
    rows = training_rows(card)
    if networks and rows:
        lines += _shortcut_lines(card, rows, networks)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _shortcut_lines(card: TranslatorCard, rows: Sequence[Row], networks: Mapping[Row, Network]) -> list[tuple]:
    how = TrainRequest(
        card.name, sampler=card.sampler, neg_ratio=card.neg_ratio, max_pos=card.max_pos, seeds=card.seeds
    ).how(0)
    judged = {m.test for m in card.metrics}
    lines = []
    for row in judged_rows(rows):
        if str(row) not in judged:
            continue
        test = sample_pairs(networks[row], **how)  # pyright: ignore[reportArgumentType]
        others = [networks[r] for r in rows if r.data_set != row.data_set]
        known = Known(frozenset(e for n in others for e in n.edges), frozenset(networks[row].tfs))
        for name in SHORTCUTS:
            shortcut = METHODS[name].shortcut
            assert shortcut is not None
            found = ranking_metrics(test.labels, shortcut(known, test.pairs))
            lines.append((str(row), name, found["auprc"], found["auroc"], test.n_pos, test.n_neg))
    return lines
