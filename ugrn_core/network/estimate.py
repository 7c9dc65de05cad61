"""What a network run will cost, said before it starts: passes, seconds on this machine, memory, disk, stored share."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.download import duration
from ugrn_core.estimate import estimate
from ugrn_core.network.blocks import PAIRS_A_BLOCK, block_key, block_pairs, translator_digest
from ugrn_core.network.request import NetworkRequest, check_request
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key
from ugrn_core.sweep import SCHEMA, pair_rows, sweep_pairs
from ugrn_core.translators.mlp import HIDDEN
from ugrn_core.translators.translator import Translator
from ugrn_core.types import SweepSettings

ROW_BYTES = 120
"""Bytes of a line of edges.csv, about."""
TRIALS = 3
QUICK_SECONDS = 0.2
"""A trial shorter than this is repeated: the best of ``TRIALS`` counts."""


@dataclass(frozen=True)
class NetworkEstimate:
    """``edges`` to be scored; ``passes``: dual passes of the whole run; ``seconds`` for what the store does not hold;
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
            f"{_size(self.bytes)} of memory, {_size(self.disk)} of disk{stored}."
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
    curves = translator.card.schema.method != "Baseline-Emb"
    edges, pairs = count_edges(request), count_pairs(request)
    share = stored_pairs(backbone, translator, request, store) / pairs
    scores = 4 * len(request.sources) * len(request.targets) * (translator.card.seeds + 2) + 8 * edges
    block = 2 * min(pairs, max(PAIRS_A_BLOCK, len(request.targets)))
    memory = block * 4 * (4 * n_values + sum(HIDDEN)) if curves else block * 4 * (backbone.width + sum(HIDDEN))
    disk = scores + edges * ROW_BYTES
    if not curves:
        return NetworkEstimate(edges, 0, 0.0, memory, disk, share)
    if request.context.kind == "pair":
        seconds = 2 * pairs * (1 - share) * (_pair_seconds(backbone, request, settings) if share < 1 else 0.0)
        return NetworkEstimate(edges, 2 * pairs * n_values, seconds, memory, disk, share)
    genes = len({*request.sources, *request.targets})
    if share < 1:
        share = stored_sweeps(backbone, request, settings, store) / genes
    cost = estimate(backbone, len(request.context.genes) + 1, genes * n_values, share)
    sweeps = 2 * 4 * genes * n_values * (len(request.context.genes) + genes)
    return NetworkEstimate(edges, cost.passes, cost.seconds, memory + cost.bytes, disk + sweeps, share)


def count_edges(request: NetworkRequest) -> int:
    """Number of edges that are scored."""
    return len(request.sources) * len(request.targets) - len(_both(request))


def count_pairs(request: NetworkRequest) -> int:
    """Number of pairs of genes that are swept, each in both directions."""
    both = len(_both(request))
    return count_edges(request) - both * (both - 1) // 2


def stored_pairs(backbone: Backbone, translator: Translator, request: NetworkRequest, store: Store | None) -> int:
    """Number of pairs of genes whose scores the store holds."""
    if store is None:
        return 0
    digest, settings = translator_digest(translator), translator.card.schema.settings
    blocks = block_pairs(request)
    return sum(len(pairs) for pairs in blocks if block_key(backbone, digest, request, settings, pairs) in store)


def stored_sweeps(backbone: Backbone, request: NetworkRequest, settings: SweepSettings, store: Store | None) -> int:
    """Number of genes of the network whose sweep over the virtual cell the store holds."""
    if store is None:
        return 0
    genes = dict.fromkeys([*request.sources, *request.targets])
    keys = [question_key(backbone, f"sweep-{SCHEMA}", request.context, settings, gene) for gene in genes]
    return sum(key in store for key in keys)


_seconds: dict[tuple[str, SweepSettings], float] = {}


def _pair_seconds(backbone: Backbone, request: NetworkRequest, settings: SweepSettings) -> float:
    """Seconds of a directed pair of two genes alone, from one batch of the sweep."""
    kept = backbone.fingerprint, settings
    if kept not in _seconds:
        rows = max(1, pair_rows(backbone.device) // len(settings.grid))
        pairs = ((s, t) for s in request.sources for t in request.targets if s != t)
        trial = [pair for s, t in islice(pairs, -(-rows // 2)) for pair in ((s, t), (t, s))]
        sweep_pairs(backbone, trial[:2], settings)  # warms up
        seconds = []
        while len(seconds) < TRIALS and (not seconds or seconds[-1] < QUICK_SECONDS):
            start = time.perf_counter()
            sweep_pairs(backbone, trial, settings)
            seconds.append(time.perf_counter() - start)
        _seconds[kept] = min(seconds) / len(trial)
    return _seconds[kept]


def _both(request: NetworkRequest) -> set[str]:
    """Genes that are source and target."""
    return set(request.sources) & set(request.targets)


def _size(number: int) -> str:
    return f"{number / 2**30:.1f} GiB" if number >= 2**30 else f"{max(1, round(number / 2**20)):,} MiB"
