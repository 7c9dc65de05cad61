"""A figure as one HTML file that opens anywhere, without a connection."""

from __future__ import annotations

import json
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
label {{ display: flex; gap: .75rem; align-items: center; max-width: 40rem; }}
input {{ flex: 1; }}
code {{ display: block; background: #f3f3f1; padding: .6rem .8rem; border-radius: 6px; overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>
{figure}
{slider}
<p>{note}</p>
<p>Regenerate the numbers with</p>
<code>{command}</code>
</body>
</html>
"""

_SLIDER = """<label>x <input type="range" id="x" min="0" max="{last}" value="{active}">
<output id="at">{label}</output></label>
<script>
const steps = {steps}, x = document.getElementById("x"), at = document.getElementById("at");
x.addEventListener("input", () => {{
  Plotly.update("figure", ...steps[x.value].args);
  at.value = steps[x.value].label;
  x.setAttribute("aria-valuetext", at.value);
}});
</script>"""


def standalone_html(figure: go.Figure, *, title: str, note: str, command: str) -> str:
    """HTML text with plotly's library inside (about 5 MB); ``title``, ``note`` and ``command`` are escaped.

    A slider of the figure becomes one of the page, as plotly's own is out of reach of keys and screen readers.
    """
    drawn = go.Figure(figure).update_layout(template="plotly_white", font_color="#222222", sliders=None)
    body = drawn.to_html(full_html=False, include_plotlyjs=True, config=figure_config(title), div_id="figure")
    said = {"title": escape(title), "note": escape(note), "command": escape(command)}
    return _PAGE.format(figure=body, slider=_slider(figure), **said)


def _slider(figure: go.Figure) -> str:
    sliders = figure.to_plotly_json()["layout"].get("sliders") or ()
    if not sliders:
        return ""
    active, steps = sliders[0]["active"], sliders[0]["steps"]
    moves = json.dumps([{"label": step["label"], "args": step["args"]} for step in steps]).replace("</", "<\\/")
    return _SLIDER.format(last=len(steps) - 1, active=active, label=escape(steps[active]["label"]), steps=moves)
