"""Session keys of the Gene page, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

ALIKE: Annotated[str, str] = "gene alike"
ALL: Annotated[str, bool] = "gene all"
BACK: Annotated[str, bool] = "gene back"
FACTORS: Annotated[str, bool] = "gene factors"
FRAGMENT: Annotated[str, object] = "gene results"
GENE: Annotated[str, object] = "gene"
HEAT: Annotated[str, object] = "gene-heat"
LIKE: Annotated[str, bool] = "gene like"
MOVE_ALL: Annotated[str, bool] = "gene move all"
NETWORK: Annotated[str, bool] = "gene network"
OTHER: Annotated[str, bool] = "gene other"
OWN: Annotated[str, bool] = "gene own"
PAIR: Annotated[str, bool] = "gene pair"
RANK: Annotated[str, str] = "gene rank"
RESULTS: Annotated[str, object] = "gene-results"
SIDE: Annotated[str, str] = "gene side"
TARGETS: Annotated[str, bool] = "gene targets"
TEXT: Annotated[str, str] = "gene text"
TRANSLATOR: Annotated[str, str] = "gene translator"
