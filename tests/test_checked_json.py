"""Types of what comes from anybody: what fits them exactly, what is one too many, and what is said of it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from ugrn_core import checked_json as room
from ugrn_core.checked_json import complaint, from_json, from_json_file
from ugrn_core.errors import InputError

FITS = {
    "Line": (["", "x" * 4000], ["x" * 4001, "a\nb", "a\x7fb", 1]),
    "Word": (["x", "x" * 200], ["", "x" * 201, "\t"]),
    "Words": ([(), ("x",) * 1000], [("x",) * 1001, ("",)]),
    "Gene": (["x", "x" * 100], ["", "x" * 101]),
    "Token": (["", "x" * 200], ["x" * 201]),
    "Genes": ([(), ("x",) * 100_000], [("x",) * 100_001, ("x" * 101,)]),
    "Digest": (["0a" * 32], ["0a" * 31, "0A" * 32, "0a" * 33]),
    "Finite": ([0.0, -1e300], [math.nan, math.inf]),
    "Value": ([-1e6, 1e6], [-1000000.1, 1000000.1, math.nan, math.inf]),
    "Grid": ([(1.0,), (1.0,) * 100], [(), (1.0,) * 101, (2e6,)]),
    "Share": ([0, 1], [-0.001, 1.001]),
    "Inside": ([0.001, 0.999], [0, 1]),
    "Count": ([0, 10**12], [-1, 10**12 + 1]),
    "Positive": ([1, 10**9], [0, 10**9 + 1]),
}


@pytest.mark.parametrize("name", FITS)
def test_a_type_takes_what_is_at_its_limits_and_nothing_beyond(name):
    kind = TypeAdapter(getattr(room, name))
    fits, others = FITS[name]
    for value in fits:
        assert kind.validate_python(value) == value
    for value in others:
        with pytest.raises(ValidationError):
            kind.validate_python(value)


Counts = TypeAdapter(dict[str, int], config=room.STRICT)


def test_a_text_has_its_length_and_every_key_once(tmp_path):
    text = '{"a": 1}'
    assert from_json(Counts, text, "it", len(text)) == from_json(Counts, b"\xef\xbb\xbf" + text.encode(), "it", 99)
    with pytest.raises(InputError, match=r"^it: too long, expected at most 7 bytes"):
        from_json(Counts, text, "it", 7)
    with pytest.raises(InputError, match=r"^it: 'a' stands twice"):
        from_json(Counts, '{"a": 1, "a": 2}', "it", 99)
    assert from_json(dict[str, float], text, "it", 99) == {"a": 1}
    (tmp_path / "x.json").write_text(text)
    assert from_json_file(Counts, tmp_path / "x.json", len(text)) == {"a": 1}
    with pytest.raises(InputError, match=r"^x\.json: too long, expected at most 7 bytes"):
        from_json_file(Counts, tmp_path / "x.json", 7)
    with pytest.raises(InputError, match="cannot be read"):
        from_json_file(Counts, tmp_path / "none.json", 7)


def said(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    return complaint(refused.value)


class Record(BaseModel):
    model_config = room.STRICT
    many: int


def test_a_complaint_says_place_reason_and_what_stood_there():
    assert said(Record, {"many": "x"}) == "many: should be a valid integer, got 'x'"
    assert said(Record, {"many": "5"}) == "many: should be a valid integer, got '5'"
    assert said(Record, {}) == "many: field required"
    assert said(Record, {"many": 1, "more": 2}) == "more: unknown entry, got 2"
    assert said(room.Word, "a\nb") == "the text: it holds control characters, got 'a\\nb'"
    assert said(dict[str, int], [1, 2]) == "the text: should be a valid dictionary, got a list of 2"
    with pytest.raises(InputError, match=r"^it: the text: invalid JSON: [^,]* at line 1 column 1\.$"):
        from_json(Counts, "{", "it", 9)
    assert said(dict[str, int], {"k" * 900: "x"}) == "k" * 600
    assert said(list[int], ["x" * 61]).endswith(f"got '{'x' * 60}'")
    for digits, shown in ((70, "7" * 70), (71, "7" * 60 + "...")):
        assert said(list[str], [int("7" * digits)]).endswith(f"got {shown}")
