from __future__ import annotations

import time
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugrn_core.errors import GeneError, InputError
from ugrn_core.genes import spelled, tables
from ugrn_core.genes.resolve import GeneReport, resolve, resolve_one
from ugrn_core.genes.tfs import is_tf, transcription_factors
from ugrn_core.types import Vocabulary

TEXT = (
    "SOX2 SOX12 NANOG POU5F1 TP53 CDKN1A MYC GATA1 GATA2 HLA-A NKX2-1 C1orf50 TBXT KMT2B KMT2D NFKB1 RELA FCGR3A "
    "FCGR3B CD8B CD8B2 SEPTIN2 PPARG TAZ WWTR1 ARNTL TMSB4X TMSB4Y MT-CO1 FAM183A IGFL4 BHLHE40 IL1B TGFB1 HIF1A TNF "
    "CTNNB1 ESR1 ASIP CD4 ITGA2B MYH1 MYH11 MAF MAF1 TAL1 MIR-1"
)
SYMBOLS = TEXT.split()
VOCABULARY = Vocabulary(SYMBOLS, range(len(SYMBOLS)))


@pytest.mark.parametrize(
    ("name", "status", "symbol"),
    [
        ("SOX2", "exact", "SOX2"),
        ("sox2", "exact", "SOX2"),
        ("C1ORF50", "exact", "C1orf50"),
        ("Sox2", "ortholog", "SOX2"),
        ("OCT4", "alias", "POU5F1"),
        ("Oct-4", "alias", "POU5F1"),
        ("Oct3/4", "alias", "POU5F1"),
        ("p53", "alias", "TP53"),
        ("Trp53", "ortholog", "TP53"),
        ("Pou5f1", "ortholog", "POU5F1"),  # one of two orthologs, by spelling
        ("c-Myc", "alias", "MYC"),
        ("T", "alias", "TBXT"),
        ("BMAL1", "alias", "ARNTL"),  # the vocabulary may hold the older symbol
        ("SEPT2", "alias", "SEPTIN2"),
        ("PPARγ", "alias", "PPARG"),
        ("HLA.A", "alias", "HLA-A"),
        ("NKX2.1", "alias", "NKX2-1"),
        ("GATA-1", "alias", "GATA1"),
        ("ENSG00000181449", "alias", "SOX2"),
        ("ENSG00000181449.7", "alias", "SOX2"),
        ("SOX2_ENSG00000181449", "alias", "SOX2"),
        ("IGFL4X_ENSG00000999999", "unknown", None),
        ("H1-2", "unknown", None),
        ("ATP5B", "unknown", None),
        ("ENSMUSG00000059552.12", "ortholog", "TP53"),
        ("mt-Co1", "ortholog", "MT-CO1"),
        ("MLL2", "ambiguous", None),
        ("NF-κB", "ambiguous", None),
        ("DEC1", "ambiguous", None),  # though only one of its two genes is in the vocabulary
        ("a", "unknown", None),  # a mouse gene with the ortholog ASIP
        ("A", "unknown", None),
        ("IL-1β", "alias", "IL1B"),
        ("IL‑1ß", "alias", "IL1B"),  # a hyphen that does not break, a German letter
        ("IL-1beta", "alias", "IL1B"),
        ("TGF-β1", "alias", "TGFB1"),
        ("HIF-1α", "alias", "HIF1A"),
        ("TNF-alpha", "alias", "TNF"),
        ("β-catenin", "alias", "CTNNB1"),
        ("ERα", "alias", "ESR1"),
        ("CD4-1", "alias", "CD4"),  # not CD41
        ("CD4.2", "alias", "CD4"),
        ("MYH1_1", "alias", "MYH1"),  # not MYH11
        ("Cd4-1", "alias", "CD4"),
        ("MAF-1", "alias", "MAF1"),
        ("MIR.1", "alias", "MIR-1"),
        ("ENSG00000181449_SOX2", "alias", "SOX2"),
        ("ENSG00000181449.7|SOX2", "alias", "SOX2"),
        ("SOX2 (ENSG00000181449)", "alias", "SOX2"),
        ("ENSG00000999999_SOX2", "alias", "SOX2"),  # an id that is not known does not hide the symbol
        ("GRCh38_SOX2", "alias", "SOX2"),
        ("GRCh38______SOX2", "alias", "SOX2"),
        ("hg19-SOX2", "alias", "SOX2"),
        ("mm10___Sox2", "ortholog", "SOX2"),
        ("SOX2|6657", "alias", "SOX2"),
        ("SOX2(+)", "alias", "SOX2"),
        ("SOX2_direct_+/+_(12g)", "alias", "SOX2"),
        ("TAL1_extended (20g)", "alias", "TAL1"),
        ("Regulon(Sox2)", "ortholog", "SOX2"),
        ("SOX2_B", "alias", "SOX2"),
        ("MLL2(+)", "ambiguous", None),
        ("Fcgr4", "ambiguous", None),
        ("CD8B1", "ambiguous", None),
        ("2-Sep", "unknown", None),
        ("H19X", "unknown", None),
        ("ENSG00000999999", "unknown", None),
        ("", "unknown", None),
    ],
)
def test_one_name_of_each_kind(name, status, symbol):
    record = resolve([name, "NANOG"], VOCABULARY).records[0]
    assert (record.status, record.symbol) == (status, symbol)


