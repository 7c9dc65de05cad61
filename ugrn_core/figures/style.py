"""One look for all figures: colour-blind-safe series, no background of their own, right on light and dark pages; and
the sentences above curves: what changes, in which unit, and what was done to which gene.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ugrn_core.data.standardised import UNIT as STANDARDISED


@dataclass(frozen=True)
class Series:
    """How one series is drawn; colour never stands alone, the marker tells series apart too."""

    colour: str
    marker: str


SERIES = (
    Series("#0072B2", "circle"),
    Series("#D55E00", "square"),
    Series("#009E73", "diamond"),
    Series("#CC79A7", "triangle-up"),
    Series("#E69F00", "pentagon"),
    Series("#56B4E9", "star"),
)
"""Colours of Okabe and Ito (2008), "Color Universal Design"; black and yellow are left out, each is lost on one of
the two page backgrounds."""

GUIDE = "rgba(128, 128, 128, 0.6)"
"""Zero lines and the mark of the base value."""

GRIDLINE = "rgba(128, 128, 128, 0.18)"
FONT_SIZE = 13


def see_through(colour: str, share: float) -> str:
    """A colour (#rrggbb) of which ``share`` is seen."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"


def restrained(height: int, *, title_lines: int = 1, legend: bool = False, x_lines: int = 1) -> dict[str, Any]:
    """Layout that all figures share: transparent background, room for titles and legend above the panels.

    ``x_lines``: lines of the titles below them.
    Text has no colour of its own and takes that of the page.
    """
    line = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container"}
    return {
        "height": height,
        "margin": {"l": 52, "r": 12, "t": 10 + 17 * title_lines + (32 if legend else 0), "b": 30 + 16 * x_lines},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "font": {"size": FONT_SIZE},
        "hoverlabel": {"namelength": -1},
        "showlegend": legend,
        "legend": line,
    }


def axis(**more: Any) -> dict[str, Any]:
    """An axis with a thin grid; ``more`` as plotly names it."""
    return {
        "gridcolor": GRIDLINE,
        "zeroline": False,
        "zerolinecolor": GUIDE,
        "zerolinewidth": 1,
        "title": {"font": {"size": FONT_SIZE}},
        "tickfont": {"size": FONT_SIZE - 1},
    } | more


def panel_title(text: str, left: float, top: float) -> dict[str, Any]:
    """An annotation above the upper left corner of a panel, in the paper's coordinates (0 to 1)."""
    return {
        "text": text,
        "x": left,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 4,
        "align": "left",
        "showarrow": False,
        "font": {"size": FONT_SIZE},
    }


def figure_config(name: str) -> dict[str, Any]:
    """plotly's own settings: no logo, and a camera button that saves a PNG called ``name``, at twice the size on
    screen."""
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"format": "png", "filename": file_stem(name), "scale": 2},
    }


def file_stem(name: str) -> str:
    """A file name without ending: letters, digits, dot, dash; anything else becomes one underscore."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_.") or "figure"


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
