"""A checkpoint folder in, a backbone out, and back: ``args.json``, ``vocab.json``, ``card.json`` and the weights.

Weights are ``best_model.pt`` (read with ``weights_only``, so nothing is unpickled) or ``model.safetensors``. A folder
loads whole or not at all: every way in which it is not the model its files claim is a :class:`CheckpointError`. The
card is made of the defaults of its layout, its ``card.json``, and what the caller knows better.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import torch
from pydantic import AfterValidator, Field, JsonValue, TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from typing_extensions import TypedDict

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.devices import choose_device
from ugrn_core.backbones.layouts import (
    LAYOUTS,
    Args,
    PublishedLayout,
    ScgptArgs,
    canonical_tensors,
    empty_model,
    published_args,
    read_args,
    read_config,
    recognise,
    shown,
    to_core,
    to_published,
)
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.checked_json import STRICT, Grid, Line, Token, Value, Word, from_json_file
from ugrn_core.errors import CheckpointError, InputError
from ugrn_core.paths import user_path
from ugrn_core.pinned import stamp_of
from ugrn_core.types import BackboneCard, Objective, Vocabulary
from ugrn_core.whole_files import whole_folder

GRID_SHARES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9)
BASE_SHARE = 0.2
"""Defaults of a binned model as shares of its top bin: 1, 5, 15, 25, 35, 45 and 10 for scGPT's 51 bins."""

LOG1P_DOMAIN = (0.0, 8.0)
LOG1P_BASE = 1.0
LOG1P_GRID = (0.25, 0.5, 2.0, 3.0, 4.0, 5.0)
T = TypeVar("T")
OBJECT = TypeAdapter(dict[str, JsonValue])
MOST_TOKENS = 1_000_000
TOKENS = TypeAdapter(Annotated[dict[Token, int], Field(max_length=MOST_TOKENS)], config=STRICT)
MOST_BYTES = 32 << 20
"""Of args.json, card.json and vocab.json, each."""

SHARED = 4
"""How often tensors of a published file may share their memory; a view of one number can claim any size."""

PICKLED, SAFE = "best_model.pt", "model.safetensors"
UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    EOFError,
    OSError,
    struct.error,
    SafetensorError,
    zipfile.BadZipFile,
    MemoryError,
)
"""What torch and safetensors raise on bytes that are not a file of tensors."""


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if sorted(set(values)) != list(values):
        raise ValueError("expected rising values")
    return values


class Facts(TypedDict, total=False):
    """What ``card.json`` may state of a backbone; ``about`` is free (how it was trained, figures, sources)."""

    __pydantic_config__ = STRICT  # pyright: ignore[reportGeneralTypeIssues] (pydantic's way)

    name: Word
    label: Line
    unit: Word
    domain: Annotated[tuple[Value, Value], AfterValidator(_rising)]
    base: Value
    grid: Annotated[Grid, AfterValidator(_rising)]
    drop_zero_genes: bool
    embedded: bool
    licence: Line
    objective: Objective
    about: JsonValue


FACTS = TypeAdapter(Facts)


def make_card(layout: PublishedLayout, args: Args, folder_name: str, *facts: Facts) -> BackboneCard:
    """Card of a checkpoint; later ``facts`` outrank earlier ones, all outrank the defaults of the layout.

    A binned model keeps values in bins 0 to ``n_bins - 1`` and never met a gene at 0 in scGPT's pre-training.
    """
    n_bins = args.n_bins if isinstance(args, ScgptArgs) else 0
    known: dict[str, Any] = _binned(n_bins - 1) if n_bins else _log1p()
    known |= {"name": folder_name, "label": f"{layout.label} checkpoint {folder_name}"}
    for given in facts:
        known |= {key: value for key, value in given.items() if key != "about"}
    n_bins = n_bins if known["unit"] == "bins" else 0
    return BackboneCard(layout=layout.name, max_seq_len=args.max_seq_len, n_bins=n_bins, **known)


def _binned(top: int) -> dict[str, Any]:
    return {
        "unit": "bins",
        "domain": (0.0, float(top)),
        "base": round(BASE_SHARE * top, 6),
        "grid": tuple(round(x * top, 6) for x in GRID_SHARES),
        "drop_zero_genes": True,
        "embedded": False,
        "licence": "",
    }


