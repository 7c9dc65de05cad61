"""Degrees, matrix, expected FDR and changes of predicted networks: numbers by other ways, and what the figures show."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_network import TABLES, edge_pairs, small_edge_table
from ugrn_core.figures import network_adjacency, network_panels
from ugrn_core.figures.network_panels import (
    CHANGE_COLUMNS,
    DEGREES,
    plot_adjacency,
    plot_changes,
    plot_degrees,
    plot_fdr,
    prepare_adjacency,
    prepare_changes,
    prepare_degrees,
    prepare_fdr,
)
from ugrn_core.network.compare import compare_networks
from ugrn_core.network.edge_table import in_order


def titles(figure):
    return figure.layout.xaxis.title.text, figure.layout.yaxis.title.text


@given(TABLES, st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_degrees_are_counted_as_networkx_does(table, n):
    network = nx.DiGraph(edge_pairs(table.head(n)))
    frame = prepare_degrees(table.head(n))
    for degrees, name in zip((network.out_degree(), network.in_degree()), DEGREES.values(), strict=True):
        values = [d for _, d in degrees if d]
        part = frame[frame["direction"] == name]
        assert sorted(set(values)) == part["edges"].tolist()
        assert part["genes"].tolist() == [sum(v >= k for v in values) for k in part["edges"]]


def test_many_degrees_get_a_logarithmic_axis():
    few, many = (plot_degrees(prepare_degrees(small_edge_table(3, n))) for n in (9, 80))
    assert few.layout.xaxis.type is None and many.layout.xaxis.type == "log"
    assert titles(few) == ("number of edges k of a gene", "genes with at least k edges")
    assert len({(line.marker.symbol, line.line.dash) for line in few.data}) == 2
    assert plot_degrees(prepare_degrees(small_edge_table().head(0))).layout.xaxis.type is None


@given(TABLES, st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_expected_fdr_is_the_mean_chance_to_be_wrong(table, cut):
    frame = prepare_fdr(table.sample(frac=1, random_state=0), cut)
    assert frame["edges"].tolist() == list(range(1, len(table) + 1))
    expected = [(1 - table["probability"].head(k)).mean() for k in frame["edges"]]
    np.testing.assert_allclose(frame["fdr"], expected, atol=1e-6)
    np.testing.assert_array_equal(frame["probability"], table["probability"])


def test_long_lists_are_thinned_but_not_at_the_cut():
    table = small_edge_table(20, 100)
    frame = prepare_fdr(table, cut=1234)
    assert len(frame) <= network_panels.MOST_POINTS + 1 < len(table)
    assert {1, 1234, len(table)} <= set(frame["edges"]) and frame["edges"].is_monotonic_increasing
    at = frame.set_index("edges").loc[1234]
    assert at["fdr"] == pytest.approx((1 - table["probability"].head(1234)).mean(), abs=1e-6)
    figure = plot_fdr(frame, 1234, asked=0.5)
    mark = figure.data[1]
    assert list(mark.x) == [1234] and mark.y[0] == pytest.approx(at["fdr"]) and "1,234 shown" in mark.text[0]
    assert figure.layout.shapes[0].y0 == 0.5 and "50 %" in figure.layout.annotations[0].text
    thinned = prepare_fdr(table)
    assert 1235 not in set(thinned["edges"])
    between = plot_fdr(thinned, 1235).data[1].y[0]
    assert between == pytest.approx((1 - table["probability"].head(1235)).mean(), abs=1e-3)


def test_no_mark_where_nothing_is_shown_and_no_line_without_probabilities():
    assert len(plot_fdr(prepare_fdr(small_edge_table()), 0).data) == 1
    assert prepare_fdr(small_edge_table().assign(probability=np.nan)).empty
    assert prepare_fdr(small_edge_table().head(0)).empty
    assert len(plot_fdr(prepare_fdr(small_edge_table().head(0)), 5).data) == 1


@given(TABLES)
@settings(max_examples=25, deadline=None)
def test_the_matrix_is_the_adjacency_of_networkx(table):
    frame = prepare_adjacency(table)
    rows = frame.drop_duplicates("row").sort_values("row")["source"].tolist()
    columns = frame.drop_duplicates("column").sort_values("column")["target"].tolist()
    network = nx.DiGraph()
    network.add_weighted_edges_from(zip(table["source"], table["target"], table["probability"], strict=True))
    whole = nx.to_pandas_adjacency(network, nonedge=np.nan)
    found = frame.pivot(index="row", columns="column", values="probability").to_numpy()
    np.testing.assert_array_equal(found, whole.loc[rows, columns].to_numpy())
    out, into = dict(network.out_degree()), dict(network.in_degree())
    assert rows == sorted(rows, key=lambda g: (-out[g], g))
    assert columns == sorted(columns, key=lambda g: (-into[g], g))


def test_a_small_matrix_has_room_for_its_title_and_its_colours():
    table = small_edge_table(5, 9)
    few = plot_adjacency(prepare_adjacency(table[table["source"] == table["source"].iloc[0]]))
    lines = few.layout.yaxis.title.text.split("<br>")
    assert few.layout.height >= 6.5 * max(map(len, lines)), "pixels a letter, turned"


def test_a_large_matrix_keeps_the_busiest_and_says_so(monkeypatch):
    monkeypatch.setattr(network_adjacency, "MOST_SOURCES", 2)
    monkeypatch.setattr(network_adjacency, "MOST_TARGETS", 5)
    table = small_edge_table(4, 9).iloc[:-3]
    frame = prepare_adjacency(table)
    assert frame["source"].nunique() == 2 and frame["target"].nunique() == 5
    assert frame["of_sources"].iloc[0] == 4 and frame["of_targets"].iloc[0] == 9
    figure = plot_adjacency(frame)
    assert "Showing the busiest 2 of 4 sources and 5 of 9 targets." in figure.layout.annotations[0].text
    busiest = table["source"].value_counts()
    assert busiest[frame["source"].unique()].min() >= busiest.drop(frame["source"].unique()).max()


def test_squares_say_which_edge_they_are_and_marks_what_is_known():
    table = small_edge_table()
    figure = plot_adjacency(prepare_adjacency(table))
    squares = figure.data[0]
    frame = prepare_adjacency(table)
    assert [tuple(pair) for pair in squares.customdata] == edge_pairs(frame)
    assert squares.marker.symbol == "square" and {t.name for t in figure.data[1:]} == {"training pair", "known network"}
    np.testing.assert_allclose(10 ** np.array(squares.marker.color), frame["probability"], rtol=1e-9)
    for mark in figure.data[1:]:
        there = frame[frame["tag"] == mark.name]
        assert list(zip(mark.x, mark.y, strict=True)) == list(zip(there["column"], there["row"], strict=True))
    assert "source" in titles(figure)[1] and "target" in titles(figure)[0]
    assert not figure.layout.annotations
    nothing = plot_adjacency(prepare_adjacency(table.head(0)))
    assert "no edge" in nothing.layout.annotations[0].text


def compared():
    a = small_edge_table(3, 8, seed=1)
    return compare_networks(a, small_edge_table(3, 9, seed=2), threshold=0.1)


def test_changes_are_drawn_where_their_probabilities_are():
    frame = prepare_changes(compared())
    assert list(frame.columns) == CHANGE_COLUMNS
    figure = plot_changes(frame, ("monocytes", "B <cells>"))
    assert titles(figure) == ("probability in monocytes", "probability in B &lt;cells&gt;")
    at = frame.set_index(["source", "target"])
    drawn = 0
    for trace in figure.data:
        for pair, x, y in zip(trace.customdata, trace.x, trace.y, strict=True):
            row = at.loc[tuple(pair)]
            assert (x, y) == (row["probability_a"], row["probability_b"]) and trace.name.startswith(row["change"])
            drawn += 1
    lone = frame["change"].eq("scored in b only").sum()
    assert lone and drawn == len(frame) - lone
    assert f"Not drawn: {lone} scored in B &lt;cells&gt; only." in figure.layout.annotations[0].text
    assert len({trace.marker.symbol for trace in figure.data}) == 3


def test_of_many_changes_the_largest_are_drawn(monkeypatch):
    monkeypatch.setattr(network_panels, "MOST_CHANGES", 5)
    table = small_edge_table(3, 9)
    other = in_order(table.assign(probability=table["probability"].to_numpy()[::-1]))
    frame = prepare_changes(compare_networks(table, other, threshold=0.0))
    figure = plot_changes(frame)
    drawn = {tuple(pair) for trace in figure.data for pair in trace.customdata}
    assert drawn == set(edge_pairs(frame.head(5)))
    assert f"{len(frame) - 5} with smaller changes" in figure.layout.annotations[0].text


def test_no_change_is_an_empty_figure():
    nothing = prepare_changes(compared().head(0))
    assert not plot_changes(nothing).data and isinstance(nothing, pd.DataFrame)


@pytest.mark.parametrize(("low", "high"), [(0.03, 0.4), (0.08, 0.1), (0.0001, 1.0), (0.2, 0.2)])
def test_numbers_of_a_logarithmic_axis_are_written_whole(low, high):
    table = small_edge_table().assign(probability=np.linspace(high, low, len(small_edge_table())))
    frame = pd.DataFrame({
        "source": table["source"], "target": table["target"], "change": "kept", "probability_a": table["probability"],
        "probability_b": table["probability"], "score_a": 0.0, "score_b": 0.0,
    })  # fmt: skip
    axis = plot_changes(frame).layout.xaxis
    assert all(float(text) == pytest.approx(value) for text, value in zip(axis.ticktext, axis.tickvals, strict=True))
    inside = [v for v in axis.tickvals if axis.range[0] <= np.log10(v) <= axis.range[1]]
    assert 1 <= len(inside) <= 20 or low == high
