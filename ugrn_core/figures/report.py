"""A report on one answer: a page of HTML that prints well, with all that it takes to judge the answer and to repeat it.

One file that needs no connection: plotly's library and the font lie inside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from ugrn_core import __version__
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.printed import FONT, font_face, on_paper, page_pdf
from ugrn_core.figures.style import minus, number
from ugrn_core.genes.about import gene_facts
from ugrn_core.types import Context, SweepSettings

Rows = Sequence[tuple[str, str]]
ReportKind = Literal["html", "pdf"]
WIDTH = 680
"""Pixels of the figure: 180 mm of an A4 page."""
NOTES = (
    "A hypothesis of the model, not a measurement: it learnt which genes vary together, and neither cause nor effect.",
    "Up or down does not tell activation from repression.",
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
{font}
@page {{ size: A4; margin: 10mm 15mm; }}
body {{ font: 13px/1.4 "{family}", sans-serif; color: #222; background: #fff; width: 680px; margin: 24px auto; }}
h1 {{ font-size: 20px; margin: 0; }}
h2 {{ font-size: 13px; margin: 9px 0 3px; border-bottom: 1px solid #bbb; break-after: avoid; }}
p {{ margin: 3px 0; }}
table {{ border-collapse: collapse; width: 100%; break-inside: avoid; font-size: 12px; line-height: 1.3; }}
th, td {{ text-align: left; vertical-align: top; padding: 1px 10px 1px 0; font-weight: normal; }}
th {{ color: #555; }}
.two {{ display: flex; gap: 24px; }}
.two > table {{ flex: 1; align-self: flex-start; }}
th {{ white-space: nowrap; width: 1%; }}
.number {{ text-align: right; white-space: nowrap; }}
ul {{ margin: 3px 0; padding-left: 16px; }}
code, pre {{ display: block; font: 11px/1.35 ui-monospace, monospace; background: #f3f3f1; padding: 5px 8px;
  margin: 3px 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
figure {{ margin: 6px 0; }}
@media print {{ body {{ margin: 0; }} details {{ display: none; }} code {{ border: 1px solid #ddd; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{subtitle}</p>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Report:
    """What a report says beside its figure; all of it is plain text and is escaped.

    ``facts`` are what was found, ``settings`` what was asked, ``genes`` what became of the gene names as a table, and
    ``best`` the first rows of results, tables by their titles. ``recipe`` is the text of a file that the app can load,
    or empty. ``figure`` stands for the figure of the page where that is too high for paper.
    """

    title: str
    subtitle: str
    facts: Rows
    settings: Rows
    genes: pd.DataFrame
    caveats: Sequence[str]
    command: str
    best: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    genes_note: str = ""
    recipe: str = ""
    figure: go.Figure | None = None


def report_file(report: Report, kind: ReportKind, figure: go.Figure | None = None) -> bytes:
    """The report as a file; a PDF is printed by a Chromium (:func:`ugrn_core.figures.printed.page_pdf`)."""
    page = report_html(report, figure)
    return page_pdf(page) if kind == "pdf" else page.encode()


def report_html(report: Report, figure: go.Figure | None = None) -> str:
    """The report as HTML text (about 5 MB, nearly all of it plotly's library); the same report gives the same text."""
    drawn = report.figure or figure
    assert drawn is not None
    parts = [
        _section("What was found", _pairs(report.facts) if len(report.facts) < 4 else _beside(report.facts)),
        f"<figure>{_figure(drawn)}</figure>",
        *(_section(title, _table(rows)) for title, rows in report.best.items()),
        _section("What was asked", _beside(report.settings)),
        _section("Genes", _table(report.genes) + (f"<p>{escape(report.genes_note)}</p>" if report.genes_note else "")),
        _section("To keep in mind", "<ul>" + "".join(f"<li>{escape(c)}</li>" for c in report.caveats) + "</ul>"),
        _section("To do it again", f"<code>{escape(report.command)}</code>" + _recipe(report.recipe)),
    ]
    return _PAGE.format(
        title=escape(report.title),
        subtitle=escape(report.subtitle),
        font=font_face(),
        family=FONT,
        body="\n".join(part for part in parts if part),
    )


def asked_rows(backbone: Backbone, context: Context, settings: SweepSettings, n_genes: int) -> list[tuple[str, str]]:
    """Model, virtual cell and values, as every report states them."""
    card = backbone.card
    follow = settings.background == "follow"
    return [
        ("Model", f"{card.name} ({card.objective})"),
        ("Fingerprint", backbone.fingerprint[:16]),
        ("Unit", f"{card.unit}, {number(card.domain[0])} to {number(card.domain[1])} in pre-training"),
        ("Virtual cell", f"{context.label}, {n_genes:,} genes"),
        ("Base", number(settings.base) if context.values is None else "of every gene its own"),
        ("Virtual values", ", ".join(map(number, settings.grid))),
        ("Other genes", "move along" if follow else "stay where they are"),
        ("Program", f"UGRN Explorer {__version__}"),
    ]


def genes_table(genes: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """What is known of some genes: ``gene, role, tf, also, ensembl, mouse``; ``genes`` are symbols with their roles."""
    rows = []
    for symbol, role in genes:
        facts = gene_facts(symbol)
        rows.append(
            {
                "gene": symbol,
                "role": role,
                "tf": "yes" if facts.factor else "no",
                "also": ", ".join(facts.names[:4]),
                "ensembl": ", ".join(facts.ensembl[:1]),
                "mouse": ", ".join(facts.mouse[:2]),
            }
        )
    return pd.DataFrame(rows)


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}" if body else ""


def _pairs(rows: Rows) -> str:
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{lines}</table>" if lines else ""


def _beside(rows: Rows) -> str:
    half = (len(rows) + 1) // 2
    return f'<div class="two">{_pairs(rows[:half])}{_pairs(rows[half:])}</div>'


def _table(frame: pd.DataFrame) -> str:
    frame = frame.loc[:, [not (column.isna() | (column == "")).all() for _, column in frame.items()]]
    if frame.empty:
        return ""
    right = {True: ' class="number"', False: ""}
    heads = {name: right[pd.api.types.is_float_dtype(column)] for name, column in frame.items()}
    head = "".join(f"<th{place}>{escape(str(name))}</th>" for name, place in heads.items())
    rows = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in frame.itertuples(index=False))
    return f"<table><tr>{head}</tr>{rows}</table>"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, float):
        return f'<td class="number">{"" if value != value else minus(f"{value:.3g}")}</td>'
    return f"<td>{escape(str(value))}</td>"


def _figure(figure: go.Figure) -> str:
    drawn = on_paper(figure).update_layout(width=WIDTH, autosize=False)
    config = {"staticPlot": True, "responsive": False}
    return drawn.to_html(full_html=False, include_plotlyjs=True, config=config, div_id="figure")


def _recipe(text: str) -> str:
    if not text:
        return ""
    words = "The recipe is in this file, below, and is not printed; the Network page can load it."
    return f"<p>{words}</p><details><summary>recipe.json</summary><pre>{escape(text)}</pre></details>"
