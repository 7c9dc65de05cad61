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
CENSUS = "Target is a TF"

STANDING_COLUMNS = [
    "subset", "network", "method", "tests", "value", "embeddings", "gene_level", "random", "census", "best_shortcut",
    "best_shortcut_value", "away", "over_embeddings", "over_shortcuts", "over_both", "over_gene_level",
]  # fmt: skip


def prepare_standings(frame: pd.DataFrame, view: TableView) -> pd.DataFrame:
    """How VVP, GDT and Ens stand (``STANDING_COLUMNS``), one line a subset, network tested on (or ``all``) and method.

    ``tests`` are those in which the method, the embeddings and the shortcuts all have a value; values are means of the
    table's rows over them, ``census`` that of "target is a TF" by the field's list, and of all these means no seed's is
    farther ``away``. ``over_...`` count the tests won: against the embeddings, every shortcut, both at once, and the
    method's own gene-level control.
    """
    lines = []
    for subset in ("all", "both_unseen"):
        tests = prepare_tests(frame, view, subset=subset)
        by_seed = tests.pivot(index=["row", "test", "seed"], columns="column", values="value")
        wide = by_seed.groupby(level=["row", "test"], sort=False).mean()
        network = tests.drop_duplicates(["row", "test"]).set_index(["row", "test"])["test_network"].astype(str)
        for name in ("all", *NETWORK_FOLDERS):
            part = wide if name == "all" else wide[(network.loc[wide.index] == name).to_numpy()]
            lines += [(subset, name, m, *_standing(part, m, by_seed)) for m in OURS if len(part) and m in wide]
    return pd.DataFrame(lines, columns=STANDING_COLUMNS)


def verdict(standings: pd.DataFrame) -> tuple[str, ...]:
    """Sentences (markdown) on a frame of :func:`prepare_standings`: all pairs, unseen genes, what takes no pair."""
    by, unseen = _of(standings, "all"), _of(standings, "both_unseen")
    if by.empty:
        return ("No test has a score of VVP or GDT and of the embeddings beside it.",)
    said = [f"**All pairs:** {_heights(by)}. {_wins(standings, 'all')} {_seeds(by)}"]
    if unseen.empty:
        said.append("**Both genes unseen:** no test has edges enough to say how much of this carries over.")
    else:
        where = _where(unseen, by)
        heights = f"{_heights(unseen)}; {_census(unseen)}"
        said.append(f"**Both genes unseen{where}:** {heights}. {_conclusion(unseen)} {_seeds(unseen)}")
    said.append(_without_pairs(by, unseen))
    return tuple(filter(None, said))


def _standing(wide: pd.DataFrame, method: str, by_seed: pd.DataFrame) -> tuple[object, ...]:
    """One line of standings, on tests (test, column); ``by_seed`` has those and others, seed by seed."""
    shortcuts = [s for s in SHORTCUTS if s in wide]
    level, twin = f"Marginal-{method}", f"{method}{RANDOM}"
    there = wide.dropna(subset=[c for c in (method, EMBEDDINGS, *shortcuts) if c in wide])
    ours, emb = there[method], there.get(EMBEDDINGS, pd.Series(np.nan, there.index))
    best = there[shortcuts].max(axis=1)
    means = there.groupby(level="row").mean().mean()
    name = str(means[shortcuts].idxmax()) if len(there) and shortcuts else ""
    over = (ours > emb, ours > best, (ours > emb) & (ours > best), ours > there.get(level, np.inf))
    beside = [float(means.get(c, np.nan)) for c in (method, EMBEDDINGS, level, twin, CENSUS, name)]
    named = [c for c in (method, EMBEDDINGS, level, twin, CENSUS, name) if c in wide]
    away = _away(by_seed[named], there.index, means[named])
    return len(there), *beside[:5], name, beside[5], away, *(int(np.sum(o)) for o in over)


def _away(by_seed: pd.DataFrame, tests: pd.Index, means: pd.Series) -> float:
    """How far from the means over some tests the means of the farthest seed lie."""
    of_tests = by_seed[by_seed.index.droplevel("seed").isin(tests)]
    of_seeds = of_tests.groupby(level=["row", "seed"]).mean().groupby(level="seed").mean()
    return float((of_seeds - means).abs().max(axis=None))


def _of(standings: pd.DataFrame, subset: str) -> pd.DataFrame:
    """The lines over all networks, by method; none where no test counts."""
    chosen = (standings["subset"] == subset) & (standings["network"] == "all") & (standings["tests"] > 0)
    return standings[chosen].set_index("method")


