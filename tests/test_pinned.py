"""Files known by their hash: nothing else makes a file the pinned one, and what is verified is what is used."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from ugrn_core import pinned
from ugrn_core.backbones import passport as passport_room
from ugrn_core.backbones import registry
from ugrn_core.backbones.registry import BACKBONES, PINNED, PinnedCheckpoint, is_available, load_backbone
from ugrn_core.beeline import networks
from ugrn_core.errors import CheckpointError, FetchError
from ugrn_core.paths import ASSETS
from ugrn_core.pinned import KEPT, PinnedFile, is_pinned, pinned_bytes

CONTENT = b"weights" * 1000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(0, 0))
    return path


def as_pinned(path: Path) -> PinnedFile:
    return PinnedFile(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read for their hash."""
    names: list[str] = []
    real = pinned.sha256_of

    def counted(path: Path) -> str:
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(pinned, "sha256_of", counted)
    return names


def change(path: Path, at: int = 3) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def test_a_hash_is_computed_once_and_anew_when_size_or_time_change(file, hashed):
    known = as_pinned(file)
    assert is_pinned(file, known) and is_pinned(file, known) and hashed == [file.name]
    assert json.loads((file.parent / KEPT).read_text())[file.name][2] == known.sha256
    os.utime(file, ns=(1, 1))
    assert is_pinned(file, known) and len(hashed) == 2
    change(file)
    assert file.stat().st_size == known.size and not is_pinned(file, known) and len(hashed) == 3
    assert not is_pinned(file, known) and len(hashed) == 4, "written just now: it may be again, at the same time"
    file.write_bytes(CONTENT + b"more")
    assert not is_pinned(file, known) and len(hashed) == 4, "another size needs no hash"


def test_a_hash_of_a_file_written_just_now_is_not_kept(file, hashed, monkeypatch):
    second = 1_000_000_000
    for now, kept in ((2 * second, False), (-2 * second, False), (2 * second + 1, True), (-2 * second - 1, True)):
        monkeypatch.setattr(pinned.time, "time_ns", lambda now=now: now)
        assert is_pinned(file, as_pinned(file))
        assert (file.parent / KEPT).exists() == kept
        (file.parent / KEPT).unlink(missing_ok=True)


def test_a_file_that_cannot_be_read_is_not_the_pinned_one(file, monkeypatch):
    known = as_pinned(file)
    monkeypatch.setattr(pinned, "sha256_of", lambda path: (_ for _ in ()).throw(OSError("Input/output error")))
    assert not is_pinned(file, known)


@pytest.mark.parametrize(
    "kept", [b"", b"[]", b"{" * 9999, b'{"model.bin": [7000, 1, "x"]}', b'{"model.bin": "y"}', b"\xff"]
)
def test_odd_kept_hashes_are_computed_anew(file, kept):
    (file.parent / KEPT).write_bytes(kept)
    assert is_pinned(file, as_pinned(file)) and not is_pinned(file, PinnedFile(file.name, len(CONTENT), "0" * 64))


