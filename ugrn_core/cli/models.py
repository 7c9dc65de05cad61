"""``ugrn models`` and ``ugrn fetch``: every backbone by name, and published weights pinned to the byte."""

from __future__ import annotations

from typing import Annotated

import typer

from ugrn_core.cli.output import progress_on_stderr, say, write_json, write_table


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


def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="scgpt-human, beeline or beeline-expression.")],
) -> None:
    """Download published weights, or the networks or the expression of BEELINE, and verify them.

    A download that was cut off goes on where it stopped; the folder of the files is printed. Files put into that
    folder by hand are verified and used. Without a connection the command says which files belong where.
    """
    from ugrn_core.backbones import registry
    from ugrn_core.beeline.expression import fetch_expression
    from ugrn_core.beeline.registry import fetch_networks

    if name == "beeline":
        with progress_on_stderr() as progress:
            folder = fetch_networks(progress=progress)
        say("The BEELINE networks are complete and verified. Use them with ugrn benchmark.")
        typer.echo(folder)
        return
    if name == "beeline-expression":
        with progress_on_stderr() as progress:
            folder = fetch_expression(progress)
        say("The expression of BEELINE's data sets is complete. Run ugrn benchmark again: Pert and Attn now score.")
        typer.echo(folder)
        return
    checkpoint = registry.pinned_checkpoint(name)
    for file in checkpoint.files:
        say(str(file))
    with progress_on_stderr() as progress:
        folder = registry.fetch(name, progress)
    say(f"{name} is complete and verified. Use it with --backbone {name}.")
    typer.echo(folder)
