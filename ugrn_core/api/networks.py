"""A predicted network of genes, or of cells, as a table of edges."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ugrn_core.api.inputs import cells_of, load
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.data.context import VARIABLE_GENES, data_context, list_context
from ugrn_core.data.expression import ExpressionData
from ugrn_core.errors import InputError
from ugrn_core.estimate import context_room
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.memory import bytes_of
from ugrn_core.network.direction import direction_rule
from ugrn_core.network.edge_filter import EdgeFilter, Selection
from ugrn_core.network.exports.folder import NetworkFiles
from ugrn_core.network.own_cells import default_cell
from ugrn_core.network.question import ask
from ugrn_core.network.recipe import build_recipe, known_facts
from ugrn_core.network.run import predict_network
from ugrn_core.network.table import edge_table
from ugrn_core.store import Store
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.translators.schema import ContextName
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Context, Progress, part_of

if TYPE_CHECKING:
    from anndata import AnnData

COMMAND = "ugrn network --recipe recipe.json --out ."
"""The line that makes a network of cells in memory again, from its recipe."""


@dataclass(frozen=True)
class PredictedNetwork:
    """A network with all that is told of it; ``group`` is its level where there is one a group."""

    group: str | None
    files: NetworkFiles
    notes: tuple[str, ...]

    def edges(self, top: int | None = None) -> pd.DataFrame:
        """The best ``top`` edges, all by default."""
        f = self.files
        return edge_table(f.scores, f.translator, f.rule, prevalence=f.prevalence, known=f.known, limit=top)

    def shown(self, top: int) -> Selection:
        """The best ``top`` edges as graph files hold them: none that is no more probable than any pair."""
        return self.files.recipe.shown_edges().select(self.edges(top), self.files.prevalence)


def network(
    cells_or_genes: AnnData | Sequence[str],
    *,
    groupby: str | None = None,
    groups: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    translator: Translator | str | Path | None = None,
    model: Backbone | None = None,
    context: ContextName | None = None,
    prevalence: float | None = None,
    known: Collection[tuple[str, str]] | None = None,
    top: int | None = None,
    layer: str | None = None,
    gene_column: str | None = None,
    n_variable: int = VARIABLE_GENES,
    memory: int | str | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Score every source against every gene: a hypothesis about regulation, read by a translator from a model's curves.

    Parameters
    ----------
    cells_or_genes, n_variable
        A list of gene names, or cells. Of cells the detected transcription factors and the ``n_variable`` most
        variable genes are taken.
    groupby, groups
        A column of ``obs``: one network for each of its levels, or for those named.
    sources
        Genes that are moved; by default the transcription factors among the genes (Lambert et al. 2018).
    translator
        What reads the curves (Qi et al. 2026, section 4.2), by name, file, or as :func:`train_translator` made it; by
        default the project's own for that model.
    model
        Of :func:`load`; by default the translator's where one is given, else the first of the registry.
    context
        ``"pair"``: every pair in a cell of its two genes, the default for a list and for cells, where it does better
        (:mod:`ugrn_core.network.own_cells`). ``"full"``: all genes at once, of cells at their means, the default with
        ``groupby``.
    prevalence
        Share of all pairs that are taken for edges; probabilities hold at it. By default the translator's. There are
        none (NaN) in a virtual cell that the translator is not calibrated for, such as the means of cells.
    known
        Edges to look up, ``(source, target)`` in symbols of the model.
    top
        Only so many edges, of the best.
    layer, gene_column
        Matrix (``"X"``, ``"raw"``, a layer) and column of names of cells; by default found as in an h5ad file.
    memory
        Bytes, or a size such as ``"8G"``: genes of cells beyond what the virtual cell holds within half of it are left
        out, which the notes say. By default what is free on this machine, as for ``ugrn network``.
    store, progress, cancel
        As in :func:`pair`.

    Returns
    -------
    One row an edge source -> target, best score first, ties by name (with ``groupby`` group after group, the level in
    the first column ``group``): ``source, target, score`` (mean logit), ``probability`` (at the prevalence),
    ``spread``, ``slope`` (in the model's unit), ``slope_direction`` (no sign of regulation),
    ``direction``, ``novelty``, ``known``, ``tag``: see :data:`ugrn_core.network.edge_table.COLUMNS`. ``attrs`` has
    ``model``, ``translator``, ``prevalence`` and ``notes``. Deterministic. Cost: in ``"full"`` it grows with the square
    of the genes.

    Raises
    ------
    GeneError
        No gene is known to the model.
    InputError
        No source among the genes, a translator of other curves, cells that cannot be read, no such column or level.
    """
    made = list(
        networks(
            cells_or_genes, groupby=groupby, groups=groups, sources=sources, translator=translator, model=model,
            context=context, prevalence=prevalence, known=known, layer=layer, gene_column=gene_column,
            n_variable=n_variable, memory=memory, store=store, progress=progress, cancel=cancel,
        )
    )  # fmt: skip
    tables = [m.edges(top) for m in made]
    if groupby is not None:
        for m, table in zip(made, tables, strict=True):
            table.insert(0, "group", m.group)
    edges = pd.concat(tables, ignore_index=True)
    recipe = made[0].files.recipe
    edges.attrs = {
        "model": recipe.model.name,
        "translator": recipe.translator.name,
        "prevalence": recipe.settings.prevalence,
        "notes": list(dict.fromkeys(note for m in made for note in m.notes)),
    }
    return edges


