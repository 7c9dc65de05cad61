"""Which rows of a gene table are genes, which column names them, whether the names can be used, of which species."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

import numpy as np

from ugrn_core.data.layout import Table
from ugrn_core.errors import InputError
from ugrn_core.genes.lookup import Species
from ugrn_core.genes.spelled import ENSEMBL, id_of_another_kind, names_inside, repeat_of, tidy
from ugrn_core.genes.tables import alias_key, everyday_names, human_symbols, mouse_genes
from ugrn_core.genes.tfs import transcription_factors

TYPE_COLUMNS = ("feature_types", "feature_type", "feature_biotype", "modality", "modalities", "feature_class")
"""Columns that say what a row is; letter case does not matter."""

_OTHER_TYPE = re.compile(
    r"antibod|\badt\b|protein(?!.?coding)|peak|\batac|chromatin|crispr|guide|\bgrna|multiplex|hashtag|\bhto\b|\bcmo\b"
    r"|custom|spike|control|codeword|blank|\btags?\b",
    re.IGNORECASE,
)
_OTHER_NAME = (
    (re.compile(r".+[-_.]TotalSeq[-_.]?[ABCD]?\d*", re.IGNORECASE), "antibodies by name"),
    (re.compile(r"(?:chr)?(?:\d{1,2}|[XYM]|MT)[:_-]\d{3,}[-_]\d{3,}|(?:GL|KI)\d+\.\d[:_-]\d+-\d+"), "peaks by name"),
    (re.compile(r"ERCC-\d{5}", re.IGNORECASE), "spike-ins by name"),
    (re.compile(r"(?:HTO|hashtag)[-_.]?\w{1,12}", re.IGNORECASE), "hashtags by name"),
)

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
IN_PLACE_OF_INDEX = "_index"
"""What the index is called where a column is called index."""

MAX_REPEATED = 0.1
"""Share of repeated names up to which a column stands in for an index that names no genes."""

FEW_KNOWN = 0.1
_INTEGER = re.compile(r"\d+(\.0)?")
_NOTHING = ("", "nan", "NaN", "NA", "None", "<NA>")
_ASKED = 2000  # names looked up when a share is estimated


def gene_rows(table: Table, names: Table) -> tuple[np.ndarray | None, list[str]]:
    """Which rows (row,) bool are genes, None for all of them, and a note that counts the others.

    ``names`` is the table of X: where that of another matrix says nothing of types, rows of the same name have them. A
    table without a gene is an InputError.
    """
    index = table.index()
    types = _types(table)
    if types is None and names is not table and (known := _types(names)) is not None:
        of_name = dict(zip(names.index(), known, strict=True))
        types = np.array([of_name.get(name, "") for name in index], dtype=object)
    others = [_other(name, "" if types is None else types[i]) for i, name in enumerate(index)]
    if not any(others):
        return None, []
    counted = Counter(filter(None, others)).most_common()
    said = ", ".join(f"{n:,} {what}" for what, n in counted[:6])
    kept = np.array([not other for other in others])
    if not kept.any():
        raise InputError(f"The file holds no gene, only other features ({said}). Give one with gene expression.")
    return kept, [f"Features that are no genes stay out of totals, ranks and genes: {said}."]


def _types(table: Table) -> np.ndarray | None:
    """The column of types as text, (row,) object."""
    by_name = {column.lower(): column for column in table.columns}
    for name in TYPE_COLUMNS:
        types = table.text(by_name[name]) if name in by_name and table.is_text(by_name[name]) else None
        if types is not None:
            return types
    return None


def _other(name: str, kind: str) -> str:
    """What a row is that is no gene; empty for a gene."""
    if kind and _OTHER_TYPE.search(kind):
        return kind
    return next((what for pattern, what in _OTHER_NAME if pattern.fullmatch(name)), "")


def choose_gene_names(table: Table, wanted: str | None, kept: np.ndarray | None = None) -> tuple[np.ndarray, list[str]]:
    """Names (gene,) of the ``kept`` rows, and notes on where they come from and what they are.

    ``wanted`` is a column, or "index". Without it the index is used, unless it holds Ensembl ids and one of
    ``NAME_COLUMNS`` holds other, distinct names, or it holds integers, ids of other species or words that are no genes,
    and a column of text holds known genes. Names that are integers, repeated or empty are an InputError.
    """
    rows = slice(None) if kept is None else kept
    if wanted is not None:
        names = _wanted(table, wanted, rows)
        return names, [f"Gene names come from {wanted!r}, as asked.", *_about(names)]
    index = table.index()[rows]
    names, source = _instead_of(index, table, rows)
    if names is None:
        names = index
        _check(index, index_word(table), table)
    return names, [*source, *_about(names)]


def _instead_of(index: np.ndarray, table: Table, rows: slice | np.ndarray) -> tuple[np.ndarray | None, list[str]]:
    """Names of a column that are better than those of the index, or None; and what is to be said of the choice."""
    holds, known = _what_it_holds(index), known_share(index)
    if holds == "Ensembl ids":
        for column in sorted(table.columns, key=_rank):
            names = table.text(column) if _rank(column) < len(NAME_COLUMNS) else None
            filled = None if names is None else _filled(names[rows], index)
            if filled is not None and _share_of_integers(filled) <= 0.5 and len(set(filled)) == len(filled):
                return filled, [f"Gene names come from {column!r}; the index holds Ensembl ids."]
        return None, ["The index holds Ensembl ids and no column holds distinct symbols; the ids are used."]
    if not holds and known >= FEW_KNOWN:
        return None, []
    best, share, names = "", max(FEW_KNOWN, known), None
    for column in sorted(filter(table.is_text, table.columns), key=_rank):
        text = table.text(column)
        found = None if text is None else _filled(text[rows], index)
        if found is None or (len(found) - len(set(found))) > MAX_REPEATED * len(found):
            continue
        if known_share(found) > share:
            best, share, names = column, known_share(found), found
    if names is None:
        return None, []
    repeated = len(names) - len(set(names))
    note = f"Gene names come from {best!r}; the index holds {holds or 'words that are no known genes'}."
    return names, [note, *([f"{repeated:,} of these names are repeats."] if repeated else [])]


def index_word(table: Table) -> str:
    """What the index is called among the gene columns."""
    return IN_PLACE_OF_INDEX if INDEX in table.columns else INDEX


def gene_columns(table: Table) -> tuple[str, ...]:
    """What ``gene_column`` may be: the index and every column of text."""
    return (index_word(table), *(c for c in table.columns if table.is_text(c)))


def named_like_genes(names: Sequence[str] | np.ndarray) -> bool:
    """Whether one name in a hundred is a transcription factor or one in ten a known gene."""
    factors = transcription_factors()
    return sum(str(n).upper() in factors for n in names) >= 0.01 * len(names) or known_share(names) >= 0.1


def known_share(names: Sequence[str] | np.ndarray) -> float:
    """Share of names that are, or carry, symbols of human or mouse genes or Ensembl ids (estimated on 2,000)."""
    asked = [str(n) for n in names[:: max(1, len(names) // _ASKED)]]
    return sum(map(_is_known, asked)) / len(asked) if asked else 0.0


def _is_known(name: str) -> bool:
    human, mouse = human_symbols(), mouse_genes().by_upper
    return any(
        n.upper() in human or n.upper() in mouse or ENSEMBL.fullmatch(n) or alias_key(n) in everyday_names()
        for n in _forms(name)
    )


def _forms(name: str) -> Iterator[str]:
    """A name, the names it carries (``ENSG00000181449_SOX2``, ``GRCh38_SOX2``) and the one it repeats (``CD4-1``)."""
    plain = tidy(name)
    yield plain
    yield from names_inside(plain)
    repeated = repeat_of(plain)
    if repeated:
        yield repeated


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
        for form in _forms(name):
            ensembl = ENSEMBL.fullmatch(form)
            if ensembl:
                yield "mouse" if ensembl[1].upper().startswith("ENSMUS") else "human"
            elif form in human:
                yield "human"
            elif is_mouse(form):
                yield "mouse"
            else:
                continue
            break


def _rank(column: str) -> int:
    return NAME_COLUMNS.index(column.lower()) if column.lower() in NAME_COLUMNS else len(NAME_COLUMNS)


def _share_of_integers(names: np.ndarray) -> float:
    return sum(bool(_INTEGER.fullmatch(n)) for n in names) / len(names)


def _what_it_holds(names: np.ndarray) -> str:
    """What most names are: Ensembl ids, integers, ids of another species or kind; empty for anything else."""
    if sum(bool(ENSEMBL.fullmatch(n)) for n in names) > 0.5 * len(names):
        return "Ensembl ids"
    if _share_of_integers(names) > 0.5:
        return "integers"
    kind, n = Counter(map(id_of_another_kind, names)).most_common(1)[0]
    return f"ids ({names[0]}: {kind.partition(':')[0]})" if kind and n > 0.5 * len(names) else ""


def _filled(names: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The names, those of the index where there is none."""
    return np.where(np.isin(names, _NOTHING), index, names)


