"""Session keys of the Start page, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

BENT_EXAMPLE: Annotated[str, str] = "bent example"
DEMO_NETWORK: Annotated[str, bool] = "demo network"
EXAMPLE: Annotated[str, bool] = "example"
EXAMPLE_CELLS: Annotated[str, bool] = "example cells"
EXAMPLE_CURVE: Annotated[str, object] = "example curve"
GENE_EXAMPLE: Annotated[str, bool] = "gene example"
TOUR: Annotated[str, object] = "tour"
TOUR_CELLS: Annotated[str, bool] = "tour cells"
TOUR_END: Annotated[str, bool] = "tour end"
TOUR_LIST: Annotated[str, bool] = "tour list"
TOUR_NEXT: Annotated[str, bool] = "tour next"
