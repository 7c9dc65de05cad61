"""One look for all figures: colour-blind-safe series, no background of their own, right on light and dark pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


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
