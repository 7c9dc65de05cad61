"""Files of translators from anybody: what does not fit is a sentence, and one bad file never hides the others."""

from __future__ import annotations

import bz2
import contextlib
import copy
import io
import json
import lzma
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from ugrn_core.errors import InputError, UGRNError
from ugrn_core.network.blocks import translator_digest
from ugrn_core.translators import exchange, library
from ugrn_core.translators.exchange import bring_in, packed
from ugrn_core.translators.library import (
    Listed,
    check_place,
    delete_translator,
    find_translator,
    list_translators,
    load_translator,
    own_folder,
    read_card,
    save_translator,
    shipped_folder,
)
from ugrn_core.translators.names import check_name
from ugrn_core.translators.translator import Translator, card_from_json, card_json

SHIPPED = shipped_folder() / "hESC-STRING"
CARD: dict[str, Any] = json.loads(SHIPPED.with_suffix(".json").read_text("utf-8")) | {"name": "guest"}
WEIGHTS = SHIPPED.with_suffix(".safetensors").read_bytes()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def text(card: object) -> bytes:
    return json.dumps(card).encode()


def files(card: object = CARD, weights: bytes = WEIGHTS) -> list[tuple[str, bytes]]:
    return [("guest.json", text(card)), ("guest.safetensors", weights)]


def zipped(members: list[tuple[str, bytes]], packing: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def changed(path: str, value: object) -> dict[str, Any]:
    """The card with another value at a path such as ``schema.grid``."""
    card = copy.deepcopy(CARD)
    *above, last = path.split(".")
    place = card
    for key in above:
        place = place[key]
    place[last] = value
    return card


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("train_sets", [1, 2]),
        ("prevalence", "0.1"),
        ("prevalence", 0),
        ("prevalence", 1.5),
        ("prior", float("nan")),
        ("networks", [1]),
        ("networks", "STRING"),
        ("networks", ["x" * 1_000]),
        ("networks", ["a\u0000b"]),
        ("genes", ["\x1b[31m"]),
        ("genes", ["A"] * 200_000),
        ("name", "../guest"),
        ("name", ".guest"),
        ("name", "x" * 300),
        ("name", "NUL"),
        ("seeds", 10**9),
        ("seeds", True),
        ("epochs", 1.5),
        ("neg_ratio", 10**30),
        ("schema.grid", []),
        ("schema.grid", list(range(1_000_000))),
        ("schema.grid", [1e300]),
        ("schema.base", float("inf")),
        ("schema.method", "Origin-Pert"),
        ("schema.context", "profile"),
        ("schema.background", None),
        ("schema.fingerprint", 7),
        ("schema", [1]),
        ("calibration.slope", -1.0),
        ("calibration.prior", 1.0),
        ("calibration.reliability", [{"predicted": 2.0, "observed": 0.1, "n": 3}]),
        ("metrics", [{"test": "x", "auprc": 0.5, "auroc": 0.5, "n_pos": 0, "n_neg": 0}]),
        ("metrics", {}),
        ("version", 2),
        ("kind", "forest"),
        ("contexts", []),
        ("contexts", "pair"),
        ("contexts", ["moon"]),
        ("contexts", ["pair", "pair"]),
        ("contexts", [["pair"]]),
        ("colour", "red"),
    ],
)
def test_a_card_that_does_not_fit_is_a_sentence(path, value):
    with pytest.raises(InputError, match=path.split(".")[-1]):
        card_from_json(text(changed(path, value)))
    with pytest.raises(InputError) as refused:
        bring_in(files(changed(path, value)))
    assert len(str(refused.value)) < 700
    assert not own_folder().exists()


def test_an_older_card_is_one_of_a_network_and_comes_back_as_it_was():
    older = {name: value for name, value in CARD.items() if name not in ("kind", "contexts", "reciprocal")}
    card = card_from_json(text(older))
    assert card.kind == "mlp" and card.holds_in("pair") and not card.holds_in("profile")
    assert card_from_json(text(card_json(card))) == card
    assert card_from_json(b"\xef\xbb\xbf" + text(card_json(card))) == card, "a byte order mark is passed over"


SOMETHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(CARD) + [f"schema.{k}" for k in CARD["schema"]]), SOMETHING)
def test_any_value_anywhere_in_a_card_is_read_or_refused(path, value):
    try:
        card = card_from_json(text(changed(path, value)))
    except InputError:
        return
    assert card_from_json(text(card_json(card))) == card


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe{\x00",
        b"\x00",
        b'{"name":"a","name":"b"}',
        b"9" * 9_000,
    ],
)
def test_what_is_no_json_is_a_sentence(content):
    with pytest.raises(InputError):
        card_from_json(content)


def tensors(change: str) -> bytes:
    held = load(WEIGHTS)
    first = "VVP.0.layers.0.weight"
    wrong = {
        "nan": {first: np.full_like(held[first], np.nan)},
        "infinity": {first: np.where(np.arange(held[first].shape[1]) == 0, np.inf, held[first]).astype(np.float32)},
        "huge": {first: held[first] * np.float32(1e20)},
        "double": {first: held[first].astype(np.float64)},
        "whole numbers": {first: held[first].astype(np.int32)},
        "a number": {"VVP.0.mean": np.array(1, np.float32)},
        "another width": {"VVP.0.mean": np.zeros(3, np.float32)},
        "no scale": {"VVP.0.scale": np.zeros_like(held["VVP.0.scale"])},
        "hashes as floats": {"pair_hashes": held["pair_hashes"].astype(np.float32)},
        "hashes in a square": {"pair_hashes": held["pair_hashes"][:4].reshape(2, 2)},
    }[change]
    return save(held | wrong)


@pytest.mark.parametrize(
    "change",
    ["nan", "infinity", "huge", "double", "whole numbers", "a number", "another width", "no scale", "hashes as floats",
     "hashes in a square"],
)  # fmt: skip
def test_weights_that_no_training_gives_are_refused(change):
    with pytest.raises(InputError, match=r"VVP\.0|pair_hashes"):
        bring_in(files(weights=tensors(change)))
    assert not own_folder().exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 0.999), flip=st.integers(1, 255), cut=st.booleans(), part=st.integers(0, 2))
def test_damaged_uploads_never_end_in_another_error(where, flip, cut, part):
    whole = files() if part < 2 else [("guest.zip", zipped(files(), zipfile.ZIP_DEFLATED))]
    name, content = whole[part % 2]
    i = int(where * len(content))
    whole[part % 2] = (name, content[:i] if cut else content[:i] + bytes([content[i] ^ flip]) + content[i + 1 :])
    with contextlib.suppress(UGRNError):  # a flip inside a weight is still a weight
        bring_in(whole, replace=True)


def test_zips_that_are_packed_to_harm_are_refused_unread():
    bombs = [
        zipped([("guest.json", b" " * 60_000_000), ("guest.safetensors", b"")], zipfile.ZIP_DEFLATED),
        zipped(files(), zipfile.ZIP_LZMA),
        zipped(files(), zipfile.ZIP_BZIP2),
        zipped([(f"{i}.json", b"{}") for i in range(5_000)]),
        zipped([*files(), ("more.txt", b"")]),
        zipped([("guest.zip", zipped(files()))]),
        b"PK\x05\x06" + b"\xff" * 18,
    ]
    for bomb in bombs:
        with pytest.raises(InputError, match=r"zip|two files"):
            bring_in([("guest.zip", bomb)])
    good = zipped(files(), zipfile.ZIP_DEFLATED)
    torn = bytearray(good)
    torn[good.index(b"guest.safetensors") + 400] ^= 0xFF  # within the packed bytes: zlib says what zipfile does not
    with pytest.raises(InputError, match="cannot be read"):
        bring_in([("guest.zip", bytes(torn))])
    for unpack in (bz2.compress, lzma.compress):
        with pytest.raises(InputError):
            bring_in([("guest.zip", unpack(good))])
    assert bring_in([("guest.zip", good)]) == "guest"


@pytest.mark.parametrize("name", ["ALL-SETS", "All-Sets", "all-sets", "hesc-string", "HESC-STRING-LOG1P"])
def test_no_own_translator_takes_a_name_of_the_project_in_any_letter_case(name):
    with pytest.raises(InputError, match="a translator of the project"):
        bring_in(files(CARD | {"name": name}))
    kept = load_translator("hESC-STRING")
    with pytest.raises(InputError, match="a translator of the project"):
        save_translator(replace(kept, card=replace(kept.card, name=name)))
    with pytest.raises(InputError, match="a translator of the project"):
        check_place(name)


