"""The kinds of translator: the paper's network, and one that is linear. A card, a run and a file name theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ugrn_core.errors import InputError
from ugrn_core.translators.logistic import train_logistic
from ugrn_core.translators.mlp import HIDDEN, TrainSettings, TranslatorNet, train_net
from ugrn_core.types import Cancel, Progress

KindName = Literal["mlp", "logistic"]
PAPER: KindName = "mlp"


@dataclass(frozen=True)
class Kind:
    """``hidden`` are the widths between features and logit. ``epochs``: the default, None where there are none."""

    name: KindName
    label: str
    hidden: tuple[int, ...]
    epochs: int | None

    def train(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        *,
        seed: int,
        epochs: int | None = None,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        watch: Callable[[int, float], None] | None = None,
    ) -> tuple[TranslatorNet, list[float]]:
        """A net of this kind and its mean loss by epoch; ``seed`` moves nothing where the optimum is unique."""
        told = {"progress": progress, "cancel": cancel, "watch": watch}
        if self.epochs is None:
            self.check_epochs(epochs)
            return train_logistic(features, labels, **told)
        settings = TrainSettings(epochs=epochs or self.epochs)
        return train_net(features, labels, seed=seed, settings=settings, **told)

    def check_epochs(self, epochs: int | None) -> None:
        """Epochs asked of a kind that has none are an :class:`InputError`."""
        if epochs is not None and self.epochs is None:
            raise InputError(
                f"A translator of kind {self.name} has no epochs ({epochs} were asked for): leave them out."
            )


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("mlp", "network of 128 and 64 units (the paper's)", HIDDEN, TrainSettings().epochs),
        Kind("logistic", "logistic regression with an L2 penalty", (), None),
    )
}


def kind_of(name: str) -> Kind:
    """The kind of that name; another one is an :class:`InputError`."""
    if name not in KINDS:
        raise InputError(f"there is no translator of kind {name!r}; there are {' and '.join(KINDS)}.")
    return KINDS[name]
