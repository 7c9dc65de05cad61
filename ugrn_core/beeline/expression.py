"""Expression of BEELINE's data sets, where the user has it: the perturbation and attention baselines need it.

Nothing of it is shipped or fetched. Two places below the networks' folder are looked at: ``BL--ExpressionData.csv``
beside the networks of a gene set, and ``ExpressionData.csv`` of the unpacked ``BEELINE-data.zip`` (Zenodo).
Values are as in the files, logarithms to base 2 of one plus a normalised count.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import NETWORK_FOLDERS, Network
from ugrn_core.beeline.registry import fetched_folder
from ugrn_core.errors import InputError
from ugrn_core.paths import beeline_folder

ARCHIVE = "BEELINE-data.zip"
ARCHIVE_URL = f"https://zenodo.org/records/3701939/files/{ARCHIVE}?download=1"
ARCHIVE_SHA256 = "1fc849499492c25ac72514e79a339c39aa057e58cd272097450875cecb380afa"


@dataclass(frozen=True)
class Expression:
    """Expression of one data set: ``values`` (cell, gene) float32, base-2 logarithms of one plus a normalised count."""

    data_set: str
    genes: tuple[str, ...]
    values: np.ndarray


def find_expression(data_set: str, gene_set: str) -> Path | None:
    """The file with the expression of a data set, or None."""
    root = beeline_folder() or fetched_folder()
    beside = [root / folder / data_set / gene_set / "BL--ExpressionData.csv" for folder in NETWORK_FOLDERS.values()]
    published = {"hHEP": "hHep"}.get(data_set, data_set)
    whole = root / "BEELINE-data" / "inputs" / "scRNA-Seq" / published / "ExpressionData.csv"
    return next((file for file in [*beside, whole] if file.is_file()), None)


def load_expression(file: Path, network: Network) -> Expression:
    """Expression of the genes of a network from a CSV of genes by cells; genes the file lacks are left out."""
    try:
        table = pd.read_csv(file, index_col=0, keep_default_na=False)
        values = table.to_numpy(np.float32)
    except (ValueError, OSError) as error:
        raise InputError(f"{file} is not a table of numbers, genes by cells: {error}.") from error
    names = [str(name).strip() for name in table.index]
    row = {name: i for i, name in reversed(list(enumerate(names)))}
    genes = tuple(g for g in network.genes if g in row)
    if not genes:
        raise InputError(f"{file} has no gene of {network.row.data_set}; expected genes in rows, cells in columns.")
    values = np.ascontiguousarray(values[[row[g] for g in genes]].T)
    if not np.isfinite(values).all() or values.min() < 0:
        raise InputError(f"{file} holds negative values or gaps; expected log2(1 + normalised count).")
    return Expression(network.row.data_set, genes, values)


def how_to_get(gene_set: str) -> str:
    """What to do where expression is missing."""
    return (
        f"Put BL--ExpressionData.csv (genes by cells) beside the {gene_set} networks of a data set, or unpack "
        f"{ARCHIVE} ({ARCHIVE_URL}, sha256 {ARCHIVE_SHA256}) into the folder of the networks."
    )
