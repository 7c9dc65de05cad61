"""``ugrn translator``: make, look at, test and delete translators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.genes import read_pairs_text
from ugrn_core.cli.options import (
    BackboneOption,
    BackgroundOption,
    BaseOption,
    Command,
    ContextGroupOption,
    DeviceOption,
    FeatureContextOption,
    GeneColumnOption,
    GeneSetOption,
    GridOption,
    LabelColumnOption,
    LayerOption,
    MaxPosOption,
    SourceColumnOption,
    StrictOption,
    TargetColumnOption,
    VariableOption,
    pair_columns,
    sweep_settings,
)
from ugrn_core.cli.output import progress_on_stderr, say, write_csv, write_json, write_table, write_text
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.beeline.networks import Row
    from ugrn_core.genes.pair_list import PairColumns
    from ugrn_core.translation.training_set import TrainingSet, TrainRequest

translator = typer.Typer(no_args_is_help=True, help="Make, list, show and delete translators.", rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the translator.")]


@translator.command(cls=Command)
def train(
    name: NameArgument,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    network: Annotated[str, typer.Option(metavar="A,B|all", help="BEELINE networks to train on.")] = "STRING",
    sets: Annotated[str, typer.Option(metavar="A,B|all", help="BEELINE data sets to train on.")] = "hESC",
    gene_set: GeneSetOption = "TFs+500",
    edges: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own edges instead: source,target or source,target,label.")
    ] = None,
    source_column: SourceColumnOption = None,
    target_column: TargetColumnOption = None,
    label_column: LabelColumnOption = None,
    method: Annotated[str, typer.Option(metavar="NAME", help="Ens, VVP, GDT, Baseline-Emb or VVP+class.")] = "Ens",
    context: FeatureContextOption = "pair",
    sampler: Annotated[str, typer.Option(metavar="NAME", help="Negatives: see ugrn benchmark.")] = "per_tf",
    neg_ratio: Annotated[int, typer.Option(help="Negatives to each positive (N/P).")] = 1,
    max_pos: MaxPosOption = 2000,
    kind: Annotated[
        str, typer.Option(metavar="mlp|logistic|dropout", help="The paper's network, a linear one, one with dropout.")
    ] = "mlp",
    epochs: Annotated[int | None, typer.Option(help="Epochs of each network; default: the kind's.")] = None,
    seeds: Annotated[int, typer.Option(help="Networks whose logits are averaged, each with its own pairs.")] = 3,
    base: BaseOption = None,
    grid: GridOption = None,
    background: BackgroundOption = "fixed",
    calibrate_on: Annotated[
        str, typer.Option(metavar="A,B", help="Calibrate on all candidate pairs of these held-out data sets.")
    ] = "",
    folder: Annotated[Path | None, typer.Option(help="Where to put it; default: your own translators.")] = None,
    device: DeviceOption = None,
) -> None:
    """Train a translator on BEELINE networks or on your own edges.

    It is judged and calibrated on data sets that it was not trained on (own edges: on genes it was not trained on);
    the card says how well it did.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.store import Store
    from ugrn_core.translation.training import train_translator
    from ugrn_core.translation.training_set import TrainRequest
    from ugrn_core.translators.library import check_place, save_translator

    check_place(name, folder)
    columns = pair_columns(edges, "--edges", source_column, target_column, label_column)
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
        kind=kind,  # pyright: ignore[reportArgumentType] (checked by the request)
        calibrate_on=tuple(dict.fromkeys(w.strip() for w in calibrate_on.split(",") if w.strip())),
    )
    if edges is None:
        material = _beeline(request, model, _rows(network, sets), gene_set)
    else:
        material = _own(request, model, edges, columns)
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
    write_text(str(weights))


@translator.command("list", cls=Command)
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


