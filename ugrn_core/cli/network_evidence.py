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
    """Whether cells are asked, which of them belong together, and whether only edges are kept that they show too."""

    wanted: bool = False
    within: str | None = None
    donors: str | None = None
    agree: bool = False

    def words(self) -> list[str]:
        """As words of a command."""
        named = [w for n, v in (("--within", self.within), ("--donors", self.donors)) if v is not None for w in (n, v)]
        return [*(["--evidence"] if self.wanted else []), *named, *(["--agree"] if self.agree else [])]

    def check(self, of_cells: bool) -> None:
        """Refuse options that have nothing to ask."""
        given = {"--within": self.within, "--donors": self.donors, "--agree": self.agree or None}
        alone = [name for name, value in given.items() if value is not None and not self.wanted]
        if alone:
            raise InputError(f"{alone[0]} is about what the cells show: give --evidence with it.")
        if self.wanted and not of_cells:
            raise InputError("--evidence asks the cells of --h5ad; there are none here.")


def ask_cells(
    question: NetworkToMake, asked: NetworkOptions, options: EvidenceOptions, cancel: Cancel
) -> Beside | None:
    """What puts evidence beside the edges of a question; None where it is not asked for."""
    if not options.wanted:
        return None
    from ugrn_core.evidence.evidence import agreeing, evidence, genes_to_read
    from ugrn_core.genes.file_names import in_file
    from ugrn_core.network.edge_filter import Selection, edge_count

    assert question.data is not None and asked.h5ad is not None
    request = question.request
    sources, targets = (in_file(request.names, genes) for genes in (request.sources, request.targets))
    places, left_out = genes_to_read(sources, targets, question.data)
    if left_out:
        say(left_out)
    columns = {"within": options.within, "donors": options.donors, "cancel": cancel}
    read = read_values(asked.h5ad, question.data, list(places.values()), question.cells, **columns)
    with progress_on_stderr() as progress:
        found = evidence(read, tuple(places), sources, targets, progress=progress, cancel=cancel)
    say(found.notes[0])

    def beside(selection: Selection, scores: pd.Series) -> Selection:
        shown = found.beside(selection.table, scores.to_numpy())
        if not options.agree:
            return Selection(shown, selection.notes)
        kept = agreeing(shown)
        left = f"{edge_count(len(shown) - len(kept))} that the cells do not show left out."
        return Selection(kept, (*selection.notes, left))

    return beside
