"""``ugrn cache``: where results are kept, how much room they take, and the way to be rid of them."""

from __future__ import annotations

from typing import Annotated

import typer

from ugrn_core.cli.output import say, write_json, write_table


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove every stored result; downloads stay.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show the store of computed results, or clear it."""
    from ugrn_core.store import Store

    with Store() as store:
        if clear:
            say(f"{store.clear():,} results removed.")
        stats = store.stats()
    if as_json:
        write_json(
            {
                "folder": str(stats.folder),
                "results": stats.entries,
                "bytes": stats.size,
                "limit_bytes": stats.limit,
                "left_aside": [file.name for file in stats.left_aside],
            }
        )
        return
    write_table(
        ["store of results", str(stats.folder)],
        [
            ["results", f"{stats.entries:,}"],
            ["size", f"{stats.size / 2**20:,.2f} MiB"],
            ["limit", f"{stats.limit / 2**20:,.2f} MiB (UGRN_CACHE_LIMIT)"],
            *(["left aside", f"{file.name}, damaged or of another version"] for file in stats.left_aside),
        ],
    )
