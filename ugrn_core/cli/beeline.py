"""``ugrn beeline``: what a model knows of the reference networks, before anything is run on them."""

from __future__ import annotations

from ugrn_core.cli.options import DEFAULT_BACKBONE, BackboneOption, DeviceOption, GeneSetOption
from ugrn_core.cli.output import say, write_csv


def beeline(
    backbone: BackboneOption = DEFAULT_BACKBONE,
    gene_set: GeneSetOption = "TFs+500",
    device: DeviceOption = None,
) -> None:
    """Say what of every BEELINE network a model knows, as CSV.

    One line a network: genes and edges kept, the genes lost by name, the share of edges that run both ways, density.
    """
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.beeline.networks import ROWS, load_network
    from ugrn_core.beeline.report import report_frame

    model = load_backbone(backbone, device)
    report = report_frame([load_network(*row, gene_set) for row in ROWS], model.vocabulary)
    say(
        f"{model.card.name} knows {report['genes_kept'].sum() / report['genes'].sum():.1%} of the genes and "
        f"{report['edges_kept'].sum() / report['edges'].sum():.1%} of the edges of {len(report)} networks."
    )
    write_csv(report)