def test_a_repeat_that_may_be_another_gene_is_not_decided_by_chance():
    """MAF-1 is MAF1, or MAF once more where MAF is in the list too."""
    record = resolve(["MAF", "MAF-1"], VOCABULARY).records[1]
    assert (record.status, record.suggestions) == ("ambiguous", ("MAF", "MAF1"))
    assert resolve(["SRC-1", "SOX2"], VOCABULARY).records[0].status == "unknown"  # NCOA1, not SRC once more


def test_an_ambiguous_name_says_which_of_its_genes_the_model_lacks():
    record = resolve(["DEC1", "SOX2"], VOCABULARY).records[0]
    assert record.suggestions == ("BHLHE40", "DELEC1")
    assert "not in this model: DELEC1" in record.note


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ENSRNOG00000012345", "rat"), ("ENSMMUG00000012345.2", "macaque"), ("ENSDARG00000012345", "zebrafish"),
        ("ENSG00000181449_foo", ""), ("9606.ENSP00000323588", "protein"), ("ENST00000325404", "transcript"),
        ("FBgn0003892", "fruit fly"), ("6657", "number"), ("NM_003106.4", "RefSeq"), ("P48431", "UniProt"),
        ("SOX2_HUMAN", "UniProt"), ("1007_s_at", "array"), ("q", "single letter"), ("Q" * 101, "too long"),
    ],
)  # fmt: skip
def test_an_id_that_cannot_be_looked_up_is_called_what_it_is(name, words):
    report = resolve([name, "NANOG"], VOCABULARY)
    assert words in report.records[0].note
    assert words in report.sentence()
    with pytest.raises(GeneError, match=words) if report.records[0].symbol is None else nullcontext():
        resolve_one(name, VOCABULARY)


@given(st.text(st.sampled_from("αβκß-_.|()+ ENSG0123456789SOX2hg"), max_size=40))
def test_names_inside_a_name_are_shorter_and_come_to_an_end(name):
    for inside in spelled.names_inside(name):
        assert inside
        assert len(inside) < len(name)
        assert spelled.names_inside(inside) == () or len(spelled.names_inside(inside)[0]) < len(inside)


def test_renamed_genes_are_found_in_vocabularies_before_and_after_the_renaming():
    before, after = Vocabulary(["ATP5B", "HIST1H1C"], [0, 1]), Vocabulary(["ATP5F1B", "H1-2"], [0, 1])
    for names in (["ATP5B", "HIST1H1C"], ["ATP5F1B", "H1-2"]):
        assert resolve(names, before).symbols == before.symbols
        assert resolve(names, after).symbols == after.symbols


def test_species_decides_how_a_spelling_is_read():
    assert resolve(["Sox2"], VOCABULARY, "human").records[0].status == "exact"
    assert resolve(["sox2"], VOCABULARY, "mouse").records[0].status == "ortholog"
    assert resolve(["CD8B1", "SOX2"], VOCABULARY, "human").records[0].status == "unknown"


def test_an_ortholog_of_another_spelling_says_so():
    record = resolve(["Tmsb4x"], VOCABULARY).records[0]
    assert record.symbol == "TMSB4Y"
    assert "TMSB4X" in record.note


def test_a_symbol_that_is_also_an_everyday_name_of_another_gene_says_so():
    record = resolve(["TAZ"], VOCABULARY).records[0]
    assert record.status == "exact"
    assert "WWTR1" in record.note


def test_ambiguous_names_offer_their_genes():
    report = resolve(["MLL2", "Fcgr4", "SOX2"], VOCABULARY)
    assert [r.suggestions for r in report.records] == [("KMT2B", "KMT2D"), ("FCGR3A", "FCGR3B"), ()]


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("SOXX2", "SOX2"), ("NANGO", "NANOG"), ("NANO", "NANOG"), ("GATA", "GATA1"), ("2-Sep", "SEPTIN2"),
     ("4-Oct", "POU5F1"), ("Sep-02", "SEPTIN2"), ("CDKN1Q", "CDKN1A"), ("CDK1NAA", "CDKN1A")],
)  # fmt: skip
def test_suggestions(typo, meant):
    assert resolve([typo, "SOX2"], VOCABULARY).records[0].suggestions[0] == meant


