"""What a model card says of the network translators of a model, from rankings of whole networks that none had seen.

``assets/benchmark/heads/TRANSLATOR.csv`` is what ``ugrn translator test TRANSLATOR --whole`` wrote for the four data
sets by which nothing was chosen.
"""

from __future__ import annotations

import pandas as pd

from ugrn_core.benchmark.tables import STRING
from ugrn_core.figures.benchmark_means import markdown, section
from ugrn_core.paths import ASSETS
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator

HEADS = ASSETS / "benchmark" / "heads"
NON_SPECIFIC = "Non-specific ChIP"


def heads() -> dict[str, pd.DataFrame]:
    """Rankings by the name of their translator."""
    return {file.stem: pd.read_csv(file) for file in sorted(HEADS.glob("*.csv"))}


def level(frame: pd.DataFrame) -> float:
    """By what translators are compared: the mean share of edges among the best 50 and 200 of every test."""
    return float(frame[["best_50", "best_200"]].mean(axis=None))


def heads_text(model: str) -> str:
    """The section on a model's network translators; nothing where none was tested."""
    found = {n: f for n, f in heads().items() if load_translator(n).card.schema.backbone == model}
    if not found:
        return ""
    default = DEFAULT_TRANSLATORS[model]
    rows = [[f"`{name}`{' (default)' if name == default else ''}", *_cells(frame)] for name, frame in found.items()]
    tested = next(iter(found.values()))
    sets = ", ".join(dict.fromkeys(test.split(" ")[0] for test in tested["test"]))
    most = int(tested["regulators"].max())
    lists = (f"listed, not in {STRING}", "at the translator's prevalence")
    titles = ["translator", *(f"{n}, best 50 / 200" for n in (STRING, NON_SPECIFIC)), *lists]
    return section(f"""
## Network translators

All candidate pairs of {sets} ({int(tested["regulators"].min())} to {most} regulators of a network against its genes,
edges of the training left out) at the share of edges that there is; means over the four data sets: edges among the best
50 and 200, and the lists with an expected FDR of 50%: their edges, and how many of these are not in the network, at
each network's own share of edges and at the translator's, as the app lists them where the share is not known. The app
takes `{default}`, which is {_reason(found, default)}.

{markdown(titles, rows)}
""")


def _reason(found: dict[str, pd.DataFrame], default: str) -> str:
    """Why the default is what it is, as far as these rankings go."""
    if default not in found:
        return "trained on all data sets, so that no test is left for it"
    return (
        "the best of those tested" if default == max(found, key=lambda n: level(found[n])) else "not the best of them"
    )


def _cells(frame: pd.DataFrame) -> list[str]:
    network = frame["test"].str.split(" ", n=1).str[1]
    heads = [
        " / ".join(f"{part[c].mean():.3f}" for c in ("best_50", "best_200"))
        for part in (frame[network == name] for name in (STRING, NON_SPECIFIC))
    ]
    string = frame[network == STRING]
    return [*heads, *(_listed(string[name], string[f"{name}_wrong"]) for name in ("listed", "shown"))]


def _listed(edges: pd.Series, wrong: pd.Series) -> str:
    """How many edges are listed over all sets, and the share of these that is not in the networks."""
    return f"{edges.sum()}, {(edges * wrong).sum() / edges.sum():.0%}" if edges.sum() else "0"