def test_a_file_with_a_name_of_the_project_never_shadows_it():
    own_folder().mkdir(parents=True)
    (own_folder() / "all-sets.json").write_bytes(text(CARD | {"name": "all-sets"}))
    (own_folder() / "all-sets.safetensors").write_bytes(WEIGHTS)
    assert find_translator("all-sets").parent == shipped_folder()
    assert translator_digest(load_translator("all-sets")) == translator_digest(
        load_translator(shipped_folder() / "all-sets.safetensors")
    )
    found = {t.name: t for t in list_translators()}
    assert found["all-sets"].shipped and found["all-sets"].card is not None
    assert found["all-sets (own)"].card is None and "of the project" in found["all-sets (own)"].problem
    delete_translator("all-sets (own)")
    assert list(own_folder().iterdir()) == []
    with pytest.raises(InputError, match="stays"):
        delete_translator("all-sets")


@pytest.mark.parametrize(
    "name",
    ["", ".hidden", "..", "a/b", "a\\b", "a b", "a\0b", "x" * 65, "x" * 300, "é", "nul", "CON.txt", "com1", "a.",
     "a.json", "a.SafeTensors", "a\n", "-a"],
)  # fmt: skip
def test_names_that_are_no_file_names_everywhere_are_refused(name):
    with pytest.raises(InputError, match="cannot be the name"):
        check_name(name)
    with pytest.raises(InputError, match="no translator"):
        find_translator(name)


@pytest.mark.parametrize(
    "name", ["~nobodyofthatname/x.safetensors", "\0.safetensors", "y" * 5_000, "/dev/null", "\ud800"]
)
def test_odd_paths_are_a_sentence(name):
    with pytest.raises(InputError, match="no translator"):
        load_translator(name)


def test_two_of_ones_own_that_differ_in_letter_case_are_refused():
    assert bring_in(files()) == "guest"
    with pytest.raises(InputError, match="one file on some systems"):
        bring_in(files(CARD | {"name": "Guest"}), replace=True)


def bad_files(folder: Path) -> set[str]:
    """Everything that can lie in a library and is no translator; the names they are shown by."""
    folder.mkdir(parents=True)
    for name, card, weights in [
        ("no card", text([]), WEIGHTS),
        ("numbers", text(CARD | {"name": "numbers", "train_sets": [1, 2]}), WEIGHTS),
        ("another", text(CARD), WEIGHTS),
        ("deep", b"[" * 10_000, WEIGHTS),
        ("huge", text(changed("schema.grid", list(range(1_000_000))) | {"name": "huge"}), WEIGHTS),
        (".hidden", text(CARD | {"name": ".hidden"}), WEIGHTS),
        ("x" * 240, text(CARD | {"name": "x" * 240}), WEIGHTS),
        ("alone", text(CARD | {"name": "alone"}), None),
        ("weights", None, WEIGHTS),
    ]:
        for content, ending in ((card, "json"), (weights, "safetensors")):
            if content is not None:
                (folder / f"{name}.{ending}").write_bytes(content)
    os.close(os.open(os.fsencode(folder) + b"/latin-\xe9.json", os.O_CREAT | os.O_WRONLY))
    os.mkfifo(folder / "pipe.json")
    (folder / "pipe.safetensors").write_bytes(WEIGHTS)
    (folder / "link.json").symlink_to("nowhere")
    (folder / "folder.json").mkdir()
    return {"no card", "numbers", "another", "deep", "huge", ".hidden", "x" * 240, "alone", "weights", "latin-\ufffd",
            "pipe", "link"}  # fmt: skip


def test_one_bad_file_never_breaks_the_list_and_each_can_be_deleted():
    names = bad_files(own_folder())
    assert bring_in(files()) == "guest"
    listed = {t.name: t for t in list_translators()}
    assert {n for n, t in listed.items() if t.card is None} == names
    assert all(0 < len(listed[n].problem) < 900 for n in names)
    assert listed["guest"].card is not None and listed["all-sets"].shipped
    for name in names:
        with pytest.raises(InputError):
            load_translator(name)
        delete_translator(name)
    assert sorted(f.name for f in own_folder().iterdir()) == ["folder.json", "guest.json", "guest.safetensors"]


