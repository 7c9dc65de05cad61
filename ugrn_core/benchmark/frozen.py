"""Frames of Table 1 that are kept as they were made, with the first generation of the embedded models.

Whatever weights come later, what is said of the printed figures rests on these; ``README.md`` beside them has the
commands and the fingerprints of the weights.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ugrn_core.benchmark.results import read_results
from ugrn_core.paths import ASSETS

FROZEN = ASSETS / "benchmark" / "frozen"
SECOND = FROZEN / "second_generation"
"""The same question asked of a later model, in frames of their own: the words on the first rest on the first alone."""


def frozen_results(table: int = 1, folder: Path = FROZEN) -> pd.DataFrame:
    """All frozen frames of a table under one another; ``folder`` is ``FROZEN`` or ``SECOND``."""
    files = sorted(folder.glob(f"*_table_{table}_*.csv.gz"))
    return pd.concat([read_results(file) for file in files], ignore_index=True)
