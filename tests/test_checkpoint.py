"""A checkpoint folder loads whole or not at all, and what is saved reads back as the same model."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from ugrn_core.backbones import passport as passport_room
from ugrn_core.backbones.checkpoint import (
    load_checkpoint,
    read_checkpoint,
    read_tensors,
    read_tokens,
    save_checkpoint,
)
from ugrn_core.backbones.layouts import LARGEST, LAYOUTS, read_args
from ugrn_core.backbones.passport import passport
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.errors import CheckpointError

MakeFolder = Callable[..., Path]

QKV = "transformer_encoder.layers.1.self_attn.Wqkv.weight"


def change_tensors(folder: Path, change: Callable[[dict], object]) -> Path:
    """Rewrite the weights of a folder after ``change`` worked on the dictionary in place."""
    tensors = torch.load(folder / "best_model.pt", weights_only=True)
    change(tensors)
    torch.save(tensors, folder / "best_model.pt")
    return folder


def change_json(folder: Path, file: str, change: Callable[[dict], object]) -> Path:
    content = json.loads((folder / file).read_text())
    change(content)
    (folder / file).write_text(json.dumps(content))
    return folder


def refused(folder: Path) -> str:
    """The error of a folder that must not load; it always names the folder."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(folder, device="cpu")
    assert str(folder) in str(caught.value)
    return str(caught.value)


