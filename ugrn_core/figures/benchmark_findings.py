"""What all tables of a generation say together: words that tests hold to the frames, numbers from them.

Of the second generation first of all against the corpus that the models come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from ugrn_core.benchmark.results import read_results
from ugrn_core.figures.benchmark import RANDOM
from ugrn_core.figures.benchmark_means import (
    ABOUT_AS_MUCH,
    NONE,
    NOTHING,
    SUBSETS,
    WITHOUT_STRING,
    Mean,
    Means,
    Summaries,
    averages,
    best,
    markdown,
)
from ugrn_core.figures.context_advice import CUTS, KINDS, RUNS, WORDS, advice_of_run, listed
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.paths import ASSETS
from ugrn_core.translators.kinds import PAPER

MINI, LOG1P = "ugrn-mini", "ugrn-mini-log1p"
DEGREES, LISTED, CENSUS, LEVEL = "known edges, degrees", "target is listed", "target is a TF", "gene level"
NO_MODEL = (CENSUS, LISTED, DEGREES)
UNSEEN = "both_unseen"

MINI_2, MINI_3, LOG1P_2 = "ugrn-mini-2", "ugrn-mini-3", "ugrn-mini-log1p-2"
CONTROL = "ugrn-mini-2-reconstructed"
FULLEST = MINI_3
"""The model that was run with every sampler, virtual cell and kind of translator."""
HALVES = {model: f"{model}-random-transformer" for model in (MINI_3, MINI_2)}
"""Random transformers over the trained gene embeddings."""
HALF_RANDOM = HALVES[FULLEST]
FIRST = ("ugrn-mini", "ugrn-mini-log1p")
IN_OTHER_TABLES = (MINI_3, MINI_2, LOG1P_2)
"""Models whose tables by other training networks are told."""
CORPUS = "Co-expression"
CLASS_KINDS = {"logistic": "linear", "dropout": "dropout"}
CLASS = tuple(name for name, method in METHODS.items() if method.family == "class")
TWINS = {"trained": "the model", HALF_RANDOM: "random transformer", RANDOM: "random weights"}
TAUGHT = {
    MINI_3: "taught that co-expression, curves and tissues",
    MINI_2: "taught that co-expression",
    LOG1P_2: "taught the same in the other layout",
    CONTROL: "the same vectors, learnt hidden values alone",
    **dict.fromkeys(FIRST, "first generation"),
}

Frames = Mapping[tuple[str, int, str], pd.DataFrame]
"""Frames by model, table and kind of translator."""


def first_findings(of: Summaries, runs: Iterable[tuple[str, str]]) -> str:
    """Paragraphs (markdown) on runs ``(model, run)`` of the first generation."""
    one, unseen = of(MINI, "Table 1", "all"), of(MINI, "Table 1", UNSEEN)
    two, three, five = (of(MINI, f"Table {n}", "all") for n in (2, 3, 5))
    four = of(MINI, "Table 4", UNSEEN)
    degree, degree_unseen = (of(MINI, "Table 1, by degree", s) for s in ("all", UNSEEN))
    even, even_log1p = (of(model, "Table 1, uniform", "all") for model in (MINI, LOG1P))
    random = best({f"{model} {run}": of(model, run, "all")["random weights"] for model, run in runs}, None)
    return f"""
**The first generation.** Mean AUPRC over tests, in brackets the lowest and the highest of three seeds.

- **Two genes in the cell, all pairs.** The curves of `ugrn-mini` say more than every score without a model over all
  pairs of Tables 1 to 4 (Table 1: VVP {one["VVP"]}, GDT {one["GDT"]}, the best such score {best(one, NO_MODEL)}), and
  not in Table 5, where the degrees of the training network lead ({five[DEGREES]}). They are above the embeddings too in
  Tables 2 and 3 (VVP {two["VVP"]} and {three["VVP"]} against {two["Emb"]} and {three["Emb"]}), most often on
  cell-type-specific ChIP, and below them in Tables 1, 4 and 5. The curves of `ugrn-mini-log1p` are below the embeddings
  in every table.
- **Both genes unseen in training.** Less is left: the curves of `ugrn-mini` are above a census of transcription factors
  in Tables 1 to 4 (Table 1: VVP {unseen["VVP"]}, “target is a TF” {unseen[CENSUS]}, the gene level alone
  {unseen[LEVEL]}), but nothing of either model is above the list of regulators that comes with the test (“target is
  listed”, {unseen[LISTED]}), save in Table 4 with `ugrn-mini` (VVP {four["VVP"]}, listed {four[LISTED]}).
