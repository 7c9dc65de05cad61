"""A command of ``ugrn`` as a run of a session: what it found, the results it rests on, and the page that shows it."""

from __future__ import annotations

import hashlib
import io
import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.contexts import CellOptions, holds_cells, read_data
from ugrn_core.cli.genes import read_genes
from ugrn_core.cli.output import say
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.session_file import KeptCells, KeptRun

MOST_ROWS = 20_000
"""Of a table that is kept; the results have all."""
SHORT = 60
"""Genes of a list that stand in an address themselves."""
PAGES = {
    "network": "pages/network.py", "evidence": "pages/network.py", "peers": "pages/network.py",
    "gene": "pages/gene.py", "drivers": "pages/drivers.py",
}  # fmt: skip
"""The commands whose runs are kept, and the pages that show them."""


@dataclass
class Gathered:
    """Profiles and lists that runs name in their addresses; each once."""

    cells: dict[str, KeptCells] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)

    def put_list(self, text: str) -> str:
        """Keep a list; the mark and hash that stand for it in an address."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self.lists[digest] = text
        return f"~{digest}"

    def put_cells(self, file: str, options: CellOptions) -> KeptCells:
        """Keep the profiles of a file of cells, read as the command reads it."""
        from ugrn_core.session_file import KeptCells

        read = CellOptions(None, options.layer, options.gene_column)
        held = KeptCells(read_data(file, read), Path(file).name, tuple(read.cli_args()))
        return self.cells.setdefault(held.data.digest, held)


def kept_run(line: str, gathered: Gathered, folder: Path) -> KeptRun:
    """Run a command, from the store where its results are there, and keep what it found.

    ``folder``: where it writes what it must write and is given no place for. Another command is an InputError.
    """
    from ugrn_core.cli.app import app_command
    from ugrn_core.opened import TRACE, Trace
    from ugrn_core.session_file import KeptRun

    try:
        name, *words = shlex.split(line.strip().removeprefix("ugrn "))
    except ValueError:
        name, words = "", []
    if name not in PAGES:
        raise InputError(f"--run is {line[:80]!r}; expected a command of these: {', '.join(PAGES)}, with its options.")
    given, asked_for = [word.partition("=")[0] for word in words], words
    if name in ("network", "gene", "peers") and "--out" not in given:
        words = [*words, "--out", str(folder / ("found.csv" if name == "gene" else "found"))]
    before, printed, started = TRACE.get(), io.StringIO(), time.time()
    trace = Trace(None if before is None else before.opened)
    say(f"ugrn {shlex.join([name, *words])}")
    with trace.on(), redirect_stdout(printed):
        command = app_command(name)
        with command.make_context(name, list(words)) as context:  # click takes them out of the list
            asked = dict(context.params)
            command.invoke(context)
    found = {"network": _network, "gene": _gene}.get(name, _printed)(asked, printed.getvalue())
    address = ADDRESSES[name](asked, gathered)
    shown = shlex.join([name, *(Path(word).name if "/" in word else word for word in asked_for)])
    return KeptRun(
        PAGES[name], _title(name, asked), shown[:400], started, "done", address, found, tuple(sorted(trace.read))
    )


def _title(name: str, asked: Mapping[str, Any]) -> str:
    what = asked.get("symbol") or asked.get("h5ad") or asked.get("genes") or asked.get("cells") or ""
    return f"ugrn {name}: {Path(str(what)).name}"


def _network(asked: Mapping[str, Any], _printed: str) -> dict[str, pd.DataFrame]:
    out = asked["out"]
    file = out / "difference.csv"
    return {"edges": _table(out / "edges.csv")} if not file.is_file() else {"difference": _table(file)}


def _gene(asked: Mapping[str, Any], _printed: str) -> dict[str, pd.DataFrame]:
    return {} if asked["out"] is None else {"genes": _table(asked["out"])}


def _printed(_asked: Mapping[str, Any], printed: str) -> dict[str, pd.DataFrame]:
    return {"found": _table(io.StringIO(printed))}


def _table(file: Path | io.StringIO) -> pd.DataFrame:
    import pandas as pd

    from ugrn_core.spreadsheet import unguarded_table

    return unguarded_table(pd.read_csv(file, keep_default_na=False, na_values=[""], nrows=MOST_ROWS))


def _of_network(asked: Mapping[str, Any], gathered: Gathered) -> dict[str, str]:
    """The address of the Network page; a network of a recipe, which an address cannot hold, is an InputError."""
    from ugrn_core.data.context import VARIABLE_GENES
    from ugrn_core.network.own_cells import default_cell

    if asked["recipe"] is not None:
        raise InputError("A run of a recipe has no address. Give the line that made it: it stands in the recipe.")
    model = asked["backbone"] or DEFAULT_BACKBONE
    said = {"model": model, "translator": asked["translator"], "prevalence": asked["prevalence"]}
    if asked["sources"] is not None:
        said["sources"] = _list(asked["sources"], asked["sources_column"], model, gathered, regulators=True)
    if asked["h5ad"] is None:
        said |= {"genes": _list(asked["genes"], asked["gene_column"], model, gathered), "cell": asked["context"]}
        return _words(said, cell="pair")
    options = CellOptions(asked["group"], asked["layer"], asked["gene_column"])
    held = gathered.put_cells(asked["h5ad"], options)
    said |= {"from": "cells", "cells": _cells(held, asked["h5ad"]), "variable": asked["variable"]}
    column, level = options.column_and_level(held.data) or ("", "")
    said |= {"column": column, "level": level, "cell": asked["context"]}
    if level is None:
        profiles = held.data.groups[column]
        largest = sorted(sorted(profiles, key=lambda name: -profiles[name].n_cells)[:2], key=list(profiles).index)
        first, second = asked["between"] or largest
        said |= {"mode": "two", "level": first, "to_level": second, "cell": ""}
    return _words(said, cell=default_cell(model), variable=str(VARIABLE_GENES))


def _of_gene(asked: Mapping[str, Any], gathered: Gathered) -> dict[str, str]:
    """The address of the Gene page."""
    from ugrn_core.data.context import VARIABLE_GENES

    model, text = asked["backbone"], asked["context"]
    said = {
        "model": model,
        "gene": asked["symbol"],
        "side": "target" if asked["sides"] == "target" else "",
        "rank": asked["rank"] or ("score" if asked["translator"] else ""),
        "translator": asked["translator"],
        "base": asked["base"],
        "grid": asked["grid"],
        "background": asked["background"],
    }
    if text == "example" or holds_cells(Path(text)):
        options = CellOptions(asked["group"], asked["layer"], asked["gene_column"])
        held = gathered.put_cells(text, options)
        column, level = options.column_and_level(held.data) or ("", "")
        said |= {"context": "cells", "cells": _cells(held, text), "variable": asked["variable"]}
        said |= {"column": column, "levels": quote(level or "")}
    elif text != "pair":
        said |= {"context": "genes", "genes": _list(Path(text), asked["gene_column"], model, gathered)}
    return _words(said, background="fixed", rank="specific", variable=str(VARIABLE_GENES))


def _of_drivers(asked: Mapping[str, Any], gathered: Gathered) -> dict[str, str]:
    """The address of the Drivers page, which moves factors along the model's own values."""
    from ugrn_core.data.context import VARIABLE_GENES
    from ugrn_core.drivers.drivers import N_FACTORS

    model = asked["backbone"]
    options = CellOptions(asked["from_"], asked["layer"], asked["gene_column"])
    held = gathered.put_cells(asked["cells"], options)
    column, a = options.column_and_level(held.data) or ("", "")
    said = {"model": model, "cells": _cells(held, asked["cells"]), "column": column, "a": a}
    said |= {"variable": asked["variable"], "factors": asked["factors"]}
    if asked["to"] is not None:
        said["b"] = (CellOptions(asked["to"]).column_and_level(held.data) or ("", ""))[1]
    else:
        said |= {"towards": "set", "genes": _list(asked["to_genes"], None, model, gathered)}
    return _words(said, variable=str(VARIABLE_GENES), factors=str(N_FACTORS))


