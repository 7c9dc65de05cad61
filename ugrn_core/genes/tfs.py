"""Which human genes are transcription factors: the census of Lambert et al. 2018 (Cell 172:650-665).

Mouse genes are asked for by the symbol of their human ortholog. The list is a fact about genes, not about a data set.
"""

from __future__ import annotations

from functools import cache

from ugrn_core.paths import ASSETS


@cache
def transcription_factors() -> frozenset[str]:
    """Human symbols of the 1,639 factors as printed, and the symbols that have replaced printed ones since."""
    lines = (ASSETS / "genes" / "human_tfs.txt").read_text("utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if not line.startswith("#"))


def is_tf(symbol: str) -> bool:
    """True for a human symbol of the census."""
    return symbol in transcription_factors()
