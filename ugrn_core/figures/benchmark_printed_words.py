"""What frozen frames say of the printed figures, as one page of markdown; every number is of the frames given.

The words keep to what can be seen: likeness, and what it does not show. ``docs/printed-figures.md`` is this page.
"""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import pandas as pd

from ugrn_core.beeline.networks import NETWORK_FOLDERS
from ugrn_core.benchmark.request import COMPUTED, LABELLED_ONLY
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.benchmark.tables import AVERAGE, paper_table
from ugrn_core.figures.benchmark import ANSWERS
from ugrn_core.figures.benchmark_printed import RUN, WITHIN, prepare_likeness, prepare_points

FIRST, SECOND = "scGPT", "scBenchmark"
PRINTED = "GDT"
"""The printed column that the page is about."""
REVERSE = "Reverse is an edge"
DEGREES = "Test degrees"
EMBEDDINGS = "Baseline-Emb"
CURVES = ("VVP", "GDT", "Ens")
WIDTH = 120
SHORT = {"STRING": "STRING", "Non-specific ChIP": "Nsp", "LOF/GOF": "L/G", "Cell-type-specific ChIP": "Spc"}
ROWS_SHOWN = ("hHEP", "mDC", "mESC", "mHSC-E")
"""Data sets whose STRING rows the page spells out."""


class Score(NamedTuple):
    """One score of one run."""

    method: str
    backbone: str = "none"
    weights: str = "none"
    reverse_features: str = "none"
    sampler: str = "per_tf"


def printed_page(first: pd.DataFrame, sixth: pd.DataFrame, later: pd.DataFrame) -> str:
    """The page (markdown) from frozen results of Table 1 and, for scores without a model, of Table 6.

    ``later``: the same of a model of a later generation.
    """
    likeness, points = prepare_likeness(first), prepare_points(first)
    parts = [
        _head(first),
        _reverse(likeness, points, sixth),
        _labelled(likeness),
        _later(later),
        _samplers(first, likeness),
        _limits(likeness),
    ]
    return "\n\n".join(_filled(block) for part in parts for block in part.split("\n\n")) + "\n"


def _filled(block: str) -> str:
    """A paragraph in lines of 120 characters; headings and tables as they are."""
    return block if block[0] in "#|" else textwrap.fill(block, WIDTH, break_long_words=False, break_on_hyphens=False)


def _head(first: pd.DataFrame) -> str:
    seeds, widest = _widest_seeds(first)
    return f"""# What the printed figures look like

Some columns of the paper's Table 1 look like scores that read the answers of the test. This page shows how like, row by
row, from the frames in `assets/benchmark/frozen`, whose README has the commands.

**This is consistency, not proof.** Nothing is alleged. We have seen neither the authors' code nor the weights that were
used, and several explanations fit, among them some in which nothing went wrong (see the end).

All values are AUPRC over all pairs with as many negatives as positives: TFs+500, two genes in the virtual cell,
negatives {SAMPLERS["per_tf"].title}, 2,000 positives a row at most, means of {seeds} seeds; between its
lowest and its highest seed no average of a score lies further apart than {widest:.3f}. The models are the first
generation of the small embedded ones, not those of the paper. *r* is Pearson's over the 19 rows of Table 1,
*difference* the mean absolute one over the same rows."""


def _widest_seeds(first: pd.DataFrame) -> tuple[int, float]:
    """How many seeds the runs have, and how far the averages of a score lie apart over them at most."""
    kept = first[(first["metric"] == "auprc") & (first["subset"] == "all") & (first["neg_ratio"] == 1)]
    by_row = kept.groupby([*RUN, "seed", "test_network", "test_set"], observed=True)["value"].mean()
    averages = by_row.groupby([*RUN, "seed"], observed=True).mean().groupby(RUN, observed=True)
    return int(averages.count().max()), float((averages.max() - averages.min()).max())


