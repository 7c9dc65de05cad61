"""``ugrn models``: every backbone by name and whether it can be used now."""

from __future__ import annotations

from typing import Annotated

import typer

from ugrn_core.cli.output import write_json, write_table


def models(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """List the models and say which can be used now."""
    from ugrn_core.backbones.registry import status

    found = status()
    if as_json:
        write_json(
            [
                {
                    "name": s.name,
                    "label": s.label,
                    "origin": s.origin,
                    "kind": s.kind,
                    "available": s.available,
                    "folder": None if s.folder is None else str(s.folder),
                    "note": s.note,
                }
                for s in found
            ]
        )
        return
    rows = [[s.name, s.kind, "ready" if s.available else "not here", f"{s.label}; {s.note or s.origin}"] for s in found]
    write_table(["name", "kind", "state", "what it is"], rows)
