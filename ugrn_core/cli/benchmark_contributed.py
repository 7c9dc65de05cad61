"""``ugrn benchmark pack`` and ``verify``: a folder of results for others, and one of others computed again."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.cli.options import BackboneOption, DeviceOption
from ugrn_core.cli.output import progress_on_stderr, say, write_table

if TYPE_CHECKING:
    from ugrn_core.benchmark.verify import Known

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with frames of results.")]


def pack(
    folder: FolderArgument,
    who: Annotated[str, typer.Option(metavar="TEXT", help="Your name, as it should stand beside the results.")],
    backbone: BackboneOption = DEFAULT_BACKBONE,
    contact: Annotated[str, typer.Option(metavar="TEXT", help="Where to ask; optional.")] = "",
    notes: Annotated[str, typer.Option(metavar="TEXT", help="What should be known of the run; optional.")] = "",
    device: DeviceOption = None,
) -> None:
    """Write card.json beside the frames of a run: who, which weights, which commands, which versions.

    The folder is then whole, to be sent or put onto the page.
    """
    import json

    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.benchmark.contributed import CARD, card_json, frame_files, make_card, read_contributed, read_frame
    from ugrn_core.benchmark.run_facts import benchmark_command, run_facts
    from ugrn_core.whole_files import write_whole

    model = load_backbone(backbone, device)
    commands = {}
    for file in frame_files(folder):
        stem = file.name.removesuffix(".gz").removesuffix(".csv")
        commands[stem] = benchmark_command(run_facts(read_frame(file)), file.name)
    card = make_card(model.card.name, model.fingerprint, commands, who=who, contact=contact, notes=notes)
    write_whole(folder / CARD, json.dumps(card_json(card), indent=1).encode())
    found = read_contributed(folder)
    say(f"{folder / CARD}: {len(found.frames)} frames of {card.model}, weights {model.fingerprint[:12]}.")


def verify(folder: FolderArgument) -> None:
    """Compute a contributed folder again, as far as this machine can, and say what it could not.

    Exit status 1 where something differs, 0 where nothing does; what was not checked is listed either way.
    """
    from ugrn_core.benchmark.contributed import named, read_contributed
    from ugrn_core.benchmark.verify import verify as checks_of

    found = read_contributed(folder)
    say(f"{named(found)}: {len(found.frames)} frames, all rows are of the types they must have.")
    with progress_on_stderr() as progress:
        checks = checks_of(found, _known, progress)
    write_table(
        ["frame", "what", "outcome", "in numbers"], [[c.frame or "card", c.what, c.outcome, c.said] for c in checks]
    )
    counted = {o: sum(c.outcome == o for c in checks) for o in ("the same", "differs", "not checked")}
    say(f"{counted['the same']} checks are the same, {counted['differs']} differ, {counted['not checked']} not made.")
    if counted["differs"]:
        raise typer.Exit(1)


@cache
def _known(model: str) -> Known:
    """Genes and fingerprint of a model of the registry that is here."""
    from ugrn_core.backbones.registry import BACKBONES, is_available, load_backbone
    from ugrn_core.benchmark.verify import Known

    if model not in BACKBONES or not is_available(BACKBONES[model]):
        return Known(None, None)
    loaded = load_backbone(model, "cpu")
    return Known(loaded.vocabulary, loaded.fingerprint)
