"""Text of pairs in, directed pairs of gene names out: tables of edges by their titles, lines with arrows, SIF.

- A table with titles is read by them: source, tf, regulator, from ... and target, gene, to ...; label where there is
  one. Where they name neither end, it is an InputError with the choices.
- One without titles is read from left to right if it has exactly two columns of names, beside numbers and words that
  are no genes (SIF, TRRUST). More are such an InputError too.
- Lines with arrows are read one by one: ``A -> B -> C`` are two pairs, ``B <- A`` is one from A, ``A <-> B`` are two.
- Names of edges as Cytoscape writes them, ``A (interacts with) B``, are one pair each.
- Gene sets (GMT) whose names are genes or regulons are pairs of that gene with each of the set.

What was read as what is said in :attr:`PairList.said`. Names are not checked here (see resolve).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.errors import ColumnError, InputError
from ugrn_core.genes.columns import GAPS, Columns, bare, is_gene_like, read_columns
from ugrn_core.genes.gene_list import LONGEST_WORD, MAX_NAMES, MOST_CHOICES, gene_sets, names_of_cell
from ugrn_core.genes.pair_lines import JOINED, has_arrows, no_pair, pairs_of_lines
from ugrn_core.genes.text_file import refuse_other_text
from ugrn_core.genes.text_lines import said_lines, short
from ugrn_core.genes.titles import (
    DIRECTION_TITLES,
    GENE_TITLES,
    LABEL_TITLES,
    SCORE_TITLES,
    SIGN_TITLES,
    SOURCE_TITLES,
    TARGET_TITLES,
    TITLES,
    title_key,
)

Pair = tuple[str, str]

NONE = "none"
"""What is chosen where no column is to be read as the label."""
ENDS = ("source", "target")
_UNDIRECTED = frozenset(("--", "-", "—", "–", "~", ":", "---"))
_MINUS = frozenset(("-", "-1", "-1.0"))
_NO = frozenset(("0", "0.0", "false", "no"))
_SURE = LABEL_TITLES[:5]
_LABELS = {
    **dict.fromkeys(("1", "1.0", "1,0", "true", "t", "yes", "positive", "pos", "+", "+1"), 1),
    **dict.fromkeys(("0", "0.0", "0,0", "false", "f", "no", "negative", "neg", "-", "-1", "-1.0"), 0),
}


@dataclass(frozen=True)
class PairColumns:
    """Columns by title or by number from 1; None: found by themselves. ``label`` may be :data:`NONE`."""

    source: str | None = None
    target: str | None = None
    label: str | None = None

    def cli_args(self) -> list[str]:
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


def pair_list(text: str, columns: PairColumns = PairColumns(), *, labelled: bool = True) -> PairList:
    """Pairs of a text. ``labelled``: whether a label is looked for, and numbers that may be one have to be called so.

    A line that is no pair is an InputError that names it, a table whose columns cannot be told is one with the choices.
    """
    refuse_other_text(text, "pair list")
    lines = said_lines(text)
    if not len(lines):
        return PairList((), None)
    if any("MotifID" in line or "TargetGenes" in line for line in lines.texts[:3]):
        raise InputError(
            "The text is the table of motifs that pySCENIC writes (ctx), expected pairs. Give its adjacencies (TF, "
            "target, importance), or its regulons as gene sets (GMT)."
        )
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
    if len(table.lines) == 1 and all(title_key(cell) in TITLES and not is_gene_like(cell) for cell in table.sample[0]):
        raise InputError(f"The table has titles and no rows: got {table.lines.quoted(0)}, expected pairs below.")
    joined = _joined_names(table) if columns.source is None and columns.target is None else None
    if joined is not None:
        return _of_joined(table, joined)
    source, target = ends(table, columns)
    label = _label(table, columns.label, {source, target}) if labelled else None
    wanted = [source, target] if label is None else [source, target, label]
    frame = table.cells(wanted)
    frame = frame.assign(line=np.arange(len(frame)))
    if table.titled:  # titles once more, where files were put together
        frame = frame[~((frame[0] == table.names[source]) & (frame[1] == table.names[target]))]
    empty = frame[frame[0].str.lower().isin(GAPS) | frame[1].str.lower().isin(GAPS)]
    if len(empty):
        raise no_pair(table.lines, int(empty["line"].iloc[0]))
    labels = None if label is None else _labels(table, frame, label)
    if labels is not None:
        frame = frame.assign(label=labels)
    check_names(pd.concat([frame[0], frame[1]]))
    frame = _a_row_a_name(table, frame)
    frame = frame.drop_duplicates([0, 1] if labels is None else [0, 1, "label"])
    check_names(pd.concat([frame[0], frame[1]]))
    said = f"Source: {table.called(source)}, target: {table.called(target)}"
    said += _said_of_label(table, label, {source, target}) if labelled else ""
    said += "; undirected there, read as it is written" if _is_undirected(table) else ""
    chosen = PairColumns(table.names[source], table.names[target], NONE if label is None else table.names[label])
    pairs = tuple(zip(frame[0], frame[1], strict=True))
    marks = None if labels is None else tuple(int(x) for x in frame["label"])
    return PairList(pairs, marks, f"{said}.", table.names[:MOST_CHOICES], chosen)


def _a_row_a_name(table: Columns, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows, those with several genes at one end (``SOX2,"NANOG;MYC"``) once for each of them."""
    several = [frame[end].str.contains("[,;]", regex=True) for end in (0, 1)]
    several = [mark & _are_genes(frame[end][mark]) for end, mark in enumerate(several)]
    if not (several[0] | several[1]).any():
        return frame
    both = frame[several[0] & several[1]]
    if len(both):
        raise no_pair(table.lines, int(both["line"].iloc[0]))
    frame = frame.copy()
    for end in (0, 1):
        frame[end] = frame[end].where(~several[end], frame[end].map(names_of_cell))
    return frame.explode(0).explode(1)


