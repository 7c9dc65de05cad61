"""The Benchmark page without a browser: every table, the choices, and what is said where something is missing."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.test_pages import framed, fresh  # noqa: F401 (a fixture for every test)
from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.beeline.networks import load_network
from ugrn_core.benchmark.prevalence import read_prevalence
from ugrn_core.benchmark.results import read_results, write_results
from ugrn_core.errors import UGRNError
from ugrn_core.figures.benchmark_heads import head_sentences
from ugrn_core.figures.benchmark_means import averages
from ui.benchmark import results as results_module
from ui.benchmark.results import SHIPPED, own_folder
from ui.shared.errors import plain


def page(**query: str) -> AppTest:
    at = framed("benchmark.py")
    at.session_state["model"] = "ugrn-mini"
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def words(at: AppTest) -> str:
    said = [*at.markdown, *at.caption, *at.info, *at.warning, *at.code]
    return " ".join(str(element.value) for element in said)


def beeline_is_here() -> bool:
    try:
        load_network("STRING", "mDC")
    except UGRNError:
        return False
    return True


@pytest.mark.parametrize("table", range(1, 7))
def test_every_table_is_drawn_with_its_numbers_and_downloads(table):
    at = page(table=str(table))
    assert not at.exception and not at.error
    assert at.get("plotly_chart") and at.dataframe
    assert {"CSV", "HTML"} <= {b.proto.label for b in at.get("download_button")}
    assert "**All pairs:**" in words(at) and "ugrn benchmark --table" in words(at)


def test_a_click_reads_no_results_again(monkeypatch):
    at, read = page(), []
    listed = len(results_module.of_table(1))
    monkeypatch.setattr(results_module, "read_results", lambda file: read.append(file) or read_results(file))
    at.run()
    assert not at.exception and listed > 40 and not read, "however many runs there are"


def test_a_missing_score_says_why_and_which_line_gives_it_to_this_page():
    at = page(row="STRING hHEP", method="Origin-Pert")
    assert not at.exception and "needs expression of hHEP" in words(at) and "ugrn fetch beeline-expression" in words(at)
    line = next(c.value for c in at.code if "benchmark --table 1" in c.value and "/benchmark/" in c.value)
    assert f"--out {own_folder() / 'ugrn-mini_table_1.csv.gz'}" in line


def test_results_of_ones_own_take_the_place_of_the_shipped_ones():
    own_folder().mkdir(parents=True)
    frame = read_results(SHIPPED / "ugrn-mini_table_1.csv.gz")
    frame.loc[frame["method"] == "VVP", "value"] = 0.4321
    write_results(frame, own_folder() / "ugrn-mini_table_1.csv.gz")
    at = page()
    assert not at.exception and "VVP 0.432" in words(at)


def test_the_address_names_the_run_and_its_pairs_are_there():
    at = page(run="ugrn-mini_table_1_full_cut", row="STRING mDC", method="VVP")
    assert not at.exception and "full context" in at.selectbox(key="run").options[1]
    assert "--context full" in words(at) and "ugrn-mini_table_1_full_cut" in at.query_params["run"]
    assert "run" not in page().query_params
    if beeline_is_here():
        assert len(at.get("plotly_chart")) == 5, "table, seeds, curves of pairs, printed figures, known truth"


def test_both_draws_of_pairs_stand_beside_one_another():
    for sampler in ("per_tf", "exchanged"):
        at = page(results="ugrn-mini-2", table="4", sampler=sampler)
        assert not at.exception and not at.error
        said = next(m.value for m in at.markdown if m.value.startswith("Without the leak"))
        draws = [read_results(SHIPPED / f"ugrn-mini-2_table_4{kind}.csv.gz") for kind in ("", "_exchanged")]
        paper, ours = (averages(frame, 4) for frame in draws)
        assert plain(f"Ens {ours['Ens']} instead of {paper['Ens']}") in said
        table = next(d.value for d in at.dataframe if "reads the answers" in d.value)
        line = table.set_index("method").loc["Reverse is an edge"]
        assert line["reads the answers"] and line["exchanged"] == str(ours["Reverse is an edge"])
    assert not any(m.value.startswith("Without the leak") for m in page(table="2").markdown), "one draw only"


def test_a_sampler_without_results_says_how_to_get_them():
    at = page(table="2", sampler="uniform")
    assert not at.exception and len(at.get("plotly_chart")) == 1, "where the truth is known, whatever the sampler"
    assert "There are no results" in at.info[0].value and "--sampler uniform" in words(at)


def test_the_sampler_changes_the_table():
    at = page(sampler="tf_matched")
    assert not at.exception and "--sampler tf_matched" in words(at)
    frame = at.dataframe[0].value.set_index("row")
    assert frame.loc["STRING mESC", "Target is a TF"] == "0.500 [0.500, 0.500]", "negatives match the positives in that"


def test_a_model_without_weights_says_how_to_get_them():
    at = page(results="scgpt-human")
    assert not at.exception
    assert "ugrn fetch scgpt-human" in words(at)


def test_the_slider_of_table_6_changes_the_view():
    at = page(table="6")
    before = at.dataframe[0].value.copy()
    assert at.select_slider[0].options == ["1", "2", "3", "5", "10"]
    assert at.select_slider[0].value == "10", "at 1 it would be Table 1 again"
    at.select_slider[0].set_value("1").run()
    assert not at.exception and not before.equals(at.dataframe[0].value)


def test_pairs_of_table_6_are_those_of_table_1():
    assert "Choose N/P 1" in words(page(table="6", ratio="3"))
    assert "The pairs of N/P 1 are those of Table 1" in words(page(table="6", ratio="1"))
    columns = ["method", "weights", "test_set", "test_network", "subset", "seed", "metric", "value"]
    one, six = (read_results(SHIPPED / f"ugrn-mini_table_{n}.csv.gz") for n in (1, 6))
    six = six[six["neg_ratio"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(one[columns], six[columns])


def test_filters_leave_only_what_is_chosen():
    at = page(sets="mDC", networks="STRING")
    assert not at.exception
    text = at.dataframe[0].value.to_string()
    assert "mDC" in text and "mESC" not in text


def test_a_cell_shows_its_seeds_and_where_beeline_is_its_curves():
    at = page(row="STRING mDC", method="VVP")
    assert not at.exception
    if beeline_is_here():
        assert len(at.get("plotly_chart")) == 5
        wrong = pd.concat([d.value for d in at.dataframe if "open" in d.value])
        assert len(wrong) == 50, "25 edges and 25 non-edges"
        for r in wrong.itertuples():
            assert r.open == f"pair?source={r.source}&target={r.target}&model=ugrn-mini", "each opens in the explorer"
    else:
        assert "beeline" in words(at).lower()


def test_what_the_printed_figures_look_like_stands_below_table_1_and_says_that_it_reads_labels():
    at = page()
    assert not at.exception
    assert "What the printed figures look like" in [h.value for h in at.subheader]
    said = words(at)
    assert "This is consistency, not proof" in said and "it reads the test labels" in said
    assert "There are no rankings of all candidates by ugrn-mini" in said and "ugrn benchmark prevalence" in said
    assert "What the printed figures look like" not in [h.value for h in page(table="2").subheader]


def test_a_file_of_ones_own_scores_stands_beside_the_run_of_the_same_pairs():
    """A frame that `ugrn benchmark --scores` wrote, in the folder of the page."""
    own_folder().mkdir(parents=True)
    frame = read_results(SHIPPED / "ugrn-mini_table_1.csv.gz")
    mine = frame[frame["method"].isin(["Gene degrees", "Target is listed"])]
    mine = mine.assign(method=mine["method"].replace("Target is listed", "MINE"), value=mine["value"] + 0.001)
    mine.loc[mine["method"] == "Gene degrees", "value"] -= 0.001
    write_results(mine, own_folder() / "mine.csv.gz")
    at = page(method="MINE")
    assert not at.exception and not at.error
    assert "MINE" in at.dataframe[0].value.columns and "MINE" in at.selectbox(key="method").options
    assert "partly by construction" in words(at) and "MINE 0." in words(at)


def test_scores_are_taken_on_the_page():
    at = page()
    assert "another method" in " ".join(e.label for e in at.expander)
    assert at.text_input(key="given name").value == "" and not at.exception


@pytest.mark.skipif(not beeline_is_here(), reason="UGRN_DATA_DIR names no folder with BEELINE networks")
def test_scores_whose_columns_cannot_be_told_are_chosen_in_boxes_and_no_option_is_named():
    at = page()
    unclear = b"GATA1,KLF1,HBB,0.5\nTAL1,SPI1,MYC,0.25\n"
    next(f for f in at.file_uploader if f.key == "given file").set_value(("three.csv", unclear, "text/csv"))
    at.text_input(key="given name").set_value("MINE").run()
    said = at.error[0].value
    assert "cannot be told" in said and "--" not in said
    assert "in the box Source and in the box Target" in said
    at.selectbox(key="given column source").set_value("1").run()
    assert "in the box Target" in at.error[0].value
    at.selectbox(key="given column target").set_value("3").run()
    assert not at.exception and not at.error
    assert "target: column 3" in words(at)


def test_a_contributed_folder_stands_on_the_page_under_its_name():
    from tests.test_contributed import contributed

    folder = own_folder() / "contributed" / "ada"
    folder.parent.mkdir(parents=True)
    contributed(folder)
    at = page(results="ugrn-mini", run="ada/run_table_1")
    assert not at.exception and not at.error
    said = " ".join(str(e.value) for e in at.info)
    assert "Contributed by Ada" in said and "ugrn benchmark verify" in said
    (folder / "card.json").write_text("{")
    broken = page(results="ugrn-mini")
    assert not broken.exception and any("ada: card.json" in w.value for w in broken.warning)


def test_rankings_of_all_candidates_stand_below_table_1_and_a_damaged_file_of_ones_own_is_said():
    own = own_folder() / "prevalence"
    own.mkdir(parents=True)
    for name in (f"{DEFAULT_BACKBONE}.csv.gz", f"{DEFAULT_BACKBONE}_paired.csv.gz"):
        write_results(pd.DataFrame({"a": [1]}), own / name)
    at = page(results=DEFAULT_BACKBONE)
    assert not at.exception and "At the real share of edges" in [h.value for h in at.subheader]
    assert any("is no file of rankings of all candidates" in w.value for w in at.warning)
    frame, compared = read_prevalence(SHIPPED / "prevalence" / f"{DEFAULT_BACKBONE}.csv.gz")
    said = words(at)
    for sentence in head_sentences(frame, compared):
        assert plain(sentence) in said
    tables = [d.value for d in at.dataframe]
    assert any({"data set", "method", "precision 50"} <= set(t.columns) for t in tables), "each score with its interval"
    assert any({"against", "difference", "p"} <= set(t.columns) for t in tables), "comparisons"
