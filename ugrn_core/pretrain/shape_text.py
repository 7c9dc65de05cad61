"""What a model card says of shapes and tissues, from the frames that ``python -m ugrn_core.pretrain shape`` writes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from ugrn_core.figures.benchmark_means import section
from ugrn_core.network.example import LISTED, most_bent
from ugrn_core.pretrain import shapes, tissues

SHARES = {**shapes.PREDICTORS, "copula_in_types": "copula in cell types"}
"""Columns of the frame of shapes that the card shows, with their titles."""


def shapes_text(folder: Path) -> str:
    """What ``python -m ugrn_core.pretrain shape`` found; nothing where it was not run."""
    file = folder / "shapes.csv"
    if not file.exists():
        return ""
    frame = pd.read_csv(file)
    chosen = {"all related pairs": frame, "the tenth that bends most": frame[frame["most_bent"]]}
    rows = [
        f"| {words} | {len(part):,} | " + " | ".join(f"{part[c].mean():.3f}" for c in SHARES) + " |"
        for words, part in chosen.items()
    ]
    said = [
        f"Of {words} the curve explains {_against(part, 'line')}, and {_against(part, 'copula')}."
        for words, part in chosen.items()
    ]
    listed = [
        f"| {p.source} | {p.target} | {p.gain:.3f} | {p.below:.2f} | {p.above:.2f} | "
        + " | ".join(f"{getattr(p, c):.3f}" for c in SHARES)
        + " |"
        for p in most_bent(frame).itertuples()
    ]
    return section(f"""
## Shape

Do curves say more than lines, and than a Gaussian dependence of genes that are not normally distributed? Judged in
data sets never trained on (`python -m ugrn_core.pretrain shape`): conditional means of the target in {shapes.BINS} bins
of the source, and the squared correlation of what is predicted with them (0 for the wrong sign). Pairs were chosen by
the training data sets: related ones (|cosine| over {shapes.RELATED}), and among them the tenth whose binned means bend
most where both halves of those data sets agree. A copula knows the distributions of both genes in the held-out data
set; in cell types it knows their means in every type, too, which no model was told (data sets with types alone).

| pairs | number | {" | ".join(SHARES.values())} |
|---|---|{"---|" * len(SHARES)}
{chr(10).join(rows)}

{" ".join(said)}

The {LISTED} pairs whose curves explain most beyond the line in the training data sets (gain, of the variance):

| source | target | gain | response at -3 | at 3 | {" | ".join(SHARES.values())} |
|---|---|---|---|---|{"---|" * len(SHARES)}
{chr(10).join(listed)}
""")


def _against(frame: pd.DataFrame, other: str) -> str:
    """How the curve stands against another predictor, with its interval."""
    more, low, high, share = shapes.beside(frame, "curve", other)
    verdict = "more than" if low > 0 else "less than" if high < 0 else "no more and no less than"
    return f"{verdict} the {other} (difference {more:+.4f} [{low:+.4f}, {high:+.4f}], higher in {share:.0%} of pairs)"


TAUGHT = {
    True: "Tissues were taught by even cells alone; odd cells were trained on unlabelled, as part of the whole file.",
    False: "The file was trained on, as part of the whole; what differs between tissues was no target of the training.",
}


def tissues_text(folder: Path) -> str:
    """How far a tissue's own cell tells differences between tissues, from its frame."""
    file = folder / "tissues.csv"
    if not file.exists():
        return ""
    frame = pd.read_csv(file)
    taught = bool(json.loads((folder / "card.json").read_text())["about"]["settings"].get("tissue_share"))
    found = tissues.recovered(frame)
    rows = [
        f"| {words} | {found[name][0]:.2f} [{found[name][1]:.2f}, {found[name][2]:.2f}] | {found[name][3]:.0%} |"
        for name, words in tissues.PREDICTORS.items()
    ]
    alone, around = found["pair"], found["tissue_genes"]
    verdict = (
        "tell more of it than the two genes alone"
        if around[1] > alone[2]
        else "tell less of it than the two genes alone"
        if around[2] < alone[1]
        else "do not tell it better than the two genes alone"
    )
    n_pairs, n_tissues = len(frame[["source", "target"]].drop_duplicates()), frame["tissue"].nunique()
    return section(f"""
## Tissues

Of {n_pairs} related pairs whose correlation within tissues differs most between {n_tissues} tissues of one corpus file
(`{tissues.FILE}`, chosen in its even cells), the odd cells say what the difference is. It is predicted by the slope of
the model where the source stands at its mean of the tissue. The tissue's genes ({tissues.TISSUE_GENES} most unlike the
average) around the pair {verdict}. {TAUGHT[taught]}

| virtual cell | correlation with the differences | right order of the two extreme tissues (chance 50%) |
|---|---|---|
{chr(10).join(rows)}
""")