def test_a_card_is_read_anew_when_its_file_changes():
    assert bring_in(files()) == "guest"
    file = own_folder() / "guest.json"
    first = read_card(file)
    assert read_card(file) is first, "read once while it stays as it is"
    file.write_bytes(text(CARD | {"prevalence": 0.25}))
    os.utime(file, ns=(1, 1))
    assert read_card(file).prevalence == 0.25


def test_what_goes_out_comes_back_the_same():
    kept = load_translator("hESC-STRING")
    save_translator(replace(kept, card=replace(kept.card, name="guest")))
    listed = next(t for t in list_translators() if t.name == "guest")
    content = packed(listed)
    delete_translator("guest")
    assert bring_in([("any.zip", content)]) == "guest"
    assert translator_digest(load_translator("guest")) == translator_digest(kept)


def test_probabilities_are_at_the_prevalence_of_the_card_and_not_at_the_prior():
    """Oracle: the odds of a calibrated probability move by the odds of the prevalence over those of the prior."""
    kept = load_translator("hESC-STRING")
    c = kept.card.calibration
    assert c is not None and abs(kept.card.prevalence - c.prior) > 0.1
    logits = np.linspace(-3, 3, 7)
    odds = np.exp(c.slope * logits + c.intercept)
    odds *= kept.card.prevalence / (1 - kept.card.prevalence) * (1 - c.prior) / c.prior
    np.testing.assert_allclose(kept.probabilities(logits), odds / (1 + odds), rtol=1e-12)
    bare = Translator(replace(kept.card, calibration=None, prevalence=0.02, prior=0.5), kept.nets, kept.pair_hashes)
    odds = np.exp(logits) * 0.02 / 0.98
    np.testing.assert_allclose(bare.probabilities(logits), odds / (1 + odds), rtol=1e-12)
    assert not np.allclose(bare.probabilities(logits), bare.probabilities(logits, 0.5))


def test_limits_that_are_met_are_kept(tmp_path, monkeypatch):
    size = sum(len(content) for _, content in files())
    folders = [(f"f{i}/", b"") for i in range(8)]
    monkeypatch.setattr(exchange, "MAX_BYTES", size)
    assert bring_in([("guest.zip", zipped([*folders, *files()]))]) == "guest"
    with pytest.raises(InputError, match="You have a translator guest already"):
        bring_in(files())
    assert bring_in(files(), replace=True) == "guest"
    monkeypatch.setattr(exchange, "MAX_BYTES", size - 1)
    with pytest.raises(InputError, match=f"holds 2 files of {size:,} bytes"):
        bring_in([("guest.zip", zipped(files()))], replace=True)
    with pytest.raises(InputError, match="holds over 10 files"):
        bring_in([("guest.zip", zipped([*folders, ("f8/", b""), *files()]))], replace=True)
    with pytest.raises(InputError, match="holds 3 files"):
        bring_in([("guest.zip", zipped([("a.json", b""), *files()]))], replace=True)
    with pytest.raises(InputError, match=r"two files.*got \.json\."):
        bring_in(files()[:1])
    monkeypatch.setattr(library, "MAX_BYTES", len(WEIGHTS))
    load_translator("guest")
    monkeypatch.setattr(library, "MAX_BYTES", len(WEIGHTS) - 1)
    with pytest.raises(InputError, match=f"has {len(WEIGHTS):,} bytes; a translator has at most"):
        load_translator("guest")
    file = tmp_path / "ten"
    file.write_bytes(b"0123456789")
    assert library._content(file, 5) == b"012345" and library._content(file, 10) == b"0123456789"
    with pytest.raises(InputError, match="is no file"):
        library._content(tmp_path, 5)