def test_a_folder_that_cannot_be_written_costs_a_hash_each_time(file, hashed, monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(pinned, "write_whole", full)
    assert is_pinned(file, as_pinned(file)) and is_pinned(file, as_pinned(file)) and len(hashed) == 2


def test_verified_bytes_are_those_that_are_returned(file):
    known = as_pinned(file)
    assert pinned_bytes(file, known) == CONTENT
    change(file)
    with pytest.raises(FetchError, match="expected sha256"):
        pinned_bytes(file, known)
    file.write_bytes(CONTENT[:-1])
    with pytest.raises(FetchError, match=r"got 6,999 bytes, expected 7,000 bytes"):
        pinned_bytes(file, known)
    file.write_bytes(CONTENT * 2)
    with pytest.raises(FetchError, match=r"got 14,000 bytes, expected 7,000 bytes"):
        pinned_bytes(file, known)


@pytest.fixture
def fetched(scgpt_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of scgpt-human, with a tiny model as the pinned one."""
    files = tuple(as_pinned(p) for p in scgpt_folder.iterdir())
    monkeypatch.setitem(PINNED, "scgpt-human", PinnedCheckpoint("http://127.0.0.1:1", "nowhere", files))
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "checkpoints" / "scgpt-human"
    folder.parent.mkdir(parents=True)
    scgpt_folder.rename(folder)
    return folder


def test_weights_of_the_right_size_are_not_the_pinned_model_until_their_hash_says_so(fetched):
    record = BACKBONES["scgpt-human"]
    assert is_available(record) and load_backbone("scgpt-human").card.label == "scGPT whole-human"
    weights = fetched / "best_model.pt"
    change(weights, weights.stat().st_size // 2)
    assert not is_available(record)
    with pytest.raises(CheckpointError, match=r"best_model.pt in it, by sha256"):
        load_backbone("scgpt-human")
    change(weights, weights.stat().st_size // 2)
    assert is_available(record)


def test_a_model_that_changes_while_it_is_read_is_refused(fetched, monkeypatch):
    def load(folder, **_):
        change(fetched / "best_model.pt", 2000)

    monkeypatch.setattr("ugrn_core.backbones.checkpoint.load_checkpoint", load)
    with pytest.raises(CheckpointError, match="changed while it was read"):
        load_backbone("scgpt-human")


def test_a_folder_with_a_name_of_the_registry_is_that_model_by_its_bytes_alone(fetched, tmp_path, make_scgpt):
    copy = tmp_path / "scgpt-human"
    copy.mkdir()
    for part in fetched.iterdir():
        (copy / part.name).write_bytes(part.read_bytes())
    assert load_backbone(copy).card.name == "scgpt-human"
    other = make_scgpt(seed=5)
    (other / "card.json").write_text(json.dumps({"name": "scgpt-human", "embedded": True}))
    card = load_backbone(other).card
    assert (card.name, card.embedded) == ("scgpt-human-own", False)
    shipped = tmp_path / "mini"
    shipped.mkdir()
    for part in ("args.json", "vocab.json", "card.json", "model.safetensors"):
        (shipped / part).write_bytes((ASSETS / "models" / "ugrn-mini" / part).read_bytes())
    assert load_backbone(shipped).card.name == "ugrn-mini" and load_backbone(shipped).card.embedded


def test_a_passport_names_weights_it_has_read(scgpt_folder, monkeypatch):
    real = passport_room.to_backbone

    def meanwhile(checkpoint, **more):
        os.utime(checkpoint.weights, ns=(1, 1))
        return real(checkpoint, **more)

    monkeypatch.setattr(passport_room, "to_backbone", meanwhile)
    with pytest.raises(CheckpointError, match="changed while it was read"):
        passport_room.passport(scgpt_folder)


def test_beeline_files_are_opened_once_and_parsed_from_the_bytes_that_were_hashed(tmp_path, monkeypatch):
    part = "STRING Dataset/hESC/TFs+500"
    folder = tmp_path / "beeline" / part
    folder.mkdir(parents=True)
    texts = {"Target.csv": "Gene\nA\nB\n", "TF.csv": "TF\nA\n", "BL--network.csv": "Gene1,Gene2\nA,B\n"}
    for name, text in texts.items():
        (folder / name).write_text(text)
    known = {f"{part}/{name}": as_pinned(folder / name) for name in texts}
    monkeypatch.setattr("ugrn_core.beeline.registry.pinned_files", lambda: known)
    monkeypatch.setenv("UGRN_DATA_DIR", str(tmp_path))
    opened: list[str] = []
    real = Path.open

    def watched(self, *args, **more):
        opened.append(self.name)
        return real(self, *args, **more)

    monkeypatch.setattr(Path, "open", watched)
    assert networks.load_network("STRING", "hESC").edges == (("A", "B"),)
    assert sorted(n for n in opened if n in texts) == sorted(texts)


@pytest.mark.parametrize("name", ["\0", "x" * 5_000, "~nobodyofthatname/x", "a/" + "y" * 300])
def test_odd_names_of_models_are_a_sentence(name):
    with pytest.raises((CheckpointError, registry.InputError)):
        load_backbone(name)
