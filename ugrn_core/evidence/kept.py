"""What cells were asked before lies in the store, by the hash of the cells: it opens where the file of cells is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ugrn_core.data.cell_values import CellChoice
from ugrn_core.data.expression import ExpressionData
from ugrn_core.evidence.evidence import Evidence
from ugrn_core.store import Store

SCHEMA = "cells 2"

Arrays = dict[str, np.ndarray]


def cells_key(
    kind: str,
    data: ExpressionData,
    choice: CellChoice,
    symbols: Sequence[str],
    sources: Sequence[str],
    targets: Sequence[str],
    more: int,
) -> str:
    """Address of what is asked of the cells of ``data`` that are chosen, in any order of sources and targets;
    ``symbols`` name their genes, ``more`` is what else the answer depends on."""
    chosen = choice.genes, choice.layer, choice.group, choice.within, choice.donors
    question = (SCHEMA, kind, data.digest, chosen, tuple(symbols), sorted(sources), sorted(targets), more)
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()


def kept_evidence(store: Store | None, key: str, compute: Callable[[], Evidence]) -> Evidence:
    """Evidence of the store, else what ``compute`` gives, which is kept then."""

    def pack(found: Evidence) -> Arrays:
        told = _text({"sources": found.sources, "genes": found.genes, "notes": found.notes})
        return {"told": told, "few": found.few} | {f"column {n}": values for n, values in found.columns.items()}

    def unpack(arrays: Arrays) -> Evidence:
        told = _read(arrays["told"])
        columns = {name.removeprefix("column "): v for name, v in arrays.items() if name.startswith("column ")}
        sources, genes, notes = (tuple(map(str, told[name])) for name in ("sources", "genes", "notes"))
        return Evidence(sources, genes, columns, arrays["few"].astype(bool), notes)

    return _kept(store, key, compute, pack, unpack)


def kept_scores(store: Store | None, key: str, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Scores ``source, target, score`` of the store, else what ``compute`` gives, which is kept then."""

    def pack(found: pd.DataFrame) -> Arrays:
        names = sorted({*found["source"], *found["target"]})
        at = {name: place for place, name in enumerate(names)}
        ends = {end: found[end].map(at).to_numpy(np.int32) for end in ("source", "target")}
        return {"told": _text(names), "score": found["score"].to_numpy(np.float64)} | ends

    def unpack(arrays: Arrays) -> pd.DataFrame:
        names = np.array([str(name) for name in _read(arrays["told"])], object)
        return pd.DataFrame({e: names[arrays[e]] for e in ("source", "target")} | {"score": arrays["score"]})

    return _kept(store, key, compute, pack, unpack)


def _kept(store: Store | None, key: str, compute: Callable, pack: Callable, unpack: Callable):
    found = None if store is None else store.get(key)
    if found is not None:
        return unpack(found)
    made = compute()
    if store is not None:
        store.put(key, pack(made))
    return made


def _text(content: object) -> np.ndarray:
    return np.frombuffer(json.dumps(content).encode(), np.uint8)


def _read(packed: np.ndarray):
    return json.loads(packed.tobytes())
