"""The model card of an embedded model; ``python -m ugrn_core.pretrain card`` measures every figure in it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import anndata as ad
import pandas as pd

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.random_weights import random_twin
from ugrn_core.errors import InputError
from ugrn_core.pretrain.corpus import HELD_OUT, MIN_DATA_SETS, Corpus, load_corpus
from ugrn_core.pretrain.sampling import GENES_A_CELL
from ugrn_core.pretrain.selection import regulatory_figures
from ugrn_core.pretrain.train import HELD_OUT_MASK_RATE, held_out_r2
from ugrn_core.probes.pair_specific import PAIR_REFERENCE, reference_genes

METHODS = ("VVP", "GDT", "Ens", "Emb")


def write_card(name: str, folder: Path, corpus_at: Path, beeline: Path, *, measured: bool = False) -> str:
    """Measure ``figures.json`` of a shipped model and write its ``README.md``; returns the card.

    ``measured`` takes the figures that stand in ``figures.json`` and writes the text alone; figures of another
    fingerprint are refused.
    """
    backbone = load_checkpoint(folder, device="cpu")
    about = json.loads((folder / "card.json").read_text())["about"]
    corpus = load_corpus(corpus_at, about["settings"]["scale"])
    if corpus.genes != backbone.vocabulary.symbols:
        raise ValueError("the corpus has another vocabulary than the model")
    if measured:
        figures = json.loads((folder / "figures.json").read_text())
        if figures["fingerprint"] != backbone.fingerprint:
            raise InputError(f"figures.json is of another model ({figures['fingerprint'][:12]}); measure again.")
    else:
        figures = {"fingerprint": backbone.fingerprint, **measure(backbone, corpus, beeline)}
        (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    text = _text(name, folder, about, backbone, corpus, figures, corpus_at)
    (folder / "README.md").write_text(text)
    return text


def measure(backbone: TransformerBackbone, corpus: Corpus, beeline: Path) -> dict[str, dict[str, float]]:
    """Held-out R2 by genes a cell, and gene-disjoint figures in hESC-STRING of the model and its random twin."""
    r2 = {f"{n} genes": round(r, 3) for n, r in held_out_r2(backbone.model, corpus).items()}
    twin = random_twin(backbone)
    return {
        "held_out_r2": r2,
        "trained": {k: round(v, 3) for k, v in regulatory_figures(backbone, beeline).items()},
        "random_weights": {k: round(v, 3) for k, v in regulatory_figures(twin, beeline).items()},
    }


def _text(
    name: str,
    folder: Path,
    about: dict,
    backbone: TransformerBackbone,
    corpus: Corpus,
    figures: dict[str, Any],
    corpus_at: Path,
) -> str:
    species = Counter(p.species for p in corpus.parts if not p.held_out for _ in p.rows)
    held_out = sum(len(p.rows) for p in corpus.parts if p.held_out)
    config, settings = backbone.model.config, about["settings"]
    shape = f"{config.n_layers} layers, width {config.width}, {config.n_heads} heads"
    options = f"--scale {settings['scale']} --steps {settings['steps']} --seed {settings['seed']}"
    if settings["embedding_scale"] != 1.0:
        options += f" --embedding-scale {settings['embedding_scale']}"
    steps = f"{about['step']:,} of {settings['steps']:,} steps"
    megabytes = (folder / "model.safetensors").stat().st_size / 1e6
    unit = "scGPT bins (rank within a profile, 0-50)" if settings["scale"] == "bins" else "log1p of counts per 10,000"
    r2 = ", ".join(f"{r:.2f} with {n}" for n, r in figures["held_out_r2"].items())
    return f"""# {name}

A **small** single-cell model made by this project so that everything runs at once on a laptop. It is not scGPT and
not scBenchmark; it shares their layout. What it says about gene regulation are hypotheses.

| | |
|---|---|
| layout | {settings["layout"]}, {shape}, {megabytes:.1f} MB |
| values | {unit} |
| vocabulary | {len(corpus.genes):,} genes measured by at least {MIN_DATA_SETS} corpus files |
| training data | {sum(species.values()):,} profiles ({", ".join(f"{n:,} {s}" for s, n in sorted(species.items()))}) |
| training | {steps}, masked-value regression, {GENES_A_CELL[0]}-{GENES_A_CELL[1]} genes a cell |
| held out | {held_out:,} profiles of {len(HELD_OUT)} data sets: {", ".join(HELD_OUT)} |
| fingerprint | `{backbone.fingerprint}` |
| licence | {backbone.card.licence} |

## Figures

Held-out reconstruction of hidden values ({HELD_OUT_MASK_RATE:.0%} of the genes of a cell hidden), R2: {r2}.

Gene-disjoint cross-validation of translators inside hESC-STRING (TFs+500, pair context, as many non-edges as edges for
each TF, 3 folds x 2 repeats; no tested gene was seen in translator training). AUPRC is average precision, its chance
level is 0.5 here; the same network with random weights stands beside:

| method | AUPRC | AUROC | AUPRC, random weights | AUROC, random weights |
|---|---|---|---|---|
{_rows(figures)}

The checkpoint was chosen by the AUPRC of Ens in this table's cross-validation, so that figure is optimistic by the
choice among the steps of `curve.csv` (held-out R2 and the same figures at every recorded step):

{_curve(folder)}

Regenerate with `python -m ugrn_core.pretrain card --name {name}` (needs `UGRN_CORPUS_DIR` and `UGRN_DATA_DIR`).
Retrain with

    python -m ugrn_core.pretrain train {options} --run RUN
    python -m ugrn_core.pretrain export --run RUN --step {about["step"]} --name {name}

## Limits

- Small and trained on little data; rare cell types, non-coding genes and most of the genome's long tail are thin.
- Mouse genes stand under their human orthologs; the two species share one vocabulary.
- Units of the sources are mixed. Averages of cells are profiles like cells. Atlases overlap.
- Raw responses are to a large part gene-level effects; their direction is no sign of activation or repression.

## Reference genes

The pair-specific response in the pair context is taken against these {PAIR_REFERENCE} genes, drawn with seed 0:
{", ".join(reference_genes(backbone.vocabulary.symbols, PAIR_REFERENCE))}.

## Sources of the training data

{_sources(corpus_at)}
"""


def _rows(figures: dict[str, Any]) -> str:
    trained, twin = figures["trained"], figures["random_weights"]
    return "\n".join(
        f"| {m} | {trained[f'{m}_auprc']:.3f} | {trained[f'{m}_auroc']:.3f} "
        f"| {twin[f'{m}_auprc']:.3f} | {twin[f'{m}_auroc']:.3f} |"
        for m in METHODS
    )


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
