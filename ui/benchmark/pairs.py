"""The pairs behind a square: how the method ranks them, and which it ranks most wrongly, each open to the explorer."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import quote

import streamlit as st

from ugrn_core.backbones.registry import BACKBONES
from ugrn_core.beeline.networks import Row
from ugrn_core.benchmark.protocols import Split, protocol
from ugrn_core.benchmark.run_facts import RunFacts, benchmark_command
from ugrn_core.benchmark.scores import LabelledScores, join_scores, score_files
from ugrn_core.benchmark.shipped import SHIPPED
from ugrn_core.benchmark.tables import AVERAGE
from ugrn_core.figures.benchmark import BY_TEST, TableView
from ugrn_core.figures.benchmark_cell import companions
from ugrn_core.figures.benchmark_ranking import plot_ranking, prepare_ranking, prepare_wrong
from ugrn_core.types import Vocabulary
from ui.benchmark import keys
from ui.benchmark.results import Results
from ui.shared.beeline import networks_are_here, vocabulary_of
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button, figure_panel

NOTE = "Pairs of the first seed, as many non-edges as edges where there are enough. Dotted: chance."
WRONG = (
    "Edges that score low and non-edges that score high, worst first; the share is of the other class on the wrong "
    "side. A non-edge here is a pair without evidence in this network: it may still be regulated."
)


def show(results: Results, view: TableView, row: str, column: str, best_shortcut: str) -> None:
    """PR and ROC curves and the most wrongly ranked pairs of one test, or why they cannot be shown."""
    st.subheader("Its pairs", anchor=False)
    test = _test(view, row)
    if test is None:
        _say("A mean over several tests has no ranking of its own. Choose one of the tests in Table 1.")
        return
    if view.neg_ratio != 1:
        _say("Scores of single pairs are kept for as many non-edges as edges. Choose N/P 1.")
        return
    files = _files(results)
    if not files and view.table == 6:
        _say("The pairs of N/P 1 are those of Table 1, and so are their scores. Choose them there.")
        return
    if not files:
        _make_scores(results)
        return
    if not networks_are_here(results.facts.gene_set, "scores of single pairs are then joined with them here."):
        return
    vocabulary = vocabulary_of(results.facts.backbone)
    if vocabulary is None:
        _say(f"Which pairs were drawn depends on the genes of {results.facts.backbone}, which is not here. Get its "
             "weights on the Start page, or give its folder in the sidebar.")  # fmt: skip
        return
    joined = _merged(_stamped(files), results.facts, test, vocabulary, results.facts.backbone)
    if column not in joined.scores:
        _say(f"The scores of single pairs that are here hold none of {column}.")
        return
    _ranking(results, joined, row, column, best_shortcut)
    _wrong(results, joined, row, column)


def _ranking(results: Results, joined: LabelledScores, row: str, column: str, best_shortcut: str) -> None:
    names = [c for c in companions(column, best_shortcut) if c in joined.scores]
    ranking = prepare_ranking(joined.labels, {c: joined.scores[c] for c in names})
    figure_panel(
        plot_ranking(ranking, joined.prior),
        ranking,
        name=f"{column} on {row}, {results.facts.backbone}, PR and ROC",
        alt=f"Precision against recall, and edges found against non-edges taken for edges, of {column} on {row}",
        command=_scores_command(results),
        key=keys.RANKING,
        note=NOTE,
    )


def _wrong(results: Results, joined: LabelledScores, row: str, column: str) -> None:
    wrong = prepare_wrong(joined.pairs, joined.labels, joined.scores[column])
    backbone = results.facts.backbone
    model = f"&model={quote(backbone)}" if backbone in BACKBONES else ""
    links = [f"pair?source={quote(s)}&target={quote(t)}{model}" for s, t in zip(wrong["source"], wrong["target"])]  # noqa: B905
    st.markdown("**Most wrongly ranked**")
    st.caption(WRONG)
    for place, (truth, part) in zip(
        st.columns(2, gap="medium"), wrong.assign(open=links).groupby("truth", sort=True), strict=False
    ):
        title = "Edges ranked too low" if truth == "edge" else "Non-edges ranked too high"
        place.markdown(title)
        place.dataframe(
            part.drop(columns="truth"),
            width="stretch",
            hide_index=True,
            height=300,
            alt=f"{title}, worst first",
            column_config={
                "score": st.column_config.NumberColumn("score", format="%.3f"),
                "wrong_side": st.column_config.NumberColumn("wrong side", format="percent"),
                "open": st.column_config.LinkColumn("curves", display_text="open", help="The pair in the explorer"),
            },
        )
    csv_button(wrong, f"{column} on {row}, {backbone}, most wrongly ranked", "wrong")


def _test(view: TableView, row: str) -> Row | None:
    """The one test a row stands for, or None."""
    if view.table not in BY_TEST or row == AVERAGE:
        return None
    network, _, data_set = row.rpartition(" ")
    return Row(network, data_set)


def _files(results: Results) -> dict[str, Path]:
    """Score files of the run, of all its weights; none where they are not all in one folder."""
    facts = results.facts
    for folder in results.score_folders:
        files = score_files(facts, _split(facts), folder)
        if set(facts.weights) <= set(files):
            return files
    return {}


def _split(facts: RunFacts) -> Split:
    """The one training of a table whose rows are tests."""
    return protocol(facts.table).splits[0]


def _make_scores(results: Results) -> None:
    with_scores = ", ".join(sorted({folder.name.split("_table_")[0] for folder in (SHIPPED / "scores").glob("*")}))
    _say("The scores of single pairs of this run are not here; those of Table 1, its negatives drawn per TF, come with "
         f"the project for {with_scores}. This line makes them, together with the results:")  # fmt: skip
    st.code(_scores_command(results), language="bash", wrap_lines=True)


def _scores_command(results: Results) -> str:
    folder = shlex.quote(str(results.score_folders[0]))
    return f"{benchmark_command(results.facts, results.out_for_page)} --keep-scores {folder}"


def _say(text: str) -> None:
    st.info(plain(text), icon=":material/info:")


def _stamped(files: dict[str, Path]) -> tuple[tuple[str, str, float], ...]:
    return tuple((weights, str(file), file.stat().st_mtime) for weights, file in files.items())


@st.cache_resource(max_entries=16, show_spinner="Joining scores with BEELINE")
def _merged(
    files: tuple[tuple[str, str, float], ...], facts: RunFacts, test: Row, _vocabulary: Vocabulary, model: str
) -> LabelledScores:
    """``model`` stands for the vocabulary in the key of the cache."""
    return join_scores({weights: Path(file) for weights, file, _ in files}, facts, _split(facts), test, _vocabulary)
