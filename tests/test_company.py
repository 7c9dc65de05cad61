"""A pair in company: curves and surfaces against single passes of the plain core, and what is refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from ugrn_core import company as room
from ugrn_core import places
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.cli.app import app
from ugrn_core.company import (
    Companion,
    Surface,
    estimate_in_company,
    estimate_surface,
    explore_in_company,
    in_company,
    read_companions,
    response_surface,
    surface_values,
)
from ugrn_core.errors import Cancelled, GeneError, InputError
from ugrn_core.estimate import estimate
from ugrn_core.genes.resolve import resolve_one
from ugrn_core.pair import PairRequest
from ugrn_core.pair_output import SURFACE_COLUMNS, company_frame, surface_frame
from ugrn_core.store import Store
from ugrn_core.sweep import LARGEST_VALUE
from ugrn_core.types import Context, SweepSettings

TAL1, SPI1 = Companion("TAL1", 2.0), Companion("SPI1", -1.5)
CELL = ("MYC", "TAL1", "KLF1", "HBB")
CONTEXTS = [
    Context(),
    Context("genes", CELL, label="four genes"),
    Context("profile", CELL, (0.5, -0.5, 1.0, 0.25), label="cells"),
]


@pytest.fixture(scope="module")
def model() -> Backbone:
    return load_backbone("ugrn-mini-3", "cpu")


def asked(context: Context = CONTEXTS[0], background: str = "fixed") -> PairRequest:
    return PairRequest("GATA1", "KLF1", context, SweepSettings(0.0, (-2.0, 1.0, 3.0), background))  # type: ignore[arg-type]


def plain(model: Backbone, values: dict[str, float], read: str) -> float:
    """What one plain pass over these genes predicts of one of them."""
    ids = torch.from_numpy(model.vocabulary.ids(list(values)))
    out = model.reconstruct(ids, torch.tensor([list(values.values())], dtype=torch.float32))
    return float(out[0, list(values).index(read)])


def cell_of(context: Context) -> dict[str, float]:
    """The virtual cell without company, spelt out."""
    genes = context.genes or ("KLF1",)
    return {"GATA1": 0.0} | dict(zip(genes, context.values or [0.0] * len(genes), strict=True))


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda c: c.kind)
def test_curves_with_and_without_are_single_passes_of_the_plain_core(model: Backbone, context: Context) -> None:
    result, without = explore_in_company(model, asked(context), [TAL1, SPI1])
    assert without is not None
    alone = cell_of(context)
    for found, cell in ((without, alone), (result, alone | {"TAL1": 2.0, "SPI1": -1.5})):
        start = plain(model, cell, "KLF1")
        expected = [plain(model, cell | {"GATA1": x}, "KLF1") - start for x in (-2.0, 1.0, 3.0)]
        assert found.forward.response == pytest.approx(expected, abs=2e-5)
    assert result.residual is not None
    assert result.residual < 0.05
    table = company_frame(result, [TAL1, SPI1], without)
    assert list(table["company"].unique()) == ["", "TAL1=2 SPI1=-1.5"]
    assert len(table) == 2 * 2 * 3


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda c: c.kind)
def test_a_surface_is_single_passes_and_its_parts_are_those_of_its_points(model: Backbone, context: Context) -> None:
    surface = response_surface(model, asked(context), [SPI1, TAL1], "TAL1", 5)
    cell = cell_of(context) | {"SPI1": -1.5}
    assert surface.source_values.tolist() == [-3.125, -1.5625, 0.0, 1.5625, 3.125]
    for j, y in ((0, -3.125), (3, 1.5625)):
        start = plain(model, cell | {"TAL1": y}, "KLF1")
        expected = [plain(model, cell | {"TAL1": y, "GATA1": x}, "KLF1") - start for x in surface.source_values]
        assert surface.response[j] == pytest.approx(expected, abs=2e-5)
    assert surface.companion_base == cell_of(context).get("TAL1", 0.0)
    own = cell | {"TAL1": surface.companion_base}
    usual = [plain(model, own | {"GATA1": x}, "KLF1") - plain(model, own, "KLF1") for x in surface.source_values]
    assert surface.interaction == pytest.approx(surface.response - usual, abs=2e-5)
    assert np.ptp(surface.interaction) > 0.01
    genes = list(cell | {"TAL1": 0.0})
    values = torch.tensor([list((cell | {"TAL1": -3.125, "GATA1": 1.5625}).values())], dtype=torch.float32)
    source, companion = (torch.tensor([[float(gene == moved) for gene in genes]]) for moved in ("GATA1", "TAL1"))
    ids = torch.from_numpy(model.vocabulary.ids(genes))
    parts = [float(part[0, genes.index("KLF1")]) for part in model.hyper_dual(ids, values, source, companion)]
    found = [surface.slope[0, 3], surface.companion_slope[0, 3], surface.mixed[0, 3]]
    assert found == pytest.approx(parts[1:], abs=2e-5)
    table = surface_frame([surface])
    assert list(table.columns) == SURFACE_COLUMNS
    point = table[(table["source_value"] == 1.5625) & (table["companion_value"] == -3.125)]
    assert point["response"].item() == surface.response[0, 3]


def test_toys_do_not_interact_and_a_surface_goes_as_far_as_its_own_values() -> None:
    toy = load_backbone("toy-square", "cpu")
    request = PairRequest("SOX2", "NANOG", Context(), SweepSettings(1.0, (2.0,)))
    surface = response_surface(toy, request, [Companion("MYC", 7.0)], "MYC", 3)
    assert surface.companion_values.tolist() == [0.0, 3.5, 7.0]
    assert not surface.mixed.any()
    assert surface.interaction == pytest.approx(0, abs=1e-4)
    weight = plain(toy, {"SOX2": 1.0, "NANOG": 0.0}, "NANOG")
    assert surface.response[1] == pytest.approx([-weight, weight * 5.25, weight * 24], abs=1e-4)


def test_a_surface_can_be_stopped_and_tells_how_far_it_is(model: Backbone) -> None:
    told: list[float] = []
    response_surface(model, asked(), [TAL1], "TAL1", 3, progress=lambda share, _: told.append(share))
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        response_surface(model, asked(), [TAL1], "TAL1", 3, cancel=lambda: True)


@pytest.mark.parametrize(
    ("rows", "fit", "points"), [(6, 9, [3, 6, 9]), (1, 9, list(range(1, 10))), (8, 2, [2, 4, 6, 8, 9])]
)
def test_a_surface_is_read_some_points_at_a_time_and_fewer_where_memory_runs_out(
    model: Backbone, monkeypatch: pytest.MonkeyPatch, rows: int, fit: int, points: list[int]
) -> None:
    """A hyper-dual pass takes the room of two dual ones; four tokens: <cls>, the pair and its company."""
    whole = response_surface(model, asked(), [TAL1], "TAL1", 3)
    monkeypatch.setattr(room, "batch_size", lambda tokens, device: {4: rows}[tokens])
    monkeypatch.setattr(room, "unless_full", lambda compute, device, size: compute() if size <= fit else None)
    told: list[float] = []
    found = response_surface(model, asked(), [TAL1], "TAL1", 3, progress=lambda share, _: told.append(share))
    assert told == pytest.approx([n / 9 for n in points])
    for name, value in vars(whole).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(getattr(found, name), value, atol=1e-5)


def test_limits_are_kept_to_the_last_value(model: Backbone) -> None:
    three = [TAL1, SPI1, Companion("MYC", -LARGEST_VALUE)]
    cell = in_company(model, asked(), three)[0].context
    assert dict(zip(cell.genes, cell.values or (), strict=True))["MYC"] == -LARGEST_VALUE
    with pytest.raises(InputError, match="MYC stands at"):
        in_company(model, asked(), [Companion("MYC", np.nextafter(LARGEST_VALUE, np.inf))])
    entries = ["SCL=2", "SPI1 = -1.5", "MYC=1e2", "HBB=0"]
    found = read_companions(entries[:3], lambda name: resolve_one(name, model.vocabulary))
    assert found == (Companion("TAL1", 2.0), Companion("SPI1", -1.5), Companion("MYC", 100.0))
    with pytest.raises(InputError, match="up to 3 further genes, got 4"):
        read_companions(entries, lambda name: resolve_one(name, model.vocabulary))
    low, high = model.card.domain
    assert in_company(model, asked(Context("genes", CELL)), [Companion("TAL1", low), Companion("HBB", high)])[1] == ()
    beyond = [Companion("TAL1", np.nextafter(low, -9)), Companion("SPI1", high), Companion("MYC", 9.0)]
    absent, outside = in_company(model, asked(Context("genes", CELL)), beyond)[1]
    assert absent == "SPI1 is absent from the virtual cell without company, not at base."
    assert "TAL1=-3.125" in outside and "MYC=9" in outside and "SPI1" not in outside
    assert in_company(model, asked(), [TAL1, SPI1])[1] == (
        "TAL1, SPI1 are absent from the virtual cell without company, not at base.",
    )
    assert surface_values((0.0, 4.0), 2, 1.0) == (0.0, 4.0) and surface_values((0.0, 4.0), 3, -2.0) == (-2.0, 1.0, 4.0)
    assert len(surface_values((0.0, 4.0), 65, 1.0)) == 65
    for steps in (1, 66):
        with pytest.raises(InputError, match=f"2 to 65 values an axis, got {steps}"):
            surface_values((0.0, 4.0), steps, 1.0)


def test_what_company_costs(model: Backbone) -> None:
    """Both directions with their residual in company, and their curves without; a hyper-dual pass is three."""
    curves, nodes = 2 * 3, 2 * 16 * 4
    alone, beside = estimate(model, 1 + 2, curves), estimate(model, 1 + 4, curves + nodes)
    found = estimate_in_company(model, asked(), [TAL1, SPI1])
    assert found == replace(beside, passes=beside.passes + curves, seconds=beside.seconds + alone.seconds)
    assert estimate_in_company(model, asked(), []) == estimate(model, 1 + 2, curves + nodes)
    assert estimate_surface(model, asked(), [TAL1], "TAL1", 5) == estimate(model, 1 + 3, 3 * 5 * 5)


def test_progress_in_company_is_of_both_answers(model: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    real = room.explore_pair

    def from_the_start(*args, progress, **named):
        progress(0.0, "")
        return real(*args, progress=progress, **named)

    monkeypatch.setattr(room, "explore_pair", from_the_start)
    tell = lambda share, _: told.append(share)  # noqa: E731
    _, without = explore_in_company(model, asked(), [TAL1], progress=tell)
    assert told == sorted(told) and (told[0], told[-1]) == (0, 1) and 0.9 in told
    assert without is not None and without.residual is None, "the residual is that of the pair in company"
    told.clear()
    _, without = explore_in_company(model, asked(), [], progress=tell)
    assert told == sorted(told) and told[-1] == 1 and 0.9 not in told
    assert without is None


@pytest.mark.parametrize(
    ("companions", "background", "words"),
    [
        ([TAL1, SPI1, Companion("MYC", 0), Companion("HBB", 0)], "fixed", "up to 3"),
        ([TAL1, Companion("TAL1", 1.0)], "fixed", "TAL1 is named twice"),
        ([Companion("KLF1", 1.0)], "fixed", "source or target"),
        ([Companion("TAL1", float("nan"))], "fixed", "TAL1 stands at nan"),
        ([Companion("TAL1", float("-inf"))], "fixed", "TAL1 stands at -inf"),
        ([TAL1], "follow", "follow"),
    ],
)
def test_what_has_no_meaning_is_refused(model: Backbone, companions: list, background: str, words: str) -> None:
    for ask in (in_company, explore_in_company):
        with pytest.raises(InputError, match=words):
            ask(model, asked(background=background), companions)
    with pytest.raises(InputError):
        response_surface(model, asked(background=background), companions, companions[0].gene, 3)


def test_values_outside_the_pre_training_are_said_and_answered(model: Backbone) -> None:
    result, _ = explore_in_company(model, asked(), [Companion("TAL1", 30.0)])
    assert any("TAL1=30" in note and "never saw" in note for note in result.notes)
    assert any(note.startswith("TAL1 is absent") for note in result.notes)


@pytest.mark.parametrize("entry", ["TAL1", "TAL1=", "=3", " =3", "TAL1=x", "TAL1 30", "", "TAL1=3,5"])
def test_entries_of_another_form_are_refused(model: Backbone, entry: str) -> None:
    with pytest.raises(InputError, match="such as TAL1=30"):
        read_companions([entry], lambda name: resolve_one(name, model.vocabulary))


def test_the_command_writes_curves_surfaces_and_json() -> None:
    def run(*words: str):
        return CliRunner().invoke(app, ["pair", "GATA1", "KLF1", "--backbone", "ugrn-mini-3", *words])

    told = run("--with", "SCL=2", "--with", "SPI1=-1.5", "--grid", "1,3", "--json")
    assert told.exit_code == 0, told.output
    assert "SCL is TAL1 here." in told.stderr
    said = json.loads(told.stdout)
    assert said["company"] == {"TAL1": 2.0, "SPI1": -1.5}
    assert said["without"]["forward"]["response"] != said["forward"]["response"]
    table = pd.read_csv(io.StringIO(run("--with", "TAL1=2", "--surface", "3").stdout))
    assert list(table.columns) == SURFACE_COLUMNS
    assert len(table) == 9
    surfaces = json.loads(run("--with", "TAL1=2", "--surface", "3", "--json").stdout)["surfaces"]
    assert np.ravel(surfaces[0]["mixed"]) == pytest.approx(table["mixed"])
    for words in (
        ["--surface", "3"],
        ["--with", "TAL1=2", "--surface", "1"],
        ["--with", "GATA1=2"],
        ["--with", "NO1=2"],
    ):
        refused = run(*words)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.startswith("ugrn: ")


def test_an_unknown_companion_is_a_gene_error(model: Backbone) -> None:
    with pytest.raises(GeneError, match="TAL1"):
        read_companions(["TALL1=2"], lambda name: resolve_one(name, model.vocabulary))


def test_the_command_writes_files_by_their_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ugrn_core.figures import printed as room

    drawn = []
    monkeypatch.setattr(room, "what_is_missing", lambda: None)
    monkeypatch.setattr(room, "printed", lambda figure, kind, width: drawn.append((figure, kind, width)) or b"%PDF")

    def run(*words: str):
        words = ("pair", "GATA1", "KLF1", "--backbone", "toy-square", "--with", "TAL1=2", *words)
        return CliRunner().invoke(app, words)

    plainly = run().stdout
    for ending in ("csv", "json", "html", "pdf"):
        told = run("--out", str(tmp_path / f"a.{ending}"), *(["--width", "85"] if ending == "pdf" else []))
        assert (told.exit_code, told.stdout) == (0, ""), told.output
    assert (tmp_path / "a.csv").read_text("utf-8") == plainly
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == json.loads(run("--json").stdout)
    assert (tmp_path / "a.pdf").read_bytes() == b"%PDF"
    ((figure, kind, width),) = drawn
    assert (kind, width) == ("pdf", 85.0)
    assert {trace.name for trace in figure.data} == {"without", "with TAL1=2"}
    report = (tmp_path / "a.html").read_text("utf-8")
    for text in ("GATA1 → KLF1 in company of TAL1", "--with TAL1=2", "Largest change of KLF1, without", "further"):
        assert text in report
    wrong = [
        ["--out", str(tmp_path / "a.txt")],
        ["--out", str(tmp_path / "no" / "a.pdf")],
        ["--out", str(tmp_path)],
        ["--out", str(tmp_path / "a.csv"), "--json"],
        ["--out", str(tmp_path / "b.svg"), "--surface", "3"],
        ["--out", str(tmp_path / "b.svg"), "--width", "3"],
    ]
    for words in wrong:
        refused = run(*words)
        assert (refused.exit_code, refused.stdout) == (2, "") and refused.stderr.startswith("ugrn: "), words
    assert not (tmp_path / "b.svg").exists()
    monkeypatch.setattr(room, "what_is_missing", lambda: "There is no Chromium.")
    assert run("--out", str(tmp_path / "b.svg")).stderr == "ugrn: There is no Chromium.\n"


def test_the_library_asks_in_company_too(model: Backbone) -> None:
    import ugrn_core as ugrn

    frame = ugrn.pair(model, "GATA1", "KLF1", company={"SCL": 2.0}, grid=(-2.0, 1.0, 3.0))
    result, without = explore_in_company(model, asked(), [TAL1])
    assert without is not None
    for series, found in (("without", without), ("with TAL1=2", result)):
        rows = frame[(frame["series"] == series) & (frame["direction"] == "forward")]
        assert rows["response"].to_numpy() == pytest.approx(found.forward.response)
    assert any("absent" in note for note in frame.attrs["notes"])
    with pytest.raises(InputError, match="no pair-specific part"):
        ugrn.pair(model, "GATA1", "KLF1", company={"TAL1": 2.0}, specific=True)


def test_a_surface_is_kept_in_a_bounded_number_of_places(
    tmp_path: Path, model: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(companions: list[Companion], gene: str = "TAL1", steps: int = 3) -> Surface:
        cost = estimate_surface(model, asked(), companions, gene, steps, store)
        assert cost.bytes == estimate(model, 1 + 4, cost.passes).bytes, "<cls>, the pair and its company"
        surface = response_surface(model, asked(), companions, gene, steps, store)
        fresh = response_surface(model, asked(), companions, gene, steps)
        assert all(np.array_equal(value, getattr(fresh, name)) for name, value in vars(surface).items())
        costs.append(cost.cached_share)
        return surface

    monkeypatch.setattr(places, "PLACES", 2)
    costs: list[float] = []
    with Store(tmp_path / "store") as store:
        ask([TAL1, SPI1])
        ask([Companion("TAL1", -1.0), SPI1])  # the gene that moves stands nowhere
        ask([TAL1, SPI1])
        assert costs == [0.0, 1.0, 1.0]
        ask([TAL1, Companion("SPI1", 0.5)])
        ask([TAL1, SPI1], "SPI1")
        ask([TAL1, SPI1], steps=4)
        ask([Companion("TAL1", 9.0), SPI1])  # an axis goes farther
        assert costs[3:] == [0.0] * 4 and store.stats().entries <= 2
