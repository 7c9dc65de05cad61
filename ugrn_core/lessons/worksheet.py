"""The lessons on paper: a worksheet by seed, and the key to it, each one HTML file that loads nothing; and the words
that lessons use, each explained in a sentence or two for whoever has not read the paper.
"""

from __future__ import annotations

from html import escape

from ugrn_core.circuits.shipped import circuit_number
from ugrn_core.lessons.catalogue import LESSONS, MINUTES
from ugrn_core.lessons.model import model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction

STYLE = """
@page { size: A4; margin: 16mm 15mm; }
body { font: 11.5pt/1.45 "Source Sans 3", "Helvetica Neue", Arial, sans-serif; color: #111; background: #fff;
  max-width: 180mm; margin: 8mm auto; padding: 0 4mm; }
h1 { font-size: 20pt; margin: 0 0 2mm; } h2 { font-size: 14pt; margin: 7mm 0 1.5mm; break-after: avoid; }
section { break-inside: avoid; border-top: 1px solid #999; }
ol.choices { list-style: none; padding: 0; margin: 1mm 0 3mm; } ol.choices li::before { content: "\\25A1\\00A0\\00A0"; }
ol.choices li.right::before { content: "\\25A0\\00A0\\00A0"; } li.right { font-weight: 600; }
.line { display: inline-block; border-bottom: 1px solid #333; min-width: 45mm; height: 1.3em; }
.note { color: #444; font-size: 10pt; } .answer { font-weight: 600; } .seen { margin: 1mm 0; padding-left: 5mm; }
.blank { height: 16mm; border-bottom: 1px dotted #888; }
dt { font-weight: 600; float: left; margin-right: 2mm; } dd { margin: 0 0 1mm; }
figure { margin: 3mm 0; } svg { max-width: 90mm; height: auto; }
"""


def worksheet(seed: int, drawing: str = "") -> str:
    """HTML of the worksheet of a seed; ``drawing`` is SVG text of the circuit. No answer is in it."""
    parts = [
        _head("Worksheet", seed),
        '<p>Name <span class="line"></span> &nbsp; Date <span class="line"></span></p>',
        "<p>Each lesson: tick your prediction <em>before</em> you look, then move things, then answer. On a computer "
        "the "
        f"lessons are on the page Learn, with your seed {seed}: answers belong to it.</p>",
        f"<figure>{drawing}</figure>" if drawing else "",
        _words(),
        *(_sheet_section(lesson, seed) for lesson in LESSONS.values()),
    ]
    return _page(f"Worksheet, seed {seed}", parts)


def key(seed: int, drawing: str = "") -> str:
    """HTML of the key: what comes true, the answers with how they come about, and what was to be seen."""
    parts = [
        _head("Key", seed),
        '<p class="note">For the teacher. Computed anew from the seed with the functions of the product.</p>',
        f"<figure>{drawing}</figure>" if drawing else "",
        *(_key_section(lesson, seed) for lesson in LESSONS.values()),
    ]
    return _page(f"Key, seed {seed}", parts)


def _words() -> str:
    items = "".join(f"<dt>{escape(word)}</dt><dd>{escape(said)}</dd>" for word, said in WORDS.items())
    return f"<section><h2>Words</h2><dl>{items}</dl></section>"


def _head(kind: str, seed: int) -> str:
    return (
        f"<h1>{kind}: what does a cell model say about regulation?</h1>"
        f'<p class="note">Seed {seed}: circuit {circuit_number(seed)}, {model_name(seed)}. {len(LESSONS)} lessons '
        f"of about {MINUTES} minutes.</p>"
    )


def _sheet_section(lesson: Lesson, seed: int) -> str:
    prediction, asked = lesson.predict(seed), lesson.check(seed)
    to_do = "".join(f"<li>{escape(step)}</li>" for step in lesson.to_do)
    answers = "".join(
        f'<p>{letter}) {escape(a.question)}<br><span class="line"></span> {escape(a.unit)}</p>'
        for letter, a in zip("abcd", asked, strict=False)
    )
    return (
        f"<section>{_title(lesson)}<p>{escape(lesson.story)}</p>{_choices(prediction, None)}"
        f"<p><strong>Look.</strong></p><ul>{to_do}</ul><p><strong>Check.</strong></p>{answers}"
        '<p><strong>What did you see, in your own words?</strong></p><div class="blank"></div></section>'
    )


