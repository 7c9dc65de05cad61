"""Which names a file's genes are given, and which rows of it are genes at all."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ugrn_core.data.binning import bin_values
from ugrn_core.data.h5ad import inspect_h5ad, read_h5ad
from ugrn_core.errors import GeneError, InputError
from ugrn_core.genes.resolve import resolve
from ugrn_core.genes.tables import human_symbols_by_id
from ugrn_core.types import Vocabulary

GENES = ["SOX2", "NANOG", "POU5F1", "TP53", "CDKN1A", "MYC", "GATA1", "KLF1", "TAL1", "CCND1", "STAT1", "CD4"]
IDS = [{symbol: gene for gene, symbol in human_symbols_by_id().items()}[name] for name in GENES]
VOCABULARY = Vocabulary(GENES, range(len(GENES)))
MOUSE = [name.capitalize() if name != "TP53" else "Trp53" for name in GENES]


def file_with(tmp_path, index, columns=None, x=None, **more):
    x = np.random.default_rng(0).poisson(2, (40, len(index))).astype(np.float32) if x is None else x
    path = tmp_path / "genes.h5ad"
    ad.AnnData(x, var=pd.DataFrame(columns or {}, index=index), **more).write_h5ad(path)
    return path


JOINED = {
    "id_symbol": [f"{i}_{s}" for i, s in zip(IDS, GENES, strict=True)],
    "id.version|symbol": [f"{i}.7|{s}" for i, s in zip(IDS, GENES, strict=True)],
    "symbol_id": [f"{s}_{i}" for i, s in zip(IDS, GENES, strict=True)],
    "symbol|id": [f"{s}|{i}" for i, s in zip(IDS, GENES, strict=True)],
    "id:symbol": [f"{i}:{s}" for i, s in zip(IDS, GENES, strict=True)],
    "GRCh38_symbol": [f"GRCh38_{s}" for s in GENES],
    "hg19_symbol": [f"hg19_{s}" for s in GENES],
    "GRCh38___symbol": [f"GRCh38___{s}" for s in GENES],
    "hg38_id": [f"hg38_{i}" for i in IDS],
    "id.version": [f"{i}.12" for i in IDS],
}


@pytest.mark.parametrize("form", JOINED)
def test_joined_names_are_genes_of_their_species(tmp_path, form):
    data = read_h5ad(file_with(tmp_path, JOINED[form]))
    assert data.species == "human"
    assert resolve(data.genes, VOCABULARY).symbols == tuple(GENES)
    assert any("100% of the 12 gene names are known, read as human genes" in note for note in data.notes)


def test_mouse_genomes_in_front_of_names_are_mouse(tmp_path):
    data = read_h5ad(file_with(tmp_path, [f"mm10___{name}" for name in MOUSE]))
    assert data.species == "mouse"
    assert set(resolve(data.genes, VOCABULARY, "mouse").symbols) >= {"SOX2", "TP53", "GATA1"}


OPAQUE = {
    "integers": [str(i) for i in range(12)],
    "floats": [f"{i}.0" for i in range(12)],
    "words": [f"feature_{i}" for i in range(12)],
    "macaque": [f"ENSMMUG{i:011d}" for i in range(12)],
    "zebrafish": [f"ENSDARG{i:011d}" for i in range(12)],
    "fly": [f"FBgn{i:07d}" for i in range(12)],
    "probes": [f"{i}_at" for i in range(200000, 200012)],
    "refseq": [f"NM_{i:06d}" for i in range(12)],
}


@pytest.mark.parametrize("index", OPAQUE)
@pytest.mark.parametrize("column", ["feature_name", "gene_symbols", "Symbol", "index", "my genes", "_gene_/name"])
def test_an_index_that_names_no_genes_gives_way_to_a_column_that_does(tmp_path, index, column):
    data = read_h5ad(file_with(tmp_path, OPAQUE[index], {"other": [f"x{i}" for i in range(12)], column: GENES}))
    assert data.genes == tuple(GENES)
    assert any(f"Gene names come from {column!r}; the index holds " in note for note in data.notes)


@pytest.mark.parametrize("values", [[*GENES[:11], "SOX2"], [*GENES[:10], "", "nan"]], ids=["a repeat", "nothing"])
def test_a_repeat_or_a_gap_does_not_bring_back_an_index_without_genes(tmp_path, values):
    data = read_h5ad(file_with(tmp_path, OPAQUE["integers"], {"symbol": values}))
    assert data.genes[:10] == tuple(GENES[:10])
    assert data.genes[11] in ("SOX2", "11")
    assert any("1 of these names are repeats" in n for n in data.notes) == (values[11] == "SOX2")


def test_many_repeats_do(tmp_path):
    with pytest.raises(InputError, match=r"integers .0, 1, 2"):
        read_h5ad(file_with(tmp_path, OPAQUE["integers"], {"symbol": ["SOX2", "NANOG"] * 6}))


def test_a_column_called_index_can_be_asked_for_and_so_can_the_index(tmp_path):
    path = file_with(tmp_path, OPAQUE["words"], {"index": GENES})
    assert inspect_h5ad(path).gene_columns == ("_index", "index")
    assert read_h5ad(path, gene_column="index").genes == tuple(GENES)
    assert read_h5ad(path, gene_column="_index").genes == tuple(OPAQUE["words"])


@pytest.mark.parametrize(
    ("index", "words"), [("macaque", "macaque"), ("zebrafish", "zebrafish"), ("fly", "fruit fly"), ("probes", "probe")]
)
def test_ids_of_other_species_and_kinds_say_so(tmp_path, index, words):
    data = read_h5ad(file_with(tmp_path, OPAQUE[index]))
    assert data.species is None
    assert any("None of the 12 gene names" in note and words in note for note in data.notes)
    with pytest.raises(GeneError, match=words):
        resolve(data.genes, VOCABULARY)


def test_symbols_in_the_index_stay_whatever_columns_there_are(tmp_path):
    data = read_h5ad(file_with(tmp_path, GENES, {"feature_name": MOUSE, "gene_ids": IDS, "index": IDS}))
    assert data.genes == tuple(GENES)


# --- rows that are no genes -----------------------------------------------------------------------------------------


OTHERS = {
    "10x": ("feature_types", "Gene Expression", ["Antibody Capture", "Antibody Capture", "CRISPR Guide Capture"]),
    "peaks": ("feature_types", "Gene Expression", ["Peaks", "Peaks", "Peaks"]),
    "multiome": ("feature_types", "GEX", ["ATAC", "ATAC", "ATAC"]),
    "neurips": ("feature_types", "GEX", ["ADT", "ADT", "ADT"]),
    "mudata": ("modality", "rna", ["prot: protein", "protein", "hto"]),
    "cellxgene": ("feature_biotype", "gene", ["spike-in", "spike-in", "spike-in"]),
    "xenium": ("feature_type", "Gene Expression", ["Negative Control Probe", "Unassigned Codeword", "Blank Codeword"]),
    "biotypes": ("feature_biotype", "protein_coding", ["spike-in", "Antibody Capture", "peak"]),
    "upper": ("Feature_Types", "Gene Expression", ["Multiplexing Capture", "Custom", "Antibody Capture"]),
}


def with_others(form: str):
    """Counts of genes and, among them, of three other features that are a hundred times as high."""
    x = np.random.default_rng(0).poisson(2, (40, 15)).astype(np.float32)
    x[:, 0] += 1
    x[:, [3, 9, 14]] *= 100
    names = np.array(GENES, dtype=object)
    names = np.insert(names, [3, 8, 12], ["CD4", "probe 9", "TP53"])  # antibodies are often called as their genes
    column, gene, others = OTHERS[form]
    kinds = np.insert(np.array([gene] * 12, dtype=object), [3, 8, 12], others)
    return x, names, {column: pd.Categorical(kinds)}


@pytest.mark.parametrize("form", OTHERS)
@pytest.mark.parametrize("maker", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_other_features_stay_out_of_totals_ranks_and_genes_and_are_counted(tmp_path, form, maker):
    x, names, columns = with_others(form)
    data = read_h5ad(file_with(tmp_path, names, columns, maker(x)))
    genes = np.delete(x, [3, 9, 14], axis=1)
    assert data.genes == tuple(GENES)
    np.testing.assert_allclose(data.whole.bins, bin_values(genes).mean(0), rtol=1e-6)
    totals = np.maximum(genes.sum(1, keepdims=True), 1e-9)
    np.testing.assert_allclose(data.whole.log1p, np.log1p(genes / totals * 1e4).mean(0), rtol=1e-5)
    np.testing.assert_array_equal(data.sample.toarray(), genes)
    assert len(data.variance) == len(GENES)
    note = next(note for note in data.notes if "Features that are no genes" in note)
    for kind in set(OTHERS[form][2]):
        assert f"{OTHERS[form][2].count(kind)} {kind}" in note


def test_genes_of_raw_have_the_types_of_x(tmp_path):
    x, names, columns = with_others("10x")
    names = [f"{name}_{i}" if name == "CD4" else name for i, name in enumerate(names)]
    names[14] = "TP53_TotalSeqB"
    raw = ad.AnnData(x, var=pd.DataFrame(index=names))
    path = file_with(tmp_path, names, columns, x - x.mean(0), raw=raw)
    data = read_h5ad(path)
    assert data.matrix == "raw"
    assert len(data.genes) == 12
    assert data.sample.max() < 100


def test_the_scale_is_that_of_the_genes(tmp_path):
    """Logarithms of normalised genes beside raw counts of antibodies."""
    x, names, columns = with_others("10x")
    genes = np.delete(x, [3, 9, 14], axis=1)
    x[:, np.delete(np.arange(15), [3, 9, 14])] = np.log1p(genes / genes.sum(1, keepdims=True) * 1e4)
    assert read_h5ad(file_with(tmp_path, names, columns, x)).units == "log"


NAMED = ["CD4_TotalSeqB", "CD8-TotalSeqC0046", "chr1:1000-2000", "chrX-12345-67890", "ERCC-00002", "HTO1", "Hashtag-3"]


def test_features_are_known_by_name_where_no_column_tells(tmp_path):
    data = read_h5ad(file_with(tmp_path, [*GENES, *NAMED]))
    assert data.genes == tuple(GENES)
    note = next(note for note in data.notes if "Features that are no genes" in note)
    for said in ("2 antibodies by name", "2 peaks by name", "1 spike-ins by name", "2 hashtags by name"):
        assert said in note


def test_a_file_of_antibodies_alone_is_refused(tmp_path):
    columns = {"feature_types": ["Antibody Capture"] * 12}
    with pytest.raises(InputError, match=r"no gene, only other features .12 Antibody Capture"):
        read_h5ad(file_with(tmp_path, GENES, columns))


@pytest.mark.parametrize("mark", ["-", "."])
def test_a_name_that_make_unique_numbered_is_a_repeat_of_its_gene(tmp_path, mark):
    """CD4-1 of the matrix is CD4 once more and not CD41, which is ITGA2B."""
    names = [*GENES[:10], "CD4", f"CD4{mark}1"]
    data = read_h5ad(file_with(tmp_path, names))
    report = resolve(data.genes, Vocabulary([*GENES, "ITGA2B"], range(13)))
    assert report.records[-1].symbol == "CD4"
    assert "same gene as CD4" in report.records[-1].note
