"""Drawings of a network: the HTML file is safe, whole and the same each time; the plotly figure points at targets."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.small_network import small_edge_table
from ugrn_core.errors import InputError
from ugrn_core.figures import network_html as room
from ugrn_core.figures import network_look as look_room
from ugrn_core.figures.network_html import network_html
from ugrn_core.figures.network_look import (
    CHOSEN,
    DASHES,
    GENES,
    LONGEST_SYMBOL,
    TIPS,
    WIDTHS,
    crowding,
    prepare_network,
    strength_heading,
    strength_words,
)
from ugrn_core.figures.network_plot import FAINT, plot_network
from ugrn_core.figures.style import SERIES
from ugrn_core.network.edge_filter import DRAWN_EDGES, DRAWN_GENES, drawable, select_edges
from ugrn_core.network.edge_table import SLOPE_DIRECTIONS, TAGS, in_order
from ugrn_core.network.layout import place_genes
from ugrn_core.network.summary import hub_table

HOSTILE = [
    "<script>window.hurt = 1</script>",
    "</script><img src=x onerror='window.hurt = 1'>",
    '" onload="window.hurt = 1',
    "it's & so",
    "GÈNE-β\N{DNA DOUBLE HELIX}",
    '<a href="https://example.org">x</a>',
    "__proto__",
    "{{ 7 * 7 }}",
    "</title><!-- ",
]


def named(table: pd.DataFrame, symbols: list[str]) -> pd.DataFrame:
    """The table with its genes G1, G2, ... called otherwise."""
    return in_order(table.replace({f"G{n + 1}": symbol for n, symbol in enumerate(symbols)}))


def hostile_table() -> pd.DataFrame:
    return named(small_edge_table(4, len(HOSTILE)), HOSTILE)


def html(table, **named_):
    given: dict[str, Any] = {"theme": "light", "caption": "A caption."} | named_
    return network_html(table, place_genes(table), **given)


class Tags(HTMLParser):
    """Tags with their attributes, and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._within.append(tag)

    def handle_endtag(self, tag):
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data):
        if not self._within and data.strip():
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def count(self, tag: str) -> int:
        return sum(t == tag for t, _ in self.tags)


def data_set(text: str, name: str) -> list[dict]:
    """What vis.js is given: ``nodes`` or ``edges``."""
    found = re.search(rf"^\s*{name} = new vis\.DataSet\((.*)\);$", text, re.MULTILINE)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def large():
    """An edge table beyond both limits."""
    table = small_edge_table(3, 340)
    table["probability"] = np.linspace(0.9, 0.1, len(table))
    return table