def _heights(by: pd.DataFrame) -> str:
    """Where the means of VVP and GDT lie: beside the embeddings, and beside the best shortcut."""
    ours, first = _ours(by), by.iloc[0]
    shown = ", ".join(f"{m} {v:.3f}" for m, v in ours.items())
    embeddings = _beside(ours, first["embeddings"], "embeddings")
    best = _beside(ours, first["best_shortcut_value"], f"the best score without a model, “{first['best_shortcut']}”")
    return f"{shown}: {embeddings}; {best}"


def _seeds(by: pd.DataFrame) -> str:
    """How far the seeds of these means spread."""
    return f"No seed of these means lies farther than {by['away'].max():.3f} from them."


def _ours(by: pd.DataFrame) -> pd.Series:
    """Values of VVP and GDT, by method."""
    return by.loc[[m for m in ("VVP", "GDT") if m in by.index], "value"]


def _beside(ours: pd.Series, value: float, what: str) -> str:
    """Whether values lie above another one, in words."""
    above = ours > value
    named = f"{what} ({value:.3f})"
    if above.all() or not above.any():
        return f"above {named}" if above.all() else f"not above {named}"
    return f"above {named} for {above.idxmax()} alone"


def _census(unseen: pd.DataFrame) -> str:
    """Where VVP and GDT lie beside "target is a TF"."""
    census = float(unseen["census"].iloc[0])
    return (
        f"“{CENSUS}” was not run" if np.isnan(census) else _beside(_ours(unseen), census, f"“{CENSUS}” by the census")
    )


def _where(unseen: pd.DataFrame, by: pd.DataFrame) -> str:
    """How many tests of unseen genes there are, where they are not all."""
    n, of = int(unseen["tests"].max()), int(by["tests"].max())
    return "" if n == of else f" ({n} of {_tests(of)} have enough such edges)"


def _wins(standings: pd.DataFrame, subset: str) -> str:
    """On how many tests VVP and GDT beat embeddings and every shortcut at once, and in which network most."""
    lines = standings[(standings["subset"] == subset) & (standings["tests"] > 0)]
    total = lines[lines["network"] == "all"].set_index("method")
    won = [f"{m} on {total.loc[m, 'over_both']}" for m in ("VVP", "GDT") if m in total.index]
    said = f"Above both at once: {' and '.join(won)} of {_tests(total['tests'].max())}"
    parts = lines[(lines["network"] != "all") & lines["method"].isin(("VVP", "GDT"))]
    counted = parts.groupby("network", sort=False)[["over_both", "tests"]].sum()
    if len(counted) < 2 or not counted["over_both"].any():
        return f"{said}."
    most = str((counted["over_both"] / counted["tests"]).idxmax())
    there = parts[parts["network"] == most].set_index("method")
    shares = ", ".join(f"{m} {r['over_both']} of {r['tests']}" for m, r in there.iterrows())
    return f"{said}, most often in {most} ({shares})."


def _conclusion(unseen: pd.DataFrame) -> str:
    """Whether anything of the model is above the best shortcut where both genes are unseen."""
    first = unseen.iloc[0]
    gap = max(unseen["value"].max(), first["embeddings"]) - first["best_shortcut_value"]
    if gap > 0:
        return f"The best of VVP, GDT, Ens and embeddings is {gap:.3f} above that score."
    return f"**Nothing of this model, embeddings included, is above that score** ({-gap:.3f} short)."


def _without_pairs(by: pd.DataFrame, unseen: pd.DataFrame) -> str:
    """What the gene-level part of the curves reaches alone, and what random weights do."""
    said = []
    for frame, words in ((by, "over all pairs"), (unseen, "where both genes are unseen")):
        level = frame["gene_level"].dropna() if len(frame) else pd.Series(dtype=float)
        shown = [f"{level[m]:.3f} for {m}" for m in ("VVP", "GDT") if m in level.index]
        if shown:
            said.append(f"{' and '.join(shown)} {words}")
    parts = [f"their gene-level part alone reaches {', '.join(said)}"] if said else []
    if not by["random"].isna().all():
        parts.append(f"random weights reach {by['random'].max():.3f} at most over all pairs")
    return f"**Without pairs:** {'; '.join(parts)}." if parts else ""


def _tests(n: object) -> str:
    return "1 test" if n == 1 else f"{n} tests"
