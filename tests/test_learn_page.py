"""Every lesson and every step of it, without a browser; and addresses, which come from anybody."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as hst
from streamlit.testing.v1 import AppTest

from tests.framed_page import framed_page
from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.circuits.shipped import LARGEST_SEED
from ugrn_core.circuits.teaching import GENES
from ugrn_core.errors import InputError, UGRNError
from ugrn_core.jobs import JOBS
from ugrn_core.lessons.catalogue import LESSONS
from ugrn_core.lessons.translator import SHUFFLES
from ui.lessons.state import STEPS, Said, State, read, read_said, write_said, written
from ui.lessons.steps import own_genes

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(ROOT)
    st.cache_resource.clear()
    yield
    for job in list(JOBS._jobs.values()):
        job.stop.set()
        job.wait(5)
    JOBS._jobs.clear()


def opened(**address: str) -> AppTest:
    at = framed_page("learn.py", 180)
    at.session_state["model"] = "toy-linear"
    for name, value in address.items():
        at.query_params[name] = value
    return at.run()


def words(at: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "caption", "success", "info", "warning", "error")
    return " ".join(str(e.value) for kind in kinds for e in at.get(kind))


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def address(at: AppTest) -> dict[str, str]:
    """Without the model, which the lessons do not read."""
    return {k: v[0] if isinstance(v, list) else v for k, v in at.query_params.items() if k != "model"}


MOVES = {
    1: ("select_slider", "learn widget 1 x", (1.2, 1.5)),
    2: ("slider", "learn widget 2 u", (2.0, 3.1)),
    3: ("slider", "learn widget 3 n", (17, 30)),
    4: ("slider", "learn widget 4 n", (60, 100)),
    5: ("button_group", "learn widget 5 sampler", ("per_tf", "degree_matched")),
    6: ("toggle", "learn widget 6 heights", (True, False)),
    7: ("select_slider", "learn widget 7 prevalence", (0.05, 0.2)),
    8: ("toggle", "learn widget 8 with D-E", (True, False)),
}
MOST_SECONDS = 0.3
"""Of the processor, for the whole page drawn anew; about a tenth of it is needed."""


@pytest.mark.parametrize("number", MOVES)
def test_a_move_finds_what_is_there_and_asks_no_model(number: int, monkeypatch) -> None:
    at = opened(lesson=str(number), step="look", seed="3", said=f"{number}=0", hide="1")
    kind, key, (once, again) = MOVES[number]

    def move(value: object) -> float:
        started = time.process_time()
        getattr(at, kind)(key=key).set_value(value).run()
        assert not at.exception and not at.error
        return time.process_time() - started

    if number == 8:  # a cell with another gene is asked about once
        move(once), move(again)
    for name in ("model.sweep_sources", "random_weights.sweep_pairs"):
        monkeypatch.setattr(f"ugrn_core.lessons.{name}", _never)
    before = drawn(at)
    spent = [move(once)]
    assert number == 4 or drawn(at) != before, "what was moved is seen"
    spent.append(move(again))
    assert min(spent) < MOST_SECONDS, f"lesson {number}: {spent} s"


def drawn(at: AppTest) -> list[str]:
    """Numbers and figures of a page."""
    return [str(m.value) for m in at.metric] + [chart.proto.spec for chart in at.get("plotly_chart")]


def _never(*_: object, **__: object):
    raise AssertionError("a move of a slider asked a model")


@pytest.mark.parametrize("number", LESSONS)
@pytest.mark.parametrize("step", STEPS)
def test_a_link_opens_every_step_of_every_lesson_and_the_key_is_not_in_the_page(number: int, step: str) -> None:
    at = opened(lesson=str(number), step=step, seed="3", said=f"{number}=0", hide="1")
    assert not at.exception and not at.error, words(at)
    lesson, text = LESSONS[number], words(at)
    assert f"{number}. {lesson.title}" in text and "circuit-3" in text
    assert "Simulated:" in text and "Trained:" in text
    if step in ("look", "check") or (number == 6 and step == "predict"):
        charts = at.get("plotly_chart")
        assert charts and len(at.dataframe) >= 1
    if step == "seen":
        assert at.get("latex") or lesson.equation in text
    if step == "check":
        assert len(at.number_input) == len(lesson.check(3))
    if step == "look":
        assert at.button(key="learn reveal") and address(at)["hide"] == "1"
    drawn = text + " ".join(chart.proto.spec for chart in at.get("plotly_chart"))
    if step != "seen":
        assert lesson.predict(3).reason[:30] not in drawn and "do(), simulated" not in drawn
        assert not [a.working for a in lesson.check(3) if a.working[:20] in drawn]
    assert "class=right" not in drawn and "Words of this lesson" in [e.label for e in at.expander]


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_from_prediction_to_summary(number: int) -> None:
    at = opened(lesson=str(number), seed="2")
    prediction = LESSONS[number].predict(2)
    wrong = (prediction.right + 1) % len(prediction.choices)
    assert at.button(key="learn lock").disabled and at.button(key="learn step look").disabled
    at.radio[0].set_value(wrong).run()
    press(at, "learn lock")
    assert address(at)["step"] == "look" and address(at)["hide"] == "1" and address(at)["said"] == f"{number}={wrong}"
    text = words(at)
    assert "You said" in text and prediction.reason[:30] not in text
    press(at, "learn reveal")
    assert "hide" not in address(at) and "Not as you said" in words(at)
    press(at, "learn cover")
    assert prediction.reason[:30] not in words(at) and address(at)["hide"] == "1"
    press(at, "learn step predict")
    assert at.radio[0].disabled and at.radio[0].value == wrong, "a prediction stays locked"
    press(at, "learn step check")
    asked = LESSONS[number].check(2)
    for field, a in zip(at.number_input, asked, strict=True):
        field.set_value(float(a.answer))
    check = next(b for b in at.button if b.label == "Check my answers")
    check.click().run()
    assert not at.exception and len(at.success) == len(asked), words(at)
    press(at, "learn next seen")
    for sentence in LESSONS[number].seen(2):
        assert sentence.split()[0] in words(at)
    press(at, "learn go summary")
    assert not at.exception
    shown = at.dataframe[0].value
    assert shown["stands"].tolist() == ["not so"] + ["right"] * len(asked)
    assert f"{len(asked)} of {len(asked)}" in [m.value for m in at.metric]
    link = at.code[0].value
    again = opened(**{k: v for k, _, v in (p.partition("=") for p in link.split("?")[1].split("&"))})
    assert not again.exception
    assert again.dataframe[0].value["stands"].tolist() == shown["stands"].tolist()


def test_a_wrong_answer_gets_a_hint_and_after_three_the_answer() -> None:
    at = opened(lesson="7", step="check", said="7=0")
    asked = LESSONS[7].check(1)
    for times in range(3):
        at.number_input[0].set_value(0.5 + times / 100)
        next(b for b in at.button if b.label == "Check my answers").click().run()
        if times < 2:
            assert asked[0].hint[:20] in words(at) and asked[0].working[:12] not in words(at)
    assert asked[0].said in words(at)
    assert "No answer yet" in words(at)


def test_a_teachers_link_opens_a_prepared_step_with_the_reveal_covered() -> None:
    at = opened(lesson="8", step="look", seed="4", pair="A-F", **{"with": "B", "hide": "1", "large": "1"})
    assert not at.exception and not at.error
    text = words(at)
    assert "A acts on F through B." in text and "All patterns" not in text and "is covered" in text
    assert at.toggle(key="learn widget 8 with A-F").value is True
    assert at.toggle(key="learn large").value is True
    layout = json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]
    assert layout["legend"]["font"]["size"] == layout["font"]["size"] > 18
    assert address(at) == {
        "lesson": "8", "step": "look", "seed": "4", "pair": "A-F", "with": "B", "hide": "1", "large": "1"
    }  # fmt: skip
    press(at, "learn reveal")
    assert "All patterns" in words(at) and len(at.dataframe) == 2


def test_what_is_moved_goes_into_the_address() -> None:
    at = opened(lesson="1", step="look", said="1=2")
    at.button_group(key="learn widget 1 with").set_value(["F", "H"]).run()
    assert address(at)["with"] == "F,H" and address(at)["pair"] == "A-B"
    low = at.metric[1].value
    at.select_slider(key="learn widget 1 x").set_value(1.5).run()
    assert at.metric[1].value != low


def test_attempts_of_a_translator_are_kept_and_cleared() -> None:
    at = opened(lesson="4", step="look", said="4=1")
    press(at, "learn widget 4 go")
    at.toggle(key="learn widget 4 shuffle").set_value(True).run()
    press(at, "learn widget 4 go")
    table = at.dataframe[0].value
    assert table["labels"].tolist() == ["labels as they are"] + SHUFFLES * ["labels shuffled"]
    assert table["auprc"].iloc[0] > table["auprc"].iloc[1:].mean()
    figure = json.loads(at.get("plotly_chart")[1].proto.spec)
    assert any(t["name"] == f"their mean: {table['auprc'].iloc[1:].mean():.2f}" for t in figure["data"])
    press(at, "learn widget 4 clear")
    at.run()
    assert not len(at.dataframe[0].value)


def test_the_reverse_edge_is_shown_when_asked_for_and_marked() -> None:
    at = opened(lesson="5", step="look", said="5=1")
    assert "Reverse is an edge" not in set(at.dataframe[0].value["method"])
    at.toggle(key="learn widget 5 answers").set_value(True).run()
    table = at.dataframe[0].value.set_index("method")
    assert table.loc["Reverse is an edge", "kind"] == "answers"


def test_every_table_of_a_model_with_two_samplers_can_be_looked_at() -> None:
    for seed in "12":
        at = opened(lesson="5", step="look", seed=seed, said="5=1")
        asked = at.button_group(key="learn widget 5 model").value
        at.button_group(key="learn widget 5 model").set_value("ugrn-mini-2").run()
        key = "learn widget 5 sampler" + ("" if asked == "ugrn-mini-2" else " of ugrn-mini-2")
        at.button_group(key=key).set_value("exchanged").run()
        assert not at.exception and "ugrn-mini-2, one negative" in words(at) and "targets exchanged" in words(at)
        assert at.dataframe[0].value["method"].iloc[0] == "VVP"
        at.button_group(key="learn widget 5 model").set_value("ugrn-mini").run()
        assert not at.exception and "ugrn-mini, one negative" in words(at)


def test_sides_stay_unnamed_until_the_reveal() -> None:
    at = opened(lesson="6", step="look", said="6=0", hide="1")
    assert at.toggle(key="learn widget 6 named").disabled
    assert "random weights" not in " ".join(m.value for m in at.markdown if m.value.startswith("**Left"))
    press(at, "learn reveal")
    at.toggle(key="learn widget 6 named").set_value(True).run()
    assert any(m.value in ("**Left**: trained", "**Left**: random weights") for m in at.markdown)


def test_the_list_opens_lessons_and_another_seed_forgets_answers() -> None:
    at = opened()
    assert not at.exception and sum(b.label == "Begin" for b in at.button) == len(LESSONS)
    press(at, "learn open 5")
    assert "5. Which shortcut wins?" in words(at)
    at = opened(said="2=0:1:1", seed="2")
    assert sum(b.label == "Go on" for b in at.button) == 1
    at.number_input(key="learn seed").set_value(9).run()
    assert "circuit-4" in words(at)
    assert address(at) == {"seed": "9"}


def test_a_model_is_trained_on_the_page_and_used_on_all(monkeypatch) -> None:
    monkeypatch.setattr("ui.lessons.live_training.LIVE_STEPS", 40)
    at = opened(seed="2")
    press(at, "learn train")
    for job in list(JOBS._jobs.values()):
        assert job.wait(120)
    at.run()
    assert not at.exception
    assert len(at.get("plotly_chart")) == 1 and at.dataframe[0].value["step"].tolist() == [20, 40]
    press(at, "learn use")
    assert at.session_state["model"] == "own"
    assert "14 genes" in words(at) and "log1p" in words(at)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"lesson": "9"}, "lesson is '9'"),
        ({"lesson": "1", "step": "cheat"}, "step is 'cheat'"),
        ({"seed": "0"}, "seed is '0'"),
        ({"seed": "1e9"}, "seed is '1e9'"),
        ({"seed": "٣"}, "seed is"),
        ({"seed": str(LARGEST_SEED) + "0"}, "seed is"),
        ({"lesson": "8", "pair": "D-<b>"}, "pair is 'D-<b>'"),
        ({"lesson": "8", "pair": "A-A"}, "pair is 'A-A'"),
        ({"lesson": "1", "with": "H,Ω"}, "with names 'Ω'"),
        ({"hide": "yes"}, "hide is 'yes'"),
        ({"large": "2"}, "large is '2'"),
        ({"said": "1=2:abc"}, "'1=2:abc' among the answers"),
        ({"said": "1=2:1e999"}, "'1e999' among the answers"),
        ({"said": "99=1"}, "'99=1' among the answers"),
        ({"said": "1=1:1:1:1:1:1"}, "lesson 1 has 5 numbers"),
        ({"said": "<script>"}, "among the answers"),
    ],
)
def test_an_address_without_sense_is_named_and_the_page_lives_on(given: dict[str, str], named: str) -> None:
    with pytest.raises(InputError) as caught:
        read(given)
    assert (named in str(caught.value) and "expected" in str(caught.value)) or "Ask for" in str(caught.value)
    at = opened(**given)
    assert not at.exception and len(at.error) == 1
    assert sum(b.label == "Begin" for b in at.button) == len(LESSONS)


@given(
    hst.dictionaries(hst.sampled_from(["lesson", "step", "seed", "pair", "with", "hide", "large", "said"]), hst.text())
)
def test_any_address_is_read_or_refused_in_one_sentence(given: dict[str, str]) -> None:
    said = ""
    try:
        state = read(given)
        assert read(written(state)) == State(**{**vars(state), **_dropped(state)})
    except UGRNError as error:
        said = str(error)
    assert "\n" not in said and len(said) < 400


def _dropped(state: State) -> dict:
    """What an address leaves out where no lesson is open."""
    return {} if state.lesson else {"step": "predict", "pair": "", "beside": (), "hide": False}


numbers = hst.one_of(hst.none(), hst.floats(-1e5, 1e5).map(lambda v: float(f"{v:.6g}")))
answers = hst.builds(Said, hst.one_of(hst.none(), hst.integers(0, 9)), hst.lists(numbers, max_size=4).map(tuple))


@given(hst.dictionaries(hst.sampled_from(list(LESSONS)), answers))
def test_answers_survive_their_address(said: dict[int, Said]) -> None:
    assert read_said(write_said(said)) == said


def test_free_mode_carries_the_question_over() -> None:
    assert LESSONS[8].free(3) == {
        "model": "circuit-3", "source": "D", "target": "E", "context": "genes", "genes": "H"
    }  # fmt: skip
    for lesson in LESSONS.values():
        free, own = lesson.free(3), own_genes(lesson, 3)
        assert free["source"] in GENES and free["target"] in GENES
        assert own["model"] == DEFAULT_BACKBONE and ("context" in own) == ("context" in free)


def test_the_chosen_model_stays_in_the_address_and_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: dict[str, object] = {}
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: gone.update(query_params))
    for chosen, asked in (("ugrn-mini", "ugrn-mini"), ("circuit-3", DEFAULT_BACKBONE)):
        at = opened(model=chosen, lesson="1", step="seen")
        assert at.query_params["model"] in (chosen, [chosen]) and address(at) == {"lesson": "1", "step": "seen"}
        press(at, "learn free own")
        assert gone == {"model": asked, "source": "GATA1", "target": "KLF1"}