def networks(
    given: AnnData | Sequence[str],
    *,
    groupby: str | None,
    groups: Sequence[str] | None,
    sources: Sequence[str] | None,
    translator: Translator | str | Path | None,
    model: Backbone | None,
    context: ContextName | None,
    prevalence: float | None,
    known: Collection[tuple[str, str]] | None,
    layer: str | None,
    gene_column: str | None,
    n_variable: int,
    memory: int | str | None,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
    shown: EdgeFilter | None = None,
) -> Iterator[PredictedNetwork]:
    """The networks that :func:`network` asks for, one by one; ``shown`` is what their recipes say of the edges."""
    backbone, reader = _who(model, translator)
    room = context_room(backbone, _bytes(memory))
    questions = list(_cells(given, backbone, groupby, groups, layer, gene_column, n_variable, room))
    for n, (level, data, cell, report, told) in enumerate(questions):
        kind = context or ("pair" if data is None else "full" if groupby else default_cell(backbone.card.name))
        species = "mouse" if data is not None and data.species == "mouse" else None
        question, notes = ask(backbone, reader, cell, report, kind, sources, species=species)
        part = part_of(progress, n / len(questions), (n + 1) / len(questions))
        scores = predict_network(backbone, reader, question.request, store, progress=part, cancel=cancel)
        rule = direction_rule(backbone, reader, scores, cancel, store=store)
        edges = None if known is None else frozenset(known)
        recipe = build_recipe(
            backbone, reader, question, prevalence=prevalence, command=COMMAND,
            known=known_facts("edges given", edges), shown=shown or EdgeFilter(), notes=scores.notes,
        )  # fmt: skip
        reason = (f"No direction is called: {rule.reason}.",) if rule.reason else ()
        files = NetworkFiles(scores, reader, rule, recipe, report.frame(), edges)
        yield PredictedNetwork(level, files, (*told, *notes, *scores.notes, *reason))


def _who(model: Backbone | None, translator: Translator | str | Path | None) -> tuple[Backbone, Translator]:
    """Model and translator; each by default the one that belongs to the other."""
    if translator is None:
        backbone = model or load()
        name = DEFAULT_TRANSLATORS.get(backbone.card.name)
        if name is None:
            raise InputError(f"No translator of the project reads {backbone.card.name}: give one.")
        return backbone, load_translator(name)
    reader = translator if isinstance(translator, Translator) else load_translator(str(translator))
    return model or load(reader.card.schema.backbone), reader


def _bytes(memory: int | str | None) -> int | None:
    found = bytes_of(memory) if isinstance(memory, str) else memory
    if memory is not None and (found is None or found < 1):
        raise InputError(f"memory is {memory!r}; expected a number of bytes, or a size such as '500M' or '8G'.")
    return found


Cells = tuple[str | None, ExpressionData | None, Context, GeneReport, tuple[str, ...]]


def _cells(
    given: AnnData | Sequence[str],
    backbone: Backbone,
    groupby: str | None,
    groups: Sequence[str] | None,
    layer: str | None,
    gene_column: str | None,
    n_variable: int,
    room: int | None,
) -> Iterator[Cells]:
    """Level, cells, virtual cell, report of the names, and notes, for each network that is asked for."""
    if groups is not None and groupby is None:
        raise InputError("groups are levels of a column of the cells: give groupby with them.")
    if not hasattr(given, "obs"):
        if isinstance(given, str) or groupby or layer or gene_column:
            raise InputError(
                "groupby, layer and gene_column are about cells; a list of genes, and no text, goes without."
            )
        report = resolve(list(given), backbone.vocabulary)  # pyright: ignore[reportArgumentType]
        yield None, None, list_context(report, "the genes given"), report, (report.sentence(),)
        return
    data = cells_of(given, layer=layer, gene_column=gene_column, groupby=groupby)  # pyright: ignore[reportArgumentType]
    asked: list[tuple[str, str] | None] = [None]
    if groupby is not None:
        if groupby not in data.groups:
            data.profile((groupby, ""))  # raises, and says which columns there are
        asked = [(groupby, level) for level in groups or data.groups[groupby]]
    for group in asked:
        cell, report, notes = data_context(
            data, backbone.card, backbone.vocabulary, group=group, n_variable=n_variable, cap=room
        )
        yield group and group[1], data, cell, report, (*data.notes, *notes)
