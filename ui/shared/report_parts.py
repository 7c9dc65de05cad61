"""What reports of pairs, genes and networks have in common."""

from __future__ import annotations

from ui.shared.contexts import ContextChoice

BEST, ROWS, HEIGHT = 8, 16, 360
"""Rows of a result, rows of a heat map, and pixels of a network that a report holds: it is to fit one page."""


def names(choice: ContextChoice) -> str:
    """What became of the names of a list or file, in a sentence."""
    return "" if choice.report is None else choice.report.sentence()
