"""Session keys of the Pair page, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

COMPANY_CURVES: Annotated[str, object] = "company-curves"
COMPANY_MEASURE: Annotated[str, str] = "company measure"
COMPANY_MOVED: Annotated[str, str] = "company gene"
COMPANY_SURFACE: Annotated[str, object] = "company-surface"
FIGURE: Annotated[str, object] = "pair-figure"
FRAGMENT: Annotated[str, object] = "pair results"
MODE: Annotated[str, str] = "mode"
MODELS: Annotated[str, object] = "pair-models"
PAIR_TEXT: Annotated[str, str] = "pair_text"
SCORES: Annotated[str, object] = "scores"
SEVERAL_SHOWN: Annotated[str, bool] = "pair models"
SOURCE: Annotated[str, object] = "source"
SPECIFIC: Annotated[str, bool] = "specific"
TARGET: Annotated[str, object] = "target"
TARGETS: Annotated[str, object] = "targets"
TARGETS_FIGURE: Annotated[str, object] = "targets-figure"
TRANSLATOR: Annotated[str, str] = "pair translator"
WHY: Annotated[str, object] = "pair-why"