def _are_genes(cells: pd.Series) -> bool:
    """Whether more than half of the names in some cells of several are known for genes."""
    names = [bare(name) for cell in cells[:200] for name in re.split("[,;]", cell)[:20]]
    return sum(map(is_gene_like, names)) > 0.5 * len(names)


def _is_undirected(table: Columns) -> bool:
    """Whether a column says that its edges have no direction."""
    at = [j for j, key in enumerate(table.keys) if key in DIRECTION_TITLES]
    said = {table.sample[i][j].lower() for i in range(len(table.sample)) for j in at[:1]}
    return bool(said) and said <= ({"undirected"} if table.keys[at[0]] not in ("directed", "isdirected") else _NO)


def _joined_names(table: Columns) -> int | None:
    """Cytoscape's column of names of edges, ``SOX2 (pp) NANOG``, where the ends have no columns of their own."""
    if table.titled_any(SOURCE_TITLES) and table.titled_any((*TARGET_TITLES, *GENE_TITLES)):
        return None
    at = [j for j, key in enumerate(table.keys) if key in ("sharedname", "name", "edgename", "edge")]
    return next((j for j in at if all(JOINED.fullmatch(row[j]) for row in table.sample)), None)


def _of_joined(table: Columns, column: int) -> PairList:
    cells = table.cells([column])[0]
    found = [JOINED.fullmatch(cell) for cell in cells]
    wrong = next((i for i, match in enumerate(found) if match is None), None)
    if wrong is not None:
        raise no_pair(table.lines, wrong)
    pairs = tuple(dict.fromkeys((match[1], match[3]) for match in found if match is not None))
    check_names(pd.Series([name for pair in pairs for name in pair], dtype=object))
    said = f"Source and target: {table.called(column)}, as in {short(cells.iloc[0])}, label: {NONE}."
    return PairList(pairs, None, said, table.names[:MOST_CHOICES])


def _by_title(table: Columns, titles: Sequence[str], free: list[int]) -> int | None:
    """The free column of the surest title; two of the same title that hold different names are an InputError."""
    found = [j for j in table.titled_any(titles) if j in free]
    alike = [j for j in found if table.keys[j] == table.keys[found[0]]]
    if any(row[j] != row[alike[0]] for row in table.sample for j in alike[1:]):
        raise ColumnError(
            f"{len(alike)} columns have the same title: {table.choices(alike)}. Say which holds the names, or give "
            "each a title of its own.",
            *ENDS,
        )
    return found[0] if found else None


