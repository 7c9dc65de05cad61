"""``make fuzz``: thousands of spoilt inputs through the functions that pages and command line read them with.

An input ends in a result or in a sentence (:class:`~ugrn_core.errors.UGRNError`). Anything else, more than
:data:`SLOW` seconds, or more than :data:`LARGE` bytes is a finding, is printed with the seed that makes it again, and
makes the exit status 1. Formats: gene lists, pair lists, edge lists, recipes, cards, packed translators, checkpoints,
h5ad files through the isolated reader, and stores on disk.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from tests.campaign.mutators import ANY, Mutator, cut, flip, insert
from ugrn_core.errors import UGRNError

SLOW = 10.0
"""Seconds of one input."""
LARGE = 512 << 20
"""Bytes that one input may add to the process."""


@dataclass(frozen=True)
class Format:
    """``samples`` are sound inputs; ``read`` is given a spoilt one. ``share`` of all inputs goes to this format."""

    name: str
    samples: Callable[[Path], list[bytes]]
    read: Callable[[bytes, Path], object]
    share: float
    mutators: tuple[Mutator, ...] = ANY


@dataclass
class Tally:
    """What became of the inputs of one format."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0
    findings: list[str] = field(default_factory=list)


def campaign(total: int, seed: int = 0, only: str = "") -> dict[str, Tally]:
    """Spoil and read ``total`` inputs; the same for a seed, whatever the formats before."""
    tallies = {}
    for kind in FORMATS:
        if only and kind.name != only:
            continue
        with tempfile.TemporaryDirectory(prefix="ugrn-fuzz-") as folder:
            samples = kind.samples(Path(folder))
            tallies[kind.name] = tally = Tally()
            for i in range(max(1, round(total * kind.share))):
                one_input(kind, samples, f"{kind.name}:{seed}:{i}", Path(folder), tally)
    return tallies


def one_input(kind: Format, samples: list[bytes], name: str, folder: Path, tally: Tally) -> None:
    """Spoil a sample as ``name`` says, read it, and note what became of it."""
    random = Random(name)
    content = random.choice(samples)
    for _ in range(random.randint(0, 3)):
        content = random.choice(kind.mutators)(content, random)
    process = psutil.Process()
    before, started = process.memory_info().rss, time.perf_counter()
    try:
        kind.read(content, folder)
        outcome = "result"
    except UGRNError as error:
        outcome = "sentence" if str(error).strip() and "Traceback" not in str(error) else "empty message"
    except Exception:
        outcome = "traceback"
        tally.findings.append(f"{name}\n{traceback.format_exc(limit=-4)}")
    seconds, grown = time.perf_counter() - started, process.memory_info().rss - before
    tally.outcomes[outcome] += 1
    tally.slowest, tally.largest = max(tally.slowest, seconds), max(tally.largest, grown)
    if seconds > SLOW:
        tally.findings.append(f"{name}: {seconds:.1f} s")
    if grown > LARGE:
        tally.findings.append(f"{name}: {grown / 2**20:.0f} MiB")


def _vocabulary():
    import torch

    from ugrn_core.backbones.toy import ToyBackbone

    return ToyBackbone(1, torch.device("cpu")).vocabulary


GENE_TEXTS = [
    b"SOX2\nNANOG\nPOU5F1\n", b"gene,logfoldchange\nSOX2,1.5\nTP53,-2\n", b"names;score\nSOX2;1,5\nMYC;2,0\n",
    b"# comment\nENSG00000181449.4\tSOX2\n", b"SOX2, NANOG; POU5F1 MYC",
    b"gene,status\n'=X,unknown\n'@Y,unknown\n", "sep=;\nGen;Wert\nSOX2;1,5\n".encode("utf-16"), b"A\thttp://x\tSOX2\tNANOG\n",
]  # fmt: skip
PAIR_TEXTS = [
    b"SOX2,NANOG\nGATA1,KLF1\n", b"source\ttarget\tweight\nSOX2\tNANOG\t0.5\n", b"SOX2 -> NANOG -> MYC\n",
    b"tf,confidence,target,mor\nSOX2,A,NANOG,1\n", b"GATA1 pd KLF1\n",
    b'"shared name","w"\n"SOX2 (pp) NANOG",1\n', b"digraph {\nSOX2 -> NANOG;\n}\n", b"SOX2(+)\tx://\tNANOG\tMYC\nMYC(+)\tx://\tTP53\n",
    b",SOX2,MYC\nSOX2,0,1\nMYC,1,0\n", b'"from" "to"\n"1" "SOX2" "MYC"\n', b'TF,targets\nSOX2,"NANOG;MYC"\nTP53,MDM2\n',
]  # fmt: skip
EDGE_TEXTS = [
    b"source,target,label\nGATA1,KLF1,1\nGATA1,MYC,0\nSPI1,CSF1R,1\nTAL1,KLF1,0\n",
    b"SOX2\tNANOG\nPOU5F1\tSOX2\n", b"target,source\nKLF1,GATA1\n",
]  # fmt: skip


def _read_genes(content: bytes, folder: Path) -> object:
    from ugrn_core.genes.gene_list import read_gene_list
    from ugrn_core.genes.resolve import resolve

    return resolve(read_gene_list(content).names, _vocabulary())


def _read_pairs(content: bytes, folder: Path) -> object:
    from ugrn_core.genes.pair_list import pair_list
    from ugrn_core.genes.text_file import read_text

    return pair_list(read_text(content))


