"""Given scores on the pairs of a run that is there already."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ugrn_core.beeline.networks import load_network
from ugrn_core.benchmark.beside import WITNESS
from ugrn_core.benchmark.given import GivenScores
from ugrn_core.benchmark.request import BenchmarkRequest, Samples, cut_network
from ugrn_core.benchmark.results import Parts
from ugrn_core.benchmark.run import Contestant, Run
from ugrn_core.benchmark.run_facts import RunFacts
from ugrn_core.benchmark.runner import run_benchmark
from ugrn_core.types import Cancel, Progress, Vocabulary


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
        parts = Parts(Path(folder) / "parts", request.described())
        run = Run(request, Samples(request, networks), {}, parts, given=tuple(given))
        return run_benchmark(run, [Contestant()], progress, cancel)