- **How negatives are drawn decides much.** With targets drawn by their degree, the curves of `ugrn-mini` in Table 1 are
  above embeddings and every score without a model, over all pairs (VVP {degree["VVP"]}, embeddings {degree["Emb"]}) and
  unseen genes ({degree_unseen["VVP"]}, {degree_unseen["Emb"]}); drawn evenly among all candidates, the embeddings lead
  ({even["Emb"]}) and the curves of both models fall behind the degrees of the training network (VVP {even["VVP"]} and
  {even_log1p["VVP"]}, degrees {even[DEGREES]}).
- **All genes of the data set in the cell.** The picture is clearer. On the one cut that was run (hESC STRING to the six
  networks of mDC and mHSC-E, 100 sources each), VVP and GDT of both models are above embeddings, gene level and every
  score without a model, over all pairs ({_cut(of, "all")}) and where both genes are unseen ({_cut(of, UNSEEN)}). That
  is six tests on two data sets, and a reason to run more.
- **Without training.** Random weights reach {random} at most over all pairs. Nothing of this speaks for or against
  scGPT, whose weights were not run here.
""".strip()


def _cut(of: Summaries, subset: str) -> str:
    """VVP of both models with all genes in the cell, beside the best of what it is compared with."""
    cuts: list[Means] = [of(model, "cut, all genes", subset) for model in (MINI, LOG1P)]
    ours: list[Mean] = [cut["VVP"] for cut in cuts]
    beside = [best(cut, ("Emb", LEVEL, *NO_MODEL)) for cut in cuts]
    return f"VVP {ours[0]} and {ours[1]}; the best of those {beside[0]} and {beside[1]}"


def corpus_findings(frames: Frames) -> str:
    """Paragraphs and tables (markdown) of what is there; Table 1 of the default with the paper's translator must be."""
    first = frames[FULLEST, 1, PAPER]
    ours, theirs = (averages(first).get(column, NONE) for column in ("Ens", CORPUS))
    beyond = "nothing" if ours.value <= theirs.value + ABOUT_AS_MUCH else "a little"
    told = [
        "**The curves of the second generation against the corpus they come from.** Mean AUPRC over the tests of Table "
        f"1, in brackets the lowest and the highest of {ours.seeds} seeds; of models, Ens. The co-expression of the "
        "corpus takes no model and no training, and STRING holds co-expression itself. In these tables the curves "
        f"carry what the corpus knows of a pair, and {beyond} beyond it.",
        markdown(
            ["scores", "all pairs", "both genes unseen", "without STRING", "without STRING, both unseen"],
            _lines(frames),
        ),
    ]
    by_class = list(_class_lines(frames))
    if by_class:
        told += [
            "Methods that read what kind of genes the two are, beside their curves: whether both are in the census of "
            "factors (class), and whether BEELINE lists them as regulators (listed), which is no fact of a gene: that "
            "list was made of collections of edges, some of which are the tests. Beside them the same with a random "
            "transformer over the trained gene embeddings, and with random weights throughout: what is there comes "
            "for the most part from the gene embeddings and from the classes.",
            markdown(
                ["method, kind of translator", *(f"{w}, {s}" for w in TWINS.values() for s in ("all pairs", "unseen"))],
                by_class,
            ),
        ]
    cells = list(_cell_lines())
    if cells:
        told += [
            "Two genes alone against all genes of a data set in the virtual cell, on the same pairs; partial "
            "correlation of the corpus is given all genes of the data set, as a conditional mean is (all pairs, both "
            "genes unseen)." + _given_all(),
            markdown(
                ["model", "data sets", *(f"Ens, {w}" for w in WORDS.values()), "partial correlation", "the corpus"],
                cells,
            ),
        ]
    others = list(_other_tables(frames))
    if others:
        told += [
            f"Where translators are trained on other networks than STRING too, {_survival(frames)} (Ens, by the "
            "paper's translator where no other is named):",
            markdown(["table, model", "Ens", "the corpus", "Ens, unseen genes", "the corpus, unseen genes"], others),
        ]
    return "\n\n".join(told)


def shipped_frames() -> dict[tuple[str, int, str], pd.DataFrame]:
    """Every shipped frame that the paragraphs read."""
    found = {}
    for model in (*TAUGHT, *HALVES.values()):
        for table in range(1, 6):
            for kind in {**KINDS, **CLASS_KINDS}:
                ending = "" if kind == PAPER else f"_{kind}"
                file = ASSETS / "benchmark" / f"{model}_table_{table}{ending}.csv.gz"
                if file.exists() and (table == 1 or model in IN_OTHER_TABLES):
                    found[model, table, kind] = read_results(file)
    return found


