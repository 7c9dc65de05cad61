"""Tiny checkpoints in both published layouts, written tensor by tensor with the names of the publications.

They lean on nothing of ``ugrn_core``, so that a test can hold its loaders against them.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: tiny models are slower on two threads

import functools
import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from torch import Tensor

settings.register_profile("suite", derandomize=True)  # the same examples in every run; `make fuzz` looks for others
settings.load_profile("suite")

GENES = "TP53 MDM2 CDKN1A SOX2 NANOG POU5F1 GATA1 KLF1 TAL1 HBB MYC CCND1 STAT1 IRF1 CXCL10 SPI1 CEBPA MPO HNF4A ALB"

SCGPT_ARGS = {
    "embsize": 16,
    "nheads": 2,
    "nlayers": 2,
    "d_hid": 24,
    "dropout": 0.2,
    "n_bins": 51,
    "max_seq_len": 1200,
    "input_emb_style": "continuous",
    "mask_value": -1,
    "pad_value": -2,
    "pad_token": "<pad>",
    "fast_transformer": True,
}
SCBENCHMARK_ARGS = {"embsize": 16, "nheads": 2, "nlayers": 2, "train_maxseq": 512, "pad_value": 0, "cls_value": 0}

MakeFolder = Callable[..., Path]


def vocabulary_tokens(cls_at: int | None = -2) -> dict[str, int]:
    """``vocab.json`` of 20 genes, ``<pad>`` and ``<eoc>`` last, ``<cls>`` inserted at ``cls_at`` (None: left out)."""
    symbols = [*GENES.split(), "<pad>", "<eoc>"]
    if cls_at is not None:
        symbols.insert(cls_at % (len(symbols) + 1), "<cls>")
    return {s: i for i, s in enumerate(symbols)}


def layer_shapes(prefix: str, width: int, ff: int) -> dict[str, tuple[int, ...]]:
    """Tensors of one layer as torch's TransformerEncoderLayer names them."""
    shapes: dict[str, tuple[int, ...]] = {
        "self_attn.in_proj_weight": (3 * width, width),
        "self_attn.in_proj_bias": (3 * width,),
        "self_attn.out_proj.weight": (width, width),
        "self_attn.out_proj.bias": (width,),
        "linear1.weight": (ff, width),
        "linear1.bias": (ff,),
        "linear2.weight": (width, ff),
        "linear2.bias": (width,),
    }
    shapes |= {f"norm{i}.{part}": (width,) for i in (1, 2) for part in ("weight", "bias")}
    return {f"{prefix}.{name}": shape for name, shape in shapes.items()}


def linear(name: str, n_in: int, n_out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def scgpt_shapes(args: dict, n_tokens: int) -> dict[str, tuple[int, ...]]:
    d = args["embsize"]
    shapes: dict[str, tuple[int, ...]] = {"encoder.embedding.weight": (n_tokens, d)}
    shapes |= {f"{norm}.{p}": (d,) for norm in ("encoder.enc_norm", "value_encoder.norm") for p in ("weight", "bias")}
    shapes |= linear("value_encoder.linear1", 1, d) | linear("value_encoder.linear2", d, d)
    for i in range(args["nlayers"]):
        shapes |= layer_shapes(f"transformer_encoder.layers.{i}", d, args["d_hid"])
    shapes |= linear("decoder.fc.0", d, d) | linear("decoder.fc.2", d, d) | linear("decoder.fc.4", d, 1)
    return shapes | linear("mvc_decoder.gene2query", d, d) | {"flag_encoder.weight": (2, d)}


def scbenchmark_shapes(args: dict, n_tokens: int, gene_width: int) -> dict[str, tuple[int, ...]]:
    d = args["embsize"]
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (n_tokens, gene_width)}
    shapes |= linear("emb_trans", gene_width, d) if gene_width != d else {}
    shapes |= linear("value_encoder.0", 1, d) | linear("value_encoder.2", d, d)
    for i in range(args["nlayers"]):
        shapes |= layer_shapes(f"encoder.layers.{i}", d, d)
    for head in ("decoder", "gene2query"):
        shapes |= linear(f"{head}.0", d, d) | linear(f"{head}.2", d, d) | linear(f"{head}.4", d, 1)
    return shapes | {"layer_norm.weight": (d,), "layer_norm.bias": (d,)}