def _key_section(lesson: Lesson, seed: int) -> str:
    prediction = lesson.predict(seed)
    answers = "".join(_answer(letter, a) for letter, a in zip("abcd", lesson.check(seed), strict=False))
    seen = "".join(f"<li>{escape(sentence)}</li>" for sentence in lesson.seen(seed))
    return (
        f"<section>{_title(lesson)}{_choices(prediction, prediction.right)}<p>{escape(prediction.reason)}</p>{answers}"
        f'<p><strong>To be seen</strong></p><ul class="seen">{seen}</ul>'
        f'<p class="note">Simulated: {escape(lesson.simulated)}. Trained: {escape(lesson.trained)}.</p></section>'
    )


def _answer(letter: str, a: LessonQuestion) -> str:
    width = f" &plusmn; {a.tolerance:g}" if a.tolerance else ""
    return (
        f'<p>{letter}) {escape(a.question)}<br><span class="answer">{escape(a.said)}{width}</span> '
        f'<span class="note">{escape(a.working)}</span></p>'
    )


def _title(lesson: Lesson) -> str:
    return f"<h2>{lesson.number}. {escape(lesson.title)}</h2><p><strong>{escape(lesson.question)}</strong></p>"


def _choices(prediction: Prediction, right: int | None) -> str:
    items = "".join(
        f"<li{' class=right' if i == right else ''}>{escape(choice)}</li>"
        for i, choice in enumerate(prediction.choices)
    )
    return f'<p>{escape(prediction.question)}</p><ol class="choices">{items}</ol>'


def _page(title: str, parts: list[str]) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>\n'
        + "\n".join(p for p in parts if p)
        + "\n</body></html>\n"
    )


WORDS: dict[str, str] = {
    "level, log1p": "How much of a gene's product a cell holds. Values are log1p: the logarithm of one plus the level. "
    "0 is none, 1 a level of about 1.7, 2 one of about 6.4.",
    "model": "A network that has seen many cells and learnt to fill in a hidden value from those it sees. Nobody told "
    "it which genes regulate which.",
    "virtual cell": "A cell that never existed: a few genes at values of our choice. The base value is where all of "
    "them start.",
    "response (VVP)": "By how much the model's value of one gene changes when another is moved from its base value, "
    "value by value.",
    "slope (GDT)": "How fast the model's value of one gene changes at a point: the derivative of the response.",
    "regulator, TF": "A gene whose product switches other genes on or off; a transcription factor (TF) does it by "
    "binding to DNA.",
    "translator": "A small network that reads the curves of a pair and says how likely an arrow is. It learns from "
    "pairs of which that is known.",
    "prior, prevalence": "The share of pairs with an edge: among those a translator learnt from, and where it is used.",
    "AUPRC": "How good a ranking is, between the prior (drawing lots) and 1 (all edges first).",
    "FDR": "The share of what is shown that is expected to be wrong.",
    "do()": "An intervention: a gene is held at a level, whatever its regulators say.",
}
"""Word and explanation, in the order in which the lessons need them."""

OF_LESSON: dict[int, tuple[str, ...]] = {
    1: ("level, log1p", "model", "virtual cell", "response (VVP)"),
    2: ("virtual cell", "response (VVP)"),
    3: ("level, log1p", "response (VVP)", "slope (GDT)"),
    4: ("response (VVP)", "translator", "AUPRC", "prior, prevalence"),
    5: ("regulator, TF", "translator", "response (VVP)", "slope (GDT)", "AUPRC", "prior, prevalence"),
    6: ("model", "response (VVP)"),
    7: ("translator", "prior, prevalence", "FDR"),
    8: ("level, log1p", "response (VVP)", "do()"),
}


def words_of(lesson: int) -> dict[str, str]:
    """Words that a lesson uses, explained."""
    return {word: WORDS[word] for word in OF_LESSON[lesson]}
