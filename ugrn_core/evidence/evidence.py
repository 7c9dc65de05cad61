"""Evidence of cells for the edges of a network, as columns beside the model's. They never enter its probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ugrn_core.data.cell_values import MAX_GENES, CellValues
from ugrn_core.data.expression import ExpressionData
from ugrn_core.errors import InputError
from ugrn_core.evidence.correlation import correlations, group_rows, net_coefficients, ranks_within
from ugrn_core.evidence.detection import percentiles
from ugrn_core.evidence.resampling import NORMAL, RESAMPLES, interval, steadiness
from ugrn_core.genes.file_names import mouse_symbol
from ugrn_core.genes.resolve import resolve
from ugrn_core.types import Cancel, Progress, Vocabulary, part_of

COLUMNS = {
    "cells_pearson": "Pearson correlation of the log values of source and target over the cells, within groups",
    "cells_spearman": "Spearman correlation, the same way",
    "cells_spearman_low": "lower end of its 95 % interval over resamples of the cells, or of the donors",
    "cells_spearman_high": "upper end",
    "cells_net": "coefficient of the source in a regression of the target, net of the detection rate of the cells",
    "cells_both": "share of the cells that show both genes",
    "cells_both_low": "lower end of its 95 % interval",
    "cells_both_high": "upper end",
    "cells_top": "share of 50 resamples in which the pair is among the best by the size of its Spearman correlation",
    "cells_percentile": "share of pairs of the same detection with a smaller Spearman correlation in size",
    "cells_show": "yes (the interval holds no 0, the percentile is at least 0.95), no, too few cells, not in the file",
    "agreement": "the smaller of two percentiles: that of the model's score among all edges, and cells_percentile",
}
"""Columns in order, with what they hold. Numbers have 6 decimals."""
YES, NO, TOO_FEW, NOT_READ = SHOWS = ("yes", "no", "too few cells", "not in the file")
BEST = 100
"""Pairs that count as the best in ``cells_top`` where nothing else is asked for."""
HIGH = 0.95
LEAST_CELLS = 10
"""Cells that must show a gene before its correlations are taken for anything."""
LEAST_DONORS, ENOUGH_DONORS = 3, 10
"""Donors that intervals over donors take at least, and below which they are too narrow, which is said."""
DECIMALS = 6


@dataclass(frozen=True)
class Evidence:
    """Columns for pairs of ``sources`` and ``genes``; each array (source, gene)."""

    sources: tuple[str, ...]
    genes: tuple[str, ...]
    columns: dict[str, np.ndarray]
    few: np.ndarray
    notes: tuple[str, ...] = ()

    def beside(self, edges: pd.DataFrame, scores: np.ndarray | None = None) -> pd.DataFrame:
        """``edges`` (source, target, score) with the columns of :data:`COLUMNS` beside theirs, in their order.

        ``scores`` (edge,): those of all edges, among which a percentile is taken; by default of these.
        """
        row = edges["source"].map({g: i for i, g in enumerate(self.sources)})
        column = edges["target"].map({g: i for i, g in enumerate(self.genes)})
        there = (row.notna() & column.notna()).to_numpy()
        at = row[there].to_numpy(int), column[there].to_numpy(int)
        beside = {name: _spread_out(values[at], there) for name, values in self.columns.items()}
        low, high = beside["cells_spearman_low"], beside["cells_spearman_high"]
        clear = (low > 0) | (high < 0)
        shown = clear & (beside["cells_percentile"] >= HIGH)
        few = _spread_out(self.few[at], there) == 1
        beside["cells_show"] = np.select([~there, few, shown], [NOT_READ, TOO_FEW, YES], NO)
        every = np.sort(edges["score"].to_numpy() if scores is None else scores)
        below, up_to = (np.searchsorted(every, edges["score"], side) for side in ("left", "right"))
        of_model = (below + up_to) / 2 / len(every)
        beside["agreement"] = np.minimum(of_model, beside["cells_percentile"])
        rounded = {n: beside[n] if n == "cells_show" else np.round(beside[n], DECIMALS) for n in COLUMNS}
        return edges.assign(**rounded)


def file_places(data: ExpressionData, symbols: Sequence[str]) -> dict[str, int]:
    """Place among the genes of the file of every symbol that it has; among several the one seen in
    most cells. Genes of a mouse file may be named as in it, or by their human symbols."""
    mouse, wanted = data.species == "mouse", set(symbols)
    named = [g if g in wanted or not mouse else mouse_symbol(g) for g in data.genes]
    report = resolve(named, Vocabulary(symbols, range(len(symbols))))
    places: dict[str, int] = {}
    for i in sorted(range(len(data.genes)), key=lambda i: -data.whole.detection[i]):
        record = report.records[i]
        if record.symbol is not None:
            places.setdefault(record.symbol, i)
    return places


def genes_to_read(sources: Sequence[str], targets: Sequence[str], data: ExpressionData) -> tuple[dict[str, int], str]:
    """Symbols that are read of the file with their places, by name, and what is said of those left out.

    Where they are too many the first sources and then the first targets are read.
    """
    symbols = list(dict.fromkeys([*sources, *targets]))
    places = file_places(data, symbols)
    there = [s for s in symbols if s in places]
    lacking = [s for s in symbols if s not in places]
    more = f" and {len(lacking) - 5:,} more" if len(lacking) > 5 else ""
    said = [f"{', '.join(lacking[:5])}{more}: not in {data.label}."] if lacking else []
    if len(there) > MAX_GENES:
        said.append(f"The first {MAX_GENES:,} of {len(there):,} genes are looked at in the cells.")
    return {s: places[s] for s in sorted(there[:MAX_GENES])}, " ".join(said)


def evidence(
    cells: CellValues,
    symbols: Sequence[str],
    sources: Sequence[str],
    targets: Sequence[str],
    best: int = BEST,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Evidence:
    """Evidence for every pair of ``sources`` and ``targets`` that was read: ``symbols`` name the genes of ``cells``.

    ``best``: how many pairs count as the best in ``cells_top``. Deterministic. Cost: 100 matrix products (source,
    cell) x (cell, gene). A network without two genes in the cells is an InputError.
    """
    if len(symbols) != cells.values.shape[1]:
        raise ValueError(f"{len(symbols)} symbols for {cells.values.shape[1]} genes")
    at = {symbol: i for i, symbol in enumerate(symbols)}
    rows = sorted({s for s in sources if s in at})
    if not rows or len(at) < 2:
        raise InputError("No source of the network is in the file of cells. Give the cells that it was asked of.")
    places = np.array([at[s] for s in rows])
    pairs = np.isin(np.array(symbols), list(set(targets)))[None, :] & (places[:, None] != np.arange(len(symbols)))
    groups = group_rows(None if cells.within is None else cells.within.codes, cells.values.shape[0])
    donors = _donors(cells)
    logs = cells.values.toarray()
    columns = {
        "cells_pearson": correlations(logs, places, groups),
        "cells_net": net_coefficients(logs, cells.rate, places, groups),
    }
    shown = (logs > 0).astype(np.float32)
    del logs
    if progress:
        progress(0.1, "Ranking the cells by each gene")
    ranks = ranks_within(cells.values, groups)
    r = correlations(ranks, places, groups)
    both = shown[:, places].T @ shown / len(shown)
    n_showing = shown.sum(0)
    steady = steadiness(
        ranks, shown, places, groups, donors, best, pairs, progress=part_of(progress, 0.2, 1.0), cancel=cancel
    )
    spread = np.where(_donors_behind(shown, groups, donors, places) < LEAST_DONORS, np.nan, steady.spread)
    low, high = interval(r, spread)
    columns |= {
        "cells_spearman": r,
        "cells_spearman_low": low,
        "cells_spearman_high": high,
        "cells_both": both,
        "cells_both_low": np.maximum(both - NORMAL * steady.both_spread, 0),
        "cells_both_high": np.minimum(both + NORMAL * steady.both_spread, 1),
        "cells_top": steady.among_best,
        "cells_percentile": percentiles(np.round(np.abs(r), DECIMALS), n_showing[places], n_showing, pairs),
    }
    few = np.minimum.outer(n_showing[places], n_showing) < LEAST_CELLS
    return Evidence(tuple(rows), tuple(symbols), columns, few, (_said(cells, best), *cells.notes))


def agreeing(table: pd.DataFrame) -> pd.DataFrame:
    """The edges of a table with evidence that the cells show too, in their order."""
    return table[table["cells_show"] == YES].reset_index(drop=True)


def surest_first(table: pd.DataFrame) -> pd.DataFrame:
    """The edges of a table with evidence, those first in which model and cells are both sure."""
    return table.sort_values(["agreement", "source", "target"], ascending=[False, True, True], ignore_index=True)


def evidence_sentence(row: pd.Series) -> str:
    """What the cells show of one edge, in words."""
    if row["cells_show"] == NOT_READ:
        return "One of the two genes is not in the file."
    if pd.isna(row["cells_spearman"]):
        return "The cells say nothing: in none of the groups do both genes vary."
    low, r, high = row["cells_spearman_low"], row["cells_spearman"], row["cells_spearman_high"]
    place = row["cells_percentile"]
    said = "" if pd.isna(place) else f", larger than that of {place:.1%} of pairs that are detected as often"
    between = "no interval: too few donors" if pd.isna(low) else f"{low:+.2f} to {high:+.2f}"
    words = (
        f"Spearman {r:+.2f} ({between}){said}; {row['cells_net']:+.2f} net of detection; both genes in "
        f"{row['cells_both']:.1%} of the cells; among the best in {row['cells_top']:.0%} of the resamples. "
        f"The cells show it: {row['cells_show']}."
    )
    return words.replace(" -", " −").replace("(-", "(−")


def _donors(cells: CellValues) -> np.ndarray | None:
    if cells.donors is None:
        return None
    n_donors = len(np.unique(cells.donors.codes))
    if n_donors < LEAST_DONORS:
        raise InputError(
            f"These cells are of {n_donors} donors; intervals over donors need {LEAST_DONORS} or more. Leave the "
            "column of donors out: intervals are over cells then."
        )
    return cells.donors.codes


def _donors_behind(
    shown: np.ndarray, groups: Sequence[np.ndarray], donors: np.ndarray | None, places: np.ndarray
) -> np.ndarray:
    """How many donors have cells in groups in which both genes are seen, at most (source, gene); many without donors.

    Where a pair rests on the groups of one or two donors, drawing donors again says nothing of it.
    """
    if donors is None:
        return np.full((len(places), shown.shape[1]), np.inf)
    there, of = np.unique(donors, return_inverse=True)
    seen = np.zeros((len(there), shown.shape[1]), bool)
    for rows in groups:
        seen[np.unique(of[rows])] |= shown[rows].any(0)
    return seen[:, places].T.astype(np.float32) @ seen


def _said(cells: CellValues, best: int) -> str:
    within = "" if cells.within is None else f", within {len(np.unique(cells.within.codes)):,} groups"
    what = "the cells"
    if cells.donors is not None:
        n_donors = len(np.unique(cells.donors.codes))
        narrow = "" if n_donors >= ENOUGH_DONORS else ", too few for them to be wide enough"
        what = f"the {n_donors:,} donors{narrow}"
    return (
        f"Evidence of {cells.values.shape[0]:,} cells{within}; intervals, and which pairs are the best "
        f"{best:,}, are over {RESAMPLES} resamples of {what}."
    )


def _spread_out(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Values in the places that are there, NaN in the others, float64."""
    whole = np.full(len(there), np.nan)
    whole[there] = values
    return whole
