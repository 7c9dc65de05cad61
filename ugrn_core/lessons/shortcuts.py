"""Lesson 5: which shortcut wins? It depends on how the pairs without an edge were drawn."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import pandas as pd

from ugrn_core.benchmark.results import NONE, read_results
from ugrn_core.benchmark.run_facts import run_facts
from ugrn_core.benchmark.sampling import EXCHANGED, SAMPLERS
from ugrn_core.benchmark.tables import wide_table
from ugrn_core.errors import InputError
from ugrn_core.lessons.model import model_name
from ugrn_core.lessons.record import Lesson, LessonQuestion, Prediction
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.paths import ASSETS

TABLE = 1
PROBES = ("VVP", "GDT")
REVERSE = "Reverse is an edge"
"""The one score of the lesson that reads the answers: the edges of the network it is tested on."""

Kind = Literal["model", "no model", "answers"]
ASKED_WITH = "uniform"
HOW_DRAWN = {
    "per_tf": "as many for each regulator as it has targets",
    "uniform": "any pair without an edge",
    "degree_matched": "targets as often as they are targets of edges",
    "tf_matched": "targets as often factors as those of edges",
}
"""Samplers that votes and checks are about."""

ALL_DRAWN = {
    **HOW_DRAWN,
    EXCHANGED: "two edges with their targets exchanged, so that every gene stands as often here as there",
}
"""Those that can be looked at; no model of the project has been run with every one."""


def contestants() -> tuple[str, ...]:
    """Scores one may vote for, those that need no model and ours, in the order of the registry."""
    return tuple(m.name for m in METHODS.values() if m.family == "shortcut" or m.name in PROBES)


def kind_of(method: str) -> Kind:
    """What a score looks at: a model, nothing of the kind, or the answers of the test."""
    return "answers" if METHODS[method].family == "answers" else "model" if method in PROBES else "no model"


def label(method: str) -> str:
    """What a score is, in words."""
    return f"{method}: {METHODS[method].label}"


@lru_cache(maxsize=1)
def tables() -> dict[tuple[str, str], pd.DataFrame]:
    """Shipped runs of Table 1 that are complete, by model and sampler; the small models of the project only."""
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for file in sorted((ASSETS / "benchmark").glob(f"*_table_{TABLE}*.csv.gz")):
        frame = read_results(file)
        facts = run_facts(frame)
        if facts.backbone != NONE and not facts.max_sources and not facts.test_sets and facts.context == "pair":
            found.setdefault((facts.backbone, facts.sampler), frame)
    return found


def models() -> tuple[str, ...]:
    """Models that have been run with every sampler of the lesson."""
    names = dict.fromkeys(model for model, _ in tables())
    whole = tuple(m for m in names if all((m, s) in tables() for s in HOW_DRAWN))
    if not whole:
        raise InputError("No shipped benchmark table has every sampler; this copy of the project is incomplete.")
    return whole


def shown_models() -> tuple[str, ...]:
    """Models whose tables can be looked at: those of :func:`models`, and any other that was run with two samplers."""
    return tuple(dict.fromkeys((*models(), *(m for m, _ in tables() if len(samplers_of(m)) > 1))))


def samplers_of(model: str) -> tuple[str, ...]:
    """Samplers that a model has been run with, in the order of :data:`ALL_DRAWN`."""
    return tuple(s for s in ALL_DRAWN if (model, s) in tables())


def model_of(seed: int) -> str:
    """The model whose tables a seed looks at."""
    return models()[(seed - 1) % len(models())]


@lru_cache(maxsize=64)
def standing(model: str, sampler: str, subset: str = "all") -> pd.DataFrame:
    """``method, label, auprc, kind`` of contestants and of the reverse edge, on average over the tests of Table 1,
    best first."""
    means = wide_table(tables()[model, sampler], TABLE, subset=subset).iloc[-1]
    shown = [m for m in (*contestants(), REVERSE) if m in means.index and pd.notna(means[m])]
    rows = [(m, label(m), float(means[m]), kind_of(m)) for m in shown]
    frame = pd.DataFrame(rows, columns=["method", "label", "auprc", "kind"])
    return frame.sort_values("auprc", ascending=False, kind="stable", ignore_index=True)


def asked_sampler(seed: int) -> str:
    """The sampler of the check; the vote is about :data:`ASKED_WITH`."""
    others = tuple(s for s in HOW_DRAWN if s != ASKED_WITH)
    return others[(seed - 1) // len(models()) % len(others)]


def lead(model: str, sampler: str) -> tuple[float, str]:
    """AUPRC of VVP above the best score without a model, and that score's name."""
    table = standing(model, sampler).set_index("method")
    best = table[table["kind"] == "no model"]["auprc"]
    return float(table.loc["VVP", "auprc"] - best.max()), str(best.idxmax())


