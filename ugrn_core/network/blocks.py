"""Blocks of a network run: some sources against all targets, from curves to logits.

A block holds every pair of one of its sources s with a target t, but those whose t is a source of an earlier block and
whose s is a target too: the earlier block has them already, since both directions come from the same two curves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.methods.catalogue import READINGS, curves_read, reads_curves
from ugrn_core.network.question import NetworkRequest
from ugrn_core.stored_sweep import question_key
from ugrn_core.sweep import SCHEMA, pair_responses, sweep_pairs
from ugrn_core.translators.mlp import predict_logits
from ugrn_core.translators.schema import FeatureSchema
from ugrn_core.translators.translator import Translator, card_json
from ugrn_core.types import Cancel, Progress

PAIRS_A_BLOCK = 2000
"""Pairs of a block at most, unless one source has more: a second or two of the small models, and work for many
workers in a network of a few hundred sources."""
VERSION = 2
"""Version of what a block holds; part of its key."""

Curves = Callable[[Sequence[Edge], Progress | None, Cancel | None], "Mapping[str, np.ndarray]"]
"""The curves that a translator reads, ``response`` and ``slope``, each (pair, value), of directed pairs."""


@dataclass(frozen=True)
class BlockScores:
    """``forward`` and ``reverse`` (seed, pair): logits of s -> t and t -> s by each seed's networks.

    ``slope`` and ``reverse_slope`` (pair,): see :func:`edge_slopes`; NaN where the translator reads no curves.
    """

    forward: np.ndarray
    reverse: np.ndarray
    slope: np.ndarray
    reverse_slope: np.ndarray


def block_pairs(request: NetworkRequest) -> Iterator[list[Edge]]:
    """Pairs of every block; each unordered pair of genes is in one block, and in one direction."""
    targets, earlier = set(request.targets), set[str]()
    block: list[Edge] = []
    for s in request.sources:
        own = [(s, t) for t in request.targets if s != t and not (t in earlier and s in targets)]
        if block and len(block) + len(own) > PAIRS_A_BLOCK:
            yield block
            block = []
        block += own
        earlier.add(s)
    if block:
        yield block


def translator_digest(translator: Translator) -> str:
    """sha256 (hex) of everything a translator's logits depend on."""
    digest = hashlib.sha256(json.dumps(card_json(translator.card)["schema"], sort_keys=True).encode())
    for part, nets in sorted(translator.nets.items()):
        for net in nets:
            for name, tensor in sorted(net.state_dict().items()):
                digest.update(f"{part} {name} {tuple(tensor.shape)}".encode())
                digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def block_key(backbone: Backbone, translator: str, request: NetworkRequest, settings, pairs: Sequence[Edge]) -> str:
    """Store address of a block; ``translator`` is its digest."""
    listed = hashlib.sha256("\n".join(f"{s}\t{t}" for s, t in pairs).encode()).hexdigest()
    return question_key(backbone, f"network-{VERSION}-{SCHEMA}", request.context, settings, f"{translator} {listed}")


def score_block(
    backbone: Backbone,
    translator: Translator,
    pairs: Sequence[Edge],
    curves: Curves,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> BlockScores:
    """Logits and slopes of a block's pairs."""
    n, parts = len(pairs), {part: READINGS[part] for part in translator.card.schema.parts}
    swapped = [(t, s) for s, t in pairs]
    if not reads_curves(parts):
        forward, reverse = (
            seed_logits(translator, {part: reading.features(backbone, way, {}, {}) for part, reading in parts.items()})
            for way in (pairs, swapped)
        )
        nothing = np.full(n, np.nan, np.float32)
        return BlockScores(forward, reverse, nothing, nothing)
    found = curves([*pairs, *swapped], progress, cancel)
    there, back = ({name: values[half] for name, values in found.items()} for half in (slice(n), slice(n, None)))
    forward = {part: reading.features(backbone, pairs, there, back) for part, reading in parts.items()}
    reverse = {part: reading.features(backbone, swapped, back, there) for part, reading in parts.items()}
    slopes = edge_slopes(translator.card.schema.grid, found)
    return BlockScores(seed_logits(translator, forward), seed_logits(translator, reverse), slopes[:n], slopes[n:])


def edge_slopes(grid: Sequence[float], curves: Mapping[str, np.ndarray]) -> np.ndarray:
    """One slope a pair, (pair,): that of the largest size over the virtual values ``grid``.

    Where only responses were computed, the mean slope from the lowest value to the highest, which is what the response
    changes by on the way; NaN where the grid has one value.
    """
    if "slope" in curves:
        slope = curves["slope"]
        return np.take_along_axis(slope, np.abs(slope).argmax(1)[:, None], 1)[:, 0]
    response, low, high = curves["response"], int(np.argmin(grid)), int(np.argmax(grid))
    if low == high:
        return np.full(len(response), np.nan, np.float32)
    return (response[:, high] - response[:, low]) / np.float32(grid[high] - grid[low])


def curves_alone(backbone: Backbone, schema: FeatureSchema) -> Curves:
    """What a translator of ``schema`` reads of pairs in cells of two genes, swept anew.

    It is not kept: blocks are, and at the speed of the sweep a row a pair in the store costs as much as the sweep
    itself.
    """
    settings, wanted = schema.settings, curves_read(schema.parts)

    def read(pairs: Sequence[Edge], progress: Progress | None, cancel: Cancel | None) -> Mapping[str, np.ndarray]:
        if "slope" not in wanted:
            return {"response": pair_responses(backbone, pairs, settings, progress=progress, cancel=cancel)}
        with_both = "response" in wanted
        swept = sweep_pairs(backbone, pairs, settings, responses=with_both, progress=progress, cancel=cancel)
        return {"slope": swept.slope} if swept.response is None else {"slope": swept.slope, "response": swept.response}

    return read


def seed_logits(translator: Translator, features: dict[str, np.ndarray]) -> np.ndarray:
    """Logits (seed, pair) float32: each seed's mean over its parts; their mean is the translator's logit."""
    parts = [[predict_logits(net, features[part]) for net in nets] for part, nets in translator.nets.items()]
    return np.mean(parts, 0).astype(np.float32)