def random_tensors(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, Tensor]:
    """Seeded weights with values of a trained model's size; norms near 1."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {n: 0.4 * torch.randn(shape, generator=generator) for n, shape in shapes.items()}
    return {n: t + 1 if "norm" in n and n.endswith("weight") else t for n, t in tensors.items()}


def respell(name: str, spelling: str) -> str:
    """A stored name in another published spelling: ``in_proj``, ``Wqkv``, ``_impl`` or ``module``."""
    if spelling in ("Wqkv", "_impl"):
        name = name.replace("in_proj_", "Wqkv.")
    if spelling == "_impl":
        name = name.replace("self_attn.", "self_attn._impl.")
    return f"module.{name}" if spelling == "module" else name


def write_folder(folder: Path, args: dict, tokens: dict[str, int], tensors: dict[str, Tensor]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "args.json").write_text(json.dumps(args))
    (folder / "vocab.json").write_text(json.dumps(tokens))
    torch.save(tensors, folder / "best_model.pt")
    return folder


SLOW = {"AppTest", "framed", "framed_page", "subprocess"}
"""A file that has one of these names drives pages or starts programs: it is none of the fast part (``make fast``)."""
SLOW_FILES = {
    *("bench", "campaign", "circuits", "contributed", "docs", "embedded_models", "learn", "mutate", "pretrain"),
    *("benchmark_figures", "cell_values", "containers", "edge_tables", "network_cli", "reader"),
}
"""Nor are these files: trainings, whole reports, thousands of inputs, each some seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is none of the fast part."""
    for item in items:
        slow = Path(item.path).stem.removeprefix("test_") in SLOW_FILES
        if slow or (isinstance(item, pytest.Function) and SLOW & vars(item.module).keys()):
            item.add_marker(pytest.mark.slow)
    if "streamlit.testing" in sys.modules:  # each AppTest reads the metadata of all installed packages, half a second
        from streamlit.components.v2 import manifest_scanner

        manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What the imports make is for good: no collection of garbage looks at it, a quarter of a second each."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def nothing_recent() -> None:
    """No test finds the answers of another one in memory."""
    if "ugrn_core.recent" in sys.modules:
        sys.modules["ugrn_core.recent"].RECENT.clear()


@pytest.fixture
def tokens() -> dict[str, int]:
    """A vocabulary of 20 genes with ``<cls>``, ``<pad>`` and ``<eoc>``."""
    return vocabulary_tokens()


@pytest.fixture
def make_scgpt(tmp_path: Path) -> MakeFolder:
    """``make_scgpt(spelling="Wqkv", cls_at=-2, seed=0, **args)`` writes a tiny scGPT checkpoint, gives its folder."""

    def make(spelling: str = "Wqkv", cls_at: int | None = -2, seed: int = 0, **changed: object) -> Path:
        args, tokens = SCGPT_ARGS | changed, vocabulary_tokens(cls_at)
        tensors = random_tensors(scgpt_shapes(args, len(tokens)), seed)
        return write_folder(
            tmp_path / f"scgpt-{spelling}-{seed}", args, tokens, {respell(n, spelling): t for n, t in tensors.items()}
        )

    return make


@pytest.fixture
def make_scbenchmark(tmp_path: Path) -> MakeFolder:
    """``make_scbenchmark(gene_width=16, seed=0, **args)`` writes a tiny scBenchmark checkpoint, gives its folder."""

    def make(gene_width: int = 16, seed: int = 0, **changed: object) -> Path:
        args, tokens = SCBENCHMARK_ARGS | changed, vocabulary_tokens()
        tensors = random_tensors(scbenchmark_shapes(args, len(tokens), gene_width), seed)
        return write_folder(tmp_path / f"scbenchmark-{gene_width}-{seed}", args, tokens, tensors)

    return make


@pytest.fixture
def scgpt_folder(make_scgpt: MakeFolder) -> Path:
    """A tiny scGPT checkpoint folder with random weights."""
    return make_scgpt()


@pytest.fixture
def scbenchmark_folder(make_scbenchmark: MakeFolder) -> Path:
    """A tiny scBenchmark checkpoint folder with random weights."""
    return make_scbenchmark()
