"""Features of pairs as the benchmark and the training of translators read them, for tests of what they hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.benchmark.features import FeatureCache, FeatureContext
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.methods.method import Method
from ugrn_core.types import Context, SweepSettings

SET = "one set"


def pair_features(
    method: Method, backbone: Backbone, pairs: Sequence[tuple[str, str]], context: Context, settings: SweepSettings
) -> np.ndarray:
    """Features (pair, feature) of ``method`` in two genes alone or among the genes of ``context``."""
    alone = context.kind == "pair"
    around = FeatureContext("pair" if alone else "full", settings, {SET: context.genes}, {})
    bank, sample = FeatureCache(backbone, around), LabelledPairs(tuple(pairs), np.ones(len(pairs)), (SET,) * len(pairs))
    bank.prepare([sample], [method])
    return bank.features(method, sample)
