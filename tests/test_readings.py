"""What a translator reads beside curves, against numpy on its own; and that every part can be kept, read and run."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.small_network import trained
from tests.test_pages import TOY
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.benchmark.request import without_reverse
from ugrn_core.methods import gene_class as gene_class_room
from ugrn_core.methods.catalogue import METHODS, READINGS, reads_curves
from ugrn_core.methods.embedding import embedding_cosines
from ugrn_core.methods.gene_class import gene_class
from ugrn_core.translators.library import load_translator, save_translator
from ugrn_core.translators.schema import PARTS

PAIRS = [("GATA1", "KLF1"), ("KLF1", "ACTB"), ("SOX2", "GATA1")]


def test_cosines_in_bands_are_those_of_a_decomposition_of_all_embeddings() -> None:
    model = load_backbone("ugrn-mini-3", "cpu")
    ids = torch.from_numpy(model.vocabulary.ids(model.vocabulary.symbols))
    table = model.gene_embeddings(ids).numpy().astype(np.float64)
    unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    axes = np.linalg.svd(unit, full_matrices=False)[2]
    row = {g: i for i, g in enumerate(model.vocabulary.symbols)}
    found = embedding_cosines(model, PAIRS)
    ends = [0, 1, 2, 4, 8, 16, 32, 64, 128]
    assert found.shape == (3, 1 + 2 * 8) and found.dtype == np.float32
    for n, (s, t) in enumerate(PAIRS):
        a, b = unit[row[s]], unit[row[t]]
        assert np.isclose(found[n, 0], a @ b, atol=1e-6) and np.isclose(found[n, 1:9].sum(), found[n, 0], atol=1e-6)
        for band, (start, end) in enumerate(pairwise(ends)):
            x, y = axes[start:end] @ a, axes[start:end] @ b
            assert np.isclose(found[n, 1 + band], x @ y, atol=1e-5)
            assert np.isclose(found[n, 9 + band], x @ y / np.linalg.norm(x) / np.linalg.norm(y), atol=1e-4)
    np.testing.assert_array_equal(found, embedding_cosines(model, [(t, s) for s, t in PAIRS]))


def test_the_class_of_both_genes_is_read_in_their_order() -> None:
    assert gene_class(load_backbone(TOY, "cpu"), PAIRS).tolist() == [[1, 1], [1, 0], [1, 1]]


def test_listed_genes_are_those_of_any_tf_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def lists(network: str, data_set: str) -> SimpleNamespace:
        return SimpleNamespace(
            tfs={("STRING", "hESC"): ("GATA1",), ("LOF/GOF", "mESC"): ("ACTB",)}.get((network, data_set), ())
        )

    monkeypatch.setattr(gene_class_room, "load_network", lists)
    gene_class_room.listed_regulators.cache_clear()
    toy = load_backbone(TOY, "cpu")
    assert gene_class_room.listed(toy, PAIRS).tolist() == [[1, 0], [0, 1], [0, 1]]
    gene_class_room.listed_regulators.cache_clear()
    widths = []
    for name in ("VVP+class", "Curves+class", "Curves+listed"):
        reading = METHODS[name].reading
        assert reading is not None and METHODS[name].family == "class"
        widths.append((reading.curves, len(reading.beside)))
    assert widths == [(("response",), 2), (("response", "slope"), 2), (("response", "slope"), 3)]


def test_every_part_has_a_reading_and_a_method_of_the_benchmark() -> None:
    parts = {part for listed in PARTS.values() for part in listed}
    assert parts == set(READINGS) and parts <= set(METHODS)
    assert [m for m, listed in PARTS.items() if not reads_curves(listed)] == ["Baseline-Emb"]


def test_the_reverse_of_a_reading_is_cut_where_it_stands() -> None:
    reading, there, back = READINGS["VVP+class"], np.ones((3, 4), np.float32), np.full((3, 4), 2, np.float32)
    toy = load_backbone(TOY, "cpu")
    a, b, c = toy.vocabulary.symbols[:3]
    features = reading.features(toy, [(a, b), (b, c), (c, a)], {"response": there}, {"response": back})
    cut = without_reverse(features, np.array([True, False, True]), reading.reverse_columns(4))
    assert (features[:, :4] == 1).all() and (features[:, 4:8] == 2).all()
    assert (cut[1, 4:8] == 0).all() and (cut[1, :4] == 1).all() and (cut[1, 8:] == features[1, 8:]).all()
    np.testing.assert_array_equal(cut[[0, 2]], features[[0, 2]])


def test_a_translator_with_gene_class_is_kept_and_read_again(tmp_path) -> None:
    made = trained(load_backbone(TOY, "cpu"), "VVP+class")
    again = load_translator(save_translator(made, tmp_path))
    assert again.card == made.card and again.card.schema.parts == ("VVP+class",)
    x = np.random.default_rng(0).normal(size=(5, len(made.nets["VVP+class"][0].mean))).astype(np.float32)
    np.testing.assert_array_equal(again.logits({"VVP+class": x}), made.logits({"VVP+class": x}))
