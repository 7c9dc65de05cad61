"""The shipped models: size, layout, a card whose figures are those that were measured of these very weights."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
import torch

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.corpus_vectors import corpus_vectors
from ugrn_core.figures.context_advice import advice_on
from ugrn_core.genes.tfs import is_tf
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.pair_specific import PAIR_REFERENCE, reference_genes
from ugrn_core.paths import ASSETS, beeline_folder
from ugrn_core.pretrain.head_text import heads, heads_text, level
from ugrn_core.pretrain.shape_text import shapes_text, tissues_text
from ugrn_core.pretrain.shapes import beside
from ugrn_core.pretrain.tissues import recovered
from ugrn_core.sweep import pair_responses
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.types import Context, SweepSettings

NAMES = [p.name for p in sorted((ASSETS / "models").glob("ugrn-*"))]
LIMIT = 12_000_000  # bytes


@pytest.fixture(scope="module", params=NAMES)
def shipped(request):
    folder = ASSETS / "models" / request.param
    return folder, load_backbone(request.param, device="cpu")


FIRST = {"ugrn-mini", "ugrn-mini-log1p"}
"""The first generation, whose step was the best of its curve."""
CONTROL = "ugrn-mini-2-reconstructed"


def test_all_generations_are_shipped():
    assert set(NAMES) == FIRST | {"ugrn-mini-2", "ugrn-mini-3", "ugrn-mini-log1p-2", CONTROL}


def test_the_card_names_the_objective(shipped):
    folder, backbone = shipped
    assert backbone.card.objective == ("reconstructed" if folder.name in FIRST | {CONTROL} else "distilled")
    if folder.name not in FIRST:
        assert f"| objective | {backbone.card.objective}:" in (folder / "README.md").read_text()


def test_second_generation_differs_from_its_control_in_the_objective_alone():
    trained = [json.loads((ASSETS / "models" / n / "card.json").read_text())["about"] for n in ("ugrn-mini-2", CONTROL)]
    differing = {k for k in trained[0]["settings"] if trained[0]["settings"][k] != trained[1]["settings"][k]}
    assert differing == {"objective"} and trained[0]["step"] == trained[1]["step"]


def test_size_vocabulary_and_card(shipped):
    folder, backbone = shipped
    assert sum(f.stat().st_size for f in folder.iterdir()) < LIMIT
    genes = backbone.vocabulary.symbols
    assert len(genes) > 15_000 and sum(map(is_tf, genes)) > 1_000
    assert {"GATA1", "KLF1", "POU5F1", "NANOG", "TP53"} <= set(genes)
    assert backbone.card.embedded and not backbone.card.drop_zero_genes
    assert backbone.card.layout == ("scbenchmark" if "log1p" in folder.name else "scgpt")


def test_the_card_says_what_was_measured_of_these_weights(shipped):
    folder, backbone = shipped
    figures = json.loads((folder / "figures.json").read_text())
    card = (folder / "README.md").read_text()
    assert figures["fingerprint"] == backbone.fingerprint and backbone.fingerprint in card
    kind = "" if folder.name in FIRST else "logistic_"
    for method in ("VVP", "GDT", "Ens", "Emb"):
        for figure in (figures["trained"][f"{method}_auprc"], figures["random_weights"][f"{kind}{method}_auprc"]):
            assert f"{figure:.3f}" in card
    step = json.loads((folder / "card.json").read_text())["about"]["step"]
    with (folder / "curve.csv").open() as stream:
        rows = {int(row["step"]): float(row["Ens_auprc"]) for row in csv.DictReader(stream)}
    chosen = max(rows, key=lambda s: rows[s]) if folder.name in FIRST else max(rows)
    assert step == chosen, "the shipped step is the one that the rule chooses"
    assert f"`{folder.name}`" in card or f"# {folder.name}" in card
    for gene in reference_genes(backbone.vocabulary.symbols, PAIR_REFERENCE)[:5]:
        assert gene in card


def test_sections_made_from_frames_stand_in_the_card(shipped):
    folder, _ = shipped
    card = (folder / "README.md").read_text()
    for text in (shapes_text(folder), tissues_text(folder), heads_text(folder.name)):
        assert text in card, "python -m ugrn_core.pretrain card --measured"
    if folder.name not in FIRST | {CONTROL}:
        assert advice_on(folder.name) and " ".join(advice_on(folder.name).split()) in " ".join(card.split())


@pytest.mark.parametrize("name", ["ugrn-mini-2", "ugrn-mini-3", "ugrn-mini-log1p-2"])
def test_what_goes_against_another_gene_in_the_corpus_falls(name):
    """Edges, and pairs by which curves are judged, go together: neither tells of a model that only rises."""
    backbone, known = load_backbone(name, "cpu"), corpus_vectors()
    here = [g for g in known.genes if g in backbone.vocabulary]
    drawn = np.random.default_rng(5).choice(len(here), (100_000, 2))
    pairs = [(here[i], here[j]) for i, j in drawn if i != j]
    cosine = known.cosine(pairs)
    low, high = backbone.card.grid[1], backbone.card.grid[-2]
    settings = SweepSettings(backbone.card.base, (low, high))
    for chosen, falls in ((cosine < -0.2, True), (cosine > 0.2, False)):
        asked = [pairs[i] for i in np.flatnonzero(chosen)[:200]]
        response = pair_responses(backbone, asked, settings)
        assert len(asked) == 200 and ((response[:, 1] < response[:, 0]) == falls).mean() > 0.95


def test_curves_of_the_third_say_more_than_lines_and_copulas_and_its_tissues_more_than_two_genes():
    """What it was made for, by the intervals over sources and pairs of the frames that are shipped."""
    folder = ASSETS / "models" / "ugrn-mini-3"
    frame = pd.read_csv(folder / "shapes.csv")
    for chosen in (frame, frame[frame["most_bent"]]):
        for other in ("line", "copula"):
            assert beside(chosen, "curve", other)[1] > 0, other
    found = recovered(pd.read_csv(folder / "tissues.csv"))
    assert found["tissue_genes"][1] > found["pair"][2]


def test_the_default_translator_has_the_best_head_of_those_tested():
    found = {name: (load_translator(name).card.schema.backbone, level(frame)) for name, frame in heads().items()}
    for model in {backbone for backbone, _ in found.values()}:
        mine = {name: value for name, (backbone, value) in found.items() if backbone == model}
        assert DEFAULT_TRANSLATORS[model] == max(mine, key=lambda name: mine[name])


def test_a_known_pair_answers_and_its_slope_integrates_to_the_response(shipped):
    _, backbone = shipped
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    result = explore_pair(backbone, PairRequest("GATA1", "KLF1", Context(), settings))
    assert result.forward.response is not None and np.abs(result.forward.response).max() > 0.01
    assert result.residual is not None and result.residual < 0.05


def test_reconstruction_reads_its_context(shipped):
    """A hidden gene is predicted otherwise beside red-cell genes than beside neural ones, in the right order."""
    _, backbone = shipped
    high, hidden = {"bins": (45.0, -1.0), "log1p": (3.0, -1.0), "standard deviations": (2.5, -3.25)}[backbone.card.unit]

    def predicted(gene: str, beside: list[str]) -> float:
        ids = torch.from_numpy(backbone.vocabulary.ids([gene, *beside]))
        values = torch.tensor([[hidden, *([high] * len(beside))]])
        return backbone.reconstruct(ids, values)[0, 0].item()

    red, neural = ["GATA1", "HBB", "ALAS2", "GYPA"], ["SNAP25", "SYT1", "MAP2", "STMN2"]
    assert predicted("KLF1", red) > predicted("KLF1", neural)
    assert predicted("SYN1", neural) > predicted("SYN1", red)


@pytest.mark.skipif(beeline_folder() is None, reason="BEELINE networks not here: set UGRN_DATA_DIR")
def test_trained_weights_tell_edges_of_unseen_genes_where_random_ones_do_not():
    from ugrn_core.backbones.backbone import random_twin
    from ugrn_core.pretrain.selection import cross_validate, hesc_string_pairs, pair_features

    backbone = load_backbone("ugrn-mini", device="cpu")
    settings = SweepSettings(backbone.card.base, backbone.card.grid)
    folder = beeline_folder()
    assert folder is not None
    found = {}
    for name, asked in (("trained", backbone), ("random", random_twin(backbone))):
        pairs = hesc_string_pairs(folder, asked).sample(2500, random_state=0)
        features = pair_features(asked, pairs, settings)
        found[name] = cross_validate(pairs, {k: features[k] for k in ("VVP", "GDT")}).groupby("method")["auroc"].mean()
    assert found["trained"]["Ens"] > 0.57
    assert abs(found["random"]["Ens"] - 0.5) < 0.06
