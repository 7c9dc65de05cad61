"""The page around a drawn network: style and script of its own, both without a library, and marks for the legend."""

from __future__ import annotations

from typing import Literal

Theme = Literal["light", "dark"]

INK = {"light": ("#ffffff", "#1f2328", "#5c6370"), "dark": ("#171614", "#f2f1ee", "#b0aea8")}
"""Background, text, and quieter text of each theme: those of the app."""

NOTHING_FROM_OUTSIDE = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">"
)
"""Were an address of another machine left in the page, the browser would not follow it."""

STYLE = """
html, body { margin: 0; height: 100%; background: PAPER; color: INK; font: 14px/1.45 system-ui, sans-serif; }
#top { display: flex; flex-direction: column; height: calc(100vh - 2.4rem); min-height: 460px; }
header, footer, details { padding: .35rem .75rem; }
header p { margin: 0; }
header .row { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; margin-top: .3rem; }
#said { color: QUIET; flex: 1 1 16rem; min-height: 1.45em; }
input, button { font: inherit; color: INK; background: transparent; border: 1px solid QUIET; border-radius: 6px;
  padding: .15rem .5rem; }
input { width: 11rem; }
button { min-width: 2rem; cursor: pointer; }
:focus-visible { outline: 2px solid #56B4E9; outline-offset: 1px; }
.card { flex: 1 1 auto; min-height: 0; position: relative; }
#mynetwork { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; float: none; }
footer { display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; font-size: 12.5px; }
footer div { display: flex; flex-wrap: wrap; align-items: center; gap: 0 .8rem; }
footer strong { font-weight: 600; }
footer span { display: inline-flex; align-items: center; gap: .35rem; white-space: nowrap; }
details summary { cursor: pointer; }
table { border-collapse: collapse; font-size: 12.5px; margin: .5rem 0; }
th, td { text-align: left; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid rgba(128, 128, 128, .3); }
div.vis-tooltip { white-space: pre-line; background: PAPER; color: INK; border: 1px solid QUIET; font: inherit;
  font-size: 13px; border-radius: 6px; box-shadow: none; max-width: 26rem; }
"""

