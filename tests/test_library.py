"""``import ugrn_core as ugrn``: the numbers of the rooms behind it, in frames, with nothing left behind."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

import ugrn_core as ugrn
from tests.planted import PlantedBackbone, planted_networks
from tests.small_network import trained
from ugrn_core.api import get, pl, tl
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import BACKBONES
from ugrn_core.backbones.toy import ToyBackbone
from ugrn_core.benchmark.request import BenchmarkRequest
from ugrn_core.benchmark.results import COLUMNS as RESULT_COLUMNS
from ugrn_core.cli import app
from ugrn_core.errors import GeneError, InputError
from ugrn_core.network.edge_table import COLUMNS
from ugrn_core.translators.library import save_translator

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = [
    *(ugrn.load, ugrn.pair, ugrn.gene, ugrn.network, ugrn.train_translator, ugrn.benchmark),
    *(tl.network, get.edges),
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
    assert told == sorted(told)
    assert pl.curves(frame).data


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


# a network


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
