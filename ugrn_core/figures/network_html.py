"""A predicted network as one HTML file to explore, drawn by pyvis (vis.js), that works without a connection.

pyvis puts text into pages without care, and fetches a style sheet and a script from elsewhere whatever it is told. So
genes are numbers to it and names are labels on its canvas, tool tips are plain text, and its page is taken apart: what
loads anything is removed, and a policy in the page forbids the rest.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pandas as pd

from ugrn_core.figures.network_look import (
    CHOSEN,
    DASHES,
    FACTOR,
    GENES,
    HEADINGS,
    OTHER,
    TIPS,
    WIDTHS,
    edge_words,
    gene_sizes,
    gene_words,
    how_many,
    prepare_network,
    strength_heading,
    strength_words,
)
from ugrn_core.figures.network_page import INK, NOTHING_FROM_OUTSIDE, SCRIPT, STYLE, Theme, edge_mark, gene_mark
from ugrn_core.network.layout import place_genes, prepare_nodes

UNIT = 78
"""Pixels of the canvas to a unit of the layout."""
CANVAS = 1000.0
"""Width of a drawing that is shown as large as it is; in wider ones marks grow."""
HUBS = 60
"""Genes that have a name from afar: in a small network all, in one of more than twice as many half as many."""
GREY = "#888888"
PYVIS_HEAD = '<html>\n    <head>\n        <meta charset="utf-8">'
PYVIS_CANVAS = '<div id="mynetwork" class="card-body"></div>\n        </div>'
HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
)
TABLE = {"source": "source", "target": "target", "probability": "probability", "spread": "spread", "score": "score",
         "slope": "slope", "slope_direction": "slope direction", "direction": "direction of the edge",
         "novelty": "in training", "known": "in a known network", "tag": "standing"}  # fmt: skip


def network_html(
    table: pd.DataFrame,
    places: pd.DataFrame,
    *,
    theme: Theme,
    caption: str,
    highlight: str | None = None,
) -> str:
    """HTML text (about 0.7 MB) of the best edges of ``table`` that a drawing holds; the same text for the same input.

    ``places``: of :func:`~ugrn_core.network.layout.place_genes`. ``caption`` stands above as plain text, and after it
    how many of the edges are shown, where not all are. ``highlight``: the gene whose edges stand out first. Nothing
    moves by itself; genes can be dragged, searched and pointed at. The page holds its edges as a table, too.
    """
    if theme not in INK:
        raise ValueError(f"no theme is called {theme!r}; expected light or dark")
    frame = prepare_network(table, places)
    nodes = prepare_nodes(frame)
    page = _bare(_drawn(frame, nodes, theme))
    notes = [caption, how_many(table)]
    found = nodes.index[nodes["gene"] == highlight]
    if highlight is not None and not len(found):
        notes.append(f"{highlight} is not among the genes shown.")
    if not len(frame):
        notes.append("There is no edge to show.")
    paper, ink, quiet = INK[theme]
    style = STYLE.replace("PAPER", paper).replace("INK", ink).replace("QUIET", quiet)
    first = str(found[0]) if len(found) else "null"
    script = SCRIPT.replace("START", first).replace("UNIT", str(UNIT)).replace("CHOSEN", CHOSEN)
    page = _swapped(page, PYVIS_HEAD, HEAD)
    page = _swapped(
        page, "</head>", f"{NOTHING_FROM_OUTSIDE}<title>Predicted network</title><style>{style}</style></head>"
    )
    page = _swapped(page, "<body>", f'<body><div id="top">{_header(notes, nodes)}')
    page = _swapped(page, PYVIS_CANVAS, f"{PYVIS_CANVAS}{_legend(frame)}</div>")
    return _swapped(page, "</body>", f"{_table(frame)}<script>{script}</script></body>")


def _drawn(frame: pd.DataFrame, nodes: pd.DataFrame, theme: Theme) -> str:
    """pyvis's page; genes are numbered in the order of their names."""
    from pyvis.network import Network

    paper, ink, _ = INK[theme]
    drawing = Network("100%", "100%", directed=True, bgcolor=paper, cdn_resources="in_line")
    at = {g: (x, y) for end in ("source", "target") for g, x, y in frame[[end, f"x_{end}", f"y_{end}"]].to_numpy()}
    for n, look in enumerate(_gene_looks(nodes, at)):
        drawing.add_node(n, **look)
    number = {gene: n for n, gene in enumerate(nodes["gene"])}
    pairs = set(zip(frame["source"], frame["target"], strict=True))
    for n, edge in enumerate(frame.itertuples()):
        both = (edge.target, edge.source) in pairs
        drawing.add_edge(number[edge.source], number[edge.target], **_edge_look(n, edge, both, _grown(at), theme))
    drawing.options = {  # pyright: ignore[reportAttributeAccessIssue]
        "physics": {"enabled": False},
        "layout": {"randomSeed": 0, "improvedLayout": False},
        "interaction": {
            "hover": True,
            "tooltipDelay": 120,
            "keyboard": {"enabled": True, "bindToWindow": False},
            "selectConnectedEdges": False,
        },
        "nodes": {"font": {"size": 14, "color": ink, "strokeColor": paper}},
    }
    return drawing.generate_html()


