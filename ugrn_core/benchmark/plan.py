"""The whole set of frames for a model: which runs there are, and what their files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ugrn_core.benchmark.protocols import BALANCED, PROTOCOLS
from ugrn_core.benchmark.request import BenchmarkRequest
from ugrn_core.benchmark.sampling import EXCHANGED
from ugrn_core.types import SweepSettings

CUT: dict[str, Any] = {"max_sources": 100, "test_sets": ("mDC", "mHSC-E")}
"""The cut of Table 1 that is run in both contexts."""


@dataclass(frozen=True)
class Planned:
    """One run of the set; its file is ``MODEL_table_NAME.csv.gz``. ``with_scores``: scores of pairs are kept too."""

    name: str
    changes: dict[str, Any]
    with_scores: bool = False

    def request(self, settings: SweepSettings, seeds: int) -> BenchmarkRequest:
        """The request of the run."""
        return BenchmarkRequest(settings=settings, seeds=seeds, **self.changes)

    def file(self, model: str) -> str:
        """Name of the file for a model."""
        return f"{model}_table_{self.name}.csv.gz"


def planned_runs(full_context: bool = False) -> tuple[Planned, ...]:
    """Tables 1 to 6 as the paper draws pairs, Table 1 with other draws, Tables 1 to 5 without the leak, the cut.

    ``full_context``: also the cut with all genes of a data set in the virtual cell, which costs more than all others.
    """
    runs = [Planned(str(n), {"table": n}, n == 1) for n in PROTOCOLS]
    runs += [Planned(f"1_{s}", {"table": 1, "sampler": s}) for s in ("uniform", "degree_matched", "tf_matched")]
    runs += [
        Planned(f"{n}_{EXCHANGED}", {"table": n, "sampler": EXCHANGED})
        for n, protocol in PROTOCOLS.items()
        if protocol.neg_ratios == BALANCED
    ]
    runs.append(Planned("1_logistic", {"table": 1, "translator": "logistic"}))
    runs.append(Planned("1_pair_cut", {"table": 1} | CUT, True))
    if full_context:
        runs.append(Planned("1_full_cut", {"table": 1, "context": "full"} | CUT, True))
    return tuple(runs)
