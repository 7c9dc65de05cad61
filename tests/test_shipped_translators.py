"""The shipped translators: small, whole, of the shipped weights, with a calibration that was measured."""

from __future__ import annotations

import numpy as np
import pytest

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.paths import ASSETS
from ugrn_core.translation.scoring import score_pairs
from ugrn_core.translators.library import load_translator

FILES = sorted((ASSETS / "translators").glob("*.safetensors"))
NAMES = ["all-sets", "hESC-Nsp", "hESC-STRING", "mESC-STRING"]
EDGES = [("GATA1", "KLF1"), ("SPI1", "CSF1R"), ("POU5F1", "NANOG"), ("TP53", "MDM2"), ("GATA1", "HBB")]


def test_the_named_ones_are_here():
    assert set(NAMES) <= {f.stem for f in FILES}


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
