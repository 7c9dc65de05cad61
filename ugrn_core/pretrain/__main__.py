"""``python -m ugrn_core.pretrain``: train, export and describe the embedded models.

Reads the corpus from ``UGRN_CORPUS_DIR`` and the BEELINE networks from ``UGRN_DATA_DIR``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from safetensors.numpy import load_file, save_file

from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.checkpoint import load_checkpoint
from ugrn_core.backbones.registry import DEFAULT_BACKBONE, load_backbone
from ugrn_core.backbones.transformer import LeanTransformer
from ugrn_core.corpus_vectors import FOLDER, corpus_vectors, write_vectors
from ugrn_core.data.standardised import UNIT
from ugrn_core.errors import InputError, UGRNError
from ugrn_core.network.edge_table import beeline_edges
from ugrn_core.network.example import measure, write_example
from ugrn_core.paths import ASSETS, beeline_folder, corpus_folder
from ugrn_core.pretrain import tissues as tissue
from ugrn_core.pretrain.corpus import HELD_OUT, Corpus, labels_of, load_corpus
from ugrn_core.pretrain.doors import Unit, ValueRange
from ugrn_core.pretrain.effects import effects
from ugrn_core.pretrain.export import export, run_card
from ugrn_core.pretrain.model_card import write_card
from ugrn_core.pretrain.own_cells import own_cells
from ugrn_core.pretrain.sampling import BatchSampler
from ugrn_core.pretrain.selection import regulatory_figures
from ugrn_core.pretrain.shapes import shape_frame, write_shapes
from ugrn_core.pretrain.standardise import ZCorpus, standardise
from ugrn_core.pretrain.targets import Teacher
from ugrn_core.pretrain.tissue_targets import tissue_knowledge
from ugrn_core.pretrain.tissues import tissue_frame, write_tissues
from ugrn_core.pretrain.train import LayoutName, Objective, PretrainSettings, explained, new_model, pretrain
from ugrn_core.pretrain.vectors import Knowledge, corpus_knowledge, correlation_vectors
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.types import Vocabulary

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
app.command()(effects)
app.command()(own_cells)
LAYOUT: dict[Unit, LayoutName] = {"standardised": "scgpt", "log1p": "scbenchmark"}
EVALUATED = (2, 8, 64, 512)
"""Genes a cell of the virtual cells that a checkpoint is judged by."""


def _corpus() -> Path:
    folder = corpus_folder()
    if folder is None:
        raise InputError("Set UGRN_CORPUS_DIR to the corpus of h5ad files.")
    return folder


def _beeline() -> Path:
    folder = beeline_folder()
    if folder is None:
        raise InputError("Set UGRN_DATA_DIR to the BEELINE networks.")
    return folder


@app.command()
def train(
    unit: Annotated[Unit, typer.Option(help="standardised (scGPT layout) or log1p (scBenchmark layout)")],
    run: Annotated[Path, typer.Option(help="folder of the run; an interrupted run in it goes on")],
    objective: Annotated[Objective, typer.Option(help="distilled, reconstructed or random")] = "distilled",
    steps: int = PretrainSettings.steps,
    seed: int = 0,
    threads: int = 0,
) -> None:
    """Pre-train a model (half an hour on two cores, 6 GB); figures are printed and recorded as it goes."""
    if threads:
        torch.set_num_threads(threads)
    beeline = _beeline()
    settings = PretrainSettings(unit, LAYOUT[unit], objective, steps=steps, seed=seed)
    raw = load_corpus(_corpus())
    corpus, held_out = standardise(raw), standardise(raw, held_out=True)
    cells, kinds = _tissues(raw)
    del raw
    run.mkdir(parents=True, exist_ok=True)
    (run / "genes.json").write_text(json.dumps(corpus.genes))
    knowledge = _knowledge(run / "knowledge.safetensors", corpus, settings)
    door = ValueRange.of(unit, corpus.mean, corpus.deviation)
    tissues = tissue_knowledge(cells, kinds, knowledge)
    del cells
    sampler = BatchSampler(corpus, Teacher.of(knowledge, settings.signal), door, tissues)
    judged = _judged(sampler, BatchSampler(held_out, sampler.teacher, door))
    vocabulary = Vocabulary(corpus.genes, range(len(corpus.genes)))

    def evaluate(model: LeanTransformer) -> dict[str, float]:
        frozen = LeanTransformer(model.config)
        frozen.load_state_dict(model.state_dict())
        figures = {name: explained(model, batches) for name, batches in judged.items()}
        backbone = TransformerBackbone(frozen, run_card(unit), vocabulary, "run")
        return figures | regulatory_figures(backbone, beeline)

    pretrain(settings, sampler, new_model(settings, knowledge, door), run, evaluate, typer.echo)


def _tissues(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Log1p values (cell, gene) and tissues (cell,) of the corpus file that has both."""
    tissues = labels_of(_corpus(), tissue.FILE, "tissue")
    assert tissues is not None  # that is what the file is for
    rows = next(p.rows for p in corpus.parts if p.name == tissue.FILE)
    return corpus.values[rows.start : rows.stop].astype(np.float32), tissues


