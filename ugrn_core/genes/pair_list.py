"""Text of pairs in, directed pairs of gene names out: tables of edges by their titles, lines with arrows, SIF.

- A table with titles is read by them: source, tf, regulator, from ... and target, gene, to ...; label where there is
  one. Where they name neither end, it is an InputError with the choices.
- One without titles is read from left to right if it has exactly two columns of names, beside numbers and words that
  are no genes (SIF, TRRUST). More are such an InputError too.
- Lines with arrows are read one by one: ``A -> B -> C`` are two pairs, ``B <- A`` is one from A, ``A <-> B`` are two.
- Gene sets (GMT) whose names are genes or regulons are pairs of that gene with each of the set.

What was read as what is said in :attr:`PairList.said`. Names are not checked here (see resolve).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.columns import Columns, is_gene_like, read_columns
from ugrn_core.genes.gene_list import LONGEST_WORD, MAX_NAMES, gene_sets
from ugrn_core.genes.pair_lines import has_arrows, no_pair, pairs_of_lines
from ugrn_core.genes.text_lines import said_lines, short
from ugrn_core.genes.titles import (
    GENE_TITLES,
    LABEL_TITLES,
    SCORE_TITLES,
    SIGN_TITLES,
    SOURCE_TITLES,
    TARGET_TITLES,
    title_key,
)

Pair = tuple[str, str]

NONE = "none"
"""What is chosen where no column is to be read as the label."""
_UNDIRECTED = frozenset(("--", "-", "—", "–", "~", ":", "---"))
_MINUS = frozenset(("-", "-1", "-1.0"))
_SURE = LABEL_TITLES[:5]
_LABELS = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "positive", "pos", "+", "+1"), 1),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "negative", "neg", "-", "-1", "-1.0"), 0),
}


@dataclass(frozen=True)
class PairColumns:
    """Columns by title or by number from 1; None: found by themselves. ``label`` may be :data:`NONE`."""

    source: str | None = None
    target: str | None = None
    label: str | None = None

    def words(self) -> list[str]:
        """The options that were given, as words of a command."""
        options = {"--source-column": self.source, "--target-column": self.target, "--label-column": self.label}
        return [word for name, value in options.items() if value is not None for word in (name, value)]


@dataclass(frozen=True)
class PairList:
    """Pairs (source, target) in the order of the text, each once with each label; labels 1 and 0, or none.

    ``said``: what was read as what, a sentence. ``columns`` may be chosen instead of ``chosen``, where it is a table.
    """

    pairs: tuple[Pair, ...]
    labels: tuple[int, ...] | None
    said: str = ""
    columns: tuple[str, ...] = ()
    chosen: PairColumns = PairColumns()


def parse_pairs(text: str) -> list[Pair]:
    """Pairs of a text, each once; labels are not asked for. See :func:`pair_list`."""
    return list(dict.fromkeys(pair_list(text, labelled=False).pairs))


def pair_list(text: str, columns: PairColumns = PairColumns(), *, labelled: bool = True) -> PairList:
    """Pairs of a text. ``labelled``: whether a label is looked for, and numbers that may be one have to be called so.

    A line that is no pair is an InputError that names it, a table whose columns cannot be told is one with the choices.
    """
    lines = said_lines(text)
    if not len(lines):
        return PairList((), None)
    sets = gene_sets(lines)
    if sets is not None and columns == PairColumns():
        return _of_sets(sets)
    table = read_columns(lines)
    arrows = has_arrows(lines)
    if table is not None and (not arrows or _is_titled_pairs(table) or columns != PairColumns()):
        return _of_table(table, columns, labelled)
    if columns != PairColumns():
        raise InputError("The pairs have no columns: leave out their names, or give a table with titles.")
    pairs, said = pairs_of_lines(lines)
    check_names(pd.Series([name for pair in pairs for name in pair], dtype=object))
    return PairList(tuple(pairs), None, said)


def _is_titled_pairs(table: Columns) -> bool:
    """Whether a table is meant, though some of its cells hold arrows."""
    return table.delimiter != " " and bool(
        table.titled_any(SOURCE_TITLES) and table.titled_any((*TARGET_TITLES, *GENE_TITLES))
    )


def _of_table(table: Columns, columns: PairColumns, labelled: bool) -> PairList:
    source, target = ends(table, columns)
    label = _label(table, columns.label, {source, target}) if labelled else None
    wanted = [source, target] if label is None else [source, target, label]
    frame = table.cells(wanted)
    frame = frame.assign(line=np.arange(len(frame)))
    if table.titled:  # titles once more, where files were put together
        frame = frame[~((frame[0] == table.names[source]) & (frame[1] == table.names[target]))]
    empty = frame[(frame[0] == "") | (frame[1] == "")]
    if len(empty):
        raise no_pair(table.lines, int(empty["line"].iloc[0]))
    labels = None if label is None else _labels(table, frame, label)
    if labels is not None:
        frame = frame.assign(label=labels)
    frame = frame.drop_duplicates([0, 1] if labels is None else [0, 1, "label"])
    check_names(pd.concat([frame[0], frame[1]]))
    said = f"Source: {table.called(source)}, target: {table.called(target)}"
    said += _said_of_label(table, label, {source, target}) if labelled else ""
    chosen = PairColumns(table.names[source], table.names[target], NONE if label is None else table.names[label])
    pairs = tuple(zip(frame[0], frame[1], strict=True))
    marks = None if labels is None else tuple(int(x) for x in frame["label"])
    return PairList(pairs, marks, f"{said}.", table.names[:1000], chosen)


def ends(table: Columns, columns: PairColumns) -> tuple[int, int]:
    """Source and target: those named, else by title, else the only two columns of names from left to right."""
    source = None if columns.source is None else table.find(columns.source, "sources")
    target = None if columns.target is None else table.find(columns.target, "targets")
    if source is not None and source == target:
        raise InputError(f"Source and target are both {table.called(source)}. Choose two columns: {table.choices()}.")
    free = [j for j in table.of_kind("genes", "words") if j not in (source, target)]
    if source is None:
        source = next((j for j in table.titled_any(SOURCE_TITLES) if j in free), None)
    if target is None:
        target = next((j for j in table.titled_any(TARGET_TITLES) if j in free and j != source), None)
    if source is None and target is None:
        source, target = (None, None) if table.titled else _two_of_names(table)
    elif source is None:
        source = _other_end(table, target, free)
    elif target is None:
        target = _other_end(table, source, free)
    if source is None or target is None:
        raise InputError(_no_ends(table, source, target, free))
    return source, target


def _two_of_names(table: Columns) -> tuple[int | None, int | None]:
    """The only two columns of genes, else of words, of a table without titles."""
    genes, words = table.of_kind("genes"), table.of_kind("genes", "words")
    ends = genes if len(genes) == 2 else words
    if len(ends) != 2 or (len(genes) == 1 and _is_of_groups(table, sum(ends) - genes[0], genes[0])):
        return None, None
    signs = {row[j] for row in table.sample for j in range(ends[0] + 1, ends[1])}
    if signs and signs <= _UNDIRECTED:
        raise InputError(f"The pairs have no direction: got {table.lines.quoted(0)}, expected source -> target.")
    return ends[0], ends[1]


def _is_of_groups(table: Columns, words: int, genes: int) -> bool:
    """Whether some words, none of which is a gene, stand beside several genes, as clusters stand beside markers."""
    named, known = ({row[j] for row in table.sample[:200]} for j in (words, genes))
    return len(named) > 2 and not any(map(is_gene_like, named)) and sum(map(is_gene_like, known)) > 2


def _other_end(table: Columns, end: int | None, free: list[int]) -> int | None:
    """Beside one end that is known: the column titled gene, else the only other one of the same kind."""
    titled = [j for j in table.titled_any(GENE_TITLES) if j in free and j != end]
    alike = [j for j in free if j != end and (end is None or table.kinds[j] == table.kinds[end])]
    return titled[0] if titled else alike[0] if len(alike) == 1 else None


def _no_ends(table: Columns, source: int | None, target: int | None, free: list[int]) -> str:
    matrix = [j for j in table.of_kind("number") if table.titled and is_gene_like(table.names[j])]
    if len(matrix) > 2:
        return (
            f"The table is a matrix, with numbers under {len(matrix):,} genes. Expected one pair a line: source, "
            "target, and a score where there is one."
        )
    if len(free) < 2 and source is None and target is None:
        numbers = " Numbers are no names: give symbols or Ensembl ids." if len(table.of_kind("number")) > 1 else ""
        return f"The table has fewer than two columns of names; expected source, target and label.{numbers}"
    what = "the sources" if source is None else "the targets"
    what = "the sources and which the targets" if source is None and target is None else what
    return (
        f"Which column holds {what} cannot be told: {table.choices(free)}. Say it (--source-column, "
        "--target-column), or title the columns source and target."
    )


def _label(table: Columns, asked: str | None, ends: set[int]) -> int | None:
    """Column of the labels: the one named, else by title; an untitled column of ones and zeros has to be called."""
    if asked is not None:
        if asked.casefold() == NONE and NONE not in map(str.casefold, table.names):
            return None
        at = table.find(asked, "labels")
        if at in ends:
            raise InputError(f"The labels are in the {table.called(at)}, which holds the names. Choose another one.")
        return at
    if table.titled:
        keys = {title_key(name): j for j, name in reversed(list(enumerate(table.names))) if j not in ends}
        found = [(title, keys[title]) for title in LABEL_TITLES if title in keys]
        return next((j for title, j in found if title in _SURE or _may_be_labels(table, j)), None)
    doubtful = next((j for j in table.of_kind("number") if _may_be_labels(table, j, only="01")), None)
    if doubtful is not None:
        raise InputError(
            f"Column {doubtful + 1} holds 1 and 0 and has no title: a label or a weight? Title it, or say it: "
            f"--label-column {doubtful + 1}, or --label-column {NONE}."
        )
    return None


def _may_be_labels(table: Columns, column: int, only: str = "") -> bool:
    """Whether the cells are labels, and some of them 0."""
    marks = {row[column].lower() for row in table.sample}
    return marks <= (set(only) or _LABELS.keys()) and any(_LABELS[mark] == 0 for mark in marks)


def _labels(table: Columns, frame: pd.DataFrame, label: int) -> pd.Series:
    marks = frame[2].str.lower().map(_LABELS)
    wrong = frame[marks.isna()]
    if len(wrong):
        at = int(wrong["line"].iloc[0])
        raise InputError(
            f"{table.lines.called(at)} of the list is {table.lines.quoted(at)}; expected 0 or 1 as its label "
            f"({table.called(label)}). Where that column is no label, say so: --label-column {NONE}."
        )
    found = set(frame[2])
    if found & _MINUS and found & {"0", "0.0"}:
        raise InputError(f"The labels ({table.called(label)}) are 1, 0 and -1: expected 1 for an edge and 0 for none.")
    return marks


def _said_of_label(table: Columns, label: int | None, ends: set[int]) -> str:
    """What was read as the label, and which columns that change the meaning of a line were not read."""
    said = f", label: {NONE if label is None else table.called(label)}"
    if label is not None:
        return said + (" (-1 read as 0)" if any(row[label] in _MINUS for row in table.sample) else "")
    titles = {"sign": SIGN_TITLES, "score": SCORE_TITLES}
    keys = {title_key(name): name for j, name in enumerate(table.names) if table.titled and j not in ends}
    unread = [f"{keys[t]} ({what})" for what, known in titles.items() for t in known if t in keys]
    return said + (f"; not read: {', '.join(map(short, unread[:4]))}" if unread else "")


def _of_sets(sets: dict[str, list[str]]) -> PairList:
    named = [name for name in sets if is_gene_like(name)]
    if len(named) < len(sets):
        other = next(name for name in sets if name not in set(named))
        raise InputError(
            f"The text holds gene sets such as {short(other)}, expected pairs, or sets named by a regulator."
        )
    pairs = tuple(dict.fromkeys((name, gene) for name, genes in sets.items() for gene in genes))
    return PairList(pairs, None, "Source: the name of a gene set, target: its genes, label: none.")


def check_names(names: pd.Series) -> None:
    """Refuse more different names than there are genes, and what is no name at all."""
    different = names.unique()
    if len(different) > MAX_NAMES:
        n = len(different)
        raise InputError(f"The pairs hold {n:,} different names; at most {MAX_NAMES:,} are looked up. Give genes.")
    long = max(map(len, different), default=0)
    if long > LONGEST_WORD:
        raise InputError(f"The pairs hold a name of {long:,} characters: these are no names of genes.")
