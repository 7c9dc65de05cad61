"""The example pair, computed and drawn once before anybody asks: it loads the model, the store and what draws."""

from __future__ import annotations

from ugrn_core.figures.curves import prepare_pair
from ugrn_core.figures.panels import plot_curves
from ugrn_core.pair import PairRequest, estimate_curves, explore_pair, pair_specific
from ugrn_core.types import Context, SweepSettings
from ui.server.session import store
from ui.shared import example, genes, models


def make() -> None:
    """Load the model that is the first choice, its genes, and answer the example of the Start page."""
    backbone = models.first_choice()
    genes.search_texts(backbone)
    if not {example.SOURCE, example.TARGET} <= set(backbone.vocabulary.symbols):
        return
    card = backbone.card
    request = PairRequest(example.SOURCE, example.TARGET, Context(), SweepSettings(card.base, card.grid))
    estimate_curves(backbone, request, store())  # times this machine once
    frame = prepare_pair({"": explore_pair(backbone, request, store())}, pair_specific(backbone, request, store()))
    plot_curves(frame).to_json()