@translator.command("test", cls=Command)
def on_networks(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A translator of `ugrn translator list`.")],
    network: Annotated[str, typer.Option(metavar="A,B|all", help="BEELINE networks to test on.")] = "all",
    sets: Annotated[str, typer.Option(metavar="A,B|all", help="BEELINE data sets; default: all not trained on.")] = "",
    backbone: Annotated[str | None, typer.Option(metavar="NAME|FOLDER", help="Default: the translator's.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="All candidate pairs, at real prevalence, instead of drawn ones.")
    ] = False,
    max_sources: Annotated[int, typer.Option(help="With --whole: most regulators of each network; 0: all.")] = 0,
    device: DeviceOption = None,
) -> None:
    """Test a translator on networks of your choice, as CSV, beside scores that need no model.

    The networks are of data sets that it was not trained on. One line a network and score: AUPRC, AUROC, and pairs.
    With --whole one line a network: the share of edges among all pairs, among the best 50 and the best 200, and how
    much of the list with an expected FDR of 50 % is not in the network. Edges of the training are left out there.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.beeline.networks import SPECIES, load_network
    from ugrn_core.benchmark.request import cut_network
    from ugrn_core.network.whole import whole_frame
    from ugrn_core.store import Store
    from ugrn_core.translation.edge_list import OWN
    from ugrn_core.translation.held_out import chosen_frame, open_rows, training_rows
    from ugrn_core.translators.library import load_translator

    kept = load_translator(name)
    card = kept.card
    free = [s for s in SPECIES if any(row.data_set == s for row in open_rows(card))]
    if not free:
        raise InputError(f"{card.name} was trained on every data set; its card says how it does on each left out.")
    rows = _rows(network, sets or ",".join(free))
    model = load_backbone(backbone or card.schema.backbone, device)
    gene_set = "TFs+500" if card.gene_set == OWN else card.gene_set
    needed = dict.fromkeys([*rows, *training_rows(card)])
    networks = {row: load_network(*row, gene_set).within(model.vocabulary) for row in needed}
    if whole:
        trained = [networks[row] for row in training_rows(card)]
        asked = {row: cut_network(networks[row], model.vocabulary, max_sources or None) for row in rows}
        with Store() as store, progress_on_stderr() as progress:
            write_csv(whole_frame(kept, model, rows, asked, trained, store, progress=progress).round(6))
        return
    with Store() as store, progress_on_stderr() as progress:
        write_csv(chosen_frame(kept, model, rows, networks, store, progress=progress).round(6))


@translator.command(cls=Command)
def show(name: NameArgument) -> None:
    """Show the card of a translator, as JSON."""
    from ugrn_core.translators.library import load_translator
    from ugrn_core.translators.translator import card_json

    write_json(card_json(load_translator(name).card))


@translator.command(cls=Command)
def why(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A translator of `ugrn translator list`.")],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Gene that is moved (the regulator).")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Gene whose predicted value is read.")],
    context: Annotated[
        str,
        typer.Option(
            metavar="pair|FILE|DATA.h5ad", help="The two genes alone, a gene list, or genes and mean values of cells."
        ),
    ] = "pair",
    group: ContextGroupOption = None,
    layer: LayerOption = None,
    gene_column: GeneColumnOption = None,
    variable: VariableOption = None,
    backbone: Annotated[str | None, typer.Option(metavar="NAME|FOLDER", help="Default: the translator's.")] = None,
    device: DeviceOption = None,
    strict: StrictOption = False,
) -> None:
    """What each virtual value of each curve of a pair adds to its logit, as CSV.

    Counted from the mean random pair, by integrated gradients: the column adds sums to the difference of both logits.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.contexts import CellOptions, read_context
    from ugrn_core.cli.genes import read_gene
    from ugrn_core.store import Store
    from ugrn_core.translation.reasons import pair_reasons
    from ugrn_core.translators.library import load_translator

    kept = load_translator(name)
    model = load_backbone(backbone or kept.card.schema.backbone, device)
    genes = read_gene(source, model.vocabulary), read_gene(target, model.vocabulary)
    cell = read_context(context, CellOptions(group, layer, gene_column, variable), model, strict)
    with Store() as store, progress_on_stderr() as progress:
        found = pair_reasons(kept, model, *genes, cell, store, progress=progress)
    say(
        f"logit {found.logit:.4f}, of the mean of {found.n_random:,} random pairs {found.usual_logit:.4f}; "
        f"{kept.card.name}, {model.card.name}"
    )
    write_csv(found.frame.round(6))


@translator.command(cls=Command)
def delete(name: NameArgument) -> None:
    """Delete one of your own translators."""
    from ugrn_core.translators.library import delete_translator

    say(f"{delete_translator(name)} is deleted.")


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


def _beeline(request: TrainRequest, model: Backbone, rows: list[Row], gene_set: str) -> TrainingSet:
    from ugrn_core.beeline.networks import load_network
    from ugrn_core.translation.training_set import beeline_training_set, judged_rows

    needed = dict.fromkeys([*rows, *judged_rows(rows)])
    networks = {row: load_network(*row, gene_set).within(model.vocabulary) for row in needed}
    return beeline_training_set(request, rows, networks)


def _own(request: TrainRequest, model: Backbone, file: Path, columns: PairColumns) -> TrainingSet:
    from ugrn_core.translation.edge_list import parse_edges
    from ugrn_core.translation.training_set import own_training_set

    edges = parse_edges(read_pairs_text(file), model.vocabulary, columns)
    for note in (edges.listed.said, edges.report.sentence(), *edges.notes):
        say(f"{file.name}: {note}")
    return own_training_set(request, edges)