def test_the_same_network_gives_the_same_bytes():
    table = small_edge_table()
    assert html(table) == html(table.sample(frac=1, random_state=4))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_loaded_from_anywhere(theme):
    text = html(hostile_table(), theme=theme)
    page = Tags(text)
    assert page.tags[0][0] == "html" and text.startswith("<!doctype html>")
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "a"), tag
        assert not {"src", "href", "action", "srcset", "data"} & set(attributes), (tag, attributes)
    assert all(url.startswith(("data:", '"data:')) for url in re.findall(r"url\(([^)]{1,20})", text))
    assert "@import" not in text and "importScripts" not in text
    policy = [a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert len(policy) == 1 and policy[0] is not None and policy[0].startswith("default-src 'none'")
    assert "http" not in policy[0].replace("http-equiv", "")
    first_script = text.index("<script")
    assert text.index("Content-Security-Policy") < text.index("</head>") and first_script > 0


def test_hostile_names_stay_names():
    plain, hostile = Tags(html(small_edge_table(4, len(HOSTILE)))), Tags(html(hostile_table()))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    for tag, attributes in hostile.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    text = html(hostile_table())
    assert sorted(node["label"] for node in data_set(text, "nodes")) == sorted(HOSTILE)
    assert all(isinstance(node["id"], int) and "title" not in node for node in data_set(text, "nodes"))
    assert "popup.innerHTML" not in text, "pyvis makes markup of tool tips that hold 'href'"
    options = [a["value"] for t, a in hostile.tags if t == "option"]
    assert options == sorted(HOSTILE)
    assert all(symbol in hostile.text for symbol in HOSTILE)


def test_a_hostile_caption_stays_text():
    caption = "</p></header><script>window.hurt = 1</script> & \\g<1>"
    page = Tags(html(small_edge_table(), caption=caption))
    assert caption in page.text
    assert page.count("script") == Tags(html(small_edge_table())).count("script")


@pytest.mark.parametrize(
    "symbol", ["", "  ", "A\nB", "A\u202eB", "A\x00", "\ud800", "A\u2028B", "X" * (LONGEST_SYMBOL + 1)]
)
def test_names_that_cannot_be_drawn_are_refused(symbol):
    table = small_edge_table(2, 3).replace({"G3": symbol})
    with pytest.raises(InputError, match="cannot be drawn; expected 1 to"):
        html(table)


def test_the_drawing_is_that_of_the_table():
    table = small_edge_table()
    places = place_genes(table).set_index("gene")
    text = html(table)
    nodes = {node["id"]: node for node in data_set(text, "nodes")}
    for node in nodes.values():
        assert node["x"] == pytest.approx(room.UNIT * places["x"][node["label"]], abs=0.06)
        assert node["y"] == pytest.approx(-room.UNIT * places["y"][node["label"]], abs=0.06)
    edges = data_set(text, "edges")
    drawn = [(nodes[e["from"]]["label"], nodes[e["to"]]["label"]) for e in edges]
    assert drawn == list(zip(table["source"], table["target"], strict=True))
    for edge, row in zip(edges, table.itertuples(), strict=True):
        assert edge["arrows"]["to"]["type"] == TIPS[row.slope_direction].arrow
        assert (edge["dashes"] or []) == list(DASHES[row.tag])
        assert f"{row.probability:.3g}" in edge["title"] and row.tag in edge["title"]
    page = Tags(text)
    assert page.count("tr") == len(table) + 1
    assert f"{table['probability'].iloc[0]:.6g}" in page.text
    assert '"physics": {"enabled": false}' in text


def test_colour_never_stands_alone():
    for looks in ([look.shape for look in GENES.values()], [look.symbol for look in GENES.values()]):
        assert len(set(looks)) == len(looks)
    for looks in ([look.arrow for look in TIPS.values()], [look.symbol for look in TIPS.values()]):
        assert len(set(looks)) == len(SLOPE_DIRECTIONS)
    assert len(set(DASHES.values())) == len(TAGS) and len(set(WIDTHS)) == 3
    assert "bar" not in {look.arrow for look in TIPS.values()}, "a bar is read as repression"


def test_factors_are_told_from_other_genes_and_the_legend_says_what_is_there():
    table = named(small_edge_table(2, 3), ["GATA1", "HBB", "SPI1"]).assign(
        slope_direction="rises", tag="model only", slope=0.5
    )
    text = html(table)
    shapes = {node["label"]: node["shape"] for node in data_set(text, "nodes")}
    assert shapes["GATA1"] == shapes["SPI1"] != shapes["HBB"]
    legend = Tags(text[text.index("<footer") : text.index("</footer>")]).text
    for word in ("transcription factor", "other gene", "rises", "no sign of regulation", "model only"):
        assert word in legend
    assert "falls" not in legend and "training pair" not in legend


def test_a_large_network_is_capped_and_says_so(large):
    text = html(large)
    shown = drawable(large).table
    nodes, edges = data_set(text, "nodes"), data_set(text, "edges")
    assert len(nodes) <= DRAWN_GENES and len(edges) == len(shown) <= DRAWN_EDGES
    assert f"Showing the top {len(shown)} of {len(large):,} edges." in Tags(text).text
    assert "Showing the top" not in Tags(html(small_edge_table())).text


def test_a_gene_can_be_highlighted_from_the_start():
    table = small_edge_table()
    text = html(table, highlight="G3")
    found = re.search(r"var start = (\d+),", text)
    assert found is not None and data_set(text, "nodes")[int(found[1])]["label"] == "G3"
    assert "var start = null," in html(table)
    assert "NOSUCH is not among the genes shown." in Tags(html(table, highlight="NOSUCH")).text


def test_a_network_without_edges_says_so():
    text = html(small_edge_table().head(0))
    assert "There is no edge to show." in Tags(text).text and data_set(text, "edges") == []


def test_what_does_not_fit_is_refused(monkeypatch):
    table = small_edge_table()
    with pytest.raises(InputError, match=r"have no place \(.*place_genes"):
        network_html(table, place_genes(table).head(2), theme="light", caption="")
    with pytest.raises(ValueError, match="blue"):
        html(table, theme="blue")
    monkeypatch.setattr(room, "PYVIS_CANVAS", "<div>of another pyvis</div>")
    with pytest.raises(RuntimeError, match=r"0\.3\.2"):
        html(table)


def test_strengths_are_equal_ratios_of_probability():
    table = small_edge_table(3, 5).reset_index(drop=True)
    table["probability"] = np.geomspace(0.8, 0.1, len(table))
    frame = prepare_network(table, place_genes(table))
    assert list(frame["strength"]) == sorted(frame["strength"], reverse=True)
    assert list(np.bincount(frame["strength"])) == [4, 4, 4]
    assert strength_words(frame) == {0: "0.1 to 0.2", 1: "0.2 to 0.4", 2: "0.4 to 0.8"}
    assert strength_words(frame.assign(probability=0.25)) == {2: "0.25"}
    ranked = prepare_network(table.assign(probability=np.nan), place_genes(table))
    assert list(ranked["strength"]) == sorted(ranked["strength"], reverse=True)
    assert list(np.bincount(ranked["strength"])) == [4, 4, 4]
    assert strength_words(ranked) == {2: "the best third", 1: "the second", 0: "the last"}
    assert "Rank" in strength_heading(ranked) and strength_heading(frame) == "Probability"
    same = table.assign(probability=0.25)
    assert set(prepare_network(same, place_genes(same))["strength"]) == {2}


def test_the_frame_of_the_figure_holds_the_places():
    table = small_edge_table()
    places = place_genes(table).set_index("gene")
    frame = prepare_network(table, places.reset_index())
    for end, axis in itertools.product(("source", "target"), ("x", "y")):
        np.testing.assert_array_equal(frame[f"{axis}_{end}"], places[axis][frame[end]])


def drawn(figure, mode):
    return [t for t in figure.data if t.mode == mode and t.x[0] is not None]


def test_tips_point_from_source_to_target():
    table = small_edge_table(3, 8)
    frame = prepare_network(table, place_genes(table))
    figure = plot_network(frame)
    tips = drawn(figure, "markers")[-1]
    pairs = {*zip(table["source"], table["target"], strict=True)}
    assert [tuple(pair) for pair in tips.customdata] == list(zip(frame["source"], frame["target"], strict=True))
    for edge, x, y, angle in zip(frame.itertuples(), tips.x, tips.y, tips.marker.angle, strict=True):
        to = np.array([edge.x_target - x, edge.y_target - y])
        whole = np.array([edge.x_target - edge.x_source, edge.y_target - edge.y_source])
        assert 0 < np.linalg.norm(to) < 0.5 * np.linalg.norm(whole)
        heading = np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])
        assert heading @ whole / np.linalg.norm(whole) > (0.999 if (edge.target, edge.source) not in pairs else 0.85)


