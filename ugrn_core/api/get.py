"""Tables out of what was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from ugrn_core.errors import InputError
from ugrn_core.translation.held_out import held_out_frame
from ugrn_core.translators.translator import Translator

if TYPE_CHECKING:
    from anndata import AnnData


def edges(
    adata: AnnData,
    *,
    key: str | None = None,
    group: str | None = None,
    weight: Literal["probability", "score"] = "probability",
) -> pd.DataFrame:
    """The edges that :func:`ugrn_core.tl.network` wrote, or those of a ``network.h5ad``, as decoupler takes a network.

    Parameters
    ----------
    adata
        Cells with a network, or the virtual cells of ``network.h5ad``.
    key
        ``key_added`` of :func:`ugrn_core.tl.network`.
    group
        The level, where there is one network a group.
    weight
        ``"probability"`` (at the prevalence of the run) or ``"score"`` (logit). Neither has the sign of regulation.
        In a virtual cell that the translator is not calibrated for there are scores alone.

    Returns
    -------
    ``source, target, weight``: names of ``var``, one row an edge, largest weight first, ties by name.

    Raises
    ------
    InputError
        There is no such network; the message says which there are. Its edges have no probabilities.
    """
    before = "" if key is None else f"{key}_"
    behind = "" if group is None else f": {group.replace('/', '-')}"
    name = f"{before}{weight}{behind}"
    if name not in adata.varp:
        there = ", ".join(sorted(map(str, adata.varp))) or "none"
        raise InputError(f"These cells hold no network {name!r} in varp; there is {there}.")
    matrix = adata.varp[name].tocoo()
    if weight == "probability" and not matrix.nnz and adata.varp[f"{before}score{behind}"].nnz:
        raise InputError("These edges have ranks and no probability, as in means of cells: take weight='score'.")
    genes = adata.var_names
    table = pd.DataFrame({"source": genes[matrix.row], "target": genes[matrix.col], "weight": matrix.data})
    return table.sort_values(["weight", "source", "target"], ascending=[False, True, True], ignore_index=True)


def held_out(translator: Translator) -> pd.DataFrame:
    """How a translator did on what it was not trained on (AUPRC and AUROC, as in Qi et al. 2026).

    Parameters
    ----------
    translator
        Of :func:`ugrn_core.train_translator`, or one that was loaded: its card holds the tests.

    Returns
    -------
    One row a test and score: ``test, scored_by, auprc, auroc, n_pos, n_neg``. Higher is better for both (0 to 1);
    AUPRC is average precision, and its value for no knowledge is n_pos / (n_pos + n_neg). A translator without tests
    has no rows; there is no error of its own.
    """
    return held_out_frame(translator.card)
