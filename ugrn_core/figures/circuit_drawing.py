"""The teaching circuit as a drawing: SVG text that is legible on light and dark pages and on paper."""

from __future__ import annotations

import math

from ugrn_core.circuits.teaching import ARROWS, GENES
from ugrn_core.figures.style import SERIES

PLACES = {
    "S": (0, 0), "A": (1, 0), "B": (2, 0), "F": (3, 0), "C": (1.5, 1), "K": (0.55, 1), "H": (0, 2), "D": (1, 2),
    "E": (0.55, 2.75), "P": (2.3, 2), "Q": (3.2, 2), "X": (2.05, 2.75), "Y": (2.65, 2.75), "Z": (3.25, 2.75),
}  # fmt: skip
STEP, EDGE, RADIUS = 92, 30, 17
FILL, RIM, INK = "#ededed", "#808080", "#222222"
WORDS = (
    "The circuit: S activates A, A activates B, B activates F; A represses C; H activates D and E; K needs A and H; P "
    "and Q "
    "repress each other; X, Y and Z are alone."
)


def circuit_svg(marked: tuple[str, ...] = ()) -> str:
    """SVG of the circuit; ``marked`` genes are filled. Pointed ends activate, blunt ends repress."""
    width, height = 3.3 * STEP + 2 * EDGE, 2.75 * STEP + 2 * EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{WORDS}" width="{width:.0f}" height="{height:.0f}" font-family="sans-serif">'
    ]
    parts += [_arrow(source, target, sign) for source, target, sign in ARROWS]
    parts += [_gene(name, name in marked) for name in GENES]
    return "".join([*parts, "</svg>"])


def _at(name: str) -> tuple[float, float]:
    x, y = PLACES[name]
    return EDGE + x * STEP, EDGE + y * STEP


def _gene(name: str, marked: bool) -> str:
    x, y = _at(name)
    fill, ink = (SERIES[0].colour, "#ffffff") if marked else (FILL, INK)
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{RADIUS}" fill="{fill}" stroke="{RIM}" stroke-width="1.5"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" font-size="15" fill="{ink}">{name}</text>'
    )


def _arrow(source: str, target: str, sign: int) -> str:
    """A line from rim to rim; that of the toggle runs beside its counterpart."""
    (x0, y0), (x1, y1) = _at(source), _at(target)
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    aside = 6 if (target, source) in {(s, t) for s, t, _ in ARROWS} else 0
    ox, oy = -dy * aside, dx * aside
    start = (x0 + dx * RADIUS + ox, y0 + dy * RADIUS + oy)
    tip = (x1 - dx * (RADIUS + 3) + ox, y1 - dy * (RADIUS + 3) + oy)
    colour = SERIES[0].colour if sign > 0 else SERIES[1].colour
    line = (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{tip[0]:.1f}" y2="{tip[1]:.1f}" stroke="{colour}" '
        'stroke-width="2.2"/>'
    )
    if sign > 0:
        ends = [(tip[0] - 9 * dx + s * 5 * dy, tip[1] - 9 * dy - s * 5 * dx) for s in (1, -1)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *ends))
        return f'{line}<polygon points="{points}" fill="{colour}"/>'
    (ax, ay), (bx, by) = ((tip[0] + s * 8 * dy, tip[1] - s * 8 * dx) for s in (1, -1))
    bar = f'<line x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{by:.1f}" stroke="{colour}" stroke-width="3"/>'
    return line + bar
