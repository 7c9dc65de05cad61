"""What all commands of ``ugrn`` do alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from ugrn_core.errors import ColumnError, InputError
from ugrn_core.paths import user_path


class Command(TyperCommand):
    """A command that reads ``~`` in a path where the shell has not, as in ``--genes=~/genes.txt``."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = _at_home(ctx.params)
        with _options_said(self.params):
            return super().invoke(ctx)


class CommandWithParts(TyperGroup):
    """A command that has commands of its own besides; its options are for itself and none of theirs."""

    def invoke(self, ctx: Any) -> Any:
        ctx.params = _at_home(ctx.params)
        part = next(iter(getattr(ctx, "_protected_args", None) or ctx.args), None)
        given = [p.opts[0] for p in self.params if ctx.get_parameter_source(p.name).name == "COMMANDLINE"]
        if part is not None and given:
            raise InputError(f"{given[0]} stands before {part}: put the options of `{ctx.info_name} {part}` behind it.")
        with _options_said(self.params):
            return super().invoke(ctx)


@contextmanager
def _options_said(params: Sequence[Any]) -> Iterator[None]:
    """Behind an error about columns, the options of the command that name them."""
    try:
        yield
    except ColumnError as error:
        options = [f"--{column}-column" for column in error.columns]
        there = [option for option in options if any(option in p.opts for p in params)]
        if not there:
            raise
        raise InputError(f"{error} Columns are named by {' and '.join(there)}.") from error


def _at_home(params: dict[str, Any]) -> dict[str, Any]:
    return {name: user_path(value) if isinstance(value, Path) else value for name, value in params.items()}
