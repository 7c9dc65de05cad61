"""The pattern of a lesson, once: a question, a prediction that is locked, something to move, a check, what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from ugrn_core.lessons.catalogue import LESSONS
from ugrn_core.lessons.model import model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction
from ugrn_core.lessons.worksheet import words_of
from ui.lessons import keys, state, widgets
from ui.lessons.state import STEPS, Said
from ui.shared import address, example, models
from ui.shared.errors import plain

PAIR_PAGE = "pages/pair.py"
TRIES = 3
"""Wrong answers after which the answer may be shown."""


def show(lesson: Lesson) -> None:
    """The open step of a lesson."""
    now = state.now()
    st.subheader(f"{lesson.number}. {lesson.title}", anchor=False)
    st.markdown(f"**{lesson.question}** {lesson.story if now.step == 'predict' else ''}")
    with st.spinner("Computing the lesson of this seed"):
        prediction = lesson.predict(now.seed)
    _progress(lesson, prediction)
    STEP[now.step](lesson, prediction)
    with st.expander("Words of this lesson"):
        st.markdown("  \n".join(f"**{word}**: {plain(said)}" for word, said in words_of(lesson.number).items()))
    _provenance(lesson)


def _progress(lesson: Lesson, prediction: Prediction) -> None:
    """Where one is, in words, a way to each step that is open, and the locked prediction."""
    now = state.now()
    open_steps = list(STEPS) if now.answer(lesson.number).choice is not None else ["predict"]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=keys.STEPS):
        for number, (step, name) in enumerate(STEPS.items(), 1):
            st.button(
                f"{number} {name}",
                key=f"learn step {step}",
                type="primary" if step == now.step else "tertiary",
                disabled=step not in open_steps and step != now.step,
                help=None if step in open_steps or step == now.step else "Lock a prediction first.",
                on_click=state.change,
                kwargs={"step": step},
            )
        choice = now.answer(lesson.number).choice
        if choice is not None and choice < len(prediction.choices) and now.step != "predict":
            st.caption(f":material/lock: You said: {plain(prediction.choices[choice])}")


def _predict(lesson: Lesson, prediction: Prediction) -> None:
    now = state.now()
    locked = now.answer(lesson.number).choice
    widgets.before(lesson.number, now)
    st.markdown(f"**Your prediction.** {plain(prediction.question)}")
    chosen = st.radio(
        plain(prediction.question),
        range(len(prediction.choices)),
        index=locked if _valid(locked, prediction) else None,
        format_func=lambda i: plain(prediction.choices[i]),
        disabled=locked is not None,
        label_visibility="collapsed",
        key=f"learn widget predict {lesson.number} {now.seed}",
    )
    if locked is None:
        st.button(
            "Lock my prediction",
            type="primary",
            icon=":material/lock:",
            disabled=chosen is None,
            on_click=_lock,
            args=(lesson.number, chosen),
            key=keys.LOCK,
        )
        st.caption("It stays as it is until the end; being wrong is what a prediction is for.")
    else:
        st.caption("Locked.")
        _next("look", "Look")


def _look(lesson: Lesson, prediction: Prediction) -> None:
    st.markdown("  \n".join(f":material/arrow_right: {plain(step)}" for step in lesson.to_do))
    widgets.show(lesson.number)
    if not state.now().hide:
        _told(lesson, prediction)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _cover()
        _next("check", "Go on to the check")


def _check(lesson: Lesson, _: Prediction) -> None:
    now = state.now()
    with st.spinner("Computing the answers of this seed"):
        asked = lesson.check(now.seed)
    with st.form(f"learn check {lesson.number}", border=True):
        st.markdown("**Check.** Read it off below; the answers belong to your seed.")
        given = [
            st.number_input(
                plain(f"{letter}) {a.question}" + (f" ({a.unit})" if a.unit else "")),
                value=_given(now.answer(lesson.number), n),
                step=None,
                format="%g",
                placeholder="a number",
                key=f"learn widget check {lesson.number} {now.seed} {n}",
            )
            for n, (letter, a) in enumerate(zip("abcd", asked, strict=False))
        ]
        sent = st.form_submit_button("Check my answers", type="primary", icon=":material/check:")
    if sent:
        tries = st.session_state.setdefault(keys.TRIES, {})
        tries[lesson.number, now.seed] = tries.get((lesson.number, now.seed), 0) + 1
        answer = replace(now.answer(lesson.number), numbers=tuple(None if g is None else float(g) for g in given))
        state.put(now.with_answer(lesson.number, answer))
    _verdicts(lesson, asked)
    widgets.show(lesson.number)
    _next("seen", "What you just saw")


def _seen(lesson: Lesson, _: Prediction) -> None:
    now = state.now()
    with st.spinner("Computing the figures of this seed"):
        sentences = lesson.seen(now.seed)
    st.markdown("**What you just saw**")
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
    st.latex(lesson.equation)
    st.caption(plain(lesson.equation_note))
    st.markdown("**Now with your own genes**")
    with st.container(horizontal=True, gap="small"):
        if st.button("This pair in the pair explorer", icon=":material/open_in_new:", key=keys.FREE_CIRCUIT):
            st.switch_page(PAIR_PAGE, query_params=dict(lesson.free(now.seed)))
        if st.button("Your own genes, in a model of real cells", icon=":material/open_in_new:", key=keys.FREE_OWN):
            st.switch_page(PAIR_PAGE, query_params=own_genes(lesson, now.seed))
    following = lesson.number + 1
    if following in LESSONS:
        _turn(str(following), f"Next: {LESSONS[following].title}")
    else:
        _turn(state.SUMMARY, "To the summary")


def own_genes(lesson: Lesson, seed: int) -> dict[str, str]:
    """The question of a lesson put to a model of real cells, the chosen one if it is: a known pair to begin with, in
    the same kind of cell."""
    free, chosen = lesson.free(seed), address.model_words()
    if chosen.get("model") not in models.of_real_cells():
        chosen = {"model": models.of_real_cells()[0]}
    asked = {**chosen, "source": example.SOURCE, "target": example.TARGET}
    if "context" in free:
        asked |= {"context": free["context"], "genes": "GATA2,TAL1,LMO2"}
    return asked


def _cover() -> None:
    """A button that asks for the reveal, or covers it again."""
    if state.now().hide:
        st.button(
            "Reveal", icon=":material/visibility:", on_click=state.change, kwargs={"hide": False}, key=keys.REVEAL
        )
        return
    st.button(
        "Cover it again",
        icon=":material/visibility_off:",
        type="tertiary",
        on_click=state.change,
        kwargs={"hide": True},
        key=keys.COVER,
        help="For a link that opens with the reveal hidden: cover it, then copy the address of the page.",
    )


def _told(lesson: Lesson, prediction: Prediction) -> None:
    """How the prediction stands."""
    now = state.now()
    choice = now.answer(lesson.number).choice
    words = f"{prediction.choices[prediction.right]}. {prediction.reason}"
    if not _valid(choice, prediction):
        st.info(plain(f"It is: {words}"), icon=":material/visibility:")
    elif choice == prediction.right:
        st.success(plain(f"As you said: {words}"), icon=":material/check_circle:")
    else:
        st.warning(plain(f"Not as you said. It is: {words}"), icon=":material/lightbulb:")


def _verdicts(lesson: Lesson, asked: tuple[LessonQuestion, ...]) -> None:
    now = state.now()
    tries = st.session_state.get(keys.TRIES, {}).get((lesson.number, now.seed), 0)
    numbers = now.answer(lesson.number).numbers
    for letter, a, value in zip("abcd", asked, numbers, strict=False):
        if value is None:
            st.info(f"{letter}) No answer yet.", icon=":material/pending:")
        elif a.accepts(value):
            st.success(plain(f"{letter}) Right. {a.working}"), icon=":material/check_circle:")
        elif tries >= TRIES:
            st.warning(plain(f"{letter}) {value:g} is not it: {a.said}. {a.working}"), icon=":material/lightbulb:")
        else:
            st.warning(plain(f"{letter}) {value:g} is not it yet. {a.hint}"), icon=":material/refresh:")


def _provenance(lesson: Lesson) -> None:
    st.caption(
        plain(
            f"Simulated: {lesson.simulated}. Trained: {lesson.trained}. Model of this seed: "
            f"{model_name(state.now().seed)}, whatever is chosen in the sidebar."
        )
    )


def _lock(lesson: int, choice: int | None) -> None:
    now = state.now()
    answer = replace(now.answer(lesson), choice=choice)
    state.put(replace(now.with_answer(lesson, answer), step="look", hide=True))


def _next(step: str, words: str) -> None:
    st.button(
        words,
        type="primary",
        icon=":material/arrow_forward:",
        on_click=state.change,
        kwargs={"step": step},
        key=f"learn next {step}",
    )


def _turn(place: str, words: str) -> None:
    st.button(
        words,
        type="primary",
        icon=":material/arrow_forward:",
        on_click=state.open_lesson,
        args=(place,),
        key=keys.FOLLOWING,
    )


def _valid(choice: int | None, prediction: Prediction) -> bool:
    return choice is not None and choice < len(prediction.choices)


def _given(answer: Said, n: int) -> float | None:
    return answer.numbers[n] if n < len(answer.numbers) else None


STEP: dict[str, Callable[[Lesson, Prediction], None]] = {
    "predict": _predict,
    "look": _look,
    "check": _check,
    "seen": _seen,
}
