"""An :class:`ExpressionData` on disk: one JSON and one npz file, nothing pickled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import sparse

from ugrn_core.data.expression import ExpressionData, Profile

_MEANS = ("bins", "log1p", "detection")


def save_expression(data: ExpressionData, folder: Path) -> None:
    """Write ``expression.json`` and ``expression.npz`` into an existing folder."""
    profiles = [data.whole, *(p for levels in data.groups.values() for p in levels.values())]
    arrays = {name: np.stack([getattr(p, name) for p in profiles]) for name in _MEANS}
    sample = data.sample
    arrays |= {"variance": data.variance, "data": sample.data, "indices": sample.indices, "indptr": sample.indptr}
    np.savez(folder / "expression.npz", allow_pickle=False, **arrays)
    facts = {name: getattr(data, name) for name in ("label", "genes", "species", "matrix", "units", "n_cells", "notes")}
    facts["groups"] = {c: {level: p.n_cells for level, p in levels.items()} for c, levels in data.groups.items()}
    (folder / "expression.json").write_text(json.dumps(facts), "utf-8")


def load_expression(folder: Path) -> ExpressionData:
    """Read what :func:`save_expression` wrote."""
    facts = json.loads((folder / "expression.json").read_text("utf-8"))
    with np.load(folder / "expression.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    sizes = [facts["n_cells"], *(n for levels in facts["groups"].values() for n in levels.values())]
    profiles = iter([Profile(n, *(arrays[name][i] for name in _MEANS)) for i, n in enumerate(sizes)])
    parts = tuple(arrays[name] for name in ("data", "indices", "indptr"))
    shape = (len(arrays["indptr"]) - 1, len(facts["genes"]))
    return ExpressionData(
        label=facts["label"],
        genes=tuple(facts["genes"]),
        species=facts["species"],
        matrix=facts["matrix"],
        units=facts["units"],
        n_cells=facts["n_cells"],
        whole=next(profiles),
        groups={c: {level: next(profiles) for level in levels} for c, levels in facts["groups"].items()},
        variance=arrays["variance"],
        sample=sparse.csr_matrix(parts, shape=shape),
        notes=tuple(facts["notes"]),
    )
