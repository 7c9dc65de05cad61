"""``ugrn benchmark prevalence``: the heads of rankings of all candidate pairs, with intervals and paired tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.benchmark import (
    MethodsOption,
    ScoreColumnOption,
    ScoreColumns,
    ScoresNameOption,
    ScoresOption,
    SeedsOption,
    TestSetsOption,
    ThreadsOption,
    UndirectedOption,
    WeightsOption,
    check_out,
    check_scores,
    contestants_of,
    given_methods,
    listed,
    read_data,
    use_threads,
)
from ugrn_core.cli.benchmark_peers import peers_of
from ugrn_core.cli.options import (
    BackboneOption,
    DeviceOption,
    GeneSetOption,
    MaxPosOption,
    SourceColumnOption,
    TargetColumnOption,
)
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError


def prevalence(
    out: Annotated[Path, typer.Option(metavar="FILE.csv", help="File to write; comparisons go to FILE_paired.csv.")],
    backbone: BackboneOption = DEFAULT_BACKBONE,
    gene_set: GeneSetOption = "TFs+500",
    weights: WeightsOption = None,
    scores: ScoresOption = None,
    name: ScoresNameOption = None,
    undirected: UndirectedOption = False,
    source_column: SourceColumnOption = None,
    target_column: TargetColumnOption = None,
    score_column: ScoreColumnOption = None,
    test_sets: TestSetsOption = "",
    methods: MethodsOption = "",
    max_pos: MaxPosOption = 2000,
    seeds: SeedsOption = 3,
    translator: Annotated[
        str,
        typer.Option(metavar="KIND,...", help="Trained on the features: some of mlp, logistic, dropout."),
    ] = "mlp",
    peers: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also the methods of a folder of `ugrn benchmark peers`.")
    ] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap samples of the regulators, 20 to 10,000.")] = 200,
    threads: ThreadsOption = 0,
    device: DeviceOption = None,
) -> None:
    """Rank all candidate pairs of each test of Table 1, at the share of edges that there really is.

    Precision among the best 50, 100 and 500, early precision and its ratio (BEELINE's), partial AUPRC: each with an
    interval over regulators and one over seeds, and every two methods compared on the same resamples.
    """
    import tempfile

    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.benchmark.budget import budget
    from ugrn_core.benchmark.prevalence import Candidates, check_resamples, head_table, paired_file, run_prevalence
    from ugrn_core.benchmark.request import BenchmarkRequest
    from ugrn_core.benchmark.results import Parts, write_results
    from ugrn_core.benchmark.run import Run
    from ugrn_core.methods.catalogue import METHODS
    from ugrn_core.store import Store
    from ugrn_core.translators.kinds import KindName, kind_of

    check_out(out)
    columns = ScoreColumns(source_column, target_column, score_column)
    check_scores(scores, name, undirected, columns)
    check_resamples(resamples)
    use_threads(threads)
    model = load_backbone(backbone, device)
    request = BenchmarkRequest(
        table=1,
        gene_set=gene_set,
        max_pos=max_pos or None,
        seeds=seeds,
        test_sets=listed(test_sets) or None,
        methods=listed(methods) or tuple(m.name for m in METHODS.values() if m.family != "answers"),
    )
    kinds: list[KindName] = [kind_of(kind).name for kind in listed(translator)]
    if not kinds or len(set(kinds)) < len(kinds):
        raise InputError(f"--translator is {translator!r}; expected some of mlp, logistic and dropout, each once.")
    given = given_methods(scores or (), name or "", model, undirected, columns)
    if peers is not None:
        given = (*given, *peers_of(peers, model.vocabulary))
    networks, expression = read_data(request, model)
    contestants = contestants_of(model, weights or ("none" if given else "both"))
    with Store() as store, tempfile.TemporaryDirectory() as folder:
        parts = Parts(Path(folder) / "parts", request.header())
        run = Run(request, Candidates(request, networks), expression, parts, store, given=given)
        for contestant in contestants:
            say(budget(run, contestant).sentence())
        with progress_on_stderr() as progress:
            frame, compared = run_prevalence(run, contestants, resamples, progress, kinds=kinds)
    write_results(frame, out)
    beside = paired_file(out)
    write_results(compared, beside)
    say(f"{out}: {len(frame):,} rows; {beside}: {len(compared):,} comparisons. Values with intervals over regulators:")
    write_csv(head_table(frame))