def _reverse(likeness: pd.DataFrame, points: pd.DataFrame, sixth: pd.DataFrame) -> str:
    """A score without a model: is the reverse pair an edge of the test network?"""
    score = Score(REVERSE)
    one, two = (_line(likeness, score, b, PRINTED) for b in (FIRST, SECOND))
    rows = _of(points, score)
    rows = rows[(rows["printed_method"] == PRINTED) & (rows["printed_backbone"] == FIRST)]
    string = rows[rows["test_network"] == "STRING"].set_index("test_set")
    spelt = [f"{d} {string.loc[d, 'value']:.3f} (printed {string.loc[d, 'printed']:.3f})" for d in ROWS_SHOWN]
    away = _gap_without_cell_specific(points, score)
    low, high, printed_low, printed_high = _decay(sixth)
    listed = [Score(name) for name in (REVERSE, *sorted(set(ANSWERS) - {REVERSE}))]
    return f"""## A score that reads the answers

The score “{REVERSE}” is 1 where target → source is an edge of the network that is tested on, else 0, equal scores in
random order. It has no model and no features. Over the 19 rows its correlation with the printed {PRINTED} is
{one["r"]:.2f} for {FIRST} and {two["r"]:.2f} for {SECOND}, at a mean absolute difference of {one["difference"]:.3f} and
{two["difference"]:.3f} ({away[FIRST]:.3f} and {away[SECOND]:.3f} without cell-type-specific ChIP). On STRING:
{", ".join(spelt)}.

With more negatives it falls as the printed column does: at N/P 1, 2, 3, 5 and 10 its AUROC stays between {low:.3f} and
{high:.3f}; the printed AUROC of {PRINTED} in Table 6 lies between {printed_low:.3f} and {printed_high:.3f}.

Other scores of the same kind, beside the printed {PRINTED} of {FIRST} and of {SECOND}. A correlation over all rows owes
much to the differences between the networks, so that within one network stands beside it:

{_table(likeness, listed)}"""


def _labelled(likeness: pd.DataFrame) -> str:
    """Our own small models with the reverse half where it has a label."""
    models = _models(likeness)
    rows = [
        Score(m, b, w, r)
        for b in models
        for w in ("trained", "random")
        for r in (COMPUTED, LABELLED_ONLY)
        for m in ("VVP", "GDT")
        if _has(likeness, Score(m, b, w, r))
    ]
    mini = models[0]
    vvp, gdt = (_line(likeness, Score(m, mini, "trained", COMPUTED), FIRST, PRINTED) for m in ("VVP", "GDT"))
    vvp_l, gdt_l = (_line(likeness, Score(m, mini, "trained", LABELLED_ONLY), FIRST, PRINTED) for m in ("VVP", "GDT"))
    twin = _line(likeness, Score("GDT", mini, "random", LABELLED_ONLY), FIRST, PRINTED)
    table = paper_table(1)
    printed = table[table["network"] == AVERAGE].set_index("backbone")[PRINTED]
    table = table[table["network"] != AVERAGE]
    means = table.groupby(["backbone", "network"], sort=False)[PRINTED].mean()
    by_network = {b: " | ".join(f"{means[b, n]:.3f}" for n in NETWORK_FOLDERS) for b in (FIRST, SECOND)}
    lines = [f"| printed {PRINTED}, {b} | {printed[b]:.3f} | {by_network[b]} | | |" for b in (FIRST, SECOND)]
    for s in rows:
        found = _line(likeness, s, FIRST, PRINTED)
        name = f"{s.method}, `{s.backbone}`{', random weights' if s.weights == 'random' else ''}"
        half = "every pair" if s.reverse_features == COMPUTED else "**labelled only**"
        by = " | ".join(f"{found[f'mean {n}']:.3f}" for n in NETWORK_FOLDERS)
        like = f"{found['r']:.2f} | {found['difference']:.3f}"
        lines.append(f"| {name}, reverse half of {half} | {found['mean']:.3f} | {by} | {like} |")
    body = "\n".join(lines)
    return f"""## The same with the features of a small model

A pair's features are those of source → target and those of target → source. With `--reverse-features labelled_only` the
second half is 0 unless the reverse pair has a label itself, as an edge of the network or as a drawn negative. That
reads the test labels. `{mini}`, whose honest averages are {vvp["mean"]:.3f} (VVP) and {gdt["mean"]:.3f} (GDT), then
reaches {vvp_l["mean"]:.3f} and {gdt_l["mean"]:.3f}; printed are {printed[FIRST]:.3f} and {printed[SECOND]:.3f} for GDT.
Row by row its GDT has r {gdt_l["r"]:.2f} with the printed GDT of {FIRST}, at a difference of {gdt_l["difference"]:.3f}.
A twin with random weights, which knows nothing of genes, reaches {twin["mean"]:.3f} (r {twin["r"]:.2f}): what is
found there is mostly in which halves are filled, little in what fills them.

| score | average | {" | ".join(SHORT[n] for n in NETWORK_FOLDERS)} | r | difference |
|---|---|{"---|" * len(NETWORK_FOLDERS)}---|---|
{body}

r and difference: with the printed {PRINTED} of {FIRST}."""


