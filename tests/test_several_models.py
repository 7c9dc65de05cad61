"""One pair through several models: spreads and percentiles against a fresh sweep, sentences, figure and page."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import ugrn_core.several_models as room
from tests.test_pages import TOY, framed, fresh  # noqa: F401 (a fixture)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.figures.beside_pair import plot_models
from ugrn_core.pair_specific import random_pairs
from ugrn_core.several_models import (
    COLUMNS,
    SUMMARY_COLUMNS,
    agreement,
    pair_in_model,
    prepare_models,
    settings_in,
    summary,
)
from ugrn_core.sweep import sweep_pairs
from ugrn_core.types import Background, SweepSettings
from ui.pair import keys, several_models


@pytest.fixture(scope="module")
def toys():
    return [load_backbone(name, "cpu") for name in (TOY, "toy-linear")]


def asked(backbone, background: Background = "fixed"):
    return SweepSettings(backbone.card.base, backbone.card.grid, background)


@pytest.mark.parametrize("background", ["fixed", "follow"])
def test_curves_are_divided_by_the_spread_of_random_pairs(toys, background):
    models = [pair_in_model(toy, "GATA1", "KLF1", asked(toy, background)) for toy in toys]
    frame, table = prepare_models(models), summary(models)
    assert list(frame) == list(COLUMNS) and list(table) == list(SUMMARY_COLUMNS)
    measure = "slope" if background == "follow" else "response"
    for toy in toys:
        settings, genes = asked(toy, background), sorted(toy.vocabulary.symbols)
        a, b = random_pairs(len(genes))
        swept = getattr(sweep_pairs(toy, [(genes[i], genes[j]) for i, j in zip(a, b, strict=True)], settings), measure)
        own = getattr(sweep_pairs(toy, [("GATA1", "KLF1"), ("KLF1", "GATA1")], settings), measure)
        part = frame[frame["model"] == toy.card.name]
        spread = np.sqrt(((swept - swept.mean(0)) ** 2).mean())
        np.testing.assert_allclose(part["in_spreads"], own.reshape(-1) / spread, rtol=1e-4)
        low, high = toy.card.domain
        np.testing.assert_allclose(part["place"], (np.tile(settings.grid, 2) - low) / (high - low))
        share = 100 * (np.abs(swept).max(1) < np.abs(own).max(1)[:, None]).mean(1)
        np.testing.assert_allclose(table.loc[table["model"] == toy.card.name, "percentile"], share)
    assert table["specific_percentile"].notna().all()  # of a toy it is there at once


def test_a_model_of_the_same_unit_is_asked_at_the_values_of_the_page_and_another_at_its_own(toys):
    own = SweepSettings(0.5, (1.0, 2.0), "follow")
    assert settings_in(toys[1], own, toys[1].card.unit) == own
    assert settings_in(toys[1], own, "bins") == asked(toys[1], "follow")


@pytest.mark.parametrize(
    ("grid", "values", "goes"),
    [
        ((0.5, 2.0), (-1, 2), "rises"),
        ((2.0, 0.5), (2, -1), "rises"),
        ((0.5,), (1,), "falls"),
        ((2.0,), (0,), "stays"),
        ((2.0, 0.5, 1.0), (1, 0.5, -9), "rises"),
        ((2.0, 0.5, 1.0), (1, 0, 9), "rises"),
        ((0.5, 2.0), (2, 1), "falls"),
        ((0.5, 2.0), (3, 5), "rises"),
        ((1.0,), (1,), "stays"),
    ],
)
def test_which_way_a_target_goes_does_not_hang_on_the_order_or_the_side_of_the_values(toys, grid, values, goes):
    model = pair_in_model(toys[0], "GATA1", "KLF1", SweepSettings(1.0, grid))
    forward = replace(model.result.forward, response=np.array(values, np.float32))
    table = summary([replace(model, result=replace(model.result, forward=forward))])
    assert table["goes"].iloc[0] == goes


def test_a_slope_rises_where_its_mean_does_on_whatever_side_of_the_base(toys):
    model = pair_in_model(toys[0], "GATA1", "KLF1", SweepSettings(1.0, (0.5,), "follow"))
    for slope, goes in ((2.0, "rises"), (-2.0, "falls")):
        forward = replace(model.result.forward, slope=np.array([slope], np.float32))
        assert summary([replace(model, result=replace(model.result, forward=forward))])["goes"].iloc[0] == goes
    assert model.curve("forward").tolist() == model.result.forward.slope.tolist()


def test_only_what_is_there_at_once_has_a_pair_specific_percentile(toys, monkeypatch):
    for seconds, there in ((2.0, True), (2.5, False)):
        monkeypatch.setattr(room, "estimate_specific", lambda *_: SimpleNamespace(seconds=seconds))  # noqa: B023
        model = pair_in_model(toys[0], "GATA1", "KLF1", asked(toys[0]))
        assert (model.specific is not None) is there
        assert summary([model])["specific_percentile"].tolist() == pytest.approx(
            model.specific or [np.nan] * 2, nan_ok=True
        )
        assert model.result.residual is None, "no time is spent on what is not shown"
    assert model.specific is None
    placed = prepare_models([replace(model, domain=(-1.0, 3.0))])
    np.testing.assert_allclose(placed["place"], (placed["virtual_value"] + 1) / 4)
    alike = replace(model, random=replace(model.random, spread={"response": 0.0}))
    assert prepare_models([model, alike]).index.tolist() == list(range(4 * len(asked(toys[0]).grid)))
    assert prepare_models([alike])["in_spreads"].isna().all() and summary([alike])["largest"].isna().all()
    own = model.curve("reverse")
    spread = model.random.spread["response"]
    assert summary([model])["largest"].iloc[1] == pytest.approx(own[np.abs(own).argmax()] / spread)


def row(model, goes, percentile):
    return {"model": model, "source": "A", "target": "B", "goes": goes, "largest": 1.0, "percentile": percentile}


def test_sentences_on_agreement():
    (same,) = agreement(pd.DataFrame([row("x", "rises", 91.0), row("y", "rises", 98.5)]))
    assert "rises in all 2 models" in same and "91 to 98.5 % of random pairs: the models agree on" in same
    (other,) = agreement(pd.DataFrame([row("x", "rises", 10.0), row("y", "falls", 98.5), row("z", "rises", 20.0)]))
    assert "rises in 2 (x, z), falls in 1 (y)" in other and "do not agree" in other
    back = [row("x", "falls", 20.0), row("y", "rises", 30.0)]
    told = agreement(
        pd.DataFrame(
            [*[r | {"source": "B", "target": "A"} for r in back], row("x", "falls", 20.5), row("y", "falls", 31.0)]
        )
    )
    assert told[0].startswith("A when B moves: falls in 1 (x), rises in 1 (y).") and "the models agree on" in told[0]
    assert told[1].startswith("B when A moves: falls in all 2 models.") and "the models do not agree on" in told[1]
    (one,) = agreement(pd.DataFrame([row("x", "falls", 30.0)]), "slope")
    assert "The largest slope is larger than in 30 % of random pairs" in one


def test_every_model_is_a_line_with_a_colour_and_a_marker_of_its_own(toys):
    frame = prepare_models([pair_in_model(toy, "GATA1", "KLF1", asked(toy)) for toy in toys])
    figure = plot_models(frame)
    assert [trace.name for trace in figure.data] == [TOY, "toy-linear"] * 2
    assert figure.data[0].line.color != figure.data[1].line.color
    assert figure.data[0].marker.symbol != figure.data[1].marker.symbol
    np.testing.assert_allclose(figure.data[0].y, frame["in_spreads"].iloc[: len(figure.data[0].y)])
    assert figure.layout.annotations[0].text == "response of KLF1 (spreads of random pairs)"


def test_the_pair_in_every_model_on_the_page_and_in_its_address(monkeypatch):
    monkeypatch.setattr(several_models, "others", lambda backbone: ["toy-linear", "circuit-1"])
    at = framed("pair.py")
    at.query_params.update({"source": "GATA1", "target": "KLF1", "models": "all"})
    for _ in range(20):
        at.run()
        said = " ".join(str(m.value) for m in [*at.caption, *at.markdown, *at.code])
        if "lower bound" in said:
            break
    assert not at.exception and not at.error
    assert "KLF1 when GATA1 moves" in said and "in all 2 models" in said, "circuit-1 does not know these genes"
    assert "lower bound of the error" in said and "share a corpus" in said
    assert "--backbone toy-square" in said and "--backbone toy-linear" in said
    assert list(at.dataframe[-1].value) == list(SUMMARY_COLUMNS)
    held = at.query_params["models"]
    assert (held[0] if isinstance(held, list) else held) == "all"
    at.toggle(key=keys.SEVERAL_SHOWN).set_value(False).run()
    assert "models" not in at.query_params


def test_toys_and_circuits_are_not_among_the_other_models(toys):
    names = several_models.others(load_backbone("ugrn-mini-2", "cpu"))
    assert "ugrn-mini-log1p-2" in names and "ugrn-mini-2" not in names
    assert not any(name.startswith(("toy", "circuit")) for name in names)
