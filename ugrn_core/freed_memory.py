"""Freed memory stays with the process, so that the next operation need not ask for it again page by page."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt(3)."""
KEPT_A_HEAP = 256 << 20
LARGEST_KEPT = 32 << 20
DASK_TRIM = "65536"
"""What Dask's nanny sets for its workers: every freed 64 kB goes back to the system."""


@cache
def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB a heap that was freed, and give back at once what is larger than 32 MB.

    Activations of a sweep are some MB and come back a moment later. Giving them back costs a tenth of its time by
    glibc's defaults, and 1.7 times its processor time by those of Dask's workers (measured). A threshold that the user
    has set stays; other C libraries are left alone.
    """
    own = os.environ.get("MALLOC_TRIM_THRESHOLD_", DASK_TRIM) != DASK_TRIM
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None and not own:
        mallopt(M_TRIM_THRESHOLD, KEPT_A_HEAP)
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
