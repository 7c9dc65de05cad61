"""The example network of the Start page: genes of the bundled cells, and a text that says what was measured."""

from __future__ import annotations

import pandas as pd
import pytest

from ugrn_core.backbones.registry import DEFAULT_BACKBONE, load_backbone
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.genes.tfs import is_tf
from ugrn_core.network.edge_table import beeline_edges
from ugrn_core.network.example import bent_pairs, example_genes, measure, read_example
from ugrn_core.paths import ASSETS, ROOT
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ui.shared import example
from ui.shared.translator import fitting


def test_the_example_is_of_the_default_model_and_translator():
    found = read_example()
    assert (found.model, found.translator) == (DEFAULT_BACKBONE, DEFAULT_TRANSLATORS[DEFAULT_BACKBONE])
    backbone = load_backbone(DEFAULT_BACKBONE, "cpu")
    assert found.fingerprint == backbone.fingerprint
    assert found.genes == tuple(g for g in example_genes() if g in backbone.vocabulary)
    assert found.factors == sum(map(is_tf, found.genes)) > 20
    assert example.NETWORK.split() == list(found.genes)
    assert next(iter(fitting(backbone))) == found.translator  # what the page takes by itself


def test_its_best_edges_hold_several_times_as_many_known_ones_as_all_pairs_and_the_text_says_so():
    found = read_example()
    share, prevalence = found.best_known / found.best, found.known / found.pairs
    assert share >= 10 * prevalence
    assert f"{found.best_known} are in networks of other cells" in example.NETWORK_WHY
    assert f"best edges by {found.model}" in example.NETWORK_WHY, "whichever model is chosen beside it"
    assert f"{share / prevalence:.0f} times as many as among all pairs" in example.NETWORK_WHY


def test_the_readme_says_how_many_of_its_best_edges_are_expected_to_be_wrong():
    found = read_example()
    card = load_translator(found.translator).card
    times = (1 - found.expected_wrong / found.best) / card.prevalence
    text = " ".join((ROOT / "README.md").read_text().split())
    assert (
        f"about {found.expected_wrong} are expected to be wrong, and they are still {times:.0f} times as likely" in text
    )


@pytest.mark.skipif(bool(missing_networks()), reason="BEELINE networks are not here")
def test_the_figures_are_measured_anew():
    known = beeline_edges()
    assert known is not None
    found = read_example()
    assert measure(load_backbone(found.model, "cpu"), load_translator(found.translator), known) == found


def test_the_pairs_whose_curves_bend_are_those_of_the_card():
    """By hand from the frame: the highest gain first, all of the vocabulary; a model without a frame has none."""
    frame = pd.read_csv(ASSETS / "models" / DEFAULT_BACKBONE / "shapes.csv")
    pairs = bent_pairs(DEFAULT_BACKBONE)
    gain = frame.set_index(["source", "target"])["gain"]
    assert len(pairs) == 20 and gain[list(pairs)].is_monotonic_decreasing and gain[list(pairs)].min() > gain.median()
    assert (gain.drop(list(pairs)) <= gain[list(pairs)].min()).all()
    vocabulary = load_backbone(DEFAULT_BACKBONE, "cpu").vocabulary
    assert {g for pair in pairs for g in pair} <= set(vocabulary.symbols)
    assert bent_pairs("toy") == bent_pairs("../models/ugrn-mini-2") == bent_pairs("\0") == ()
