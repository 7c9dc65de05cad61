"""Figures for print by the Chromium of this machine, what is said without one, and reports."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import time
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import psutil
import pytest

from ugrn_core.errors import Cancelled, InputError
from ugrn_core.figures import printed as room
from ugrn_core.figures.printed import on_paper, printed, what_is_missing
from ugrn_core.figures.report import Report, genes_table, report_file, report_html

HERE = any(map(shutil.which, room.BROWSERS)) and importlib.util.find_spec("kaleido") is not None
needs_browser = pytest.mark.skipif(not HERE, reason="no Chromium, or no kaleido")
ELSEWHERE = re.compile(r"""(?:src|href)=["']?\s*(?:https?:)?//""")


@pytest.fixture
def figure() -> go.Figure:
    drawn = go.Figure(go.Scatter(x=[1, 2, 3], y=[3, 1, 2], name="GATA1 → KLF1"))
    title = {"text": "change (standard deviations per standard deviation) − ∂²", "x": 0, "y": 1.1, "showarrow": False}
    return drawn.update_layout(height=320, annotations=[title], font_color="#fff", paper_bgcolor="#000")


@needs_browser
def test_a_pdf_has_its_width_and_its_font_inside(figure: go.Figure) -> None:
    pdf = printed(figure, "pdf", 85)
    assert pdf.startswith(b"%PDF")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert box
    assert float(box[1]) / 72 * 25.4 == pytest.approx(85, abs=0.5)
    assert float(box[2]) / float(box[1]) == pytest.approx(320 / 640, abs=0.01)
    assert set(re.findall(rb"/FontName /[A-Z]{6}\+([\w-]+)", pdf)) == {b"UGRNSans-Regular"}
    assert b"/FontFile" in pdf


@needs_browser
def test_an_svg_has_its_width_and_its_font_inside(figure: go.Figure) -> None:
    svg = printed(figure, "svg", 180).decode()
    head = svg[: svg.index(">")]
    assert 'width="180mm"' in head and re.search(r'height="8\d\.\d+mm"', head)
    assert '@font-face{font-family:"UGRN Sans";src:url(data:font/ttf;base64,' in svg
    assert "SD per SD" in svg and "standard deviation" not in svg
    assert not ELSEWHERE.search(svg)


@pytest.mark.parametrize("width", [0.0, 39.9, 1000.1, float("nan"), float("inf"), -85.0])
def test_widths_that_no_page_has_are_refused(figure: go.Figure, width: float) -> None:
    with pytest.raises(InputError, match="40 to 1,000"):
        printed(figure, "pdf", width)


def test_what_is_missing_is_named(figure: go.Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(room.BROWSER, raising=False)
    assert "Chromium" in str(what_is_missing()) and "UGRN_CHROMIUM" in str(what_is_missing())
    monkeypatch.setenv(room.BROWSER, "no-such-browser")
    with pytest.raises(InputError, match="'no-such-browser', which is no program here"):
        printed(figure, "pdf")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install kaleido" in str(what_is_missing())


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A browser that takes memory and never answers."""
    file = tmp_path / "stuck-browser"
    file.write_text(f"#!{sys.executable}\nimport time\nheld = bytearray(b'x') * (200 << 20)\ntime.sleep(120)\n")
    file.chmod(0o755)
    monkeypatch.setenv(room.BROWSER, str(file))
    return file


def running(file: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(file) in (p.info["cmdline"] or [])]


@pytest.mark.skipif(importlib.util.find_spec("kaleido") is None, reason="no kaleido")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [(room.MEMORY, "150M", "more than 150 MB"), (room.SECONDS, "3", "not drawn after 3 seconds"), ("", "", "Stopped")],
)
def test_a_browser_that_hangs_or_grows_is_ended_with_all_that_it_started(
    figure: go.Figure, stuck: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    if name:
        monkeypatch.setenv(name, value)
    seen: list[psutil.Process] = []

    def cancel() -> bool:
        seen.extend(running(stuck))
        return not name and bool(seen)

    with pytest.raises(InputError if name else Cancelled, match=words):
        printed(figure, "pdf", cancel=cancel)
    for _ in range(50):
        if not running(stuck):
            break
        time.sleep(0.05)
    assert not running(stuck)


@pytest.mark.parametrize(("name", "value"), [(room.SECONDS, "soon"), (room.MEMORY, "a lot")])
@needs_browser
def test_limits_that_are_none_are_refused(
    figure: go.Figure, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name):
        printed(figure, "svg")


def test_a_figure_on_paper_is_dark_on_white_and_the_one_on_the_page_is_left(figure: go.Figure) -> None:
    drawn = on_paper(figure).to_plotly_json()["layout"]
    assert (drawn["paper_bgcolor"], drawn["font"]["color"]) == ("#ffffff", "#222222")
    assert drawn["annotations"][0]["text"] == "change (SD per SD) − ∂²"
    before = figure.to_plotly_json()["layout"]
    assert (before["paper_bgcolor"], before["annotations"][0]["text"][:17]) == ("#000", "change (standard ")


@needs_browser
def test_a_report_becomes_one_page_of_paper(figure: go.Figure) -> None:
    table = pd.DataFrame({"gene": ["KLF1"] * 8, "response": [-0.123456] * 8})
    facts, genes = [("Largest change", "−1")] * 4, genes_table([("GATA1", "source"), ("KLF1", "target")])
    report = Report("GATA1", "as source", facts, facts, genes, ["A hypothesis."], "ugrn gene GATA1", {"Best": table})
    pdf = report_file(report, "pdf", figure)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1 and b"/FontFile" in pdf
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert box and (float(box[1]), float(box[2])) == pytest.approx((595.3, 841.9), abs=1)


def test_a_report_holds_everything_escaped_and_asks_no_network(figure: go.Figure) -> None:
    report = Report(
        title="GATA1 → <KLF1>",
        subtitle="two & two",
        facts=[("Largest change", "+1 <SD>")],
        settings=[("Model", "a"), ("Base", "0"), ("Values", "1, 2")],
        genes=genes_table([("GATA1", "source"), ("KLF1", "target")]),
        genes_note="All 2 genes were recognised.",
        caveats=["A <hypothesis>."],
        command="ugrn pair 'A<B' KLF1",
        best={"Best": pd.DataFrame({"gene": ["<b>"], "response": [-0.12345], "none": [float("nan")]})},
        recipe='{"a": "<script>"}',
    )
    page = report_html(report, figure)
    own = page.replace(page[page.index("<figure>") : page.index("</figure>")], "")
    for text in (
        "GATA1 → &lt;KLF1&gt;",
        "two &amp; two",
        "+1 &lt;SD&gt;",
        "A &lt;hypothesis&gt;.",
        "&lt;b&gt;",
        '<th class="number">response</th>',
        '<td class="number">−0.123</td>',
    ):
        assert text in own
    assert "ugrn pair &#x27;A&lt;B&#x27; KLF1" in own and "&lt;script&gt;" in own
    assert "ENSG00000102145" in own and "Gata1" in own and "EKLF" in own
    assert "<script" not in own and "nan" not in own.lower().replace("font", "").split("<body>")[1]
    assert not ELSEWHERE.search(own) and not re.search(r"<script[^>]+src=", page)
    assert '"staticPlot": true' in page