def test_so_many_translators_are_kept_and_no_more(monkeypatch, tmp_path):
    assert library.MOST_OWN == 500
    monkeypatch.setattr(library, "MOST_OWN", 2)
    for name in ("one", "two"):
        bring_in(files(CARD | {"name": name}))
    with pytest.raises(InputError, match=r"There are 2 translators in .* already, 2 at most"):
        bring_in(files(CARD | {"name": "three"}))
    assert bring_in(files(CARD | {"name": "two"}), replace=True) == "two"
    made = replace(load_translator("one"))
    where = tmp_path / "deep" / "below"
    assert save_translator(made, where) == save_translator(made, where) == where / "one.safetensors"
    assert (where / "one.json").read_text().startswith('{\n "')
    assert load_translator(where / "one.safetensors").card == made.card
    with pytest.raises(InputError, match="There is no translator"):
        find_translator(where / "one.json")
    (where / "one.safetensors").rename(where / "two.safetensors")
    (where / "one.json").rename(where / "two.json")
    assert load_translator(where / "two.safetensors").card.name == "one", "by its path it may be called otherwise"
    with pytest.raises(InputError, match="its card is that of one"):
        load_translator("two", where)
    assert [(t.name, t.problem[:15]) for t in list_translators(where) if not t.shipped] == [("two", "two cannot be r")]
    (where / "notes.txt").write_text("of somebody")
    (where / "folder.json").mkdir()
    assert [t.name for t in list_translators(where) if not t.shipped] == ["two"]
    with pytest.raises(InputError, match="There is no translator"):
        find_translator(where / "gone.safetensors")
    (where / "notes.txt").unlink()
    (where / "folder.json").rmdir()
    (where / "two.json").unlink()
    assert delete_translator("two", where) == where / "two.safetensors" and not list(where.iterdir())
    with pytest.raises(InputError, match="hESC-STRING is part of the project and stays"):
        delete_translator("hESC-STRING", where)
    with pytest.raises(InputError, match=r"'two' is not there. There are .*hESC-STRING"):
        delete_translator("two", where)


def test_a_listed_translator_fits_the_very_model_it_was_trained_on():
    card = read_card(SHIPPED.with_suffix(".json"))

    def model(fingerprint: str) -> Any:
        return type("Model", (), {"fingerprint": fingerprint})()

    listed = Listed("x", SHIPPED.parent, True, card)
    assert listed.fits(model(card.schema.fingerprint)) and not listed.fits(model("other"))
    assert not replace(listed, card=None).fits(model(card.schema.fingerprint))
    assert card.holds_in("pair") and not card.holds_in("genes")
    elsewhere = replace(card, contexts=None, schema=replace(card.schema, context="full"))
    assert elsewhere.holds_in("genes") and not elsewhere.holds_in("pair")
    assert replace(card, contexts=("genes", "profile")).holds_in("genes")
    assert not replace(card, contexts=("genes", "profile")).holds_in("pair")
    assert replace(card, schema=replace(card.schema, method="Baseline-Emb")).holds_in("profile")


def test_pairs_of_the_training_are_a_list_of_hashes_and_every_tensor_has_a_place():
    tensors = load(WEIGHTS)
    hashes = tensors["pair_hashes"]
    for wrong in (hashes.astype(np.float64), hashes[None], hashes.astype(np.int32)):
        with pytest.raises(InputError, match="no list pair_hashes"):
            bring_in(files(weights=save(tensors | {"pair_hashes": wrong})))
    with pytest.raises(InputError, match="no list pair_hashes"):
        bring_in(files(weights=save({k: v for k, v in tensors.items() if k != "pair_hashes"})))
    with pytest.raises(InputError, match=r"tensors its card does not know: VVP\.9\.mean, more"):
        bring_in(files(weights=save(tensors | {"VVP.9.mean": hashes, "more": hashes})))
    twice = save(tensors | {"pair_hashes": np.concatenate([hashes[::-1], hashes])})
    bring_in(files(weights=twice))
    assert np.array_equal(load_translator("guest").pair_hashes, np.unique(hashes.view(np.uint64)))


def test_numbers_at_the_largest_weight_are_read_and_scales_above_nothing():
    tensors = load(WEIGHTS)
    name, scale = "VVP.0.layers.0.weight", "VVP.0.scale"
    for key, value, fits in (
        (name, 1e6, True), (name, -1e6, True), (name, 1_000_001, False), (scale, 0.0, False), (scale, 0.5, True),
    ):  # fmt: skip
        changed_ = {k: v.copy() for k, v in tensors.items()}
        changed_[key].flat[0] = value
        if fits:
            assert bring_in(files(weights=save(changed_)), replace=True) == "guest"
        else:
            with pytest.raises(InputError, match=f"{key} holds numbers that no training gives"):
                bring_in(files(weights=save(changed_)), replace=True)
