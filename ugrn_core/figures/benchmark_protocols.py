"""The paper's draw of pairs beside ours, in which no score that reads the answers is above chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from ugrn_core.figures.benchmark import ANSWERS, CORPUS, TableView, prepare_cells, prepare_tests
from ugrn_core.figures.benchmark_means import NONE, SUBSETS, Mean, averages, best, markdown

PAPER, OURS = "per_tf", "exchanged"
DRAWS = {PAPER: "as the paper draws", OURS: "exchanged"}
COLUMNS = ["method", "reads the answers", *DRAWS.values()]


class BothDraws(NamedTuple):
    """Frames of one table of a model, by how pairs were drawn."""

    paper: pd.DataFrame
    ours: pd.DataFrame


def prepare_protocols(draws: BothDraws, view: TableView) -> pd.DataFrame:
    """Averages under both draws (``COLUMNS``, text with seeds), of the methods that both have."""
    both = [_of_view(frame, view) for frame in draws]
    names = [name for name in both[0] if name in both[1] and both[0][name].seeds and both[1][name].seeds]
    return pd.DataFrame(
        [(name, name in ANSWERS, *(str(m[name]) for m in both)) for name in names],
        columns=COLUMNS,
    )


def protocols_sentence(draws: BothDraws, view: TableView) -> str:
    """What the other draw leaves of this table, in a sentence or two."""
    paper, ours = (_of_view(frame, view) for frame in draws)
    reads, left = paper.get(ANSWERS[0], NONE), ours.get(ANSWERS[0], NONE)
    known, fixed = ours.get("Ens", NONE), best(ours)
    above = "above" if known.low > fixed.high else "not told apart from" if known.high >= fixed.low else "below"
    return (
        f"Without the leak (edges with their targets exchanged) “{ANSWERS[0].lower()}”, which reads the answers, has "
        f"{left} instead of {reads}, and Ens {known} instead of {paper.get('Ens', NONE)}: {above} the best score "
        f"without a model, {fixed}; the cosine of the corpus has {ours.get(CORPUS[0], NONE)}."
    )


def protocols_section(tables: Mapping[int, BothDraws], model: str) -> str:
    """Every table of a model under both draws (markdown)."""
    rows, leaks, over = [], [], 0
    for table, draws in tables.items():
        for frame, said in zip(draws, DRAWS.values(), strict=True):
            means = {subset: averages(frame, table, subset) for subset in SUBSETS}
            whole = means["all"]
            ours = [m.get(c, NONE) for m in means.values() for c in ("Ens", CORPUS[0])]
            rows.append([f"Table {table}", said, *ours, best(whole), *(whole.get(name, NONE) for name in ANSWERS)])
        leaks.append(best(whole, ANSWERS))
        over += whole["Ens"].low > best(whole).high
    titles = ["Ens", "the corpus", "Ens, both genes unseen", "the corpus, both unseen", "best score without a model"]
    highest = max(leaks, key=lambda m: m.value)
    return "\n\n".join(
        [
            "The recommended protocol of this project (`--sampler exchanged`) takes edges in twos and exchanges their "
            "targets: every gene is then a source and a target as often among edges as among the others, and so are "
            "edges the other way. Networks of which more than 0.3 of the edges run both ways are scored by unordered "
            "pairs, and there the reverse of a pair is no score "
            "([why](decisions/087-edges-with-their-targets-exchanged.md)). What reads the answers reaches "
            f"{highest} at most, chance being 0.5. The two draw different pairs, so that their values answer different "
            f"questions. Ens of `{model}` is above the best score without a model in {over} of {len(tables)} tables, "
            "seeds included.",
            markdown(["table", "pairs", *titles, *(f"“{name.lower()}”, reads the answers" for name in ANSWERS)], rows),
        ]
    )


def _of_view(frame: pd.DataFrame, view: TableView) -> dict[str, Mean]:
    cells = prepare_cells(prepare_tests(frame, view))
    last = cells[cells["row"] == cells["row"].iloc[-1]]
    return {str(c.column): Mean(c.value, c.low, c.high, c.seeds) for c in last.itertuples()}
