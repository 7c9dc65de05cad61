"""The commands by name. A mistake of the user ends with one sentence on stderr and exit status 2; nothing else does.

Command modules import what they need inside the command, so that ``ugrn --help`` loads no torch.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ugrn_core import __version__
from ugrn_core.cli.activities import activities
from ugrn_core.cli.bench import bench
from ugrn_core.cli.benchmark import benchmark
from ugrn_core.cli.benchmark_all import all_tables, shipped
from ugrn_core.cli.benchmark_contributed import pack, verify
from ugrn_core.cli.benchmark_peers import peers as benchmark_peers
from ugrn_core.cli.benchmark_prevalence import prevalence
from ugrn_core.cli.doctor import doctor
from ugrn_core.cli.drivers import drivers
from ugrn_core.cli.evidence import evidence
from ugrn_core.cli.gene import gene
from ugrn_core.cli.genes import genes
from ugrn_core.cli.learn import learn
from ugrn_core.cli.models import beeline, cache, fetch, models
from ugrn_core.cli.network import network
from ugrn_core.cli.open_app import open_app
from ugrn_core.cli.options import Command
from ugrn_core.cli.output import prepare_streams, say
from ugrn_core.cli.pair import pair
from ugrn_core.cli.peers import peers
from ugrn_core.cli.score import score
from ugrn_core.cli.session import beside_store, session
from ugrn_core.cli.sweep import sweep
from ugrn_core.cli.translator import translator
from ugrn_core.errors import UGRNError

CORE = logging.getLogger("ugrn_core")


class Warnings(logging.Handler):
    """Warnings of the core, such as one of a damaged store, told as every note is."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


class Commands(TyperGroup):
    """A command group that tells a :class:`UGRNError` to the user; any other error is a bug and keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; it may read the results of a saved session beside the store's (``--session``)."""
        prepare_streams()
        if not any(isinstance(handler, Warnings) for handler in CORE.handlers):
            CORE.addHandler(Warnings(logging.WARNING))
        try:
            with beside_store(ctx.params.get("opened")):
                return super().invoke(ctx)
        except UGRNError as error:
            say(f"ugrn: {error}")
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
of_models = (pair, gene, models, genes, sweep, score, network, evidence, drivers, peers, activities)
for command in (*of_models, beeline, fetch, cache, doctor, bench):
    app.command(cls=Command)(command)
app.command("app", cls=Command, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(open_app)
app.add_typer(translator, name="translator")
app.add_typer(learn, name="learn")
app.add_typer(session, name="session")
for part in (prevalence, pack, verify, shipped):
    benchmark.command(cls=Command)(part)
benchmark.command("peers", cls=Command)(benchmark_peers)
benchmark.command("all", cls=Command)(all_tables)
app.add_typer(benchmark, name="benchmark")


def app_command(name: str) -> Any:
    """A command by its name, as click has it."""
    return typer.main.get_command(app).commands[name]  # pyright: ignore[reportAttributeAccessIssue]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ugrn {__version__}")
        raise typer.Exit


@app.callback()
def ugrn(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    opened: Annotated[
        Path | None,
        typer.Option("--session", metavar="FILE", help="A saved session: its results are read, not computed again."),
    ] = None,
) -> None:
    """Ask single-cell foundation models about gene regulation.

    Results (JSON or CSV) go to stdout, notes and progress to stderr. What a model says is a hypothesis.
    """
