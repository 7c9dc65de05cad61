"""Every backbone that has a name here, what of it is on this machine, and the one way to load any of them.

Published checkpoints are pinned to the byte: they are downloaded, or taken and verified where the user put them there
by hand.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ugrn_core.download import Meter, download, only_one
from ugrn_core.errors import CheckpointError, FetchError, InputError
from ugrn_core.paths import ASSETS, checkpoint_folder, user_path
from ugrn_core.pinned import PinnedFile, check_file, is_pinned, sha256_of
from ugrn_core.types import Cancel, Progress

if TYPE_CHECKING:
    import torch

    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.backbones.checkpoint import Checkpoint, Facts


WHOLE_HUMAN = "6cb5d451ab5c4b33eb673adbe4fddc61d2389df1b89b7651a9fe2e557572b922"

KNOWN_WEIGHTS: dict[str, str] = {
    WHOLE_HUMAN: "scGPT whole-human",
    "ad0252a1971e0cd619b7116dbab3177432236c4537225d54280a2aa7e5fe402a": "scGPT continual-pretrained",
}
"""sha256 of published weights files. The second is often passed on as whole-human, and is another model."""

Kind = Literal["embedded", "fetchable", "toy", "circuit"]
SHIPPED_KINDS = ("embedded", "circuit")


@dataclass(frozen=True)
class PinnedCheckpoint:
    """A published checkpoint: its files below ``base_url``, and a ``page`` where a person finds them."""

    base_url: str
    page: str
    files: tuple[PinnedFile, ...]

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)


PINNED: dict[str, PinnedCheckpoint] = {
    "scgpt-human": PinnedCheckpoint(
        base_url="https://huggingface.co/wanglab/scGPT-human/resolve/a24c237737a40f3720f75abb555489e9fe753be6",
        page="https://huggingface.co/wanglab/scGPT-human/tree/a24c237737a40f3720f75abb555489e9fe753be6",
        files=(
            PinnedFile("args.json", 1_300, "c18e075e018140cb8b2d9029387b9de26607a5ce6a8ccabd6ead70cd76b95d60"),
            PinnedFile("vocab.json", 1_317_639, "acca93d114ca62c3f0f50debbd23e8c87f0714f4737764454f6b2b13f2e8580f"),
            PinnedFile("best_model.pt", 205_385_258, WHOLE_HUMAN),
        ),
    ),
}


def fetch(
    name: str, progress: Progress | None = None, cancel: Cancel | None = None, base_url: str | None = None
) -> Path:
    """Folder of the checkpoint ``name``, complete and verified; downloads what is missing.

    Files that are there already, by hand or by an earlier call, are hashed and used; a wrong one is named and left
    alone. A download that is cut off or cancelled goes on where it stopped. ``base_url`` is another place with the
    same files (a mirror); the hashes stay the same.
    """
    pinned = pinned_checkpoint(name)
    folder = checkpoint_folder(name)
    place = (base_url or pinned.base_url).rstrip("/")
    meter = Meter(pinned.size, progress)
    with only_one(folder):
        for file in pinned.files:
            if (folder / file.name).exists():
                check_file(folder / file.name, file)
                meter.found(file.size)
                continue
            try:
                download(f"{place}/{file.name}", file, folder, meter=meter, cancel=cancel)
            except FetchError as error:
                raise FetchError(f"{error} {by_hand(name)}") from error
    if progress is not None:
        progress(1.0, f"{name} is complete and verified in {folder}")
    return folder


def missing_files(name: str) -> tuple[PinnedFile, ...]:
    """Files of a published checkpoint that are not there with their pinned bytes, told by their hashes."""
    folder = checkpoint_folder(name)
    return tuple(f for f in pinned_checkpoint(name).files if not is_pinned(folder / f.name, f))


def by_hand(name: str) -> str:
    """What to do without a connection: which files to put where."""
    pinned = pinned_checkpoint(name)
    files = "".join(f"\n- {f}" for f in pinned.files)
    return (
        f"To go on, run `ugrn fetch {name}` again with a connection; or put these files from {pinned.page} into "
        f"{checkpoint_folder(name)} by hand and run it once, to verify them:{files}"
    )


def pinned_checkpoint(name: str) -> PinnedCheckpoint:
    """The pinned checkpoint ``name``; another name is an :class:`InputError`."""
    if name not in PINNED:
        raise InputError(f"{name!r} cannot be fetched; there is {', '.join(sorted(PINNED))}.")
    return PINNED[name]


@dataclass(frozen=True)
class BackboneRecord:
    """A backbone by name. ``facts`` outrank the card of its layout (:class:`ugrn_core.backbones.checkpoint.Facts`)."""

    name: str
    label: str
    origin: str
    kind: Kind
    facts: Facts = field(default_factory=dict)  # pyright: ignore[reportAssignmentType]
    everyday: bool = True
    """False of controls, of the generation before, and of what is for lessons and tests."""

    @property
    def folder(self) -> Path | None:
        """Where its files are or belong; None for a backbone that has none."""
        if self.kind == "toy":
            return None
        return ASSETS / "models" / self.name if self.kind in SHIPPED_KINDS else checkpoint_folder(self.name)


@dataclass(frozen=True)
class BackboneStatus:
    """A line of ``ugrn models`` and of the Start page; ``note`` says what to do where it is not available."""

    name: str
    label: str
    origin: str
    kind: Kind
    available: bool
    folder: Path | None
    note: str
    everyday: bool


_RECORDS = (
    BackboneRecord(
        name="ugrn-mini-3",
        label="UGRN mini 3 (small, standardised values, distilled with curves and tissues)",
        origin="made by this project: taught how curves saturate and what differs between tissues too, shipped with it",
        kind="embedded",
    ),
    BackboneRecord(
        name="ugrn-mini-2",
        label="UGRN mini 2 (small, standardised values, distilled)",
        origin="made by this project from its corpus' co-expression, scGPT layout, shipped with it",
        kind="embedded",
    ),
    BackboneRecord(
        name="ugrn-mini-log1p-2",
        label="UGRN mini log1p 2 (small, continuous values, distilled)",
        origin="made by this project from its corpus' co-expression, scBenchmark layout, shipped with it",
        kind="embedded",
    ),
    BackboneRecord(
        name="ugrn-mini-2-reconstructed",
        label="UGRN mini 2, reconstructed (the same, trained on hidden values alone)",
        origin="the control of UGRN mini 2: learnt by reconstruction as published models did, shipped with it",
        kind="embedded",
        everyday=False,
    ),
    BackboneRecord(
        name="ugrn-mini",
        label="UGRN mini (small, binned values)",
        origin="first generation of this project, scGPT layout, shipped with it",
        kind="embedded",
        everyday=False,
    ),
    BackboneRecord(
        name="ugrn-mini-log1p",
        label="UGRN mini log1p (small, continuous values)",
        origin="first generation of this project, scBenchmark layout, shipped with it",
        kind="embedded",
        everyday=False,
    ),
    BackboneRecord(
        name="scgpt-human",
        label="scGPT whole-human (33 million cells)",
        origin="Cui et al. 2024, Nature Methods; downloaded on request, never shipped",
        kind="fetchable",
        facts={
            "name": "scgpt-human",
            "label": "scGPT whole-human",
            "licence": "code MIT; no terms are stated for the weights",
        },
    ),
    BackboneRecord("toy-linear", "Toy, M(v) = W v", "closed form, for tests and teaching", "toy", everyday=False),
    BackboneRecord("toy-square", "Toy, M(v) = W v^2", "closed form, for tests and teaching", "toy", everyday=False),
    *(
        BackboneRecord(
            name=f"circuit-{n}",
            label=f"Circuit {n} (tiny; simulated genes A, B, ... with known arrows)",
            origin="trained by this project on simulated cells, for the lessons; shipped with it",
            kind="circuit",
            everyday=False,
        )
        for n in range(1, 6)
    ),
)

BACKBONES: dict[str, BackboneRecord] = {r.name: r for r in _RECORDS}
DEFAULT_BACKBONE = _RECORDS[0].name
"""What runs without a choice."""


def load_backbone(name_or_folder: str | Path, device: str | torch.device | None = None) -> Backbone:
    """The backbone of that name, or of that checkpoint folder (a name outranks a folder called the same).

    A folder counts as a model of the registry by its bytes alone: one that only bears the name gets ``-own`` behind it.
    ``device``: see :func:`ugrn_core.backbones.devices.choose_device`. Loads anew at every call; callers keep it.
    """
    from ugrn_core.backbones.checkpoint import load_checkpoint, read_checkpoint, to_backbone
    from ugrn_core.backbones.devices import choose_device, device_errors
    from ugrn_core.backbones.toy import ToyBackbone

    record, device = BACKBONES.get(str(name_or_folder)), choose_device(device)
    with device_errors(device):
        if record is None:
            _check_folder(name_or_folder)
            checkpoint = read_checkpoint(name_or_folder)
            return to_backbone(checkpoint, device=device, card=_own_facts(checkpoint))
        if record.folder is None:
            return ToyBackbone(1 if record.name == "toy-linear" else 2, device)
        if not is_available(record):
            raise CheckpointError(absence(record))
        backbone = load_checkpoint(record.folder, device=device, card=record.facts)
        if not is_available(record):
            raise CheckpointError(f"{record.folder} changed while it was read. Try again.")
        return backbone


def status() -> list[BackboneStatus]:
    """Every named backbone and whether it can be loaded now; loads no torch."""
    return [_status(record) for record in BACKBONES.values()]


def is_available(record: BackboneRecord) -> bool:
    """Whether the files of ``record`` are there (fetchable: with their pinned bytes)."""
    if record.folder is None:
        return True
    if record.kind == "fetchable":
        return not missing_files(record.name)
    return all((record.folder / name).is_file() for name in _files(record))


def absence(record: BackboneRecord) -> str:
    """Why a backbone cannot be loaded and what to do, in full."""
    if record.kind == "fetchable":
        folder = checkpoint_folder(record.name)
        other = [file.name for file in missing_files(record.name) if (folder / file.name).exists()]
        if other:
            return (
                f"{folder} does not hold {record.name}: {' and '.join(other)} in it, by sha256, not the pinned bytes. "
                f"Give its path to use what is there as a model of your own. {by_hand(record.name)}"
            )
        return f"{record.name} is not on this machine. {by_hand(record.name)}"
    return f"{record.name} is not in {record.folder}; it is part of this project, so this copy of it is incomplete."


def _status(r: BackboneRecord) -> BackboneStatus:
    available = is_available(r)
    note = "" if available else _hint(r)
    return BackboneStatus(r.name, r.label, r.origin, r.kind, available, r.folder, note, r.everyday)


def _hint(record: BackboneRecord) -> str:
    if record.kind == "fetchable":
        return f"ugrn fetch {record.name} ({pinned_checkpoint(record.name).size / 1e6:.0f} MB)"
    return "missing from this copy of the project"


def _own_facts(checkpoint: Checkpoint) -> Facts:
    """What outranks the card of a folder: it is embedded, and has a name of the registry, only if it is that model."""
    name = checkpoint.facts.get("name", checkpoint.folder.name)
    if name not in BACKBONES:
        return {"embedded": False}
    return {} if _is_model(BACKBONES[name], checkpoint.folder) else {"embedded": False, "name": f"{name}-own"}


def _is_model(record: BackboneRecord, folder: Path) -> bool:
    if record.folder is None or not is_available(record):
        return False
    return all((folder / n).is_file() and sha256_of(folder / n) == sha256_of(record.folder / n) for n in _files(record))


def _files(record: BackboneRecord) -> tuple[str, ...]:
    if record.kind == "fetchable":
        return tuple(file.name for file in pinned_checkpoint(record.name).files)
    return ("args.json", "vocab.json", "model.safetensors")


def _check_folder(name_or_folder: str | Path) -> None:
    """Tell a misspelt name from a folder: only what is there, or looks like a path, counts as a folder."""
    text = str(name_or_folder)
    try:
        if user_path(text).is_dir() or "/" in text or "\\" in text:
            return
    except (OSError, ValueError):  # too long, or a NUL in it
        pass
    close = difflib.get_close_matches(text, BACKBONES, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise InputError(f"no backbone and no folder is called {text[:100]!r}; there is {', '.join(BACKBONES)}.{hint}")
