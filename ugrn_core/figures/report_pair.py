"""What a report says of a pair, in company or not."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.figures.curves import RAW, prepare_peaks
from ugrn_core.figures.pair_figure import beyond, residual_words, signed
from ugrn_core.figures.report import NOTES, Report, asked_rows, genes_table
from ugrn_core.figures.style import number, short_unit, slope_unit
from ugrn_core.genes.file_names import in_file
from ugrn_core.pair import PairSpecific
from ugrn_core.types import PairResult

WITHOUT = "without"
"""Series of a pair without its company."""
RESIDUAL_NOTE = (
    "The residual compares the integral of the slope with the response, which are computed in different ways."
)


def pair_report(
    backbone: Backbone,
    result: PairResult,
    frame: pd.DataFrame,
    residual: float | None,
    specific: PairSpecific | None = None,
    *,
    command: str,
    companions: Sequence[str] = (),
    names: str = "",
    notes: Sequence[str] = (),
) -> Report:
    """The report on ``result``, the first series of ``frame``; with ``companions`` the second, and the first without.

    ``names`` says what became of the names of a list or file, ``notes`` what was chosen in reading it. A ``residual``
    that is not known is left out.
    """
    settings, genes = result.settings, in_file(result.context.names, (result.source, result.target))
    peaks = prepare_peaks(frame)
    series = list(peaks["series"].unique())[: 2 if companions else 1]
    own = peaks[peaks["series"].isin(series) & (peaks["measure"] == RAW)]
    short = short_unit(result.unit)
    what, unit = (
        ("Largest change", short) if result.forward.response is not None else ("Steepest slope", slope_unit(short))
    )
    percentiles = [None] * len(own) if specific is None else [specific.forward_percentile, specific.reverse_percentile]
    facts = []
    for peak, share in zip(own.itertuples(), percentiles, strict=False):
        usual = "" if share is None or specific is None else f"; pair-specific part {beyond(share, specific.n_random)}"
        where = f", {peak.series}" if companions else ""
        facts.append(
            (f"{what} of {peak.target}{where}", f"{signed(peak.peak)} {unit} at {peak.source} {number(peak.at)}{usual}")
        )
    caveats = [*NOTES]
    if residual is not None or settings.background == "follow":
        facts.append(("Residual", ", ".join(residual_words(residual, settings.background))))
        caveats.append(RESIDUAL_NOTE)
    return Report(
        title=f"{genes[0]} → {genes[1]}"
        + (f" in company of {', '.join(in_file(result.context.names, companions))}" if companions else ""),
        subtitle=f"What {backbone.card.label} predicts of one gene when the other moves, in both directions",
        facts=facts,
        settings=asked_rows(backbone, result.context, settings, result.context_size),
        genes=genes_table(
            [
                *zip(genes, ("source", "target"), strict=True),
                *((gene, "further") for gene in in_file(result.context.names, companions)),
            ]
        ),
        genes_note=names,
        caveats=(*caveats, *notes, *result.notes),
        command=command,
    )
