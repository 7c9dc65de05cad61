"""The bench: counts are those torch counts, ratios are those of what was timed, and every key is there."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from typer.testing import CliRunner

from ugrn_core.backbones import registry
from ugrn_core.backbones.backbone import TransformerBackbone, plain_pairs
from ugrn_core.backbones.checkpoint import read_json, to_backbone
from ugrn_core.backbones.full_context import BaseCell
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.backbones.two_genes import sweep_pairs
from ugrn_core.bench import counts, embedded, goals, memory, scgpt
from ugrn_core.bench import measure as measuring
from ugrn_core.bench import timing as clock
from ugrn_core.bench.counts import Formula, counted
from ugrn_core.bench.growth import fit
from ugrn_core.bench.measure import GEMM, Measurement, Work, measure
from ugrn_core.bench.models import MINI, MINI_SHAPE, mini, random_checkpoint, scgpt_size
from ugrn_core.bench.part import TOLERANCE, BenchPart, largest_difference, share_apart
from ugrn_core.bench.passes import DUAL, FORWARD, SWEEP, random_genes, random_pairs, sweep_rows
from ugrn_core.bench.precision import compare_precisions
from ugrn_core.bench.reverse import BACKWARD, BATCHED, GRAPH, ReverseMode, reverse_mode
from ugrn_core.bench.run import run
from ugrn_core.bench.sizes import FULL, QUICK, Sizes
from ugrn_core.bench.timing import Timing, interleaved
from ugrn_core.cli import app
from ugrn_core.cli import bench as command
from ugrn_core.sweep import batch_size, sweep_sources
from ugrn_core.types import SweepSettings

CPU = torch.device("cpu")
TINY = Sizes(
    goals=False,
    gemm=64,
    repeats=2,
    scgpt_layers=2,
    scgpt_width=16,
    scgpt_heads=2,
    scgpt_genes=12,
    scgpt_pairs=4,
    backwards=3,
    mini_genes=(10, 14),
    mini_pairs=5,
    plain_batches=(1, 3),
    growth_repeats=1,
    growth_genes=8,
    growth_sources=(1, 2),
    growth_values=(2, 4),
    growth_context=(8, 16),
    memory_sources=(1, 2),
)


def tiny_model(width: int = 16, layers: int = 3, heads: int = 2, ff: int = 24, gene_width: int = 16) -> LeanTransformer:
    norms = gene_width == width
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = TransformerConfig(40, width, layers, heads, ff, gene_width, norms, norms, 39, -2.0)
        return LeanTransformer(config).eval().requires_grad_(False)


SHAPES = [{}, {"layers": 1}, {"layers": 2, "ff": 7, "gene_width": 10}, {"width": 24, "heads": 1, "gene_width": 24}]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


# counts


class Products(TorchDispatchMode):
    """A second count, from the shapes of what goes into each matrix product."""

    def __init__(self) -> None:
        super().__init__()
        self.multiply_adds = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        tensors = [a for a in args if isinstance(a, Tensor)]
        if name in ("mm", "bmm", "addmm", "baddbmm"):
            left, right = tensors[-2:]
            self.multiply_adds += left.numel() * right.shape[-1]
        elif name == "_linear_pointwise":
            x, weight = tensors[:2]
            self.multiply_adds += x.numel() * weight.shape[0]
        elif name == "_scaled_dot_product_flash_attention_for_cpu":
            q, k, v = tensors[:3]
            self.multiply_adds += q.numel() * k.shape[-2] + q.numel() // q.shape[-1] * k.shape[-2] * v.shape[-1]
        return func(*args, **(kwargs or {}))


def by_hand(work: Any) -> int:
    with Products() as products:
        work()
    return products.multiply_adds


def base_cell_formula(config: TransformerConfig, genes: int) -> Formula:
    """Building a :class:`ugrn_core.backbones.full_context.BaseCell`."""
    return Formula("L*M + L*(D + 4*D**2) + L**2*D", counts.forward_formula(config, 1, genes).symbols)


def as_counted(formula: Formula, work: Any) -> None:
    assert formula.multiply_adds == counted(work) == by_hand(work) > 0


@shapes
@pytest.mark.parametrize(("batch", "genes"), [(1, 1), (3, 11), (8, 30)])
def test_passes_call_the_multiply_adds_of_their_formulas(shape: dict, batch: int, genes: int) -> None:
    model = tiny_model(**shape)
    ids, base = torch.arange(genes), torch.full((genes,), 10.0)
    values, at = base.repeat(batch, 1), torch.arange(batch) % min(2, genes)
    as_counted(counts.forward_formula(model.config, batch, genes), lambda: model(ids, values))
    as_counted(counts.dual_formula(model.config, batch, genes), lambda: model.dual(ids, values, values))
    as_counted(base_cell_formula(model.config, genes), lambda: BaseCell(model, ids, base))
    cell, value = BaseCell(model, ids, base), torch.arange(1.0, batch + 1)
    sources = len(at.unique())
    as_counted(counts.sweep_formula(model.config, batch, genes, sources), lambda: cell.sweep(at, value))


@shapes
@pytest.mark.parametrize("n_values", [1, 6])
def test_pairs_call_the_multiply_adds_of_their_formula(shape: dict, n_values: int) -> None:
    model = tiny_model(**shape)
    pairs, grid = torch.tensor([[0, 1], [1, 0], [0, 7], [9, 20]]), torch.arange(1.0, n_values + 1)
    formula = counts.pairs_formula(model.config, len(pairs), n_values, 5)
    as_counted(formula, lambda: sweep_pairs(model, pairs, 10.0, grid))


def test_a_dual_pass_costs_what_the_facts_say() -> None:
    """2.39 plain passes at scGPT's size, and less by nearly a layer on the sweep's own way."""
    config = TransformerConfig(2000, 512, 12, 8, 512, 512, True, True, 0, -2.0)
    forward = counts.forward_formula(config, 4, 1000).multiply_adds
    assert counts.dual_formula(config, 4, 1000).multiply_adds / forward == pytest.approx(2.39, abs=0.01)
    assert counts.sweep_formula(config, 4, 1000, 2).multiply_adds / forward == pytest.approx(2.22, abs=0.03)


def test_a_formula_knows_arithmetic_only() -> None:
    assert Formula("A**2*(B - 1) + 3", {"A": 4, "B": 3}).multiply_adds == 35
    with pytest.raises(ValueError, match="no arithmetic"):
        _ = Formula("A.bit_length()", {"A": 4}).multiply_adds


# the short ways are in use (counts, not seconds)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> TransformerBackbone:
    folder = tmp_path_factory.mktemp("bench") / "random"
    return to_backbone(random_checkpoint(folder, 60, width=16, n_layers=3, n_heads=2), device="cpu")


def test_the_sweep_runs_on_its_own_pass(backbone: TransformerBackbone) -> None:
    genes, grid = random_genes(backbone, 30), (1.0, 5.0, 20.0)
    config, rows = backbone.model.config, 2 * len(grid)
    run_it = lambda: list(sweep_sources(backbone, genes, genes[:2], SweepSettings(10.0, grid)))  # noqa: E731
    parts = [
        counts.forward_formula(config, 1, 30),
        base_cell_formula(config, 30),
        counts.sweep_formula(config, rows, 30, 2),
    ]
    assert rows <= batch_size(31, backbone.device)
    assert counted(run_it) == sum(p.multiply_adds for p in parts)
    assert counted(run_it) < 0.85 * counts.dual_formula(config, rows, 30).multiply_adds


def test_pairs_run_on_their_own_pass(backbone: TransformerBackbone) -> None:
    vocabulary, grid = backbone.vocabulary, torch.tensor(backbone.card.grid)
    ids = torch.stack([torch.from_numpy(vocabulary.ids(p)) for p in random_pairs(backbone, 20)])
    own = counted(lambda: backbone.sweep_pairs(ids, 10.0, grid))
    assert own < 0.7 * counted(lambda: plain_pairs(backbone, ids, 10.0, grid))


# timing


def test_works_take_turns_and_medians_are_medians(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    now = [0.0]
    costs: dict[str, Iterator[float]] = {"a": iter([9, 9, 1, 5, 3]), "b": iter([9, 9, 2, 2, 8])}

    def work(name: str) -> None:
        order.append(name)
        now[0] += next(costs[name])

    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(clock, "SHORTEST", 1.0)
    found = interleaved({n: lambda n=n: work(n) for n in "ab"}, 3, CPU)
    assert "".join(order) == "aabb" + "ab" * 3
    assert found == {"a": Timing(3, 1, 5, 3, 1), "b": Timing(2, 2, 8, 3, 1)}
    assert (found["a"].spread, found["b"].spread) == (4 / 3, 3)


def test_a_short_work_fills_a_repeat_with_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(clock, "SHORTEST", 1.0)

    def work() -> None:
        now[0] += 0.25

    assert interleaved({"a": work}, 2, CPU)["a"] == Timing(0.25, 0.25, 0.25, 2, 4)


def test_the_share_is_the_rate_over_that_of_the_matrix_product(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {GEMM: Timing(0.5, 0.4, 0.6, 3, 1), "one": Timing(0.25, 0.2, 0.3, 3, 2), "two": Timing(1, 1, 1, 3, 1)}
    monkeypatch.setattr(measuring, "interleaved", lambda works, *_, **__: {n: times[n] for n in works})
    a = torch.ones(8, 8)
    works = [Work("one", lambda: a @ a, 2, 5, Formula("S**3", {"S": 8})), Work("two", lambda: None, 1, 5)]
    found = measure(works, model="m", device=CPU, gemm=16, repeats=3)
    assert found[GEMM].gemm_fraction == 1
    assert found[GEMM].gflops == pytest.approx(2e-9 * 16**3 / 0.5)
    assert found["one"].gemm_fraction == pytest.approx((8**3 / 0.25) / (16**3 / 0.5))
    assert (found["one"].multiply_adds, found["one"].spread) == (512, pytest.approx(0.4))
    assert found["two"].gemm_fraction is found["two"].multiply_adds is None


# figures come from what was measured


def measured(name: str, seconds: float, batch: int = 1, fraction: float | None = None) -> Measurement:
    empty: dict[str, Any] = dict.fromkeys(f.name for f in fields(Measurement))
    given = {"name": name, "batch": batch, "tokens": 1, "seconds": seconds, "repeats": 5, "calls": 2}
    return Measurement(**(empty | given | {"gemm_fraction": fraction}))


def works_of(found: dict[str, Measurement]) -> dict[str, Work]:
    return {name: Work(name, lambda: torch.ones(3) + 1, 1, 1) for name in found}


seconds = st.floats(1e-3, 1e3)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[seconds] * 9), st.integers(1, 2000))
def test_scgpt_figures_are_ratios_of_the_measurements(t: tuple[float, ...], n_genes: int) -> None:
    names = [FORWARD, DUAL, SWEEP, scgpt.OFFICIAL, scgpt.UNFUSED, scgpt.ONE_SOURCE, GRAPH, BACKWARD, BATCHED]
    batch = {DUAL: 4, SWEEP: 4, BATCHED: 5}
    found = {n: measured(n, s, batch.get(n, 1), fraction=s / 7) for n, s in zip(names, t, strict=True)}
    part = BenchPart("scgpt", "m", FULL, CPU, 1)
    scgpt.figures(part, found, works_of(found), ReverseMode([], [], torch.zeros(0), None), n_genes)
    forward, dual, sweep, official, unfused, one, graph, backward, batched = t
    reference = min(official, unfused)
    reverse = graph + n_genes * min(backward, batched / 5)
    figures = part.figures
    assert figures["forward_vs_official"] == pytest.approx(reference / forward)
    assert figures["dual_vs_official_forward"] == pytest.approx(dual / reference)
    assert figures["sweep_vs_official_forward"] == pytest.approx(sweep / reference)
    assert figures["dual_gemm_fraction"] == dual / 7
    assert figures["sweep_gemm_fraction"] == sweep / 7
    assert figures["gdt_vs_reverse_mode"] == pytest.approx(reverse / one)
    assert figures["gdt_vs_reverse_mode_in_a_sweep"] == pytest.approx(reverse / (sweep / 4))
    assert figures["reverse_mode"]["backwards_measured"] == 10
    assert figures["reverse_mode"]["extrapolated"]
    assert part.no_gain["follow_vs_reverse_mode"] == pytest.approx(reverse / n_genes / (dual / 4))


def test_reverse_mode_without_batched_backwards_counts_one_by_one() -> None:
    found = {GRAPH: measured(GRAPH, 2.0), BACKWARD: measured(BACKWARD, 3.0)}
    whole = scgpt.all_targets(found, 10, "no rule")
    assert (whole.seconds, whole.batched_seconds, whole.batched_not_run) == (32.0, None, "no rule")


def test_mini_figures_are_ratios_at_the_best_batch() -> None:
    found = {DUAL: measured(DUAL, 2.0, 4, 0.5), SWEEP: measured(SWEEP, 1.0, 4, 0.4)}
    plain = {1: 3.0, 2: 4.0, 4: 10.0}  # 3, 2 and 2.5 a row
    found |= {f"{embedded.PLAIN}, batch {b}": measured("", s, b) for b, s in plain.items()}
    part = BenchPart("mini", "m", FULL, CPU, 1)
    embedded.figures(part, found, works_of(found), 849)
    assert part.figures == {
        "plain_batch_849": 2,
        "dual_gemm_fraction_849": 0.5,
        "dual_vs_plain_849": 4.0,
        "sweep_gemm_fraction_849": 0.4,
        "sweep_vs_plain_849": 8.0,
    }
    assert {v.figure: v.met for v in part.verdicts} == {
        "mini.dual_gemm_fraction_849": True,
        "mini.dual_vs_plain_849": True,
        "mini.sweep_gemm_fraction_849": False,
        "mini.sweep_vs_plain_849": True,
    }


def test_answers_that_differ_stop_the_run() -> None:
    part = BenchPart("scgpt", "m", TINY, CPU, 1)
    part.agree("same", torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]))
    for wrong in (2.001, float("nan")):
        with pytest.raises(RuntimeError, match="of the answers differ"):
            part.agree("other", torch.tensor([1.0, wrong]), torch.tensor([1.0, 2.0]))


@settings(deadline=None)
@given(st.floats(-2, 3), st.floats(1e-6, 1e3), st.lists(st.integers(1, 10**4), min_size=2, max_size=6, unique=True))
def test_the_fit_finds_the_exponent_of_a_power(exponent: float, factor: float, points: list[int]) -> None:
    found, r_squared = fit(points, [factor * float(n) ** exponent for n in points])
    assert found == pytest.approx(exponent, abs=1e-6)
    assert r_squared == pytest.approx(1, abs=1e-3) or abs(exponent) < 1e-3


def test_a_fit_of_noise_says_so() -> None:
    assert fit([1, 2, 4, 8], [1.0, 5.0, 0.5, 2.0])[1] < 0.1


# goals


@pytest.mark.parametrize(
    ("sense", "value", "met"), [("at least", 2.0, True), ("at least", 1.9, False), ("at most", 2.1, False)]
)
def test_a_missed_goal_has_a_profile_and_a_met_one_has_none(sense: Any, value: float, met: bool) -> None:
    a = torch.rand(300, 300)
    goal = goals.Goal("x.y", "a product", sense, 2.0)
    verdict = goal.judge(value, lambda: a @ a, CPU)
    assert verdict.met == met
    assert [s.operation for s in verdict.profile[:1]] == ([] if met else ["aten::mm"])
    assert sum(s.share for s in verdict.profile) <= 1 + 1e-9


def test_profiling_leaves_stderr_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    goals.hot_spots(lambda: torch.ones(3) + 1, CPU)
    os.write(2, b"still here")
    assert capfd.readouterr() == ("", "still here")


def test_goals_are_those_set_for_the_full_size() -> None:
    found = {name: (g.sense, g.limit) for name, g in goals.goals(FULL).items()}
    assert found["scgpt.forward_vs_official"] == ("at least", 1.1)
    assert found["scgpt.dual_vs_official_forward"] == ("at most", 2.1)
    assert found["scgpt.dual_gemm_fraction"] == ("at least", 0.75)
    assert found["scgpt.gdt_vs_reverse_mode"] == ("at least", 1000)
    assert found["mini.dual_gemm_fraction_849"] == found["mini.dual_gemm_fraction_1411"] == ("at least", 0.45)
    assert found["mini.dual_vs_plain_849"] == ("at least", 2)
    assert found["mini.pairs_per_second"] == ("at least", 5000)
    size = (FULL.gemm, FULL.scgpt_layers, FULL.scgpt_width, FULL.scgpt_heads, FULL.scgpt_genes)
    assert size == (2048, 12, 512, 8, 1000)
    assert FULL.mini_genes == (849, 1411) and FULL.plain_batches == (1, 2, 4, 8) and FULL.backwards >= 5
    assert FULL.goals and not QUICK.goals
    for sizes in (FULL, QUICK):
        assert min(sizes.memory_sources) * 6 >= batch_size(sizes.growth_genes + 1, CPU)


# models and rows


def test_the_official_model_has_our_weights() -> None:
    ours, theirs = scgpt_size(TINY, CPU)
    rows = sweep_rows(ours, TINY.scgpt_genes)
    with torch.no_grad():
        assert largest_difference(ours.reconstruct(rows.ids, rows.values), theirs(rows.ids, rows.values)) < TOLERANCE
    assert (ours.width, ours.n_layers, ours.n_heads, ours.card.layout) == (16, 2, 2, "scgpt")


def test_reverse_mode_gives_the_slopes_of_the_targets_spread_over_the_context() -> None:
    ours, theirs = scgpt_size(TINY, CPU)
    rows = sweep_rows(ours, TINY.scgpt_genes)
    reverse = reverse_mode(theirs, rows, 3)
    assert reverse.targets == [0, 6, 11]
    slope = ours.base_cell(rows.ids, rows.base).sweep(rows.at[:1], rows.value[:1])[1][0]
    torch.testing.assert_close(reverse.slopes, slope[reverse.targets], rtol=1e-4, atol=1e-6)
    turns = next(work for work in reverse.works if work.name == BACKWARD)
    seen = torch.stack([turns.run()[0, rows.at[0]] for _ in range(3)])  # pyright: ignore
    torch.testing.assert_close(seen, reverse.slopes)


def test_rows_are_a_batch_out_of_a_sweep(backbone: TransformerBackbone) -> None:
    rows = sweep_rows(backbone, 50)
    grid = list(backbone.card.grid)
    assert len(rows.at) == batch_size(51, CPU)
    assert rows.value.tolist() == (grid * (2 + len(rows.at) // 6))[: len(rows.at)]
    assert rows.sources == -(-len(rows.at) // 6)
    assert torch.equal(rows.values.gather(1, rows.at[:, None])[:, 0], rows.value)
    assert rows.tangents.sum(1).eq(1).all()
    some = rows.first(len(rows.at) + 2)
    assert torch.equal(some.value[-2:], rows.value[:2])


def test_pairs_are_both_directions_of_different_genes(backbone: TransformerBackbone) -> None:
    pairs = random_pairs(backbone, 150)
    assert len(pairs) == 300
    assert all(s != t for s, t in pairs)
    assert [(t, s) for s, t in pairs[:150]] == pairs[150:]
    assert len(set(pairs)) > 250


def test_the_shape_for_a_missing_embedded_model_is_that_of_the_shipped_one() -> None:
    record = registry.BACKBONES[MINI]
    if not registry.is_available(record):
        pytest.skip(f"{record.folder} does not hold the weights yet")
    assert record.folder is not None
    args = read_json(record.folder / "args.json")
    assert {"width": args["embsize"], "n_layers": args["nlayers"], "n_heads": args["nheads"]} == MINI_SHAPE
    assert args["d_hid"] == args["embsize"]
    assert mini(10, CPU).card.name == MINI


def test_memory_is_that_of_a_process_of_its_own(report: dict[str, Any]) -> None:
    held = np.ones(60_000_000)  # 480 MB
    now = psutil.Process().memory_info().rss
    assert memory.peak_rss() >= 0.99 * now > held.nbytes
    del held
    assert memory.peak_rss() >= 0.99 * now  # it is the peak
    found = report["memory"]
    peaks, before = found["peak_mb"], found["before_mb"]
    assert max(peaks) < memory.peak_rss() / 1e6 - 200  # this process, with what it just held, is not in it
    assert all(100 < b <= p for b, p in zip(before, peaks, strict=True))
    assert found["growth"] == peaks[-1] / peaks[0]
    assert found["sources"] == TINY.memory_sources


def test_precision_stands_with_its_error(backbone: TransformerBackbone) -> None:
    rows = sweep_rows(backbone, 20)
    model = copy.deepcopy(backbone.model)
    for layer in model.layers:
        layer.qkv.weight.mul_(4)  # so that genes do answer to each other
    single, half = compare_precisions(model, rows, "random", repeats=1)
    assert (single.precision, half.precision) == ("float32", "bfloat16")
    assert single.vs_float32 == 1
    assert half.vs_float32 == single.seconds / half.seconds
    assert 0 < single.gdt_error < 1e-4 < half.gdt_error < 1
    assert 0 < single.vvp_error < 1e-4 < half.vvp_error < 1


# the whole


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run on a machine that lacks the embedded model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "ASSETS", tmp_path_factory.mktemp("no-assets"))
        patch.setattr(clock, "SHORTEST", 0.0)
        shares: list[float] = []
        found = run(TINY, threads=1, progress=lambda share, text: shares.append(share))
    assert shares == sorted(shares)
    assert shares[0] >= 0 and shares[-1] <= 1
    return found


def test_the_report_has_every_key(report: dict[str, Any]) -> None:
    first, second = TINY.mini_genes
    json.dumps(report, allow_nan=False)
    assert set(report) == {
        *("schema", "full_size", "sizes", "machine", "versions", "device", "gemm_gflops", "scgpt", "mini", "goals"),
        *("no_gain", "agreement", "precision", "measurements", "growth", "growth_points", "peak_rss_mb", "memory"),
        "gpu",
    }
    assert report["scgpt"].keys() >= {
        *("forward_vs_official", "dual_vs_official_forward", "dual_gemm_fraction", "gdt_vs_reverse_mode"),
        *("sweep_vs_official_forward", "sweep_gemm_fraction", "gdt_vs_reverse_mode_in_a_sweep", "reverse_mode"),
        *("forward_gemm_fraction", "pairs_per_second"),
    }
    figures = [f"{n}_{g}" for n in ("dual_gemm_fraction", "sweep_gemm_fraction") for g in TINY.mini_genes]
    assert report["mini"].keys() >= {*figures, f"dual_vs_plain_{first}", f"dual_vs_plain_{second}", "pairs_per_second"}
    assert set(report["growth"]) == {"sources", "values", "context"}
    assert set(report["no_gain"]) == {"follow_vs_reverse_mode", "pair_context_vs_reverse_mode"}
    assert {v["figure"] for v in report["goals"]} == set(goals.goals(TINY))
    assert not report["full_size"]
    assert report["peak_rss_mb"] == max(report["memory"]["peak_mb"])


def test_the_run_did_without_the_embedded_model_and_with_the_threads_asked_for(report: dict[str, Any]) -> None:
    assert report["mini"]["model"] == f"{MINI}-random"
    assert report["machine"]["threads"] == 1
    assert report["device"]["threads"] == 1
    assert report["machine"]["waiting_threads"] == os.environ["OMP_WAIT_POLICY"]


def test_every_measurement_says_what_it_is_of(report: dict[str, Any]) -> None:
    keys = {f.name for f in fields(Measurement)}
    for m in report["measurements"]:
        assert set(m) == keys
        assert 0 < m["fastest"] <= m["seconds"] <= m["slowest"]
        assert m["repeats"] == TINY.repeats and m["calls"] >= 1 and m["batch"] >= 1 and m["tokens"] >= 3
        assert (m["formula"] is None) == (m["gemm_fraction"] is None) == (m["multiply_adds"] is None)
        if m["formula"]:
            assert m["multiply_adds"] == m["formula_multiply_adds"]
            assert eval(m["formula"], {}, m["symbols"]) == m["multiply_adds"]  # noqa: S307
    names = {m["name"] for m in report["measurements"]}
    assert names >= {FORWARD, DUAL, SWEEP, scgpt.OFFICIAL, scgpt.ONE_SOURCE, GRAPH, BACKWARD, GEMM}


def test_figures_of_the_report_are_those_of_its_measurements(report: dict[str, Any]) -> None:
    ours = {m["name"]: m for m in report["measurements"] if m["model"].startswith("scGPT")}
    official = min(ours[scgpt.OFFICIAL]["seconds"], ours[scgpt.UNFUSED]["seconds"])
    assert report["scgpt"]["forward_vs_official"] == official / ours[FORWARD]["seconds"]
    assert report["scgpt"]["dual_gemm_fraction"] == ours[DUAL]["gemm_fraction"]
    pairs = ours["pairs, end to end"]
    assert report["scgpt"]["pairs_per_second"] == pairs["batch"] / pairs["seconds"]
    assert pairs["batch"] == TINY.scgpt_pairs
    for goal in report["goals"]:
        part, key = goal["figure"].split(".")
        assert goal["value"] == report[part][key]
        assert goal["met"] == (goal["value"] >= goal["goal"] if goal["sense"] == "at least" else not goal["profile"])
    points = report["growth_points"]["context"]
    assert report["growth"]["context"] == fit(points["points"], points["seconds"])[0]


def test_a_kink_is_let_pass_and_a_wrong_answer_is_not() -> None:
    right = torch.linspace(1, 2, 1000)
    one, many = right.clone(), right.clone()
    one[7] += 0.01
    many[:20] += 0.01
    assert share_apart(one, right) == pytest.approx(0.001) and share_apart(many, right) == pytest.approx(0.02)
    assert share_apart(torch.full((3,), torch.nan), torch.ones(3)) == 1.0


def test_the_answers_compared_agree(report: dict[str, Any]) -> None:
    assert set(report["agreement"]) >= {"scgpt.forward_vs_official", "scgpt.gdt_vs_reverse_mode"}
    assert len(report["agreement"]) == 16
    assert max(report["agreement"].values()) < TOLERANCE


def test_the_report_names_the_machine_by_its_parts_only(report: dict[str, Any]) -> None:
    text = json.dumps(report)
    assert os.uname().nodename not in text
    assert str(Path.home()) not in text and str(registry.ASSETS.parent) not in text
    assert report["machine"]["processor"] and report["versions"]["torch"] == torch.__version__


# the command


def invoke(report: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: str) -> tuple[Any, Path]:
    kept = tmp_path / "docs" / "latest.json"
    monkeypatch.setattr(command, "LATEST", kept)
    asked: dict[str, Any] = {}

    def answer(sizes: Sizes, **options: Any) -> dict[str, Any]:
        asked.update(options, sizes=sizes)
        return report | {"full_size": sizes.goals}

    monkeypatch.setattr("ugrn_core.bench.run.run", answer)
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["bench", *words])
    assert result.exit_code == 0, result.output
    assert asked["sizes"] == (QUICK if "--quick" in words else FULL)
    assert asked["threads"] == (3 if "--threads" in words else None)
    return result, kept


def test_a_quick_run_is_shown_and_not_kept(report: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result, kept = invoke(report, monkeypatch, tmp_path, "--quick", "--threads", "3")
    assert result.stdout == ""
    assert not kept.exists()
    assert "say nothing about the goals" in result.stderr
    for goal in report["goals"]:
        assert goal["figure"] in result.stderr
    assert "aten::" in result.stderr


def test_a_full_run_is_kept_and_written_as_json(report: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gpu = {k: report[k] for k in report if k not in ("gpu", "machine", "versions")}
    gpu["device"] = report["device"] | {"device": "cuda:0", "hardware": "A card"}
    result, kept = invoke(report | {"gpu": gpu}, monkeypatch, tmp_path, "--json")
    expected = json.loads(json.dumps(report | {"full_size": True, "gpu": gpu}))
    assert json.loads(result.stdout) == json.loads(kept.read_text()) == expected
    assert "say nothing about the goals" not in result.stderr
    assert "A card (cuda:0)" in result.stderr


def test_threads_must_be_a_number_of_threads() -> None:
    assert CliRunner().invoke(app, ["bench", "--threads", "0"]).exit_code == 2


def test_what_the_documentation_says_is_in_the_report(report: dict[str, Any]) -> None:
    text = (Path(__file__).parent.parent / "docs" / "bench.md").read_text("utf-8")
    table = text.split("## The report")[1]
    for key in report:
        assert f"`{key}`" in table, key
    for goal in goals.goals(FULL).values():
        if "sweep" not in goal.figure and goal.figure != "memory.growth":
            assert f"`{goal.figure}`" in text
            assert f"{goal.sense} {goal.limit:,g}" in text


def test_sizes_are_all_stated(report: dict[str, Any]) -> None:
    assert report["sizes"] == asdict(TINY)
