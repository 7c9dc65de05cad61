"""What all commands of ``ugrn`` do alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from ugrn_core.errors import InputError
from ugrn_core.paths import user_path


class Command(TyperCommand):
    """A command that reads ``~`` in a path where the shell has not, as in ``--genes=~/genes.txt``."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = _at_home(ctx.params)
        return super().invoke(ctx)


class CommandWithParts(TyperGroup):
    """A command that has commands of its own besides; its options are for itself and none of theirs."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = _at_home(ctx.params)
        part = next(iter(getattr(ctx, "_protected_args", None) or ctx.args), None)
        given = [p.opts[0] for p in self.params if ctx.get_parameter_source(p.name).name == "COMMANDLINE"]
        if part is not None and given:
            raise InputError(f"{given[0]} stands before {part}: put the options of `{ctx.info_name} {part}` behind it.")
        return super().invoke(ctx)


def _at_home(params: dict[str, Any]) -> dict[str, Any]:
    return {name: user_path(value) if isinstance(value, Path) else value for name, value in params.items()}
