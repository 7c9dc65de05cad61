"""``ugrn session``: the file of a session that My results saves and opens, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.cli.output import say, write_csv
from ugrn_core.errors import InputError
from ugrn_core.paths import user_path

if TYPE_CHECKING:
    from ugrn_core.session_file import KeptCells, Session

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A session that was saved, such as session.ugrn.zip.")
]
TITLES = ["kind", "name", "size", "about"]

session = typer.Typer(
    no_args_is_help=True, help="What the file of a session holds, as files; and such a file of cells."
)


@session.command()
def show(file: FileArgument) -> None:
    """List what is in a session, as CSV: profiles of cells, lists, and runs with the tables they found."""
    import pandas as pd

    write_csv(pd.DataFrame(_rows(_read(file)), columns=TITLES))


@session.command("open")
def open_session(
    file: FileArgument,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder to write into; made where it is missing.")],
) -> None:
    """Write what is in a session into a folder, as files that other programs read.

    cells_N.h5ad: mean profiles of cells, a row a group (X: log1p; layers: detection, bins). list_N.txt: lists as they
    were given. run_N_NAME.csv: the tables of a run. contents.csv: all of it, with the address of every run.
    """
    from ugrn_core.spreadsheet import csv_text
    from ugrn_core.whole_files import write_whole

    found = _read(file)
    files: dict[str, bytes] = {}
    for n, held in enumerate(found.cells, start=1):
        files[f"cells_{n}.h5ad"] = _profiles(held)
    for n, text in enumerate(found.lists.values(), start=1):
        files[f"list_{n}.txt"] = text.encode("utf-8", "surrogatepass")
    for n, run in enumerate(found.runs, start=1):
        files |= {f"run_{n}_{name}.csv": csv_text(table).encode() for name, table in run.found.items()}
    files["contents.csv"] = csv_text(_contents(found)).encode()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(out / name, content)
    except OSError as error:
        raise InputError(f"The session cannot be written to {out}: {error}. Name another folder with --out.") from error
    say(f"{len(files):,} files are in {out}.")


@session.command()
def save(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write, such as session.ugrn.zip.")],
    cells: Annotated[
        list[str] | None, typer.Option(metavar="FILE|example", help="A file of cells, whose profiles are kept; repeat.")
    ] = None,
    genes: Annotated[
        list[Path] | None, typer.Option("--list", metavar="FILE", help="A list to keep as it is; may be repeated.")
    ] = None,
    run: Annotated[
        list[str] | None,
        typer.Option(metavar="'COMMAND ...'", help="A command whose results are kept, as 'gene GATA1'; repeat."),
    ] = None,
) -> None:
    """Put profiles of cells, lists and runs into a session, to be opened in My results or by ugrn on any machine.

    Runs are commands of ugrn (network, gene, drivers, evidence, peers): they are run, from the store where their
    results are there, and what they rest on is kept, so that nobody computes it again. The cells themselves stay
    where they are: what asks for single cells anew needs their file.
    """
    import tempfile

    from ugrn_core import __version__
    from ugrn_core.cli.contexts import CellOptions
    from ugrn_core.cli.session_runs import Gathered, kept_run
    from ugrn_core.genes.text_file import read_text
    from ugrn_core.session_file import Session, with_results, write_session
    from ugrn_core.store import Store
    from ugrn_core.whole_files import write_whole

    if not cells and not genes and not run:
        raise InputError("The session would be empty: give --cells FILE, --list FILE or --run 'COMMAND ...'.")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise InputError(f"--out is {out}; expected a file in a folder that is there, such as session.ugrn.zip.")
    gathered, runs = Gathered(), []
    for file in cells or ():
        gathered.put_cells(file, CellOptions())
    for file in genes or ():
        gathered.put_list(read_text(file))
    for line in run or ():
        with tempfile.TemporaryDirectory(prefix="ugrn-session-") as folder:
            runs.append(kept_run(line, gathered, Path(folder)))
    whole = Session(tuple(gathered.cells.values()), gathered.lists, tuple(runs))
    with Store() as store:
        whole = with_results(whole, store.packed)
    write_whole(out, write_session(whole, __version__))
    say(
        f"{out}: profiles of {len(whole.cells)} data sets, {len(whole.lists)} lists, {len(runs)} runs with "
        f"{len(whole.results):,} results."
    )
    for kept, made in zip(whole.runs, runs, strict=True):
        if made.results and not kept.results:
            say(f"{made.title}: its results take too much room and are left out; opened, it is computed again.")


@contextmanager
def beside_store(file: Path | None) -> Iterator[None]:
    """Results of a saved session are read where the store has none; how many were is said at the end."""
    if file is None:
        yield
        return
    from ugrn_core.opened import OpenedResults, Trace

    with Trace(OpenedResults(_read(user_path(file)).results)).on() as trace:
        yield
    say(f"{len(trace.foreign):,} results were read from {file.name} and not computed here.")


def _read(file: Path) -> Session:
    from ugrn_core.session_file import MOST_BYTES, read_session

    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file} has {file.stat().st_size:,} bytes; a session has at most {MOST_BYTES:,}.")
        return read_session(file.read_bytes())
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror or error}. Give a file that My results saved."
        ) from None


def _rows(found: Session) -> list[tuple[str, str, int, str]]:
    """Kind, name, size (cells, lines, rows) and what else is to be said."""
    rows = []
    for held in found.cells:
        groups = ", ".join(f"{column}: {len(levels)} groups" for column, levels in held.data.groups.items())
        about = f"{len(held.data.genes):,} genes, {held.data.species or 'species unknown'}" + f"; {groups}" * bool(
            groups
        )
        rows.append(("cells", held.data.label, held.data.n_cells, about))
    rows += [("list", " ".join(text.split()[:5]), len(text.splitlines()), "") for text in found.lists.values()]
    for run in found.runs:
        rows.append(
            ("run", run.title, sum(map(len, run.found.values())), f"{run.state}; {_address(run.page, run.address)}")
        )
    return rows


def _contents(found: Session):
    import pandas as pd

    files: list[str] = [f"cells_{n}.h5ad" for n in range(1, len(found.cells) + 1)]
    files += [f"list_{n}.txt" for n in range(1, len(found.lists) + 1)]
    for n, run in enumerate(found.runs, start=1):
        files.append(" ".join(f"run_{n}_{name}.csv" for name in run.found))
    return pd.DataFrame(_rows(found), columns=TITLES).assign(files=files)


def _address(page: str, address) -> str:
    """Path and query of a run below the address of an app."""
    from urllib.parse import urlencode

    return f"/{Path(page).stem}?{urlencode(address)}"


def _profiles(held: KeptCells) -> bytes:
    """Mean profiles as an h5ad, all cells first."""
    import tempfile

    import anndata
    import numpy as np
    import pandas as pd

    data = held.data
    rows = [("", "all cells", data.whole)]
    rows += [(column, level, p) for column, levels in data.groups.items() for level, p in levels.items()]
    names = pd.Index([level if not column else f"{column} = {level}" for column, level, _ in rows], dtype=object)
    groups = {
        "column": [c for c, *_ in rows],
        "level": [v for _, v, _ in rows],
        "n_cells": [p.n_cells for *_, p in rows],
    }
    made = anndata.AnnData(
        np.stack([p.log1p for *_, p in rows]),
        obs=pd.DataFrame(groups, index=names),
        var=pd.DataFrame(index=pd.Index(data.genes, dtype=object)),
        layers={name: np.stack([getattr(p, name) for *_, p in rows]) for name in ("detection", "bins")},
        uns={"label": data.label, "notes": list(data.notes)},
    )
    with tempfile.TemporaryDirectory(prefix="ugrn-session-") as folder:
        file = Path(folder) / "profiles.h5ad"
        made.write_h5ad(file)
        return file.read_bytes()
