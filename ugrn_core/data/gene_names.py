"""Which column of an h5ad file names the genes, whether the names can be used, and of which species they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

import numpy as np

from ugrn_core.data.layout import Table
from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.genes.tables import human_symbols, mouse_genes
from ugrn_core.genes.tfs import transcription_factors

NAME_COLUMNS = (
    "feature_name",
    "gene_symbol",
    "gene_symbols",
    "gene_name",
    "gene_names",
    "gene_short_name",
    "symbol",
    "hgnc_symbol",
    "gene",
    "features",
    "name",
)
"""Columns that are looked at for symbols where the index holds none; letter case does not matter."""

INDEX = "index"

_ENSEMBL = re.compile(r"ENS(MUS)?G\d{11}")
_INTEGER = re.compile(r"\d+(\.0)?")
_ASKED = 2000  # names looked up when a share is estimated


def choose_gene_names(table: Table, wanted: str | None) -> tuple[np.ndarray, str]:
    """Gene names (gene,) and a sentence on where they come from ('' if from the index, as usual).

    ``wanted`` is a column, or "index". Without it the index is used, unless it holds Ensembl ids or integers and one
    of ``NAME_COLUMNS`` holds other, distinct names. Names that are integers, repeated or empty are an InputError.
    """
    if wanted is not None:
        return _wanted(table, wanted), f"Gene names come from {wanted!r}, as asked."
    index = table.index()
    ensembl, integers = _share(_ENSEMBL, index) > 0.5, _share(_INTEGER, index) > 0.5
    if not (ensembl or integers):
        _check(index, INDEX, table)
        return index, ""
    for column in sorted(table.columns, key=_rank):
        names = table.text(column) if _rank(column) < len(NAME_COLUMNS) else None
        if names is None or _share(_INTEGER, names) > 0.5 or len(set(names)) < len(names) or "" in names:
            continue
        return names, f"Gene names come from {column!r}; the index holds {'Ensembl ids' if ensembl else 'integers'}."
    _check(index, INDEX, table)
    return index, "The index holds Ensembl ids and no column holds distinct symbols; the ids are used."


def gene_columns(table: Table) -> tuple[str, ...]:
    """What ``gene_column`` may be: the index and every column of text."""
    return (INDEX, *(c for c in table.columns if table.is_text(c)))


def named_like_genes(names: Sequence[str] | np.ndarray) -> bool:
    """Whether one name in a hundred is a transcription factor or one in ten a known gene."""
    factors = transcription_factors()
    return sum(str(n).upper() in factors for n in names) >= 0.01 * len(names) or known_share(names) >= 0.1


def known_share(names: Sequence[str] | np.ndarray) -> float:
    """Share of names that are symbols of human or mouse genes, in any case, or Ensembl ids (estimated on 2,000)."""
    asked = [str(n) for n in names[:: max(1, len(names) // _ASKED)]]
    if not asked:
        return 0.0
    human, mouse = human_symbols(), mouse_genes().by_upper
    return sum(n.upper() in human or n.upper() in mouse or bool(_ENSEMBL.match(n)) for n in asked) / len(asked)


def guess_species(names: Sequence[str] | np.ndarray) -> Species | None:
    """Species by Ensembl prefix and by the spelling of transcription factors (SOX2, Sox2), else of any gene.

    None where neither is met. Human data that were never turned from mouse spelling read as mouse, and the reverse.
    """
    factors = transcription_factors()
    votes = Counter(_votes(names, factors, lambda name: name.upper() in factors))
    if not votes:
        votes = Counter(_votes(names, human_symbols(), mouse_genes().by_symbol.__contains__))
    return votes.most_common(1)[0][0] if votes else None


def _votes(names: Iterable[str], human: Container[str], is_mouse: Callable[[str], bool]) -> Iterator[Species]:
    for name in map(str, names):
        ensembl = _ENSEMBL.match(name)
        if ensembl:
            yield "mouse" if ensembl[1] else "human"
        elif name in human:
            yield "human"
        elif is_mouse(name):
            yield "mouse"


def _rank(column: str) -> int:
    return NAME_COLUMNS.index(column.lower()) if column.lower() in NAME_COLUMNS else len(NAME_COLUMNS)


def _share(pattern: re.Pattern[str], names: np.ndarray) -> float:
    return sum(bool(pattern.match(n) if pattern is _ENSEMBL else pattern.fullmatch(n)) for n in names) / len(names)


def _wanted(table: Table, wanted: str) -> np.ndarray:
    if wanted != INDEX and wanted not in table.columns:
        raise InputError(f"There is no gene column {wanted!r}. Choose from: {', '.join(gene_columns(table)[:12])}.")
    names = table.index() if wanted == INDEX else table.text(wanted)
    if names is None:
        raise InputError(f"The gene column {wanted!r} cannot be read as text. Choose another one.")
    _check(names, wanted, table)
    return names


def _check(names: np.ndarray, column: str, table: Table) -> None:
    others = [c for c in gene_columns(table) if c != column]
    advice = f"Choose another column ({', '.join(others[:12])}), or correct" if others else "Correct"
    advice += " the names in the file."
    if _share(_INTEGER, names) > 0.5:
        raise InputError(
            f"The gene names in {column!r} are integers ({', '.join(names[:3])}, ...), expected symbols or Ensembl "
            f"ids. {advice}"
        )
    if "" in names:
        raise InputError(f"{int((names == '').sum()):,} of the gene names in {column!r} are empty. {advice}")
    if len(set(names)) < len(names):
        repeated = [name for name, n in Counter(names).items() if n > 1]
        raise InputError(
            f"{len(repeated):,} of the gene names in {column!r} occur twice or more ({', '.join(repeated[:3])}). "
            f"{advice} adata.var_names_make_unique() makes them distinct."
        )
