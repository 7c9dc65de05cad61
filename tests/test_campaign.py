"""A small slice of the campaigns: every format is read with spoilt inputs, and a killed network ends the same."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from tests.campaign import fuzz, mutators
from tests.campaign.cost import cost
from tests.campaign.soak import killed_networks
from ugrn_core.errors import InputError

SLICE = 10
"""Inputs of each format; of h5ad files, each of which starts a process, fewer."""


@pytest.mark.parametrize("kind", fuzz.FORMATS, ids=[kind.name for kind in fuzz.FORMATS])
def test_spoilt_inputs_end_in_a_result_or_a_sentence(kind: fuzz.Format, tmp_path: Path) -> None:
    samples, tally = kind.samples(tmp_path), fuzz.Tally()
    for i in range(4 if kind.name == "h5ad" else SLICE):
        fuzz.one_input(kind, samples, f"{kind.name}:slice:{i}", tmp_path, tally)
    assert not [f for f in tally.findings if "Traceback" in f], tally.findings
    assert tally.outcomes["result"] + tally.outcomes["sentence"] == tally.outcomes.total()


def test_sound_samples_are_read(tmp_path: Path) -> None:
    for kind in fuzz.FORMATS:
        folder = tmp_path / kind.name
        folder.mkdir()
        for sample in kind.samples(folder)[:1]:
            kind.read(sample, folder)


def test_the_campaign_notices_what_it_looks_for(tmp_path: Path) -> None:
    def bug(content: bytes, folder: Path) -> None:
        raise KeyError("gene")

    def sentence(content: bytes, folder: Path) -> None:
        raise InputError("No gene is left.")

    for read, outcome in ((bug, "traceback"), (sentence, "sentence")):
        tally = fuzz.Tally()
        fuzz.one_input(fuzz.Format("x", lambda _: [b"a"], read, 1.0), [b"a"], "x:0:0", tmp_path, tally)
        assert list(tally.outcomes) == [outcome]
        assert bool(tally.findings) == (outcome == "traceback")


@pytest.mark.parametrize("mutator", mutators.ANY)
def test_a_seed_spoils_the_same_way(mutator: mutators.Mutator) -> None:
    content = b'{"a": [1, {"b": 2}], "c": "d"}'
    assert mutator(content, Random(5)) == mutator(content, Random(5))
    assert any(mutator(content, Random(i)) != content for i in range(20))


def test_a_killed_network_is_finished_to_the_same_files(tmp_path: Path) -> None:
    assert all(line.good for line in killed_networks(1, tmp_path))


def test_the_cost_of_a_command_is_its_own_and_that_of_its_children() -> None:
    busy = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    found = cost(
        "busy", [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"]
    )
    assert found.processor >= 0.2 and found.clock >= 0.2
    with pytest.raises(SystemExit, match="ended with 3: no"):
        cost("it", [sys.executable, "-c", "import sys; sys.stderr.write('no'); sys.exit(3)"])