def _lines(frames: Frames) -> Iterator[list[object]]:
    """The corpus, every model and translator, and random weights, on Table 1."""
    first = frames[FULLEST, 1, PAPER]
    yield ["co-expression of the corpus", *_of(first, CORPUS)]
    for model, taught in TAUGHT.items():
        for kind, words in KINDS.items():
            if (model, 1, kind) in frames:
                yield [f"`{model}` ({taught}){words}", *_of(frames[model, 1, kind], "Ens")]
    for (model, half), (kind, words) in product(HALVES.items(), KINDS.items()):
        if (half, 1, kind) in frames:
            of_model = f" of `{model}`"
            means = _of(frames[half, 1, kind], f"Ens{RANDOM}")
            yield [f"a random transformer over the trained gene embeddings{of_model}{words}", *means]
    yield [f"random weights, of the shape of `{FULLEST}`", *_of(first, f"Ens{RANDOM}")]


def _of(frame: pd.DataFrame, column: str) -> list[object]:
    """Averages over all pairs and over unseen ones, with the tests on STRING and without."""
    return [averages(frame, 1, s, networks).get(column, NONE) for networks in ((), WITHOUT_STRING) for s in SUBSETS]


def _class_lines(frames: Frames) -> Iterator[list[object]]:
    """Every method with gene class by every kind: the default, its half-random twin, its random one."""
    for kind, words in CLASS_KINDS.items():
        whole, half = frames.get((FULLEST, 1, kind)), frames.get((HALF_RANDOM, 1, kind))
        for method in CLASS if whole is not None else ():
            columns = ((whole, method), (half, f"{method}{RANDOM}"), (whole, f"{method}{RANDOM}"))
            means = [
                NONE if frame is None else averages(frame, 1, s).get(column, NONE)
                for frame, column in columns
                for s in SUBSETS
            ]
            if not np.isnan(means[0].value):
                yield [f"{method}, {words}", *means]


def _cell_lines() -> Iterator[list[object]]:
    """Every model that was asked in both virtual cells."""
    for run in reversed(RUNS):
        for model in (MINI_3, MINI_2, LOG1P_2, *FIRST):
            found = advice_of_run(model, run)
            if found is not None:
                means = [*(found.ens[c] for c in WORDS), found.partial, found.corpus]
                told = (NOTHING if np.isnan(m[0].value) else f"{m[0]} / {m[1]}" for m in means)
                yield [f"`{model}`{KINDS[found.kind]}", listed(found.sets), *told]


def _given_all() -> str:
    """How the default model stands with all genes in its cell; empty where it was not asked there."""
    found = [f for run in reversed(CUTS) if (f := advice_of_run(FULLEST, run))]
    first = [f.ens["full"] for model in FIRST if (f := advice_of_run(model, CUTS[-1]))]
    if not found or not first:
        return ""
    old = tuple(max(means, key=lambda m: m.value) for means in zip(*first, strict=True))
    told: dict[str, list[str]] = {}
    for f in found:
        said = (
            f"{stands(f.ens['full'], f.partial)} partial correlation, {stands(f.ens['full'], old)} the better model of "
            f"the first generation, and {stands(f.ens['full'], f.ens['pair'])} itself with two genes alone"
        )
        told.setdefault(said, []).append(KINDS[f.kind])
    each = "; ".join(said + (", by either translator" if len(kinds) > 1 else kinds[0]) for said, kinds in told.items())
    return f" With all genes in the cell, on {listed(found[0].sets)}, Ens of `{FULLEST}` is {each}."


def stands(ours: Sequence[Mean], theirs: Sequence[Mean]) -> str:
    """How averages over all pairs and over unseen ones stand to others."""
    gaps = [a.value - b.value for a, b in zip(ours, theirs, strict=True)]
    words = ["level with" if abs(g) <= ABOUT_AS_MUCH else "above" if g > 0 else "below" for g in gaps]
    return words[0] if words[0] == words[1] else f"{words[0]} (all pairs) and {words[1]} (unseen genes)"


def _other_tables(frames: Frames) -> Iterator[list[object]]:
    for table, model, (kind, words) in product(range(2, 6), IN_OTHER_TABLES, KINDS.items()):
        if (model, table, kind) in frames:
            means = [averages(frames[model, table, kind], table, s) for s in SUBSETS]
            yield [f"Table {table}, `{model}`{words}", *(m.get(c, NONE) for m in means for c in ("Ens", CORPUS))]


def _survival(frames: Frames) -> str:
    """In how many other tables Ens of the default falls farther behind the corpus than in Table 1, over all pairs."""
    fewer = []
    for kind in KINDS:
        there = [table for table in range(1, 6) if (FULLEST, table, kind) in frames]
        means = [averages(frames[FULLEST, table, kind], table) for table in there]
        first, *others = [m["Ens"].value - m[CORPUS].value for m in means] or [0.0]
        fewer += [gap < first for gap in others]
    if all(fewer):
        return "less of it survives"
    return f"less of it survives in {sum(fewer)} of {len(fewer)} runs" if any(fewer) else "it survives"
