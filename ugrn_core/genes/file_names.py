"""Mouse in, mouse out: names of the file beside the symbols of the model, which are human.

What is computed goes by the model's symbols. Where a table leaves the project it has the names of the file, and the
model's symbol in a column of its own beside them (``human_source`` for ``source``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import pandas as pd

from ugrn_core.genes.resolve import GeneReport
from ugrn_core.genes.spelled import ENSEMBL, names_inside, tidy
from ugrn_core.genes.tables import human_symbols, mouse_genes
from ugrn_core.types import FileNames, Vocabulary

HUMAN = "human_"
"""Before the title of a column: the same gene by the model's symbol."""
HUMAN_COLUMNS = (f"{HUMAN}source", f"{HUMAN}target")
"""Behind the other columns of a table of edges whose genes are named as in a mouse file."""


def file_names(report: GeneReport, column: Mapping[str, int], vocabulary: Vocabulary) -> FileNames:
    """Names of a mouse file for symbols of the model.

    ``column``: the gene of the file that stands for a symbol, among several the one that is used. A mouse Ensembl id is
    told by its symbol. Symbols that the file lacks have the name of their one-to-one ortholog. No name stands twice.
    """
    written = {symbol: report.records[i].name for symbol, i in column.items()}
    taken = set(written.values())
    names = {}
    for symbol, name in written.items():
        plain = mouse_symbol(name)
        if plain != name and plain in taken:
            plain = name
        taken.add(plain)
        names[symbol] = plain
    for symbol, name in orthologs().items():
        if symbol in vocabulary and symbol not in names and name not in taken:
            names[symbol] = name
            taken.add(name)
    return names_of(names)


def names_of(names: Mapping[str, str]) -> FileNames:
    """Names by symbol as a record."""
    return FileNames(hashlib.sha256(repr(sorted(names.items())).encode("utf-8", "surrogatepass")).hexdigest(), names)


def in_file(names: FileNames | None, symbols: Iterable[str]) -> tuple[str, ...]:
    """Symbols of the model by their names in the file; as they are where there are no such names."""
    return tuple(symbols) if names is None else tuple(map(names.of, symbols))


def named_as_in_file(
    table: pd.DataFrame, names: FileNames | None, columns: Sequence[str] = ("source", "target")
) -> pd.DataFrame:
    """The table with the names of the file in ``columns``, and the symbols of the model behind its other columns."""
    if names is None:
        return table
    there = [column for column in columns if column in table]
    human = {f"{HUMAN}{column}": table[column] for column in there}
    return table.assign(**{column: [*map(names.of, table[column])] for column in there}, **human)


def by_human_symbol(table: pd.DataFrame) -> pd.DataFrame:
    """The table by the symbols of the model again."""
    human = [c for c in table if str(c).startswith(HUMAN)]
    return table.assign(**{str(c).removeprefix(HUMAN): table[c] for c in human}).drop(columns=human)


def human_by_name(edges: pd.DataFrame) -> dict[str, str]:
    """The model's symbol of every gene that a table of edges names otherwise; empty where it has no such columns."""
    if any(name not in edges for name in HUMAN_COLUMNS):
        return {}
    parts = [
        edges[[end, f"{HUMAN}{end}"]].astype(object).drop_duplicates(end).itertuples(index=False, name=None)
        for end in ("source", "target")
    ]
    return {str(name): str(symbol) for part in parts for name, symbol in part}


def called_in_file(given: Iterable[str], genes: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    """What anybody's names of genes, human or mouse, are called in a mouse file; none twice.

    ``places``: where names stand among the ``genes`` of the file, for those that it has.
    """
    called: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys([*places, *given]):
        there = mouse_symbol(genes[places[name]]) if name in places else orthologs().get(name, name)
        called[name] = name if there in taken else there
        taken.add(called[name])
    return called


def told_by_file(
    table: pd.DataFrame,
    called: Mapping[str, str],
    human: Mapping[str, str],
    columns: Sequence[str] = ("source", "target"),
) -> pd.DataFrame:
    """A table of anybody's edges by names of :func:`called_in_file`, with human symbols behind its other columns.

    ``human``: symbols that came with the table, of its names; others are looked up.
    """
    symbols = {c: human.get(n) or (n if n in orthologs() else human_symbol(n)) for n, c in called.items()}
    named = {column: table[column].map(called) for column in columns}
    return table.assign(**named, **{f"{HUMAN}{column}": names.map(symbols) for column, names in named.items()})


def mouse_symbol(name: str) -> str:
    """The symbol of a mouse Ensembl id, or inside a longer name (``mm10_Gata1``); any other name as it is."""
    known = mouse_genes()
    if name in known.by_symbol:
        return name
    found = ENSEMBL.fullmatch(name)
    if found:
        gene = known.by_id.get(found[1].upper())
        return gene.symbol if gene is not None else name
    return next((inside for inside in names_inside(tidy(name)) if inside in known.by_symbol), name)


@cache
def orthologs() -> Mapping[str, str]:
    """Mouse symbol of human genes with a one-to-one ortholog."""
    return {gene.human[0]: gene.symbol for gene in mouse_genes().by_symbol.values() if gene.one_to_one and gene.human}


def human_symbol(name: str) -> str:
    """Human symbol of a mouse gene by one-to-one orthology, else of the same spelling, else empty."""
    gene = mouse_genes().by_symbol.get(mouse_symbol(name))
    human = () if gene is None else gene.human
    if gene is not None and gene.one_to_one and human:
        return human[0]
    spelled = name.upper()
    return spelled if spelled in human or (not human and spelled in human_symbols()) else ""
