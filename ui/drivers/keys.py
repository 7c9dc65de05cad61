"""Session keys of the Drivers page, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

A: Annotated[str, str] = "drivers a"
B: Annotated[str, str] = "drivers b"
COLUMN: Annotated[str, str] = "drivers column"
COST_OF_DRIVERS: Annotated[str, object] = "cost of drivers"
FACTORS: Annotated[str, float] = "drivers factors"
FIGURE: Annotated[str, object] = "drivers-figure"
SET: Annotated[str, str] = "drivers set"
TO: Annotated[str, str] = "drivers to"
VARIABLE: Annotated[str, object] = "drivers variable"
