"""``python -m tests.audit``, a step of ``make lint``: advisories on the pinned versions, by pip-audit.

Known ones are passed over by their id; docs/deploy.md says why each does not reach the app. Without a connection to
the advisories the step is skipped with a sentence.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300
KNOWN = {
    "CVE-2025-69872": "diskcache unpickles what it reads; our Disk refuses pickles",
    "CVE-2026-58659": "pytorch-lightning, which scgpt asks for; nothing imports it",
}


def main() -> int:
    """Exit status: 1 where an advisory is not known, else 0."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    command += ["--requirement", str(ROOT / "constraints.txt"), "--format", "json", "--desc", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
        packages = []
    status, sentence = verdict(packages)
    print(sentence)
    return status


def verdict(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """Exit status and what to say of pip-audit's answer."""
    found = [p for p in packages if "vulns" in p]
    if not found:
        return 0, "Advisories: skipped, they cannot be reached from here (pip-audit got no answer)."
    new = list(_new(found))
    if new:
        return 1, "\n".join(["Advisories that docs/deploy.md does not know:", *new])
    asked = f"{len(found)} of {len(packages)} pinned versions" if len(found) < len(packages) else f"all {len(found)}"
    return 0, f"Advisories: none but the known ones, {asked} asked for."


def _new(packages: list[dict[str, Any]]) -> Iterator[str]:
    for package in packages:
        for advisory in package["vulns"]:
            names = {advisory["id"], *advisory.get("aliases", ())}
            if not names & KNOWN.keys():
                fixed = ", ".join(advisory.get("fix_versions", ())) or "no release"
                yield f"{package['name']} {package['version']}: {' '.join(sorted(names))}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
