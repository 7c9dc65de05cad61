"""The work behind ``ugrn network``: estimate, run, files, and what differs between two groups."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import BACKBONES, DEFAULT_BACKBONE, load_backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.cli.genes import read_pairs_text
from ugrn_core.cli.network_evidence import EvidenceOptions, ask_cells
from ugrn_core.cli.network_question import NetworkOptions, NetworkToMake, command_line, questions, recipe_question
from ugrn_core.cli.output import progress_on_stderr, say, stop_on_interrupt
from ugrn_core.cluster import cluster_executor
from ugrn_core.errors import InputError
from ugrn_core.figures.network_html import network_file
from ugrn_core.figures.report import ReportKind, report_file
from ugrn_core.figures.report_network import network_report
from ugrn_core.genes.pair_list import PairColumns
from ugrn_core.network.direction import direction_rule
from ugrn_core.network.edge_filter import TOP, EdgeFilter, Selection, edge_count, edges_within, percent
from ugrn_core.network.edge_table import beeline_edges
from ugrn_core.network.estimate import estimate_network
from ugrn_core.network.exports.folder import LOOKED_AT, NetworkFiles, Tell, check_genes, make_folder, write_network
from ugrn_core.network.exports.groups import GroupNetwork, remove_groups, write_groups
from ugrn_core.network.question import NetworkRequest, has_probabilities, without_probabilities
from ugrn_core.network.recipe import MAX_BYTES, Recipe, build_recipe, check_recipe, known_facts, read_recipe
from ugrn_core.network.run import predict_network
from ugrn_core.network.table import edge_table, probabilities
from ugrn_core.store import Store
from ugrn_core.time_left import duration
from ugrn_core.translation.edge_list import parse_edges
from ugrn_core.translators.library import DEFAULT_TRANSLATORS, load_translator
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel

BEELINE = "BEELINE"


@dataclass(frozen=True)
class Options:
    """The options that say how it is made and what is written; None takes the default, or the recipe's."""

    out: Path
    translator: str | None
    backbone: str | None
    prevalence: float | None
    known: Path | None
    known_columns: PairColumns
    shown: EdgeFilter | None
    device: str | None
    scheduler: str | None
    report: ReportKind | None
    evidence: EvidenceOptions = EvidenceOptions()  # noqa: RUF009 (frozen)


@dataclass(frozen=True)
class Made:
    """What all networks of a call are made with."""

    backbone: Backbone
    translator: Translator
    store: Store
    executor: Executor | None
    cancel: Cancel
    known: Collection[Edge] | None
    known_name: str
    report: ReportKind | None
    evidence: EvidenceOptions
    said: set[str] = field(default_factory=set)
    """Notes that were told already; networks of groups share most of theirs."""


def make_networks(asked: NetworkOptions, recipe_file: Path | None, options: Options) -> None:
    """Everything ``ugrn network`` does."""
    recipe = None if recipe_file is None else _read(recipe_file)
    backbone, translator = _models(options, recipe)
    if recipe is None:
        found = questions(asked, backbone, translator)
    else:
        found = [recipe_question(recipe, backbone)]
        for note in check_recipe(recipe, backbone, translator):
            say(note)
    known_name, known = _known(options, backbone)
    if options.shown is not None:
        options = replace(options, shown=_named(options.shown, found, backbone))
    for network in found:
        check_genes(network.request)
    recipes = [_recipe(q, backbone, translator, options, recipe, known_name, known) for q in found]
    if recipe is not None and recipes[0].known != recipe.known:
        say(_other_known(recipe, recipes[0]))
    with cluster_executor(options.scheduler) as executor, Store() as store, stop_on_interrupt() as cancel:
        made = Made(backbone, translator, store, executor, cancel, known, known_name, options.report, options.evidence)
        _say_cost(found, made)
        make_folder(options.out)
        written = [_make(q, asked, r, options.out, made) for q, r in zip(found, recipes, strict=True)]
    if len(found) > 1:
        _compare(asked, found, written, options.out)