def _about(names: np.ndarray) -> list[str]:
    """How many names are known, and of what species; what they are where few are."""
    share, species = known_share(names), guess_species(names)
    if share < FEW_KNOWN:
        kind = _what_it_holds(names)
        what = f"They are {kind}." if kind else "Expected symbols (SOX2) or Ensembl ids of human or mouse."
        some = ", ".join(map(str, names[:3]))
        many = "None" if not share else "Few"
        return [f"{many} of the {len(names):,} gene names ({some}, ...) are known. {what}"]
    of = {"human": "human", "mouse": "mouse", None: "human or mouse"}[species]
    return [f"{share:.0%} of the {len(names):,} gene names are known, read as {of} genes."]


def _wanted(table: Table, wanted: str, rows: slice | np.ndarray) -> np.ndarray:
    is_index = wanted == index_word(table)
    if not is_index and wanted not in table.columns:
        raise InputError(f"There is no gene column {wanted!r}. Choose from: {', '.join(gene_columns(table)[:12])}.")
    names = table.index() if is_index else table.text(wanted)
    if names is None:
        raise InputError(f"The gene column {wanted!r} cannot be read as text. Choose another one.")
    _check(names[rows], wanted, table)
    return names[rows]


def _check(names: np.ndarray, column: str, table: Table) -> None:
    others = [c for c in gene_columns(table) if c != column]
    advice = f"Choose another column ({', '.join(others[:12])}), or correct" if others else "Correct"
    advice += " the names in the file."
    if _share_of_integers(names) > 0.5:
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
