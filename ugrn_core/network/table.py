"""The edge table of a run: scores in words and probabilities, the best edges or all of them, part by part."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ugrn_core.beeline.networks import Edge
from ugrn_core.genes.file_names import named_as_in_file
from ugrn_core.network.direction import DirectionRule, directions
from ugrn_core.network.edge_table import COLUMNS, DECIMALS, SLOPE_DIRECTIONS, known_words, tag_words
from ugrn_core.network.question import has_probabilities
from ugrn_core.network.scores import NetworkScores, mean_over_seeds
from ugrn_core.spreadsheet import guarded
from ugrn_core.translation.scoring import novelty
from ugrn_core.translators.translator import Translator

ROWS_A_PART = 20_000
NEEDS_QUOTES = re.compile(r"[,\"\r\n]")


def edge_table(
    scores: NetworkScores,
    translator: Translator,
    rule: DirectionRule,
    *,
    prevalence: float | None = None,
    known: Collection[Edge] | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """The best ``limit`` edges (all by default) in the form of :mod:`ugrn_core.network.edge_table`.

    ``prevalence``: share of edges among candidate pairs, default the card's. ``known``: edges of another network,
    None where nothing was checked.
    """
    parts = list(_parts(scores, translator, rule, prevalence, known, limit))
    return pd.concat(parts, ignore_index=True)


def write_edges(
    scores: NetworkScores,
    translator: Translator,
    rule: DirectionRule,
    file: Path,
    *,
    prevalence: float | None = None,
    known: Collection[Edge] | None = None,
    keep: int = 0,
) -> pd.DataFrame:
    """Write all edges as CSV, part by part; returns the best ``keep`` of them."""
    kept, left = [], keep
    with file.open("w", encoding="utf-8", newline="") as out:
        for n, part in enumerate(_parts(scores, translator, rule, prevalence, known)):
            if not n:
                out.write(",".join(part) + "\n")
            out.write(csv_lines(part))
            if left or not kept:  # a part that is not kept is let go
                kept.append(part.head(left))
                left -= len(kept[-1])
    return pd.concat(kept, ignore_index=True)


def csv_lines(table: pd.DataFrame) -> str:
    """Lines of a table as :func:`ugrn_core.spreadsheet.csv_text` writes them with 6 decimals, several times as fast."""
    columns, places = [], []
    for name in table:
        column = table[name]
        if column.dtype.kind == "f":
            places.append(f"%.{DECIMALS}f")
            if column.isna().any():
                places[-1] = "%s"
                column = ["" if value != value else f"{value:.{DECIMALS}f}" for value in column.tolist()]
        else:
            places.append("%s")
            words = {word: _quoted(word) for word in column.unique()}
            column = [words[word] for word in column]
        columns.append(column if isinstance(column, list) else column.tolist())
    return "".join(map((",".join(places) + "\n").__mod__, zip(*columns, strict=True)))


def _quoted(word: str) -> str:
    word = guarded(word)
    return f'"{word.replace(chr(34), chr(34) * 2)}"' if NEEDS_QUOTES.search(word) or not word else word


def probabilities(
    scores: NetworkScores, translator: Translator, prevalence: float | None = None, limit: int | None = None
) -> np.ndarray:
    """Calibrated probabilities (edge,) float64 of the best ``limit`` edges (all by default), best first; NaN where
    none are known (:func:`~ugrn_core.network.question.has_probabilities`)."""
    parts = [mean_over_seeds(scores.at(places)[0]) for places in scores.parts(ROWS_A_PART, limit)]
    return _chances(scores, translator, np.concatenate(parts), prevalence)


def _chances(scores: NetworkScores, translator: Translator, logits: np.ndarray, prevalence: float | None) -> np.ndarray:
    known = has_probabilities(scores.request, translator)
    return translator.probabilities(logits, prevalence) if known else np.full(len(logits), np.nan)


def _parts(
    scores: NetworkScores,
    translator: Translator,
    rule: DirectionRule,
    prevalence: float | None,
    known: Collection[Edge] | None,
    limit: int | None = None,
) -> Iterator[pd.DataFrame]:
    """The edge table of the best ``limit`` edges, part by part."""
    for places in scores.parts(ROWS_A_PART, limit):
        pairs = scores.edges(places)
        logits, against, slopes = scores.at(places)
        mean, slope = mean_over_seeds(logits), slopes.astype(np.float64)
        seeds = [_chances(scores, translator, one, prevalence) for one in logits.T]
        seen, checked = novelty(translator, pairs), known_words(pairs, known)
        table = pd.DataFrame(pairs, columns=["source", "target"]).assign(
            score=np.round(mean.astype(np.float64), DECIMALS),
            probability=np.round(_chances(scores, translator, mean, prevalence), DECIMALS),
            spread=np.round(np.std(seeds, 0), DECIMALS),
            slope=np.round(slope, DECIMALS),
            slope_direction=np.select([slope > 0, slope < 0, slope == 0], SLOPE_DIRECTIONS[:3], SLOPE_DIRECTIONS[3]),
            direction=directions(pairs, mean - against, rule),
            novelty=seen,
            known=checked,
            tag=tag_words(seen, checked),
        )
        yield named_as_in_file(table[list(COLUMNS)], scores.request.names)