def _of_cells(asked: Mapping[str, Any], gathered: Gathered) -> dict[str, str]:
    """The Network page with the cells that edges of anybody were held against."""
    options = CellOptions(asked["group"], asked["layer"], asked["gene_column"])
    held = gathered.put_cells(asked["cells"], options)
    return _words({"model": DEFAULT_BACKBONE, "from": "cells", "cells": _cells(held, asked["cells"])})


ADDRESSES: Mapping[str, Callable[[Mapping[str, Any], Gathered], dict[str, str]]] = {
    "network": _of_network,
    "gene": _of_gene,
    "drivers": _of_drivers,
    "evidence": _of_cells,
    "peers": _of_cells,
}


def _words(said: Mapping[str, Any], **usual: str) -> dict[str, str]:
    """An address without what is empty or ``usual``."""
    texts = {name: f"{value:.9g}" if isinstance(value, float) else str(value) for name, value in said.items() if value}
    return {name: text for name, text in texts.items() if usual.get(name) != text}


def _cells(held: KeptCells, word: str) -> str:
    return "example" if word == "example" else held.data.digest


def _list(file: Path, column: str | None, model: str, gathered: Gathered, *, regulators: bool = False) -> str:
    """A gene list in an address: its symbols, or the hash of a long one, which is kept."""
    from ugrn_core.backbones.registry import load_backbone

    report = read_genes(file, load_backbone(model, "cpu").vocabulary, False, column, regulators=regulators)
    if len(report.symbols) <= SHORT:
        return ",".join(report.symbols)
    return gathered.put_list("\n".join(report.symbols))
