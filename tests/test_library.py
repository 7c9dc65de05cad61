"""``import ugrn_core as ugrn``: the numbers of the rooms behind it, in frames, with nothing left behind."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

import ugrn_core as ugrn
from tests.planted import PlantedBackbone, planted_networks
from tests.small_network import trained
from ugrn_core.api import genes as genes_room
from ugrn_core.api import get, pl, tl
from ugrn_core.api import networks as networks_room
from ugrn_core.api import training as training_room
from ugrn_core.api.inputs import cells_of
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import BACKBONES
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.beeline.networks import Row
from ugrn_core.benchmark.request import BenchmarkRequest
from ugrn_core.benchmark.results import COLUMNS as RESULT_COLUMNS
from ugrn_core.cli import app
from ugrn_core.errors import GeneError, InputError
from ugrn_core.gene_effects.effects import gene_effects
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.direction import DirectionRule
from ugrn_core.network.edge_table import COLUMNS
from ugrn_core.network.own_cells import default_cell
from ugrn_core.translation.training_set import judged_rows
from ugrn_core.translators.library import load_translator, save_translator
from ugrn_core.types import SweepSettings

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = [
    *(ugrn.load, ugrn.pair, ugrn.gene, ugrn.network, ugrn.train_translator, ugrn.benchmark),
    *(tl.network, get.edges, pl.curves, pl.network),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    return tmp_path / "cache"


@pytest.fixture
def toy() -> ToyBackbone:
    found = ugrn.load("toy-linear")
    assert isinstance(found, ToyBackbone)
    return found


@pytest.fixture
def tiny(scbenchmark_folder: Path) -> Backbone:
    return ugrn.load(scbenchmark_folder, device="cpu")


@pytest.fixture
def reader(tiny: Backbone, tmp_path: Path) -> str:
    """File of a translator of the tiny model."""
    return str(save_translator(trained(tiny), tmp_path))


@pytest.fixture
def cells(tiny: Backbone) -> anndata.AnnData:
    """60 cells in counts; the names stand in a column, beside ids of no meaning, and one gene is nobody's."""
    rng = np.random.default_rng(0)
    names = [*tiny.vocabulary.symbols, "NOBODYS"]
    levels = rng.gamma(2.0, 2.0, (2, len(names)))
    counts = rng.poisson(levels[np.arange(60) % 2]).astype(np.float32)
    var = pd.DataFrame({"feature_name": names[::-1]}, index=[f"row-{i}" for i in range(len(names))])
    obs = pd.DataFrame({"kind": pd.Categorical(["A/1", "B"] * 30)}, index=[f"c{i}" for i in range(60)])
    return anndata.AnnData(sparse.csr_matrix(counts), obs, var)


