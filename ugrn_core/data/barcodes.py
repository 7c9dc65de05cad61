"""What a barcode says beside the cell: ``cellranger aggr`` numbers the samples it joins, as in ``ACGT-2``."""

from __future__ import annotations

import re

SAMPLE = "sample"
"""Column of the samples that barcodes name."""
_ENDING = re.compile(r"[ACGTN]-0{0,9}([1-9]\d{0,5})$")


def sample_of(barcode: str) -> str:
    """The number behind a barcode, without zeros before it; empty where there is none."""
    ending = _ENDING.search(barcode)
    return ending[1] if ending else ""
