"""Why a translator says so: credits against closed forms, random pairs against a fresh sweep, page and command."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from tests.small_network import trained
from tests.test_pages import TOY, framed, fresh  # noqa: F401 (a fixture)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.cli.app import app
from ugrn_core.errors import InputError
from ugrn_core.estimate import estimate
from ugrn_core.figures.reasons import plot_reasons
from ugrn_core.pair_specific import random_pairs
from ugrn_core.random_pairs import curves_of_random_pairs, estimate_random_pairs
from ugrn_core.store import Store
from ugrn_core.stored_sweep import directed_pairs
from ugrn_core.sweep import sweep_pairs
from ugrn_core.translation.reasons import COLUMNS, pair_reasons, sums_by_curve
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.credit import _pieces, credit, net_credit
from ugrn_core.translators.library import save_translator
from ugrn_core.translators.mlp import TranslatorNet, predict_logits
from ugrn_core.types import Context, SweepSettings


@pytest.fixture(scope="module")
def toy():
    return load_backbone(TOY, "cpu")


@pytest.fixture(scope="module")
def translator(toy):
    return trained(toy)


def net(seed: int, hidden: tuple[int, ...], n: int = 12) -> TranslatorNet:
    generator = torch.Generator().manual_seed(seed)
    made = TranslatorNet(n, hidden)
    with torch.no_grad():
        for tensor in made.parameters():
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
        made.mean.copy_(torch.randn(n, generator=generator))
        made.scale.copy_(torch.rand(n, generator=generator) + 0.5)
    return made.eval().requires_grad_(False)


def ends(seed: int, n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    start, end = np.random.default_rng(seed).normal(0, 2, (2, n)).astype(np.float32)
    return start, end


@pytest.mark.parametrize("seed", range(5))
def test_the_credits_of_a_network_are_the_integral_and_sum_to_the_difference(seed):
    made, (start, end) = net(seed, (128, 64)), ends(seed)
    before = {name: t.clone() for name, t in made.state_dict().items()}
    got = net_credit(made, start, end)
    wide = net(seed, (128, 64)).double()
    steps = (torch.arange(20_000, dtype=torch.float64) + 0.5)[:, None] / 20_000
    line = (torch.from_numpy(start) + steps * torch.from_numpy(end - start)).requires_grad_()
    wide(line).sum().backward()
    assert line.grad is not None
    np.testing.assert_allclose(got, (end - start) * line.grad.mean(0).numpy(), rtol=0.01, atol=0.01 * np.abs(got).max())
    logits = predict_logits(made, np.stack([start, end]))
    assert got.sum() == pytest.approx(float(logits[1] - logits[0]), rel=1e-4, abs=1e-3)
    assert all(torch.equal(t, before[name]) for name, t in made.state_dict().items())


def test_no_kink_of_a_network_is_missed():
    for seed in range(12):
        made, (start, end) = net(seed, (9, 7, 5)).double(), ends(seed)
        first, last = (float(made(torch.from_numpy(x.astype(np.float64)))) for x in (start, end))
        assert net_credit(made, start, end).sum() == pytest.approx(last - first, rel=1e-9, abs=1e-9)
        at = _pieces(made, *(torch.from_numpy(x.astype(np.float64)) for x in (start, end)))
        line = torch.from_numpy(start) + at[:, None] * torch.from_numpy(end - start)
        between = made((line[:-1] + line[1:]).double() / 2) - (made(line.double())[:-1] + made(line.double())[1:]) / 2
        assert at[0] == 0 and at[-1] == 1 and (at.diff() > 0).all() and between.abs().max() < 1e-5


def test_the_credits_of_a_translator_are_means_over_its_nets(toy):
    made = trained(toy)
    widths = {part: len(nets[0].mean) for part, nets in made.nets.items()}
    rng = np.random.default_rng(2)
    start, end = ({p: rng.normal(size=n).astype(np.float32) for p, n in widths.items()} for _ in range(2))
    found = credit(made, start, end)
    for part, nets in made.nets.items():
        expected = np.mean([net_credit(one, start[part], end[part]) for one in nets], 0) / 2
        np.testing.assert_allclose(found[part], expected, rtol=1e-9)


def test_the_credits_of_a_linear_translator_are_its_weights_times_the_change():
    made, (start, end) = net(3, ()), ends(3)
    weights = made.linear_layers()[0].weight.numpy()[0]
    np.testing.assert_allclose(net_credit(made, start, end), weights * (end - start) / made.scale.numpy(), rtol=1e-5)


def test_a_step_of_nothing_has_no_credits():
    made, (start, _) = net(1, (8, 4)), ends(1)
    np.testing.assert_array_equal(net_credit(made, start, start), 0)


@pytest.mark.parametrize("background", ["fixed", "follow"])
def test_random_pairs_are_swept_once_and_are_those_of_the_percentile(toy, tmp_path, background):
    settings = SweepSettings(toy.card.base, toy.card.grid, background)
    genes = sorted(toy.vocabulary.symbols)
    a, b = random_pairs(len(genes))
    swept = sweep_pairs(toy, [(genes[i], genes[j]) for i, j in zip(a, b, strict=True)], settings)
    with Store(tmp_path) as store:
        first = curves_of_random_pairs(toy, Context(), settings, store)
        passes = 1000 * len(settings.grid)
        assert estimate_random_pairs(toy, Context(), settings, store) == estimate(toy, 3, passes, 1.0)
        for other in (None, store):
            moved = SweepSettings(settings.base + 1, settings.grid, background)
            assert estimate_random_pairs(toy, Context(), moved, other) == estimate(toy, 3, passes)
        again = curves_of_random_pairs(toy, Context(), settings, store)
    assert first.n == 1000 and set(first.mean) == ({"slope"} if background == "follow" else {"response", "slope"})
    for name in first.mean:
        curves = getattr(swept, name).astype(np.float64)
        np.testing.assert_allclose(first.mean[name], curves.mean(0), rtol=1e-5)
        assert first.spread[name] == pytest.approx((curves - curves.mean(0)).std(), rel=1e-5)
        np.testing.assert_allclose(first.peaks[name], np.abs(curves).max(1), rtol=1e-6)
        np.testing.assert_array_equal(first.mean[name], again.mean[name])


def test_random_pairs_of_a_list_are_among_its_genes_and_a_short_one_is_refused(toy):
    settings = SweepSettings(toy.card.base, toy.card.grid)
    genes = tuple(sorted(toy.vocabulary.symbols)[:10])
    cell = Context("profile", genes, tuple(np.linspace(0.5, 4.0, 10)), "cells")  # another answer than two genes alone
    found = curves_of_random_pairs(toy, cell, settings)
    assert found.n == 90 and set(found.pairs) == {(a, b) for a in genes for b in genes if a != b}
    swept = directed_pairs(toy, found.pairs, cell, settings)
    assert swept.response is not None
    np.testing.assert_allclose(found.mean["response"], swept.response.mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.peaks["response"], np.abs(swept.response).max(1), rtol=1e-6)
    assert estimate_random_pairs(toy, cell, settings) == estimate(toy, 11, 10 * len(settings.grid))
    assert curves_of_random_pairs(toy, Context("genes", genes[:8]), settings).n == 56
    with pytest.raises(InputError, match="at least 8 genes, this virtual cell has 4"):
        curves_of_random_pairs(toy, Context("genes", genes[:4]), settings)


@pytest.mark.parametrize(
    ("method", "context"), [("Ens", "pair"), ("GDT", "pair"), ("Ens", "full"), ("VVP+class", "pair")]
)
def test_the_bars_of_a_pair_sum_to_the_difference_of_the_logits(toy, method, context):
    made = trained(toy, method, context)
    genes = tuple(toy.vocabulary.symbols[:12])
    cell = Context() if context == "pair" else Context("genes", genes)
    found = pair_reasons(made, toy, genes[0], genes[5], cell)
    assert list(found.frame) == list(COLUMNS)
    score = score_pairs(made, toy, [(genes[0], genes[5])], cell).iloc[0]
    assert found.logit == pytest.approx(score["score"], abs=1e-4)
    assert found.probability == pytest.approx(score["probability"], abs=1e-5)
    assert abs(found.logit - found.usual_logit) > 1e-3
    assert found.frame["adds"].sum() == pytest.approx(found.logit - found.usual_logit, rel=0.01)
    assert sum(sums_by_curve(found.frame).values()) == pytest.approx(found.frame["adds"].sum())
    beside = {"VVP+class": {"response", "cosines of the embeddings", "gene class"}, "GDT": {"slope"}}
    assert set(found.frame["curve"]) == beside.get(method, {"response", "slope"})
    assert (found.frame["direction"] == "both").tolist() == found.frame["virtual_value"].isna().tolist()


def test_reasons_are_told_of_as_random_pairs_are_swept_and_summed_by_size(toy, translator):
    told: list[float] = []
    found = pair_reasons(translator, toy, "GATA1", "KLF1", Context(), progress=lambda share, _: told.append(share))
    assert told == sorted(told) and 0 < told[0] < told[-1] == pytest.approx(0.95)
    assert list(found.frame.index) == list(range(len(found.frame))) and found.n_random == 1000
    frame = pd.DataFrame(
        [("slope", "forward", "B", "A", 1.0), ("response", "reverse", "A", "B", -0.5),
         ("class", "both", "B", "A", -2.0),
         ("slope", "forward", "B", "A", 1.0), ("response", "forward", "B", "A", 0.5)],
        columns=["curve", "direction", "target", "source", "adds"],
    )  # fmt: skip
    sums = sums_by_curve(frame)
    assert list(sums.items()) == [
        ("slope of B to A", 2.0), ("class", -2.0), ("response of A to B", -0.5), ("response of B to A", 0.5),
    ]  # fmt: skip


def test_without_calibration_for_a_virtual_cell_there_is_no_probability(toy, translator):
    genes = tuple(toy.vocabulary.symbols[:12])
    cells = Context("profile", genes, (1.0,) * 12, label="cells")
    assert not translator.card.holds_in("profile")
    found = pair_reasons(translator, toy, genes[0], genes[5], cells)
    assert np.isnan(found.probability) and np.isfinite(found.logit)
    assert found.frame["adds"].sum() == pytest.approx(found.logit - found.usual_logit, rel=0.01, abs=1e-4)


def test_a_translator_of_other_features_is_refused(toy, translator):
    with pytest.raises(InputError, match="reads curves of toy-square, the chosen model is toy-linear"):
        pair_reasons(translator, load_backbone("toy-linear", "cpu"), "GATA1", "KLF1", Context())
    with pytest.raises(InputError, match="reads Baseline-Emb, which has no virtual values"):
        pair_reasons(trained(toy, "Baseline-Emb"), toy, "GATA1", "KLF1", Context())
    with pytest.raises(InputError, match="the same gene"):
        pair_reasons(translator, toy, "GATA1", "GATA1", Context())


def test_every_bar_is_in_the_figure_with_its_title_and_unit(toy, translator):
    frame = pair_reasons(translator, toy, "GATA1", "KLF1", Context()).frame
    figure = plot_reasons(frame, toy.card.unit)
    drawn = np.concatenate([trace.y for trace in figure.data])
    np.testing.assert_allclose(np.sort(drawn), np.sort(frame["adds"]))
    said = " ".join(a.text for a in figure.layout.annotations)
    assert "response of KLF1 to GATA1" in said and "slope of GATA1 to KLF1" in said
    assert figure.layout.xaxis3.title.text == "x: virtual value of GATA1 (toy units)"
    assert figure.layout.yaxis.title.text == "adds to the logit"


@pytest.fixture
def page(translator):
    save_translator(translator)
    at = framed("pair.py")
    at.query_params["source"], at.query_params["target"] = "GATA1", "KLF1"
    return at


def said(at):
    return " ".join(str(m.value) for m in [*at.caption, *at.markdown, *at.code]).replace("\\", "")


def test_a_chosen_translator_shows_its_reasons_below_the_curves_and_stays_in_the_address(page):
    at = page.run()
    assert "mean of 1,000 random pairs" not in said(at) and "translator" not in at.query_params
    at.selectbox(key="pair translator").set_value("toy").run()
    assert not at.exception and not at.error
    assert "toy gives GATA1 → KLF1 a logit of" in said(at) and "mean of 1,000 random pairs" in said(at)
    assert len(at.get("plotly_chart")) == 2
    titles = [a["text"] for a in json.loads(at.get("plotly_chart")[1].proto.spec)["layout"]["annotations"]]
    assert titles[0] == "response of KLF1 to GATA1"
    assert "adds" in at.dataframe[-1].value
    assert "ugrn translator why toy GATA1 KLF1 --backbone toy-square --context pair" in said(at)
    held = at.query_params["translator"]
    assert (held[0] if isinstance(held, list) else held) == "toy"
    fresh_page = framed("pair.py")
    fresh_page.query_params.update({"source": "GATA1", "target": "KLF1", "translator": "toy"})
    assert "toy gives GATA1 → KLF1" in said(fresh_page.run())


def test_a_translator_of_two_genes_in_a_longer_cell_says_how_it_reads_the_pair(page):
    page.query_params.update({"translator": "toy", "context": "genes", "genes": "GATA1,KLF1,TAL1", "grid": "1,2"})
    at = page.run()
    assert "trained on two genes alone" in said(at) and "at the values it was trained at" in said(at)


def test_the_command_writes_the_bars(translator, toy, tmp_path):
    save_translator(translator)
    result = CliRunner().invoke(app, ["translator", "why", "toy", "GATA1", "KLF1"])
    assert result.exit_code == 0, result.output
    written = pd.read_csv(io.StringIO(result.stdout))
    expected = pair_reasons(translator, toy, "GATA1", "KLF1", Context()).frame.round(6)
    pd.testing.assert_frame_equal(written, expected)
    assert "of the mean of 1,000 random pairs" in result.stderr
