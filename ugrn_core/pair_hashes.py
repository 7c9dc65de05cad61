"""Directed gene pairs as 8-byte numbers: scores and novelty tags can be joined without naming anybody's edges."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


def pair_hashes(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """The first 8 bytes (big-endian) of sha256("source<TAB>target"), (pair,) uint64, in the order given."""
    digests = (hashlib.sha256(f"{s}\t{t}".encode()).digest()[:8] for s, t in pairs)
    return np.fromiter((int.from_bytes(d, "big") for d in digests), dtype=np.uint64, count=len(pairs))
