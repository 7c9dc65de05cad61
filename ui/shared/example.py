"""The worked example of the Start page, in one place; computed and drawn once before anybody asks, it loads the model,
the store and what draws.
"""

from __future__ import annotations

from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.network.example import read_example
from ugrn_core.pair import PairRequest, estimate_curves, explore_pair, pair_specific
from ugrn_core.types import Context, SweepSettings
from ui.server.session import store
from ui.shared import genes, models

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


def answer_once() -> None:
    """Load the model that is the first choice, its genes, and answer the example of the Start page."""
    backbone = models.first_choice()
    genes.search_texts(backbone)
    if not {SOURCE, TARGET} <= set(backbone.vocabulary.symbols):
        return
    card = backbone.card
    request = PairRequest(SOURCE, TARGET, Context(), SweepSettings(card.base, card.grid))
    estimate_curves(backbone, request, store())  # times this machine once
    frame = prepare_pair({"": explore_pair(backbone, request, store())}, pair_specific(backbone, request, store()))
    plot_curves(frame).to_json()
