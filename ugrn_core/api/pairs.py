"""One pair of genes: response and slope, both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ugrn_core.api.inputs import virtual_cell
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.company import Companion, explore_in_company
from ugrn_core.errors import InputError
from ugrn_core.figures.curves import prepare_pair
from ugrn_core.genes.resolve import resolve_one
from ugrn_core.pair import PairRequest, pair_specific
from ugrn_core.store import Store
from ugrn_core.sweep import check_settings
from ugrn_core.types import Background, Cancel, Progress, SweepSettings, part_of

if TYPE_CHECKING:
    from anndata import AnnData


def pair(
    model: Backbone,
    source: str,
    target: str,
    *,
    context: Sequence[str] | AnnData | None = None,
    group: tuple[str, str] | None = None,
    base: float | None = None,
    grid: Sequence[float] | None = None,
    background: Background = "fixed",
    company: Mapping[str, float] | None = None,
    specific: bool = False,
    store: Store | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """What the model says of ``target`` when ``source`` moves, and the other way round (Qi et al. 2026, Eq. 8 and 9).

    Parameters
    ----------
    model
        Of :func:`load`.
    source, target
        Gene names of any kind the model's vocabulary can be asked with (symbol, alias, Ensembl id, mouse gene).
    context, group
        The virtual cell: None is the two genes alone, a list of genes all at ``base``, or cells, whose genes then stand
        at their mean (of the ``group``, a column of ``obs`` and a level of it).
    base, grid
        Base value and virtual values of the source, in the model's unit; by default those of ``model.card``.
    background
        ``"fixed"``: the other genes stay at base. ``"follow"``: all move along, and only the slope is defined.
    company
        Up to three further genes in the virtual cell with the value of each, such as ``{"TAL1": 2.0}``. The curves then
        come without them (``series`` is ``"without"``) and with them.
    specific
        Also the curves without what source and target do on average (256 genes of reference, drawn with seed 0).
    store
        Where results are kept (``ugrn_core.store.Store()`` is that of the app); None keeps nothing.
    progress, cancel
        Called with a share (0 to 1) and a sentence; asked between batches.

    Returns
    -------
    One row a direction and virtual value, 2 x len(grid), twice that with ``specific``: ``series`` (the virtual cell),
    ``measure`` (raw, pair-specific), ``direction`` (forward: source -> target; reverse), ``source`` and ``target`` of
    that direction, ``base`` and ``virtual_value`` of the source, ``response`` (change of the predicted target from base
    to there; NaN under ``"follow"``), ``slope`` (its derivative there) and their ``unit``. ``attrs`` has ``residual``
    (how far the slope's integral is from the response, as a share; None under ``"follow"``), ``context_size``,
    ``notes``, and with ``specific`` the percentiles (0 to 100) among random pairs. Deterministic.

    Raises
    ------
    GeneError
        A gene that the model does not know, with suggestions.
    InputError
        Twice the same gene, an empty grid, cells that cannot be read.
    """
    symbols = [resolve_one(name, model.vocabulary) for name in (source, target)]
    notes = [
        f"{name} is {symbol} here." for name, symbol in zip((source, target), symbols, strict=True) if name != symbol
    ]
    card = model.card
    settings = SweepSettings(
        card.base if base is None else base, card.grid if grid is None else tuple(grid), background
    )
    check_settings(settings)
    cell, told = virtual_cell(model, context, group)
    request = PairRequest(symbols[0], symbols[1], cell, settings)
    if company and specific:
        raise InputError("A pair in company has no pair-specific part: leave out company, or specific.")
    companions = [
        Companion(resolve_one(gene, model.vocabulary), float(value)) for gene, value in (company or {}).items()
    ]
    first = part_of(progress, 0.0, 0.5) if specific else progress
    result, without = explore_in_company(model, request, companions, store, progress=first, cancel=cancel)
    alone = None
    if specific:
        rest = part_of(progress, 0.5, 1.0)
        alone = pair_specific(model, request, store, progress=rest, cancel=cancel)
    named = {cell.label: result}
    if without is not None:
        named = {"without": without, f"with {' '.join(c.called(cell.names) for c in companions)}": result}
    frame = prepare_pair(named, alone)
    frame.attrs = {
        "model": card.name,
        "residual": result.residual,
        "context_size": result.context_size,
        "notes": [*notes, *told, *result.notes],
    }
    if alone is not None:
        frame.attrs |= {"forward_percentile": alone.forward_percentile, "reverse_percentile": alone.reverse_percentile}
    return frame
