"""The words of the lessons, each in a sentence or two, for whoever has not read the paper."""

from __future__ import annotations

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
