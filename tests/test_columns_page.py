"""Tables on the pages: what was read as what is said, columns are chosen in boxes, names of filters are resolved."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.test_network_page import edges, page, predict, toy, translators, words  # noqa: F401 (fixtures)
from tests.test_pages import framed, fresh  # noqa: F401 (a fixture for every test)
from ui.translators import form as translator_form

TABLE = "target\ttf\tother\nKLF1\tGATA1\tHBB\nGATA1\tGATA1\tHBB\n"
UNCLEAR = "GATA1,KLF1,HBB\nTAL1,SPI1,MYC\n"


def said(at: AppTest) -> str:
    return "\n".join(c.value for c in at.caption)


def box(at: AppTest, label: str):
    return next(b for b in at.selectbox if b.label == label)


def pairs_page(text: str) -> AppTest:
    at = framed("pair.py")
    at.query_params["mode"] = "list"
    at.session_state["pair_text"] = text
    return at.run()


def pairs(at: AppTest) -> list[tuple[str, str]]:
    table = at.dataframe[0].value
    return list(zip(table["source"], table["target"], strict=True))


def test_a_table_of_pairs_is_read_by_its_titles_and_a_self_pair_is_left_out():
    at = pairs_page(TABLE)
    assert not at.exception and not at.error
    assert pairs(at) == [("GATA1", "KLF1")]
    assert "Source: column tf, target: column target." in said(at)
    assert "1 of a gene with itself left out" in said(at)
    box(at, "Target").set_value("other").run()
    assert pairs(at) == [("GATA1", "HBB")]
    assert "target: column other" in said(at)


def test_pairs_that_cannot_be_told_offer_their_columns():
    at = pairs_page(UNCLEAR)
    assert "cannot be told" in at.error[0].value and "--" not in at.error[0].value
    assert "in the box Source and in the box Target" in at.error[0].value
    assert box(at, "Source").options == ["1", "2", "3"]
    box(at, "Source").set_value("1").run()
    box(at, "Target").set_value("3").run()
    assert not at.error
    assert pairs(at) == [("GATA1", "HBB"), ("TAL1", "MYC")]
    at.session_state["pair_text"] = "GATA1,KLF1\n"  # another text: the choice is forgotten
    at.run()
    assert pairs(at) == [("GATA1", "KLF1")]


def test_a_pair_of_a_gene_with_itself_alone_is_a_sentence():
    at = pairs_page("GATA1,GATA1\n")
    assert "two different genes" in at.error[0].value


def test_a_gene_list_around_a_pair_says_its_column():
    at = framed("pair.py")
    at.query_params.update({"source": "GATA1", "target": "KLF1", "context": "genes"})
    at.session_state["gene_text"] = ",group,names,more\n0,B,MYC,HBB\n1,T,TAL1,SPI1\n"
    at.run()
    assert not at.exception and not at.error
    assert "Genes: column names of 4 (group, names, more)." in said(at)
    report = next(d.value for d in at.dataframe if "gene" in d.value.columns)
    assert report["gene"].tolist() == ["MYC", "TAL1"]
    box(at, "Column of the genes").set_value("more").run()
    report = next(d.value for d in at.dataframe if "gene" in d.value.columns)
    assert report["gene"].tolist() == ["HBB", "SPI1"]


def test_an_uploaded_list_is_read_and_its_column_goes_into_the_command():
    at = framed("pair.py")
    at.query_params.update({"source": "GATA1", "target": "KLF1", "context": "genes"})
    at.run()
    uploader = next(f for f in at.file_uploader if f.key == "gene_file")
    uploader.set_value(("mine.csv", b"first;second\nMYC;HBB\nTAL1;SPI1\nSTAT1;IRF1\n", "text/csv")).run()
    box(at, "Column of the genes").set_value("second").run()
    assert not at.exception and not at.error
    assert "--gene-column second" in at.code[0].value, [c.value for c in at.code]
    assert "--context mine.csv" in at.code[0].value


def test_several_targets_leave_out_the_source_and_what_is_too_much():
    at = framed("pair.py")
    targets = "KLF1,GATA1,HBB,TAL1,MYC,SPI1,CEBPA,MPO"
    at.query_params.update({"mode": "targets", "source": "GATA1", "targets": targets})
    at.run()
    assert not at.exception and not at.error
    assert "GATA1 is the source and left out of the targets." in said(at)
    assert "At most 6 targets are compared: MPO left out." in said(at)


def test_a_network_of_a_table(page):  # noqa: F811
    del page.query_params["genes"]
    page.session_state["net genes"] = "n\tfirst\tsecond\n1\tGATA1\tMYC\n2\tKLF1\tSPI1\n3\tHBB\tTAL1\n"
    page.run()
    assert not page.exception
    assert "Genes: column first of 3 (first, second)." in said(page)
    box(page, "Column of the genes").set_value("second").run()
    assert "column second" in said(page)


def test_names_of_the_filters_are_resolved_and_a_stranger_is_said(page):  # noqa: F811
    page.query_params["search"] = "gata-1,HBB"
    page.query_params["near"] = "p53"
    predict(page)
    assert page.session_state["net search"] == ["GATA1", "HBB"]
    assert page.session_state["net near"] is None
    assert "p53 (TP53) is no gene of this network" in words(page)
    page.session_state["net search"] = ["c-Myc", "KLF1", "DEC1", "TP53"]
    page.run()
    assert page.session_state["net search"] == ["MYC", "KLF1"]
    assert "DEC1" in words(page)
    assert "TP53 is no gene of this network" in words(page)


def test_columns_of_edges_to_train_on():
    at = framed("translators.py")
    at.query_params["mode"] = "train"
    at.session_state["train source"] = translator_form.OWN_EDGES
    at.session_state["train edges"] = "tf,target,mor\nGATA1,KLF1,1\nTAL1,HBB,-1\n"
    at.run()
    assert "2 positives" in said(at)
    assert "not read: mor (sign)" in said(at)
    box(at, "Label").set_value("mor").run()
    assert "1 positives, 1 negatives" in said(at)


def test_columns_of_known_edges(page):  # noqa: F811
    page.query_params["rule"], page.query_params["best"], page.query_params["view"] = "best", "500", "table"
    page.session_state["net known"] = "own"
    page.session_state["net known text"] = "gene,tf,target\nHBB,GATA1,KLF1\nMYC,TAL1,HBB\n"
    predict(page)
    known = edges(page).query("known == 'yes'")
    assert {tuple(e) for e in known[["source", "target"]].to_numpy()} == {("GATA1", "KLF1"), ("TAL1", "HBB")}
    box(page, "Target").set_value("gene").run()
    known = edges(page).query("known == 'yes'")
    assert {tuple(e) for e in known[["source", "target"]].to_numpy()} == {("GATA1", "HBB"), ("TAL1", "MYC")}
    assert any("--known known.csv --target-column gene" in code.value for code in page.code)
