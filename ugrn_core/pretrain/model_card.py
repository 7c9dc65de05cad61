"""The model card of an embedded model; ``python -m ugrn_core.pretrain card`` measures every figure in it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd

from ugrn_core.backbones.backbone import TransformerBackbone, random_twin
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.data.standardised import MIN_CELLS
from ugrn_core.errors import InputError
from ugrn_core.figures.benchmark_means import section
from ugrn_core.figures.context_advice import advice_on
from ugrn_core.pair_specific import PAIR_REFERENCE, reference_genes
from ugrn_core.pretrain.corpus import HELD_OUT, MIN_DATA_SETS, Corpus, load_corpus
from ugrn_core.pretrain.doors import LOG1P_FLOOR
from ugrn_core.pretrain.head_text import heads_text
from ugrn_core.pretrain.sampling import GENES_A_CELL
from ugrn_core.pretrain.selection import CLASS, regulatory_figures
from ugrn_core.pretrain.shape_text import shapes_text, tissues_text
from ugrn_core.sweep import sweep_pairs
from ugrn_core.translators.kinds import KINDS, KindName
from ugrn_core.types import SweepSettings

METHODS = ("VVP", "GDT", "Ens", "Emb")
TRANSLATORS_TEXT = {
    True: "The shipped translators of all distilled models are of the kind that is higher over VVP, GDT and Ens on "
    "`ugrn-mini-2`.",
    False: "It is a control: no translator of it is shipped.",
}
OBJECTIVE_TEXT = {
    "distilled": "distilled: it was taught conditional means computed from its corpus (nine batches of ten{tissues}); "
    "the rest were hidden values of real profiles. It knows the co-expression of its corpus by construction and is "
    "**no evidence about models that learnt by reconstruction alone**, such as scGPT",
    "reconstructed": "reconstructed: it was taught the hidden values of real profiles, as the published models were; "
    "only its first weights know the co-expression of the corpus",
    "random": "random: never trained; only its first weights know the co-expression of the corpus",
}
UNIT_TEXT = {
    "standardised": "standard deviations from the gene's mean in its data set, so that a value means the same for "
    "every gene; at most 3.1 to either side in training",
    "log1p": "log1p of counts per 10,000; one standard deviation of a gene is taken as the root of its own squared and "
    f"{LOG1P_FLOOR} squared",
}
CURVES_TEXT = {
    True: """\
- Curves saturate as the conditional means of the corpus do: extreme values of single profiles are mostly noise, and
  what goes with them comes back to the mean. Most of this bend is taught as one curve for all genes: that a curve bends
  is no finding about its pair.
- What it was taught of tissues is what ten tissues of one corpus file say; of others it knows nothing.""",
    False: "- Most curves are nearly straight; a slope near 0 may change its sign from one value to the next without "
    "meaning.",
}
"""Limits of models that were taught tissues, and how far values count, and of those that were not."""
RETRAIN = {
    True: "Retrain with",
    False: "Retrain with the sources of commit `dc5a6ed`, whose recipe this one is (what is taught since is another:\n"
    "decision 195),",
}
NEIGHBOURS = 0.2
"""Distance of two virtual values, in the model's unit, between which a slope should keep its sign."""
SLIGHT = 0.1
"""So small a part of the mean size of slopes is next to nothing."""


