"""What a table of results says, counted and put into words: where VVP and GDT beat the embeddings and every shortcut.

A test counts as won where the mean over seeds is higher. Nothing here is fixed: every number is of the frame given.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import NETWORK_FOLDERS
from ugrn_core.figures.benchmark import RANDOM, SHORTCUTS, TableView, prepare_tests

OURS = ("VVP", "GDT", "Ens")
EMBEDDINGS = "Baseline-Emb"

STANDING_COLUMNS = [
    "subset", "network", "method", "tests", "value", "embeddings", "gene_level", "random", "best_shortcut",
    "best_shortcut_value", "over_embeddings", "over_shortcuts", "over_both", "over_gene_level",
]  # fmt: skip


def prepare_standings(frame: pd.DataFrame, view: TableView) -> pd.DataFrame:
    """How VVP, GDT and Ens stand (``STANDING_COLUMNS``), one line a subset, network tested on (or ``all``) and method.

    ``tests`` are those in which the method, the embeddings and the shortcuts all have a value; values are means of the
    table's rows over them. ``over_...`` count the tests won: against the embeddings, every shortcut, both at once, and
    the method's own gene-level control.
    """
    lines = []
    for subset in ("all", "both_unseen"):
        tests = prepare_tests(frame, view, subset=subset)
        wide = tests.pivot(index=["row", "test", "seed"], columns="column", values="value")
        wide = wide.groupby(level=["row", "test"], sort=False).mean()
        network = tests.drop_duplicates(["row", "test"]).set_index(["row", "test"])["test_network"].astype(str)
        for name in ("all", *NETWORK_FOLDERS):
            part = wide if name == "all" else wide[(network.loc[wide.index] == name).to_numpy()]
            lines += [(subset, name, m, *_standing(part, m)) for m in OURS if len(part) and m in wide]
    return pd.DataFrame(lines, columns=STANDING_COLUMNS)


def verdict(standings: pd.DataFrame) -> str:
    """One paragraph (markdown) on a frame of :func:`prepare_standings`."""
    by, unseen = _of(standings, "all"), _of(standings, "both_unseen")
    if by.empty:
        return "No test has a score of VVP or GDT and of the embeddings beside it."
    said = [f"**All pairs:** {_heights(by)}; {_wins(standings, 'all')}."]
    if unseen.empty:
        return f"{said[0]} No test has enough pairs with both genes unseen to say how much of this carries over."
    said.append(f"**Both genes unseen in training:** {_heights(unseen)}; {_wins(standings, 'both_unseen')}.")
    said.append(_conclusion(unseen))
    if not by["random"].isna().all():
        said.append(f"Random weights reach {by['random'].max():.3f} at most over all pairs.")
    return " ".join(said)


def _standing(wide: pd.DataFrame, method: str) -> tuple[object, ...]:
    """One line of standings, on tests (test, column)."""
    shortcuts = [s for s in SHORTCUTS if s in wide]
    level, twin = f"Marginal-{method}", f"{method}{RANDOM}"
    there = wide.dropna(subset=[c for c in (method, EMBEDDINGS, *shortcuts) if c in wide])
    ours, emb = there[method], there.get(EMBEDDINGS, pd.Series(np.nan, there.index))
    best = there[shortcuts].max(axis=1)
    means = there.groupby(level="row").mean().mean()
    name = str(means[shortcuts].idxmax()) if len(there) and shortcuts else ""
    over = (ours > emb, ours > best, (ours > emb) & (ours > best), ours > there.get(level, np.inf))
    beside = [float(means.get(c, np.nan)) for c in (method, EMBEDDINGS, level, twin, name)]
    return len(there), *beside[:4], name, beside[4], *(int(np.sum(o)) for o in over)


def _of(standings: pd.DataFrame, subset: str) -> pd.DataFrame:
    """The lines over all networks, by method; none where no test counts."""
    chosen = (standings["subset"] == subset) & (standings["network"] == "all") & (standings["tests"] > 0)
    return standings[chosen].set_index("method")


def _heights(by: pd.DataFrame) -> str:
    """Where the means of VVP and GDT lie: beside the embeddings, and beside the best shortcut."""
    first = by.iloc[0]
    emb, best = first["embeddings"], first["best_shortcut_value"]
    ours = [m for m in ("VVP", "GDT") if m in by.index]
    shown = " and ".join(f"{m} ({by.loc[m, 'value']:.3f})" for m in ours)
    to_emb = _relation([by.loc[m, "value"] > emb for m in ours], ours)
    to_best = _relation([by.loc[m, "value"] > best for m in ours], ours)
    link = "and" if to_emb == to_best else "but"
    return (
        f"{shown} are {to_emb} embeddings ({emb:.3f}) {link} {to_best} the best score without a model, "
        f"“{first['best_shortcut']}” ({best:.3f})"
    )


def _relation(above: list[bool], names: list[str]) -> str:
    if all(above):
        return "above"
    return "not above" if not any(above) else f"({names[above.index(True)]} alone) above"


def _wins(standings: pd.DataFrame, subset: str) -> str:
    """On how many tests VVP and GDT beat embeddings and every shortcut at once, and in which networks."""
    of_subset = standings[(standings["subset"] == subset) & (standings["tests"] > 0)]
    said = []
    for method in ("VVP", "GDT"):
        lines = of_subset[of_subset["method"] == method].set_index("network")
        if lines.empty:
            continue
        total = lines.loc["all"]
        won = [f"{n} {r['over_both']} of {r['tests']}" for n, r in lines.iterrows() if n != "all" and r["over_both"]]
        where = f" ({', '.join(won)})" if won else ""
        if said:
            said.append(f"{method} on {total['over_both']}{where}")
        else:
            tests = f"{total['over_both']} of {_tests(total['tests'])}"
            said.append(f"{method} beats embeddings and every shortcut at once on {tests}{where}")
    return ", ".join(said)


def _conclusion(unseen: pd.DataFrame) -> str:
    """Whether anything of the model is above the best shortcut where both genes are unseen."""
    first = unseen.iloc[0]
    gap = max(unseen["value"].max(), first["embeddings"]) - first["best_shortcut_value"]
    if gap > 0:
        return f"There the best of VVP, GDT, Ens and embeddings is {gap:.3f} above it."
    return f"**Nothing of this model, embeddings included, is above it there** ({-gap:.3f} short)."


def _tests(n: object) -> str:
    return "1 test" if n == 1 else f"{n} tests"
