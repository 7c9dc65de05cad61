"""One gene against everything the model knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from ugrn_core.added_genes import with_genes
from ugrn_core.api.inputs import virtual_cell
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.errors import InputError
from ugrn_core.gene_effects.effects import gene_effects
from ugrn_core.gene_effects.shipped import shipped_effects
from ugrn_core.genes.resolve import resolve_one
from ugrn_core.neighbourhood.run import SIDES, NeighbourhoodRequest, Side, neighbourhood, with_effects
from ugrn_core.neighbourhood.table import RANKS, Rank, filtered, neighbour_table, ranked, translator_scores
from ugrn_core.store import Store
from ugrn_core.translators.library import load_translator
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Background, Cancel, Progress, SweepSettings, part_of

if TYPE_CHECKING:
    from anndata import AnnData


def gene(
    model: Backbone,
    symbol: str,
    *,
    sides: Side | Literal["both"] = "both",
    top: int | None = None,
    rank: Rank | None = None,
    translator: Translator | str | Path | None = None,
    factors_only: bool = False,
    known: Collection[tuple[str, str]] | None = None,
    context: Sequence[str] | AnnData | None = None,
    group: tuple[str, str] | None = None,
    base: float | None = None,
    grid: Sequence[float] | None = None,
    background: Background = "fixed",
    store: Store | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Everything the model links to ``symbol``: what moves when it moves, and what moves it (Qi et al. 2026, Eq. 8, 9).

    Parameters
    ----------
    model
        Of :func:`load`.
    symbol
        A gene name of any kind the model's vocabulary can be asked with.
    sides
        ``"source"``: the gene is moved and the others are read; ``"target"``: the others are moved and it is read.
    top, rank
        Only so many rows of each side, of the best by ``rank``: ``"specific"`` (pair-specific response), ``"response"``
        (as predicted) or ``"score"`` (of the translator; the default where one is given, else ``"specific"``).
    translator
        By name, file, or as :func:`train_translator` made it. Its score over a whole vocabulary is a rank, and no
        calibrated probability.
    factors_only
        Transcription factors only (Lambert et al. 2018).
    known
        Edges to look up, ``(source, target)`` in symbols of the model.
    context, group, base, grid, background, store, progress, cancel
        As in :func:`pair`. Two genes alone reach the whole vocabulary, a list or cells their own genes.

    Returns
    -------
    One row another gene and side: see :data:`ugrn_core.neighbourhood.table.COLUMNS`; responses and slopes in the
    model's unit. ``attrs`` has ``model``, ``gene``, ``rank`` and ``notes``. Deterministic. Cost: one pass a virtual
    value and pair; ``"specific"`` takes effects of every gene, shipped for the embedded models at their defaults and
    computed otherwise (512 pairs a gene, once where there is a ``store``).

    Raises
    ------
    GeneError
        A gene that the model does not know, with suggestions.
    InputError
        ``rank="score"`` without a translator, or one of other settings; no other gene; cells that cannot be read.
    """
    reader = load_translator(str(translator)) if isinstance(translator, str | Path) else translator
    chosen: Rank = rank or ("specific" if reader is None else "score")
    if sides not in (*SIDES, "both") or chosen not in RANKS:
        raise InputError(
            f"sides is {sides!r}, rank {chosen!r}; expected source, target or both, and a rank of {', '.join(RANKS)}."
        )
    if chosen == "score" and reader is None:
        raise InputError("rank 'score' needs a translator: name one.")
    name, card = resolve_one(symbol, model.vocabulary), model.card
    settings = SweepSettings(
        card.base if base is None else base, card.grid if grid is None else tuple(grid), background
    )
    cell, told = virtual_cell(model, context, group)
    cell, added = with_genes(cell, [name], settings.base)
    reach = "factors" if factors_only or cell.kind != "pair" else "all"
    request = NeighbourhoodRequest(name, cell, settings, reach)
    alone, effects = cell.kind == "pair", None
    if alone:
        effects = shipped_effects(model, settings)
    computed = alone and effects is None and chosen == "specific"
    first = part_of(progress, 0.0, 0.5) if computed else progress
    found = neighbourhood(model, request, store, progress=first, cancel=cancel)
    if computed:
        effects = gene_effects(model, settings, store, progress=part_of(progress, 0.5, 1.0), cancel=cancel)
    if effects is not None:
        found = with_effects(found, effects)
    looked_up = None if known is None else dict.fromkeys(known, "edges given")
    tables = []
    for side in SIDES if sides == "both" else (sides,):
        scores = None if reader is None else translator_scores(reader, model, found, side)
        table = neighbour_table(found, side, scores=scores, translator=reader, known=looked_up)
        table = ranked(filtered(table, factors=factors_only), chosen)
        tables.append(table if top is None else table.head(top))
    frame = pd.concat(tables, ignore_index=True)
    notes = [] if name == symbol else [f"{symbol} is {name} here."]
    frame.attrs = {"model": card.name, "gene": name, "rank": chosen, "notes": [*notes, *told, *added]}
    return frame