def _models(options: Options, recipe: Recipe | None) -> tuple[Backbone, Translator]:
    """Model and translator that were named, else the recipe's, else the project's."""
    name = options.backbone or (DEFAULT_BACKBONE if recipe is None else recipe.model.name)
    if options.backbone is None and name not in BACKBONES:
        raise InputError(f"The recipe's model {name} has no name here: give the folder of its checkpoint (--backbone).")
    backbone = load_backbone(name, options.device)
    default = DEFAULT_TRANSLATORS.get(backbone.card.name) if recipe is None else recipe.translator.name
    chosen = options.translator or default
    if chosen is None:
        raise InputError(f"No translator of the project reads {backbone.card.name}: name one with --translator.")
    return backbone, load_translator(chosen)


def _read(file: Path) -> Recipe:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{file} has {file.stat().st_size:,} bytes; a recipe has at most {MAX_BYTES:,}.")
        return read_recipe(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error}.") from error


def _named(shown: EdgeFilter, found: Sequence[NetworkToMake], backbone: Backbone) -> EdgeFilter:
    """The filters with symbols of the networks for names of genes; a name that is in none of them is an error."""
    sources = dict.fromkeys(gene for network in found for gene in network.request.sources)
    targets = dict.fromkeys(gene for network in found for gene in network.request.targets)
    return shown.named(
        backbone.vocabulary, tuple(sources), tuple(targets), found[0].question.species, found[0].request.names
    )


def _known(options: Options, backbone: Backbone) -> tuple[str, Collection[Edge] | None]:
    """Known edges and where they are from: a list of one's own, else BEELINE where it is here."""
    file = options.known
    if file is None:
        return BEELINE, beeline_edges()
    found = parse_edges(read_pairs_text(file), backbone.vocabulary, options.known_columns)
    for note in (found.listed.said, found.report.sentence(), *found.notes):
        say(f"{file.name}: {note}")
    return file.name, frozenset(found.network.edges)


def _recipe(
    network: NetworkToMake,
    backbone: Backbone,
    translator: Translator,
    options: Options,
    given: Recipe | None,
    known_name: str,
    known: Collection[Edge] | None,
) -> Recipe:
    """The recipe of a question, before it is answered; the line of a recipe that is given stays as it was."""
    prevalence, shown = options.prevalence, options.shown
    if given is not None:
        prevalence = given.settings.prevalence if prevalence is None else prevalence
        shown = given.shown_edges() if shown is None else shown
    if prevalence is not None and not 0 < prevalence < 1:
        raise InputError(f"--prevalence is {prevalence:g}; expected a share between 0 and 1, such as 0.01.")
    shown = EdgeFilter(cap=TOP) if shown is None else shown
    shown.check()
    if not has_probabilities(network.request, translator):
        _refuse_probabilities(network.request, translator, options)
        prevalence, shown = None, shown.by_rank()
    name, model = options.translator or translator.card.name, options.backbone or backbone.card.name
    listed = [] if options.known is None else ["--known", options.known.name, *options.known_columns.cli_args()]
    line = command_line(network, name, model, prevalence, [*listed, *options.evidence.cli_args()], shown)
    if given is not None and options.prevalence is None and options.shown is None:
        line = given.command
    return build_recipe(
        backbone,
        translator,
        network.question,
        prevalence=prevalence,
        command=line,
        known=known_facts(known_name, known),
        shown=shown,
    )


def _refuse_probabilities(request: NetworkRequest, translator: Translator, options: Options) -> None:
    """Options that read probabilities have no meaning where there are none; a recipe of before shows its best edges."""
    asked = {
        "--fdr": options.shown is not None and options.shown.max_fdr is not None,
        "--min-probability": options.shown is not None and options.shown.min_probability is not None,
        "--prevalence": options.prevalence is not None,
    }
    given = [name for name, is_given in asked.items() if is_given]
    if given:
        raise InputError(
            f"{given[0]} needs probabilities. {without_probabilities(request, translator)} Leave it out (--top K shows "
            "the best), or ask in two genes alone (--context pair)."
        )


def _other_known(recipe: Recipe, here: Recipe) -> str:
    was, now = ("none" if r.known is None else f"{r.known.edges:,} of {r.known.name}" for r in (recipe, here))
    return (
        f"Known edges are other ones than in the recipe ({was}; here {now}), and so are the columns known and tag. "
        "BEELINE comes from `ugrn fetch beeline`, a list of one's own is given with --known."
    )


