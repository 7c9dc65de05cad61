"""Two predicted networks edge by edge: gained, lost, kept, and what only one of them can tell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import HUMAN_COLUMNS, human_by_name
from ugrn_core.network.edge_filter import edge_count
from ugrn_core.network.edge_table import check_edge_table, in_order

CHANGES = ("gained", "lost", "kept", "scored in b only", "scored in a only")
"""From a to b. A pair that one network has not scored is neither gained nor lost."""

COLUMNS = [
    "source", "target", "change", "probability_a", "probability_b", "probability_change", "score_a", "score_b",
    "score_change", "spread_a", "spread_b", "rank_a", "rank_b",
]  # fmt: skip


def compare_networks(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    shown_a: pd.DataFrame | None = None,
    shown_b: pd.DataFrame | None = None,
    threshold: float | None = None,
) -> pd.DataFrame:
    """Frame (:data:`COLUMNS`) of the edges shown in either network, joined on source and target.

    ``a`` and ``b`` are all scored pairs. Shown are the edges of ``shown_a`` and ``shown_b``, or those of at least the
    probability ``threshold``. Changes are b minus a, score in logits, NaN where one network has not scored the pair;
    ranks count from 1 among the pairs given. Largest change of the probability first, of the rank (as a ratio) where
    there are no probabilities; those without one last, ties by source and target. Of a mouse file the model's
    symbols stand behind.
    """
    a_shown, b_shown = _shown(a, b, shown_a, shown_b, threshold)
    keys = ["source", "target"]
    values = [*keys, "probability", "score", "spread", "rank"]
    a, b = (_ranked(table) for table in (a, b))
    joined = a[values].merge(b[values], on=keys, how="outer", suffixes=("_a", "_b"), indicator="scored")
    pairs = pd.MultiIndex.from_frame(joined[keys])
    in_a, in_b = (pairs.isin(pd.MultiIndex.from_frame(shown[keys])) for shown in (a_shown, b_shown))
    joined["change"] = np.select(
        [joined["scored"] == "right_only", joined["scored"] == "left_only", in_b & ~in_a, in_a & ~in_b],
        ["scored in b only", "scored in a only", "gained", "lost"],
        "kept",
    )
    for name in ("probability", "score"):
        joined[f"{name}_change"] = np.round(joined[f"{name}_b"] - joined[f"{name}_a"], 6)
    shown = joined[in_a | in_b]
    size = shown["probability_change"].abs()
    if size.isna().all():
        size = (np.log(shown["rank_b"]) - np.log(shown["rank_a"])).abs()
    order = shown.assign(size=size).sort_values(["size", *keys], ascending=[False, True, True], na_position="last")
    human = {name: symbol for table in (a, b) for name, symbol in human_by_name(table).items()}
    if human:
        order = order.assign(**{f"human_{end}": order[end].map(human) for end in keys})
    return order[[*COLUMNS, *(name for name in HUMAN_COLUMNS if name in order)]].reset_index(drop=True)


def same_cut(shown_a: pd.DataFrame, shown_b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Both sets of shown edges from the same probability on, the higher of their two lowest, and that probability.

    The best 100 of a small and of a large network are not the same thing. Without an edge the cut is 0; without
    probabilities both stay as they are, and it is NaN.
    """
    if any(t["probability"].isna().any() for t in (shown_a, shown_b)):
        return shown_a, shown_b, float("nan")
    cut = float(max((t["probability"].min() for t in (shown_a, shown_b) if len(t)), default=0.0))
    a, b = (t[t["probability"] >= cut] for t in (shown_a, shown_b))
    return a, b, cut


def cut_words(cut: float) -> str:
    """A sentence on the cut of :func:`same_cut`."""
    if np.isnan(cut):
        return "Edges are compared by rank: there is no probability in this virtual cell."
    return f"Both networks are cut at a probability of {cut:.4g}, the higher of their two cuts."


def genes_in_one(a: pd.DataFrame, b: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Genes of ``a`` that ``b`` lacks, and genes of ``b`` that ``a`` lacks, sorted."""
    genes_a, genes_b = ({*table["source"], *table["target"]} for table in (a, b))
    return sorted(genes_a - genes_b), sorted(genes_b - genes_a)


def comparison_notes(
    a: pd.DataFrame, b: pd.DataFrame, compared: pd.DataFrame, names: tuple[str, str] = ("a", "b")
) -> tuple[str, ...]:
    """Sentences for a frame of :func:`compare_networks`: the counts, and what only one network can tell."""
    counts = compared["change"].value_counts()
    gained, lost, kept = (int(counts.get(change, 0)) for change in CHANGES[:3])
    notes = [f"From {names[0]} to {names[1]}: {gained:,} gained, {lost:,} lost, {kept:,} kept."]
    for name, change in zip(names, ("scored in a only", "scored in b only"), strict=True):
        if n := int(counts.get(change, 0)):
            notes.append(f"{edge_count(n)} shown in {name} not scored in the other: neither gained nor lost.")
    for name, genes in zip(names, genes_in_one(a, b), strict=True):
        if genes:
            more = f" and {len(genes) - 10:,} more" if len(genes) > 10 else ""
            notes.append(f"Genes in {name} only: {', '.join(genes[:10])}{more}.")
    return tuple(notes)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    return in_order(table).assign(rank=np.arange(1, len(table) + 1))


def _shown(
    a: pd.DataFrame,
    b: pd.DataFrame,
    shown_a: pd.DataFrame | None,
    shown_b: pd.DataFrame | None,
    threshold: float | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    check_edge_table(a)
    check_edge_table(b)
    if threshold is not None:
        if shown_a is not None or shown_b is not None:
            raise InputError("Give either the shown edges of both networks or a threshold, not both.")
        return a[a["probability"] >= threshold], b[b["probability"] >= threshold]
    if shown_a is None or shown_b is None:
        raise InputError("A comparison needs to know which edges are shown: give shown_a and shown_b, or a threshold.")
    for name, shown, table in (("a", shown_a, a), ("b", shown_b, b)):
        strange = ~pd.MultiIndex.from_frame(shown[["source", "target"]]).isin(
            pd.MultiIndex.from_frame(table[["source", "target"]])
        )
        if strange.any():
            first = shown[strange].iloc[0]
            raise InputError(
                f"{first['source']} -> {first['target']} is shown in {name} but not among its scored pairs; expected "
                "the shown edges to come from the same network."
            )
    return shown_a, shown_b
