"""Responses beside facts of genes: whether source and target are factors, and how alike their embeddings are. Ours."""

from __future__ import annotations

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.genes.tfs import is_tf
from ugrn_core.methods.embedding import COSINES
from ugrn_core.methods.method import Method
from ugrn_core.methods.reading import Beside, Pairs, Reading


def gene_class(_: Backbone, pairs: Pairs) -> np.ndarray:
    """Whether source and target are in the census of factors, (pair, 2) float32: facts of genes, none of the pair."""
    return np.array([(is_tf(s), is_tf(t)) for s, t in pairs], np.float32).reshape(-1, 2)


VVP_CLASS = Method(
    "VVP+class",
    "translator on responses, cosines of embeddings, gene class",
    "class",
    Reading(("response",), (COSINES, Beside("gene class", gene_class))),
)