def _gene_looks(nodes: pd.DataFrame, at: dict[str, tuple[float, float]]) -> list[dict[str, Any]]:
    """What pyvis is told of every gene."""
    edges = nodes["out_degree"] + nodes["in_degree"]
    grown = _grown(at)
    most = HUBS if len(nodes) <= 2 * HUBS else HUBS // 2
    hubs = set(nodes.assign(edges=edges).sort_values(["edges", "gene"], ascending=[False, True]).head(most)["gene"])
    looks = []
    for node, size in zip(nodes.itertuples(), gene_sizes(edges), strict=True):
        look = GENES[FACTOR if node.is_tf else OTHER]
        x, y = at[str(node.gene)]
        colours = {"background": look.colour, "border": GREY}
        looks.append(
            {
                "label": node.gene,
                "about": "\n".join(gene_words(node)),
                "shape": look.shape,
                "x": round(UNIT * x, 1),
                "y": round(-UNIT * y, 1),
                "size": round(0.7 * size * grown, 1),
                "color": colours | {"highlight": colours | {"border": CHOSEN}, "hover": colours | {"border": CHOSEN}},
                "borderWidth": 1,
                "borderWidthSelected": round(3 * grown, 1),
                "hub": node.gene in hubs,
            }
        )
    return looks


def _grown(at: dict[str, tuple[float, float]]) -> float:
    """By how much marks grow in a drawing so wide that it is first seen from afar."""
    xs = [x for x, _ in at.values()]
    return max(1.0, UNIT * (max(xs) - min(xs)) / CANVAS) if xs else 1.0


def _edge_look(n: int, edge: Any, both: bool, grown: float, theme: Theme) -> dict[str, Any]:
    """What pyvis is told of an edge; ``both``: its reverse is drawn too, and both are bowed."""
    look, dash = TIPS[edge.slope_direction], list(DASHES[edge.tag])
    width = round(WIDTHS[edge.strength] * grown**0.5, 2)
    return {
        "id": f"e{n}",
        "title": "\n".join(edge_words(edge)),
        "width": width,
        "hoverWidth": 1,
        "color": {
            "color": look.colour,
            "highlight": look.colour,
            "hover": look.colour,
            "opacity": 0.8 if theme == "light" else 1.0,
        },
        "dashes": dash or False,
        "arrows": {"to": {"enabled": True, "type": look.arrow, "scaleFactor": round(1.1 / width**0.5, 2)}},
        "smooth": {"enabled": both, "type": "curvedCW", "roundness": 0.16},
    }


def _bare(page: str) -> str:
    """pyvis's page without what it would load, its headings and its comments."""
    page = re.sub(r"<!--.*?-->", "", page, count=1, flags=re.DOTALL)
    page = re.sub(r"<center>\s*<h1></h1>\s*</center>", "", page)
    page = re.sub(r'<link\s[^>]*href="https?://[^>]*>', "", page)
    return re.sub(r'<script\s[^>]*src="https?://[^>]*>\s*</script>', "", page)


def _swapped(page: str, old: str, new: str) -> str:
    """``page`` with the last ``old`` replaced."""
    before, found, after = page.rpartition(old)
    if not found:
        raise RuntimeError(f"pyvis's page has no {old!r}; it was read as version 0.3.2 writes it")
    return before + new + after


def _header(notes: list[str], nodes: pd.DataFrame) -> str:
    """Caption, search and buttons."""
    options = "".join(f'<option value="{escape(gene)}">' for gene in nodes["gene"])
    return (
        f'<header><p id="about">{escape(" ".join(note for note in notes if note))}</p><div class="row">'
        '<input id="find" type="search" list="genes" placeholder="Find a gene" aria-label="Find a gene">'
        f'<datalist id="genes">{options}</datalist>'
        '<button id="nearer" title="Zoom in" aria-label="Zoom in">+</button>'
        '<button id="farther" title="Zoom out" aria-label="Zoom out">&minus;</button>'
        '<button id="fit" title="Show the whole network">Fit</button>'
        '<span id="said" role="status"></span></div></header>'
    )


def _legend(frame: pd.DataFrame) -> str:
    """What the marks that are drawn mean."""
    factors = prepare_nodes(frame)["is_tf"]
    kinds = [(k, there) for k, there in ((FACTOR, factors.any()), (OTHER, (~factors).any())) if there]
    slopes, tags = set(frame["slope_direction"]), set(frame["tag"])
    groups = {
        "gene": [(gene_mark(GENES[k].shape, GENES[k].colour), k) for k, _ in kinds],
        "slope_direction": [(edge_mark(v.colour, 2, tip=v.arrow), k) for k, v in TIPS.items() if k in slopes],
        "tag": [(edge_mark(GREY, 2.4, dash), tag) for tag, dash in DASHES.items() if tag in tags],
        "strength": [(edge_mark(GREY, WIDTHS[n]), w) for n, w in (strength_words(frame) if len(frame) else {}).items()],
    }
    made = [
        f"<div><strong>{escape(strength_heading(frame) if name == 'strength' else HEADINGS[name])}</strong>"
        + "".join(f"<span>{mark}{escape(word)}</span>" for mark, word in marks)
        + "</div>"
        for name, marks in groups.items()
        if marks
    ]
    return f'<footer aria-label="Legend">{"".join(made)}</footer>'


def _table(frame: pd.DataFrame) -> str:
    """The edges as a table."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in TABLE.values())
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in frame[list(TABLE)].itertuples(index=False)
    )
    return (
        f"<details><summary>The {len(frame):,} edges as a table</summary><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


def _cell(value: Any) -> str:
    if value != value:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def network_file(table: pd.DataFrame, caption: str) -> str:
    """HTML of the best edges of ``table`` that a drawing holds, light, under its caption."""
    return network_html(table, place_genes(table), theme="light", caption=caption)
