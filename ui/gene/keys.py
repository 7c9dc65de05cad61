"""Session keys of the Gene page, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

BACK: Annotated[str, bool] = "gene back"
GENE: Annotated[str, object] = "gene"
HEAT: Annotated[str, object] = "gene-heat"
LIKE: Annotated[str, bool] = "gene like"
MOVE_ALL: Annotated[str, bool] = "gene move all"
NETWORK: Annotated[str, bool] = "gene network"
OTHER: Annotated[str, bool] = "gene other"
PAIR: Annotated[str, bool] = "gene pair"
RESULTS: Annotated[str, object] = "gene-results"
TARGETS: Annotated[str, bool] = "gene targets"
