"""``make mutate``: its changes fit the code, and are changes of what is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign import mutate
from tests.campaign.executed import Executed, who_executes


def test_the_changes_by_hand_fit_the_code() -> None:
    changed = mutate.by_hand()
    assert len(changed) == len(mutate.BY_HAND)
    assert {c.file for c in changed} <= set(mutate.ROOMS)
    assert all((mutate.ROOT / "ugrn_core" / file).is_file() for file in mutate.ROOMS)
    assert all((mutate.ROOT / test).is_file() for file in mutate.ROOMS for test in mutate.tests_of(file))


def test_changes_are_drawn_of_what_is_done_and_not_of_words() -> None:
    drawn = [change.words for change in mutate.changes("network/edge_filter.py")]
    assert any("<=" in words and "->" in words for words in drawn)
    texts = {change.write() for change in mutate.changes("network/edge_filter.py")}
    assert len(texts) == len(drawn)
    assert not any("frozen" in words or "strict" in words for words in drawn)
    random = [change.words for change in mutate.changes("circuits/random_circuit.py")]
    assert any("n_genes < 10  ->" in words for words in random) and any(
        "0.5 of rng.random() < 0.5" in w for w in random
    )
    assert not any("rng.random() <=" in words for words in random), "no draw is ever that very share"
    model = [change.words for change in mutate.changes("backbones/layouts.py")]
    assert any("strict" in words for words in model), "of a model it is asked of what is read"
    assert not any("frozen" in words for words in model)


def test_what_is_known_to_change_nothing_is_still_there_and_has_a_reason() -> None:
    for file, known in mutate.EQUIVALENT.items():
        offered = {change.words for change in mutate.changes(file)}
        for told, reason in known:
            assert reason
            assert set(told) <= offered, file


def test_a_change_is_noticed_or_survives(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "doubled.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "test_it.py").write_text("from doubled import double\n\ndef test_it():\n    assert double(2) == 4\n")
    assert mutate.run_tests(tmp_path, ["test_it.py"])
    (tmp_path / "doubled.py").write_text("def double(x):\n    return 2 + x\n")
    assert mutate.run_tests(tmp_path, ["test_it.py"]), "the test is too kind to see it"
    (tmp_path / "doubled.py").write_text("def double(x):\n    return 3 * x\n")
    assert not mutate.run_tests(tmp_path, ["test_it.py"])
    (tmp_path / "doubled.py").write_text("while True:\n    pass\n")
    assert not mutate.run_tests(tmp_path, ["test_it.py"], seconds=3.0)


def test_a_change_by_hand_that_fits_no_more_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutate, "BY_HAND", (("network/edge_filter.py", "no such text", ""),))
    with pytest.raises(ValueError, match="0 times"):
        mutate.by_hand()


def test_who_executes_a_change_is_asked_closest_first_and_for_so_long() -> None:
    """``in_a_fork`` in tests/campaign/forked.py stands for a room."""
    file = "tests/campaign/forked.py"
    first = next(n for n, text in enumerate((mutate.ROOT / file).read_text().splitlines(), 1) if "os.fork()" in text)
    inside = frozenset({first, first + 1})
    found = {
        "near": Executed(5.0, {file: inside | {1}}),
        "nearer": Executed(5.0, {file: inside | {1, 2}}),
        "elsewhere": Executed(1.0, {file: frozenset({1, 2, 3})}),
        "long": Executed(50.0, {file: inside}),
    }
    assert who_executes(found, file, first + 2, 20.0) == ["nearer", "near"]
    assert who_executes(found, file, first + 2, 9.0) == ["nearer"]
    assert who_executes(found, file, first + 2, 60.0, leave_out=["nearer"]) == ["near", "long"]
    assert who_executes(found, file, 1, 60.0) == ["nearer", "near", "elsewhere"], "a line of the file itself"
