"""Session keys of the My results page, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

CLEAR_RESULTS: Annotated[str, bool] = "clear results"
DAMAGE_TOLD: Annotated[str, object] = "damage told"
SAVE_SESSION: Annotated[str, bool] = "save session"
SESSION_TURN: Annotated[str, object] = "session turn"
WHAT_IS_RUNNING: Annotated[str, bool] = "what is running"
