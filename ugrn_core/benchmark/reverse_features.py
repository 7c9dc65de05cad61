"""The reverse half of a pair's features: computed for every pair, or for those alone whose reverse carries a label.

``labelled_only`` sets the half that says target -> source to 0 unless the reverse pair is an edge of the network or a
drawn negative. It **reads the test labels**: of a pair whose reverse is an edge the half is there, of most others it is
not. Nobody should rank genes by it; it exists to see what tables look like that were made this way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np

from ugrn_core.beeline.networks import Edge
from ugrn_core.benchmark.sampling import LabelledPairs

ReverseFeatures = Literal["computed", "labelled_only"]
COMPUTED: ReverseFeatures = "computed"
LABELLED_ONLY: ReverseFeatures = "labelled_only"
REVERSE_FEATURES: dict[ReverseFeatures, str] = {
    COMPUTED: "of every pair",
    LABELLED_ONLY: "of pairs whose reverse has a label: reads the test labels",
}


def reverse_is_labelled(sample: LabelledPairs, edges: Collection[Edge]) -> np.ndarray:
    """Whether the reverse of each pair, (pair,) bool, is one of ``edges`` or itself among the sample's pairs."""
    labelled = {*sample.pairs, *edges}
    return np.array([(t, s) in labelled for s, t in sample.pairs], bool)


def without_reverse(features: np.ndarray, kept: np.ndarray, columns: Sequence[int] = ()) -> np.ndarray:
    """Features (pair, feature) with the reverse at 0 where ``kept`` (pair,) is False; the given ones stay.

    The reverse stands in ``columns``, by default the second half.
    """
    cut = features.copy()
    chosen = np.array(columns or range(features.shape[1] // 2, features.shape[1]), int)
    cut[np.ix_(~kept, chosen)] = 0.0
    return cut
