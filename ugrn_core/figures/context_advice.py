"""Which virtual cell a model is best asked in: the one that did better on pairs of held-out data sets, and its figures.

Two shipped runs of Table 1 ask the same pairs in cells of two genes and in cells of all genes of a data set. Where a
model has several such twos, the one with most data sets decides, and of those the one by the linear translator, whose
fit has no seed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ugrn_core.benchmark.results import read_results
from ugrn_core.figures.benchmark_means import ABOUT_AS_MUCH, NONE, SUBSETS, Mean, averages
from ugrn_core.methods.catalogue import ENS
from ugrn_core.paths import ASSETS, shipped_model
from ugrn_core.translators.kinds import PAPER
from ugrn_core.translators.schema import ContextName

WORDS: Mapping[ContextName, str] = {"pair": "the two genes alone", "full": "all genes of a data set"}
CUTS = ("cut_logistic", "cut")
"""What the files of two runs on the cut are called at their end, which every model was asked."""
RUNS = ("100_logistic", "100", *CUTS)
"""The same with those on all data sets, of as many sources; the deciding one first."""
KINDS: Mapping[str, str] = {PAPER: "", "logistic": ", linear translator"}
PARTIAL, CORPUS = "Partial correlation", "Co-expression"


@dataclass(frozen=True)
class ContextAdvice:
    """Mean AUPRC of Ens, and of scores without a model on the same pairs, over all pairs and with both genes unseen.

    ``partial`` is the partial correlation of the corpus given all genes of the data set, ``corpus`` its co-expression;
    ``kind`` is that of the translator.
    """

    model: str
    sets: tuple[str, ...]
    ens: Mapping[str, tuple[Mean, ...]]
    partial: tuple[Mean, ...]
    corpus: tuple[Mean, ...]
    kind: str = PAPER

    @property
    def best(self) -> ContextName:
        """Where Ens is higher over all pairs and unseen ones together; in doubt the smaller cell."""
        return "full" if self.lead > ABOUT_AS_MUCH else "pair"

    @property
    def lead(self) -> float:
        """By how much Ens is higher with all genes, over all pairs and unseen ones together."""
        level = {name: float(np.mean([m.value for m in means])) for name, means in self.ens.items()}
        return level["full"] - level["pair"]

    def sentence(self) -> str:
        other: ContextName = "pair" if self.best == "full" else "full"
        beside = (
            f" Partial correlation of the corpus given all genes: {_both(self.partial)}; its co-expression, of no "
            f"cell: {_both(self.corpus)}."
            if not np.isnan(self.partial[0].value)
            else ""
        )
        level = ", which is as good and costs more" if abs(self.lead) <= ABOUT_AS_MUCH else ""
        kind = f" ({KINDS[self.kind].lstrip(', ')})" if KINDS[self.kind] else ""
        return (
            f"Recommended for {self.model}: {WORDS[self.best]}. On pairs of {listed(self.sets)}, which the translators "
            f"had not seen, the mean AUPRC of Ens{kind} was {_both(self.ens[self.best])} there (all pairs, both genes "
            f"unseen) and {_both(self.ens[other])} with {WORDS[other]}{level}; chance is 0.5.{beside}"
        )


def context_advice(model: str) -> ContextAdvice | None:
    """What the shipped runs say of a model; None where there are none."""
    return next((found for run in RUNS if (found := advice_of_run(model, run))), None)


@cache
def advice_of_run(model: str, run: str) -> ContextAdvice | None:
    """What two runs say, named as in ``RUNS``; None where they are not shipped."""
    files = {c: ASSETS / "benchmark" / f"{model}_table_1_{c}_{run}.csv.gz" for c in WORDS}
    if shipped_model(model) is None or not all(file.exists() for file in files.values()):
        return None
    return advice_from(model, {c: read_results(file) for c, file in files.items()})


def advice_from(model: str, frames: Mapping[str, pd.DataFrame]) -> ContextAdvice:
    """The advice of two frames of Table 1, by their context."""
    means = {c: [averages(frame, 1, subset) for subset in SUBSETS] for c, frame in frames.items()}
    ens = {c: tuple(m.get(ENS.name, NONE) for m in found) for c, found in means.items()}
    partial, corpus = (tuple(m.get(c, NONE) for m in means["full"]) for c in (PARTIAL, CORPUS))
    sets = tuple(dict.fromkeys(map(str, frames["full"]["test_set"])))
    kind = frames["full"].loc[frames["full"]["method"] == ENS.name, "translator"].iloc[0]
    return ContextAdvice(model, sets, ens, partial, corpus, str(kind))


def advice_on(model: str, *, alone: bool | None = None) -> str:
    """What is recommended for a model, in a sentence; empty where nothing is known.

    Where ``alone`` says what is chosen (two genes alone, or more), only what speaks against that.
    """
    found = context_advice(model)
    if found is not None:
        return "" if alone is not None and alone == (found.best == "pair") else found.sentence()
    taught = taught_means(model)
    if alone or not taught:
        return ""
    few, many = min(taught), max(taught)
    return (
        f"Recommended for {model}: {WORDS['pair']}. There it gives back the conditional means that it was taught (R2 "
        f"{taught[few]:.2f}), in a virtual cell of {many} genes little of them ({taught[many]:.2f}), and no translator "
        "was judged there."
    )


def taught_means(model: str) -> dict[int, float]:
    """R2 of the conditional means that a distilled model was taught, by genes of the virtual cell, at its last step."""
    folder = shipped_model(model)
    if folder is None or not (folder / "curve.csv").exists():
        return {}
    if json.loads((folder / "card.json").read_text())["objective"] != "distilled":
        return {}
    last = pd.read_csv(folder / "curve.csv").iloc[-1]
    return {int(c.split("_")[2]): float(last[c]) for c in last.index if c.startswith("r2_means_")}


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _both(means: tuple[Mean, ...]) -> str:
    return " / ".join(f"{m.value:.3f}" for m in means)
