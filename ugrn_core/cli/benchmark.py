"""``ugrn benchmark``: a table of the paper, with a model or with anybody's scores, beside what needs no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.benchmark_circuits import CIRCUITS, run_circuits, table_of
from ugrn_core.cli.options import (
    BackboneOption,
    BackgroundOption,
    BaseOption,
    CommandWithParts,
    DeviceOption,
    FeatureContextOption,
    GeneSetOption,
    GridOption,
    MaxPosOption,
    SourceColumnOption,
    TargetColumnOption,
    sweep_settings,
)
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ugrn_core.backbones.backbone import Backbone
    from ugrn_core.beeline.expression import Expression
    from ugrn_core.beeline.networks import Network, Row
    from ugrn_core.benchmark.given import GivenScores
    from ugrn_core.benchmark.request import BenchmarkRequest
    from ugrn_core.benchmark.run import Contestant

benchmark = typer.Typer(rich_markup_mode=None)

WeightsOption = Annotated[
    str | None,
    typer.Option(
        metavar="both|trained|random|random_transformer|none",
        help="random: the same shape, never trained; random_transformer: that over the trained gene embeddings; none: "
        "no model at all. Default: both, with --scores none.",
    ),
]
ScoresOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[SET=]FILE",
        help="Scores of your own method (source,target,score), for all data sets or for one; may be repeated.",
    ),
]
ScoresNameOption = Annotated[str | None, typer.Option(metavar="NAME", help="What the method of --scores is called.")]
UndirectedOption = Annotated[
    bool, typer.Option("--undirected", help="A score of --scores counts for both directions of its pair.")
]
ScoreColumnOption = Annotated[
    str | None, typer.Option(metavar="NAME|N", help="Column of the scores of --scores; default: by its title.")
]
TestSetsOption = Annotated[str, typer.Option(metavar="A,B", help="Only tests on these data sets.")]
MethodsOption = Annotated[str, typer.Option(metavar="A,B", help="Only these methods.")]
SeedsOption = Annotated[int, typer.Option(help="Repetitions: pairs and translators drawn anew.")]
TranslatorOption = Annotated[
    str, typer.Option(metavar="mlp|logistic|dropout", help="Trained on the features: a kind of translator.")
]
ThreadsOption = Annotated[int, typer.Option(help="Threads; 0: torch's choice. 1 is best beside other work.")]


@benchmark.callback(cls=CommandWithParts, invoke_without_command=True)
def run_table(
    context_of_command: typer.Context,
    table: Annotated[
        Any,
        typer.Option(
            metavar="1..6|circuits",
            parser=table_of,
            help="Table of the paper, or the positive control on simulated circuits whose arrows are known.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="File to write (.csv or .csv.gz).")] = None,
    backbone: BackboneOption = DEFAULT_BACKBONE,
    gene_set: GeneSetOption = "TFs+500",
    context: FeatureContextOption = "pair",
    sampler: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Negatives: per_tf, uniform, degree_matched, tf_matched, tf_x_gene, all_pairs or exchanged.",
        ),
    ] = "per_tf",
    max_pos: MaxPosOption = 2000,
    seeds: SeedsOption = 3,
    translator: TranslatorOption = "mlp",
    weights: WeightsOption = None,
    scores: ScoresOption = None,
    name: ScoresNameOption = None,
    undirected: UndirectedOption = False,
    source_column: SourceColumnOption = None,
    target_column: TargetColumnOption = None,
    score_column: ScoreColumnOption = None,
    test_sets: TestSetsOption = "",
    max_sources: Annotated[int, typer.Option(help="Most regulators of each network; 0: all.")] = 0,
    methods: MethodsOption = "",
    base: BaseOption = None,
    grid: GridOption = None,
    background: BackgroundOption = "fixed",
    reverse_features: Annotated[
        str,
        typer.Option(
            metavar="computed|labelled_only",
            help="labelled_only leaves out target -> source where that pair has no label: it READS THE TEST LABELS.",
        ),
    ] = "computed",
    keep_scores: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also keep the score of every pair by every method of a model."),
    ] = None,
    threads: ThreadsOption = 0,
    device: DeviceOption = None,
) -> None:
    """Run a table of the benchmark, into one long CSV: with a model, or with the scores of any method.

    Says first what it will cost. A run that was stopped goes on when the same command is given again: finished parts
    lie in FILE.parts until the end, features in the store of results. The mean AUPRC of every row is printed at last,
    with its lowest and its highest seed.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.benchmark.request import BenchmarkRequest
    from ugrn_core.benchmark.tables import interval_table, string_beside_nonspecific
    from ugrn_core.methods.catalogue import METHODS

    if context_of_command.invoked_subcommand is not None:
        return
    if table is None or out is None:
        lacking = "--table" if table is None else "--out"
        raise InputError(f"{lacking} is missing. Try: ugrn benchmark --table 1 --out table_1.csv")
    check_out(out)
    columns = ScoreColumns(source_column, target_column, score_column)
    check_scores(scores, name, undirected, columns)
    use_threads(threads)
    if table == CIRCUITS:
        run_circuits(context_of_command, out, seeds)
        return
    model = load_backbone(backbone, device)
    request = BenchmarkRequest(
        table=table,
        gene_set=gene_set,
        context=context,  # pyright: ignore[reportArgumentType] (checked by the request)
        sampler=sampler,
        max_pos=max_pos or None,
        seeds=seeds,
        max_sources=max_sources or None,
        test_sets=listed(test_sets) or None,
        methods=listed(methods) or tuple(METHODS),
        settings=sweep_settings(model.card, base, grid, background),
        translator=translator,  # pyright: ignore[reportArgumentType] (checked by the request)
        reverse_features=reverse_features,  # pyright: ignore[reportArgumentType] (checked by the request)
    )
    if reverse_features != "computed":
        say("These figures read the test labels: no method, and no claim about a model. See docs/printed-figures.md.")
    given = given_methods(scores or (), name or "", model, undirected, columns)
    frame = run_to_file(model, request, out, weights or ("none" if given else "both"), keep_scores, given)
    said = string_beside_nonspecific(frame)
    if said:
        say(said)
    say(f"{out}: {len(frame):,} rows. Mean AUPRC over tests, all pairs, with its lowest and highest seed:")
    write_csv(interval_table(frame, table))


