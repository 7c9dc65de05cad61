"""The pre-training corpus: many expression data sets of mixed units as one matrix over one vocabulary.

Each profile (a cell or an average of cells) is log1p of counts per 10,000. A gene that a data set did not measure is
never shown for its profiles. A part is what measured the same genes and can be standardised by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import anndata as ad
import numpy as np
from scipy import sparse

MIN_DATA_SETS = 10
"""A gene is in the vocabulary if at least this many corpus files measured it."""

HELD_OUT = (
    "celltypist_sample",
    "ipsc_cardiomyocyte_scDatasets",
    "grun2015_intestine_lgr5",
    "ting2014_pdac_ctc",
    "atlas_Lawlor_2016_subsamples",
    "sasagawa2013_mesc_quartz",
    "mait_MAST",
)
"""Data sets kept out of pre-training for the held-out reconstruction figure: studies that appear in no other file."""


@dataclass(frozen=True)
class CorpusPart:
    """Profiles that measured the same genes: ``rows`` of the corpus matrix, ``measured`` columns (gene,) int64."""

    name: str
    species: str
    held_out: bool
    rows: range
    measured: np.ndarray


@dataclass(frozen=True)
class Corpus:
    """``values`` (profile, gene) float16, log1p; genes a part did not measure are 0 in it, absent from ``measured``."""

    genes: tuple[str, ...]
    values: np.ndarray
    parts: tuple[CorpusPart, ...]


def load_corpus(folder: Path) -> Corpus:
    """Read every h5ad of ``folder`` (half a minute, 1.3 GB); order of files, genes and rows is fixed."""
    files = sorted(folder.glob("*.h5ad"))
    seen = Counter(g for f in files for g in set(_symbols(ad.read_h5ad(f, backed="r"))))
    genes = tuple(sorted(g for g, n in seen.items() if n >= MIN_DATA_SETS))
    column = {g: i for i, g in enumerate(genes)}
    blocks, parts, start = [], [], 0
    for file in files:
        for name, species, matrix, measured in _file_parts(file, column):
            blocks.append(matrix.astype(np.float16))
            rows = range(start, start + matrix.shape[0])
            parts.append(CorpusPart(name, species, file.stem in HELD_OUT, rows, measured))
            start = rows.stop
    return Corpus(genes, np.concatenate(blocks), tuple(parts))


def labels_of(folder: Path, name: str, column: str) -> np.ndarray | None:
    """The labels (profile,) of a corpus file in a column of its ``obs``, as text; None where it has no such column."""
    obs = ad.read_h5ad(folder / f"{name}.h5ad", backed="r").obs
    return obs[column].astype(str).to_numpy() if column in obs else None


def _file_parts(file: Path, column: dict[str, int]):
    """Yield (name, species, log1p matrix (profile, vocabulary) float32, measured columns) of one file."""
    data = ad.read_h5ad(file)
    symbols = _symbols(data)
    keep = [i for i, s in enumerate(symbols) if s in column]
    at = np.array([column[symbols[i]] for i in keep])
    matrix = sparse.csr_matrix(data.X)[:, keep]
    species = str(data.uns["species"])
    if "measured" not in data.varm:
        yield file.stem, species, _place(_log1p_cp10k(matrix, data.uns["units"]), at, len(column)), np.unique(at)
        return
    measured = np.asarray(data.varm["measured"])[keep].astype(bool)
    which = data.obs["file_idx"].to_numpy().astype(int)
    for k in np.unique(which):
        rows = np.flatnonzero(which == k)
        units = str(data.obs["units"].iloc[rows[0]])
        block = _place(_log1p_cp10k(matrix[rows], units), at, len(column))
        yield f"{file.stem}:{k}", species, block, np.unique(at[measured[:, k]])


def _symbols(data: ad.AnnData) -> list[str]:
    return [s if isinstance(s, str) else "" for s in data.var["scgpt_symbol"]]


def _log1p_cp10k(matrix: sparse.csr_matrix, units: str) -> np.ndarray:
    """Linear values scaled to 10,000 a profile, then log1p; log units are undone first. Averages of logs are
    treated as logs of averages, which is an approximation."""
    values = np.asarray(matrix.todense(), dtype=np.float32)
    if "background" in units:  # microarray-like floor: the smallest value stands for "not detected"
        values = np.exp2(values - values.min()) - 1
    elif "log2" in units:
        values = np.exp2(values) - 1
    elif "log1p" in units:
        values = np.expm1(values)
    total = values.sum(1, keepdims=True)
    return np.log1p(values * (1e4 / np.maximum(total, 1e-9)))


def _place(values: np.ndarray, at: np.ndarray, width: int) -> np.ndarray:
    """Values moved to their vocabulary columns; where two names share a column the larger value stays."""
    placed = np.zeros((values.shape[0], width), np.float32)
    columns, first = np.unique(at, return_index=True)
    placed[:, columns] = values[:, first]
    for j in np.setdiff1d(np.arange(len(at)), first):
        placed[:, at[j]] = np.maximum(placed[:, at[j]], values[:, j])
    return placed
