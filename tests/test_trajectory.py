"""Continuous curves: the same numbers as single passes, areas that are responses, marks where they belong."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.test_pages import framed, fresh, pair  # noqa: F401 (fixtures)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.figures.curves import prepare_pair, prepare_targets
from ugrn_core.figures.marks import compared, value_marks, with_slider
from ugrn_core.figures.panels import panel_places, plot_curves
from ugrn_core.figures.standalone import standalone_html
from ugrn_core.pair import PairRequest, compare_targets, explore_pair, pair_specific
from ugrn_core.trajectory import area, between, dense_request, dense_values
from ugrn_core.types import Context, SweepSettings
from ui.pair import trajectories
from ui.shared.settings import x_key

SETTINGS = SweepSettings(1.0, (0.5, 2.0, 4.0))


@pytest.fixture(scope="module")
def toy():
    return ToyBackbone(2, torch.device("cpu"))


def frames(backbone, settings=SETTINGS, genes=("NANOG", "SOX2")):
    request = PairRequest(*genes, Context(), settings)
    dense = dense_request(backbone, request)
    return tuple(prepare_pair({"alone": explore_pair(backbone, r, residual=False)}) for r in (request, dense))


def test_values_cover_the_domain_and_hold_grid_and_bases():
    values = dense_values((0.0, 5.0), SweepSettings(1.0, (-2.0, 0.3, 4.0)), (1.7,), 65)
    assert len(values) >= 65 and values == sorted(set(values))
    assert (values[0], values[-1]) == (-2.0, 5.0) and {1.0, 0.3, 4.0, 1.7} <= set(values)
    assert dense_values((-1.0, 1.0), SweepSettings(0.0, (1.0,)), (), 17) == np.linspace(-1, 1, 17).tolist()


def test_a_step_beside_a_value_of_the_users_own_is_left_out():
    """Of 17,000 units in 17 steps of 1062.5, what lies within 1 unit of an own value says nothing new."""
    values = dense_values((-17000.0, 0.0), SweepSettings(-1063.5, (-8502.0,)), (), 17)
    steps = [v for v in np.linspace(-17000, 0, 17).tolist() if v != -1062.5]
    assert values == sorted([*steps, -1063.5, -8502.0])


def test_dense_curves_are_single_passes(scgpt_folder):
    model = load_backbone(str(scgpt_folder), "cpu")
    settings = SweepSettings(model.card.base, model.card.grid)
    _, dense = frames(model, settings, ("TP53", "MDM2"))
    assert len(dense) >= 2 * 64
    for direction, genes in (("forward", ("TP53", "MDM2")), ("reverse", ("MDM2", "TP53"))):
        ids = torch.from_numpy(model.vocabulary.ids(genes))
        rest = model.reconstruct(ids, torch.full((1, 2), settings.base))[0, 1].item()
        for row in dense[dense["direction"] == direction].iloc[::9].itertuples():
            values = torch.tensor([[row.virtual_value, settings.base]], requires_grad=True)
            out = model.model(ids, values)[0, 1]
            (slope,) = torch.autograd.grad(out, values)
            assert row.response == pytest.approx(out.item() - rest, abs=2e-5)
            assert row.slope == pytest.approx(slope[0, 0].item(), abs=2e-5)


def test_there_are_fewer_values_where_time_is_short_and_none_in_the_end(toy, monkeypatch):
    from ugrn_core import trajectory

    request = PairRequest("NANOG", "SOX2", Context(), SETTINGS)
    cost = type("Cost", (), {})

    def slow(backbone, asked, store):
        found = cost()
        found.seconds = len(asked.settings.grid) * 0.2
        return found

    monkeypatch.setattr(trajectory, "estimate_curves", slow)
    lengths = [len(dense_request(toy, request, seconds=s).settings.grid) for s in (20.0, 69 * 0.2, 9.0, 5.0)]
    assert lengths == [65 + 4, 65 + 4, 33 + 4, 17 + 4], "even steps, three values of the grid and the base"
    assert dense_request(toy, request, seconds=4.0) is None
    for seconds, found in ((10.0, True), (10.5, False)):
        monkeypatch.setattr(trajectory, "estimate_curves", lambda *_: SimpleNamespace(seconds=seconds))  # noqa: B023
        assert (dense_request(toy, request) is not None) is found


def test_area_is_signed_and_reads_ends_off_straight_lines():
    x, y = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 2.0])
    assert area(x, y, 0.0, 3.0) == pytest.approx(5.0)
    assert area(x, y, 3.0, 0.0) == pytest.approx(-5.0)
    assert area(x, y, 0.5, 2.0) == pytest.approx(0.75 + 2.0)
    assert area(x, y, 2.0, 0.5) == pytest.approx(-2.75) and area(x, y, 2.0, 2.0) == 0
    assert [a.tolist() for a in between(x, y, 3.0, 0.0)] == [x.tolist(), y.tolist()]
    assert [a.tolist() for a in between(x, y, 2.0, 0.5)] == [[0.5, 1.0, 2.0], [1.0, 2.0, 2.0]]


@pytest.mark.parametrize("x", [0.0, 0.7, 1.0, 3.3, 5.0])
def test_area_under_the_slope_is_the_response(toy, x):
    _, dense = frames(toy)
    found = compared(dense, x).set_index("direction")
    weight = toy.weights[toy.vocabulary.ids(["SOX2"])[0], toy.vocabulary.ids(["NANOG"])[0]].item()
    assert found.loc["forward", "response"] == pytest.approx(weight * (x**2 - 1), abs=0.01)
    np.testing.assert_allclose(found["area"], found["response"], atol=0.01)


def test_lines_go_through_the_dense_values_and_points_are_the_probes(toy):
    frame, dense = frames(toy)
    figure = plot_curves(frame, dense=dense)
    assert [t.mode for t in figure.data] == ["lines", "markers"] * 4
    line, points = figure.data[:2]
    assert len(line.x) == len(dense) / 2 and set(points.x) <= set(line.x)
    at = dict(zip(line.x, line.y, strict=True))
    np.testing.assert_allclose([at[x] for x in points.x], points.y, atol=1e-6)
    assert [t.showlegend for t in figure.data] == [True] + [False] * 7


def test_what_lies_outside_pre_training_is_shaded(toy):
    frame, dense = frames(toy, SweepSettings(1.0, (-2.0, 2.0, 9.0)))
    figure = plot_curves(frame, dense=dense, domain=toy.card.domain)
    grey = {(s.x0, s.x1) for s in figure.layout.shapes if s.type == "rect"}
    assert grey == {(-2.0, 0.0), (5.0, 9.0)}
    inside = plot_curves(frames(toy)[0], dense=frames(toy)[1], domain=toy.card.domain)
    assert not [s for s in inside.layout.shapes if s.type == "rect"]


def test_a_value_marks_response_and_area_in_both_directions(toy):
    frame, dense = frames(toy)
    figure = plot_curves(frame, dense=dense, at=3.0)
    plain = plot_curves(frame, dense=dense)
    marks = figure.data[len(plain.data) :]
    numbers = compared(dense, 3.0).set_index("direction")
    texts = [m.text[0] for m in marks if m.mode == "markers+text"]
    signed = [f"{v:+.3g}".replace("-", "−") for v in [*numbers["response"], *numbers["area"]]]
    assert texts == [*signed[:2], *(f"area {v}" for v in signed[2:])]
    shaded = [m for m in marks if m.fill == "tozeroy"]
    assert len(shaded) == 2 and all((m.x[0], m.x[-1]) == (1.0, 3.0) for m in shaded)
    lines = [t for t in figure.data if t.mode == "lines+markers"]  # what can be clicked is not seen
    assert len(lines) == 4 and all(t.marker.opacity == 0 and not t.showlegend and len(t.x) > 60 for t in lines)
    assert [(t.name, t.mode, list(t.x)) for t in figure.data if t.showlegend] == [(lines[0].name, "lines", [None])]
    upright = [s for s in figure.layout.shapes if s.type == "line" and s.x0 == 3.0]
    assert len(upright) == 4


def test_the_file_has_a_slider_of_its_own(toy):
    frame, dense = frames(toy)
    figure = plot_curves(frame, dense=dense, at=4.0)
    places = panel_places(frame)
    taken = with_slider(figure, places, dense, 4.0)
    (slider,) = taken.layout.sliders
    assert slider.steps[slider.active].label == "4" and len(slider.steps) >= 41
    step = slider.steps[0]
    moved, lines, traces = step.args
    expected = value_marks(places, dense, 0.0)
    assert moved["x"] == [m["x"] for m in expected] and moved["text"] == [m["text"] for m in expected]
    assert [figure.data[t].mode for t in traces] == [m["mode"] for m in expected]
    assert all(figure.layout.shapes[int(k.split("[")[1].split("]")[0])].x0 == 4.0 for k in lines)
    page = standalone_html(taken, title="t", note="n", command="c")
    active = f'<input type="range" id="x" min="0" max="{len(slider.steps) - 1}" value="{slider.active}">'
    assert active in page and '<output id="at">4</output>' in page
    assert 'type="range"' not in standalone_html(plot_curves(frame), title="t", note="n", command="c")


def test_several_targets_and_follow(toy):
    results = compare_targets(toy, "NANOG", ["SOX2", "KLF4"], Context(), SETTINGS)
    dense = dense_request(toy, PairRequest("NANOG", "SOX2", Context(), SETTINGS)).settings
    frame = prepare_targets(compare_targets(toy, "NANOG", ["SOX2", "KLF4"], Context(), dense))
    figure = plot_curves(prepare_targets(results), dense=frame, at=2.0)
    assert [t.mode for t in figure.data[:4]] == ["lines+markers", "markers"] * 2
    marks = figure.data[18:]  # after what stands in the legend
    shaded, rings = ([m for m in marks if m.mode == mode] for mode in ("lines", "markers+text"))
    assert len(shaded) == 4 and len(rings) == 8 and len({m.fillcolor for m in shaded}) == 2
    told = compared(frame, 2.0)
    assert set(told["series"]) == {"SOX2", "KLF4"} and sorted(m.y[0] for m in rings[:4]) == sorted(told["response"])
    assert [bool(m.text[0]) for m in rings] == [True, False] * 4  # numbers at the first series alone
    follow = SweepSettings(1.0, (0.5, 2.0), "follow")
    frame, dense = frames(toy, follow)
    assert compared(dense, 2.0).empty and len(plot_curves(frame, dense=dense, at=2.0).data) == 4


# The page


def sliders(at):
    return {s.label: s for s in at.slider}


def test_the_pair_page_draws_curves_and_the_slider_compares(pair):  # noqa: F811
    pair.run()
    assert not pair.exception and not pair.error
    drawn = json.loads(pair.get("plotly_chart")[0].proto.spec)["data"]
    assert drawn[0]["mode"] == "lines+markers" and drawn[1]["mode"] == "markers"
    slider = sliders(pair)["x (toy units)"]
    assert slider.value == 5.0
    slider.set_value(2.0).run()
    words = " ".join(c.value for c in pair.caption)
    assert "GATA1 at 2: KLF1" in words and "area under its slope" in words
    assert pair.query_params["x"] == "2"


def test_a_click_on_a_curve_moves_the_slider(pair, toy, monkeypatch):  # noqa: F811
    pair.run()
    state: dict = {}
    with monkeypatch.context() as patch:
        patch.setattr(trajectories, "st", SimpleNamespace(session_state=state))
        trajectories.move_to({"selection": {"points": []}}, toy.card)
        assert not state
        trajectories.move_to({"selection": {"points": [{"x": 2.5, "y": 0.1}, {"x": 4, "y": 1}]}}, toy.card)
    assert state == {x_key(toy.card): 2.5}
    sliders(pair)["x (toy units)"].set_value(state[x_key(toy.card)]).run()
    assert "GATA1 at 2.5: KLF1" in " ".join(c.value for c in pair.caption)


def test_an_address_brings_its_value(pair):  # noqa: F811
    pair.query_params["x"] = "3"
    assert sliders(pair.run())["x (toy units)"].value == 3.0
    pair.query_params["x"] = "none"
    assert "x='none'" in pair.run().error[0].value


def test_follow_has_curves_and_no_slider(pair):  # noqa: F811
    pair.query_params["background"] = "follow"
    pair.run()
    assert not pair.slider and not pair.error
    assert json.loads(pair.get("plotly_chart")[0].proto.spec)["data"][0]["mode"] == "lines"


def test_several_targets_have_curves_too():
    at = framed("pair.py")
    at.query_params["mode"], at.query_params["source"], at.query_params["targets"] = "targets", "GATA1", "KLF1,HBB"
    at.run()
    assert not at.error and "x (toy units)" in sliders(at)


def test_the_number_beside_the_percentile_is_the_one_it_is_of(pair):  # noqa: F811
    pair.run()
    toy = load_backbone("toy-square", "cpu")
    alone = pair_specific(toy, PairRequest("GATA1", "KLF1", Context(), SweepSettings(toy.card.base, toy.card.grid)))
    curve = alone.forward.response
    own = f"{curve[np.abs(curve).argmax()]:+.3g}".replace("-", "−")
    said = next(m.delta for m in pair.metric if m.label == "Largest change of KLF1")
    assert said == f"pair-specific {own}: larger than {alone.forward_percentile:.3g} % of random pairs"
