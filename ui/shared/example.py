"""The worked example of the Start page, in one place."""

from __future__ import annotations

from ugrn_core.network.example import read_example

SOURCE = "GATA1"
TARGET = "KLF1"
WHY = (
    "GATA1 switches on KLF1 when red blood cells form. The curve is computed here and now by the chosen model, and was "
    "chosen because the model has something to show; for most pairs it has less."
)

_MEASURED = read_example()
NETWORK = " ".join(_MEASURED.genes)
GENES = "example"
"""In an address: the genes of the network."""
NETWORK_WHY = _MEASURED.sentence()
