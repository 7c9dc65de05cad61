"""Genes that are asked about and are not in the virtual cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ugrn_core.types import MIN_DETECTION, Context


def with_genes(context: Context, genes: Sequence[str], base: float) -> tuple[Context, list[str]]:
    """The context with ``genes`` in it, and notes on those that were missing.

    In the profile of a data set a missing gene stands at its own mean, or at ``base`` where the data set lacks it.
    """
    missing = [g for g in dict.fromkeys(genes) if g not in set(context.genes)]
    if context.kind == "pair" or not missing:
        return replace(context, measured=None), []
    known = {} if context.measured is None else context.measured.genes
    own = [g for g in missing if g in known]
    notes = []
    if own:
        at = f" ({known[own[0]][0]:.3g})" if len(own) == 1 else ""
        notes.append(f"{_were(own)} not among the genes chosen and added at {_its(own)} in these cells{at}.")
    scarce = [g for g in own if known[g][1] < MIN_DETECTION]
    if scarce:
        shares = ", ".join(f"{g} in {_share(known[g][1])} of the cells" for g in scarce[:5])
        more = "" if len(scarce) <= 5 else f" and {len(scarce) - 5:,} others"
        notes.append(f"Hardly detected: {shares}{more}. What is predicted of such a gene rests on the model alone.")
    others = [g for g in missing if g not in known]
    if others:
        where = "in the context" if context.measured is None else "in the file"
        notes.append(f"{_were(others)} not {where} and added at {base:g}.")
    values = context.values
    if values is not None:
        values = (*values, *(known[g][0] if g in known else base for g in missing))
    return Context(context.kind, (*context.genes, *missing), values, context.label, names=context.names), notes


def _were(genes: Sequence[str]) -> str:
    named = ", ".join(genes[:5]) + (" and others" if len(genes) > 5 else "")
    return f"{named} {'was' if len(genes) == 1 else 'were'}"


def _its(genes: Sequence[str]) -> str:
    return "its own mean" if len(genes) == 1 else "their own means"


def _share(detection: float) -> str:
    return f"{detection:.1%}" if detection else "none"
