"""Curves beside facts of genes: whether source and target are factors, and how alike their embeddings are. Ours."""

from __future__ import annotations

from functools import cache

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import ROWS, load_network
from ugrn_core.genes.tfs import is_tf
from ugrn_core.methods.embedding import COSINES
from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import Beside, Pairs, Reading


def gene_class(_: Backbone, pairs: Pairs) -> np.ndarray:
    """Whether source and target are in the census of factors, (pair, 2) float32: facts of genes, none of the pair."""
    return np.array([(is_tf(s), is_tf(t)) for s, t in pairs], np.float32).reshape(-1, 2)


def listed(_: Backbone, pairs: Pairs) -> np.ndarray:
    """Whether BEELINE lists source and target as regulators, (pair, 2) float32.

    A shortcut of that benchmark, no fact of a gene: the list was made of collections of edges (RegNetwork, TRRUST,
    DoRothEA), of which its Non-specific ChIP network is made too. It needs the networks' files.
    """
    regulators = listed_regulators()
    return np.array([(s in regulators, t in regulators) for s, t in pairs], np.float32).reshape(-1, 2)


@cache
def listed_regulators() -> frozenset[str]:
    """Every gene that TF.csv of a data set of BEELINE names."""
    return frozenset(tf for row in ROWS for tf in load_network(*row).tfs)


_CLASS = Beside("gene class", gene_class)
VVP_CLASS = Method(
    "VVP+class",
    "translator on responses, cosines of embeddings, gene class",
    "class",
    Reading(("response",), (COSINES, _CLASS)),
)
CURVES_CLASS = Method(
    "Curves+class",
    "translator on responses, slopes, cosines of embeddings, gene class",
    "class",
    Reading(("response", "slope"), (COSINES, _CLASS)),
)
CURVES_LISTED = Method(
    "Curves+listed",
    "the same and whether BEELINE lists the genes as regulators",
    "class",
    Reading(("response", "slope"), (COSINES, _CLASS, Beside("listed by BEELINE", listed))),
)