def _read_edges(content: bytes, folder: Path) -> object:
    from ugrn_core.genes.text_file import read_text
    from ugrn_core.translation.edge_list import parse_edges

    return parse_edges(read_text(content), _vocabulary())


def _recipes(folder: Path) -> list[bytes]:
    from tests.campaign.samples import recipe

    return [recipe()]


def _read_recipe(content: bytes, folder: Path) -> object:
    from ugrn_core.network.recipe import read_recipe

    return read_recipe(content)


def _packed_translators(folder: Path) -> list[bytes]:
    from tests.campaign.samples import own_translator
    from ugrn_core.translators.exchange import packed
    from ugrn_core.translators.library import list_translators

    own = own_translator(folder / "made")
    return [packed(chosen) for chosen in list_translators(own) if chosen.name == "fuzzed"]


def _cards(folder: Path) -> list[bytes]:
    from tests.campaign.samples import own_translator

    return [(own_translator(folder / "cards") / "fuzzed.json").read_bytes()]


def _bring_in(content: bytes, folder: Path) -> object:
    from ugrn_core.translators.exchange import bring_in
    from ugrn_core.translators.library import list_translators

    own = folder / "own"
    try:
        return bring_in([("mine.zip", content)], own=own, replace=True)
    finally:
        list_translators(own)


def _card_in_library(content: bytes, folder: Path) -> object:
    """A spoilt card beside sound weights, found by the list and loaded."""
    from ugrn_core.translators.library import list_translators, load_translator

    own = folder / "cards"
    (own / "fuzzed.json").write_bytes(content)
    list_translators(own)
    return load_translator("fuzzed", own)


def _checkpoint_parts(name: str) -> Callable[[Path], list[bytes]]:
    def samples(folder: Path) -> list[bytes]:
        from tests.campaign.samples import checkpoint

        return [(checkpoint(folder / "sound") / name).read_bytes()]

    return samples


def _checkpoint_with(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> object:
        from ugrn_core.backbones.checkpoint import load_checkpoint

        spoilt = folder / "spoilt"
        shutil.rmtree(spoilt, ignore_errors=True)
        shutil.copytree(folder / "sound", spoilt)
        (spoilt / name).write_bytes(content)
        return load_checkpoint(spoilt, device="cpu")

    return read


def _h5ads(folder: Path) -> list[bytes]:
    from tests.campaign.samples import h5ads

    return h5ads()


def _read_cells(content: bytes, folder: Path) -> object:
    from ugrn_core.data.untrusted import read_untrusted_h5ad

    upload = io.BytesIO(content)
    upload.name = "cells.h5ad"
    return read_untrusted_h5ad(upload)


def _stores(folder: Path) -> list[bytes]:
    from tests.campaign.samples import store_file

    return [store_file(folder / "sound-store")]


def _open_store(content: bytes, folder: Path) -> object:
    """A spoilt store is used; a wrong number would be a traceback of this campaign."""
    from tests.campaign.samples import check_store

    spoilt = folder / "store"
    shutil.rmtree(spoilt, ignore_errors=True)
    spoilt.mkdir()
    (spoilt / "cache.db").write_bytes(content)
    return check_store(spoilt)


FORMATS: tuple[Format, ...] = (
    Format("gene list", lambda _: GENE_TEXTS, _read_genes, 0.2),
    Format("pair list", lambda _: PAIR_TEXTS, _read_pairs, 0.15),
    Format("edge list", lambda _: EDGE_TEXTS, _read_edges, 0.15),
    Format("recipe", _recipes, _read_recipe, 0.1),
    Format("card in the library", _cards, _card_in_library, 0.1),
    Format("packed translator", _packed_translators, _bring_in, 0.05),
    Format("args.json", _checkpoint_parts("args.json"), _checkpoint_with("args.json"), 0.06),
    Format("vocab.json", _checkpoint_parts("vocab.json"), _checkpoint_with("vocab.json"), 0.05),
    Format("weights", _checkpoint_parts("model.safetensors"), _checkpoint_with("model.safetensors"), 0.05),
    Format("store", _stores, _open_store, 0.04, (flip, cut)),
    Format("h5ad", _h5ads, _read_cells, 0.05, (flip, cut, insert)),
)


def table(tallies: dict[str, Tally]) -> str:
    """The report in lines."""
    head = ("format", "inputs", "result", "sentence", "traceback", "slowest s", "largest MiB")
    rows = [
        (
            name,
            t.outcomes.total(),
            t.outcomes["result"],
            t.outcomes["sentence"],
            t.outcomes["traceback"] + t.outcomes["empty message"],
            f"{t.slowest:.2f}",
            round(t.largest / 2**20),
        )
        for name, t in tallies.items()
    ]
    return "\n".join("  ".join(f"{cell!s:>12}" for cell in row) for row in (head, *rows))


def main() -> int:
    """Run, print, and say by the exit status whether something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="one format")
    asked = parser.parse_args()
    tallies = campaign(asked.inputs, asked.seed, asked.only)
    print(table(tallies))
    findings = [f for t in tallies.values() for f in t.findings]
    print(f"{sum(t.outcomes.total() for t in tallies.values()):,} inputs, {len(findings)} findings")
    for finding in findings[:20]:
        print("-", finding)
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
