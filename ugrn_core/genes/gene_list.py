"""Pasted text and small files in, gene names or pairs of gene names out; names are not checked here (see resolve).

What is tolerated: comma, semicolon, tab, space and line break between names, quotes, square brackets, comments from
``#`` to the end of the line, blank lines, byte-order marks, Windows line ends.

**List or table?** The text is a *table*, of which only one column is read, when its lines, split at the first of tab,
comma, semicolon or white space that occurs in it, all have the same number (two or more) of cells, and

- some column holds nothing but numbers and gaps below the first line (``SOX2,2.1,0.003``; a single line counts if all
  its cells but one are numbers), or
- the first line holds a column title such as gene, symbol, target, logFC or padj, and there is a second line.

A first line that is one cell short, as R writes it, counts as complete. The column read is the one titled gene, symbol
or the like, else the first one that is not numbers. Any other text is a *list*, read in full, line after line: names
in two columns without a title and without numbers are all kept. ``TF`` is no title: it is a gene (transferrin).
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from ugrn_core.errors import InputError

MAX_BYTES = 5_000_000

GENE_TITLES = frozenset(
    {"gene", "genes", "gene_name", "gene_names", "gene_symbol", "gene_symbols", "genename", "genesymbol", "symbol"}
    | {"symbols", "hgnc_symbol", "mgi_symbol", "external_gene_name", "feature_name", "gene_short_name", "gene_id"}
    | {"geneid", "ensembl", "ensembl_id", "ensembl_gene_id"}
)
PAIR_TITLES = frozenset(
    {"source", "target", "regulator", "tf", "from", "to", "gene1", "gene2", "gene_1", "gene_2", "target_gene"}
)
OTHER_TITLES = frozenset(
    {"logfc", "log2fc", "avg_logfc", "avg_log2fc", "log2foldchange", "foldchange", "basemean", "p_val", "pval"}
    | {"pvalue", "p_value", "p_val_adj", "padj", "adj_p", "fdr", "qvalue", "score", "weight", "cluster"}
    | {"description", "source", "target", "regulator"}
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")
GAPS = frozenset(("", "na", "nan", "n/a", "-inf", "inf", "null"))
ARROW = re.compile(r"\s*(?:-+>|=+>|→|⟶|⇒)\s*")

_COMMENT = re.compile(r"(?:^|(?<=[\s,;]))#")
_INVISIBLE = re.compile("[\ufeff\u200b\u200c\u200d\u2060]")
_WRAPPING = re.compile("[\"'`\u201c\u201d\u2018\u2019\\[\\]]")
_LONGEST_ROW = 50_000


def parse_gene_list(text: str) -> list[str]:
    """Gene names in the order of the text, each once; the rule for tables is in the module's docstring."""
    lines = _lines(text)
    table = _table(lines)
    if table is not None:
        names = [_bare(cell) for cell in table]
    else:
        if len(lines) > 1 and _title(lines[0].strip(" ,;\t")) in GENE_TITLES:
            lines = lines[1:]
        names = [n for line in lines for n in re.split(r"[,;\s]+", _WRAPPING.sub(" ", line))]
    return list(dict.fromkeys(n for n in names if n))


def read_gene_list(file: Path | str | bytes) -> list[str]:
    """Gene names of a text file (a path, or the bytes of an upload).

    UTF-8, or UTF-16 where the byte-order mark says so; other bytes are read as Latin-1, which leaves gene names as
    they are. A file that is too large, binary, or without a name is an InputError.
    """
    names = parse_gene_list(_decode(_bytes_of(file)))
    if not names:
        raise InputError("The gene list is empty: no name was found in it. Give one gene a line, e.g. SOX2.")
    return names


def read_text(file: Path | str | bytes) -> str:
    """Text of a small file or upload, decoded as :func:`read_gene_list` does; other content is an InputError."""
    return _decode(_bytes_of(file))


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """Directed pairs (source, target) of a pasted list, one a line, in order, each once.

    Between the two names stands an arrow (``->``, ``=>``, ``→``), a comma, a semicolon, a tab or white space. A title
    line such as ``source,target`` is skipped, as is a leading column of row numbers; further columns are not read.
    A line without two names is an InputError that names the line.
    """
    rows = [(number, _pair_cells(line)) for number, line in _numbered(text)]
    if len(rows) > 1 and _is_pair_title(rows[0][1]):
        numbered = rows[0][1][0] == "" or all(cells[0].isdigit() for _, cells in rows[1:])
        rows = rows[1:]
    else:
        numbered = bool(rows) and all(len(cells) > 2 and cells[0].isdigit() for _, cells in rows)
    pairs = []
    for number, cells in rows:
        names = cells[1:] if numbered and len(cells) > 2 else cells
        if len(names) < 2 or not (names[0] and names[1]):
            raise InputError(
                f"Line {number} of the pair list is not a pair: got {' '.join(cells)[:60]!r}, expected a source and "
                "a target such as 'NANOG, SOX2' or 'NANOG -> SOX2'."
            )
        pairs.append((names[0], names[1]))
    return list(dict.fromkeys(pairs))


