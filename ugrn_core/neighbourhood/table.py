"""A neighbourhood as a table: one row another gene, at one side."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import GENE_SETS, ROWS, Edge, load_network
from ugrn_core.beeline.registry import missing_networks
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import in_file
from ugrn_core.genes.tfs import transcription_factors
from ugrn_core.methods.catalogue import READINGS, reads_curves
from ugrn_core.neighbourhood.run import Neighbourhood, Side
from ugrn_core.network.edge_table import KNOWN, SLOPE_DIRECTIONS, tag_words
from ugrn_core.translation.scoring import novelty
from ugrn_core.translators.schema import check_schema, feature_schema
from ugrn_core.translators.translator import Translator
from ugrn_core.types import FileNames

Rank = Literal["specific", "response", "score"]
RANKS: tuple[Rank, ...] = ("specific", "response", "score")
COLUMNS = {
    "side": "source: the gene is moved and the other is read; target: the other way round",
    "gene": "symbol of the other gene",
    "tf": "whether the other gene is a transcription factor",
    "specific": "pair-specific response of the largest size over the virtual values (under follow: slope)",
    "percentile": "share of random pairs with a smaller pair-specific response, 0 to 100",
    "response": "response as predicted, of the largest size over the virtual values (under follow: slope)",
    "at": "virtual value of that response",
    "slope": "slope of the largest size",
    "slope_direction": "rises, falls or flat: the sign of that slope, which is no sign of regulation",
    "score": "mean logit of the translator: a rank, not calibrated over the whole vocabulary",
    "known": "networks that hold the edge; empty where none does or none was looked at",
    "novelty": "what of the pair the translator saw in training; empty without a translator",
    "tag": "the one word for the standing of the edge; empty without a translator",
}
"""Columns in order, with what they hold. Numbers have 6 decimals; what was not computed is empty."""

DECIMALS = 6


def edges_by_gene() -> Mapping[str, Mapping[Edge, str]] | None:
    """Edges of every gene, as source or target, each with the names of its networks; None where a file is missing."""
    if missing_networks():
        return None
    names: dict[Edge, list[str]] = {}
    for row in ROWS:
        for edge in {e for gene_set in GENE_SETS for e in load_network(*row, gene_set).edges}:
            names.setdefault(edge, []).append(str(row))
    found: dict[str, dict[Edge, str]] = {}
    for edge, rows in names.items():
        text = ", ".join(rows)
        for gene in edge:
            found.setdefault(gene, {})[edge] = text
    return found


def shapes(curves: np.ndarray) -> np.ndarray:
    """Curves (row, value) float64 of length 1, so that only their shape and direction count; a flat one stays 0."""
    curves = curves.astype(np.float64)
    size = np.sqrt((curves**2).sum(1, keepdims=True))
    return np.divide(curves, size, out=np.zeros_like(curves), where=size > 0)


def likeness(curves: np.ndarray, row: int) -> np.ndarray:
    """Cosine (row,) of every curve with curve ``row``: 1 the same shape, -1 its mirror image."""
    unit = shapes(curves)
    return unit @ unit[row]


def shape_order(curves: np.ndarray) -> np.ndarray:
    """Rows in an order in which neighbours look alike: average linkage of distances between shapes, leaves turned so
    that neighbours are nearest."""
    if len(curves) < 3:
        return np.arange(len(curves))
    return leaves_list(linkage(pdist(shapes(curves)), "average", optimal_ordering=True))


def neighbour_table(
    found: Neighbourhood,
    side: Side,
    *,
    scores: np.ndarray | None = None,
    translator: Translator | None = None,
    known: Mapping[tuple[str, str], str] | None = None,
) -> pd.DataFrame:
    """One row another gene (:data:`COLUMNS`), in the order of ``found.others``; genes that were not moved are left out.

    ``scores`` (other,) are those of :func:`translator_scores`, ``known`` names the networks of each known edge.
    """
    response, slope = peak(found.raw[side][found.deciding]), peak(found.raw[side]["slope"])
    specific = peak(found.specific[side][found.deciding]) if found.specific else np.full(len(found.others), np.nan)
    pairs, factors = found.pairs(side), transcription_factors()
    named = ["" if known is None else known.get(pair, "") for pair in pairs]
    seen = [""] * len(pairs) if translator is None else novelty(translator, pairs)
    checked = [KNOWN[2] if known is None else KNOWN[0] if name else KNOWN[1] for name in named]
    table = pd.DataFrame(
        {
            "side": side,
            "gene": found.others,
            "tf": [g in factors for g in found.others],
            "specific": specific,
            "percentile": _percentiles(specific, found.peaks),
            "response": response,
            "at": _places(found.raw[side][found.deciding], found.request.settings.grid),
            "slope": slope,
            "slope_direction": np.select([slope > 0, slope < 0, slope == 0], SLOPE_DIRECTIONS[:3], SLOPE_DIRECTIONS[3]),
            "score": np.nan if scores is None else scores,
            "known": named,
            "novelty": seen,
            "tag": [""] * len(pairs) if translator is None else tag_words(seen, checked),
        }
    )
    numbers = ["specific", "percentile", "response", "slope", "score"]
    table[numbers] = table[numbers].astype(np.float64).round(DECIMALS)
    return table[table["response"].notna()][list(COLUMNS)]


def ranked(table: pd.DataFrame, rank: Rank) -> pd.DataFrame:
    """Rows in order of a rank: by size, a score by itself; ties by name, rows without the number last.

    The index still says the place of each row in the neighbourhood.
    """
    key = table[rank] if rank == "score" else table[rank].abs()
    order = table.assign(key=key).sort_values(["key", "gene"], ascending=[False, True], na_position="last")
    return order.drop(columns="key")


def filtered(
    table: pd.DataFrame,
    *,
    factors: bool = False,
    genes: Collection[str] | None = None,
    text: str = "",
    names: FileNames | None = None,
) -> pd.DataFrame:
    """Rows of transcription factors, of a list, or whose symbol or name in a mouse file holds a text (in any case)."""
    keep = np.ones(len(table), bool)
    if factors:
        keep &= table["tf"].to_numpy(bool)
    if genes is not None:
        keep &= table["gene"].isin(list(genes)).to_numpy()
    if text.strip():
        told = [table["gene"], pd.Series(in_file(names, table["gene"]), table.index, dtype=object)]
        keep &= np.any([t.str.contains(text.strip(), case=False, regex=False) for t in told], 0)
    return table[keep]


def translator_scores(translator: Translator, backbone: Backbone, found: Neighbourhood, side: Side) -> np.ndarray:
    """Mean logits (other,) of the directed pairs of a side, NaN where a direction was not swept.

    A translator that reads some of the virtual values gets those; one of another model, virtual cell or settings is an
    InputError.
    """
    schema = translator.card.schema
    request = found.request
    kinds = {"pair": "pair", "genes": "full"}
    parts = {part: READINGS[part] for part in schema.parts}
    pairs = found.pairs(side)
    if not reads_curves(parts):
        return translator.logits({part: reading.features(backbone, pairs, {}, {}) for part, reading in parts.items()})
    if request.context.kind not in kinds:
        raise InputError("Translators were trained at one base value for all genes: take two genes alone, or a list.")
    kind = kinds[request.context.kind]
    settings, at = request.settings, slice(None)
    if set(schema.grid) <= set(settings.grid):
        settings, at = replace(settings, grid=schema.grid), [settings.grid.index(value) for value in schema.grid]
    check_schema(translator.card.name, schema, feature_schema(backbone, schema.method, kind, settings))  # pyright: ignore[reportArgumentType]
    own, back = found.raw[side], found.raw["target" if side == "source" else "source"]
    names = {name for reading in parts.values() for name in reading.curves}
    there = np.all([np.isfinite(way[name][:, at]).all(1) for way in (own, back) for name in names], 0)
    scores = np.full(len(there), np.nan, np.float32)
    if there.any():
        forward, reverse = ({name: way[name][there][:, at] for name in names} for way in (own, back))
        swept = [pair for pair, known in zip(pairs, there, strict=True) if known]
        features = {part: reading.features(backbone, swept, forward, reverse) for part, reading in parts.items()}
        scores[there] = translator.logits(features)
    return scores


def peak(curves: np.ndarray) -> np.ndarray:
    """Signed number of the largest size of each curve (row, value), NaN for a curve that is not there."""
    if not curves.shape[1]:
        return np.full(len(curves), np.nan)
    at = np.abs(np.nan_to_num(curves)).argmax(1)
    return np.take_along_axis(curves, at[:, None], 1)[:, 0].astype(np.float64)


def _places(curves: np.ndarray, grid: tuple[float, ...]) -> np.ndarray:
    return np.array(grid)[np.abs(np.nan_to_num(curves)).argmax(1)]


def _percentiles(peaks: np.ndarray, random: np.ndarray | None) -> np.ndarray:
    if random is None:
        return np.full(len(peaks), np.nan)
    share = np.searchsorted(np.sort(random), np.abs(peaks), side="left") / len(random)
    return np.where(np.isnan(peaks), np.nan, 100.0 * share)
