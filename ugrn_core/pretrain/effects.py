"""What every gene of an embedded model does to others, as a file that ships with it."""

from __future__ import annotations

from typing import Annotated

import typer

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.gene_effects.effects import gene_effects, reference_effects
from ugrn_core.gene_effects.shipped import packed, shipped_file
from ugrn_core.pair_specific import PAIR_REFERENCE
from ugrn_core.store import Store
from ugrn_core.types import SweepSettings
from ugrn_core.whole_files import write_whole


def effects(
    name: Annotated[str, typer.Argument(help="An embedded model.")],
    reference: Annotated[int, typer.Option(help="Reference genes: all of them, or fewer for a quicker file.")] = (
        PAIR_REFERENCE
    ),
    only_reference: Annotated[
        bool, typer.Option("--only-reference", help="Of the reference genes alone: enough for pairs, in a minute.")
    ] = False,
) -> None:
    """Sweep every gene against the reference, both ways, and write assets/effects/NAME.safetensors.

    Half an hour on two quiet cores, a minute on a GPU; a run that was stopped goes on.
    """
    backbone = load_backbone(name)
    settings = SweepSettings(backbone.card.base, backbone.card.grid)

    def tell(share: float, sentence: str) -> None:
        typer.echo(f"{share:6.1%}  {sentence}", err=True)

    if only_reference:
        found = reference_effects(backbone, settings, n_reference=reference, progress=tell)
    else:
        with Store() as store:
            found = gene_effects(backbone, settings, store, n_reference=reference, progress=tell)
    file = shipped_file(backbone)
    file.parent.mkdir(exist_ok=True)
    write_whole(file, packed(backbone, settings, found))
    typer.echo(f"{file}: {file.stat().st_size:,} bytes")