def honest(model: str, sampler: str) -> pd.DataFrame:
    """:func:`standing` without the score that reads the answers."""
    table = standing(model, sampler)
    return table[table["kind"] != "answers"].reset_index(drop=True)


def predict(seed: int) -> Prediction:
    table = honest(model_of(seed), ASKED_WITH)
    offered = [m for m in contestants() if m in set(table["method"])]
    winner = str(table["method"].iloc[0])
    return Prediction(
        "A score learns from one network (STRING, human stem cells) and is asked about 19 networks of other cells. "
        "Negatives are drawn from all pairs without an edge. Which of these gets the best AUPRC on average?",
        tuple(label(m) for m in offered),
        offered.index(winner),
        f"{winner} reached {table['auprc'].iloc[0]:.3f}. A gene with many edges is likely to have another; whoever "
        "draws negatives from all pairs draws genes with few edges, and counting is enough.",
    )


def check(seed: int) -> tuple[LessonQuestion, ...]:
    model, sampler = model_of(seed), asked_sampler(seed)
    above, best = lead(model, sampler)
    table = standing(model, sampler).set_index("method")["auprc"]
    return (
        LessonQuestion(
            f"With negatives drawn {SAMPLERS[sampler].title} ({HOW_DRAWN[sampler]}), how far is VVP of {model} above "
            "the best score that needs no model (AUPRC; negative if below)?",
            above,
            0.0015,
            hint="Switch the sampler and read the table below the figure.",
            working=f"VVP {table['VVP']:.3f}, {best} {table[best]:.3f}.",
        ),
        LessonQuestion(
            f"With the same negatives: which AUPRC has '{REVERSE}', a score that reads the answers?",
            float(table[REVERSE]),
            0.0015,
            hint="Let the figure show the score that reads the answers, and read its bar.",
            working="Where a pair has an edge, the turned pair often has one too, and among the negatives it seldom "
            "has.",
        ),
    )


def seen(seed: int) -> tuple[str, str, str]:
    model = model_of(seed)
    ranking = {s: honest(model, s)["method"].iloc[0] for s in HOW_DRAWN}
    said = ", ".join(f"{SAMPLERS[s].title} {m}" for s, m in ranking.items())
    reverse = [float(standing(model, s).set_index("method")["auprc"][REVERSE]) for s in HOW_DRAWN]
    unseen = standing(model, "per_tf", "both_unseen").set_index("method")["auprc"]
    return (
        f"Who is best depends on how the negatives are drawn: {said}. None of these shortcuts looks at a cell or at a "
        "model.",
        f"Whoever knows the turned edge scores {min(reverse):.2f} to {max(reverse):.2f} with any of the samplers: were "
        "a little of the answers to reach the features, a table would look like success.",
        "So a score is read beside its shortcuts, and on pairs of which both genes are new to the translator: there "
        f"VVP of {model} is at {unseen['VVP']:.3f} for a prior of 0.5.",
    )


LESSON = Lesson(
    number=5,
    title="Which shortcut wins?",
    question="Where does a good score come from, when no model is asked?",
    story="Real networks this time: those of BEELINE, from seven kinds of cells. A score may win without knowing "
    "anything about cells, if the test lets it.",
    simulated="nothing; these are results on published networks",
    trained="the project's small models and their translators, run before; the tables are those of the Benchmark page",
    predict=predict,
    check=check,
    seen=seen,
    equation=r"\mathrm{AUPRC} = \sum_k (R_k - R_{k-1})\,P_k",
    equation_note="Average precision, by which the tables of the paper are read: P is precision and R is recall down "
    "the ranking. With as many edges as other pairs, lots score 0.5.",
    free=lambda seed: {"model": model_name(seed), "source": "A", "target": "B"},
    to_do=(
        "Switch the sampler of negatives and watch who is first.",
        "Switch to pairs of which both genes are new: who falls most?",
        "Find a sampler with which no shortcut is above VVP.",
        "Show the score that reads the answers. Does any sampler shut it out? Look at ugrn-mini-2 as well.",
    ),
)