class Planted:
    """A pickle of this object would create a file when it is opened."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.file,))


def test_loading_does_not_import_torchs_compiler(scgpt_folder: Path) -> None:
    """Random initial values on the meta device would (two seconds at every start of the app)."""
    code = (
        "import sys; from ugrn_core.backbones.checkpoint import load_checkpoint; "
        f"load_checkpoint({str(scgpt_folder)!r}, device='cpu'); print('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_whole_folder_loads_frozen_and_says_what_it_is(scgpt_folder: Path) -> None:
    backbone = load_checkpoint(scgpt_folder, device="cpu")
    assert (backbone.card.layout, backbone.card.unit, backbone.card.n_bins) == ("scgpt", "bins", 51)
    assert (backbone.card.domain, backbone.card.base) == ((0.0, 50.0), 10.0)
    assert backbone.card.grid == (1.0, 5.0, 15.0, 25.0, 35.0, 45.0)
    assert backbone.card.max_seq_len == 1200
    assert backbone.card.drop_zero_genes and not backbone.card.embedded
    assert "scGPT" in backbone.card.label
    assert not backbone.model.training
    assert not any(p.requires_grad for p in backbone.model.parameters())
    assert "<cls>" not in backbone.vocabulary and len(backbone.vocabulary) == 20


def test_continuous_layout_has_its_own_defaults(scbenchmark_folder: Path) -> None:
    card = load_checkpoint(scbenchmark_folder, device="cpu").card
    assert (card.layout, card.unit, card.n_bins, card.domain) == ("scbenchmark", "log1p", 0, (0.0, 8.0))
    assert (card.base, card.grid) == (1.0, (0.25, 0.5, 2.0, 3.0, 4.0, 5.0))
    assert card.max_seq_len == 512  # train_maxseq of the published args
    assert not card.drop_zero_genes and not card.embedded


def test_heads_come_from_args(make_scgpt: MakeFolder) -> None:
    two, four = make_scgpt(nheads=2), make_scgpt(spelling="in_proj", nheads=4)
    a, b = load_checkpoint(two, device="cpu"), load_checkpoint(four, device="cpu")
    genes = torch.from_numpy(a.vocabulary.ids(["SOX2", "NANOG", "ALB"]))
    values = torch.full((1, 3), 10.0)
    assert not torch.allclose(a.reconstruct(genes, values), b.reconstruct(genes, values), atol=1e-3)
    assert a.fingerprint != b.fingerprint  # the same weights with other heads are another model


@pytest.mark.parametrize("name", [QKV, "decoder.fc.4.bias", "encoder.enc_norm.weight", "encoder.embedding.weight"])
def test_a_missing_tensor_is_named(scgpt_folder: Path, name: str) -> None:
    message = refused(change_tensors(scgpt_folder, lambda t: t.pop(name)))
    assert name.replace("Wqkv.", "in_proj_") in message


def test_a_left_over_tensor_is_named(scgpt_folder: Path) -> None:
    message = refused(
        change_tensors(scgpt_folder, lambda t: t.update({"batch_encoder.embedding.weight": torch.ones(2)}))
    )
    assert "1 left over (batch_encoder.embedding.weight)" in message


@pytest.mark.parametrize(
    ("name", "shape"), [(QKV, (48, 15)), ("decoder.fc.4.weight", (2, 16)), ("encoder.enc_norm.bias", ())]
)
def test_a_misshapen_tensor_is_named_with_both_shapes(scgpt_folder: Path, name: str, shape: tuple[int, ...]) -> None:
    message = refused(change_tensors(scgpt_folder, lambda t: t.update({name: torch.ones(shape)})))
    assert name.replace("Wqkv.", "in_proj_") in message
    assert str(list(shape)) in message and "expected" in message


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_tensor_that_is_not_finite_is_named(scgpt_folder: Path, value: float) -> None:
    assert "in_proj_weight" in refused(change_tensors(scgpt_folder, lambda t: t[QKV].__setitem__((3, 3), value)))


def test_whole_number_tensors_are_refused(scgpt_folder: Path) -> None:
    message = refused(change_tensors(scgpt_folder, lambda t: t.update({QKV: torch.ones(48, 16, dtype=torch.int64)})))
    assert "floating-point" in message


@pytest.mark.parametrize("field", ["embsize", "nheads", "nlayers", "d_hid", "max_seq_len", "n_bins", "pad_value"])
def test_a_missing_field_of_args_is_named(scgpt_folder: Path, field: str) -> None:
    message = refused(change_json(scgpt_folder, "args.json", lambda a: a.pop(field)))
    assert "args.json" in message and field in message


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("nheads", 3, "not a multiple"),
        ("nheads", 0, "nheads: should be greater than or equal to 1, got 0"),
        ("nheads", True, "valid integer, got True"),
        ("embsize", "16", "valid integer, got '16'"),
        ("embsize", 10**12, "less than or equal to 1000000"),
        ("embsize", 32, "another shape"),
        ("nlayers", 3, "layers in the weights: 0, 1"),
        ("nlayers", 1, "layers in the weights: 0, 1"),
        ("pad_value", "x", "pad_value: should be a valid number"),
        ("input_emb_style", "category", "continuous"),
        ("pre_norm", True, "pre_norm"),
        ("layout", "scbenchmark", "layout"),
        ("n_bins", 1.5, "valid integer"),
        ("nlayers", 10**6, "less than or equal to 1000"),
        ("pad_value", 1e300, "less than or equal to"),
    ],
)
def test_args_that_contradict_the_weights_are_refused(
    scgpt_folder: Path, field: str, value: object, expected: str
) -> None:
    assert expected in refused(change_json(scgpt_folder, "args.json", lambda a: a.update({field: value})))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"embsize": 16, "embsize": 16}', "[" * 100_000, "\xff"])
@pytest.mark.parametrize("file", ["args.json", "vocab.json"])
def test_a_file_that_is_not_a_json_object_is_named(scgpt_folder: Path, file: str, text: str) -> None:
    (scgpt_folder / file).write_bytes(text.encode("latin-1"))
    assert file in refused(scgpt_folder)


def test_vocabulary_of_another_size_is_refused(scgpt_folder: Path) -> None:
    message = refused(change_json(scgpt_folder, "vocab.json", lambda v: v.update(EXTRA=len(v))))
    assert "24 tokens" in message and "23 rows" in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda v: v.update(TP53=v["MDM2"]), "each once"),
        (lambda v: v.update(TP53=99), "0 to 22"),
        (lambda v: v.update(TP53="0"), "TP53: should be a valid integer"),
        (lambda v: v.update(TP53=True), "TP53: should be a valid integer"),
        (lambda v: v.update({"TP\u0000": 3}), "control characters"),
        (lambda v: v.update({"x" * 300: 3}), "at most 200 characters"),
        (lambda v: v.clear(), "no gene"),
    ],
)
def test_a_vocabulary_with_odd_ids_is_refused(scgpt_folder: Path, change: Callable, expected: str) -> None:
    assert expected in refused(change_json(scgpt_folder, "vocab.json", change))


def test_a_symbol_twice_in_the_vocabulary_is_refused(scgpt_folder: Path) -> None:
    text = (scgpt_folder / "vocab.json").read_text()
    (scgpt_folder / "vocab.json").write_text(text.replace('"MDM2"', '"TP53"'))
    assert "TP53" in refused(scgpt_folder)


def test_a_vocabulary_without_cls_is_refused(make_scgpt: MakeFolder) -> None:
    assert "<cls>" in refused(make_scgpt(cls_at=None))


@pytest.mark.parametrize("wrong", ["args.json", "vocab.json"])
def test_a_folder_that_lacks_one_file_is_told_which(scgpt_folder: Path, wrong: str) -> None:
    (scgpt_folder / wrong).unlink()
    assert refused(scgpt_folder) == f"{scgpt_folder}: not a checkpoint: no {wrong} in it."
    (scgpt_folder / "best_model.pt").unlink()
    assert refused(scgpt_folder).endswith(f"no {wrong}, no best_model.pt or model.safetensors in it.")


def test_a_path_that_is_none_says_why() -> None:
    for path, why in (("a\0b", "embedded null (byte|character)"), ("a" * 5000, "File name too long")):
        with pytest.raises(CheckpointError, match=f"cannot be read: .*{why}"):
            read_checkpoint(path)


def test_sizes_are_those_of_a_model(scgpt_folder: Path) -> None:
    """A length of 1 and of a million are read, 0 and one more are not."""
    args = json.loads((scgpt_folder / "args.json").read_text())
    for length in (1, LARGEST):
        assert read_args(LAYOUTS["scgpt"], args | {"max_seq_len": length, "n_bins": 2}).max_seq_len == length
    for wrong in ({"max_seq_len": 0}, {"max_seq_len": LARGEST + 1}, {"n_bins": 1}):
        with pytest.raises(CheckpointError, match=next(iter(wrong))):
            read_args(LAYOUTS["scgpt"], args | wrong)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_file_may_claim_four_times_its_size_and_a_megabyte(tmp_path: Path, dtype: torch.dtype) -> None:
    file = tmp_path / "best_model.pt"

    def save(n: int) -> int:
        torch.save({"x": torch.ones(1, dtype=dtype).expand(n)}, file)
        return file.stat().st_size

    most = (4 * save(1_000_000) + 1_000_000) // dtype.itemsize
    assert save(most) * 4 + 1_000_000 == most * dtype.itemsize
    assert read_tensors(file)["x"].shape == (most,)
    save(most + 1)
    with pytest.raises(CheckpointError, match=f"claims tensors of {(most + 1) * dtype.itemsize:,} bytes"):
        read_tensors(file)


def test_what_is_not_a_checkpoint_is_refused(tmp_path: Path, scgpt_folder: Path) -> None:
    assert "no such folder" in refused(tmp_path / "nowhere")
    assert "no such folder" in refused(scgpt_folder / "args.json")
    (tmp_path / "empty").mkdir()
    assert "args.json, no vocab.json, no best_model.pt or model.safetensors" in refused(tmp_path / "empty")
    save_file({"x": torch.ones(1)}, scgpt_folder / "model.safetensors")
    assert "keep the one you mean" in refused(scgpt_folder)


def test_a_pickle_of_anything_else_is_never_opened(scgpt_folder: Path) -> None:
    planted = scgpt_folder / "planted"
    for write in (torch.save, lambda content, file: file.write_bytes(pickle.dumps(content, protocol=2))):
        write({"weights": Planted(planted)}, scgpt_folder / "best_model.pt")
        assert "best_model.pt" in refused(scgpt_folder)
    assert not planted.exists()


@pytest.mark.parametrize(
    "content", [{"model_state_dict": {"x": torch.ones(1)}}, [torch.ones(1)], {}, {3: torch.ones(1)}]
)
def test_a_file_that_is_not_a_state_dict_is_refused(scgpt_folder: Path, content: object) -> None:
    torch.save(content, scgpt_folder / "best_model.pt")
    assert "best_model.pt holds" in refused(scgpt_folder)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999), safe=st.booleans())
def test_a_truncated_file_is_refused(scgpt_folder: Path, share: float, safe: bool) -> None:
    whole = scgpt_folder / ("whole.safetensors" if safe else "whole.pt")
    if not whole.exists():
        tensors = torch.load(scgpt_folder / "best_model.pt", weights_only=True)
        (save_file if safe else torch.save)(tensors, whole)
    for name in ("best_model.pt", "model.safetensors"):
        (scgpt_folder / name).rename(scgpt_folder / "original.pt") if (scgpt_folder / name).exists() else None
    content = whole.read_bytes()
    cut = scgpt_folder / ("model.safetensors" if safe else "best_model.pt")
    cut.write_bytes(content[: int(share * len(content))])
    try:
        assert cut.name in refused(scgpt_folder)
    finally:
        cut.unlink()
        (scgpt_folder / "original.pt").rename(scgpt_folder / "best_model.pt")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), safe=st.booleans())
def test_random_bytes_are_refused(scgpt_folder: Path, data: bytes, safe: bool) -> None:
    (scgpt_folder / "best_model.pt").unlink(missing_ok=True)
    (scgpt_folder / "model.safetensors").unlink(missing_ok=True)
    (scgpt_folder / ("model.safetensors" if safe else "best_model.pt")).write_bytes(data)
    refused(scgpt_folder)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 0.999), flip=st.integers(1, 255))
def test_a_flipped_byte_never_escapes_as_another_error(scgpt_folder: Path, where: float, flip: int) -> None:
    file = scgpt_folder / "best_model.pt"
    whole = file.read_bytes()
    i = int(where * len(whole))
    file.write_bytes(whole[:i] + bytes([whole[i] ^ flip]) + whole[i + 1 :])
    try:
        with contextlib.suppress(CheckpointError):  # a flip inside a weight is still a weight
            load_checkpoint(scgpt_folder, device="cpu")
    finally:
        file.write_bytes(whole)


def test_tensors_that_claim_more_than_their_file_are_refused(scgpt_folder: Path) -> None:
    message = refused(change_tensors(scgpt_folder, lambda t: t.update({QKV: torch.ones(1).expand(10**6, 10**6)})))
    assert "claims tensors of" in message


def test_weights_that_grow_on_unpacking_are_refused(scgpt_folder: Path) -> None:
    file = scgpt_folder / "best_model.pt"
    with zipfile.ZipFile(file) as whole:
        members = {m.filename: whole.read(m) for m in whole.infolist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    assert "compressed" in refused(scgpt_folder)


def test_a_byte_order_mark_is_passed_over(scgpt_folder: Path) -> None:
    before = load_checkpoint(scgpt_folder, device="cpu").fingerprint
    for name in ("args.json", "vocab.json"):
        (scgpt_folder / name).write_bytes(b"\xef\xbb\xbf" + (scgpt_folder / name).read_bytes())
    assert load_checkpoint(scgpt_folder, device="cpu").fingerprint == before


def test_half_precision_is_read_as_float32(scgpt_folder: Path, make_scgpt: MakeFolder) -> None:
    change_tensors(scgpt_folder, lambda t: t.update({n: x.half() for n, x in t.items()}))
    rounded = change_tensors(
        make_scgpt(spelling="in_proj"), lambda t: t.update({n: x.half().float() for n, x in t.items()})
    )
    half = load_checkpoint(scgpt_folder, device="cpu")
    assert all(p.dtype == torch.float32 for p in half.model.parameters())
    assert half.fingerprint == load_checkpoint(rounded, device="cpu").fingerprint


def test_fingerprint_follows_every_weight_and_the_vocabulary(make_scgpt: MakeFolder) -> None:
    prints = {load_checkpoint(make_scgpt(), device="cpu").fingerprint}
    for i, name in enumerate(["decoder.fc.4.bias", QKV, "encoder.embedding.weight"]):
        folder = change_tensors(make_scgpt(seed=0), lambda t, n=name: t[n].view(-1)[-1].add_(1e-3))
        prints.add(load_checkpoint(folder, device="cpu").fingerprint)
        assert len(prints) == i + 2
    folder = change_json(make_scgpt(), "vocab.json", lambda v: v.update(TP53=v["MDM2"], MDM2=v["TP53"]))
    prints.add(load_checkpoint(folder, device="cpu").fingerprint)
    folder = change_json(make_scgpt(), "args.json", lambda a: a.update(pad_value=-3))
    prints.add(load_checkpoint(folder, device="cpu").fingerprint)
    assert len(prints) == 6
    unread = change_tensors(make_scgpt(), lambda t: t["flag_encoder.weight"].add_(1))
    assert load_checkpoint(unread, device="cpu").fingerprint in prints


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("layout", ["scgpt", "scbenchmark"])
def test_save_reads_back_as_the_same_model(
    request: pytest.FixtureRequest, tmp_path: Path, layout: str, dtype: torch.dtype
) -> None:
    folder = request.getfixturevalue(f"{layout}_folder")
    backbone, tokens = load_checkpoint(folder, device="cpu"), read_checkpoint(folder).tokens
    facts = {
        "label": "Small",
        "base": 2,
        "grid": [1, 3],
        "drop_zero_genes": False,
        "embedded": True,
        "about": {"r2": 1},
    }
    args = {"max_seq_len": 300, "n_bins": 51}
    saved = save_checkpoint(tmp_path / "in" / "saved", backbone.model, tokens, args, layout, facts=facts, dtype=dtype)
    (tmp_path / "in" / "saved").rename(tmp_path / "saved")
    again = load_checkpoint(tmp_path / "saved", device="cpu")
    assert again.fingerprint == saved.fingerprint
    assert (again.fingerprint == backbone.fingerprint) == (dtype == torch.float32)
    assert again.vocabulary.symbols == backbone.vocabulary.symbols
    assert (again.card.label, again.card.base, again.card.grid) == ("Small", 2.0, (1.0, 3.0))
    assert (again.card.max_seq_len, again.card.embedded) == (300, True)
    genes = torch.from_numpy(again.vocabulary.ids(["SOX2", "NANOG", "ALB"]))
    values = torch.tensor([[1.0, 2, 3]])
    close = {torch.float32: 1e-6, torch.float16: 3e-2}[dtype]
    torch.testing.assert_close(
        again.reconstruct(genes, values), backbone.reconstruct(genes, values), rtol=close, atol=close
    )
    assert {p.name for p in (tmp_path / "saved").iterdir()} == {
        "args.json",
        "vocab.json",
        "card.json",
        "model.safetensors",
    }


def test_saved_tensors_carry_published_names(scgpt_folder: Path, tmp_path: Path) -> None:
    original = torch.load(scgpt_folder / "best_model.pt", weights_only=True)
    checkpoint = read_checkpoint(scgpt_folder)
    model = load_checkpoint(scgpt_folder, device="cpu").model
    save_checkpoint(tmp_path / "saved", model, checkpoint.tokens, checkpoint.args, "scgpt")
    stored = load_file(tmp_path / "saved" / "model.safetensors")
    read = {n.replace("Wqkv.", "in_proj_"): t for n, t in original.items() if not n.startswith(("mvc_", "flag_"))}
    assert stored.keys() == read.keys()
    assert all(torch.equal(stored[n], read[n]) for n in read)


def test_what_is_saved_once_more_takes_the_place_of_the_first(scgpt_folder: Path, tmp_path: Path) -> None:
    checkpoint, model = read_checkpoint(scgpt_folder), load_checkpoint(scgpt_folder, device="cpu").model
    assert checkpoint.args == json.loads((scgpt_folder / "args.json").read_text()), "as it stands there, no defaults"
    for label in ("one", "two"):
        save_checkpoint(tmp_path, model, checkpoint.tokens, checkpoint.args, "scgpt", facts={"label": label})
        assert read_checkpoint(tmp_path).facts == {"label": label}
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_checkpoint(tmp_path, model, checkpoint.tokens, checkpoint.args, "scgpt", facts={"about": float("nan")})
    assert read_checkpoint(tmp_path).facts == {"label": "two"}


def test_save_refuses_args_that_contradict_the_model(scgpt_folder: Path, tmp_path: Path) -> None:
    checkpoint = read_checkpoint(scgpt_folder)
    model = LeanTransformer(checkpoint.config)
    with pytest.raises(CheckpointError, match="nheads 4 is 2"):
        save_checkpoint(tmp_path / "saved", model, checkpoint.tokens, {**checkpoint.args, "nheads": 4}, "scgpt")
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"bas": 1}, "bas: unknown entry"),
        ({"base": "10"}, "base: should be a valid number, got '10'"),
        ({"base": float("nan")}, "base: should be a finite number"),
        ({"about": [float("nan")], "grid": list(range(10**5))}, "grid: tuple should have at most 100 items"),
        ({"grid": []}, "at least 1 item"),
        ({"grid": [3, 1]}, "rising"),
        ({"domain": [5, 1]}, "rising"),
        ({"drop_zero_genes": 1}, "valid boolean"),
        ({"unit": None}, "unit: should be a valid string"),
    ],
)
def test_an_odd_card_is_refused(scgpt_folder: Path, facts: dict, expected: str) -> None:
    (scgpt_folder / "card.json").write_text(json.dumps(facts))
    assert expected in refused(scgpt_folder)


def test_callers_facts_outrank_the_folders(scgpt_folder: Path) -> None:
    (scgpt_folder / "card.json").write_text(json.dumps({"label": "Folder", "base": 5}))
    card = load_checkpoint(scgpt_folder, device="cpu", card={"label": "Caller"}).card
    assert (card.label, card.base) == ("Caller", 5.0)


def test_read_tokens_keeps_every_id(tmp_path: Path, tokens: dict[str, int]) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps(tokens))
    assert read_tokens(tmp_path / "vocab.json") == tokens


def test_passport_says_what_was_loaded(scgpt_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = load_checkpoint(scgpt_folder, device="cpu")
    found = passport(scgpt_folder)
    assert (found.layout, found.weights, found.known_as) == ("scGPT", "best_model.pt", None)
    assert found.size == (scgpt_folder / "best_model.pt").stat().st_size
    assert (found.n_heads, found.width, found.n_layers, found.max_seq_len, found.n_genes) == (2, 16, 2, 1200, 20)
    assert found.matched == len(backbone.model.state_dict())
    assert found.ignored == ("flag_encoder.weight", "mvc_decoder.gene2query.bias", "mvc_decoder.gene2query.weight")
    genes = torch.from_numpy(backbone.vocabulary.ids(backbone.vocabulary.symbols[:8]))
    cell = backbone.reconstruct(genes, torch.arange(1.0, 9.0)[None])[0]
    assert found.cell == pytest.approx(cell.tolist(), abs=1e-4)
    monkeypatch.setitem(passport_room.KNOWN_WEIGHTS, found.sha256, "a known one")
    assert passport(scgpt_folder).known_as == "a known one"


def test_passport_is_the_same_for_every_spelling(make_scgpt: MakeFolder) -> None:
    a, b = passport(make_scgpt("Wqkv")), passport(make_scgpt("module"))
    assert (a.fingerprint, a.cell) == (b.fingerprint, b.cell)
    assert a.sha256 != b.sha256


def test_every_head_of_the_official_model_may_be_there_and_is_not_read(scgpt_folder: Path) -> None:
    before = load_checkpoint(scgpt_folder, device="cpu")
    state = torch.load(scgpt_folder / "best_model.pt", weights_only=True)
    heads = ("mvc_decoder.W.weight", "cls_decoder.out_layer.bias", "flag_encoder.weight",
             "grad_reverse_discriminator.out_layer.weight")  # fmt: skip
    prefix = "module." if any(name.startswith("module.") for name in state) else ""
    torch.save(state | {f"{prefix}{name}": torch.zeros(2) for name in heads}, scgpt_folder / "best_model.pt")
    assert set(heads) <= set(passport(scgpt_folder).ignored)
    assert load_checkpoint(scgpt_folder, device="cpu").model.state_dict().keys() == before.model.state_dict().keys()
