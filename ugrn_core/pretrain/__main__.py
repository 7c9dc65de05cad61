"""``python -m ugrn_core.pretrain``: train, export and describe the embedded models.

Reads the corpus from ``UGRN_CORPUS_DIR`` and the BEELINE networks from ``UGRN_DATA_DIR``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import torch
import typer

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.corpus_vectors import FOLDER, write_vectors
from ugrn_core.errors import InputError, UGRNError
from ugrn_core.paths import ASSETS, beeline_folder, corpus_folder
from ugrn_core.pretrain.corpus import Scale, load_corpus
from ugrn_core.pretrain.export import export
from ugrn_core.pretrain.model_card import write_card
from ugrn_core.pretrain.selection import regulatory_figures
from ugrn_core.pretrain.standardise import standardise
from ugrn_core.pretrain.train import PretrainSettings, PublishedLayout, pretrain
from ugrn_core.pretrain.vectors import correlation_vectors
from ugrn_core.types import BackboneCard, Vocabulary

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
LAYOUT: dict[Scale, PublishedLayout] = {"bins": "scgpt", "log1p": "scbenchmark"}
DEFAULTS = {
    "bins": (10.0, (1.0, 5.0, 15.0, 25.0, 35.0, 45.0)),
    "log1p": (1.0, (0.25, 0.5, 2.0, 3.0, 4.0, 5.0)),
}


def _folders() -> tuple[Path, Path]:
    corpus, beeline = corpus_folder(), beeline_folder()
    if corpus is None or beeline is None:
        raise InputError("Set UGRN_CORPUS_DIR to the corpus of h5ad files and UGRN_DATA_DIR to the BEELINE networks.")
    return corpus, beeline


@app.command()
def train(
    scale: Annotated[Scale, typer.Option(help="bins (ugrn-mini) or log1p (ugrn-mini-log1p)")],
    run: Annotated[Path, typer.Option(help="folder of the run; an interrupted run in it goes on")],
    steps: int = 3000,
    replace_share: Annotated[float, typer.Option(help="share of hidden values replaced instead of masked")] = 0.0,
    embedding_scale: Annotated[float, typer.Option(help="size of the gene embeddings before training")] = 1.0,
    seed: int = 0,
    threads: int = 0,
) -> None:
    """Pre-train a model; prints and records held-out and regulatory figures every 500 steps."""
    if threads:
        torch.set_num_threads(threads)
    corpus_at, beeline = _folders()
    settings = PretrainSettings(
        scale,
        LAYOUT[scale],
        steps=steps,
        replace_share=replace_share,
        embedding_scale=embedding_scale,
        seed=seed,
    )
    corpus = load_corpus(corpus_at, scale)
    run.mkdir(parents=True, exist_ok=True)
    (run / "genes.json").write_text(json.dumps(corpus.genes))
    base, grid = DEFAULTS[scale]
    card = BackboneCard("run", "run", LAYOUT[scale], scale, (0.0, 50.0), base, grid, 256)
    vocabulary = Vocabulary(corpus.genes, range(len(corpus.genes)))

    def evaluate(model: LeanTransformer) -> dict[str, float]:
        frozen = LeanTransformer(model.config)
        frozen.load_state_dict(model.state_dict())
        return regulatory_figures(TransformerBackbone(frozen, card, vocabulary, "run"), beeline)

    pretrain(settings, corpus, run, evaluate, typer.echo)


@app.command("export")
def export_run(
    run: Annotated[Path, typer.Option()],
    step: Annotated[int, typer.Option(help="the chosen checkpoint")],
    name: Annotated[str, typer.Option(help="ugrn-mini or ugrn-mini-log1p")],
) -> None:
    """Write the chosen checkpoint to assets/models/NAME."""
    saved = export(run, step, name, ASSETS / "models" / name)
    typer.echo(f"{saved.folder}: {saved.weights.stat().st_size:,} bytes, fingerprint {saved.fingerprint}")


@app.command()
def vectors(
    folder: Annotated[Path, typer.Option(help="where to write")] = FOLDER,
    n_dims: Annotated[int, typer.Option(help="dimensions kept")] = 64,
) -> None:
    """Write the co-expression vectors of the corpus (a minute, 4 GB)."""
    corpus_at = corpus_folder()
    if corpus_at is None:
        raise InputError("Set UGRN_CORPUS_DIR to the corpus of h5ad files.")
    corpus = load_corpus(corpus_at, "log1p")
    write_vectors(folder, corpus.genes, correlation_vectors(standardise(corpus), n_dims))
    typer.echo(f"{folder}: {len(corpus.genes):,} genes, {n_dims} dimensions")


@app.command()
def card(
    name: Annotated[str, typer.Option(help="ugrn-mini or ugrn-mini-log1p")],
    measured: Annotated[bool, typer.Option("--measured", help="write the text from figures.json")] = False,
) -> None:
    """Measure every figure of the model card and write assets/models/NAME/README.md (some minutes)."""
    corpus_at, beeline = _folders()
    typer.echo(write_card(name, ASSETS / "models" / name, corpus_at, beeline, measured=measured))


if __name__ == "__main__":
    try:
        app(standalone_mode=True)
    except UGRNError as error:
        raise SystemExit(str(error)) from None
