"""The shipped translators: small, whole, of the shipped weights, with a calibration that was measured."""

from __future__ import annotations

import numpy as np
import pytest

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.beeline.networks import SPECIES, load_network
from ugrn_core.beeline.report import reciprocal_share
from ugrn_core.paths import ASSETS, beeline_folder
from ugrn_core.translation.held_out import training_rows
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.library import load_translator

FILES = sorted((ASSETS / "translators").glob("*.safetensors"))
NAMES = {"all-sets": 7, "hESC-Nsp": 1, "hESC-STRING": 1, "mESC-STRING": 1}
"""Shipped for each embedded model, and on how many data sets they were trained."""
EDGES = [("GATA1", "KLF1"), ("SPI1", "CSF1R"), ("POU5F1", "NANOG"), ("TP53", "MDM2"), ("GATA1", "HBB")]


@pytest.mark.parametrize(("ending", "backbone"), [("", "ugrn-mini"), ("-log1p", "ugrn-mini-log1p")])
def test_the_named_ones_are_here_for_both_models(ending, backbone):
    for name, n_sets in NAMES.items():
        card = load_translator(f"{name}{ending}").card
        assert (card.schema.backbone, len(card.train_sets), card.seeds) == (backbone, n_sets, 3)
        assert card.calibration is not None and len(card.calibration.reliability) == 10
        assert set(card.calibration.held_out) >= set(SPECIES) - set(card.train_sets)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_shipped_translator_scores_with_its_backbone(file):
    assert file.stat().st_size + file.with_suffix(".json").stat().st_size < 1_000_000
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
