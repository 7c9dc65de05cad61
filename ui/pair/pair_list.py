"""A pasted list of pairs, scored as a table; a row opens as a pair."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.figures.curves import prepare_scores
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.pair import PairRequest, estimate_curves, score_pairs
from ui.pair import keys
from ui.pair import view as pair_view
from ui.server.session import store
from ui.shared import columns, contexts, settings, work
from ui.shared.errors import NotYet, plain
from ui.shared.figure_panel import csv_button
from ui.shared.gene_report import show_report
from ui.shared.work import Question

PAIRS_FILE = "pairs.csv"
MOST_PAIRS = 5000


def controls(redraw: Callable[[], None]) -> None:
    """The field for the list."""
    st.text_area(
        "Pairs, one a line: source, target",
        key=keys.PAIR_TEXT,
        persist_state="session",
        height=150,
        placeholder="GATA1, KLF1\nSPI1 -> CSF1R",
        on_change=redraw,
    )


def show(backbone: Backbone) -> None:
    """Everything below the controls."""
    pairs, report, choice = read(backbone)
    chosen = settings.read(backbone.card)
    first = PairRequest(*pairs[0], choice.main, chosen)
    topic = ("list", backbone.fingerprint, pairs, first)
    work.turn_to(topic)
    scored = work.answer(
        "list",
        Question(
            topic,
            lambda progress, cancel: score_pairs(
                backbone, pairs, choice.main, chosen, store(), progress=progress, cancel=cancel
            ),
            f"Scores of {len(pairs):,} pairs",
            estimate_curves(backbone, first, store()).seconds * len(pairs),
            str(backbone.device),
        ),
        topic=topic,
    )
    if scored is None:
        return
    _table(scored, backbone)
    csv_button(scored, f"{len(pairs)} pairs, {backbone.card.name}", "list")
    with st.expander("Command line"):
        line = pair_view.command(backbone, PairRequest("$source", "$target", choice.main, chosen), choice)
        st.code(_loop(line, pairs), language="bash", wrap_lines=True)
    show_report(contexts.ContextChoice(choice.contexts, report=report, notes=choice.notes))


def read(backbone: Backbone) -> tuple[tuple[tuple[str, str], ...], GeneReport, contexts.ContextChoice]:
    """Pairs in symbols of the model, the report on their genes, and the context; an error says what is missing."""
    text = st.session_state.get(keys.PAIR_TEXT) or ""
    chosen = columns.pair_boxes(text, "pair", labelled=False)
    named = columns.read_pairs(text, chosen, labelled=False).pairs
    if not named:
        raise NotYet("There are no pairs yet: paste one a line above, such as GATA1, KLF1.")
    if len(named) > MOST_PAIRS:
        raise InputError(f"{len(named):,} pairs are more than the {MOST_PAIRS:,} of this page. Use ugrn sweep.")
    choice = contexts.read(backbone)
    report = resolve(list(dict.fromkeys(gene for pair in named for gene in pair)), backbone.vocabulary)
    symbol = {record.name: record.symbol for record in report.records}
    known = [(symbol[s], symbol[t]) for s, t in named]
    pairs = tuple(dict.fromkeys((s, t) for s, t in known if s and t and s != t))
    itself = sum(s is not None and s == t for s, t in known)
    alone = f" {itself:,} of a gene with itself left out." if itself else ""
    if not pairs:
        raise InputError(f"No pair has two different genes of this model.{alone} {report.sentence()}")
    if len(pairs) < len(named):
        st.caption(plain(f"{len(pairs):,} of {len(named):,} pairs are scored.{alone} {report.sentence()}"))
    return pairs, report, choice


def _table(scored: pd.DataFrame, backbone: Backbone) -> None:
    """Scores with their curves; the row that is chosen can be opened as a pair."""
    unit = backbone.card.unit
    number = st.column_config.NumberColumn
    line = st.column_config.LineChartColumn
    event = st.dataframe(
        prepare_scores(scored),
        width="stretch",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=keys.SCORES,
        alt="Scores of the pairs, one row a pair",
        column_config={
            "forward_max_response": number(f"target changes by ({unit})", format="%+.3g"),
            "forward": line("curve", width="small"),
            "reverse_max_response": number(f"source changes by ({unit})", format="%+.3g"),
            "reverse": line("curve back", width="small"),
            "forward_max_slope": number("slope", format="%+.3g"),
            "reverse_max_slope": number("slope back", format="%+.3g"),
        },
    )
    rows = event["selection"]["rows"]
    if rows:
        source, target = scored.loc[rows[0], ["source", "target"]]
        st.button(f"Open {source} and {target} as a pair", on_click=_open, args=(source, target))


def _open(source: str, target: str) -> None:
    state = st.session_state
    state[keys.SOURCE], state[keys.TARGET], state[keys.MODE] = source, target, "pair"
    st.rerun()


def _loop(line: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """Shell text that asks for every pair in turn."""
    listed = "\n".join(f"{s} {t}" for s, t in pairs[:20]) + ("\n..." if len(pairs) > 20 else "")
    asked = line.replace("'$source'", '"$source"').replace("'$target'", '"$target"')
    return f"while read source target; do {asked}; done <<END\n{listed}\nEND"
