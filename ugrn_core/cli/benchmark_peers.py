"""``ugrn benchmark peers``: methods of others on the data sets whose expression is here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.benchmark import SeedsOption, ThreadsOption, listed, use_threads
from ugrn_core.cli.options import BackboneOption, GeneSetOption, MaxPosOption
from ugrn_core.cli.output import progress_on_stderr, say, write_csv
from ugrn_core.errors import InputError
from ugrn_core.time_left import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ugrn_core.benchmark.given import GivenScores
    from ugrn_core.benchmark.peers import Peer
    from ugrn_core.types import Vocabulary


def peers(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the scores and the frame of results.")],
    sets: Annotated[str, typer.Option(metavar="A,B", help="Data sets; default: all whose expression is here.")] = "",
    methods: Annotated[str, typer.Option(metavar="A,B", help="Only these methods; default: all installed.")] = "",
    sampler: Annotated[str, typer.Option(metavar="NAME", help="How the pairs of the frame are drawn.")] = "per_tf",
    backbone: BackboneOption = DEFAULT_BACKBONE,
    gene_set: GeneSetOption = "TFs+500",
    max_pos: MaxPosOption = 2000,
    seeds: SeedsOption = 3,
    threads: ThreadsOption = 0,
) -> None:
    """Score all pairs by Pearson, Spearman, GRNBoost2 and RegDiffusion, and put them into Table 1.

    Expression comes from `ugrn fetch beeline-expression` or UGRN_DATA_DIR. Scores that are there already are kept, so
    that a run that was stopped goes on. --backbone says which genes the pairs are drawn from; no model is run.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.beeline.networks import SPECIES
    from ugrn_core.benchmark.peers import peers_named
    from ugrn_core.benchmark.request import BenchmarkRequest
    from ugrn_core.benchmark.results import write_results
    from ugrn_core.benchmark.runner import frame_of_given
    from ugrn_core.benchmark.tables import interval_table, string_beside_nonspecific

    use_threads(threads)
    wanted = listed(sets)
    unknown = [s for s in wanted if s not in SPECIES]
    if unknown:
        raise InputError(f"--sets names {', '.join(unknown)}; data sets are {', '.join(SPECIES)}.")
    chosen = peers_named(listed(methods))
    files = _expression_files(wanted, gene_set)
    out.mkdir(parents=True, exist_ok=True)
    for data_set, file in files.items():
        _score(data_set, file, gene_set, chosen, out)
    vocabulary = load_backbone(backbone).vocabulary
    given = _given_from(out, tuple(files), chosen, vocabulary)
    tests = tuple(s for s in files if s != "hESC")
    if not tests:
        say("Table 1 trains on hESC and tests on the others: there is no frame of results.")
        return
    request = BenchmarkRequest(
        table=1, gene_set=gene_set, sampler=sampler, max_pos=max_pos or None, seeds=seeds, test_sets=tests
    )
    with progress_on_stderr() as progress:
        frame = frame_of_given(request, given, vocabulary, progress=progress)
    kind = "" if sampler == "per_tf" else f"_{sampler}"
    write_results(frame, out / f"peers_table_1{kind}.csv.gz")
    said = string_beside_nonspecific(frame)
    if said:
        say(said)
    write_csv(interval_table(frame, 1))


def _expression_files(sets: Sequence[str], gene_set: str) -> dict[str, Path]:
    """Files of expression by data set: of all that are here, or of those named, which must be."""
    from ugrn_core.beeline.expression import find_expression, how_to_get
    from ugrn_core.beeline.networks import SPECIES

    found = {s: find_expression(s, gene_set) for s in sets or SPECIES}
    lacking = [s for s, file in found.items() if file is None]
    here = {s: file for s, file in found.items() if file is not None}
    if lacking and (sets or not here):
        raise InputError(f"Expression of {', '.join(lacking)} is not here. {how_to_get(gene_set)}")
    if lacking:
        say(f"Left out, without expression here: {', '.join(lacking)}. {how_to_get(gene_set)}")
    return here


def _score(data_set: str, file: Path, gene_set: str, chosen: Sequence[Peer], out: Path) -> None:
    """Scores of one data set by every peer, each into its file; those that are there are left as they are."""
    from dataclasses import replace

    from ugrn_core.beeline.expression import load_expression
    from ugrn_core.beeline.networks import ROWS, load_network
    from ugrn_core.benchmark.peers import peer_scores
    from ugrn_core.benchmark.results import write_results

    networks = [load_network(*row, gene_set) for row in ROWS if row.data_set == data_set]
    genes = tuple(sorted({g for n in networks for g in n.genes}))
    regulators = {g for n in networks for g in n.tfs}
    expression = load_expression(file, replace(networks[0], genes=genes))
    cells, have = expression.values.shape
    say(f"{data_set}: {cells:,} cells, expression of {have:,} of {len(genes):,} genes, {len(regulators):,} regulators.")
    for peer in chosen:
        place = out / scores_file(data_set, peer.name)
        if place.is_file():
            say(f"{place} is there already.")
            continue
        start = time.perf_counter()
        with progress_on_stderr() as progress:
            scores = peer_scores(peer, expression, sorted(regulators), progress=progress)
        scores["score"] = scores["score"].map("{:.4g}".format).astype(float)
        write_results(scores, place)
        say(f"{place}: {len(scores):,} pairs, {duration(time.perf_counter() - start)}.")


def _given_from(out: Path, sets: Sequence[str], chosen: Sequence[Peer], vocabulary: Vocabulary) -> list[GivenScores]:
    """The written scores as methods."""
    from ugrn_core.benchmark.given import given_scores, read_score_table

    given = []
    for peer in chosen:
        tables = {s: read_score_table(out / scores_file(s, peer.name)).frame for s in sets}
        given.append(given_scores(peer.name, tables, vocabulary))
    return given


def peers_of(folder: Path, vocabulary: Vocabulary) -> list[GivenScores]:
    """The methods whose scores lie in a folder as :func:`peers` writes them, in the order of the registry."""
    from ugrn_core.beeline.networks import SPECIES
    from ugrn_core.benchmark.given import given_scores, read_score_table
    from ugrn_core.benchmark.peers import PEERS

    given = []
    for name in PEERS:
        files = {s: folder / scores_file(s, name) for s in SPECIES}
        tables = {s: read_score_table(file).frame for s, file in files.items() if file.is_file()}
        if tables:
            given.append(given_scores(name, tables, vocabulary))
    if not given:
        raise InputError(
            f"--peers is {folder}; there is no SET_METHOD.csv.gz in it, with a method of {', '.join(PEERS)}. "
            "`ugrn benchmark peers` writes them."
        )
    return given


def scores_file(data_set: str, method: str) -> str:
    """Name of the file with the scores of a method on a data set."""
    return f"{data_set}_{method.replace(' ', '_')}.csv.gz"