SCRIPT = """
(function () {
  "use strict";
  var find = document.getElementById("find"), said = document.getElementById("said");
  var start = START, near = {}, waiting = false, looked = null;
  nodes.update(nodes.get().map(function (n) { return {id: n.id, title: n.about}; }));
  var full = edges.get().map(function (e) { return {id: e.id, source: e.from, target: e.to, color: e.color}; });

  // Names keep their size on screen; where genes stand close, only hubs and what is chosen have one.
  function names() {
    var scale = network.getScale(), roomy = scale * UNIT > 42, edge = looked === null ? {} : edges.get(looked);
    waiting = false;
    nodes.update(nodes.get().map(function (n) {
      var named = n.hub || roomy || near[n.id] || n.id === edge.from || n.id === edge.to;
      var size = named ? (roomy ? 12.5 : 11) / scale : 0;
      return {id: n.id, font: {size: size, strokeWidth: 3 / scale}};
    }));
  }
  function soon() {
    if (!waiting) { waiting = true; requestAnimationFrame(names); }
  }
  function choose(id) {
    near = {};
    edges.update(full.map(function (e) {
      var touches = e.source === id || e.target === id, shown = id === null || touches;
      if (touches) { near[e.source] = near[e.target] = true; }
      return {id: e.id, color: Object.assign({}, e.color, shown ? {} : {opacity: 0.1})};
    }));
    soon();
    said.textContent = id === null ? "" : nodes.get(id).about.replace("\\n", "; ");
  }
  function go(id) { network.selectNodes([id]); choose(id); }

  // The edge that is looked at keeps its look and has a band behind it; its genes have a ring and their names.
  function look(id) {
    if (looked !== null) { edges.update({id: looked, background: {enabled: false}}); }
    looked = id;
    if (id === null) { network.unselectAll(); soon(); return; }
    var edge = edges.get(id);
    edges.update({id: id, background: {enabled: true, color: "CHOSEN", size: edge.width + 8}});
    network.setSelection({nodes: [edge.from, edge.to]}, {highlightEdges: false});
    soon();
    said.textContent = edge.title.split("\\n").join("; ");
  }
  function called(names) {
    var found = edges.get({filter: function (e) {
      return nodes.get(e.from).label.trim() === names[0] && nodes.get(e.to).label.trim() === names[1];
    }});
    return found.length ? found[0].id : null;
  }
  function fit() { network.fit({animation: false, maxZoomLevel: 1.2}); names(); }
  function zoom(by) { network.moveTo({scale: network.getScale() * by}); names(); }
  function named() {
    var asked = find.value.trim().toUpperCase();
    if (!asked) { network.unselectAll(); choose(null); return; }
    var there = nodes.get({filter: function (n) { return n.label.trim().toUpperCase() === asked; }});
    if (there.length) {
      go(there[0].id);
      network.focus(there[0].id, {scale: network.getScale(), animation: false});
      return;
    }
    choose(null);
    said.textContent = "No gene of this drawing is called so.";
  }
  network.on("click", function (what) {
    if (what.nodes.length) { choose(what.nodes[0]); return; }
    choose(null);
    if (!what.edges.length) { return; }
    var edge = edges.get(what.edges[0]);
    look(edge.id);
    if (window.parent !== window) {
      window.parent.postMessage({ugrnEdge: [nodes.get(edge.from).label, nodes.get(edge.to).label]}, "*");
    }
  });
  network.on("zoom", soon);
  find.addEventListener("change", named);
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("nearer").addEventListener("click", function () { zoom(1.3); });
  document.getElementById("farther").addEventListener("click", function () { zoom(1 / 1.3); });
  var seen = 0;
  new ResizeObserver(function () {
    var width = document.getElementById("mynetwork").clientWidth;
    if (width && !seen) { seen = width; network.redraw(); fit(); }
  }).observe(document.getElementById("mynetwork"));
  var canvas = document.querySelector("#mynetwork canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", document.getElementById("about").textContent);
  fit();
  if (start !== null) { go(start); }

  // A page around this one says which edge is looked at, by the names of its genes; it is asked once all is drawn.
  window.addEventListener("message", function (told) {
    if (window.parent === window || told.source !== window.parent || !told.data || !("ugrnLook" in told.data)) {
      return;
    }
    var id = Array.isArray(told.data.ugrnLook) ? called(told.data.ugrnLook) : null;
    if (id !== looked) { look(id); }
  });
  if (window.parent !== window) { window.parent.postMessage({ugrnReady: true}, "*"); }
})();
"""

MARKS = {
    "diamond": "M12 2 L20 8 L12 14 L4 8 Z",
    "dot": "M12 2 A6 6 0 1 1 11.99 2 Z",
    "tip arrow": "M26 3 L36 8 L26 13 Z",
    "tip diamond": "M24 8 L30 4 L36 8 L30 12 Z",
    "tip circle": "M31 3.5 A4.5 4.5 0 1 1 30.99 3.5 Z",
    "tip vee": "M25 3 L36 8 L25 13 L29 8 Z",
}
"""Paths of marks in a box of 40 x 16 (24 x 16 for a gene)."""


def gene_mark(shape: str, colour: str) -> str:
    """SVG of a gene of the legend."""
    return _svg(24, f'<path d="{MARKS[shape]}" fill="{colour}"/>')


def edge_mark(colour: str, width: float, dash: tuple[int, ...] = (), tip: str | None = None) -> str:
    """SVG of an edge of the legend."""
    dashes = f' stroke-dasharray="{" ".join(map(str, dash))}"' if dash else ""
    line = f'<path d="M1 8 H{28 if tip else 39}" stroke="{colour}" stroke-width="{width}" fill="none"{dashes}/>'
    return _svg(40, line + (f'<path d="{MARKS[f"tip {tip}"]}" fill="{colour}"/>' if tip else ""))


def _svg(width: int, inside: str) -> str:
    return f'<svg width="{width}" height="16" viewBox="0 0 {width} 16" aria-hidden="true">{inside}</svg>'
