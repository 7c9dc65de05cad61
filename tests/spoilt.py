"""Stores whose rows were damaged on the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def spoil(folder: Path) -> int:
    """Flip one bit in the last number of every row of the store in ``folder``; returns the number of rows."""
    con = sqlite3.connect(folder / "cache.db")
    with con:
        rows = con.execute("SELECT key, value FROM cache").fetchall()
        for key, value in rows:
            con.execute("UPDATE cache SET value = ? WHERE key = ?", (value[:-1] + bytes([value[-1] ^ 1]), key))
    con.close()
    return len(rows)