def _later(frame: pd.DataFrame) -> str:
    """The same with a model that knows more."""
    likeness = prepare_likeness(frame)
    model, seeds = _models(likeness)[0], int(frame["seed"].nunique())
    objective = str(frame.loc[frame["backbone"] == model, "objective"].iloc[0])
    halves = {COMPUTED: "every pair", LABELLED_ONLY: "**labelled only**"}
    lines, gdt = [], {}
    for half, words in halves.items():
        for method in ("VVP", "GDT"):
            found = gdt[half] = _line(likeness, Score(method, model, "trained", half), FIRST, PRINTED)
            by = " | ".join(f"{found['mean ' + n]:.3f}" for n in NETWORK_FOLDERS)
            like = f"{found['r']:.2f} | {found['difference']:.3f}"
            lines.append(f"| {method}, reverse half of {words} | {found['mean']:.3f} | {by} | {like} |")
    table = paper_table(1)
    printed = table[table["network"] == AVERAGE].set_index("backbone")[PRINTED]
    below = "below" if gdt[COMPUTED]["mean"] < printed.min() else "not below"
    above = "above" if gdt[LABELLED_ONLY]["mean"] > printed.max() else "not above"
    body = "\n".join(lines)
    return f"""## The same with a model of the second generation

`{model}` ({objective}: it was taught the co-expression of its corpus) knows more of these networks, and was run with
{seeds} seed{"s" if seeds > 1 else ""}. Its honest GDT is {gdt[COMPUTED]["mean"]:.3f}, {below} the printed
{printed[FIRST]:.3f} and {printed[SECOND]:.3f}; with the reverse half of labelled pairs only it is
{gdt[LABELLED_ONLY]["mean"]:.3f} (r {gdt[LABELLED_ONLY]["r"]:.2f}), {above} them. The more a model knows, the higher
such a score comes out, so that averages like those of the weakest model say little by themselves; the likeness row by
row says more.

| score | average | {" | ".join(SHORT[n] for n in NETWORK_FOLDERS)} | r | difference |
|---|---|{"---|" * len(NETWORK_FOLDERS)}---|---|
{body}"""


def _samplers(first: pd.DataFrame, likeness: pd.DataFrame) -> str:
    """Whether another way to draw negatives would do."""
    mini = _models(likeness)[0]
    lines, emb, best = [], {}, {}
    for name, sampler in SAMPLERS.items():
        if not _has(likeness, Score(EMBEDDINGS, mini, "trained", sampler=name)):
            continue
        emb[name] = _line(likeness, Score(EMBEDDINGS, mini, "trained", sampler=name), FIRST, PRINTED)["mean"]
        curves = [_line(likeness, Score(m, mini, "trained", COMPUTED, name), FIRST, PRINTED)["mean"] for m in CURVES]
        best[name] = curves[1]
        degrees = _line(likeness, Score(DEGREES, sampler=name), FIRST, PRINTED)["mean Cell-type-specific ChIP"]
        shown = " | ".join(f"{v:.3f}" for v in (emb[name], *curves, degrees))
        lines.append(f"| {sampler.title} (`{name}`) | {shown} |")
    table = paper_table(1)
    printed = table[table["network"] == AVERAGE].set_index("backbone")[EMBEDDINGS]
    cell = table.loc[table["network"] == "Cell-type-specific ChIP", PRINTED]
    body = "\n".join(lines)
    return f"""## What does not explain it

Not the draw of negatives alone. The average of the embeddings, printed as {printed[FIRST]:.3f} and
{printed[SECOND]:.3f}, is for `{mini}` anything from {min(emb.values()):.3f} to {max(emb.values()):.3f}, as negatives
are drawn; but no sampler brings its GDT above {max(best.values()):.3f}. Not the degrees of the test network either:
they would give far more on cell-type-specific ChIP (last column) than the {cell.min():.2f} to {cell.max():.2f} that is
printed there.

| negatives | Emb | {" | ".join(CURVES)} | “{DEGREES}” on {SHORT["Cell-type-specific ChIP"]} |
|---|---|{"---|" * len(CURVES)}---|
{body}"""