def _numbered(text: str) -> list[tuple[int, str]]:
    """Lines with their number from 1, without comments, blank lines and invisible characters."""
    lines = re.split(r"\r\n|\r|\n", _INVISIBLE.sub("", text))
    stripped = [(n, _without_comment(line).strip(" \v\f\x00")) for n, line in enumerate(lines, 1)]
    return [(n, line) for n, line in stripped if _WRAPPING.sub("", line).strip(" ,;\t")]


def _without_comment(line: str) -> str:
    """The line up to the first # that starts a word outside double quotes."""
    starts = (m.start() for m in _COMMENT.finditer(line))
    return next((line[:i] for i in starts if line.count('"', 0, i) % 2 == 0), line)


def _lines(text: str) -> list[str]:
    return [line for _, line in _numbered(text)]


def _bare(cell: str) -> str:
    return _WRAPPING.sub("", cell).strip()


def _title(cell: str) -> str:
    return _bare(cell).lower().replace(" ", "_")


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell))


def _cells(line: str, delimiter: str) -> list[str]:
    """Bare cells of a line; white space as a delimiter may be repeated, a quoted cell may hold the delimiter."""
    row = next(csv.reader([line.strip() if delimiter == " " else line], delimiter=delimiter, skipinitialspace=True))
    return [_bare(cell) for cell in row]


def _delimiter(lines: list[str]) -> str:
    return next((d for d in "\t,;" if any(d in line for line in lines)), " ")


def _table(lines: list[str]) -> list[str] | None:
    """Cells of the gene column if the lines are a table, else None."""
    if not lines or max(map(len, lines)) > _LONGEST_ROW:
        return None
    delimiter = _delimiter(lines)
    rows = [_cells(line, delimiter) for line in lines]
    if len(rows) > 1 and len(rows[0]) + 1 == len(rows[1]):
        rows[0] = ["", *rows[0]]
    width = len(rows[0])
    if width < 2 or any(len(row) != width for row in rows):
        return None
    below = rows[1:] or rows
    numeric = [_holds_numbers([row[j] for row in below]) for j in range(width)]
    if len(rows) == 1 and sum(numeric) < width - 1:  # one line is a table only if all but the name are numbers
        return None
    first = [_title(cell) for cell in rows[0]]
    titled = len(rows) > 1 and any(cell in GENE_TITLES | OTHER_TITLES for cell in first)
    if not titled and not any(numeric):
        return None
    titled |= any(n and not _is_number(cell) and cell not in GAPS for n, cell in zip(numeric, first, strict=True))
    titled |= numeric[0] and first[0] == ""  # a column of row numbers under an empty title
    named = [j for j in range(width) if titled and first[j] in GENE_TITLES]
    words = [j for j in range(width) if not numeric[j]]
    if not (named or words):
        return None
    column = (named or words)[0]
    return [row[column] for row in (rows[1:] if titled else rows)]


def _holds_numbers(cells: list[str]) -> bool:
    return all(_is_number(c) or c.lower() in GAPS for c in cells) and any(map(_is_number, cells))


def _pair_cells(line: str) -> list[str]:
    if ARROW.search(line):
        return [_bare(cell.strip(" ,;\t")) for cell in ARROW.split(line)]
    return _cells(line, _delimiter([line]))


def _is_pair_title(cells: list[str]) -> bool:
    words = [cell.lower() for cell in cells if cell]
    return len(words) > 1 and all(w in PAIR_TITLES | GENE_TITLES for w in words[:2])


def _bytes_of(file: Path | str | bytes) -> bytes:
    if isinstance(file, bytes):
        size, content = len(file), file
    else:
        path = Path(file)
        if not path.is_file():
            raise InputError(f"There is no file {path}: give the path of a text file with gene names.")
        size = path.stat().st_size
        content = b"" if size > MAX_BYTES else path.read_bytes()
    if size > MAX_BYTES:
        raise InputError(
            f"The gene list has {size:,} bytes; at most {MAX_BYTES:,} are read. Keep the column of gene names only."
        )
    return content


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if content[:4] == b"PK\x03\x04":
        raise InputError("The gene list is a zip or Excel file, expected text. Save the sheet as CSV and give that.")
    if content[:4] == b"\x89HDF":
        raise InputError(
            "The gene list is an HDF5 file, expected text. Give an h5ad file where expression is asked for."
        )
    if b"\x00" in content:
        raise InputError("The gene list is a binary file, expected text: one gene name a line, or a CSV file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
