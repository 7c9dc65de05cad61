"""``--group`` names a column of the cells and a level of it; either may hold an equals sign."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from ugrn_core.cli.contexts import CellOptions
from ugrn_core.data.expression import ExpressionData, Profile
from ugrn_core.errors import InputError

ONE = Profile(1, *(np.zeros(1, np.float32),) * 3)


def data(**groups: list[str]) -> ExpressionData:
    found = {column.replace("_EQ_", "="): dict.fromkeys(levels, ONE) for column, levels in groups.items()}
    sample = sparse.csr_matrix((0, 1), dtype=np.float32)
    return ExpressionData("a.h5ad", ("SOX2",), "human", "X", "counts", 1, ONE, found, np.zeros(1), sample, ())


CELLS = data(kind=["B", "a=b", "", " B", "NK/T"], leiden_EQ_0=["0", "1"], leiden_EQ_0_EQ_5=["1", "x=1"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("kind", ("kind", None)),
        ("kind=B", ("kind", "B")),
        ("kind= B", ("kind", " B")),
        ("kind=a=b", ("kind", "a=b")),
        ("kind=", ("kind", "")),
        ("kind=NK/T", ("kind", "NK/T")),
        ("leiden=0", ("leiden=0", None)),
        ("leiden=0=1", ("leiden=0", "1")),
        ("leiden=0=5", ("leiden=0=5", None)),
        ("leiden=0=5=x=1", ("leiden=0=5", "x=1")),
    ],
)
def test_column_and_level_are_told_apart_by_what_the_file_has(text, meant):
    assert CellOptions(group=text).column_and_level(CELLS) == meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour", "no groups by 'colour'.*kind"),
        ("colour=red", "no groups by 'colour'.*kind"),
        ("kind=T", "kind has no level 'T'.*B"),
        ("leiden=0=9", "leiden=0 has no level '9'.*0, 1"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(text, words):
    with pytest.raises(InputError, match=words):
        CellOptions(group=text).column_and_level(CELLS)


def test_a_text_of_two_meanings_is_refused():
    both = data(a=["b", "b=c"], a_EQ_b=["c"])
    for text in ("a=b=c", "a=b"):
        with pytest.raises(InputError, match=r"may mean the column 'a.* or the column 'a"):
            CellOptions(group=text).column_and_level(both)


def test_nothing_asked_is_nothing_meant():
    assert CellOptions().column_and_level(SimpleNamespace(groups={})) is None
