"""What ``ugrn network`` is asked for: genes, cells, groups of cells or a recipe, as questions for the core."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ugrn_core.cli.contexts import CellOptions, cell_context, read_data
from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.output import say
from ugrn_core.errors import InputError
from ugrn_core.network.distinct_names import folder_names
from ugrn_core.network.edge_filter import EdgeFilter
from ugrn_core.network.own_cells import default_cell, why
from ugrn_core.network.question import CELL_CHOICES, FULL, PAIR, NetworkQuestion, ask

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.data.expression import ExpressionData
    from ugrn_core.genes.lookup import Species
    from ugrn_core.genes.resolve import GeneReport
    from ugrn_core.network.question import NetworkRequest
    from ugrn_core.network.recipe import Recipe
    from ugrn_core.translators.translator import Translator
    from ugrn_core.types import Context

BETWEEN = "--between names two groups of a column: give --group COLUMN with it."


@dataclass(frozen=True)
class NetworkOptions:
    """The options that say what the network is of."""

    genes: Path | None
    h5ad: str | None
    cells: CellOptions
    between: tuple[str, ...]
    sources: Path | None
    sources_column: str | None
    context: str | None
    strict: bool

    def kind(self, model: str, *, several: bool = False) -> str:
        """pair or full: two genes alone by default for a list, for cells what does best
        (:mod:`ugrn_core.network.own_cells`); ``several`` groups differ in nothing but their means."""
        if self.context is not None or self.h5ad is None:
            return self.context or PAIR
        return FULL if several else default_cell(model)

    def check(self) -> None:
        """Refuse options that do not go together."""
        if self.context is not None and self.context not in CELL_CHOICES:
            raise InputError(f"--context is {self.context!r}; expected pair or full.")
        if (self.genes is None) == (self.h5ad is None):
            raise InputError("Give either --genes or --h5ad.")
        if self.genes is not None and self.cells.of_cells():
            raise InputError(f"{self.cells.of_cells()[0]} is about the cells of an h5ad file: give --h5ad with it.")
        if self.sources_column is not None and self.sources is None:
            raise InputError("--sources-column is about a list of sources: give one with --sources.")
        if self.between and self.cells.group is None:
            raise InputError(BETWEEN)
        if self.between and len(set(self.between)) != 2:
            raise InputError(f"--between is given for two groups, got {', '.join(self.between)}.")


@dataclass(frozen=True)
class NetworkToMake:
    """One network to be made. ``line`` makes it again, ``folder`` lies below --out.

    ``group`` and ``n_cells`` where it is one of several; ``cells`` and ``data`` where it is of cells.
    """

    question: NetworkQuestion
    report: GeneReport
    line: tuple[str, ...]
    group: str | None = None
    n_cells: int = 0
    folder: str = ""
    cells: CellOptions = CellOptions()  # noqa: RUF009 (frozen)
    data: ExpressionData | None = None

    @property
    def request(self) -> NetworkRequest:
        return self.question.request

    @property
    def title(self) -> str:
        """``B (95 cells): 20 sources x 600 targets``."""
        who = f"{self.group} ({self.n_cells:,} cells): " if self.group is not None else ""
        return f"{who}{len(self.request.sources):,} sources x {len(self.request.targets):,} targets"


def questions(asked: NetworkOptions, backbone: Backbone, translator: Translator) -> list[NetworkToMake]:
    """One question, or one a group of cells."""
    model = backbone.card.name
    if asked.genes is not None:
        return [_of_list(replace(asked, context=asked.kind(model)), asked.genes, backbone, translator)]
    assert asked.h5ad is not None
    data = read_data(asked.h5ad, asked.cells)
    column, level = asked.cells.column_and_level(data) or ("", "")
    if asked.context is None and level is not None:
        say(why(model, translator.card.name))
    asked = replace(asked, context=asked.kind(model, several=level is None))
    if level is not None:
        if asked.between:
            raise InputError(BETWEEN)
        return [_of_cells(asked, data, asked.cells, backbone, translator)]
    if asked.context == PAIR:
        raise InputError("Two genes alone are the same in every group of cells: take --context full.")
    return list(_of_groups(asked, data, column, backbone, translator))


def recipe_question(recipe: Recipe, backbone: Backbone) -> NetworkToMake:
    """The question of a recipe, its names looked up again."""
    from ugrn_core.genes.resolve import resolve

    names = recipe.names or tuple(dict.fromkeys([*recipe.sources, *recipe.targets]))
    return NetworkToMake(recipe, resolve(names, backbone.vocabulary, recipe.species), ("--recipe", "recipe.json"))


def command_line(
    question: NetworkToMake,
    translator: str,
    backbone: str,
    prevalence: float | None,
    known: Sequence[str],
    shown: EdgeFilter,
) -> str:
    """The line that makes a network again, from the folder of its inputs into that of its files.

    ``known``: its words about known edges, and about what cells show of them.
    """
    line = ["ugrn", "network", *question.line, "--translator", Path(translator).name]
    line += ["--backbone", Path(backbone).name]
    line += [] if prevalence is None else ["--prevalence", np.format_float_positional(prevalence, trim="-")]
    return shlex.join([*line, *known, *shown.cli_args(), "--out", "."])


def _of_list(asked: NetworkOptions, file: Path, backbone: Backbone, translator: Translator) -> NetworkToMake:
    from ugrn_core.data.context import list_context

    report = read_genes(file, backbone.vocabulary, asked.strict, asked.cells.gene_column)
    question = _ask(asked, list_context(report, file.name), report, None, backbone, translator)
    return NetworkToMake(question, report, ("--genes", file.name, *asked.cells.cli_args(), *_rest(asked)))


def _of_cells(
    asked: NetworkOptions, data: ExpressionData, cells: CellOptions, backbone: Backbone, translator: Translator
) -> NetworkToMake:
    context, report = cell_context(data, cells, backbone, asked.strict)
    question = _ask(asked, context, report, "mouse" if data.species == "mouse" else None, backbone, translator)
    line = ("--h5ad", Path(str(asked.h5ad)).name, *cells.cli_args(), *_rest(asked))
    return NetworkToMake(question, report, line, cells=cells, data=data)


def _of_groups(
    asked: NetworkOptions, data: ExpressionData, column: str, backbone: Backbone, translator: Translator
) -> Iterator[NetworkToMake]:
    """A question a group of the column, in the order of the file, or of those named."""
    from ugrn_core.network.exports.groups import GROUP_FILES

    folders = folder_names(list(data.groups[column]), GROUP_FILES)
    for level in asked.between or data.groups[column]:
        profile = data.profile((column, level))
        own = replace(asked.cells, group=f"{column}={level}")
        question = _of_cells(asked, data, own, backbone, translator)
        yield replace(question, group=level, n_cells=profile.n_cells, folder=folders[level])


def _ask(
    asked: NetworkOptions,
    cell: Context,
    report: GeneReport,
    species: Species | None,
    backbone: Backbone,
    translator: Translator,
) -> NetworkQuestion:
    """The question of a virtual cell, its notes said."""
    sources = None
    if asked.sources is not None:
        sources = read_genes(asked.sources, backbone.vocabulary, asked.strict, asked.sources_column, regulators=True)
    question, notes = ask(backbone, translator, cell, report, str(asked.context), sources, species=species)
    for note in notes:
        say(note)
    return question


def _rest(asked: NetworkOptions) -> tuple[str, ...]:
    sources = ("--sources", asked.sources.name) if asked.sources else ()
    column = ("--sources-column", asked.sources_column) if asked.sources_column is not None else ()
    return (*sources, *column, "--context", str(asked.context))