def write_card(name: str, folder: Path, corpus_at: Path, beeline: Path, *, measured: bool = False) -> str:
    """Measure ``figures.json`` of a shipped model and write its ``README.md``; returns the card.

    ``measured`` takes the figures that stand in ``figures.json`` and writes the text alone; figures of another
    fingerprint are refused.
    """
    backbone = load_checkpoint(folder, device="cpu")
    about = json.loads((folder / "card.json").read_text())["about"]
    if measured:
        figures = json.loads((folder / "figures.json").read_text())
        if figures["fingerprint"] != backbone.fingerprint:
            raise InputError(f"figures.json is of another model ({figures['fingerprint'][:12]}); measure again.")
    else:
        figures = {"fingerprint": backbone.fingerprint, **measure(backbone, beeline)}
    corpus = load_corpus(corpus_at)
    if corpus.genes != backbone.vocabulary.symbols:
        raise InputError("The corpus has another vocabulary than the model.")
    if not measured:
        (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    text = _text(name, folder, about, backbone, corpus, figures, corpus_at)
    (folder / "README.md").write_text(text)
    return text


def measure(backbone: TransformerBackbone, beeline: Path) -> dict[str, Any]:
    """Gene-disjoint figures in hESC-STRING of the model and both its twins, and how smooth its slopes are."""
    asked = {
        "trained": backbone,
        "random_weights": random_twin(backbone),
        "random_transformer": random_twin(backbone, keep_embeddings=True),
    }
    kinds: list[KindName] = [kind.name for kind in KINDS.values()]
    figures: dict[str, Any] = {
        name: {k: round(v, 3) for k, v in regulatory_figures(b, beeline, kinds, CLASS).items()}
        for name, b in asked.items()
    }
    return figures | slope_sign_changes(backbone)


def slope_sign_changes(backbone: TransformerBackbone, n_pairs: int = 1000) -> dict[str, float]:
    """Share of neighbouring slopes (0.2 apart, over the grid's range) of opposite sign, random pairs, pair context;
    of all, and of those that are both larger than :data:`SLIGHT` of the mean size of slopes."""
    rng = np.random.default_rng(0)
    drawn = [rng.choice(len(backbone.vocabulary), 2, replace=False) for _ in range(n_pairs)]
    pairs = [(backbone.vocabulary.symbols[i], backbone.vocabulary.symbols[j]) for i, j in drawn]
    low, high = backbone.card.grid[0], backbone.card.grid[-1]
    grid = tuple(np.round(np.arange(low, high, NEIGHBOURS), 3).tolist())
    slope = sweep_pairs(backbone, pairs, SweepSettings(backbone.card.base, grid)).slope
    changed = np.sign(slope[:, 1:]) != np.sign(slope[:, :-1])
    size = np.minimum(abs(slope[:, 1:]), abs(slope[:, :-1]))
    there = size > SLIGHT * abs(slope).mean()
    shares = {"slope_sign_changes": changed.mean(), "slope_sign_changes_of_size": changed[there].mean()}
    return {name: round(float(share), 4) for name, share in shares.items()}


def _text(
    name: str,
    folder: Path,
    about: dict,
    backbone: TransformerBackbone,
    corpus: Corpus,
    figures: dict[str, Any],
    corpus_at: Path,
) -> str:
    used = [p for p in corpus.parts if not p.held_out and len(p.rows) >= MIN_CELLS]
    n_parts = f"{len(used)} data sets of at least {MIN_CELLS}"
    species = Counter(p.species for p in used for _ in p.rows)
    held_out = sum(len(p.rows) for p in corpus.parts if p.held_out)
    by_species = ", ".join(f"{n:,} {s}" for s, n in sorted(species.items()))
    config, settings = backbone.model.config, about["settings"]
    shape = f"{config.n_layers} layers, width {config.width}, {config.n_heads} heads"
    options = f"--unit {settings['unit']} --steps {settings['steps']} --seed {settings['seed']}"
    if settings["objective"] != "distilled":
        options += f" --objective {settings['objective']}"
    recipe = "tissue_share" in settings
    taught = recipe and settings["objective"] == "distilled"
    tissues = f", {settings['tissue_share']:.0%} of these of tissues" if taught else ""
    objective = OBJECTIVE_TEXT[settings["objective"]].format(tissues=tissues)
    steps = f"{about['step']:,} of {settings['steps']:,} steps"
    megabytes = (folder / "model.safetensors").stat().st_size / 1e6
    return f"""# {name}

A **small** single-cell model made by this project so that everything runs at once on a laptop. It is not scGPT and
not scBenchmark; it shares their layout. What it says about gene regulation are hypotheses.

| | |
|---|---|
| objective | {objective} |
| layout | {settings["layout"]}, {shape}, {megabytes:.1f} MB as float16 |
| values | {UNIT_TEXT[settings["unit"]]} |
| base, virtual values | {backbone.card.base:g}; {", ".join(f"{v:g}" for v in backbone.card.grid)} |
| vocabulary | {len(corpus.genes):,} genes measured by at least {MIN_DATA_SETS} corpus files |
| training data | {sum(species.values()):,} profiles ({by_species}) in {n_parts} |
| training | {steps}, {GENES_A_CELL[0]}-{GENES_A_CELL[1]} genes a cell |
| held out | {held_out:,} profiles of {len(HELD_OUT)} data sets: {", ".join(HELD_OUT)} |
| fingerprint | `{backbone.fingerprint}` |
| licence | {backbone.card.licence} |

In a virtual cell a gene's own value is visible to the model and was never part of what it was taught about that gene:
a reconstructed value is what the other genes say.

## Figures

Gene-disjoint cross-validation of translators inside hESC-STRING (TFs+500, pair context, as many non-edges as edges for
each TF, 3 folds x 2 repeats; no tested gene was seen in translator training). AUPRC is average precision, its chance
level is 0.5 here. Translators are the paper's network, a logistic regression with an L2 penalty, and a network with
dropout. Beside them the logistic regression on the same model with random weights, and on a random transformer over the
trained gene embeddings. The last methods read what kind of genes the two are beside their curves; "listed" is whether
BEELINE lists them as regulators, which is a shortcut of that benchmark.
{TRANSLATORS_TEXT[settings["objective"] == "distilled"]}


| method | AUPRC | AUROC | logistic | dropout | logistic, random weights | logistic, random transformer |
|---|---|---|---|---|---|---|
{_rows(figures)}

{figures["slope_sign_changes"]:.2%} of neighbouring slopes ({NEIGHBOURS} apart) of 1,000 random pairs differ in sign,
{figures["slope_sign_changes_of_size"]:.2%} of those that are both larger than a tenth of the mean slope: most signs are
lost where a slope is next to nothing.

Figures at the recorded steps: R2 of conditional means in virtual cells of so many genes, R2 of hidden values in data
sets never trained on, and the cross-validation above. The last step is shipped.

{_curve(folder)}
{shapes_text(folder)}{tissues_text(folder)}{_context(name)}{heads_text(name)}
Regenerate with `python -m ugrn_core.pretrain card --name {name}` (needs `UGRN_CORPUS_DIR` and `UGRN_DATA_DIR`).
{RETRAIN[recipe]}

    python -m ugrn_core.pretrain train {options} --run RUN
    python -m ugrn_core.pretrain export --run RUN --step {about["step"]} --name {name}

## Limits

- Small and trained on little data; rare cell types, non-coding genes and most of the genome's long tail are thin.
- Made for the pair alone. In virtual cells of hundreds of genes it meets what it was taught only in part (last columns
  of the means above).
{CURVES_TEXT[taught]}
- Co-expression is no regulation: what the curves rank is who goes with whom in the corpus, in both directions alike.
- Mouse genes stand under their human orthologs; the two species share one vocabulary.
- Units of the sources are mixed. Averages of cells are profiles like cells. Atlases overlap.

## Reference genes

The pair-specific response in the pair context is taken against these {PAIR_REFERENCE} genes, drawn with seed 0:
{", ".join(reference_genes(backbone.vocabulary.symbols, PAIR_REFERENCE))}.

## Sources of the training data

{_sources(corpus_at)}
"""


def _rows(figures: dict[str, Any]) -> str:
    trained, twin, half = (figures[k] for k in ("trained", "random_weights", "random_transformer"))
    return "\n".join(
        f"| {m} | {trained[f'{m}_auprc']:.3f} | {trained[f'{m}_auroc']:.3f} | {trained[f'logistic_{m}_auprc']:.3f} "
        f"| {_told(trained, f'dropout_{m}_auprc')} | {twin[f'logistic_{m}_auprc']:.3f} "
        f"| {half[f'logistic_{m}_auprc']:.3f} |"
        for m in (*METHODS, *CLASS)
        if f"{m}_auprc" in trained
    )


def _told(figures: dict[str, float], name: str) -> str:
    return f"{figures[name]:.3f}" if name in figures else ""


def _context(name: str) -> str:
    """Which virtual cell is recommended, from the shipped runs in both."""
    said = advice_on(name)
    return section(f"## Virtual cell\n\n{said}") if said else ""


def _curve(folder: Path) -> str:
    with (folder / "curve.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    shown = ["step", *(k for k in rows[0] if k.startswith("r2_")), *(f"{m}_auprc" for m in METHODS)]
    lines = ["| " + " | ".join(shown) + " |", "|" + "---|" * len(shown)]
    return "\n".join(lines + ["| " + " | ".join(row[k] for k in shown) + " |" for row in rows])


def _sources(corpus_at: Path) -> str:
    provenance = corpus_at.parent / "PROVENANCE.tsv"
    licences = {}
    if provenance.exists():
        table = pd.read_csv(provenance, sep="\t", dtype=str).fillna("")
        stated = zip(table["file"], table["licence_stated"], strict=True)
        licences = {Path(f).stem: x.split("|")[0].strip() for f, x in stated}
    lines = ["| data set | study | species | profiles | licence stated by the source |", "|---|---|---|---|---|"]
    for file in sorted(corpus_at.glob("*.h5ad")):
        data = ad.read_h5ad(file, backed="r")
        licence = licences.get(file.stem) or "none stated"
        lines.append(f"| {file.stem} | {data.uns['study']} | {data.uns['species']} | {data.n_obs:,} | {licence} |")
    return "\n".join(lines)
