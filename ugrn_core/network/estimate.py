"""What a network run will cost, said before it starts: passes, seconds on this machine, memory, disk, stored share."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.estimate import estimate
from ugrn_core.methods.catalogue import curves_read
from ugrn_core.methods.reading import Curve
from ugrn_core.network import blocks
from ugrn_core.network.question import NetworkRequest, check_request
from ugrn_core.network.run import MISSES, finished_share
from ugrn_core.network.scores import EDGES_A_PIECE
from ugrn_core.store import Store
from ugrn_core.stored_sweep import source_key
from ugrn_core.time_left import byte_words, duration
from ugrn_core.translators.mlp import HIDDEN
from ugrn_core.translators.schema import FeatureSchema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import SweepSettings

ROW_BYTES = 120
"""Bytes of a line of edges.csv, about."""
ORDER_BYTES = 48
"""Bytes an edge while a piece of them is put in order."""
LOOKED_AT = 4_000_000
"""Names of genes in the addresses that are looked up in the store, at most."""
TRIAL_PAIRS = 64
TRIALS = 3
QUICK_SECONDS = 0.2
"""A trial shorter than this is repeated: the best of ``TRIALS`` counts."""


@dataclass(frozen=True)
class NetworkEstimate:
    """``edges`` to be scored; ``passes`` of the model in the whole run; ``seconds`` for what the store does not hold;
    ``bytes``: memory beside the model; ``disk``: bytes of scores, sweeps and edges.csv; ``cached_share`` of the work.
    """

    edges: int
    passes: int
    seconds: float
    bytes: int
    disk: int
    cached_share: float

    def sentence(self) -> str:
        """The estimate in plain words."""
        if self.cached_share == 1:
            return f"{self.edges:,} edges, all of them stored already."
        stored = f"; {self.cached_share:.0%} is stored already" if self.cached_share else ""
        return (
            f"{self.edges:,} edges, {self.passes:,} passes: about {duration(self.seconds)} here, "
            f"{byte_words(self.bytes)} of memory, {byte_words(self.disk)} of disk{stored}."
        )


def estimate_network(
    backbone: Backbone, translator: Translator, request: NetworkRequest, store: Store | None = None
) -> NetworkEstimate:
    """Cost of :func:`ugrn_core.network.run.predict_network`; a translator of other features is refused as there.

    Seconds come from a short trial on this machine, kept for the model and the settings; writing the files is not in
    them. Nothing is written.
    """
    check_request(request, translator, backbone)
    settings, n_values = translator.card.schema.settings, len(translator.card.schema.grid)
    curves = curves_read(translator.card.schema.parts)
    edges, pairs = count_edges(request), request.n_pairs
    share = finished_share(backbone, translator, request, store)
    block = 2 * min(pairs, max(blocks.PAIRS_A_BLOCK, len(request.targets)))
    features = 4 * n_values if curves else backbone.width
    memory = max(4 * block * (features + sum(HIDDEN)), ORDER_BYTES * min(edges, EDGES_A_PIECE))
    disk = 4 * len(request.sources) * len(request.targets) * (translator.card.seeds + 2) + edges * (8 + ROW_BYTES)
    if not curves:
        return NetworkEstimate(edges, 0, 0.0, memory, disk, share)
    if request.context.kind == "pair":
        seconds = (
            2 * pairs * (1 - share) * (_pair_seconds(backbone, request, translator.card.schema) if share < 1 else 0.0)
        )
        return NetworkEstimate(edges, 2 * pairs * n_values, seconds, memory, disk, share)
    genes = len({*request.sources, *request.targets})
    if share < 1:
        share = stored_sweeps(backbone, request, settings, store, slopes="slope" in curves) / genes
    cost = estimate(backbone, len(request.context.genes) + 1, genes * n_values, share, slopes="slope" in curves)
    kept = 2 if "slope" in curves else 1
    sweeps = 4 * genes * n_values * (kept * len(request.context.genes) + len(curves) * genes)
    return NetworkEstimate(edges, cost.passes, cost.seconds, memory + cost.bytes, disk + sweeps, share)


def count_edges(request: NetworkRequest) -> int:
    """Number of edges that are scored."""
    return len(request.sources) * len(request.targets) - len(set(request.sources) & set(request.targets))


def stored_sweeps(
    backbone: Backbone, request: NetworkRequest, settings: SweepSettings, store: Store | None, *, slopes: bool = True
) -> int:
    """Number of genes of the network whose sweep over the virtual cell the store holds, from below for large ones.
    Without ``slopes`` one of responses alone will do.

    Genes are swept in this order: after :data:`MISSES` in a row, or so many that their addresses (each as long as the
    virtual cell) take a second, no more are looked for.
    """
    found = misses = 0
    genes = dict.fromkeys([*request.sources, *request.targets]) if store is not None else ()
    for gene in islice(genes, max(MISSES, LOOKED_AT // len(request.context.genes))):
        kept = store is not None and any(
            source_key(backbone, request.context, settings, gene, slopes=s) in store for s in {True, slopes}
        )
        found, misses = found + kept, 0 if kept else misses + 1
        if misses == MISSES:
            break
    return found


_seconds: dict[tuple[str, SweepSettings, frozenset[Curve]], float] = {}


def _pair_seconds(backbone: Backbone, request: NetworkRequest, schema: FeatureSchema) -> float:
    """Seconds of a directed pair of two genes alone, from a short sweep of what the translator reads."""
    kept = backbone.fingerprint, schema.settings, curves_read(schema.parts)
    sweep = blocks.curves_alone(backbone, schema)
    if kept not in _seconds:
        pairs = ((s, t) for s in request.sources for t in request.targets if s != t)
        trial = [pair for s, t in islice(pairs, TRIAL_PAIRS // 2) for pair in ((s, t), (t, s))]
        sweep(trial[:2], None, None)  # warms up
        seconds = []
        while len(seconds) < TRIALS and (not seconds or seconds[-1] < QUICK_SECONDS):
            start = time.perf_counter()
            sweep(trial, None, None)
            seconds.append(time.perf_counter() - start)
        _seconds[kept] = min(seconds) / len(trial)
    return _seconds[kept]
