"""Which rows of a gene table are genes: antibodies, peaks, guides, hashtags and spike-ins are none."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from ugrn_core.data.layout import Table
from ugrn_core.errors import InputError

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