@given(st.lists(st.sampled_from([*SYMBOLS, "OCT4", "Trp53", "sox2", "nonsense", "MLL2", " SOX2 "]), min_size=1))
def test_every_name_is_reported_once_and_nothing_is_dropped_silently(names):
    try:
        report = resolve(names, VOCABULARY)
    except GeneError:
        assert set(names) <= {"nonsense", "MLL2"}
        return
    assert [r.name for r in report.records] == [n.strip() for n in names]
    assert list(report.symbols) == list(dict.fromkeys(r.symbol for r in report.records if r.symbol))
    assert set(report.symbols) <= set(SYMBOLS)
    assert all((r.symbol is None) == (r.status in ("ambiguous", "unknown")) for r in report.records)
    assert report.frame()["gene"].tolist() == [n.strip() for n in names]


@given(st.sampled_from(SYMBOLS))
def test_symbols_resolve_to_themselves_and_to_one_symbol_in_any_case(symbol):
    assert resolve_one(symbol, VOCABULARY) == symbol
    assert resolve_one(symbol.lower(), VOCABULARY, "human") == symbol


@given(st.text(max_size=20))
def test_no_text_breaks_resolution(name):
    record = resolve([name, "SOX2"], VOCABULARY).records[0]
    assert record.symbol is None or record.symbol in VOCABULARY


def test_the_same_gene_twice_is_said():
    report = resolve(["OCT4", "POU5F1"], VOCABULARY)
    assert report.symbols == ("POU5F1",)
    assert report.records[1].note == "same gene as OCT4"


def test_the_sentence_says_what_is_missing_and_what_to_do():
    report = resolve(["SOXX2", "OCT4", "Trp53", "MLL2", "NANOG"], VOCABULARY)
    assert report.sentence() == (
        "1 of 5 genes are not in the vocabulary (SOXX2). Did you mean SOX2? 1 is ambiguous (MLL2 may be KMT2B or "
        "KMT2D). 1 was read as mouse and replaced by human orthologs. 1 goes by another name here (OCT4 is POU5F1)."
    )
    assert resolve(["SOX2", "NANOG"], VOCABULARY).sentence() == "All 2 genes were recognised."


def test_the_sentence_names_three_of_each_kind_and_counts_the_rest():
    def said(*names: str) -> str:
        return resolve([*names, "SOX2"], VOCABULARY).sentence()

    assert resolve(["SOX2"], VOCABULARY).sentence() == "The gene was recognised."
    assert said("MLL2") == "1 of 2 genes were recognised. 1 is ambiguous (MLL2 may be KMT2B or KMT2D)."
    unclear = resolve(["MLL2", "SOX2"], VOCABULARY).records[0]
    assert GeneReport((unclear,)).sentence().startswith("0 of 1 genes were recognised. 1 is ambiguous")
    alias = ["OCT4", "p53", "c-Myc", "GATA-1"]
    names = "OCT4 is POU5F1, p53 is TP53, c-Myc is MYC"
    assert said(*alias[:3]) == f"All 4 genes were recognised. 3 go by another name here ({names})."
    assert said(*alias) == f"All 5 genes were recognised. 4 go by another name here ({names}, ...)."
    twice = ["MLL2", "Fcgr4", "CD8B1", "NF-κB"]
    for n, more in ((3, ""), (4, ", ...")):
        assert f"{n} are ambiguous (MLL2 may be KMT2B or KMT2D; Fcgr4 may be" in said(*twice[:n])
        assert (
            f"; CD8B1 may be {' or '.join(resolve(['CD8B1', 'SOX2'], VOCABULARY).records[0].suggestions)}{more})."
            in said(*twice[:n])
        )
    typos = ["SOXX2", "NANGO", "CDKN1Q", "GATA"]
    for n, more in ((3, ""), (4, ", ...")):
        assert said(*typos[:n]) == (
            f"{n} of {n + 1} genes are not in the vocabulary (SOXX2, NANGO, CDKN1Q{more}). "
            "Did you mean SOX2, NANOG, CDKN1A?"
        )
    assert said("x" * 40).startswith(f"1 of 2 genes are not in the vocabulary ({'x' * 40}).")
    assert said("x" * 41).startswith(f"1 of 2 genes are not in the vocabulary ({'x' * 37}...).")
    assert said("6657", "6658", "NM_003106.4").count(" of them: ") == 1 and " 2 of them: " in said("6657", "6658")


def test_the_first_hundred_unknown_names_get_suggestions():
    typos = [s[:i] + "Q" + s[i:] for s in SYMBOLS if len(s) > 4 for i in range(1, len(s))][:101]
    report = resolve(["SOX2", *typos], VOCABULARY)
    assert [bool(record.suggestions) for record in report.records] == [False, *[True] * 100, False]


