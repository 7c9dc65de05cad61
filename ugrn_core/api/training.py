"""Translators of one's own, and the paper's tables with a model of one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ugrn_core.backbones.backbone import Backbone, TransformerBackbone, random_twin
from ugrn_core.beeline.expression import Expression
from ugrn_core.beeline.networks import ROWS, Network, Row, load_network
from ugrn_core.benchmark.given import EVERYWHERE, GivenScores, given_scores
from ugrn_core.benchmark.request import BenchmarkRequest, Samples, cut_network
from ugrn_core.benchmark.results import Parts
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.runner import run_benchmark
from ugrn_core.errors import InputError
from ugrn_core.store import Store
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translation.training import train_translator as train
from ugrn_core.translation.training_set import TrainRequest, beeline_training_set, judged_rows, own_training_set
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Progress, Vocabulary

Weights = Literal["both", "trained", "random"]


def train_translator(
    model: Backbone,
    edges: pd.DataFrame | Sequence[tuple[str, str]] | None = None,
    *,
    beeline: Sequence[tuple[str, str]] | None = None,
    name: str = "mine",
    gene_set: str = "TFs+500",
    store: Store | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    **options: Any,
) -> Translator:
    """A translator from the curves of a model to probabilities, trained on edges (Qi et al. 2026, section 4.2).

    Parameters
    ----------
    model
        Of :func:`load`.
    edges
        Pairs ``(source, target)``, all of them edges, or a frame with ``source``, ``target`` and, where it has
        negatives, ``label`` (1, 0). Without negatives the ``sampler`` draws them.
    beeline
        Instead: networks of BEELINE as ``(network, data set)``, such as ``[("STRING", "hESC")]``.
    name, gene_set
        What its card calls it; genes of BEELINE's sets (``"TFs+500"``, ``"TFs+1000"``).
    store, progress, cancel
        As in :func:`pair`.
    options
        ``method`` (Ens, VVP, GDT, Baseline-Emb, VVP+class), ``kind`` (mlp, logistic, dropout), ``sampler, neg_ratio,
        max_pos, epochs, seeds, context, settings`` of :class:`ugrn_core.translation.training_set.TrainRequest`.

    Returns
    -------
    The translator, in memory. :func:`ugrn_core.get.held_out` tells how it did on what it was not trained on (own edges:
    genes; BEELINE: data sets), by which it is also calibrated. ``translator.card`` says all of it;
    ``ugrn_core.translators.library.save_translator(translator, folder)`` keeps it. Deterministic.

    Raises
    ------
    InputError
        Neither or both of ``edges`` and ``beeline``, no such network, no positive or no negative, an unknown option.
    FetchError
        BEELINE's files are not here: ``ugrn fetch beeline``.
    """
    if (edges is None) == (beeline is None):
        raise InputError("Give either edges or beeline to train on.")
    request: TrainRequest = _request(TrainRequest, name=name, **options)
    if edges is not None:
        material = own_training_set(request, parse_edges(_text(edges), model.vocabulary))
    else:
        rows = _rows(beeline or ())
        needed = dict.fromkeys([*rows, *judged_rows(rows)])
        networks = {row: load_network(*row, gene_set).within(model.vocabulary) for row in needed}
        material = beeline_training_set(request, rows, networks)
    return train(model, request, material, store, progress=progress, cancel=cancel)


def benchmark(
    model: Backbone | None,
    table: int = 1,
    *,
    weights: Weights = "trained",
    scores: Mapping[str, pd.DataFrame] | None = None,
    networks: Mapping[Row, Network] | None = None,
    expression: Mapping[str, Expression] | None = None,
    parts: str | Path | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    **options: Any,
) -> pd.DataFrame:
    """A table of the paper (Qi et al. 2026, Tables 1 to 6) with a model, beside the scores that need none.

    Parameters
    ----------
    model
        Of :func:`load`; None runs only what needs no model.
    table
        1 to 6.
    weights
        ``"trained"``, ``"random"`` (a twin of the same shape that was never trained) or ``"both"``.
    scores
        Of any other method, by its name: ``source, target, score``, higher for a likelier edge. A pair without one
        stands below all that have one.
    networks, expression
        Reference networks by row and cells by data set; by default BEELINE's files, and no cells, so that Pert and Attn
        have no value. Without a model the vocabulary is that of the networks.
    parts
        A file in which finished parts are kept, so that a run that was stopped goes on; by default none is kept.
    store, progress, cancel
        As in :func:`pair`.
    options
        ``gene_set, context, sampler, max_pos, seeds, max_sources, test_sets, methods, settings, translator`` of
        :class:`ugrn_core.benchmark.request.BenchmarkRequest`.

    Returns
    -------
    One row a method, test, subset, seed and metric, in the columns of :data:`ugrn_core.benchmark.results.COLUMNS`;
    what has no value is NaN with its reason. Means over tests: ``ugrn_core.benchmark.tables.wide_table``.

    Raises
    ------
    InputError
        An unknown option, a table that there is not, random weights of a model without any.
    FetchError
        BEELINE's files are not here.
    """
    request: BenchmarkRequest = _request(BenchmarkRequest, table=table, **options)
    if networks is None:
        networks = {row: load_network(*row, request.gene_set) for row in request.rows}
    if model is not None:
        networks = {row: cut_network(n, model.vocabulary, request.max_sources) for row, n in networks.items()}
    who = [Contestant()] if model is None else [Contestant(), *_contestants(model, weights)]
    given = tuple(_given(name, table, networks, model) for name, table in (scores or {}).items())
    header = request.header() | {"fingerprints": [c.backbone.fingerprint for c in who if c.backbone is not None]}
    header |= {"expression": sorted(expression or {}), "scores": [g.digest for g in given]}
    with tempfile.TemporaryDirectory(prefix="ugrn-benchmark-") as folder:
        file = Path(folder) / "parts" if parts is None else Path(parts)
        run = Run(request, Samples(request, networks), expression or {}, Parts(file, header), store, given=given)
        return run_benchmark(run, who, progress, cancel)


def _given(name: str, table: pd.DataFrame, networks: Mapping[Row, Network], model: Backbone | None) -> GivenScores:
    """Scores of a method, matched to the genes of the model, or without one to those of the networks."""
    if not {"source", "target", "score"} <= {*table}:
        raise InputError(f"{name} has the columns {', '.join(map(str, table))}; expected source, target and score.")
    if model is not None:
        return given_scores(name, {EVERYWHERE: table}, model.vocabulary)
    genes = sorted({gene for network in networks.values() for gene in network.genes})
    return given_scores(name, {EVERYWHERE: table}, Vocabulary(genes, range(len(genes))))


def _request(record: Any, **given: Any) -> Any:
    """The record with these fields; one that it has not is an InputError."""
    known = record.__dataclass_fields__
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InputError(f"There is no option {', '.join(unknown)}; there are {', '.join(known)}.")
    return record(**given)


def _contestants(model: Backbone, weights: str) -> list[Contestant]:
    if weights not in ("both", "trained", "random"):
        raise InputError(f"weights is {weights!r}; expected both, trained or random.")
    found = [] if weights == "random" else [Contestant(model, "trained")]
    if weights != "trained":
        if not isinstance(model, TransformerBackbone):
            raise InputError(f"{model.card.name} has no weights to draw anew; take weights='trained'.")
        found.append(Contestant(random_twin(model), "random"))
    return found


def _rows(pairs: Sequence[tuple[str, str]]) -> list[Row]:
    rows = [Row(network, data_set) for network, data_set in pairs]
    unknown = [str(row) for row in rows if row not in ROWS]
    if unknown or not rows:
        got = ", ".join(unknown) or "none"
        raise InputError(f"BEELINE has no network {got}; there are {', '.join(map(str, ROWS))}.")
    return rows


def _text(edges: pd.DataFrame | Sequence[tuple[str, str]]) -> str:
    """The edges as a list in a file would be, which is what knows how to read them."""
    if not isinstance(edges, Sequence):
        columns = [c for c in ("source", "target", "label") if c in edges]
        if columns[:2] != ["source", "target"]:
            raise InputError(f"The edges have the columns {', '.join(map(str, edges))}; expected source and target.")
        return edges.loc[:, columns].to_csv(index=False)
    return pd.DataFrame(list(edges), columns=["source", "target"]).to_csv(index=False)
