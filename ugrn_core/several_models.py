"""One pair through several models, on one axis: its response divided by how far random pairs of each model spread.

Models count in units of their own; what random pairs do (:mod:`ugrn_core.random_pairs`) is a measure that all of them
have. Where models disagree, at least one is wrong: the disagreement is a lower bound of the error, and no more than
that, since models that share a corpus can be wrong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.pair import PairRequest, estimate_specific, explore_pair, pair_specific
from ugrn_core.pair_specific import percentile
from ugrn_core.random_pairs import RandomPairs, curves_of_random_pairs
from ugrn_core.store import Store
from ugrn_core.types import Cancel, Context, Curves, PairResult, Progress, SweepSettings

AT_ONCE = 2.0
"""Seconds that the pair-specific percentile of a model may take; where it is not shipped or kept, it is left out."""
CLOSE = 10.0
"""Percentiles that lie within so many points are said to agree."""
LOWER_BOUND = (
    "Where models disagree, at least one is wrong: their disagreement is a lower bound of the error, and no more than "
    "that, since the embedded models share a corpus and can be wrong together."
)

COLUMNS = {
    "model": "name of the model",
    "direction": "forward: source -> target of the pair asked about; reverse: target -> source",
    "source": "gene that is moved",
    "target": "gene that is read",
    "virtual_value": "where the source stands, in the unit of the model",
    "unit": "unit of the model",
    "place": "where that is between the lowest (0) and the highest (1) value the model was trained on",
    "response": "response there (under follow: slope), in the unit of the model",
    "spread": "standard deviation of that over random pairs of the model",
    "in_spreads": "response divided by the spread",
}
SUMMARY_COLUMNS = {
    "model": "name of the model",
    "source": "gene that is moved",
    "target": "gene that is read",
    "goes": "rises or falls: the response at the highest virtual value against the lowest; no sign of regulation",
    "largest": "response of the largest size, in spreads of random pairs",
    "percentile": "share of random pairs with a smaller largest response, 0 to 100",
    "specific_percentile": "the same of the pair-specific response; empty where it is not there at once",
}


@dataclass(frozen=True)
class InModel:
    """A pair in one model: its curves, what random pairs do there, and the pair-specific percentiles if at hand."""

    domain: tuple[float, float]
    result: PairResult
    random: RandomPairs
    specific: tuple[float, float] | None

    @property
    def name(self) -> str:
        return self.result.backbone

    @property
    def measure(self) -> str:
        """The measure that is compared: the response, under ``follow`` the slope."""
        return "slope" if self.result.forward.response is None else "response"

    def curve(self, direction: str) -> np.ndarray:
        """The compared curve (value,) of a direction."""
        curves: Curves = getattr(self.result, direction)
        values = curves.slope if curves.response is None else curves.response
        return values.astype(np.float64)


def pair_in_model(
    backbone: Backbone,
    source: str,
    target: str,
    settings: SweepSettings,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> InModel:
    """A pair of genes alone in one model. Cost: 1,000 random pairs, once for a model and its values."""
    request = PairRequest(source, target, Context(), settings)
    random = curves_of_random_pairs(backbone, Context(), settings, store, progress=progress, cancel=cancel)
    result = explore_pair(backbone, request, store, residual=False, cancel=cancel)
    specific = None
    if estimate_specific(backbone, request, store).seconds <= AT_ONCE:
        found = pair_specific(backbone, request, store, cancel=cancel)
        specific = found.forward_percentile, found.reverse_percentile
    return InModel(backbone.card.domain, result, random, specific)


def settings_in(backbone: Backbone, own: SweepSettings, unit: str) -> SweepSettings:
    """What a model is asked at: ``own`` where it counts in that unit, else its defaults, the background as asked."""
    card, background = backbone.card, own.background
    return own if card.unit == unit else SweepSettings(card.base, card.grid, background)


def prepare_models(models: Sequence[InModel]) -> pd.DataFrame:
    """Curves of a pair in several models (:data:`COLUMNS`), in the order of ``models``."""
    frames = []
    for model in models:
        grid, (low, high) = np.array(model.result.settings.grid), model.domain
        spread = model.random.spread[model.measure]
        for direction in ("forward", "reverse"):
            curves: Curves = getattr(model.result, direction)
            values = model.curve(direction)
            frames.append(
                pd.DataFrame(
                    {
                        "model": model.name,
                        "direction": direction,
                        "source": curves.source,
                        "target": curves.target,
                        "virtual_value": grid,
                        "unit": model.result.unit,
                        "place": (grid - low) / (high - low),
                        "response": values,
                        "spread": spread,
                        "in_spreads": values / spread if spread else np.nan,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def summary(models: Sequence[InModel]) -> pd.DataFrame:
    """One row a model and direction (:data:`SUMMARY_COLUMNS`)."""
    rows = []
    for model in models:
        for n, direction in enumerate(("forward", "reverse")):
            curves, values = getattr(model.result, direction), model.curve(direction)
            at = int(np.abs(values).argmax())
            spread = model.random.spread[model.measure]
            rows.append(
                {
                    "model": model.name,
                    "source": curves.source,
                    "target": curves.target,
                    "goes": _goes(model, values),
                    "largest": values[at] / spread if spread else np.nan,
                    "percentile": percentile(float(abs(values[at])), model.random.peaks[model.measure]),
                    "specific_percentile": np.nan if model.specific is None else model.specific[n],
                }
            )
    return pd.DataFrame(rows)[list(SUMMARY_COLUMNS)]


def _goes(model: InModel, values: np.ndarray) -> str:
    """rises, falls or stays: the ends of a response along rising values, the mean of a slope."""
    order = np.argsort(model.result.settings.grid)
    change = values.mean() if model.measure == "slope" else values[order[-1]] - values[order[0]]
    if model.measure == "response" and len(values) == 1:  # one virtual value: from the base to there
        settings = model.result.settings
        change = values[0] * np.sign(settings.grid[0] - settings.base)
    return "rises" if change > 0 else "falls" if change < 0 else "stays"


def agreement(table: pd.DataFrame, measure: str = "response") -> list[str]:
    """A sentence a direction on whether the models of a :func:`summary` agree in direction and percentile.

    ``measure`` is what was compared.
    """
    said = []
    for (source, target), part in table.groupby(["source", "target"], sort=False):
        n, ways = len(part), part["goes"].value_counts()
        if len(ways) == 1:
            way = f"{ways.index[0]} in all {n} models"
        else:
            way = ", ".join(
                f"{goes} in {count} ({', '.join(part.loc[part['goes'] == goes, 'model'])})"
                for goes, count in ways.items()
            )
        low, high = part["percentile"].min(), part["percentile"].max()
        close = high - low <= CLOSE
        usual = f"{low:.3g} %" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g} %"
        said.append(
            f"{target} when {source} moves: {way}. The largest {measure} is larger than in {usual} of random pairs: "
            f"the models {'agree' if close else 'do not agree'} on how unusual it is."
        )
    return said