def ends(table: Columns, columns: PairColumns) -> tuple[int, int]:
    """Source and target: those named, else by title, else the only two columns of names from left to right."""
    source = None if columns.source is None else table.find(columns.source, "sources")
    target = None if columns.target is None else table.find(columns.target, "targets")
    if source is not None and source == target:
        raise InputError(f"Source and target are both {table.called(source)}. Choose two columns: {table.choices()}.")
    free = [j for j in table.of_kind("genes", "words") if j not in (source, target)]
    if source is None:
        source = _by_title(table, SOURCE_TITLES, free)
    if target is None:
        target = _by_title(table, TARGET_TITLES, [j for j in free if j != source])
    if source is None and target is None:
        source, target = (None, None) if table.titled else _two_of_names(table)
    elif source is None:
        source = _other_end(table, target, free)
    elif target is None:
        target = _other_end(table, source, free)
    if source is None or target is None:
        raise _no_ends(table, source, target, free)
    return source, target


def _two_of_names(table: Columns) -> tuple[int | None, int | None]:
    """The only two columns of genes, else of words, of a table without titles."""
    genes, words = table.of_kind("genes"), table.of_kind("genes", "words")
    ends = genes if len(genes) == 2 else words
    if len(ends) != 2 or (len(genes) == 1 and _is_of_groups(table, sum(ends) - genes[0], genes[0])):
        return None, None
    signs = {row[j] for row in table.sample for j in range(ends[0] + 1, ends[1])}
    if signs and not signs - _UNDIRECTED:
        raise InputError(f"The pairs have no direction: got {table.lines.quoted(0)}, expected source -> target.")
    return ends[0], ends[1]


def _is_of_groups(table: Columns, words: int, genes: int) -> bool:
    """Whether some words, none of which is a gene, stand beside several genes, as clusters stand beside markers."""
    named, known = ({row[j] for row in table.sample[:200]} for j in (words, genes))
    return len(named) > 2 and not any(map(is_gene_like, named)) and sum(map(is_gene_like, known)) > 2


def _other_end(table: Columns, end: int | None, free: list[int]) -> int | None:
    """Beside one end that is known: the column titled gene, else the only other one of the same kind."""
    titled = _by_title(table, GENE_TITLES, [j for j in free if j != end])
    alike = [j for j in free if j != end and (end is None or table.kinds[j] == table.kinds[end])]
    return titled if titled is not None else alike[0] if len(alike) == 1 else None


def _no_ends(table: Columns, source: int | None, target: int | None, free: list[int]) -> InputError:
    matrix = [j for j in table.of_kind("number") if table.titled and is_gene_like(table.names[j])]
    if len(matrix) > 1:
        return InputError(
            f"The table is a matrix, with numbers under {len(matrix):,} genes, whose direction is not written. "
            "Expected one pair a line: source, target, and a score where there is one (stack() of pandas, melt() of R)."
        )
    if len(free) < 2 and source is None and target is None:
        numbers = " Numbers are no names: give symbols or Ensembl ids." if len(table.of_kind("number")) > 1 else ""
        return InputError(f"The table has fewer than two columns of names; expected source, target and label.{numbers}")
    what = "the sources" if source is None else "the targets"
    what = "the sources and which the targets" if source is None and target is None else what
    return ColumnError(
        f"Which column holds {what} cannot be told: {table.choices(free)}. Say it, or title the columns source and "
        "target.",
        *(end for end, at in zip(ENDS, (source, target), strict=True) if at is None),
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
        columns = [j for j in range(len(table.names)) if j not in ends and table.kinds[j] != "empty"]
        keys = {table.keys[j]: j for j in reversed(columns)}
        found = [(title, keys[title]) for title in LABEL_TITLES if title in keys]
        return next((j for title, j in found if title in _SURE or _may_be_labels(table, j)), None)
    doubtful = next((j for j in table.of_kind("number") if _may_be_labels(table, j, only="01")), None)
    if doubtful is not None:
        raise ColumnError(
            f"Column {doubtful + 1} holds 1 and 0 and has no title: a label or a weight? Title it, or say whether the "
            f"label is column {doubtful + 1} or {NONE}.",
            "label",
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
        raise ColumnError(
            f"{table.lines.called(at)} of the list is {table.lines.quoted(at)}; expected 0 or 1 as its label "
            f"({table.called(label)}). Where that column is no label, say that the label is {NONE}.",
            "label",
        )
    found = set(frame[2])
    if found & _MINUS and found & {"0", "0.0", "0,0"}:
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
    long = next((name for name in different if len(name) > LONGEST_WORD), None)
    if long is not None:
        raise InputError(f"The pairs hold a name of {len(long):,} characters: these are no names of genes.")