def ask(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


# what it is


def test_it_is_light_and_shows_what_it_has() -> None:
    code = (
        "import ugrn_core as u, sys; assert {*u.__all__} <= {*dir(u)}; assert 'nothing' not in dir(u); "
        "print(*{m.split('.')[0] for m in sys.modules} & {'torch', 'numpy', 'pandas', 'anndata', 'plotly', 'typer'})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize("first", ["room", "function"])
def test_a_room_does_not_hide_the_function_of_its_name(first: str) -> None:
    rooms = "import ugrn_core.pair, ugrn_core.network.run, ugrn_core.benchmark.runner\n"
    functions = "import ugrn_core as u; found = u.pair, u.network, u.benchmark\n"
    then = "assert (u.pair, u.network, u.benchmark) == found; from ugrn_core.pair import explore_pair\n"
    check = "assert [f.__module__.rpartition('.')[2] for f in found] == ['pairs', 'networks', 'training']"
    code = (rooms + functions if first == "room" else functions + rooms) + then + check
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_what_it_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ugrn.nonsense


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_every_argument_is_explained(function: object) -> None:
    text = inspect.getdoc(function) or ""
    parameters = text.partition("Parameters\n")[2].partition("Returns\n")[0]
    for name in inspect.signature(function).parameters:  # pyright: ignore
        assert f"{name}" in parameters.replace(",", " ").split(), name
    assert "Returns\n-------" in text
    assert "Raises\n------" in text


def test_the_default_model_is_the_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ugrn.load().card.name == next(iter(BACKBONES))


# a pair


def test_a_pair_is_the_closed_form_both_ways(toy: ToyBackbone) -> None:
    frame = ugrn.pair(toy, "SOX2", "NANOG", grid=[0.5, 3.0], base=1.0)
    s, t = toy.vocabulary.ids(["SOX2", "NANOG"])
    for direction, weight in (("forward", toy.weights[t, s]), ("reverse", toy.weights[s, t])):
        rows = frame[frame["direction"] == direction]
        np.testing.assert_allclose(rows["slope"], float(weight), rtol=1e-5)
        np.testing.assert_allclose(rows["response"], float(weight) * (rows["virtual_value"] - 1.0), rtol=1e-4)
    assert list(frame["virtual_value"]) == [0.5, 3.0, 0.5, 3.0]
    assert frame.attrs["residual"] < 1e-4
    assert frame.attrs["context_size"] == 2


def test_a_pair_in_other_cells_names_and_backgrounds(tiny: Backbone, cells: anndata.AnnData) -> None:
    listed = ugrn.pair(tiny, "OCT4", "SOX2", context=["MYC", "TP53"])
    assert listed.attrs["context_size"] == 4
    assert listed.attrs["notes"][0] == "OCT4 is POU5F1 here."
    within = ugrn.pair(tiny, "GATA1", "KLF1", context=cells, group=("kind", "B"))
    assert within["base"].nunique() == 2
    assert ugrn.pair(tiny, "GATA1", "KLF1", background="follow")["response"].isna().all()


def test_what_is_specific_to_a_pair_comes_on_request(tiny: Backbone) -> None:
    told: list[float] = []
    frame = ugrn.pair(tiny, "GATA1", "KLF1", specific=True, progress=lambda share, _: told.append(share))
    assert set(frame["measure"]) == {"raw", "pair-specific"}
    assert 0 <= frame.attrs["forward_percentile"] <= 100
    assert told == sorted(told) and told[0] < 0.5 < told[-1] == 1
    assert pl.curves(frame).data
    told.clear()
    plain = ugrn.pair(tiny, "GATA1", "KLF1", progress=lambda share, _: told.append(share))
    assert set(plain["measure"]) == {"raw"} and "forward_percentile" not in plain.attrs and told[-1] == 1
    assert plain.attrs["notes"] == frame.attrs["notes"]
    with pytest.raises(InputError, match="no pair-specific part"):
        ugrn.pair(tiny, "GATA1", "KLF1", specific=True, company={"TP53": 2.0})
    beside = ugrn.pair(tiny, "GATA1", "KLF1", company={"TP53": 2.0})
    assert [*dict.fromkeys(beside["series"])] == ["without", "with TP53=2"]


def test_nothing_is_kept_unless_a_store_is_given(toy: ToyBackbone, own_cache: Path) -> None:
    from ugrn_core.store import Store

    ugrn.pair(toy, "SOX2", "NANOG")
    assert not own_cache.exists()
    with Store() as store:
        ugrn.pair(toy, "SOX2", "NANOG", store=store)
        assert store.stats().entries


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"target": "NOBODYS"}, GeneError, "NOBODYS"),
        ({"target": "SOX2"}, InputError, "same gene"),
        ({"grid": []}, InputError, "grid"),
        ({"context": ["NOBODYS"]}, GeneError, "NOBODYS"),
    ],
)
def test_a_pair_that_cannot_be_asked_is_one_sentence(toy: ToyBackbone, options: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        ugrn.pair(toy, "SOX2", **({"target": "NANOG"} | options))


# one gene


@pytest.mark.parametrize("rank", ["specific", "response", "score"])
def test_a_gene_is_what_the_command_line_writes(
    tiny: Backbone, reader: str, scbenchmark_folder: Path, tmp_path: Path, rank: str
) -> None:
    name = tiny.vocabulary.symbols[0]
    found = ugrn.gene(tiny, name, rank=rank, translator=reader, top=5)  # pyright: ignore[reportArgumentType]
    ask("gene", name, "--backbone", scbenchmark_folder, "--translator", reader, "--rank", rank, "--top", 5,
        "--out", tmp_path / "gene.csv")  # fmt: skip
    written = pd.read_csv(tmp_path / "gene.csv", comment="#")
    assert len(found) == 10 and set(found["side"]) == {"source", "target"} and found.attrs["rank"] == rank
    for column in ("side", "gene", "response", "score", rank):
        got, wanted = found[column], written[column]
        assert np.allclose(got, wanted) if got.dtype == float else (got == wanted).all(), column
    key = found["score"] if rank == "score" else found[rank].abs()
    assert (key[:5].diff()[1:] <= 0).all() and (key[5:].diff()[1:] <= 0).all()


def test_a_gene_among_others_is_their_pair_in_the_same_cell(tiny: Backbone) -> None:
    genes = list(tiny.vocabulary.symbols[:6])
    found = ugrn.gene(tiny, genes[0], sides="source", rank="response", context=genes, known={(genes[0], genes[1])})
    assert {*found["gene"]} == {*genes[1:]} and {*found["known"]} == {"", "edges given"}
    row = found.set_index("gene").loc[genes[1]]
    curve = ugrn.pair(tiny, genes[0], genes[1], context=genes).query("direction == 'forward'")["response"]
    assert row["response"] == pytest.approx(curve[curve.abs().idxmax()], abs=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"rank": "score"}, "needs a translator"), ({"sides": "up"}, "expected source"), ({"rank": "x"}, "a rank of")],
)
def test_a_gene_that_cannot_be_asked_is_one_sentence(toy: ToyBackbone, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        ugrn.gene(toy, "GATA1", **options)


def test_a_gene_has_a_default_rank_its_factors_and_its_own_settings(
    toy: ToyBackbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    found = ugrn.gene(toy, "OCT4", progress=lambda share, _: told.append(share))
    assert found.attrs["rank"] == "specific" and found["specific"].notna().all()
    assert found.attrs["notes"][0] == "OCT4 is POU5F1 here." and list(found.index) == list(range(len(found)))
    assert told == sorted(told) and told[0] < 0.5 < told[-1] <= 1 and 0.5 in told
    assert [*dict.fromkeys(found["side"])] == ["source", "target"] and not all(map(is_tf, found["gene"]))
    told.clear()
    asked = {"sides": "source", "rank": "response", "base": 2.0, "grid": [0.5, 3.0]}
    plain = ugrn.gene(toy, "POU5F1", progress=lambda share, _: told.append(share), **asked)  # pyright: ignore
    assert told[-1] == 1 and plain["specific"].isna().all() and {*plain["side"]} == {"source"}
    assert not any("is POU5F1" in note for note in plain.attrs["notes"])
    own = toy.vocabulary.ids(["POU5F1"])
    weights = toy.weights[toy.vocabulary.ids(list(plain["gene"]))][:, own].numpy()[:, 0]
    np.testing.assert_allclose(plain["response"], -1.5 * weights, rtol=1e-4, atol=1e-6)
    factors = ugrn.gene(toy, "POU5F1", factors_only=True, rank="response")
    assert 0 < len(factors) < len(found) and all(map(is_tf, factors["gene"]))
    assert not {*found["known"]} - {""}
    effects = gene_effects(toy, SweepSettings(toy.card.base, toy.card.grid))
    monkeypatch.setattr(genes_room, "shipped_effects", lambda *_: effects)
    shipped = ugrn.gene(toy, "POU5F1", rank="response")
    assert shipped["specific"].notna().all() and shipped["specific"].std() > 0
    among = ugrn.gene(toy, "POU5F1", rank="response", context=["SOX2", "NANOG", "GATA1"])
    assert among["specific"].isna().all()


def test_a_gene_is_ranked_by_the_translator_that_is_given(tiny: Backbone, reader: str) -> None:
    found = ugrn.gene(tiny, tiny.vocabulary.symbols[0], translator=load_translator(reader), sides="target", top=3)
    assert found.attrs["rank"] == "score" and len(found) == 3 and found["score"].is_monotonic_decreasing
    by_path = ugrn.gene(tiny, tiny.vocabulary.symbols[0], translator=Path(reader), sides="target", top=3)
    pd.testing.assert_frame_equal(by_path, found)


# a network


def matrices(**held: Sequence[tuple[int, int, float]]) -> anndata.AnnData:
    """Three genes with a matrix of each name, of entries (row, column, value)."""
    made = anndata.AnnData(np.zeros((1, 3), np.float32), var=pd.DataFrame(index=["A", "B", "C"]))
    for name, entries in held.items():
        rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
        made.varp[name] = sparse.csr_matrix((np.array(values, float), (rows, columns)), shape=(3, 3))
    return made


def test_edges_of_cells_come_in_order_from_the_network_that_is_named() -> None:
    entries = [(2, 0, 0.5), (0, 2, 0.5), (0, 1, 0.5), (1, 0, 0.9)]
    held = matrices(**{"probability": entries, "score": entries[:1], "probability_probability: a-b": [],
                       "probability_score: a-b": [(0, 1, 2.0)], "none_probability": [], "none_score": []})  # fmt: skip
    table = get.edges(held)
    assert table.to_numpy().tolist() == [["B", "A", 0.9], ["A", "B", 0.5], ["A", "C", 0.5], ["C", "A", 0.5]]
    assert list(table.index) == [0, 1, 2, 3] and len(get.edges(held, weight="score")) == 1
    assert get.edges(held, key="probability", group="a/b", weight="score")["weight"].tolist() == [2.0]
    with pytest.raises(InputError, match="ranks and no probability"):
        get.edges(held, key="probability", group="a/b")
    assert get.edges(held, key="none").empty and get.edges(held, key="none", weight="score").empty
    with pytest.raises(
        InputError, match="hold no network 'x_score' in varp; there is none_probability, none_score, pr"
    ):
        get.edges(held, key="x", weight="score")
    with pytest.raises(InputError, match=r"in varp; there is none\."):
        get.edges(matrices())


def asked_of(given: Any, model: Backbone, translator: str, **options: Any) -> list[networks_room.PredictedNetwork]:
    names = "groupby groups sources context prevalence known layer gene_column memory store progress cancel".split()  # noqa: SIM905
    rest = {"n_variable": 5} | dict.fromkeys(names) | options
    return list(networks_room.networks(given, translator=translator, model=model, **rest))  # pyright: ignore


def test_networks_are_asked_in_the_cell_that_fits_them(
    tiny: Backbone, reader: str, cells: anndata.AnnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    genes = ["GATA1", "KLF1", "HBB"]
    (listed,) = asked_of(genes, tiny, reader)
    assert listed.files.scores.request.context.kind == "pair" and listed.group is None
    assert {*listed.edges()["known"]} == {"not checked"}
    assert any(note.startswith("No direction is called: ") for note in listed.notes)
    with pytest.raises(InputError, match="context full instead of pair"):
        asked_of(genes, tiny, reader, context="full")
    both = asked_of(cells, tiny, reader, groupby="kind", progress=lambda share, _: told.append(share))
    assert [m.files.scores.request.context.kind for m in both] == ["profile"] * 2
    assert [m.group for m in both] == ["A/1", "B"]
    assert told == sorted(told) and told[-1] == 1 and 0.5 in told
    species: list[str | None] = []
    ask_ = networks_room.ask

    def seen(*given: Any, **named: Any) -> Any:
        species.append(named["species"])
        return ask_(*given, **named)

    monkeypatch.setattr(networks_room, "ask", seen)
    monkeypatch.setattr(networks_room, "direction_rule", lambda *_, **__: DirectionRule(1.0, 1.0))
    (whole,) = asked_of(cells, tiny, reader)
    expected = {"pair": "pair", "full": "profile"}[default_cell(tiny.card.name)]
    assert whole.files.scores.request.context.kind == expected
    assert not any("No direction is called" in note for note in whole.notes)
    assert (whole.edges()["source"] != whole.edges()["target"]).all()
    mouse = replace(cells_of(cells), species="mouse")
    monkeypatch.setattr(networks_room, "cells_of", lambda *_, **__: mouse)
    asked_of(cells, tiny, reader)
    asked_of(genes, tiny, reader)
    assert species == [None, "mouse", None]
    monkeypatch.setattr(networks_room, "default_cell", lambda name: {tiny.card.name: "full"}[name])
    assert asked_of(cells, tiny, reader)[0].files.scores.request.context.kind == "profile"
    asked_of(genes, tiny, reader, known=[("KLF1", "HBB")])
    for wrong in ({"groupby": "kind"}, {"layer": "X"}, {"gene_column": "x"}):
        with pytest.raises(InputError, match="are about cells"):
            asked_of(genes, tiny, reader, **wrong)


def test_model_and_translator_are_each_by_default_the_one_that_belongs_to_the_other(
    tiny: Backbone, toy: ToyBackbone, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str | None = None) -> Any:
        return SimpleNamespace(card=SimpleNamespace(name=name or "ugrn-mini"))

    monkeypatch.setattr(networks_room, "load", load)
    model, translator = networks_room._who(None, None)
    assert (model.card.name, translator.card.name) == ("ugrn-mini", "all-sets")
    made = load_translator(reader)
    model, translator = networks_room._who(None, made)
    assert model.card.name == made.card.schema.backbone and translator is made
    model, translator = networks_room._who(toy, reader)
    assert model is toy and translator.card == made.card
    with pytest.raises(InputError, match="No translator of the project reads toy-linear"):
        networks_room._who(toy, None)
    assert [networks_room._bytes(m) for m in (None, 1, "1K", 5)] == [None, 1, 1024, 5]


def test_edges_of_genes_that_are_not_in_var_have_no_place_and_are_counted(
    tiny: Backbone, reader: str, cells: anndata.AnnData
) -> None:
    named = cells.copy()
    named.var_names = named.var["feature_name"].astype(str).to_numpy()
    named.var = named.var[[]].assign(number=range(named.n_vars), word=pd.Categorical(["x"] * named.n_vars))
    whole = tl.network(named, translator=reader, model=tiny, top=40, copy=True, layer="X")
    assert whole is not None and not any("left out" in note and "var" in note for note in whole.uns["ugrn"]["notes"])
    some = named[:, 4:].copy()
    some.raw = named
    made = tl.network(some, translator=reader, model=tiny, top=40, copy=True, layer="raw", key_added="mine")
    assert made is not None and "mine" in made.uns and made.uns["mine"]["groups"] == []
    there, all_of_them = get.edges(made, key="mine", weight="score"), get.edges(whole, weight="score")
    inside = all_of_them[all_of_them["source"].isin(some.var_names) & all_of_them["target"].isin(some.var_names)]
    assert 0 < len(inside) < len(all_of_them)
    pd.testing.assert_frame_equal(there, inside.reset_index(drop=True))
    left_out = len(all_of_them) - len(inside)
    said = "edge" if left_out == 1 else "edges"
    assert f"{left_out} {said} of genes that are not in these cells' var left out." in made.uns["mine"]["notes"]


def test_a_network_of_genes_is_that_of_the_command_line(tiny: Backbone, reader: str, tmp_path: Path) -> None:
    genes = ["GATA1", "KLF1", "HBB", "oct4", "NOBODYS", "MYC"]
    (tmp_path / "genes.txt").write_text("\n".join(genes))
    ask("network", "--genes", tmp_path / "genes.txt", "--translator", reader, "--prevalence", 0.2,
        "--backbone", tmp_path / "scbenchmark-16-0", "--out", tmp_path / "out")  # fmt: skip
    written = pd.read_csv(tmp_path / "out" / "edges.csv")
    edges = ugrn.network(genes, translator=reader, model=tiny, prevalence=0.2)
    assert list(edges.columns) == list(COLUMNS)
    known = ["novelty", "known", "tag", "direction"]
    pd.testing.assert_frame_equal(edges.drop(columns=known), written.drop(columns=known), atol=2e-6)
    assert edges.attrs["prevalence"] == 0.2
    assert "NOBODYS" in " ".join(edges.attrs["notes"])
    assert pl.network(edges).data
    assert len(ugrn.network(genes, translator=reader, model=tiny, sources=["MYC"], top=2)) == 2


def test_known_edges_are_looked_up(tiny: Backbone, reader: str) -> None:
    edges = ugrn.network(["GATA1", "KLF1", "HBB"], translator=reader, model=tiny, known=[("GATA1", "HBB")])
    yes = edges.loc[edges["known"] == "yes", ["source", "target"]]
    assert yes.to_numpy().tolist() == [["GATA1", "HBB"]]


def test_a_network_of_cells_is_written_as_the_file_has_it(
    tiny: Backbone, reader: str, cells: anndata.AnnData, tmp_path: Path
) -> None:
    cells.write_h5ad(tmp_path / "cells.h5ad")
    ask("network", "--h5ad", tmp_path / "cells.h5ad", "--translator", reader, "--top", 30, "--context", "full",
        "--backbone", tmp_path / "scbenchmark-16-0", "--out", tmp_path / "out")  # fmt: skip
    file = anndata.read_h5ad(tmp_path / "out" / "network.h5ad")
    before = cells.copy()
    made = tl.network(cells, translator=reader, model=tiny, top=30, context="full", copy=True)
    assert made is not None
    assert not cells.varp.keys()
    assert "ugrn" not in cells.uns
    assert tl.network(cells, translator=reader, model=tiny, top=30, context="full") is None
    np.testing.assert_array_equal(cells.X.toarray(), before.X.toarray())
    symbol = dict(zip(cells.var_names, cells.var["feature_name"], strict=True))
    ours = get.edges(cells, weight="score").replace({"source": symbol, "target": symbol})
    theirs = get.edges(file, weight="score")
    by = ["source", "target"]
    pd.testing.assert_frame_equal(
        ours.sort_values(by, ignore_index=True), theirs.sort_values(by, ignore_index=True), atol=2e-6
    )
    assert len(ours) == 30
    for held in (cells, file):
        with pytest.raises(InputError, match="ranks and no probability"):
            get.edges(held)
    ours, theirs = cells.uns["ugrn"], file.uns["ugrn"]
    assert {*theirs} <= {*ours}
    assert [ours[k] for k in ("model", "translator", "prevalence")] == [
        theirs[k] for k in ("model", "translator", "prevalence")
    ]
    recipes = [json.loads(next(iter(uns["recipes"]))) for uns in (ours, theirs)]
    assert recipes[0]["targets"] == recipes[1]["targets"]
    np.testing.assert_allclose(recipes[0]["cell"]["values"], recipes[1]["cell"]["values"], rtol=1e-6)
    made.write_h5ad(tmp_path / "back.h5ad")
    back = anndata.read_h5ad(tmp_path / "back.h5ad")
    pd.testing.assert_frame_equal(get.edges(back, weight="score"), get.edges(made, weight="score"))
    tl.network(cells, translator=reader, model=tiny, top=30, key_added="alone")
    assert len(get.edges(cells, key="alone")) <= 30, "two genes alone have probabilities; no idle edge is written"


def test_groups_have_a_network_each(tiny: Backbone, reader: str, cells: anndata.AnnData) -> None:
    edges = ugrn.network(cells, groupby="kind", translator=reader, model=tiny)
    assert list(edges.columns) == ["group", *COLUMNS]
    assert list(edges["group"].unique()) == ["A/1", "B"]
    assert list(edges.index) == list(range(len(edges))), "a row each, not one a group"
    tl.network(cells, groupby="kind", translator=reader, model=tiny, key_added="mine")
    assert {*cells.varp} == {f"mine_{m}: {g}" for m in ("score", "probability") for g in ("A-1", "B")}
    assert cells.uns["mine"]["groups"] == ["A/1", "B"]
    symbol = dict(zip(cells.var_names, cells.var["feature_name"], strict=True))
    for level in ("A/1", "B"):
        there = get.edges(cells, key="mine", group=level, weight="score")
        wanted = edges[edges["group"] == level]
        assert len(there) == len(wanted)
        assert there["source"].map(symbol).iloc[0] == wanted["source"].iloc[0]
    only = ugrn.network(cells, groupby="kind", groups=["B"], translator=reader, model=tiny)
    assert only["group"].unique().tolist() == ["B"]
    with pytest.raises(InputError, match="there is mine_"):
        get.edges(cells)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groupby": "nothing"}, "nothing"),
        ({"groupby": "kind", "groups": ["C"]}, "C"),
        ({"groups": ["B"]}, "groupby"),
        ({"context": "half"}, "pair or full"),
        ({"prevalence": 2.0}, "prevalence"),
        ({"memory": "much"}, "8G"),
        ({"memory": 0}, "number of bytes"),
    ],
)
def test_a_network_that_cannot_be_made_is_one_sentence(
    tiny: Backbone, reader: str, cells: anndata.AnnData, options: dict, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        ugrn.network(cells, translator=reader, model=tiny, **options)


def test_a_virtual_cell_keeps_within_the_memory_that_is_given(
    tiny: Backbone, reader: str, cells: anndata.AnnData
) -> None:
    whole = ugrn.network(cells, translator=reader, model=tiny)
    less = ugrn.network(cells, translator=reader, model=tiny, memory="48K")
    assert 2 <= less["target"].nunique() < whole["target"].nunique()
    assert any("memory holds" in note for note in less.attrs["notes"])
    assert not any("memory holds" in note for note in whole.attrs["notes"])


def test_what_is_no_network_is_one_sentence(tiny: Backbone, toy: ToyBackbone, reader: str) -> None:
    with pytest.raises(InputError, match="transcription factor"):
        ugrn.network(["HBB", "ALB"], translator=reader, model=tiny)
    with pytest.raises(InputError, match="no text"):
        ugrn.network("GATA1", translator=reader, model=tiny)
    with pytest.raises(InputError, match="No translator of the project reads toy-linear"):
        ugrn.network(["SOX2", "NANOG"], model=toy)
    with pytest.raises(InputError, match="AnnData"):
        tl.network(["SOX2"])  # pyright: ignore
    with pytest.raises(InputError, match="curves"):
        pl.curves(pd.DataFrame({"a": [1]}))


# training and testing


def test_a_translator_of_own_edges_finds_the_planted_truth() -> None:
    model = PlantedBackbone()
    genes = model.vocabulary.symbols[:60]
    ids = model.vocabulary.ids(genes)
    truth = model.weights.numpy()[np.ix_(ids, ids)]
    rows = [(s, t, int(truth[j, i] > 1)) for i, s in enumerate(genes) for j, t in enumerate(genes) if i != j]
    edges = pd.DataFrame(rows, columns=["source", "target", "label"])
    made = ugrn.train_translator(model, edges, method="VVP", seeds=1, epochs=20)  # pyright: ignore
    told = get.held_out(made)
    assert (told["auprc"] > 0.9).all()
    assert len(told)
    listed = ugrn.train_translator(model, [r[:2] for r in rows if r[2]], method="VVP", seeds=1, epochs=1)  # pyright: ignore
    assert listed.card.n_pos == sum(r[2] for r in rows)


def test_training_that_cannot_be_done_is_one_sentence(toy: ToyBackbone) -> None:
    with pytest.raises(InputError, match="either"):
        ugrn.train_translator(toy)
    with pytest.raises(InputError, match="There is no option speed"):
        ugrn.train_translator(toy, [("SOX2", "NANOG")], speed=3)
    with pytest.raises(InputError, match="expected source and target"):
        ugrn.train_translator(toy, pd.DataFrame({"a": [1], "b": [2]}))
    with pytest.raises(InputError, match="BEELINE has no network"):
        ugrn.train_translator(toy, beeline=[("STRING", "moon")])


def test_a_benchmark_is_the_frame_of_the_design(tmp_path: Path) -> None:
    model = PlantedBackbone()
    how = {"max_pos": 60, "seeds": 1, "methods": ("VVP", "Gene degrees"), "test_sets": ("mDC",)}
    rows = BenchmarkRequest(1, **how).rows
    networks = planted_networks(model, rows)
    frame = ugrn.benchmark(model, 1, networks=networks, parts=tmp_path / "parts", **how)  # pyright: ignore
    assert tuple(frame.columns) == RESULT_COLUMNS
    scores = frame[(frame["subset"] == "all") & (frame["metric"] == "auprc")].groupby("method")["value"].mean()
    assert scores["VVP"] > 0.9 > scores["Gene degrees"]
    again = ugrn.benchmark(model, 1, networks=networks, parts=tmp_path / "parts", **how)  # pyright: ignore
    pd.testing.assert_frame_equal(again, frame)
    with pytest.raises(InputError, match="weights"):
        ugrn.benchmark(model, 1, networks=networks, weights="none", **how)  # pyright: ignore
    with pytest.raises(InputError, match="There is no option speed"):
        ugrn.benchmark(None, 1, speed=3)


def test_scores_of_ones_own_stand_in_the_benchmark() -> None:
    model = PlantedBackbone()
    how = {"max_pos": 60, "seeds": 1, "methods": ("Gene degrees",), "test_sets": ("mDC",)}
    networks = planted_networks(model, BenchmarkRequest(1, **how).rows)
    truth = pd.DataFrame(model.weights.numpy().T, model.vocabulary.symbols, model.vocabulary.symbols)
    table = truth.stack().rename_axis(["source", "target"]).rename("score").reset_index()
    frame = ugrn.benchmark(None, 1, networks=networks, scores={"mine": table}, **how)  # pyright: ignore
    mine = frame[(frame["method"] == "mine") & (frame["subset"] == "all") & (frame["metric"] == "auprc")]
    assert (mine["value"] == 1).all()
    with pytest.raises(InputError, match="source, target and score"):
        ugrn.benchmark(None, 1, networks=networks, scores={"mine": table[["source"]]}, **how)  # pyright: ignore


def test_what_is_trained_on_is_read_as_a_file_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = PlantedBackbone(), [Row("STRING", "hESC")]
    frame = pd.DataFrame({"target": ["B"], "label": [1], "x": [0], "source": ["A"]}, index=[7])
    assert training_room._text(frame) == "source,target,label\nA,B,1\n"
    assert training_room._text([("A", "B")]) == "source,target\nA,B\n"
    assert training_room._rows([("STRING", "hESC")]) == rows
    for wrong, got in (([("STRING", "moon")], "moon STRING"), ([], "none")):
        with pytest.raises(InputError, match=f"BEELINE has no network {got}; there are"):
            ugrn.train_translator(model, beeline=wrong)
    with pytest.raises(InputError, match="either edges or beeline"):
        ugrn.train_translator(model, [("A", "B")], beeline=[("STRING", "hESC")])
    networks = planted_networks(model, tuple({*rows, *judged_rows(rows)}))
    asked: list[tuple[str, ...]] = []

    def load(network: str, data_set: str, gene_set: str) -> Any:
        asked.append((network, data_set, gene_set))
        return networks[Row(network, data_set)]

    monkeypatch.setattr(training_room, "load_network", load)
    how = {"method": "VVP", "kind": "logistic", "seeds": 1, "max_pos": 20}
    made = ugrn.train_translator(model, beeline=[("STRING", "hESC")], gene_set="TFs+1000", **how)  # pyright: ignore
    assert made.card.networks == ("STRING",) and made.card.train_sets == ("hESC",) and made.card.name == "mine"
    assert asked[0] == ("STRING", "hESC", "TFs+1000") and len(asked) == 7


def test_a_benchmark_is_asked_of_the_contestants_and_files_that_are_named(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = PlantedBackbone()
    how = {"max_pos": 60, "seeds": 1, "methods": ("Gene degrees",), "test_sets": ("mDC",)}
    networks = planted_networks(model, BenchmarkRequest(1, **how).rows)
    monkeypatch.setattr(training_room, "run_benchmark", lambda run, who, *_: (run, who))
    monkeypatch.setattr(training_room, "load_network", lambda network, data_set, _: networks[Row(network, data_set)])
    vocabularies: list[int] = []
    monkeypatch.setattr(
        training_room,
        "given_scores",
        lambda _name, _tables, vocabulary: vocabularies.append(len(vocabulary)) or SimpleNamespace(digest="d"),
    )

    def asked(model_: Any, **more: Any) -> Any:
        return training_room.benchmark(model_, **how, **more)

    run, who = asked(None)
    assert run.request.table == 1 and run.expression == {} and run.given == () and not run.parts.file.exists()
    assert [(c.backbone, c.weights) for c in who] == [(None, who[0].weights)]
    cells: Any = {"mDC": SimpleNamespace()}
    table = pd.DataFrame({"source": ["A"], "target": ["B"], "score": [1.0]})
    run, who = asked(model, networks=networks, expression=cells, parts=tmp_path / "kept", scores={"m": table})
    assert run.expression == cells and run.parts.file == tmp_path / "kept" and len(run.given) == 1
    assert [c.backbone for c in who] == [None, model]
    asked(None, networks=networks, scores={"m": table})
    genes = {g for n in networks.values() for g in n.genes}
    assert vocabularies == [len(model.vocabulary), len(genes)]
    for weights, drawn in (("both", [False, True]), ("random", [True]), ("trained", [False])):
        _, who = asked(tiny, networks=networks, weights=weights)
        assert [c.backbone.fingerprint != tiny.fingerprint for c in who[1:]] == drawn
        assert [c.weights for c in who[1:]] == (["trained", "random"] if weights == "both" else [weights])
    with pytest.raises(InputError, match="planted has no weights to draw anew"):
        asked(model, networks=networks, weights="random")
