"""Tensor names and arguments of the two published layouts, mapped onto the lean core and back.

scGPT (Cui et al. 2024): gene embedding and value encoder each end in a LayerNorm; ``<cls>`` carries ``pad_value``.
Its saves differ in the spelling of attention (``in_proj_weight``, flash's ``Wqkv.weight``, ``_impl.`` before
either) and may put ``module.`` before every name. scBenchmark (Qi et al. 2025): no such norms, a linear map after
the gene embedding where its width differs from the model's, ``<cls>`` carries ``cls_value``.

A tensor is required, optional (another head of the published model, never read here) or left over; whatever is
missing, left over or misshapen is a :class:`CheckpointError` that names it. Nothing is ever dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
from ugrn_core.checked_json import Value, complaint
from ugrn_core.errors import CheckpointError

NAMES_SHOWN = 6

LARGEST = 1_000_000
Size = Annotated[int, Field(ge=1, le=LARGEST)]
"""No width, length or number of bins of a real model is above this."""

LAYER = {
    "qkv": "self_attn.in_proj",
    "out": "self_attn.out_proj",
    "ff_in": "linear1",
    "ff_out": "linear2",
    "norm1": "norm1",
    "norm2": "norm2",
}
"""Modules of one layer: lean core to torch's TransformerEncoderLayer, which both layouts use."""


class Args(BaseModel):
    """What is read of ``args.json``; a published one has many other fields, which are kept as they are."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    embsize: Size
    nheads: Annotated[int, Field(ge=1, le=10_000)]
    nlayers: Annotated[int, Field(ge=1, le=1_000)]
    max_seq_len: Size
    input_emb_style: Literal["continuous"] = "continuous"
    """Nothing else has a derivative."""
    pre_norm: Literal[False] | None = None
    """Both layouts norm after each block."""


class ScgptArgs(Args):
    """Of scGPT."""

    d_hid: Size
    n_bins: Annotated[int, Field(ge=2, le=1_000_000)]
    pad_value: Value


class ScbenchmarkArgs(Args):
    """Of scBenchmark, whose feed-forward is as wide as the model unless ``d_hid`` says otherwise."""

    d_hid: Size | None = None
    max_seq_len: Size = Field(validation_alias=AliasChoices("max_seq_len", "train_maxseq"))
    cls_value: Value


@dataclass(frozen=True)
class PublishedLayout:
    """One published layout.

    ``modules`` maps modules of the lean core to published ones, ``layers`` is what stands before a layer's number,
    ``optional`` are beginnings of names that are known and not read. ``args`` is what ``args.json`` must hold,
    ``cls_field`` the field of it with the value of ``<cls>``.
    """

    name: Literal["scgpt", "scbenchmark"]
    label: str
    modules: Mapping[str, str]
    layers: str
    optional: tuple[str, ...]
    norms: bool
    args: type[Args]
    cls_field: str


LAYOUTS: dict[str, PublishedLayout] = {
    "scgpt": PublishedLayout(
        name="scgpt",
        label="scGPT",
        modules={
            "gene_embedding": "encoder.embedding",
            "gene_norm": "encoder.enc_norm",
            "value_in": "value_encoder.linear1",
            "value_out": "value_encoder.linear2",
            "value_norm": "value_encoder.norm",
            "head.0": "decoder.fc.0",
            "head.1": "decoder.fc.2",
            "head.2": "decoder.fc.4",
        },
        layers="transformer_encoder.layers.",
        optional=("mvc_decoder.", "cls_decoder.", "flag_encoder.", "grad_reverse_discriminator."),
        norms=True,
        args=ScgptArgs,
        cls_field="pad_value",
    ),
    "scbenchmark": PublishedLayout(
        name="scbenchmark",
        label="scBenchmark",
        modules={
            "gene_embedding": "embedding",
            "gene_map": "emb_trans",
            "value_in": "value_encoder.0",
            "value_out": "value_encoder.2",
            "head.0": "decoder.0",
            "head.1": "decoder.2",
            "head.2": "decoder.4",
        },
        layers="encoder.layers.",
        optional=("layer_norm.", "gene2query."),
        norms=False,
        args=ScbenchmarkArgs,
        cls_field="cls_value",
    ),
}


def canonical(name: str) -> str:
    """One spelling for every stored name: no ``module.``, no ``_impl.``, ``in_proj_`` for ``Wqkv.``."""
    name = name.removeprefix("module.").replace(".self_attn._impl.", ".self_attn.")
    return name.replace(".self_attn.Wqkv.", ".self_attn.in_proj_")


def canonical_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under their canonical names; two spellings of one name in one file are an error."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if canonical(name) in renamed:
            raise CheckpointError(f"tensor {canonical(name)} is stored twice, the second time as {name}.")
        renamed[canonical(name)] = tensor
    return renamed


def recognise(names: Iterable[str]) -> PublishedLayout:
    """Layout of a checkpoint, told by the name of its gene embedding (canonical names)."""
    names = list(names)
    found = [x for x in LAYOUTS.values() if f"{x.modules['gene_embedding']}.weight" in names]
    if len(found) != 1:
        expected = " or ".join(f"{x.modules['gene_embedding']}.weight ({x.label})" for x in LAYOUTS.values())
        raise CheckpointError(
            f"{'no' if not found else 'more than one'} known layout: expected one gene embedding, {expected}; "
            f"the file holds {shown(sorted(names))}."
        )
    return found[0]


def read_args(layout: PublishedLayout, content: Mapping[str, Any]) -> Args:
    """The fields of ``args.json`` that a layout needs, whatever else stands there."""
    try:
        return layout.args.model_validate(dict(content))
    except ValidationError as error:
        raise CheckpointError(f"args.json does not fit the {layout.label} layout: {complaint(error)}.") from error


def read_config(layout: PublishedLayout, args: Args, tokens: Mapping[str, int], gene_width: int) -> TransformerConfig:
    """Shape of the model from ``args.json`` and ``vocab.json``; heads are in no tensor, so they come from here alone.

    ``gene_width`` is the width of the stored gene embedding.
    """
    if args.embsize % args.nheads:
        raise CheckpointError(f"args.json: embsize {args.embsize} is not a multiple of nheads {args.nheads}.")
    if "<cls>" not in tokens:
        raise CheckpointError("vocab.json has no <cls>: it stands before the genes of every cell in pre-training.")
    return TransformerConfig(
        vocab_size=len(tokens),
        width=args.embsize,
        n_layers=args.nlayers,
        n_heads=args.nheads,
        ff_width=getattr(args, "d_hid", None) or args.embsize,
        gene_width=args.embsize if layout.norms else gene_width,
        gene_norm=layout.norms,
        value_norm=layout.norms,
        cls_id=tokens["<cls>"],
        cls_value=getattr(args, layout.cls_field),
    )


def published_args(layout: PublishedLayout, config: TransformerConfig) -> dict[str, Any]:
    """The part of ``args.json`` that a config states; the inverse of :func:`read_config`."""
    return {
        "embsize": config.width,
        "nheads": config.n_heads,
        "nlayers": config.n_layers,
        "d_hid": config.ff_width,
        "input_emb_style": "continuous",
        layout.cls_field: config.cls_value,
    }


def published_names(layout: PublishedLayout, config: TransformerConfig) -> dict[str, str]:
    """Every tensor of the lean core by name, with its canonical published name."""
    modules = {core: name for core, name in layout.modules.items() if core != "gene_map"}
    if config.gene_width != config.width:
        modules["gene_map"] = layout.modules["gene_map"]
    for i in range(config.n_layers):
        modules |= {f"layers.{i}.{core}": f"{layout.layers}{i}.{name}" for core, name in LAYER.items()}
    names = {}
    for core, published in modules.items():
        for part in ("weight",) if core == "gene_embedding" else ("weight", "bias"):
            names[f"{core}.{part}"] = f"{published}{'_' if published.endswith('in_proj') else '.'}{part}"
    return names


def to_core(
    layout: PublishedLayout, config: TransformerConfig, tensors: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Lean-core state dict (float32) of canonical tensors, and the names of the optional ones that were not read."""
    _check_layers(layout, config, tensors)
    names = published_names(layout, config)
    wanted = set(names.values())
    missing = sorted(wanted - tensors.keys())
    ignored = sorted(n for n in tensors.keys() - wanted if n.startswith(layout.optional))
    left_over = sorted(tensors.keys() - wanted - set(ignored))
    if missing or left_over:
        parts = [f"{len(x)} {what} ({shown(x)})" for x, what in ((missing, "missing"), (left_over, "left over")) if x]
        raise CheckpointError(f"tensors do not match the {layout.label} layout of args.json: {'; '.join(parts)}.")
    shapes = {n: tuple(t.shape) for n, t in empty_model(config).state_dict().items()}
    _check_tensors({n: tensors[published] for n, published in names.items()}, shapes, names)
    state = {n: tensors[published].to(torch.float32).contiguous() for n, published in names.items()}
    broken = [names[n] for n, t in state.items() if not bool(t.isfinite().all())]
    if broken:
        raise CheckpointError(f"{len(broken)} tensors hold NaN or infinity ({shown(broken)}).")
    return state, tuple(ignored)


