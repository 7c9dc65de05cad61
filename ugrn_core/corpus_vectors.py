"""Co-expression in the pre-training corpus, shipped as one vector a gene: what needs no model at all.

The cosine of two genes' vectors stands for their mean correlation within the corpus' data sets (human and mouse,
held-out studies excluded), without any training on networks. Made by

    python -m ugrn_core.pretrain vectors

from the corpus in ``UGRN_CORPUS_DIR``: values standardised within each data set of at least 8 profiles, data sets
weighted by the square root of their number of profiles, a truncated singular value decomposition to 64 dimensions,
V sqrt(S) brought to unit length and stored as float16.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ugrn_core.errors import InputError
from ugrn_core.paths import ASSETS

FOLDER = ASSETS / "corpus"
VECTORS, GENES = "vectors.safetensors", "genes.txt"


@dataclass(frozen=True)
class CorpusVectors:
    """``vectors`` (gene, dimension) float32, unit length, or zeros for a gene that varies in no data set."""

    genes: tuple[str, ...]
    vectors: np.ndarray

    def __contains__(self, gene: object) -> bool:
        return gene in self._row

    @cached_property
    def _row(self) -> dict[str, int]:
        return {g: i for i, g in enumerate(self.genes)}

    def cosine(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Cosine (pair,) float32, the same in both directions; 0 where the corpus knows nothing of a gene."""
        here = self.of([s for s, _ in pairs])
        return np.einsum("ij,ij->i", here, self.of([t for _, t in pairs]))

    def of(self, genes: Sequence[str]) -> np.ndarray:
        """Vectors (gene, dimension) float32 of the given symbols; zeros for one that is not in the corpus."""
        row = self._row
        rows = np.array([row.get(g, -1) for g in genes], np.int64)
        return np.where(rows[:, None] >= 0, self.vectors[rows], np.float32(0))


@cache
def corpus_vectors() -> CorpusVectors:
    """The vectors shipped with the project, read once."""
    return read_vectors(FOLDER)


def read_vectors(folder: Path) -> CorpusVectors:
    """Vectors of a folder that :func:`write_vectors` wrote; a file that is missing or does not fit is an InputError."""
    try:
        genes = tuple((folder / GENES).read_text(encoding="utf-8").split())
        vectors = load_file(folder / VECTORS)["vectors"].astype(np.float32)
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise InputError(f"{folder} does not hold {GENES} and {VECTORS} as they are shipped: {error}.") from error
    if vectors.ndim != 2 or len(vectors) != len(genes):
        shape = list(vectors.shape)
        raise InputError(f"{folder / VECTORS} is {shape}, expected one row for each of {len(genes)} genes.")
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return CorpusVectors(genes, vectors / np.where(length > 0, length, 1))


def write_vectors(folder: Path, genes: Sequence[str], vectors: np.ndarray) -> None:
    """Write ``genes.txt`` and the vectors (gene, dimension) as float16."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GENES).write_text("\n".join(genes) + "\n", encoding="utf-8")
    save_file({"vectors": np.ascontiguousarray(vectors, dtype=np.float16)}, folder / VECTORS)
