"""Figures without pixels: what is drawn where, in whose words, and what a file of it holds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import torch

from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.figures.curves import (
    COLUMNS,
    RAW,
    SPECIFIC,
    prepare_pair,
    prepare_peaks,
    prepare_scores,
    prepare_targets,
)
from ugrn_core.figures.panels import plot_curves
from ugrn_core.figures.standalone import standalone_html
from ugrn_core.figures.style import (
    SERIES,
    figure_config,
    file_stem,
    follow_title,
    in_two_lines,
    response_title,
    slope_title,
    slope_unit,
    value_title,
)
from ugrn_core.pair import PairRequest, PairSpecific, compare_targets, explore_pair, score_pairs
from ugrn_core.types import Context, Curves, SweepSettings

SETTINGS = SweepSettings(1.0, (0.5, 2.0, 4.0))


@pytest.fixture(scope="module")
def toy():
    return ToyBackbone(2, torch.device("cpu"))


@pytest.fixture
def result(toy):
    return explore_pair(toy, PairRequest("NANOG", "SOX2", Context(), SETTINGS))


@pytest.fixture
def specific():
    def curves(a, b, size):
        return Curves(a, b, np.full(3, size, np.float32), np.full(3, -size, np.float32))

    return PairSpecific(curves("NANOG", "SOX2", 0.5), curves("SOX2", "NANOG", 0.25), 97.0, 12.0, 256, 1000)


def traces(figure, panel):
    axis = "x" if panel == 1 else f"x{panel}"
    return [t for t in figure.data if (t.xaxis or "x") == axis]


def texts(figure):
    return [a.text.replace("<br>", " ") for a in figure.layout.annotations]


def test_frame_of_a_pair_holds_the_curves(result, toy):
    frame = prepare_pair({"the pair alone": result})
    assert list(frame.columns) == COLUMNS and len(frame) == 6
    there = frame[frame["direction"] == "forward"]
    assert list(there["virtual_value"]) == [0.5, 2.0, 4.0] and set(there["base"]) == {1.0}
    source, target = toy.vocabulary.ids(["NANOG", "SOX2"])
    weight = toy.weights[target, source].item()
    np.testing.assert_allclose(there["response"], weight * (np.array([0.25, 4.0, 16.0]) - 1), rtol=1e-5)
    back = frame[frame["direction"] == "reverse"]
    assert set(back["source"]) == {"SOX2"} and set(back["target"]) == {"NANOG"} and set(frame["unit"]) == {"toy units"}


def test_pair_specific_curves_stand_beside_the_raw_ones_of_the_first_context(result, specific):
    frame = prepare_pair({"B cells": result, "T cells": result}, specific)
    assert list(frame[["series", "measure"]].drop_duplicates().itertuples(index=False, name=None)) == [
        ("B cells", RAW),
        ("B cells", SPECIFIC),
        ("T cells", RAW),
    ]
    centred = frame[(frame["measure"] == SPECIFIC) & (frame["direction"] == "reverse")]
    assert set(centred["response"]) == {0.25} and set(centred["slope"]) == {-0.25}


def test_a_profile_gives_each_gene_its_own_base(result):
    context = Context("profile", ("NANOG", "SOX2"), (0.25, 3.0), "cells")
    frame = prepare_pair({"cells": replace(result, context=context)})
    assert dict(frame.groupby("direction")["base"].first()) == {"forward": 0.25, "reverse": 3.0}
    titles = texts(plot_curves(frame))
    assert titles[0] == "change of predicted SOX2 (toy units) when NANOG goes from 0.25 to x"
    assert titles[1] == "change of predicted NANOG (toy units) when SOX2 goes from 3 to x"


def test_titles_are_sentences_with_units_and_direction():
    assert (
        response_title("NANOG", "SOX2", "bins", "10") == "change of predicted SOX2 (bins) when NANOG goes from 10 to x"
    )
    assert slope_title("NANOG", "SOX2", "bins") == "slope of predicted SOX2 (bins per bin) where NANOG stands at x"
    assert follow_title("A", "B", "log1p") == "slope of predicted B (log1p per log1p) in A where all genes stand at x"
    assert in_two_lines("short when y", 64) == "short when y"
    assert in_two_lines("change of predicted A when B goes to x", 20) == "change of predicted A<br>when B goes to x"


def test_four_panels_response_over_slope_forward_left(result):
    figure = plot_curves(prepare_pair({"the pair alone": result}))
    assert texts(figure) == [
        "change of predicted SOX2 (toy units) when NANOG goes from 1 to x",
        "change of predicted NANOG (toy units) when SOX2 goes from 1 to x",
        "slope of predicted SOX2 (toy units per toy unit) where NANOG stands at x",
        "slope of predicted NANOG (toy units per toy unit) where SOX2 stands at x",
    ]
    layout = figure.layout
    assert layout.xaxis.matches == "x3" and layout.xaxis2.matches == "x4"  # one axis of virtual values a direction
    assert layout.yaxis2.matches == "y" and layout.yaxis4.matches == "y3"  # heights of directions compare
    assert layout.yaxis.domain[0] > layout.yaxis3.domain[1] and layout.xaxis.domain[1] < layout.xaxis2.domain[0]
    assert layout.xaxis3.title.text == "x: virtual value of NANOG (toy units)"
    assert layout.showlegend is False
    assert [s.x0 for s in layout.shapes] == [1.0] * 4


def test_a_figure_that_plotly_did_not_validate_is_one_that_it_would(result, specific):
    frame = prepare_pair({"B": result, "T": result}, specific)
    for figure in (
        plot_curves(frame),
        plot_curves(frame[frame["direction"] == "forward"]),
        plot_curves(frame, dense=prepare_pair({"B": result}), domain=(0.7, 3.0), at=2.0),
    ):
        assert go.Figure(figure.to_dict()).to_dict() == figure.to_dict()


def test_a_response_passes_through_zero_at_the_base(result):
    figure = plot_curves(prepare_pair({"the pair alone": result}))
    response, slope = traces(figure, 1)[0], traces(figure, 3)[0]
    assert list(response.x) == [0.5, 1.0, 2.0, 4.0] and response.y[1] == 0
    assert list(response.marker.symbol) == ["circle", "circle-open", "circle", "circle"]
    assert list(slope.x) == [0.5, 2.0, 4.0]
    np.testing.assert_allclose(slope.y, result.forward.slope)


def test_a_base_on_the_grid_is_not_drawn_twice(toy):
    request = PairRequest("NANOG", "SOX2", Context(), SweepSettings(1.0, (2.0, 1.0, 0.5)))
    figure = plot_curves(prepare_pair({"the pair alone": explore_pair(toy, request)}))
    assert list(traces(figure, 1)[0].x) == [0.5, 1.0, 2.0]


def test_series_keep_colour_and_marker_and_specific_is_dashed(result, specific):
    figure = plot_curves(prepare_pair({"B": result, "T": result}, specific))
    for panel in (1, 2, 3, 4):
        lines = traces(figure, panel)
        assert [t.name for t in lines] == ["B", "B, pair-specific", "T"]
        assert [t.line.color for t in lines] == [SERIES[0].colour, SERIES[0].colour, SERIES[1].colour]
        assert [t.line.dash for t in lines] == ["solid", "dash", "solid"]
    assert sum(bool(t.showlegend) for t in figure.data) == 3 and figure.layout.showlegend


def test_follow_shows_the_slope_alone_and_says_what_moved(toy):
    settings = SweepSettings(1.0, (0.5, 2.0), "follow")
    figure = plot_curves(prepare_pair({"x": explore_pair(toy, PairRequest("NANOG", "SOX2", Context(), settings))}))
    assert len(figure.data) == 2 and not figure.layout.shapes
    assert texts(figure)[0] == "slope of predicted SOX2 (toy units per toy unit) in NANOG where all genes stand at x"


def test_one_direction_alone_takes_the_whole_width(result):
    frame = prepare_pair({"x": result})
    figure = plot_curves(frame[frame["direction"] == "forward"])
    assert len(figure.data) == 2 and figure.layout.xaxis.domain == (0, 1) and figure.layout.xaxis.matches == "x2"
    assert [t.xaxis for t in figure.data] == ["x", "x2"] and figure.layout.xaxis2.title.text.startswith("x: virtual")


def test_peaks_are_signed_and_say_where(result):
    peaks = prepare_peaks(prepare_pair({"x": result})).set_index("direction")
    assert peaks.loc["forward", "peak"] == pytest.approx(result.forward.response[2]) and (peaks["at"] == 4.0).all()
    assert peaks.loc["reverse", "target"] == "NANOG" and peaks.loc["reverse", "unit"] == "toy units"


def test_comparison_has_a_series_a_target(toy):
    results = compare_targets(toy, "NANOG", ["SOX2", "TP53", "GATA1"], Context(), SETTINGS)
    frame = prepare_targets(results)
    assert list(frame["series"].unique()) == ["SOX2", "TP53", "GATA1"]
    figure = plot_curves(frame)
    assert [t.name for t in traces(figure, 1)] == ["SOX2", "TP53", "GATA1"]
    assert texts(figure)[:2] == [
        "change of predicted targets (toy units) when NANOG goes from 1 to x",
        "change of predicted NANOG (toy units) when the target goes from 1 to x",
    ]
    np.testing.assert_allclose(traces(figure, 4)[1].y, results[1].reverse.slope)


def test_groups_with_different_bases_say_so(result):
    profiles = {
        name: replace(result, context=Context("profile", ("NANOG", "SOX2"), values, name))
        for name, values in {"B": (0.25, 3.0), "T": (0.5, 3.0)}.items()
    }
    figure = plot_curves(prepare_pair(profiles))
    assert texts(figure)[0].endswith("when NANOG goes from its mean in the group to x")
    assert texts(figure)[1].endswith("when SOX2 goes from 3 to x")


def test_scores_carry_their_curves_in_one_cell(toy):
    pairs = [("NANOG", "SOX2"), ("TP53", "MDM2")]
    scored = score_pairs(toy, pairs, Context(), SETTINGS)
    table = prepare_scores(scored)
    assert list(table.columns)[:2] == ["source", "target"] and len(table) == 2
    np.testing.assert_allclose(table["forward"][1], scored.filter(regex=r"^forward_response_at_").to_numpy()[1])
    assert not [c for c in table.columns if "_at_" in c]
    follow = prepare_scores(score_pairs(toy, pairs, Context(), replace(SETTINGS, background="follow")))
    assert len(follow["reverse"][0]) == 3 and follow["forward_max_response"].isna().all()


def test_no_background_of_its_own(result):
    layout = plot_curves(prepare_pair({"x": result})).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)" and layout.font.color is None


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("page", ["#ffffff", "#171614"])
def test_series_are_seen_on_light_and_dark_pages(page):
    for look in SERIES[:3]:
        high, low = sorted((luminance(look.colour), luminance(page)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3  # WCAG 2.1, graphical objects


def test_markers_differ_where_colours_do():
    assert len({s.marker for s in SERIES}) == len({s.colour for s in SERIES}) == len(SERIES)


def test_standalone_html_needs_no_connection_and_escapes(result):
    figure = plot_curves(prepare_pair({"x": result}))
    page = standalone_html(figure, title="<b>NANOG</b>", note="a & b", command="ugrn pair '<x>'")
    assert "&lt;b&gt;NANOG&lt;/b&gt;" in page and "<b>NANOG" not in page and "a &amp; b" in page
    assert "ugrn pair &#x27;&lt;x&gt;&#x27;" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    assert len(page) > 1_000_000 and "Plotly.newPlot" in page
    assert figure.layout.font.color is None  # the figure on the page keeps the colours of the page


def test_files_get_sensible_names():
    config = figure_config("NANOG to SOX2, ugrn-mini")
    assert config["displaylogo"] is False
    assert config["toImageButtonOptions"]["filename"] == "NANOG_to_SOX2_ugrn-mini"
    assert file_stem("../etc/passwd") == "etc_passwd" and file_stem("///") == "figure"


def test_frames_are_tables_that_round_trip(result, tmp_path):
    frame = prepare_pair({"x": result})
    file = tmp_path / "curves.csv"
    frame.to_csv(file, index=False)
    pd.testing.assert_frame_equal(pd.read_csv(file), frame, check_dtype=False, rtol=1e-6)


def test_the_axis_of_deviations_says_from_what_they_are_counted():
    unit = "standard deviations"
    assert (
        value_title("GATA1", unit) == "x: virtual value of GATA1<br>(standard deviations from its mean in its data set)"
    )
    assert slope_unit(unit) == "standard deviations per standard deviation"


def test_a_long_unit_is_short_in_a_headline_and_written_out_on_axes() -> None:
    from ugrn_core.figures.style import response_title, short_unit, slope_unit

    assert short_unit("standard deviations") == "SD" and short_unit("bins") == "bins"
    assert slope_unit(short_unit("standard deviations")) == "SD per SD"
    assert "JUNB (SD) when" in response_title("FOS", "JUNB", "standard deviations", "0")