def _log1p() -> dict[str, Any]:
    return {
        "unit": "log1p",
        "domain": LOG1P_DOMAIN,
        "base": LOG1P_BASE,
        "grid": LOG1P_GRID,
        "drop_zero_genes": False,
        "embedded": False,
        "licence": "",
    }


@dataclass(frozen=True)
class Checkpoint:
    """A folder that was read and found whole. ``state`` is the lean core's, float32; ``stamp`` tells a later change."""

    folder: Path
    weights: Path
    stamp: tuple[int, int]
    layout: PublishedLayout
    config: TransformerConfig
    fields: Args
    tokens: Mapping[str, int]
    facts: Facts
    state: Mapping[str, Tensor]
    ignored: tuple[str, ...]

    @property
    def args(self) -> dict[str, Any]:
        """``args.json`` as it is, with the names of the layout."""
        return self.fields.model_dump(exclude_unset=True)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.state, self.config, self.tokens)


def load_checkpoint(
    folder: str | Path, *, device: str | torch.device | None = None, card: Facts | None = None
) -> TransformerBackbone:
    """Backbone of a checkpoint folder, on ``device`` (default: :func:`choose_device`), in evaluation mode.

    The layout is recognised from the tensor names; the card says which. ``card`` holds facts that outrank those of
    the folder's ``card.json``, which outrank the defaults of the layout (:mod:`ugrn_core.backbones.checkpoint`).
    """
    return to_backbone(read_checkpoint(folder), device=device, card=card)


def to_backbone(
    checkpoint: Checkpoint, *, device: str | torch.device | None = None, card: Facts | None = None
) -> TransformerBackbone:
    """Backbone of a checkpoint that was read."""
    c = checkpoint
    model = empty_model(c.config)
    model.load_state_dict(c.state, assign=True)
    return TransformerBackbone(
        model=model.to(choose_device(device)),
        card=make_card(c.layout, c.fields, c.folder.name, c.facts, card or {}),
        vocabulary=Vocabulary.from_tokens(dict(c.tokens)),
        fingerprint=c.fingerprint,
    )


def read_checkpoint(folder: str | Path) -> Checkpoint:
    """Read a folder and check all of it; the error names the folder."""
    try:
        folder = user_path(folder).resolve()
        return _read(folder)
    except CheckpointError as error:
        raise CheckpointError(f"{folder}: {error}") from error
    except (OSError, ValueError) as error:  # a path too long, or with a NUL
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"{str(folder)[:200]!r} cannot be read: {str(reason)[:200]}.") from error


