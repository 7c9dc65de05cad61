"""``network.html``: the drawing of an edge table as a file of its own."""

from __future__ import annotations

import pandas as pd

from ugrn_core.figures.network_html import network_html
from ugrn_core.network.layout import place_genes


def network_file(table: pd.DataFrame, caption: str) -> str:
    """HTML of the best edges of ``table`` that a drawing holds, light, under its caption."""
    return network_html(table, place_genes(table), theme="light", caption=caption)
