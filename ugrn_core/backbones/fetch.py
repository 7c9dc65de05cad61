"""Published checkpoints, pinned to the byte: download them, or take and verify what the user put there by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ugrn_core.download import Meter, download, only_one
from ugrn_core.errors import FetchError, InputError
from ugrn_core.paths import checkpoint_folder
from ugrn_core.pinned import PinnedFile, check_file, is_pinned
from ugrn_core.types import Cancel, Progress

WHOLE_HUMAN = "6cb5d451ab5c4b33eb673adbe4fddc61d2389df1b89b7651a9fe2e557572b922"


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

KNOWN_WEIGHTS: dict[str, str] = {
    WHOLE_HUMAN: "scGPT whole-human",
    "ad0252a1971e0cd619b7116dbab3177432236c4537225d54280a2aa7e5fe402a": "scGPT continual-pretrained",
}
"""sha256 of published weights files. The second is often passed on as whole-human, and is another model."""


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
