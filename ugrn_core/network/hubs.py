"""Which genes have the most edges of a network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ugrn_core.network.layout import prepare_nodes

COLUMNS = ["gene", "is_tf", "out_degree", "in_degree", "mean_probability_out", "strongest_targets"]
STRONGEST = 5


def hub_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row a gene (:data:`COLUMNS`), most outgoing edges first, then most incoming, then by name.

    ``mean_probability_out`` is NaN for a gene that is no source; ``strongest_targets`` are its :data:`STRONGEST`
    targets of best score, as a text with commas.
    """
    ordered = table.sort_values(["score", "source", "target"], ascending=[False, True, True])
    best = ordered.groupby("source", sort=False, observed=True)
    out = pd.DataFrame(
        {
            "mean_probability_out": np.round(best["probability"].mean(), 6),
            "strongest_targets": best["target"].agg(lambda targets: ", ".join(targets.head(STRONGEST))),
        }
    )
    hubs = prepare_nodes(table).join(out, on="gene")
    hubs["strongest_targets"] = hubs["strongest_targets"].fillna("")
    busiest = hubs.sort_values(["out_degree", "in_degree", "gene"], ascending=[False, False, True], ignore_index=True)
    return busiest[COLUMNS]