class _NoInitialValues(TorchFunctionMode):
    """Modules built under it keep the memory they got: ``torch.nn.init`` is skipped."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def empty_model(config: TransformerConfig) -> LeanTransformer:
    """The lean core on the meta device: shapes without memory. (Drawing random numbers there would import half of
    torch's compiler, two seconds on a first load.)
    """
    with torch.device("meta"), _NoInitialValues():
        return LeanTransformer(config)


def to_published(layout: PublishedLayout, config: TransformerConfig, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published state dict (``in_proj`` spelling, which scgpt loads without flash attention) of a lean core."""
    return {published: state[core] for core, published in published_names(layout, config).items()}


def shown(names: Sequence[str]) -> str:
    """The first few names and how many more there are."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _check_layers(layout: PublishedLayout, config: TransformerConfig, tensors: Mapping[str, Tensor]) -> None:
    pattern = re.compile(re.escape(layout.layers) + r"(\d+)\.")
    stored = {int(m[1]) for name in tensors if (m := pattern.match(name))}
    if stored != set(range(config.n_layers)):
        found = shown([str(i) for i in sorted(stored)]) or "none"
        raise CheckpointError(f"args.json says nlayers {config.n_layers}; layers in the weights: {found}.")


def _check_tensors(
    tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]], names: Mapping[str, str]
) -> None:
    embedding = "gene_embedding.weight"
    rows, n_tokens = tensors[embedding].shape[0], shapes[embedding][0]
    if rows != n_tokens:
        raise CheckpointError(f"vocab.json holds {n_tokens} tokens, {names[embedding]} has {rows} rows.")
    wrong = [
        f"{names[n]} is {list(t.shape)}, expected {list(shapes[n])}"
        for n, t in tensors.items()
        if tuple(t.shape) != shapes[n]
    ]
    if wrong:
        raise CheckpointError(f"{len(wrong)} tensors have another shape than args.json says: {shown(wrong)}.")
    odd = [names[n] for n, t in tensors.items() if not t.is_floating_point() or t.layout != torch.strided]
    if odd:
        raise CheckpointError(f"{len(odd)} tensors are not plain floating-point tensors ({shown(odd)}).")