def test_the_frame_has_its_columns_whatever_the_values():
    frame = resolve(["SOX2"], VOCABULARY).frame()
    assert list(frame.columns) == ["gene", "status", "symbol", "note", "suggestions"]
    assert frame.iloc[0].tolist() == ["SOX2", "exact", "SOX2", "", ""]


def test_a_list_without_a_gene_is_an_error():
    with pytest.raises(GeneError, match=r"No gene is left.*NANGO.*Did you mean NANOG"):
        resolve(["NANGO", "nonsense"], VOCABULARY)
    with pytest.raises(GeneError, match="holds no gene"):
        resolve([], VOCABULARY)


@pytest.mark.parametrize("name", ["nonsense", "MLL2"])
def test_strict_refuses_what_is_left_open(name):
    report = resolve([name, "SOX2"], VOCABULARY)
    assert report.symbols == ("SOX2",) and [record.name for record in report.unresolved] == [name]
    assert resolve(["OCT4", "SOX2"], VOCABULARY, strict=True).unresolved == ()
    with pytest.raises(GeneError, match=name):
        resolve([name, "SOX2"], VOCABULARY, strict=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [("NANGO", "Did you mean NANOG"), ("MLL2", "KMT2B or KMT2D"), ("", "empty name"), ("qqqqq", "SOX2"),
     ("ENSG00000141510.17x", "Ensembl id")],
)  # fmt: skip
def test_one_unknown_name_is_an_error_with_advice(name, words):
    with pytest.raises(GeneError, match=words):
        resolve_one(name, VOCABULARY)


def test_an_hgnc_file_of_the_user_is_used_and_a_wrong_one_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path))
    assert resolve(["CFAP144", "SOX2"], VOCABULARY).records[0].status == "unknown"
    file = tables.hgnc_file()
    file.parent.mkdir(parents=True)
    file.write_text(
        "hgnc_id\tsymbol\tprev_symbol\talias_symbol\n"
        "1\tCFAP144\tFAM183A\thCG23177\n"  # current symbol unknown to the vocabulary, the previous one known
        '2\tIGFL4\t\t"IGFLX|SHARED"\n'
        "3\tSOX12\tSOX22\tSHARED\n"
    )
    report = resolve(["CFAP144", "hCG23177", "IGFLX", "SOX22", "SHARED"], VOCABULARY)
    assert [r.symbol for r in report.records] == ["FAM183A", "FAM183A", "IGFL4", "SOX12", None]
    assert report.records[-1].suggestions == ("IGFL4", "SOX12")
    file.write_text("symbol\tsomething\nA\tB\n")
    with pytest.raises(InputError, match="prev_symbol"):
        resolve(["CFAP144", "SOX2"], VOCABULARY)


def test_everyday_and_former_names_point_to_genes_that_ensembl_knows():
    renamed = {"ARNTL", "BMAL1", "TAFAZZIN", "TAZ", "DELEC1"}  # symbols of different Ensembl releases
    assert {new for (_, new) in tables._asset("former_symbols.tsv")} <= tables.human_symbols()
    assert not {old for (old, _) in tables._asset("former_symbols.tsv")} & tables.human_symbols()
    meant = {s for symbols in tables.everyday_names().values() for s in symbols}
    assert meant - renamed <= tables.human_symbols()
    assert len(tables.everyday_names()) > 200


def test_orthologs_agree_with_well_known_ones():
    genes = tables.mouse_genes()
    for mouse, human in [("Trp53", "TP53"), ("Sox2", "SOX2"), ("Cdkn1a", "CDKN1A"), ("Zfp148", "ZNF148")]:
        assert genes.by_symbol[mouse].one_to_one
        assert genes.by_symbol[mouse].human == (human,)
    assert sum(g.one_to_one for g in genes.by_id.values()) > 16_000
    assert tables.human_symbols_by_id()["ENSG00000141510"] == "TP53"


def test_the_census_of_transcription_factors():
    factors = transcription_factors()
    assert len(factors) == 1639 + 5
    assert is_tf("SOX2")
    assert is_tf("TBXT")
    assert is_tf("T")
    assert not is_tf("TF")
    assert not is_tf("ACTB")
    assert not is_tf("")


def test_a_large_vocabulary_and_a_long_list_are_fast():
    symbols = [f"{a}{b}{n}" for a in "ABCDEFGHIJ" for b in "KLMNOP" for n in range(1000)]
    vocabulary = Vocabulary(symbols, range(len(symbols)))
    names = [s.lower() for s in symbols[::12]] + [f"{s}q" for s in symbols[::60]]
    tables.mouse_genes()
    start = time.perf_counter()
    report = resolve(names, vocabulary)
    assert time.perf_counter() - start < 4  # measured 0.3 s
    assert len(report.symbols) == len(symbols[::12])
