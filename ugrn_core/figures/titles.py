"""The sentences above curves: what changes, in which unit, and what was done to which gene."""

from __future__ import annotations

from ugrn_core.data.standardised import UNIT as STANDARDISED


def response_title(source: str, target: str, unit: str, base: str) -> str:
    """Title of a response: ``change of predicted SOX2 (bins) when NANOG goes from 10 to x``."""
    return f"change of predicted {target} ({short_unit(unit)}) when {source} goes from {base} to x"


def slope_title(source: str, target: str, unit: str) -> str:
    """Title of a slope with the background fixed."""
    return f"slope of predicted {target} ({slope_unit(short_unit(unit))}) where {source} stands at x"


def follow_title(source: str, target: str, unit: str) -> str:
    """Title of a slope under the ``follow`` background, where every gene of the virtual cell stands at x."""
    return f"slope of predicted {target} ({slope_unit(short_unit(unit))}) in {source} where all genes stand at x"


def value_title(source: str, unit: str) -> str:
    """Title of the axis of virtual values; a unit that takes many words stands on a line of its own."""
    if unit == STANDARDISED:
        return f"x: virtual value of {source}<br>({unit} from its mean in its data set)"
    return f"x: virtual value of {source} ({unit})"


def short_unit(unit: str) -> str:
    """The unit where there is little room; the axis of virtual values writes it out."""
    return "SD" if unit == STANDARDISED else unit


def slope_unit(unit: str) -> str:
    """Unit of the target a unit of the source: ``bins per bin``."""
    return f"{unit} per {unit.removesuffix('s')}"


def minus(number: str) -> str:
    """The text of a number with a minus sign instead of a hyphen."""
    return number.replace("-", "−")


def number(value: float) -> str:
    """A value as it was given, with a true minus sign."""
    return minus(f"{value:g}")


def in_two_lines(title: str, longest: int) -> str:
    """The title as it is, or broken before its last clause where it would run into its neighbour."""
    cut = max(title.find(f" {word} ") for word in ("when", "where"))
    return title if len(title) <= longest or cut < 0 else f"{title[:cut]}<br>{title[cut + 1 :]}"
