"""Numbers of controls in addresses: none of their digits is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.shared.settings import parse_values, written


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6, unique=True).map(sorted).map(tuple))
def test_values_are_read_back_to_the_last_digit(values: tuple[float, ...]) -> None:
    assert parse_values(written(values)) == values
    assert parse_values(written(values, ",")) == values


@pytest.mark.parametrize(("value", "text"), [(7.1234567, "7.1234567"), (10.0, "10"), (0.25, "0.25"), (-1.0, "-1")])
def test_values_are_as_short_as_they_are(value: float, text: str) -> None:
    assert written((value,)) == text
