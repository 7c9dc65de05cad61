"""The worked example of the Start page, in one place."""

from __future__ import annotations

SOURCE = "GATA1"
TARGET = "KLF1"
WHY = "GATA1 switches on KLF1 when red blood cells form: a textbook pair, computed here and now by the chosen model."