def test_an_edge_and_its_reverse_are_told_apart():
    table = named(small_edge_table(2, 3), ["A", "B", "C"])
    both = table[table["source"].isin(["A", "B"]) & table["target"].isin(["A", "B"])]
    middles = drawn(plot_network(prepare_network(both, place_genes(both))), "markers")[0]
    assert len(middles.x) == 2
    assert np.hypot(middles.x[0] - middles.x[1], middles.y[0] - middles.y[1]) > 0.1


def test_every_edge_is_drawn_once_and_every_gene_with_its_hover():
    table = small_edge_table()
    frame = prepare_network(table, place_genes(table))
    figure = plot_network(frame, note="Showing the top 32 of 99 edges.")
    assert sum(sum(x is None for x in line.x) for line in drawn(figure, "lines")) == len(table)
    genes = [gene for t in drawn(figure, "markers+text") for (gene,) in t.customdata]
    assert sorted(genes) == sorted({*table["source"], *table["target"]})
    assert any("Showing the top 32" in a.text for a in figure.layout.annotations)
    assert all("probability" in text for text in drawn(figure, "markers")[0].hovertext)
    entries = {t.name for t in figure.data if t.showlegend}
    assert {*table["tag"], *table["slope_direction"]} <= entries


def test_edges_of_others_are_faint_beside_a_chosen_gene():
    table = small_edge_table()
    frame = prepare_network(table, place_genes(table))
    tips = drawn(plot_network(frame, highlight="G2"), "markers")[-1]
    for (source, target), opacity in zip(tips.customdata, tips.marker.opacity, strict=True):
        assert opacity == (1 if "G2" in (source, target) else FAINT)
    assert set(drawn(plot_network(frame), "markers")[-1].marker.opacity) == {1}


def test_a_band_lies_behind_the_edge_that_is_looked_at():
    table = small_edge_table()
    frame = prepare_network(table, place_genes(table))
    plain, edge = plot_network(frame), frame.iloc[1]
    band, *rest = drawn(plot_network(frame, edge=(edge["source"], edge["target"])), "lines")
    assert len(rest) == len(drawn(plain, "lines")) and band.line.color == CHOSEN
    assert band.line.width > max(line.line.width for line in rest)
    assert (band.x[0], band.y[0]) == (edge["x_source"], edge["y_source"])
    assert plot_network(frame, edge=("no", "edge")) == plain


def test_names_are_no_markup_in_the_figure():
    table = named(small_edge_table(2, 3), ["<b>A</b>", "B&C", "C"])
    figure = plot_network(prepare_network(table, place_genes(table)))
    names = [text for t in drawn(figure, "markers+text") for text in t.text]
    assert "&lt;b&gt;A&lt;/b&gt;" in names and not any("<b>" in text for t in figure.data for text in t.hovertext or ())


