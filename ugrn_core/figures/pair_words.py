"""The facts of a pair in words: a residual, a percentile, a number with its sign."""

from __future__ import annotations

from ugrn_core.figures.titles import minus


def residual_words(residual: float | None, background: str) -> tuple[str, str]:
    """The residual as a share, and what it means."""
    if background == "follow":
        return "none", "not defined when all genes move"
    if residual is None:
        return "...", "follows"
    value = "< 0.01 %" if residual < 1e-4 else f"{100 * residual:.2g} %"
    if residual <= 0.02:
        return value, "slope and response agree"
    if residual <= 0.1:
        return value, "slope and response agree roughly"
    return value, "rounding or kinks: read with care"


def beyond(percentile: float, n_random: int) -> str:
    """A percentile among ``n_random`` pairs in words."""
    if percentile >= 100:
        return f"larger than all {n_random:,} random pairs"
    return f"larger than {percentile:.3g} % of random pairs"


def signed(value: float) -> str:
    """Three significant digits with a true minus sign and a plus."""
    return minus(f"{value:+.3g}")
