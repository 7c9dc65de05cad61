"""One vector a gene, so that the cosine of two vectors is about their mean correlation within the corpus' data sets."""

from __future__ import annotations

import numpy as np
from sklearn.utils.extmath import randomized_svd

from ugrn_core.pretrain.standardise import ZCorpus


def correlation_vectors(corpus: ZCorpus, n_dims: int, seed: int = 0) -> np.ndarray:
    """Unit vectors (gene, dimension) float32: V sqrt(S) of the standardised corpus, a zero vector for a flat gene.

    A part weighs as the square root of its number of profiles; every gene's column has unit norm over the parts that
    measured it, so that common genes do not outweigh rare ones. sqrt(S) in place of S keeps the many small
    components audible: they carry pairs, the first few carry cell types.
    """
    stacked = corpus.z.copy()
    for part in corpus.parts:
        stacked[part.rows] *= part.n**-0.25  # sqrt of (n ** -1: mean over profiles) times (n ** 0.5: weight)
    norm = np.sqrt(np.einsum("ij,ij->j", stacked, stacked))
    stacked /= np.maximum(norm, 1e-6)
    _, s, v = randomized_svd(stacked, n_dims, n_iter=3, random_state=seed)
    vectors = v.T * np.sqrt(s)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(length > 1e-6, vectors / np.maximum(length, 1e-6), 0).astype(np.float32)
