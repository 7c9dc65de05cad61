"""Session keys of the server's own, each with the type of what lies under it."""

from __future__ import annotations

from typing import Annotated

OPENED_RESULTS: Annotated[str, object] = "opened results"
VISITOR: Annotated[str, object] = "visitor"
