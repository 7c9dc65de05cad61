"""A kept translator beside scores that need no model: on the held-out pairs of its card, and on chosen networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import ROWS, Edge, Network, Row
from ugrn_core.benchmark.features import FeatureCache, FeatureContext
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.protocols import held_out_rows
from ugrn_core.benchmark.sampling import SAMPLERS, LabelledPairs, sample_pairs
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.shortcuts import KnownEdges
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.store import Store
from ugrn_core.translation.edge_list import OWN
from ugrn_core.translation.training_set import TrainRequest, held_out_pairs, judged_rows
from ugrn_core.translators.schema import check_schema, feature_schema
from ugrn_core.translators.translator import Translator, TranslatorCard
from ugrn_core.types import Cancel, Progress

SHORTCUTS = tuple(m.name for m in METHODS.values() if m.family == "shortcut")
UNFITTED = ("Target is a TF", "Target is listed")
"""Shortcuts that read nothing of the training."""
COLUMNS = ("test", "scored_by", "auprc", "auroc", "n_pos", "n_neg")

Line = tuple[str, str, float, float, int, int]


def training_rows(card: TranslatorCard) -> tuple[Row, ...]:
    """The BEELINE networks a translator was trained on; none for a user's own edges."""
    if OWN in card.networks:
        return ()
    return tuple(r for r in ROWS if r.network in card.networks and r.data_set in card.train_sets)


def needed_rows(card: TranslatorCard) -> tuple[Row, ...]:
    """Networks that :func:`held_out_frame` reads: those of the training and those of the tests."""
    rows = training_rows(card)
    return tuple(dict.fromkeys([*rows, *judged_rows(rows)])) if rows else ()


def open_rows(card: TranslatorCard) -> tuple[Row, ...]:
    """Networks a translator can be tested on: those of data sets that it was not trained on."""
    return held_out_rows(training_rows(card))


def held_out_frame(card: TranslatorCard, networks: Mapping[Row, Network] | None = None) -> pd.DataFrame:
    """One line a held-out test and score (``COLUMNS``): the translator by its card, then each shortcut.

    Shortcuts score the very pairs of the card's tests, drawn anew from ``networks`` (:func:`needed_rows`, in the
    vocabulary of the translator's backbone); without them, and for own edges, only the translator has lines. A
    shortcut that was fitted, such as degrees, reads only networks of other data sets than the test's.
    """
    lines = [(m.test, card.schema.method, m.auprc, m.auroc, m.n_pos, m.n_neg) for m in card.metrics]
    rows, judged = training_rows(card), {m.test for m in card.metrics}
    if networks and rows:
        edges = _edges_of_others(rows, networks)
        for row, test in held_out_pairs(_request(card), rows, networks).items():
            if str(row) in judged:
                lines += _shortcut_lines(test, networks[row], edges(row), SHORTCUTS)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def chosen_frame(
    translator: Translator,
    backbone: Backbone,
    rows: Sequence[Row],
    networks: Mapping[Row, Network],
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """The translator on chosen networks, beside the shortcuts: the frame of :func:`held_out_frame`.

    ``rows`` are of :func:`open_rows`, ``networks`` holds them and :func:`training_rows`, in the backbone's vocabulary.
    Pairs are drawn as for the training, first seed, and are none of it. Own edges are not in the card: there only
    ``UNFITTED`` have lines.
    """
    card = translator.card
    seen = [str(row) for row in rows if row not in open_rows(card)]
    if seen or not rows:
        raise InputError(
            f"{card.name} was trained on data of {', '.join(seen)}; test it on other data sets."
            if seen
            else "Choose at least one network to test on."
        )
    check_schema(
        card.name, card.schema, feature_schema(backbone, card.schema.method, card.schema.context, card.schema.settings)
    )
    tests = _tests(translator, rows, networks)
    empty = [str(row) for row, test in tests.items() if not test.pairs]
    if empty:
        raise InputError(f"{backbone.card.name} knows no edge of {', '.join(empty)}; leave it out.")
    logits = _logits(translator, backbone, tests, networks, store, progress, cancel)
    trained = training_rows(card)
    edges = _edges_of_others(trained, networks)
    lines: list[Line] = []
    for row, test in tests.items():
        lines.append(_line(row, card.schema.method, test, logits[row]))
        names = SHORTCUTS if trained else UNFITTED
        lines += _shortcut_lines(test, networks[row], edges(row), names)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _logits(
    translator: Translator,
    backbone: Backbone,
    tests: Mapping[Row, LabelledPairs],
    networks: Mapping[Row, Network],
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[Row, np.ndarray]:
    schema = translator.card.schema
    methods = [METHODS[name] for name in schema.parts]
    genes = {row.data_set: networks[row].genes for row in tests}
    bank = FeatureCache(backbone, FeatureContext(schema.context, schema.settings, genes, {}), store)
    bank.prepare(list(tests.values()), methods, progress, cancel)
    return {r: translator.logits({m.name: bank.features(m, t) for m in methods}) for r, t in tests.items()}


def _request(card: TranslatorCard) -> TrainRequest:
    """How pairs are drawn, as the card says."""
    return TrainRequest(
        card.name, sampler=card.sampler, neg_ratio=card.neg_ratio, max_pos=card.max_pos, seeds=card.seeds
    )


def _tests(translator: Translator, rows: Sequence[Row], networks: Mapping[Row, Network]) -> dict[Row, LabelledPairs]:
    """Pairs of the tests, none of them of the training."""
    request, trained = _request(translator.card), training_rows(translator.card)
    if trained:
        return held_out_pairs(request, trained, networks, rows)
    tests = {}
    for row in rows:
        pairs = [(s, t) for s in SAMPLERS[request.sampler].rows(networks[row]) for t in networks[row].genes]
        known = np.isin(pair_hashes(pairs), translator.pair_hashes)
        told = {pairs[i] for i in np.flatnonzero(known)}
        tests[row] = sample_pairs(networks[row], **request.how(0), without=told)  # pyright: ignore[reportArgumentType]
    return tests


def _edges_of_others(trained: Sequence[Row], networks: Mapping[Row, Network]) -> Callable[[Row], frozenset[Edge]]:
    """The edges of training networks of other data sets than a test's, which tests of one data set share."""

    @cache
    def of(data_set: str) -> frozenset[Edge]:
        return frozenset(e for r in trained if r.data_set != data_set for e in networks[r].edges)

    return lambda row: of(row.data_set)


def _shortcut_lines(
    test: LabelledPairs, network: Network, trained: frozenset[Edge], names: Sequence[str]
) -> list[Line]:
    known = KnownEdges(trained, frozenset(network.tfs))
    shortcuts = {name: METHODS[name].shortcut for name in names}
    return [
        _line(network.row, n, test, score(known, test.pairs)) for n, score in shortcuts.items() if score is not None
    ]


def _line(row: Row, name: str, test: LabelledPairs, scores: np.ndarray) -> Line:
    found = ranking_metrics(test.labels, scores)
    return str(row), name, found["auprc"], found["auroc"], test.n_pos, test.n_neg