def run_to_file(
    model: Backbone,
    request: BenchmarkRequest,
    out: Path,
    weights: str,
    keep_scores: Path | None = None,
    given: Sequence[GivenScores] = (),
) -> pd.DataFrame:
    """Run a table into its file, from where an earlier run of the same was stopped; what it costs is said first."""
    from ugrn_core.benchmark.budget import budget
    from ugrn_core.benchmark.request import Samples
    from ugrn_core.benchmark.results import Parts, write_results
    from ugrn_core.benchmark.run import Run
    from ugrn_core.benchmark.runner import run_benchmark
    from ugrn_core.store import Store

    networks, expression = read_data(request, model)
    contestants = contestants_of(model, weights)
    parts_file = out.with_name(f"{out.name}.parts")
    parts = Parts(parts_file, _header(request, contestants, expression, given))
    with Store() as store:
        run = Run(request, Samples(request, networks), expression, parts, store, keep_scores, tuple(given))
        reversed_, drawn = run.samples.reversed_negatives()
        say(f"{reversed_:,} of {drawn:,} negatives of the tests (first seed) are an edge turned round.")
        budgets = [budget(run, contestant) for contestant in contestants]
        for cost in budgets:
            say(cost.sentence())
        with progress_on_stderr() as progress:
            frame = run_benchmark(run, contestants, progress, budgets=budgets)
    write_results(frame, out)
    parts_file.unlink()
    return frame


def listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def read_data(request: BenchmarkRequest, model: Backbone) -> tuple[dict[Row, Network], dict[str, Expression]]:
    """Networks in the model's vocabulary and the expression there is; what was lost and what is missing is said."""
    from ugrn_core.beeline.expression import find_expression, how_to_get, load_expression
    from ugrn_core.beeline.networks import load_network
    from ugrn_core.benchmark.request import cut_network

    whole = {row: load_network(*row, request.gene_set) for row in request.rows}
    networks = {row: cut_network(n, model.vocabulary, request.max_sources) for row, n in whole.items()}
    edges, kept = sum(len(n.edges) for n in whole.values()), sum(len(n.edges) for n in networks.values())
    genes = {g for n in whole.values() for g in n.genes}
    known = sum(g in model.vocabulary for g in genes)
    say(
        f"{len(whole)} networks: {known:,} of {len(genes):,} genes are known to {model.card.name}, "
        f"{kept:,} of {edges:,} edges are used."
    )
    expression = {}
    for row, network in networks.items():
        file = find_expression(row.data_set, request.gene_set)
        if file is not None and row.data_set not in expression:
            expression[row.data_set] = load_expression(file, network)
    lacking = list(dict.fromkeys(r.data_set for r in networks if r.data_set not in expression))
    if lacking:
        say(f"No expression of {', '.join(lacking)}: Pert and Attn have no value there. {how_to_get(request.gene_set)}")
    return networks, expression


