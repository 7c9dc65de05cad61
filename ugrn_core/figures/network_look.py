"""How genes and edges of a network are drawn, the same in every view; colour never stands alone.

Shape tells a factor from another gene, the tip of an edge the direction of its slope, the dash its standing, the width
its probability.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.figures.style import SERIES, minus
from ugrn_core.network.edge_filter import drawable
from ugrn_core.network.edge_table import COLUMNS, SLOPE_DIRECTIONS, TAGS, check_edge_table, columns_of, in_order

FACTOR, OTHER = "transcription factor", "other gene"
GREY = "#8A8A8A"
CHOSEN = SERIES[4].colour
"""Ring around the gene that is looked at."""


@dataclass(frozen=True)
class GeneLook:
    """``shape`` as vis.js names it, ``symbol`` as plotly does."""

    colour: str
    shape: str
    symbol: str


@dataclass(frozen=True)
class TipLook:
    """``arrow`` as vis.js names the tip of an edge, ``symbol`` as plotly does."""

    colour: str
    arrow: str
    symbol: str


GENES = {FACTOR: GeneLook(SERIES[2].colour, "diamond", "diamond"), OTHER: GeneLook(SERIES[3].colour, "dot", "circle")}
TIPS = dict(
    zip(
        SLOPE_DIRECTIONS,
        (
            TipLook(SERIES[0].colour, "arrow", "triangle-up"),
            TipLook(SERIES[1].colour, "diamond", "diamond-tall"),
            TipLook(GREY, "circle", "circle"),
            TipLook(GREY, "vee", "arrow-wide"),
        ),
        strict=True,
    )
)
"""By slope direction. No tip is a bar: the slope is no sign of regulation, and a bar is read as repression."""
DASHES: dict[str, tuple[int, ...]] = dict(zip(TAGS, ((2, 3), (12, 4), (10, 4, 2, 4), ()), strict=True))
"""By tag: pixels of line and gap, nothing for a full line."""
WIDTHS = (1.4, 2.6, 4.4)
"""By strength, in pixels."""
HEADINGS = {
    "gene": "Gene",
    "slope_direction": "Slope of source to target (no sign of regulation)",
    "tag": "Standing of the edge",
    "strength": "Probability",
}
THIRDS = {2: "the best third", 1: "the second", 0: "the last"}
"""Strengths of edges that have ranks and no probabilities."""
PLACED_COLUMNS = [*COLUMNS, "strength", "x_source", "y_source", "x_target", "y_target"]
LONGEST_SYMBOL = 80
LEAST = 1e-6
"""Smallest probability that is told from 0, as tables are written."""


def prepare_network(table: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The edges that a drawing holds, best first (:data:`PLACED_COLUMNS`), with the places of both genes.

    ``places`` is of :func:`ugrn_core.network.layout.place_genes`. ``strength`` is the part of the range of shown
    probabilities that an edge is in (0, 1, 2, see :func:`strength_steps`); of ranks where no edge has one.
    """
    check_edge_table(table)
    shown = drawable(in_order(table)).table
    check_symbols(shown)
    at = places.set_index("gene")
    lacking = sorted({*shown["source"], *shown["target"]} - set(at.index))
    if lacking:
        raise InputError(
            f"{len(lacking)} genes of the network have no place ({', '.join(lacking[:3])}); expected places of the "
            "same edge table. Make them with place_genes(table)."
        )
    found = shown.assign(strength=_strengths(shown["probability"]))
    for end in ("source", "target"):
        for axis in ("x", "y"):
            found[f"{axis}_{end}"] = at[axis].reindex(shown[end]).to_numpy(float)
    return found[[*PLACED_COLUMNS, *columns_of(found)[len(COLUMNS) :]]]


def _strengths(probability: pd.Series) -> np.ndarray:
    """Strength (edge,) of edges, best first."""
    if probability.isna().all():
        return 2 - 3 * np.arange(len(probability)) // len(probability)
    return np.searchsorted(strength_steps(probability)[1:3], probability.fillna(-np.inf), side="right")


def strength_heading(frame: pd.DataFrame) -> str:
    """What the strengths of a frame of :func:`prepare_network` are of."""
    return "Rank among the edges drawn" if frame["probability"].isna().all() else HEADINGS["strength"]


def strength_steps(probability: pd.Series) -> np.ndarray:
    """Limits (4,) of the three strengths: equal ratios from the lowest to the highest probability; NaN for none."""
    known = probability.dropna().clip(lower=LEAST)
    return np.geomspace(known.min(), known.max(), 4) if len(known) else np.full(4, np.nan)


def strength_words(frame: pd.DataFrame) -> dict[int, str]:
    """What each strength of a frame of :func:`prepare_network` stands for: ``0.012 to 0.076``."""
    low, *_, high = steps = strength_steps(frame["probability"])
    if np.isnan(low):
        return {n: words for n, words in THIRDS.items() if (frame["strength"] == n).any()}
    if low == high:
        return {2: f"{low:.3g}"}
    return {n: f"{steps[n]:.3g} to {steps[n + 1]:.3g}" for n in range(3)}


def how_many(table: pd.DataFrame) -> str:
    """``Showing the top 1,000 of 2,301 edges.`` where a drawing cannot hold ``table``; empty where it can."""
    return " ".join(drawable(in_order(table)).notes)


def gene_sizes(n_edges: pd.Series) -> np.ndarray:
    """Diameters (gene,) in pixels on a drawing of usual size: larger for more edges, smaller where genes are many."""
    return np.minimum(8 + 2.2 * np.sqrt(n_edges.to_numpy(float)), 26) * crowding(len(n_edges))


def crowding(n_genes: int) -> float:
    """By how much genes and edges shrink in a drawing of ``n_genes``."""
    return float(max(np.sqrt(60 / max(n_genes, 60)), 0.5))


def edge_words(edge) -> list[str]:
    """What is said of an edge (a row of an edge table) when one points at it, a line each."""
    chance = "none given" if np.isnan(edge.probability) else f"{edge.probability:.3g}, spread {edge.spread:.2g}"
    slope = edge.slope_direction if np.isnan(edge.slope) else f"{edge.slope_direction} ({minus(f'{edge.slope:.3g}')})"
    return [
        f"{edge.source} \N{RIGHTWARDS ARROW} {edge.target}",
        f"probability: {chance}",
        f"score: {minus(f'{edge.score:.3g}')} (logit)",
        f"slope: {slope}, no sign of regulation",
        f"direction of the edge: {edge.direction}",
        f"{edge.tag}; {edge.novelty}; in a known network: {edge.known}",
    ]


def gene_words(node) -> list[str]:
    """What is said of a gene (a row of :func:`ugrn_core.network.layout.prepare_nodes`), a line each."""
    kind = FACTOR if node.is_tf else OTHER
    return [f"{node.gene}: {kind}", f"{node.out_degree:,} edges out, {node.in_degree:,} in, of those drawn"]


def written(text: str) -> str:
    """Text that plotly does not read as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def check_symbols(table: pd.DataFrame) -> None:
    """Refuse names that cannot be written on a drawing: empty, very long, or with characters that do not show."""
    for symbol in sorted({*table["source"], *table["target"]}):
        unseen = [c for c in symbol if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        if not symbol.strip() or len(symbol) > LONGEST_SYMBOL or unseen:
            raise InputError(
                f"A gene is called {symbol[:LONGEST_SYMBOL]!a}, which cannot be drawn; expected 1 to "
                f"{LONGEST_SYMBOL} characters, none of them a control character. Rename it."
            )
