"""``ugrn translator`` and ``ugrn score``: make, look at and use translators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.options import (
    DEFAULT_BACKBONE,
    BackboneOption,
    BackgroundOption,
    BaseOption,
    DeviceOption,
    GridOption,
    sweep_settings,
)
from ugrn_core.cli.output import progress_on_stderr, say, write_csv, write_json, write_table
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.beeline.networks import Row
    from ugrn_core.translation.material import Material, TrainRequest

translator = typer.Typer(no_args_is_help=True, help="Make, list, show and delete translators.", rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the translator.")]


@translator.command()
def train(
    name: NameArgument,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    network: Annotated[str, typer.Option(metavar="A,B|all", help="BEELINE networks to train on.")] = "STRING",
    sets: Annotated[str, typer.Option(metavar="A,B|all", help="BEELINE data sets to train on.")] = "hESC",
    gene_set: Annotated[str, typer.Option(metavar="TFs+500|TFs+1000", help="Which genes of each set.")] = "TFs+500",
    edges: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own edges instead: source,target or source,target,label.")
    ] = None,
    method: Annotated[str, typer.Option(metavar="NAME", help="Ens, VVP, GDT or Baseline-Emb.")] = "Ens",
    context: Annotated[str, typer.Option(metavar="pair|full", help="Two genes, or all of the data set.")] = "pair",
    sampler: Annotated[str, typer.Option(metavar="NAME", help="Negatives: see ugrn benchmark.")] = "per_tf",
    neg_ratio: Annotated[int, typer.Option(help="Negatives to each positive (N/P).")] = 1,
    max_pos: Annotated[int, typer.Option(help="Most positives of each network of each data set; 0: all.")] = 2000,
    epochs: Annotated[int, typer.Option(help="Epochs of each network.")] = 50,
    seeds: Annotated[int, typer.Option(help="Networks whose logits are averaged, each with its own pairs.")] = 3,
    base: BaseOption = None,
    grid: GridOption = None,
    background: BackgroundOption = "fixed",
    folder: Annotated[Path | None, typer.Option(help="Where to put it; default: your own translators.")] = None,
    device: DeviceOption = None,
) -> None:
    """Train a translator on BEELINE networks or on your own edges.

    It is judged and calibrated on data sets that it was not trained on (own edges: on genes it was not trained on);
    the card says how well it did.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.store import Store
    from ugrn_core.translation.material import TrainRequest
    from ugrn_core.translation.training import train_translator
    from ugrn_core.translators.library import save_translator

    model = load_backbone(backbone, device)
    request = TrainRequest(
        name=name,
        method=method,
        context=context,  # pyright: ignore[reportArgumentType] (checked by the request)
        sampler=sampler,
        neg_ratio=neg_ratio,
        max_pos=max_pos or None,
        epochs=epochs,
        seeds=seeds,
        settings=sweep_settings(model.card, base, grid, background),
    )
    if edges is None:
        material = _beeline(request, model, _rows(network, sets), gene_set)
    else:
        material = _own(request, model, edges)
    with Store() as store, progress_on_stderr() as progress:
        made = train_translator(model, request, material, store, progress=progress)
    weights = save_translator(made, folder)
    for m in made.card.metrics:
        pairs = m.n_pos + m.n_neg
        say(f"{m.test}: AUPRC {m.auprc:.3f}, AUROC {m.auroc:.3f}; {m.n_pos:,} of {pairs:,} pairs are edges.")
    c = made.card.calibration
    if c is None:
        say("Too few held-out pairs: probabilities are not calibrated.")
    else:
        say(f"Calibrated on {c.n_pairs:,} held-out pairs: Brier {c.brier:.3f}, of the prior alone {c.brier_prior:.3f}.")
    typer.echo(weights)


@translator.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False) -> None:
    """List the translators there are."""
    from ugrn_core.translators.library import list_translators

    found = list_translators()
    if as_json:
        write_json(
            [
                {
                    "name": t.name,
                    "shipped": t.shipped,
                    "folder": str(t.folder),
                    "backbone": None if t.card is None else t.card.schema.backbone,
                    "method": None if t.card is None else t.card.schema.method,
                    "networks": None if t.card is None else list(t.card.networks),
                    "train_sets": None if t.card is None else list(t.card.train_sets),
                    "problem": t.problem,
                }
                for t in found
            ]
        )
        return
    rows = []
    for t in found:
        c = t.card
        about = t.problem if c is None else f"{', '.join(c.train_sets)}: {', '.join(c.networks)}"
        what = ["?", "?"] if c is None else [c.schema.backbone, c.schema.method]
        rows.append([t.name, "shipped" if t.shipped else "own", *what, about])
    write_table(["name", "origin", "backbone", "method", "trained on"], rows)