def contestants_of(model: Backbone, weights: str) -> list[Contestant]:
    """The methods without a model, and the model with trained weights, random ones, both, or neither."""
    from ugrn_core.backbones.backbone import TransformerBackbone, random_twin
    from ugrn_core.benchmark.run import Contestant
    from ugrn_core.benchmark.run_facts import RANDOM_TRANSFORMER

    if weights not in ("both", "trained", "random", RANDOM_TRANSFORMER, "none"):
        raise InputError(f"--weights is {weights!r}; expected both, trained, random, {RANDOM_TRANSFORMER} or none.")
    contestants = [Contestant()]
    if weights in ("both", "trained"):
        contestants.append(Contestant(model, "trained"))
    if weights in ("both", "random", RANDOM_TRANSFORMER):
        if not isinstance(model, TransformerBackbone):
            raise InputError(f"{model.card.name} has no weights to draw anew; use --weights trained.")
        contestants.append(Contestant(random_twin(model, keep_embeddings=weights == RANDOM_TRANSFORMER), "random"))
    return contestants


class ScoreColumns(NamedTuple):
    """Columns of a table of scores that were named; None: found by themselves."""

    source: str | None = None
    target: str | None = None
    score: str | None = None


FOUND = ScoreColumns()


def check_scores(scores: Sequence[str] | None, name: str | None, undirected: bool, columns: ScoreColumns) -> None:
    """Options that belong together."""
    alone = {"--name": name is not None, "--undirected": undirected}
    alone |= {f"--{end}-column": column is not None for end, column in columns._asdict().items()}
    given = [option for option, there in alone.items() if there]
    if given and not scores:
        raise InputError(f"{given[0]} is about --scores, which is missing.")
    if scores and name is None:
        raise InputError("--name is missing: what is the method of --scores called? To keep scores: --keep-scores.")


def given_methods(
    scores: Sequence[str], name: str, model: Backbone, undirected: bool, columns: ScoreColumns = FOUND
) -> tuple[GivenScores, ...]:
    """The scores of the files as a method; what was read and what was not is said."""
    from ugrn_core.beeline.networks import SPECIES
    from ugrn_core.benchmark.given import EVERYWHERE, given_scores, read_score_table
    from ugrn_core.genes.pair_list import PairColumns
    from ugrn_core.paths import user_path

    tables = {}
    for text in scores:
        head, _, tail = text.partition("=")
        place, file = (head, tail) if tail and head in SPECIES else (EVERYWHERE, text)
        if place in tables:
            raise InputError(f"--scores names two files for {place or 'all sets'}; give one, or SET=FILE for each.")
        read = read_score_table(user_path(file), PairColumns(columns.source, columns.target), columns.score)
        say(f"{file}: {read.said}")
        tables[place] = read.frame
    if not tables:
        return ()
    made = given_scores(name, tables, model.vocabulary, undirected=undirected)
    for note in made.notes:
        say(note)
    return (made,)


def _header(
    request: BenchmarkRequest,
    contestants: Sequence[Contestant],
    expression: dict[str, Expression],
    given: Sequence[GivenScores],
) -> dict[str, Any]:
    """What makes two runs the same run."""
    prints = [c.backbone.fingerprint for c in contestants if c.backbone is not None]
    about = request.header() | {"fingerprints": prints, "expression": sorted(expression)}
    return about | ({"scores": [g.digest for g in given]} if given else {})


def use_threads(threads: int) -> None:
    import torch

    if threads:
        torch.set_num_threads(threads)


def check_out(out: Path) -> None:
    if not out.name.endswith((".csv", ".csv.gz")):
        raise InputError(f"--out is {out}; expected a name that ends in .csv or .csv.gz.")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"--out is {out}; there is no folder {out.parent} to write a file of that name into.")