def save_checkpoint(
    folder: str | Path,
    model: LeanTransformer,
    tokens: Mapping[str, int],
    args: Mapping[str, Any],
    layout: str,
    *,
    facts: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Checkpoint:
    """Write ``model`` in a published layout and read it back; returns what a reader gets.

    ``tokens`` is the whole ``vocab.json``, special tokens among them. ``args`` states what the model's shape does
    not (``max_seq_len``, for scGPT also ``n_bins``); a field that contradicts the model is an error. ``facts``
    becomes ``card.json``. ``dtype`` float16 halves the file; values are rounded and read back as float32.
    """
    folder = Path(folder)
    target = LAYOUTS[layout]
    stated = published_args(target, model.config)
    clash = [k for k in stated if k in args and args[k] != stated[k]]
    if clash:
        raise CheckpointError(f"args contradict the model: {shown([f'{k} {args[k]} is {stated[k]}' for k in clash])}.")
    state = {n: t.detach().cpu().to(dtype).contiguous() for n, t in model.state_dict().items()}
    texts = {"args.json": {**args, **stated, "layout": layout}, "vocab.json": tokens}
    texts |= {} if facts is None else {"card.json": facts}
    folder.mkdir(parents=True, exist_ok=True)
    with whole_folder(folder, (*texts, SAFE)) as written:
        for name, content in texts.items():
            (written / name).write_text(json.dumps(dict(content), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        save_file(to_published(target, model.config, state), written / SAFE)
    saved = read_checkpoint(folder)
    if saved.fingerprint != fingerprint(state, model.config, tokens):
        raise CheckpointError(f"{folder}: what was written reads back as another model.")
    return saved


def fingerprint(state: Mapping[str, Tensor], config: TransformerConfig, tokens: Mapping[str, int]) -> str:
    """sha256 of everything that decides an answer: shape, vocabulary, and the weights as float32 in name order.

    The spelling and the precision of the file do not matter, as long as the float32 values are the same.
    """
    digest = hashlib.sha256(json.dumps([asdict(config), sorted(tokens.items())]).encode())
    for name in sorted(state):
        tensor = state[name].detach().to("cpu", torch.float32).contiguous()
        digest.update(f"{name}{list(tensor.shape)}".encode())
        digest.update(np.asarray(tensor.numpy(), "<f4").data)
    return digest.hexdigest()


def _read(folder: Path) -> Checkpoint:
    if not folder.is_dir():
        raise CheckpointError("no such folder. Expected a folder with args.json, vocab.json and the weights.")
    weights = [folder / name for name in (PICKLED, SAFE) if (folder / name).is_file()]
    missing = [name for name in ("args.json", "vocab.json") if not (folder / name).is_file()]
    if missing or not weights:
        wanted = [*missing, *([] if weights else [f"{PICKLED} or {SAFE}"])]
        raise CheckpointError(f"not a checkpoint: no {', no '.join(wanted)} in it.")
    if len(weights) > 1:
        raise CheckpointError(f"holds {PICKLED} and {SAFE}; keep the one you mean.")
    args, tokens = read_json(folder / "args.json"), read_tokens(folder / "vocab.json")
    card = folder / "card.json"
    facts = _from_json(FACTS, card) if card.is_file() else Facts()
    stamp = stamp_of(weights[0])
    tensors = canonical_tensors(read_tensors(weights[0]))
    layout = recognise(tensors)
    if args.get("layout", layout.name) != layout.name:
        raise CheckpointError(
            f"args.json says layout {str(args['layout'])[:40]!r}, the tensors are those of {layout.name!r}."
        )
    embedding = tensors[f"{layout.modules['gene_embedding']}.weight"]
    if embedding.dim() != 2:
        raise CheckpointError(f"the gene embedding is {list(embedding.shape)}, expected [tokens, width].")
    fields = read_args(layout, args)
    config = read_config(layout, fields, tokens, embedding.shape[1])
    state, ignored = to_core(layout, config, tensors)
    return Checkpoint(folder, weights[0], stamp, layout, config, fields, tokens, facts, state, ignored)


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Tensors of a weights file by stored name, on the CPU; anything but a flat dictionary of tensors is an error."""
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        if zipfile.is_zipfile(file):
            _check_packing(file)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"{file.name} ({file.stat().st_size:,} bytes) is not a whole file of tensors: it is cut off, damaged, or "
            f"a pickle of other objects, which is never opened. Fetch or copy it again. ({reason[0][:200]})"
        ) from error
    if not isinstance(content, dict) or not content:
        raise CheckpointError(f"{file.name} holds a {type(content).__name__}, expected tensors by name.")
    odd = [str(k) for k, v in content.items() if not (isinstance(k, str) and isinstance(v, Tensor))]
    if odd:
        raise CheckpointError(f"{file.name} holds things that are not tensors ({shown(odd)}): expected a state dict.")
    claimed = sum(t.numel() * t.element_size() for t in content.values())
    if claimed > SHARED * file.stat().st_size + 1_000_000:
        raise CheckpointError(f"{file.name} claims tensors of {claimed:,} bytes and has {file.stat().st_size:,}.")
    return content


def _check_packing(file: Path) -> None:
    """torch stores tensors as they are; a zip that grows on unpacking was made to fill the memory."""
    with zipfile.ZipFile(file) as archive:
        packed = [m.filename for m in archive.infolist() if m.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise ValueError(f"{packed[0][:100]} in it is compressed, which torch never does")


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object; a key that stands twice is an error."""
    return _from_json(OBJECT, file)


def read_tokens(file: Path) -> dict[str, int]:
    """Token ids of ``vocab.json``: every id from 0 to n - 1 once."""
    tokens = _from_json(TOKENS, file)
    if sorted(tokens.values()) != list(range(len(tokens))):
        raise CheckpointError(
            f"{file.name}: ids of {len(tokens)} tokens must be 0 to {len(tokens) - 1}, each once; "
            f"got {len(set(tokens.values()))} different ids from {min(tokens.values(), default=0)} "
            f"to {max(tokens.values(), default=0)}."
        )
    if all(s.startswith("<") for s in tokens):
        raise CheckpointError(f"{file.name} holds no gene.")
    return tokens


def _from_json(kind: TypeAdapter[T], file: Path) -> T:
    try:
        return from_json_file(kind, file, MOST_BYTES)
    except InputError as error:
        raise CheckpointError(str(error)) from error