@translator.command()
def show(name: NameArgument) -> None:
    """Show the card of a translator, as JSON."""
    from ugrn_core.translators.library import find_translator, read_card
    from ugrn_core.translators.translator import card_json

    write_json(card_json(read_card(find_translator(name).with_suffix(".json"))))


@translator.command()
def delete(name: NameArgument) -> None:
    """Delete one of your own translators."""
    from ugrn_core.translators.library import delete_translator

    say(f"{delete_translator(name)} is deleted.")


def score(
    pairs: Annotated[Path, typer.Option(metavar="FILE", help="Pairs, one a line: source,target.")],
    translator: Annotated[str, typer.Option(metavar="NAME|FILE", help="A translator of `ugrn translator list`.")],
    backbone: Annotated[str | None, typer.Option(metavar="NAME|FOLDER", help="Default: the translator's.")] = None,
    context: Annotated[str, typer.Option(metavar="pair|FILE", help="The pair alone, or a gene list.")] = "pair",
    prevalence: Annotated[float | None, typer.Option(help="Share of edges assumed; default: the card's.")] = None,
    device: DeviceOption = None,
) -> None:
    """Score pairs with a translator, as a CSV of edges.

    Columns: source, target, score (logit), probability (calibrated, at the prevalence), novelty (what of the pair was
    in the training).
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.genes.gene_list import parse_pairs
    from ugrn_core.genes.resolve import resolve
    from ugrn_core.store import Store
    from ugrn_core.translation.scoring import score_pairs
    from ugrn_core.translators.library import load_translator
    from ugrn_core.types import Context

    kept = load_translator(translator)
    model = load_backbone(backbone or kept.card.schema.backbone, device)
    named = parse_pairs(_read_text(pairs))
    report = resolve(list(dict.fromkeys(g for pair in named for g in pair)), model.vocabulary)
    symbol = {r.name: r.symbol for r in report.records}
    asked = [(s, t) for s, t in ((symbol[a], symbol[b]) for a, b in named) if s is not None and t is not None]
    if any(r.status != "exact" for r in report.records):
        say(f"{pairs.name}: {report.sentence()}")
    if len(asked) < len(named):
        say(f"{len(named) - len(asked):,} of {len(named):,} pairs are left out: a gene of theirs is unknown.")
    cell = Context()
    if context != "pair":
        genes = read_genes(Path(context), model.vocabulary, strict=False).symbols
        cell = Context("genes", tuple(dict.fromkeys([*genes, *(g for pair in asked for g in pair)])), label=context)
    with Store() as store, progress_on_stderr() as progress:
        table = score_pairs(kept, model, asked, cell, store, prevalence=prevalence, progress=progress)
    used = kept.card.prevalence if prevalence is None else prevalence
    say(f"Probabilities assume that {used:.3g} of all candidate pairs are edges (--prevalence).")
    if kept.card.calibration is None:
        say(f"{kept.card.name} is not calibrated: its probabilities are those of the networks alone.")
    write_csv(table)


def _rows(networks: str, sets: str) -> list[Row]:
    """Rows of BEELINE that exist for the networks and data sets named."""
    from ugrn_core.beeline.networks import NETWORK_FOLDERS, ROWS, SPECIES

    wanted = []
    for text, known, what in ((networks, NETWORK_FOLDERS, "network"), (sets, SPECIES, "data set")):
        names = list(known) if text == "all" else [word.strip() for word in text.split(",") if word.strip()]
        unknown = [n for n in names if n not in known]
        if unknown or not names:
            got = ", ".join(unknown) or repr(text)
            raise InputError(f"no {what} is called {got}; there are {', '.join(known)}, or all.")
        wanted.append(names)
    rows = [row for row in ROWS if row.network in wanted[0] and row.data_set in wanted[1]]
    if not rows:
        raise InputError(f"BEELINE has no network {networks} for {sets} (LOF/GOF exists for mESC only).")
    return rows


def _beeline(request: TrainRequest, model: Backbone, rows: list[Row], gene_set: str) -> Material:
    from ugrn_core.beeline.networks import load_network
    from ugrn_core.translation.material import beeline_material, judged_rows

    needed = dict.fromkeys([*rows, *judged_rows(rows)])
    networks = {row: load_network(*row, gene_set).within(model.vocabulary) for row in needed}
    return beeline_material(request, rows, networks)


def _own(request: TrainRequest, model: Backbone, file: Path) -> Material:
    from ugrn_core.translation.edge_list import parse_edges
    from ugrn_core.translation.material import own_material

    edges = parse_edges(_read_text(file), model.vocabulary)
    say(f"{file.name}: {edges.report.sentence()}")
    for note in edges.notes:
        say(note)
    return own_material(request, edges)


def _read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as text: {error}.") from error
