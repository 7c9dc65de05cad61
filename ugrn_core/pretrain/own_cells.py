"""Two genes alone against the means of cells, on cells that the translator never saw; see the reader's module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import DEFAULT_BACKBONE, load_backbone
from ugrn_core.beeline.networks import ROWS, Network, Row, load_network
from ugrn_core.data.context import data_context
from ugrn_core.data.expression import ExpressionData
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.errors import InputError
from ugrn_core.network.own_cells import COLUMNS, FILE, WITHOUT
from ugrn_core.network.question import NetworkRequest
from ugrn_core.network.run import predict_network
from ugrn_core.network.scores import mean_over_seeds
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.spreadsheet import csv_text
from ugrn_core.store import Store
from ugrn_core.translation.training import train_translator
from ugrn_core.translation.training_set import TrainRequest, beeline_training_set
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Context
from ugrn_core.whole_files import write_whole

GENE_SET = "TFs+500"
BEST = 50
N_SOURCES, N_GENES = 80, 240
"""Genes of a virtual cell: drawn (seed 0), because cost grows with their square."""


def own_cells(
    cells: Annotated[list[str], typer.Argument(metavar="SET=FILE=COLUMN", help="a set, its cells, their groups")],
    model: Annotated[str, typer.Option(help="an embedded model")] = DEFAULT_BACKBONE,
    groups: Annotated[int, typer.Option(help="largest groups of each file")] = 2,
    shipped: Annotated[str, typer.Option(help="translator of the project, trained on neither set")] = "",
) -> None:
    """Measure which virtual cell own cells are best asked in, and write assets/examples/own_cells.csv."""
    backbone = load_backbone(model, "cpu")
    networks = {row: load_network(*row, GENE_SET).within(backbone.vocabulary) for row in ROWS}
    lines = []
    with Store() as store:
        for word in cells:
            data_set, file, column = word.split("=", 2)
            if not any(row.data_set == data_set for row in ROWS):
                raise InputError(f"BEELINE has no data set {data_set!r}; expected SET=FILE=COLUMN.")
            data = read_h5ad(Path(file))
            translators = (
                _shipped(shipped or DEFAULT_TRANSLATORS[model], data_set),
                _without(data_set, backbone, networks, store),
            )
            for line in _lines(data_set, data, column, groups, backbone, translators, networks, store):
                typer.echo(line)
                lines.append(line)
    frame = pd.DataFrame(lines, columns=list(COLUMNS))
    write_whole(FILE, csv_text(frame).encode())


def _shipped(name: str, data_set: str) -> Translator:
    translator = load_translator(name)
    if data_set in translator.card.train_sets:
        raise InputError(f"{name} was trained on {data_set}: name another translator with --shipped.")
    return translator


def _without(data_set: str, backbone: Backbone, networks: Mapping[Row, Network], store: Store) -> Translator:
    """A translator of all other data sets, made as the project's own of all sets."""
    request = TrainRequest(WITHOUT, max_pos=1000, kind="logistic")
    rows = [row for row in ROWS if row.data_set != data_set]
    return train_translator(backbone, request, beeline_training_set(request, rows, networks), store)


def _lines(
    data_set: str,
    data: ExpressionData,
    column: str,
    groups: int,
    backbone: Backbone,
    translators: Sequence[Translator],
    networks: Mapping[Row, Network],
    store: Store,
) -> Iterator[tuple[str | int, ...]]:
    own = {row.network: network for row, network in networks.items() if row.data_set == data_set}
    seen = np.concatenate([t.pair_hashes for t in translators])
    levels = sorted(data.groups[column], key=lambda level: -data.groups[column][level].n_cells)[:groups]
    chosen: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    for level in levels:
        cell, report, _ = data_context(data, backbone.card, backbone.vocabulary, group=(column, level))
        if chosen is None:
            chosen = _drawn(own, set(report.symbols))
        sources, genes = chosen
        larger, _ = with_genes(cell, genes, backbone.card.base)
        assert larger.values is not None
        at = dict(zip(larger.genes, larger.values, strict=True))
        means = Context("profile", genes, tuple(at[g] for g in genes), f"{data_set} {level}")
        for translator, (name, context) in product(translators, (("pair", Context()), ("full", means))):
            scores = predict_network(backbone, translator, NetworkRequest(sources, genes, context), store)
            logits = mean_over_seeds(scores.logits.transpose(1, 2, 0))
            for network in own.values():
                found = _counted(logits, sources, genes, network, seen)
                yield (backbone.card.name, translator.card.name, data_set, level, network.row.network, name, *found)


def _drawn(own: Mapping[str, Network], there: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sources, and all genes with them, out of those that a file has."""
    rng = np.random.default_rng(0)
    regulators = sorted({tf for network in own.values() for tf in network.tfs if tf in there})
    sources = sorted(rng.choice(regulators, min(N_SOURCES, len(regulators)), replace=False).tolist())
    rest = [g for g in next(iter(own.values())).genes if g in there and g not in sources]
    others = sorted(rng.choice(rest, min(N_GENES - len(sources), len(rest)), replace=False).tolist())
    return tuple(sources), (*sources, *others)


def _counted(
    logits: np.ndarray, sources: Sequence[str], genes: Sequence[str], network: Network, seen: np.ndarray
) -> tuple[int, int, int, int]:
    """Pairs, edges among them, best pairs, edges among these: of the network's regulators, without pairs of a training
    (``seen``, their hashes)."""
    regulators, edges = set(network.tfs), set(network.edges)
    rows = [i for i, s in enumerate(sources) if s in regulators]
    pairs = [(sources[i], g) for i in rows for g in genes]
    scores = logits[rows].ravel()
    open_pairs = np.isfinite(scores) & ~np.isin(pair_hashes(pairs), seen)
    right = np.array([pair in edges for pair in pairs])[open_pairs]
    best = right[np.argsort(-scores[open_pairs], kind="stable")[:BEST]]
    return len(right), int(right.sum()), len(best), int(best.sum())