def _say_cost(found: Sequence[NetworkToMake], made: Made) -> None:
    """What each network and all of them will cost."""
    costs = [estimate_network(made.backbone, made.translator, q.request, made.store) for q in found]
    for network, cost in zip(found, costs, strict=True):
        say(f"{network.title} with {made.translator.card.name}. {cost.sentence()}")
    if len(found) > 1:
        say(f"{len(found)} networks, about {duration(sum(cost.seconds for cost in costs))} in all.")


def _make(network: NetworkToMake, asked: NetworkOptions, recipe: Recipe, out: Path, made: Made) -> GroupNetwork:
    """Run one network and write its folder."""
    folder = out / network.folder if network.folder else out
    with progress_on_stderr() as progress:
        scores = predict_network(
            made.backbone, made.translator, network.request, made.store,
            executor=made.executor, progress=progress, cancel=made.cancel,
        )  # fmt: skip
    rule = direction_rule(made.backbone, made.translator, scores, made.cancel, store=made.store)
    notes = (*scores.notes, *((f"No direction is called: {rule.reason}.",) if rule.reason else ()))
    files = NetworkFiles(
        scores, made.translator, rule, recipe.model_copy(update={"notes": notes}), network.report.frame(), made.known,
        ask_cells(network, asked, made.evidence, made.cancel),
    )  # fmt: skip
    if network.group:
        remove_groups(out)
    shown = write_network(files, folder, network_file, _report(network, files, made))
    for note in notes:
        if note not in made.said:
            say(note)
            made.said.add(note)
    for note in shown.notes:
        say(note)
    _say_worth(files, shown, folder)
    table = shown.table
    if network.group is not None:
        table = edge_table(
            scores, made.translator, rule, prevalence=files.prevalence, known=made.known, limit=LOOKED_AT
        )
    return GroupNetwork(network.group or "", files.recipe, network.request, table, shown)


def _report(network: NetworkToMake, files: NetworkFiles, made: Made) -> dict[str, Tell]:
    """The report that is asked for, by the name of its file."""
    kind = made.report
    if kind is None:
        return {}

    def tell(best: pd.DataFrame, shown: pd.DataFrame) -> bytes:
        request = network.request
        size = f"{len(request.sources):,} sources and {len(request.targets):,} genes"
        name = network.group or (size if request.context.kind == "pair" else request.context.label)
        names, notes = network.report.sentence(), files.recipe.notes
        told = network_report(
            made.backbone, files, best, shown, name=name, known=made.known_name, names=names, notes=notes
        )
        return report_file(told, kind)

    return {f"report.{kind}": tell}


def _say_worth(files: NetworkFiles, shown: Selection, folder: Path) -> None:
    if not has_probabilities(files.scores.request, files.translator):
        say(f"{edge_count(files.scores.n_edges)} in {folder}, by rank; {len(shown.table):,} in the graph files.")
        return
    falling = probabilities(files.scores, files.translator, files.prevalence, LOOKED_AT)
    say(f"{edge_count(files.scores.n_edges)} in {folder}. Probabilities assume that {files.prevalence:.3g} of all "
        "pairs are edges (--prevalence).")  # fmt: skip
    half = edges_within(falling, 0.5)
    best = f"of the top {half:,}, at most half" if half else "there is no list of best edges with at most half wrong"
    if len(shown.table):
        say(f"{percent(shown.fdr)} of the {edge_count(len(shown.table))} in the graph files are expected to be wrong; "
            f"{best}.")  # fmt: skip


def _compare(asked: NetworkOptions, found: Sequence[NetworkToMake], written: Sequence[GroupNetwork], out: Path) -> None:
    """What differs between the two groups named, or the two with most cells."""
    names = asked.between
    if not names:
        largest = sorted(found, key=lambda q: -q.n_cells)[:2]
        names = tuple(q.group for q in found if q in largest)
    a, b = (next(w for w in written if w.name == name) for name in names)
    for note in write_groups(written, a, b, out):
        say(note)
