"""The shipped translators: small, whole, of the shipped weights, with a calibration that was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ugrn_core.backbones.registry import BACKBONES, DEFAULT_BACKBONE, load_backbone
from ugrn_core.beeline.networks import SPECIES, load_network
from ugrn_core.beeline.report import reciprocal_share
from ugrn_core.paths import ASSETS, beeline_folder
from ugrn_core.translation.held_out import training_rows
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator

FILES = sorted((ASSETS / "translators").glob("*.safetensors"))
NAMES = {"all-sets": 7, "hESC-Nsp": 1, "hESC-STRING": 1, "mESC-STRING": 1}
"""Shipped for each embedded model, and on how many data sets they were trained."""
EDGES = [("GATA1", "KLF1"), ("SPI1", "CSF1R"), ("POU5F1", "NANOG"), ("TP53", "MDM2"), ("GATA1", "HBB")]


ENDINGS = {
    **{"": "ugrn-mini", "-log1p": "ugrn-mini-log1p", "-2": "ugrn-mini-2", "-log1p-2": "ugrn-mini-log1p-2"},
    "-3": "ugrn-mini-3",
}


@pytest.mark.parametrize(("ending", "backbone"), ENDINGS.items())
def test_the_named_ones_are_here_for_every_model_that_is_no_control(ending, backbone):
    for name, n_sets in NAMES.items():
        card = load_translator(f"{name}{ending}").card
        assert card.kind == (chosen_kind() if ending.endswith(("2", "3")) else "mlp")
        assert (card.schema.backbone, len(card.train_sets), card.seeds) == (backbone, n_sets, 3)
        assert card.contexts == ("pair",)
        assert card.calibration is not None and len(card.calibration.reliability) == 10
        assert set(card.calibration.held_out) >= set(SPECIES) - set(card.train_sets)


@pytest.mark.parametrize("model", ["ugrn-mini-2", "ugrn-mini-3"])
def test_the_default_of_the_network_reads_curves_and_gene_class(model):
    card = load_translator(DEFAULT_TRANSLATORS[model]).card
    assert (card.schema.method, card.kind, card.neg_ratio) == ("VVP+class", "dropout", 10)
    assert card.schema.grid == (-2.0, 2.0) and card.networks == ("STRING",) and card.train_sets == ("hESC",)
    assert card.calibration is not None and len(card.calibration.knots) > 10
    assert 0.005 < card.calibration.prior < 0.02, "all candidates, at the share of edges that there is"
    assert set(card.calibration.held_out) == {"hHEP", "mESC"}, "the sets that its reading was chosen by"
    top = card.calibration.reliability[-1]
    assert abs(top.predicted - top.observed) < 0.01


def chosen_kind() -> str:
    """The kind that is higher over the methods of curves in the cross-validation of the model it was fixed with."""
    figures = json.loads((ASSETS / "models" / "ugrn-mini-2" / "figures.json").read_text())["trained"]
    means = [sum(figures[f"{kind}{m}_auprc"] for m in ("VVP", "GDT", "Ens")) for kind in ("", "logistic_")]
    return "logistic" if means[1] > means[0] else "mlp"


@pytest.mark.parametrize("name", DEFAULT_TRANSLATORS)
def test_every_default_translator_reads_its_model(name):
    assert load_translator(DEFAULT_TRANSLATORS[name]).card.schema.backbone == name
    assert next(iter(DEFAULT_TRANSLATORS)) == DEFAULT_BACKBONE == next(iter(BACKBONES))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_shipped_translator_scores_with_its_backbone(file):
    assert file.stat().st_size + file.with_suffix(".json").stat().st_size < 1_500_000
    translator = load_translator(file)
    backbone = load_backbone(translator.card.schema.backbone, device="cpu")
    assert translator.card.schema.fingerprint == backbone.fingerprint
    scored = score_pairs(translator, backbone, EDGES)
    assert len(scored) == len(EDGES)
    assert np.isfinite(scored["score"]).all() and scored["probability"].between(0, 1).all()
    rarer = score_pairs(translator, backbone, EDGES, prevalence=0.001)
    assert (rarer["probability"] < scored["probability"]).all()


@pytest.mark.skipif(beeline_folder() is None, reason="UGRN_DATA_DIR names no folder with BEELINE networks")
@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_card_says_how_many_training_edges_run_both_ways(file):
    card = load_translator(file).card
    vocabulary = load_backbone(card.schema.backbone, device="cpu").vocabulary
    networks = [load_network(*row, card.gene_set).within(vocabulary) for row in training_rows(card)]
    assert card.reciprocal == pytest.approx(reciprocal_share([e for n in networks for e in n.edges]))