def _knowledge(file: Path, corpus: ZCorpus, settings: PretrainSettings) -> Knowledge:
    """The corpus' knowledge, from the file of an earlier start of the run where there is one."""
    if not file.exists():
        found = corpus_knowledge(corpus, settings.n_dims, settings.width)
        save_file(vars(found), file)
    return Knowledge(**load_file(file))


def _judged(sampler: BatchSampler, held_out: BatchSampler) -> dict[str, list]:
    """Fixed batches by name of their figure: virtual cells, and hidden values of data sets never trained on."""
    virtual = {f"r2_means_{n}_genes": [sampler.virtual(10_000, i, n) for i in range(2)] for n in EVALUATED}
    return virtual | {f"r2_hidden_{n}_genes": [held_out.real(10_000, i, n) for i in range(20)] for n in (8, 64, 256)}


@app.command("export")
def export_run(
    run: Annotated[Path, typer.Option()],
    step: Annotated[int, typer.Option(help="the chosen checkpoint")],
    name: Annotated[str, typer.Option(help="ugrn-mini-3, say: what export.py has a label for")],
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
    corpus = load_corpus(_corpus())
    write_vectors(folder, corpus.genes, correlation_vectors(standardise(corpus), n_dims))
    typer.echo(f"{folder}: {len(corpus.genes):,} genes, {n_dims} dimensions")


@app.command()
def shape(
    name: Annotated[str, typer.Option(help="a model that counts in standard deviations")] = DEFAULT_BACKBONE,
) -> None:
    """Compare curves with lines and copulas, and tissues with two genes alone; write shapes.csv and tissues.csv."""
    folder, corpus_at = ASSETS / "models" / name, _corpus()
    backbone = load_checkpoint(folder, device="cpu")
    if backbone.card.unit != UNIT:
        raise InputError(f"{name} counts in {backbone.card.unit}; shapes are judged in {UNIT}.")
    corpus = load_corpus(corpus_at)
    if corpus.genes != backbone.vocabulary.symbols:
        raise InputError("The corpus has another vocabulary than the model.")
    vectors = corpus_vectors().of(corpus.genes)
    labels = {file: labels_of(corpus_at, file, "cell_type") for file in HELD_OUT}
    types = {file: found for file, found in labels.items() if found is not None}
    cells, tissues = _tissues(corpus)
    pieces = standardise(corpus), standardise(corpus, held_out=True)
    del corpus
    genes = backbone.vocabulary.symbols
    write_tissues(tissue_frame(backbone, genes, cells, tissues, vectors, _told), folder / "tissues.csv")
    write_shapes(shape_frame(backbone, *pieces, vectors, types, _told), folder / "shapes.csv")


def _told(share: float, words: str) -> None:
    typer.echo(f"\r{share:4.0%}  {words}", nl=False, err=True)


@app.command()
def card(
    name: Annotated[str, typer.Option(help="an embedded model, ugrn-mini-3, say")],
    measured: Annotated[bool, typer.Option("--measured", help="write the text from figures.json")] = False,
) -> None:
    """Measure every figure of the model card and write assets/models/NAME/README.md (some minutes)."""
    typer.echo(write_card(name, ASSETS / "models" / name, _corpus(), _beeline(), measured=measured))


@app.command()
def example(
    model: Annotated[str, typer.Option(help="the default model of the app")] = DEFAULT_BACKBONE,
    translator: Annotated[str | None, typer.Option(help="default: the default translator of that model")] = None,
) -> None:
    """Measure the example network of the Start page and write assets/examples/network.json (some seconds)."""
    _beeline()
    known = beeline_edges()
    if known is None:
        raise InputError("Some BEELINE networks are missing in UGRN_DATA_DIR.")
    found = measure(load_backbone(model, "cpu"), load_translator(translator or DEFAULT_TRANSLATORS[model]), known)
    write_example(found)
    typer.echo(f"{found.sentence()} ({found.known:,} of {found.pairs:,} pairs; {found.lift:.1f} times)")


if __name__ == "__main__":
    try:
        app(standalone_mode=True)
    except UGRNError as error:
        raise SystemExit(str(error)) from None
