"""What all commands of ``ugrn`` do alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from ugrn_core.paths import user_path


class Command(TyperCommand):
    """A command that reads ``~`` in a path where the shell has not, as in ``--genes=~/genes.txt``."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = {n: user_path(value) if isinstance(value, Path) else value for n, value in ctx.params.items()}
        return super().invoke(ctx)