def test_nothing_is_drawn_of_nothing():
    nothing = small_edge_table().head(0)
    figure = plot_network(prepare_network(nothing, place_genes(nothing)))
    assert not [x for t in figure.data for x in t.x if x is not None]


def test_words_may_be_kept_as_categories():
    table = small_edge_table(4, 9)
    words = [name for name in table if table[name].dtype == object]
    lean = table.astype(dict.fromkeys(words, "category")).head(6)
    table = table.head(6)
    assert html(lean) == html(table)
    pd.testing.assert_frame_equal(hub_table(lean), hub_table(table))
    figures = [plot_network(prepare_network(one, place_genes(one))).to_json() for one in (lean, table)]
    assert figures[0] == figures[1]
    left = select_edges(lean, top_per_source=1, sources=["G1", "G2"])
    assert list(left.table["target"]) == list(
        select_edges(table, top_per_source=1, sources=["G1", "G2"]).table["target"]
    )


@pytest.mark.parametrize(("n_genes", "share"), [(0, 1), (60, 1), (120, 0.5**0.5), (240, 0.5), (900, 0.5)])
def test_drawings_of_more_than_sixty_genes_shrink_to_half(n_genes, share):
    assert crowding(n_genes) == pytest.approx(share)


def test_genes_and_edges_look_as_the_legend_and_the_pictures_have_them():
    assert {name: look.colour for name, look in GENES.items()} == {
        "transcription factor": SERIES[2].colour, "other gene": SERIES[3].colour,
    }  # fmt: skip
    tips = [look.colour for look in TIPS.values()]
    assert tips == [SERIES[0].colour, SERIES[1].colour, look_room.GREY, look_room.GREY]
    assert SERIES[4].colour == look_room.CHOSEN and WIDTHS == (1.4, 2.6, 4.4)
    assert [DASHES[tag] for tag in TAGS] == [(2, 3), (12, 4), (10, 4, 2, 4), ()]


def test_genes_of_more_edges_are_larger_up_to_a_size():
    np.testing.assert_allclose(look_room.gene_sizes(pd.Series([0, 4, 400])), [8, 12.4, 26])
    np.testing.assert_allclose(look_room.gene_sizes(pd.Series([1] * 240)), [5.1] * 240)
    assert crowding(61) == pytest.approx((60 / 61) ** 0.5) and crowding(239) == pytest.approx((60 / 239) ** 0.5)


def test_strengths_of_edges_without_a_probability_are_the_least():
    table = small_edge_table(3, 5).reset_index(drop=True)
    table["probability"] = [*np.geomspace(0.8, 0.1, len(table) - 2), np.nan, np.nan]
    frame = prepare_network(table, place_genes(table))
    assert frame["strength"].tolist()[-2:] == [0, 0] and frame["strength"].tolist()[0] == 2
    assert strength_heading(frame) == "Probability"
    np.testing.assert_allclose(look_room.strength_steps(pd.Series([0.0, 0.001])), [1e-6, 1e-5, 1e-4, 1e-3])
    assert look_room.strength_steps(pd.Series([np.nan])).shape == (4,)
    ranked = prepare_network(table.head(2).assign(probability=np.nan), place_genes(table))
    assert strength_words(ranked) == {2: "the best third", 1: "the second"}
    assert strength_words(prepare_network(table.head(0), place_genes(table))) == {}


def test_words_of_an_edge_and_of_a_gene_say_what_there_is():
    row = small_edge_table(1, 3).iloc[0]
    row[["source", "target", "probability", "spread", "score", "slope", "slope_direction"]] = [
        "A", "B", 0.12345, 0.0321, -1.5, -0.25, "falls",
    ]  # fmt: skip
    row[["direction", "tag", "novelty", "known"]] = ["undecided", "model only", "both genes seen", "no"]
    words = look_room.edge_words(row)
    assert words == [
        "A → B",
        "probability: 0.123, spread 0.032",
        "score: −1.5 (logit)",
        "slope: falls (−0.25), no sign of regulation",
        "direction of the edge: undecided",
        "model only; both genes seen; in a known network: no",
    ]
    row[["probability", "slope"]] = np.nan
    assert look_room.edge_words(row)[1:4:2] == ["probability: none given", "slope: falls, no sign of regulation"]
    gene = pd.Series({"gene": "A", "is_tf": True, "out_degree": 1200, "in_degree": 3})
    assert look_room.gene_words(gene) == ["A: transcription factor", "1,200 edges out, 3 in, of those drawn"]
    assert look_room.gene_words(gene.replace({True: False}))[0] == "A: other gene"


def test_a_name_of_eighty_characters_is_drawn():
    table = small_edge_table(2, 3).replace({"G3": "X" * 80})
    assert "X" * 80 in Tags(html(table)).text
    with pytest.raises(InputError, match="expected 1 to 80 characters"):
        html(table.replace({"X" * 80: "X" * 81}))
