"""Co-expression vectors: their cosine is the weighted mean correlation within parts; what is shipped reads back."""

from __future__ import annotations

import numpy as np
import pytest

from ugrn_core.corpus_vectors import FOLDER, corpus_vectors, read_vectors, write_vectors
from ugrn_core.errors import InputError
from ugrn_core.pretrain.corpus import Corpus, CorpusPart
from ugrn_core.pretrain.standardise import standardise
from ugrn_core.pretrain.vectors import correlation_vectors

ALL = np.arange(6)


def made_up(seed: int = 0) -> Corpus:
    """Two parts of 40 and 10 profiles, a third that is too small, a fourth that is held out; gene 5 is flat."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((65, 2))
    values = 3 + shared @ rng.standard_normal((2, 6)) + 0.5 * rng.standard_normal((65, 6))
    values[40:50] = 2 * values[40:50] + 1
    values[:, 5] = 1
    parts = [(0, 40, False), (40, 50, False), (50, 55, False), (55, 65, True)]
    return Corpus(
        tuple("ABCDEF"),
        values.astype(np.float16),
        tuple(CorpusPart(f"p{a}", "human", out, range(a, b), ALL) for a, b, out in parts),
    )


def test_parts_are_standardised_by_themselves():
    z = standardise(made_up())
    assert [(p.name, p.n) for p in z.parts] == [("p0", 40), ("p40", 10)]
    for part in z.parts:
        assert list(part.genes) == [0, 1, 2, 3, 4]
        np.testing.assert_allclose(z.z[part.rows][:, :5].mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(z.z[part.rows][:, :5].std(0), 1, atol=1e-5)
        assert not z.z[part.rows][:, 5].any()
    assert [p.name for p in standardise(made_up(), held_out=True).parts] == ["p55"]


def test_cosine_of_all_dimensions_by_their_weight_is_the_mean_correlation():
    corpus = made_up()
    values = corpus.values.astype(float)[:, :5]
    mean = sum(np.sqrt(n) * np.corrcoef(values[a : a + n].T) for a, n in ((0, 40), (40, 10)))
    mean /= np.sqrt(40) + np.sqrt(10)
    spectrum, v = np.linalg.eigh(mean)
    root = v * spectrum**0.25  # V sqrt(S), where S * S are the eigenvalues
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    found = correlation_vectors(standardise(corpus), 5)
    np.testing.assert_allclose(found[:5] @ found[:5].T, root @ root.T, atol=2e-3)
    assert not found[5].any()


def test_what_is_written_reads_back(tmp_path):
    vectors = correlation_vectors(standardise(made_up()), 4)
    write_vectors(tmp_path, "ABCDEF", vectors)
    found = read_vectors(tmp_path)
    assert found.genes == tuple("ABCDEF") and "A" in found and "Z" not in found
    cosine = found.cosine([("A", "B"), ("B", "A"), ("A", "A"), ("A", "F"), ("A", "Z")])
    np.testing.assert_allclose(cosine, [vectors[0] @ vectors[1]] * 2 + [1, 0, 0], atol=2e-3)
    (tmp_path / "genes.txt").write_text("A\nB\n")
    with pytest.raises(InputError, match="one row for each of 2 genes"):
        read_vectors(tmp_path)


def test_shipped_vectors_know_what_goes_together():
    shipped = corpus_vectors()
    assert sum(f.stat().st_size for f in FOLDER.iterdir()) < 6_000_000
    assert len(shipped.genes) > 15_000
    red, mixed = shipped.cosine([("GATA1", "KLF1"), ("HBB", "HBA1")]), shipped.cosine([("GATA1", "SYN1")])
    assert red.min() > 0.4 > 0.2 > mixed[0]
