"""A figure as one HTML file that opens anywhere, without a connection."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go

from ugrn_core.figures.style import figure_config

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 1200px; margin: 2rem auto;
  padding: 0 1rem; }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem; }}
code {{ display: block; background: #f3f3f1; padding: .6rem .8rem; border-radius: 6px; overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>
{figure}
<p>{note}</p>
<p>Regenerate the numbers with</p>
<code>{command}</code>
</body>
</html>
"""


def standalone_html(figure: go.Figure, *, title: str, note: str, command: str) -> str:
    """HTML text with plotly's library inside (about 5 MB); ``title``, ``note`` and ``command`` are escaped."""
    drawn = go.Figure(figure).update_layout(template="plotly_white", font_color="#222222")
    body = drawn.to_html(full_html=False, include_plotlyjs=True, config=figure_config(title))
    return _PAGE.format(title=escape(title), figure=body, note=escape(note), command=escape(command))
