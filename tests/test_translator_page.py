"""The Translators page without a browser; shortcuts on the pairs of the card; files that are brought in."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import framed, fresh  # noqa: F401 (a fixture for every test)
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.beeline.networks import load_network
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.sampling import sample_pairs, union_pairs
from ugrn_core.errors import InputError
from ugrn_core.figures.translator import (
    plot_held_out,
    plot_loss,
    plot_reliability,
    prepare_held_out,
    prepare_loss,
    prepare_reliability,
)
from ugrn_core.genes.tfs import is_tf
from ugrn_core.translation.cost import training_cost
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translation.held_out import SHORTCUTS, held_out_frame, needed_rows, training_rows
from ugrn_core.translation.training_set import TrainRequest, own_training_set
from ugrn_core.translators.exchange import bring_in
from ugrn_core.translators.library import (
    DEFAULT_TRANSLATORS,
    list_translators,
    load_translator,
    own_folder,
    read_card,
    shipped_folder,
)
from ui.translators import card as card_room
from ui.translators import form as translator_form
from ui.translators import training

needs_beeline = pytest.mark.skipif(bool(missing_networks("TFs+500")), reason="no BEELINE networks: set UGRN_DATA_DIR")


def page(**query: str) -> AppTest:
    at = framed("translators.py")
    at.session_state["model"] = "ugrn-mini"
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def words(at: AppTest) -> str:
    return " ".join(str(e.value) for e in [*at.markdown, *at.caption, *at.info, *at.success, *at.code, *at.error])


def shipped_files(name: str) -> dict[str, bytes]:
    return {f"{name}.{e}": (shipped_folder() / f"{name}.{e}").read_bytes() for e in ("safetensors", "json")}


def renamed(name: str) -> list[tuple[str, bytes]]:
    files = shipped_files("hESC-Nsp")
    card = json.loads(files["hESC-Nsp.json"]) | {"name": name}
    return [(f"{name}.safetensors", files["hESC-Nsp.safetensors"]), (f"{name}.json", json.dumps(card).encode())]


def edges_of_ugrn_mini() -> str:
    """All pairs of eight factors, every other one an edge."""
    genes = [g for g in load_backbone("ugrn-mini", "cpu").vocabulary.symbols if is_tf(g)][:8]
    lines = [f"{a},{b},{(i + j) % 2}" for i, a in enumerate(genes) for j, b in enumerate(genes) if i != j]
    return "\n".join(["source,target,label", *lines])


def test_the_card_of_the_default_translator_is_readable():
    at = page()
    assert not at.exception and not at.error
    assert at.session_state["translator"] == "all-sets"
    assert "Brier score" in words(at) and "ugrn score --pairs" in words(at)
    card = read_card(shipped_folder() / "all-sets.json")
    assert f"{np.mean([m.auprc for m in card.metrics]):.3f}" in [m.value for m in at.metric]
    other = page(model="ugrn-mini-2")
    assert other.session_state["translator"] == DEFAULT_TRANSLATORS["ugrn-mini-2"], "as the network page has it"


@needs_beeline
def test_a_click_draws_no_pairs_again(monkeypatch):
    at, drawn = page(), []
    monkeypatch.setattr(card_room, "held_out_frame", lambda *asked: drawn.append(asked) or held_out_frame(*asked))
    at.run()
    assert not at.exception and len(at.get("plotly_chart")) == 2 and not drawn, "shortcuts cost seconds"
    at.session_state["translator"] = "hESC-Nsp"
    at.run()
    assert not at.exception and len(drawn) == 1, "of another card they are scored"


def test_a_translator_for_another_model_says_so():
    at = page(translator="hESC-STRING-log1p")
    assert not at.exception and "reads curves of ugrn-mini-log1p" in words(at)


@needs_beeline
def test_a_translator_is_tested_on_chosen_networks():
    at = page(translator="mESC-STRING")
    at.session_state["test networks of mESC-STRING"] = ["STRING"]
    at.session_state["test sets of mESC-STRING"] = ["mHSC-L"]
    at.run()
    next(b for b in at.button if b.label == "Test on 1 network").click().run()
    for _ in range(40):
        if "ugrn translator test" in words(at):
            break
        at.run()
    assert not at.exception and "ugrn translator test mESC-STRING --network STRING --sets mHSC-L" in words(at)
    card = read_card(shipped_folder() / "mESC-STRING.json")
    judged = next(m for m in card.metrics if m.test == "mHSC-L STRING")
    table = next(d.value for d in at.dataframe if len(d.value) == 5 and "scored_by" in d.value)
    assert table["value"].iloc[0] == pytest.approx(judged.auprc, abs=1e-4), "the pairs and the score of the card"


def test_a_translator_of_all_sets_has_nothing_to_be_tested_on():
    assert "It was trained on every data set" in words(page(translator="all-sets"))


def test_an_unknown_translator_in_the_address_is_said():
    at = page(translator="nobody")
    assert not at.exception and "There is no translator nobody" in at.warning[0].value


def test_without_beeline_the_page_says_why_and_own_edges_still_work(monkeypatch):
    monkeypatch.delenv("UGRN_DATA_DIR", raising=False)
    at = page()
    assert not at.exception and "ugrn fetch beeline" in words(at)
    at = page(mode="train")
    assert not at.exception and "ugrn fetch beeline" in words(at)


def test_own_edges_are_trained_shown_and_deleted():
    at = page(mode="train")
    at.session_state["train source"] = translator_form.OWN_EDGES
    at.session_state["train edges"] = f"{edges_of_ugrn_mini()}\nNOSUCHGENE,GATA1,1"
    at.session_state["train epochs"] = 2
    at.session_state["train seeds"] = 1
    at.session_state["train name"] = "tiny"
    at.run()
    assert not at.exception and not at.error
    assert "1 pair with a gene the model does not know left out" in words(at)
    next(b for b in at.button if b.label == "Train").click().run()
    for _ in range(40):
        if at.success:
            break
        at.run()
    assert "tiny is trained and kept" in words(at)
    assert "ugrn translator train tiny" in words(at)
    assert {p for p, *_ in training._points(next(iter(training._CURVES)))} <= {"VVP", "GDT"}
    next(b for b in at.button if b.label == "Look at it").click().run()
    assert not at.exception and at.session_state["translator"] == "tiny"
    next(b for b in at.button if b.label == "Yes, delete it").click().run()
    assert not at.exception and not (own_folder() / "tiny.json").exists()


def test_the_name_of_a_shipped_translator_is_refused():
    at = page(mode="train")
    at.session_state["train source"] = translator_form.OWN_EDGES
    at.session_state["train edges"] = edges_of_ugrn_mini()
    at.session_state["train name"] = "all-sets"
    at.run()
    assert "Give yours another one" in at.error[0].value


def test_a_translator_is_brought_in_as_files_or_zip():
    assert bring_in(renamed("guest")) == "guest"
    assert load_translator("guest").card.genes == load_translator("hESC-Nsp").card.genes
    with pytest.raises(InputError, match="already"):
        bring_in(renamed("guest"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in renamed("guest"):
            archive.writestr(name, content)
    assert bring_in([("guest.zip", packed.getvalue())], replace=True) == "guest"
    assert [t.name for t in list_translators() if not t.shipped] == ["guest"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([("a.json", b"{}")], "two files"),
        ([("a.zip", b"PK nonsense")], "cannot be read"),
        ([("a.safetensors", b"\x80\x04."), ("a.json", b"{}")], "cannot be read"),
        ([(n, c) for n, c in shipped_files("all-sets").items()], "a translator of the project"),
    ],
)
def test_what_is_no_translator_is_refused(files, why):
    with pytest.raises(InputError, match=why):
        bring_in(files)
    assert not own_folder().exists() or not list(own_folder().iterdir())


@needs_beeline
@pytest.mark.parametrize("name", ["hESC-STRING", "all-sets"])
def test_shortcuts_score_the_very_pairs_of_the_card(name):
    card = read_card(shipped_folder() / f"{name}.json")
    vocabulary = load_backbone(card.schema.backbone, "cpu").vocabulary
    networks = {r: load_network(*r, card.gene_set).within(vocabulary) for r in needed_rows(card)}
    frame = held_out_frame(card, networks)
    assert set(frame["scored_by"]) == {card.schema.method, *SHORTCUTS}
    sizes = frame.groupby("test")[["n_pos", "n_neg"]].nunique()
    assert (sizes == 1).all().all()
    row = next(r for r in networks if str(r) == "mDC STRING")
    trained, how = training_rows(card), {"sampler": card.sampler, "neg_ratio": 1, "max_pos": card.max_pos}
    learnt = [union_pairs([networks[r] for r in trained], seed=seed, **how) for seed in range(card.seeds)]
    told = () if row in trained else {pair for sample in learnt for pair in sample.pairs}
    drawn = sample_pairs(networks[row], seed=0, without=told, **how)
    judged = next(m for m in card.metrics if m.test == "mDC STRING")
    assert (judged.n_pos, judged.n_neg) == (drawn.n_pos, drawn.n_neg), "those of the shipped card"
    wanted = ranking_metrics(drawn.labels, np.array([is_tf(t) for _, t in drawn.pairs], np.float32))
    line = frame[(frame["test"] == "mDC STRING") & (frame["scored_by"] == "Target is a TF")].iloc[0]
    assert line["auroc"] == pytest.approx(wanted["auroc"]) and line["auprc"] == pytest.approx(wanted["auprc"])


def test_own_edges_have_no_shortcuts_and_a_cost():
    backbone = load_backbone("toy-square")
    symbols = backbone.vocabulary.symbols[:6]
    text = "\n".join(f"{a},{b}" for a in symbols[:3] for b in symbols if a != b and (a > b))
    material = own_training_set(TrainRequest("x", seeds=2), parse_edges(text, backbone.vocabulary))
    cost = training_cost(backbone, TrainRequest("x", seeds=2), material)
    assert cost.trainings >= 4 and cost.pairs >= len(text.splitlines()) and cost.seconds > 0
    free = training_cost(backbone, TrainRequest("x", method="Baseline-Emb", seeds=2), material)
    assert free.sweep_seconds == 0


def test_figures_hold_what_their_frames_say():
    card = load_translator("all-sets").card
    loss = prepare_loss([("VVP", 0, 1, 0.7), ("VVP", 0, 2, 0.6), ("VVP", 1, 1, 0.69), ("GDT", 0, 1, 0.65)])
    drawn = plot_loss(loss, 50)
    assert [t.legendgroup for t in drawn.data] == ["VVP", "VVP", "GDT"] and list(drawn.data[0].y) == [0.7, 0.6]
    shown = prepare_held_out(held_out_frame(card), "auroc")
    assert list(shown["value"]) == sorted((m.auroc for m in card.metrics), reverse=True)
    assert "AUROC" in plot_held_out(shown, "auroc").layout.xaxis.title.text
    assert card.calibration is not None
    bins = prepare_reliability(card.calibration)
    assert bins["n"].sum() == card.calibration.n_pairs
    assert list(plot_reliability(bins, 0.5).data[0].y) == list(bins["observed"])
