"""Time left of a computation, from the shares it has finished so far; durations and sizes in words."""

from __future__ import annotations

import math

MEMORY_SECONDS = 20.0  # a rate seen this long ago weighs 1/e of one seen now


class TimeLeft:
    """Estimate of the time left; fed with shares, asked for seconds.

    The rate (share a second) is a geometric mean in which each step weighs as long as it took, and older steps fade:
    a leap that took no time, as of blocks found in the store, barely moves it. The first share reported is the
    starting point and not a step.
    """

    def __init__(self) -> None:
        self._share: float | None = None
        self._time = 0.0
        self._weight = 0.0
        self._log_rate = 0.0  # times the weight

    def update(self, share: float, now: float) -> None:
        """``share`` (0 to 1) is finished at ``now`` (seconds of a monotonic clock)."""
        if self._share is not None and share > self._share and now > self._time:
            seconds = now - self._time
            fade = math.exp(-seconds / MEMORY_SECONDS)
            self._weight = self._weight * fade + seconds
            self._log_rate = self._log_rate * fade + seconds * math.log((share - self._share) / seconds)
        elif self._share is not None and share == self._share:
            return
        self._share, self._time = share, now

    def seconds_left(self, now: float) -> float | None:
        """Seconds until all is finished; None before the first step, and for work that is later than expected."""
        if self._share is None or not self._weight:
            return None
        left = (1.0 - self._share) / math.exp(self._log_rate / self._weight) - (now - self._time)
        return left if left >= 0 else None


def duration(seconds: float) -> str:
    """``40 s``, ``3 min`` or ``1.5 h``; never less than ``1 s``."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def byte_words(n_bytes: float) -> str:
    """``12.5 MiB`` or ``1.50 GiB``."""
    return f"{n_bytes / 2**30:,.2f} GiB" if n_bytes >= 2**29 else f"{n_bytes / 2**20:,.1f} MiB"
