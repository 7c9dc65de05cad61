"""What is gathered over the blocks of a matrix, and at which number each reading of it begins."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

from tests.test_matrix import stored
from ugrn_core.data import matrix, scale
from ugrn_core.data.scale import Survey, _Seen, as_read, log1p_values, survey
from ugrn_core.errors import InputError

BASES = {"natural": np.e, "base 2": 2.0, "base 10": 10.0}
GENES = np.array([f"G{i}" for i in range(6)])


def sparse_of(x) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.asarray(x, np.float32))


def seen_of(*blocks) -> _Seen:
    """What is gathered over blocks of dense rows."""
    seen, start = _Seen(sum(map(len, blocks))), 0
    for block in blocks:
        seen.add(start, sparse_of(block))
        start += len(block)
    return seen


def test_what_is_gathered_over_blocks_is_that_of_the_whole():
    x = np.array([[0, 2, 0.5], [0, 0, 0], [-0.25, 3, 0], [1, 0, -0.5], [0, 0, 0], [4, 7, 2]], np.float32)
    seen = seen_of(x[:2], x[2:4], x[4:5], x[5:])
    there = np.maximum(x, 0)
    assert (seen.smallest, seen.largest, seen.negatives, seen.filled) == (-0.5, 7, 2, 9)
    assert (seen.below, seen.above, seen.whole) == (0.75, there.sum(), False)
    np.testing.assert_array_equal(seen.totals, there.sum(1))
    for base, number in BASES.items():
        np.testing.assert_allclose(seen.antilogs[base], (number**there - 1).sum(1), rtol=1e-5)
    assert [list(cell) for cell in seen.cells if len(cell)] == [[2, 0.5], [3], [1], [4, 7, 2]]
    zeros = sparse.csr_matrix((np.array([0, 1], np.float32), [0, 1], [0, 2]))
    seen = _Seen(1)
    seen.add(0, zeros)
    assert (seen.smallest, seen.largest, seen.negatives, seen.below, seen.above) == (0, 1, 0, 0, 1)
    assert seen_of([[0.5, 0.25]]).largest == 0.5
    assert not seen_of([[0.5, 2.0]]).whole
    assert seen_of([[3.0, 2.0]], [[1.0, 0.0]]).whole
    assert not seen_of([[3.5, 2.0]], [[1.0, 0.0]]).whole
    assert not seen_of([[3.0, 2.0]], [[1.5, 0.0]]).whole


def test_antilogarithms_are_added_up_to_the_largest_logarithm():
    for value, undone in ((25.0, True), (25.5, False)):
        assert seen_of([[value, 1]]).antilogs["base 2"][0] == pytest.approx(2**25 if undone else 0, rel=1e-5)
    np.testing.assert_allclose(scale._antilog(np.array([1.0, 3, 30]), 10), [9, 999, 1e25 - 1])


@pytest.mark.parametrize("n_cells", [1, 2, 150, 200, 1000])
def test_two_hundred_cells_are_looked_at_evenly_through_the_file(n_cells):
    wanted = _Seen(n_cells).wanted
    assert (wanted[0], wanted[-1], len(wanted)) == (0, n_cells - 1, min(n_cells, 200))
    assert np.ptp(np.diff(wanted)) <= 1 if n_cells > 1 else True
    seen = _Seen(n_cells)
    for start in range(0, n_cells, 60):
        seen.add(start, sparse_of(np.arange(start + 1, min(start + 60, n_cells) + 1)[:, None]))
    assert [int(cell[0]) - 1 for cell in seen.cells] == list(wanted)


def read(**facts) -> tuple[Any, ...]:
    """Kind, base and total of what was gathered, given as attributes."""
    seen = _Seen(1)
    seen.above, seen.whole, seen.largest = 100.0, False, 10.0
    seen.totals = np.array([100.0, 400])
    seen.antilogs = {base: np.array([1.0, 9]) for base in BASES}
    for name, value in facts.items():
        setattr(seen, name, np.array(value) if name == "totals" else value)
    return seen._read()


def antilogs(**totals) -> dict[str, np.ndarray]:
    return {base: np.array(totals.get(base.replace(" ", ""), [1.0, 9])) for base in BASES}


LOGARITHMS = ("logarithms", "natural", None)
LINEAR = ("linear", "natural", None)
SCALED = ("scaled", "natural", None)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([-0.5, -0.5, 100], "counts"),  # a hundredth of the sum below zero
        ([-1, 100, 100, 100], "counts"),  # a hundredth of the largest
        ([-0.5, -0.5, -0.5, 100], "scaled"),
        ([-2, 100, 100, 100], "scaled"),
        ([0, 1, 1], "yes or no"),
        ([0, 1, 2], "counts"),
        ([0, 0, 0], "yes or no"),
        ([-3, -5, 0], "scaled"),
    ],
)
def test_noise_below_zero_is_a_hundredth_and_whole_numbers_are_counts(values, kind):
    assert seen_of([values])._read() == (kind, "natural", None)
    assert seen_of([values]).survey().negatives == sum(v < 0 for v in values)


def test_one_total_is_told_from_what_varies():
    assert read() == LOGARITHMS
    assert read(largest=25.0) == LOGARITHMS
    assert read(largest=25.5) == LINEAR
    # beyond the largest logarithm: less than a hundredth
    assert read(largest=25.5, totals=[99, 101, 0]) == LINEAR
    assert read(largest=25.5, totals=[99.1, 100.9, 0]) == ("normalised", "natural", 100)
    # up to it: less than one in ten thousand
    assert read(totals=[9999, 10001]) == LOGARITHMS
    assert read(totals=[9999.1, 10000.9]) == ("normalised", "natural", 10000)
    assert read(largest=25.0, totals=[99.1, 100.9]) == LOGARITHMS
    # antilogarithms: less than a hundredth, and less than half of what the values vary
    assert read(antilogs=antilogs(base2=[99, 101])) == LOGARITHMS
    assert read(antilogs=antilogs(base2=[0, 99.1, 100.9])) == ("normalised logarithms", "base 2", 100)
    both = antilogs(base2=[99.1, 100.9], base10=[999, 1001])
    assert read(antilogs=both) == ("normalised logarithms", "base 10", 1000)
    assert read(antilogs=both, largest=25.0) == ("normalised logarithms", "base 10", 1000)
    assert read(antilogs=both, largest=25.5) == LINEAR
    for spread, found in ((8, False), (7, True), (9, False)):
        found_as = read(totals=[984, 1016], antilogs=antilogs(natural=[1000 - spread, 1000 + spread]))
        assert (found_as == ("normalised logarithms", "natural", 1000)) == found


RAMP = np.arange(1.0, 10)
"""Nine multiples of the smallest."""


def test_multiples_are_told_before_and_after_logarithms_are_undone():
    assert read(cells=[RAMP * 0.37]) == ("multiples", "natural", None)
    assert read(cells=[RAMP * 0.37], largest=25.5) == ("multiples", "natural", None)
    for base, number in BASES.items():
        cells = [np.log1p(RAMP) / np.log(number)]
        assert read(cells=cells, largest=25.0) == ("logarithms of counts", base, None)
        assert read(cells=cells, largest=25.5)[0] != "logarithms of counts"
        cells = [np.log1p(RAMP * 0.37) / np.log(number)]
        assert read(cells=cells) == ("logarithms of counts", base, None)
        two = [np.log1p([1.0, 2.0, 2.0]) / np.log(number)]  # too few for multiples, and whole
        assert read(cells=two) == ("logarithms of counts", base, None)
    assert read(cells=[np.append(RAMP, 9.5) * 0.37]) == ("multiples", "natural", None)  # nine of ten
    assert read(cells=[np.append(RAMP[:-1], 9.5) * 0.37]) == LOGARITHMS
    for n, kind in ((99, LOGARITHMS), (100, ("logarithms of counts", "base 10", None))):  # more than 99 % are whole
        assert read(cells=[np.log10(2 + np.append(np.zeros(n), 0.5))]) == kind
    assert read(cells=[np.log1p([1.0, 3, 7])]) == ("multiples", "natural", None)  # as good as whole once undone


def test_fractional_counts_have_whole_numbers_or_one_fraction(monkeypatch):
    rng = np.random.default_rng(0)
    wild = [rng.uniform(1.1, 9.9, 19)]
    fractional = ("fractional counts", "natural", None)
    assert read(cells=[np.append(wild[0], 2.0)]) == fractional  # one of twenty
    assert read(cells=[np.append(wild[0], [1.35, 2.0])]) == LOGARITHMS
    assert read(cells=[np.append(wild[0], 2.0)], largest=25.5) == fractional
    monkeypatch.setattr(_Seen, "_enough", lambda seen: scale._one_fraction(wild))
    assert read(cells=wild) == fractional
    monkeypatch.setattr(_Seen, "_enough", lambda seen: np.nextafter(scale._one_fraction(wild), 1))
    assert read(cells=wild) == LOGARITHMS


@pytest.mark.parametrize(
    ("totals", "undone", "enough"),
    [
        ([1, 3], [1, 1, 1, 1, 16], 0.6),  # exactly three times
        ([1, 3], [1, 1, 1, 1, 18], 0.3),
        ([9, 11], [1, 1, 1, 1, 16], 0.6),  # the totals hardly differ
        ([8.9, 11.1], [1, 1, 1, 1, 16], 0.3),
        ([9, 11], [1, 1], 0.6),
    ],
)
def test_fractions_need_be_less_alike_where_antilogarithms_go_wild(totals, undone, enough):
    seen = _Seen(1)
    seen.totals = np.array(totals, float)
    seen.antilogs = {"natural": np.array([1.0, *[0.0] * 9, 1e9] * 2 + [1.0] * 60), "base 2": np.array(undone, float)}
    assert seen._enough() == enough


def test_the_survey_gives_totals_of_natural_logarithms():
    rows = np.array([[1, 3, 0, 2], [7, 0, 5, 1]])
    cells = np.log2(rows + 1.0)
    found = seen_of(cells).survey()
    assert (found.kind, found.base, found.filled, found.negatives) == ("logarithms of counts", "base 2", 6, 0)
    np.testing.assert_allclose(found.totals, np.log1p(rows).sum(1), rtol=1e-6)
    assert (found.smallest, found.largest, found.total) == (0, 3, None)
    assert Survey("counts", 0, 1, np.ones(1)).negatives == Survey("counts", 0, 1, np.ones(1)).filled == 0


def test_spreads_and_means_are_of_cells_that_are_not_empty():
    assert scale._spread(np.array([0, 0.5, 1.5])) == 0.5
    assert scale._spread(np.zeros(3)) == scale._spread(np.array([1, np.inf])) == np.inf
    assert scale._spread(np.array([0, 9000.0])) == pytest.approx(0.1)
    assert scale._spread(np.array([2345.0])) == pytest.approx(1.345)
    assert scale._mean(np.array([0, 0.5, 1.5])) == 1


def test_whole_numbers_are_those_within_a_tolerance_from_one_on():
    values = np.array([0, 0.00001, 0.99995, 1.25, 1.26, 1, 2, 2.5])
    assert scale._nearly_whole(values, 0.25).tolist() == [False] * 2 + [True, True, False, True, True, False]
    assert scale._nearly_whole(np.array([1.00009, 2.0002, 3.5])).tolist() == [True, False, False]
    cells = [np.array([1.0, 0.5]), np.array([2.0, 100, 100.5, 300])]
    assert scale._whole_share(cells) == pytest.approx(2 / 3)
    assert scale._whole_share([]) == scale._whole_share([np.array([200.0])]) == 0


def test_multiples_are_counted_among_values_up_to_thirty_times_the_smallest():
    def share(*cells):
        return scale._multiples([np.array(cell) for cell in cells])

    assert share([1, 2, 3.5]) == pytest.approx(2 / 3)
    assert share([1, 2, 2, 2, 3.5]) == pytest.approx(2 / 3)  # of distinct ones
    assert share([1, 2]) == share([]) == share() == 0
    assert share([1, 2, 3, 30.5, 30.5]) == share([1, 2, 3, 30.0, 30]) == 1
    assert share([1, 2, 3, 40, 50, 60]) == 1  # half of all
    assert share([1, 2, 3, 40, 50, 60, 70]) == 0
    assert share([1, 2, 2.5, 29.5]) == 0.5
    assert share([1, 2.5, 3.5, 30]) == pytest.approx(1 / 3)
    assert share([1, 2, 25.045]) == 1  # a hundredth of the root
    assert share([1, 2, 25.055]) == pytest.approx(2 / 3)
    assert share([1, 2, 3], [1], [], []) == 1  # half of the cells that have values
    assert share([1, 2, 3], [1], [2]) == 0
    assert share([1, 2, 3], [1, 2.5, 3.5], [1, 1.5, 3]) == pytest.approx(2 / 3)  # the median
    assert share([0.5, 1, 1.5]) == share([4, 8, 12]) == 1
    assert scale._distinct(np.array([0.001, 0.0, 2.5, 2.5005])).tolist() == [0, 2.5]


def test_fractional_parts_are_compared_on_a_circle():
    values = np.array([0.75, 1.1, 3.25])
    expected = np.hypot(np.cos(2 * np.pi * values).sum(), np.sin(2 * np.pi * values).sum()) / 3
    assert scale._one_fraction([values[:1], values[1:], np.array([0.4, 26.3])]) == pytest.approx(expected)
    assert scale._one_fraction([np.array([0.5, 25.0])]) == pytest.approx(0, abs=1e-12)
    assert scale._one_fraction([]) == scale._one_fraction([np.array([0.2, 25.5])]) == 0


def test_blocks_are_used_as_they_were_read():
    block = sparse_of([[0, 2.4, 0], [-0.1, 0, 3.6]])

    def used(kind, **more):
        return as_read(block, Survey(kind, 0, 1, np.ones(2), **more))

    for kind in ("fractional counts", "linear", "logarithms"):
        np.testing.assert_array_equal(used(kind).toarray(), block.toarray())
    for kind in ("counts", "yes or no"):
        np.testing.assert_array_equal(used(kind, negatives=1).toarray(), [[0, 2, 0], [0, 0, 4]])
    clean = used("logarithms", base="base 10", negatives=1)
    np.testing.assert_allclose(clean.toarray(), [[0, 2.4 * np.log(10), 0], [0, 0, 3.6 * np.log(10)]], rtol=1e-6)
    assert (clean.nnz, clean.dtype, used("linear").nnz) == (2, np.float32, 3)


def test_values_are_normalised_to_ten_thousand_before_the_logarithm():
    block = sparse_of([[0.25, 0, 0.25], [0, 0, 0], [0, 30, 0]])
    totals = np.array([0.5, 0, 40])
    expected = np.log1p(block.toarray() / np.array([0.5, 1, 40])[:, None] * 1e4)
    for units in ("linear", "counts"):
        found = log1p_values(block, units, totals)
        np.testing.assert_allclose(found.toarray(), expected, rtol=1e-6)
        assert found.dtype == np.float32
    assert log1p_values(block, "log", totals) is block


UNITS = {
    "yes or no": "counts", "counts": "counts", "fractional counts": "counts", "multiples": "linear",
    "normalised": "linear", "linear": "linear", "normalised logarithms": "log", "logarithms of counts": "log",
    "logarithms": "log",
}  # fmt: skip


@pytest.mark.parametrize("kind", UNITS)
def test_each_kind_has_its_units_and_its_words(kind):
    found = Survey(kind, 0, 1234.56, np.ones(1), total=2345.6)
    assert (found.units, found.scaled) == (UNITS[kind], False)
    (said,) = found.sentences("raw")
    assert said.startswith("raw holds ")
    assert said.endswith(".")
    assert ("total of 2,346" in said) == kind.startswith("normalised")
    assert ("log1p" in said and "used as they are" in said) == (UNITS[kind] == "log" and kind != "logarithms")
    (said,) = Survey(kind, 0, 1234.56, np.ones(1), "base 2", 2.3456).sentences("raw")
    assert ("total of 2.35" in said) == kind.startswith("normalised")
    assert ("natural logarithms" in said) == (UNITS[kind] == "log")
    assert ("log(x + 1) to base 2" in said) == (UNITS[kind] == "log" and kind != "logarithms")


def test_what_is_changed_is_said():
    scaled = Survey("scaled", -2.5, 3, np.ones(1), negatives=4)
    assert scaled.scaled
    assert scaled.sentences("X") == ["X has negative values (down to -2.5): it is scaled."]
    one, two, many = (Survey("counts", -0.001, 3, np.ones(1), negatives=n).sentences("X")[1] for n in (1, 2, 1200))
    assert one.startswith("One value of X is slightly negative (down to -0.001)")
    assert two.startswith("2 values of X are slightly negative")
    assert many.startswith("1,200 values of X are slightly negative")
    assert len(Survey("counts", 0, 3, np.ones(1)).sentences("X")) == 1


@pytest.fixture
def file():
    with h5py.File("survey", "w", driver="core", backing_store=False) as opened:
        yield opened


def test_every_block_is_surveyed_and_told(file, monkeypatch):
    monkeypatch.setattr(matrix, "BLOCK_VALUES", 12)
    x = np.arange(30, dtype=np.float32).reshape(5, 6) + 1
    told = []
    found = survey(stored(file, "dense", x), GENES, lambda share, what: told.append((share, what)))
    assert told == [(n / 5, f"{n} of 5 cells of X looked at") for n in (2, 4, 5)]
    assert (found.kind, found.filled) == ("counts", 30)
    np.testing.assert_array_equal(found.totals, x.sum(1))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("cell", "gene"), [(0, 0), (0, 5), (1, 0), (3, 2), (4, 5)])
def test_the_first_value_that_is_no_number_is_named(file, monkeypatch, value, cell, gene):
    monkeypatch.setattr(matrix, "BLOCK_VALUES", 12)
    x = np.ones((5, 6), np.float32)
    x[cell, gene] = value
    x[cell:, gene + 1 :] = np.where(np.arange(gene + 1, 6) == 4, -value, 1)
    kind = "NaN" if np.isnan(value) else "an infinite value"
    with pytest.raises(InputError, match=rf"X holds {kind} \(gene G{gene}, cell number {cell + 1}\)"):
        survey(stored(file, "dense", x), GENES)
