"""Models and translators as bytes: what is opened answers as what was packed."""

from __future__ import annotations

import json
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from ugrn_core.backbones.backbone import TransformerBackbone, random_twin
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.registry import load_backbone
from ugrn_core.backbones.transport import open_backbone, pack_backbone
from ugrn_core.errors import CheckpointError, InputError, UGRNError
from ugrn_core.network.blocks import translator_digest
from ugrn_core.sweep import sweep_pairs
from ugrn_core.translators.exchange import open_translator, pack_translator
from ugrn_core.translators.library import load_translator
from ugrn_core.types import SweepSettings


def same(a, b) -> None:
    assert a.card == b.card and a.fingerprint == b.fingerprint and a.vocabulary.symbols == b.vocabulary.symbols
    symbols = a.vocabulary.symbols
    np.testing.assert_array_equal(a.vocabulary.ids(symbols), b.vocabulary.ids(symbols))
    pairs = [(symbols[0], symbols[5]), (symbols[5], symbols[0]), (symbols[2], symbols[3])]
    found = [sweep_pairs(one, pairs, SweepSettings(one.card.base, one.card.grid)) for one in (a, b)]
    np.testing.assert_array_equal(found[0].response, found[1].response)
    np.testing.assert_array_equal(found[0].slope, found[1].slope)


@pytest.mark.parametrize("name", ["toy-linear", "toy-square", "ugrn-mini", "ugrn-mini-log1p"])
def test_a_model_comes_back_as_it_was(name):
    backbone = load_backbone(name)
    content = pack_backbone(backbone)
    assert content == pack_backbone(backbone)
    same(backbone, open_backbone(content))


@pytest.mark.parametrize("make", ["make_scgpt", "make_scbenchmark"])
def test_published_layouts_and_random_twins_come_back(make, request):
    backbone = load_checkpoint(request.getfixturevalue(make)())
    same(backbone, open_backbone(pack_backbone(backbone)))
    twin = random_twin(backbone)
    same(twin, open_backbone(pack_backbone(twin)))
    assert isinstance(twin, TransformerBackbone) and not twin.model.training


def test_a_translator_comes_back_as_it_was():
    kept = load_translator("all-sets")
    again = open_translator(pack_translator(kept))
    assert again.card == kept.card and translator_digest(again) == translator_digest(kept)
    np.testing.assert_array_equal(again.pair_hashes, kept.pair_hashes)
    features = {p: np.ones((3, len(nets[0].mean)), np.float32) for p, nets in kept.nets.items()}
    np.testing.assert_array_equal(again.logits(features), kept.logits(features))


def test_what_is_no_model_of_the_project_is_not_sent():
    with pytest.raises(InputError, match="stranger cannot be sent"):
        pack_backbone(SimpleNamespace(fingerprint="", card=SimpleNamespace(name="stranger")))  # pyright: ignore


def test_a_toy_of_another_version_is_told():
    toy = load_backbone("toy-square")
    toy.fingerprint = "0" * 64  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(CheckpointError, match="another version"):
        open_backbone(pack_backbone(toy))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_bytes_that_are_neither_are_an_error_in_words(data):
    toy = load_backbone("toy-linear")
    whole = data.draw(st.sampled_from([pack_backbone(toy), pack_translator(load_translator("all-sets"))]))
    n = struct.unpack("<Q", whole[:8])[0]
    cut = whole[: data.draw(st.integers(0, min(len(whole) - 1, n + 200)))]
    for reader in (open_backbone, open_translator):
        with pytest.raises(UGRNError):
            reader(cut)


def test_facts_that_do_not_fit_are_an_error_in_words(make_scgpt):
    content = pack_backbone(load_checkpoint(make_scgpt()))
    tensors = load(content)
    about = json.loads(tensors["about"].tobytes())
    for part, changed in (("config", {"n_layers": 3}), ("config", {"width": 8}), ("card", {"colour": "red"})):
        text = json.dumps(about | {part: about[part] | changed}).encode()
        with pytest.raises(CheckpointError, match="does not open"):
            open_backbone(save(tensors | {"about": np.frombuffer(text, np.uint8)}))
    open_backbone(save(tensors))


def test_nothing_but_tensors_and_json_is_sent():
    for content in (pack_backbone(load_backbone("ugrn-mini")), pack_translator(load_translator("all-sets"))):
        n = struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8 : 8 + n])
        assert {one["dtype"] for one in header.values()} <= {"F32", "I64", "U8"}
        assert max(one["data_offsets"][1] for one in header.values()) == len(content) - 8 - n
