"""Around the lessons: the list of them, the circuit and its model, what a teacher needs, and the summary to hand in."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ugrn_core.circuits.shipped import LARGEST_SEED, circuit_number
from ugrn_core.lessons.catalogue import LESSONS, MINUTES, Mark, marks
from ugrn_core.lessons.model import model_name
from ui.lessons import keys, live_training, state
from ui.lessons.panel import drawing
from ui.lessons.state import SUMMARY, Said
from ui.shared.errors import plain
from ui.shared.figure_panel import csv_button

TEACHER = """
- **A link opens a prepared step.** Go to the step, cover the reveal, and copy the address of the page: it holds the
  lesson, the step, the seed, the pair and what stands in the cell.
- **A seed for each student** gives each of them other answers; the same seed always gives the same. Seeds go round five
  circuits with the same arrows and other strengths.
- **On paper:** `ugrn learn worksheet --seed 3 --out sheet.html` and `ugrn learn key --seed 3 --out key.html` write
  pages to print. The key is in no page of the app and in no worksheet.
- **Handing in:** the address of the summary holds all predictions and answers of a student. Opened by you, it computes
  how they stand.
- **On a projector:** large type, above.
- Nothing here needs the network, and nothing is kept but in the address.
"""


def show() -> None:
    """The list of lessons."""
    words, picture = st.columns([3, 2], gap="large", vertical_alignment="center")
    with words:
        st.markdown(
            "Eight lessons of ten minutes on what a cell model says about regulation, and what it does not. Each has "
            "a question, a prediction that you lock, something to move, and a check with an answer of your own. The "
            "genes are simulated, so that for once the truth is known."
        )
        seed = st.number_input(
            "Your seed",
            1,
            LARGEST_SEED,
            state.now().seed,
            key=keys.SEED,
            help="Given by your teacher, or any number. It decides strengths and answers.",
        )
        if int(seed) != state.now().seed:
            state.change(seed=int(seed), said={})
        st.caption(f"Seed {int(seed)}: circuit {circuit_number(int(seed))}, model {model_name(int(seed))}.")
    with picture:
        drawing()
    _list()
    live_training.show()
    with st.expander("For the teacher"):
        st.markdown(TEACHER)


def _list() -> None:
    for row in (tuple(LESSONS)[:4], tuple(LESSONS)[4:]):
        for column, number in zip(st.columns(4, gap="small"), row, strict=True):
            lesson = LESSONS[number]
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{number}. {lesson.title}**")
                st.caption(f"{lesson.question} About {MINUTES} minutes.")
                begun = state.now().answer(number) != Said()
                st.button(
                    "Go on" if begun else "Begin",
                    key=f"learn open {number}",
                    icon=":material/play_arrow:",
                    help=f"Lesson {number}: {lesson.title}",
                    on_click=state.open_lesson,
                    args=(str(number), "look" if begun else "predict"),
                )


def summary() -> None:
    """What was predicted and answered, how it stands, and the link that holds it."""
    now = state.now()
    st.subheader("Summary", anchor=False)
    if not now.said:
        st.info(
            "Nothing is answered yet. Predictions and checks of all lessons will stand here.", icon=":material/pending:"
        )
        return
    with st.spinner("Computing the answers of this seed"):
        found = marks(now.seed, {n: (s.choice, s.numbers) for n, s in now.said.items()})
    predicted, checked = _count(found, "prediction"), _count(found, "check")
    first, second, third = st.columns(3)
    first.metric("Seed", str(now.seed), model_name(now.seed), delta_color="off", delta_arrow="off")
    second.metric("Predictions that came true", f"{predicted[0]} of {predicted[1]}")
    third.metric("Checks right", f"{checked[0]} of {checked[1]}")
    table = pd.DataFrame([(m.lesson, m.title, m.kind, m.said, m.standing) for m in found],
                         columns=["lesson", "title", "what", "said", "stands"])  # fmt: skip
    st.dataframe(
        table,
        column_config={
            "lesson": st.column_config.NumberColumn(width=55),
            "title": st.column_config.TextColumn(width=150),
            "what": st.column_config.TextColumn(width=80),
            "said": st.column_config.TextColumn(width=205),
            "stands": st.column_config.TextColumn(width=80),
        },
        hide_index=True,
        width="stretch",
        alt="Predictions and answers of every lesson and how they stand",
    )
    st.markdown("**To hand in**: this link. It holds what you said, and no names.")
    st.code(f"{_address()}?{_query()}", language=None, wrap_lines=True)
    csv_button(table, f"learn summary seed {now.seed}", "learn summary")


def _count(found: list[Mark], kind: str) -> tuple[int, int]:
    of_kind = [m for m in found if m.kind.startswith(kind) and m.right is not None]
    return sum(bool(m.right) for m in of_kind), len(of_kind)


def _query() -> str:
    from urllib.parse import urlencode

    now = state.now()
    return urlencode({"lesson": SUMMARY, "seed": now.seed, "said": state.write_said(now.said)}, safe="=:;,")


def _address() -> str:
    url = st.context.url
    return plain(url.partition("?")[0]) if url else ""
