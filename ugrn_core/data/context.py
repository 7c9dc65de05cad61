"""The genes of a virtual cell beside the pair: none, a list, or the genes and mean profile of a data set."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from ugrn_core.data.binning import N_BINS
from ugrn_core.data.expression import ExpressionData, Profile
from ugrn_core.data.standardised import UNIT as STANDARDISED
from ugrn_core.data.standardised import standardised
from ugrn_core.errors import InputError
from ugrn_core.genes.file_names import file_names
from ugrn_core.genes.resolve import GeneReport, resolve
from ugrn_core.genes.tfs import is_tf
from ugrn_core.types import MIN_DETECTION, BackboneCard, Context, Measured, Vocabulary

VARIABLE_GENES = 500
"""The default number of most variable genes (the smaller of BEELINE's gene sets)."""
FEWEST_VARIABLE, MOST_VARIABLE = 50, 3000
"""Offered on the page; any number up to the larger one is taken."""

ACTIVATIONS = 28
"""Float32 numbers alive a token and unit of width in a dual pass of one cell (measured, rounded up)."""

ATTENTION_COPIES = 2
"""Arrays (head, token, token) alive while the attention of one layer is read (measured)."""

SHARE_OF_MEMORY = 0.5


def pair_context() -> Context:
    """The pair alone."""
    return Context()


def list_context(report: GeneReport, label: str) -> Context:
    """The resolved genes of a list, all at the base value."""
    return Context("genes", report.symbols, label=label)


def data_context(
    data: ExpressionData,
    card: BackboneCard,
    vocabulary: Vocabulary,
    *,
    group: tuple[str, str] | None = None,
    n_variable: int = VARIABLE_GENES,
    cap: int | None = None,
) -> tuple[Context, GeneReport, tuple[str, ...]]:
    """Genes and mean profile of all cells, or of the group (column, level), as a context.

    Taken are the TFs detected in the cells asked for and the ``n_variable`` genes that vary most over all cells, by
    symbol in alphabetical order; where ``cap`` is smaller, the most variable of them. Base values are the mean over
    cells in the card's unit. Genes at 0 are left out where ``card.drop_zero_genes``. The report covers every gene of
    the file, the notes (sentences) say what was chosen and left out. No usable gene is a GeneError, a backbone in
    another unit an InputError.
    """
    if not 0 <= n_variable <= MOST_VARIABLE or (cap is not None and cap < 1):
        room = "" if cap is None else f" with room for {cap:,}"
        raise InputError(f"Cannot take {n_variable:,} variable genes{room}: give a number from 0 to {MOST_VARIABLE:,}.")
    profile = data.profile(group)
    mean, told = _in_unit(data, profile, card)
    report = resolve(data.genes, vocabulary, "mouse" if data.species == "mouse" else None)
    column, notes = _columns(report, data.whole.detection)
    notes = [*told, *notes]
    detected_tfs = [s for s, i in column.items() if is_tf(s) and profile.detection[i] >= MIN_DETECTION]
    by_variance = sorted(column, key=lambda s: (-data.variance[column[s]], s))
    chosen = set(detected_tfs) | {s for s in by_variance[:n_variable] if data.variance[column[s]] > 0}
    seen = [s for s in by_variance if is_tf(s) and s not in chosen and profile.detection[column[s]] > 0]
    rare_tfs = sorted(seen, key=lambda s: -profile.detection[column[s]])
    notes += _named(rare_tfs, f"TFs left out because fewer than {MIN_DETECTION:.0%} of the cells show them")
    if card.drop_zero_genes:
        absent = sorted(s for s in chosen if mean[column[s]] == 0)
        chosen -= set(absent)
        notes += _named(absent, f"Genes left out because they are at 0 in these cells, which {card.label} never met")
    if cap is not None:
        order = [s for s in by_variance if s in chosen]
        chosen = set(order[:cap])
        notes += _named(order[cap:], f"Chosen genes left out because this machine's memory holds {cap:,}")
    if not chosen:
        raise InputError(f"No gene of {data.label} is detected in these cells. Choose another group or more genes.")
    genes = tuple(sorted(chosen))
    label = f"{data.label}, {'all cells' if group is None else f'{group[0]} = {group[1]}'}"
    what = f"{label} ({profile.n_cells:,} cells): {len(genes):,} genes, {sum(map(is_tf, genes)):,} of them TFs."
    values = tuple(float(mean[column[g]]) for g in genes)
    others = {g: (float(mean[i]), float(profile.detection[i])) for g, i in column.items() if g not in chosen}
    names = file_names(report, column, vocabulary) if data.species == "mouse" else None
    context = Context("profile", genes, values, label, _measured(others), names)
    return context, report, (what, *notes, *_length_warning(len(genes), card))


def _measured(genes: dict[str, tuple[float, float]]) -> Measured:
    return Measured(hashlib.sha256(repr(sorted(genes.items())).encode()).hexdigest(), genes)


def max_context_genes(free_bytes: int, width: int, n_heads: int) -> int:
    """Genes of the largest context that half of the free memory holds, for one cell at a time.

    Counted are the activations of a dual pass and the attention of one layer, which is the larger from about a
    thousand genes on. The number of layers does not matter: one is alive at a time.
    """
    budget = SHARE_OF_MEMORY * free_bytes / 4
    linear = ACTIVATIONS * width
    square = ATTENTION_COPIES * n_heads + 2
    tokens = (math.sqrt(linear**2 + 4 * square * budget) - linear) / (2 * square)
    return max(2, int(tokens) - 1)


def _in_unit(data: ExpressionData, profile: Profile, card: BackboneCard) -> tuple[np.ndarray, list[str]]:
    """Mean values (gene,) in the unit of the backbone, and what must be said of them."""
    if card.unit == "bins" and card.n_bins == N_BINS:
        return profile.bins, []
    if card.unit == "log1p":
        return profile.log1p, []
    if card.unit == STANDARDISED:
        values = standardised(profile.log1p, data.whole.log1p, data.variance, data.n_cells)
        return values, _said_of_deviations(data, profile)
    raise InputError(
        f"{card.label} counts in {card.unit!r} with {card.n_bins} bins; profiles of cells exist in {N_BINS} bins, in "
        "log1p and in standard deviations. Use the pair alone or a gene list as the context, or another model."
    )


def _said_of_deviations(data: ExpressionData, profile: Profile) -> list[str]:
    """Where the values come from; of all cells together they are 0, which says nothing of any gene."""
    notes = [
        f"Values are standard deviations from each gene's mean over the {data.n_cells:,} cells of this file: they "
        "depend on what else is in the file."
    ]
    if profile is data.whole:
        notes.append("All cells together stand at the mean of every gene, 0. A group of cells differs from it.")
    return notes


def _columns(report: GeneReport, detection: np.ndarray) -> tuple[dict[str, int], list[str]]:
    """Column of the file for each symbol of the model; among several the one seen in most cells."""
    columns: dict[str, list[int]] = {}
    for i, record in enumerate(report.records):
        if record.symbol is not None:
            columns.setdefault(record.symbol, []).append(i)
    column = {symbol: max(found, key=lambda i: detection[i]) for symbol, found in columns.items()}
    repeated = [
        f"{report.records[i].name} ({report.records[column[symbol]].name} is used)"
        for symbol, found in columns.items()
        for i in found
        if i != column[symbol]
    ]
    notes = []
    if report.unresolved:
        names = [record.name for record in report.unresolved]
        notes += _named(names, f"Genes of the file, out of {len(report.records):,}, that the model does not know")
    return column, notes + _named(
        repeated, "Genes left out because another of the same symbol is seen in as many cells or more"
    )


def _named(names: Sequence[str], what: str) -> list[str]:
    """One note '<what> (3): A, B, C.' or none; at most ten names."""
    if not names:
        return []
    return [f"{what} ({len(names):,}): {', '.join(names[:10])}{', ...' if len(names) > 10 else '.'}"]


def _length_warning(n_genes: int, card: BackboneCard) -> list[str]:
    if n_genes + 1 <= card.max_seq_len:
        return []
    return [
        f"{n_genes:,} genes and <cls> are more than the {card.max_seq_len:,} tokens a cell had in pre-training: "
        "choose fewer variable genes to stay within."
    ]
