"""Run a table: draw pairs, compute features once, train translators, score every test, keep every finished block.

A run goes through its contestants one after another: first the methods without a model, then each backbone with each
kind of weights. Killed at any point it goes on from its parts file and from the store.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import Row, load_network
from ugrn_core.benchmark.budget import Budget
from ugrn_core.benchmark.features import FeatureCache
from ugrn_core.benchmark.given import GivenScores
from ugrn_core.benchmark.request import BenchmarkRequest, Samples, cut_network
from ugrn_core.benchmark.results import WITNESS, Parts, result_frame
from ugrn_core.benchmark.run import Contestant, Run, Unit
from ugrn_core.benchmark.run_facts import RunFacts
from ugrn_core.benchmark.scores import write_scores
from ugrn_core.benchmark.scoring import Scored, TrainedUnit
from ugrn_core.errors import stop_if
from ugrn_core.types import Cancel, Progress, Vocabulary, part_of

FEATURE_SHARE = 0.7
"""Share of a contestant's progress that its features take where there is no budget to say it."""


def run_benchmark(
    run: Run,
    contestants: Sequence[Contestant],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    budgets: Sequence[Budget] | None = None,
) -> pd.DataFrame:
    """The frame of a whole run; every finished block is kept in the parts file at once.

    ``budgets``, one a contestant, make the progress even in time.
    """
    seconds = [b.seconds for b in budgets] if budgets else [1.0] * len(contestants)
    ends = (np.cumsum([0.0, *seconds]) / max(sum(seconds), 1e-9)).tolist()
    for n, contestant in enumerate(contestants):
        share = FEATURE_SHARE if not budgets else budgets[n].feature_seconds / max(budgets[n].seconds, 1e-9)
        _run_contestant(run, contestant, share, part_of(progress, ends[n], ends[n + 1]), cancel)
    keys = [
        unit.key(row, m.name)
        for contestant in contestants
        for unit in run.units(contestant)
        for row in unit.split.tests
        for m in run.methods(contestant)
    ]
    return result_frame([row for key in keys for row in run.parts.blocks[key]])


def _run_contestant(
    run: Run, contestant: Contestant, feature_share: float, progress: Progress | None, cancel: Cancel | None
) -> None:
    units, samples, methods = run.pending(contestant)
    if not units:
        return
    bank, start = None, 0.0
    if contestant.backbone is not None:
        bank, start = run.bank(contestant.backbone), feature_share
        bank.prepare(samples, methods, part_of(progress, 0.0, start), cancel)
    for n, unit in enumerate(units):
        stop_if(cancel, "Stopped on request; finished blocks are kept.")
        _run_unit(run, unit, bank, cancel)
        if progress:
            share = start + (1 - start) * (n + 1) / len(units)
            progress(share, f"{contestant.name} ({contestant.weights}): {n + 1:,} of {len(units):,} trainings")


def _run_unit(run: Run, unit: Unit, bank: FeatureCache | None, cancel: Cancel | None) -> None:
    todo = run.todo(unit)
    trained = TrainedUnit(run, unit, bank, cancel)
    kept: dict[Row, dict[str, np.ndarray]] = {}
    for row in dict.fromkeys(row for row, _ in todo):
        scored = Scored(run, unit, row, trained)
        for method in (m for r, m in todo if r == row):
            scores, status, reason = scored.scores(method)
            if scores is not None:
                kept.setdefault(row, {})[method.name] = scores
            if unit.key(row, method.name) not in run.parts:
                run.parts.append(unit.key(row, method.name), scored.rows(method, scores, status, reason))
    file = run.scores_file(unit)
    if file is not None:
        pairs = {row: run.samples.test(row, unit.neg_ratio, unit.seed).pairs for row in kept}
        write_scores(file, pairs, kept, run.parts.run)


def same_pairs(facts: RunFacts, methods: tuple[str, ...]) -> BenchmarkRequest:
    """The request that draws the pairs of a run again, for methods without a model."""
    return BenchmarkRequest(
        table=facts.table,
        gene_set=facts.gene_set,
        sampler=facts.sampler,
        max_pos=facts.max_pos or None,
        seeds=facts.seeds,
        max_sources=facts.max_sources or None,
        test_sets=facts.test_sets or None,
        methods=methods,
    )


def given_frame(
    facts: RunFacts,
    given: GivenScores,
    vocabulary: Vocabulary,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Frame of results of given scores on the pairs of a run, with the score that tells those pairs beside them.

    ``vocabulary`` is that of the run's model. Needs the networks of BEELINE, and some seconds.
    """
    return frame_of_given(same_pairs(facts, (WITNESS,)), [given], vocabulary, progress=progress, cancel=cancel)


def frame_of_given(
    request: BenchmarkRequest,
    given: Sequence[GivenScores],
    vocabulary: Vocabulary,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Frame of results of several given scores and of the request's methods without a model."""
    networks = {
        row: cut_network(load_network(*row, request.gene_set), vocabulary, request.max_sources) for row in request.rows
    }
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(Path(folder) / "parts", request.header())
        run = Run(request, Samples(request, networks), {}, parts, given=tuple(given))
        return run_benchmark(run, [Contestant()], progress, cancel)
