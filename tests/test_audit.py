"""Advisories on the pinned versions: what the step of ``make lint`` says, and why the known ones do not reach us."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import audit

WHOLE = {"name": "numpy", "version": "1", "vulns": []}
LIGHTNING = {"id": "GHSA-x", "aliases": ["CVE-2026-58659"], "fix_versions": []}
NEW = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.0"]}


def test_known_advisories_pass_by_any_of_their_names_and_others_fail():
    status, said = audit.verdict([WHOLE, {"name": "lightning", "version": "1", "vulns": [LIGHTNING]}])
    assert status == 0 and "all 2" in said
    status, said = audit.verdict([WHOLE, {"name": "torch", "version": "1", "vulns": [LIGHTNING, NEW]}])
    assert status == 1 and "torch 1: CVE-2026-1 PYSEC-2026-1, fixed in 2.0" in said and "58659" not in said


def test_what_could_not_be_asked_is_never_taken_for_safe():
    skipped = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (1)"}
    assert audit.verdict([skipped]) == audit.verdict([])
    assert audit.verdict([])[0] == 0 and "skipped" in audit.verdict([])[1]
    assert "1 of 2 pinned versions" in audit.verdict([skipped, WHOLE])[1]


@pytest.mark.parametrize("answer", ["", "{", "[]", '{"dependencies": []}'])
def test_without_a_connection_the_step_is_skipped_with_a_sentence(answer, monkeypatch, capsys):
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=answer))
    assert audit.main() == 0 and "cannot be reached" in capsys.readouterr().out


def test_the_known_ones_are_explained_in_the_text_and_pinned():
    text = (audit.ROOT / "docs" / "deploy.md").read_text("utf-8")
    pins = (audit.ROOT / "constraints.txt").read_text("utf-8")
    for name in audit.KNOWN:
        assert name in text
    for pin in ("diskcache==5.6.3", "h5py==3.16.0", "pytorch-lightning==1.9.5"):
        assert pin in pins and pin.replace("==", " ") in text, "the text speaks of the pinned version"


def test_what_we_use_of_scgpt_imports_no_lightning():
    code = (
        "import sys; from ugrn_core.backbones import passport; import scgpt.model; "
        "print('lightning' in str(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"
