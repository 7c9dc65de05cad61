"""Sound inputs that the campaigns spoil."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse
from typer.testing import CliRunner

GENES = ("POU5F1", "SOX2", "NANOG", "KLF4", "MYC", "TP53", "GATA1", "GATA2", "SPI1", "CSF1R", "KLF1", "MDM2")


def h5ads() -> list[bytes]:
    """Sparse counts with groups, dense log values, and a file with a layer and raw."""
    random = np.random.default_rng(0)
    counts = random.poisson(2.0, (30, len(GENES))).astype(np.float32)
    obs = pd.DataFrame({"cluster": pd.Categorical(["a", "b", "c"] * 10)}, index=[f"cell{i}" for i in range(30)])
    var = pd.DataFrame({"feature_name": list(GENES)}, index=list(GENES))
    plain = ad.AnnData(sparse.csr_matrix(counts), obs=obs, var=var)
    logged = ad.AnnData(np.log1p(counts / counts.sum(1, keepdims=True) * 1e4), obs=obs.copy(), var=var.copy())
    layered = logged.copy()
    layered.layers["counts"] = counts
    layered.raw = plain
    return [_written(data) for data in (plain, logged, layered)]


def _written(data: ad.AnnData) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cells.h5ad"
        data.write_h5ad(file)
        return io.BytesIO(file.read_bytes()).getvalue()


def checkpoint(folder: Path) -> Path:
    """A small checkpoint in scGPT's layout, written once."""
    if not (folder / "args.json").is_file():
        from ugrn_core.bench.models import random_checkpoint

        random_checkpoint(folder, 12, width=16, n_layers=1, n_heads=2)
    return folder


@cache
def recipe() -> bytes:
    """The recipe of a small network, as the command line writes it."""
    from ugrn_core.cli.app import app

    with tempfile.TemporaryDirectory() as folder:
        genes, out = Path(folder) / "genes.txt", Path(folder) / "network"
        genes.write_text("\n".join(GENES[:8]))
        made = CliRunner().invoke(app, ["network", "--genes", str(genes), "--out", str(out)])
        assert made.exit_code == 0, made.output
        return (out / "recipe.json").read_bytes()


VALUES = {"slope": np.arange(12, dtype=np.float32).reshape(2, 6)}


def _keys() -> list[str]:
    from hashlib import sha256

    return [sha256(str(i).encode()).hexdigest() for i in range(60)]


def store_file(folder: Path) -> bytes:
    """A store with sixty results."""
    from ugrn_core.store import Store

    with Store(folder) as store:
        store.put_many(dict.fromkeys(_keys(), VALUES))
    return (folder / "cache.db").read_bytes()


def check_store(folder: Path) -> int:
    """Use a store: what it gives must be right, what it lacks is put back, and then it must be there."""
    from ugrn_core.store import Store

    with Store(folder) as store:
        for _ in range(2):  # writing may be what finds the damage
            found = {key: store.get(key) for key in _keys()}
            wrong = [k for k, v in found.items() if v is not None and not np.array_equal(v["slope"], VALUES["slope"])]
            if wrong:
                raise AssertionError(f"wrong numbers under {wrong[:3]}")
            store.put_many({key: VALUES for key, value in found.items() if value is None})
        if any(store.get(key) is None for key in _keys()):
            raise AssertionError("what was written cannot be read")
        return store.stats().entries


def own_translator(folder: Path) -> Path:
    """A library with one translator, ``fuzzed``: a shipped one under a name of its own."""
    from dataclasses import replace

    from ugrn_core.translators.library import list_translators, load_translator, save_translator

    if not (folder / "fuzzed.json").is_file():
        shipped = load_translator(list_translators(folder)[0].name)
        card = replace(shipped.card, name="fuzzed")
        folder.mkdir(parents=True, exist_ok=True)
        save_translator(replace(shipped, card=card), folder)
    return folder
