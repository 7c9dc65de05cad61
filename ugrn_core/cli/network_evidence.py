"""``ugrn network --evidence``: what the cells of a network show of its edges, into the graph files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ugrn_core.cli.cell_values import read_values
from ugrn_core.cli.output import progress_on_stderr, say
from ugrn_core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ugrn_core.cli.network_question import NetworkOptions, NetworkToMake
    from ugrn_core.network.edge_filter import Selection
    from ugrn_core.network.exports.folder import Beside
    from ugrn_core.types import Cancel


@dataclass(frozen=True)
class EvidenceOptions:
    """Whether cells are asked, which of them belong together, how many pairs count as their best, whether only edges
    are kept that they show too, and whether those come first in which both are sure."""

    wanted: bool = False
    within: str | None = None
    donors: str | None = None
    best: int | None = None
    agree: bool = False
    surest: bool = False

    def cli_args(self) -> list[str]:
        """As words of a command."""
        given = {"--within": self.within, "--donors": self.donors, "--best": self.best}
        named = [word for name, value in given.items() if value is not None for word in (name, str(value))]
        said = {"--evidence": self.wanted, "--agree": self.agree, "--surest": self.surest}
        return [*(name for name, wanted in said.items() if wanted), *named]

    def check(self, of_cells: bool) -> None:
        """Refuse options that have nothing to ask."""
        alone = [word for word in self.cli_args() if word.startswith("--")]
        if alone and not self.wanted:
            raise InputError(f"{alone[0]} is about what the cells show: give --evidence with it.")
        if self.best is not None and self.best < 1:
            raise InputError(f"--best is {self.best}; give a number from 1 on.")
        if self.wanted and not of_cells:
            raise InputError("--evidence asks the cells of --h5ad; there are none here.")


def ask_cells(
    question: NetworkToMake, asked: NetworkOptions, options: EvidenceOptions, cancel: Cancel
) -> Beside | None:
    """What puts evidence beside the edges of a question; None where it is not asked for."""
    if not options.wanted:
        return None
    from ugrn_core.evidence.evidence import BEST, evidence, genes_to_read
    from ugrn_core.genes.file_names import in_file
    from ugrn_core.network.evidence import beside_edges

    assert question.data is not None and asked.h5ad is not None
    request = question.request
    sources, targets = (in_file(request.names, genes) for genes in (request.sources, request.targets))
    places, left_out = genes_to_read(sources, targets, question.data)
    if left_out:
        say(left_out)
    columns = {"within": options.within, "donors": options.donors, "cancel": cancel}
    read = read_values(asked.h5ad, question.data, list(places.values()), question.cells, **columns)
    with progress_on_stderr() as progress:
        best = BEST if options.best is None else options.best
        found = evidence(read, tuple(places), sources, targets, best, progress=progress, cancel=cancel)
    say(found.notes[0])

    def beside(selection: Selection, scores: pd.Series) -> Selection:
        return beside_edges(found, selection, scores, agree=options.agree, surest=options.surest)

    return beside