def _limits(likeness: pd.DataFrame) -> str:
    """What speaks against a simple reading, and what would decide."""
    mini = _models(likeness)[0]
    vvp = {b: _line(likeness, Score(REVERSE), b, "VVP")["r"] for b in (FIRST, SECOND)}
    ours = _line(likeness, Score("VVP", mini, "trained", LABELLED_ONLY), FIRST, "VVP")["r"]
    return f"""## What would decide it

Features that were filled for labelled pairs only are one explanation of several. What edges among regulators that run
both ways have in common is another: a model that knows those would look the same, and STRING is largely symmetric. The
printed VVP of {FIRST} shows no such pattern (r {vvp[FIRST]:.2f} with “{REVERSE}”, {ours:.2f} with our VVP of labelled
pairs only; for {SECOND} {vvp[SECOND]:.2f}), although VVP and GDT would go the same way through the same code in ours.
The column was not chosen in advance: all {likeness["printed_method"].nunique()} of both halves were looked at; GDT
stood out, and Ens, which it is a half of.

The weights, the code that makes the features, or the scores of single pairs would decide it: `ugrn benchmark` takes a
checkpoint of either model, and a run in which the printed GDT comes out with `--reverse-features computed` would settle
that it needs no labels. We invite the authors to send any of these, and will put what comes of it here."""


def _table(likeness: pd.DataFrame, scores: list[Score]) -> str:
    """Likeness of scores to the printed column of both backbones, one line a score."""
    lines = [
        f"| score | average | r | difference | r within {', '.join(SHORT[n] for n in WITHIN)} |",
        "|---|---|---|---|---|",
    ]
    for s in scores:
        one, two = (_line(likeness, s, b, PRINTED) for b in (FIRST, SECOND))
        within = [", ".join(f"{x[f'r {n}']:.2f}" for n in WITHIN) for x in (one, two)]
        lines.append(
            f"| {s.method} | {one['mean']:.3f} | {one['r']:.2f} / {two['r']:.2f} | "
            f"{one['difference']:.3f} / {two['difference']:.3f} | {within[0]} / {within[1]} |"
        )
    return "\n".join(lines)


def _decay(sixth: pd.DataFrame) -> tuple[float, float, float, float]:
    """Lowest and highest mean AUROC over N/P, of the reverse edge and of the printed column."""
    kept = sixth[(sixth["method"] == REVERSE) & (sixth["metric"] == "auroc") & (sixth["subset"] == "all")]
    ours = kept.groupby("neg_ratio")["value"].mean()
    table = paper_table(6)
    printed = table.loc[(table["metric"] == "auroc") & (table["neg_ratio"] != AVERAGE), PRINTED]
    return float(ours.min()), float(ours.max()), float(printed.min()), float(printed.max())


def _gap_without_cell_specific(points: pd.DataFrame, score: Score) -> dict[str, float]:
    """Mean absolute difference to the printed column without cell-type-specific ChIP, by printed backbone."""
    rows = _of(points, score)
    rows = rows[(rows["printed_method"] == PRINTED) & (rows["test_network"] != "Cell-type-specific ChIP")]
    return (rows["value"] - rows["printed"]).abs().groupby(rows["printed_backbone"]).mean().to_dict()


def _of(frame: pd.DataFrame, score: Score) -> pd.DataFrame:
    """The lines of one score."""
    keep = pd.Series(True, frame.index)
    for column in RUN:
        keep &= frame[column] == getattr(score, column)
    return frame[keep]


def _models(likeness: pd.DataFrame) -> list[str]:
    """Models of the runs, by name."""
    return sorted(set(likeness["backbone"]) - {"none"})


def _has(likeness: pd.DataFrame, score: Score) -> bool:
    return not _of(likeness, score).empty


def _line(likeness: pd.DataFrame, score: Score, backbone: str, method: str) -> pd.Series:
    """Likeness of one score to one printed column."""
    lines = _of(likeness, score)
    return lines[(lines["printed_backbone"] == backbone) & (lines["printed_method"] == method)].iloc[0]
