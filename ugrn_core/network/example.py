"""The example network: the factors among the genes of the bundled cells against the genes that vary most in them.

What its text says of known edges is measured: among the best edges that were not in the translator's training, and
among all such pairs, the share that is an edge of BEELINE's networks, which are of other cells.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ugrn_core.paths import ASSETS
from ugrn_core.whole_files import write_whole

FILE = ASSETS / "examples" / "network.json"


@dataclass(frozen=True)
class ExampleNetwork:
    """Genes, and what was measured with the project's default model and translator.

    ``expected_wrong``: of the ``best`` edges of all, by their probabilities at the translator's own prevalence.
    """

    genes: tuple[str, ...]
    factors: int
    model: str
    fingerprint: str
    translator: str
    pairs: int
    known: int
    best: int
    best_known: int
    expected_wrong: int

    @property
    def lift(self) -> float:
        """How many times as many known edges there are among the best as among all pairs."""
        return (self.best_known / self.best) / (self.known / self.pairs)

    def sentence(self) -> str:
        return (
            f"{self.factors} factors against {len(self.genes)} genes of 700 blood cells, scored in seconds. Of the "
            f"{self.best} best edges that were not in the translator's training {self.best_known} are in networks of "
            f"other cells (BEELINE), {self.lift:.0f} times as many as among all pairs; most of the others are unknown "
            "there, or wrong."
        )


def write_example(found: ExampleNetwork) -> None:
    FILE.parent.mkdir(exist_ok=True)
    write_whole(FILE, (json.dumps(asdict(found), indent=1) + "\n").encode())


def read_example() -> ExampleNetwork:
    facts = json.loads(FILE.read_text())
    return ExampleNetwork(**(facts | {"genes": tuple(facts["genes"])}))
