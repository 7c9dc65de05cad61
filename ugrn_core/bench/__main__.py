"""``python -m ugrn_core.bench --check``: a device checked in one run, with torch, numpy, safetensors and pydantic.

``ugrn bench`` is the command for people; this one is for a machine that is at hand for some minutes and has nothing
installed but torch.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ugrn_core.backbones.devices import choose_device
from ugrn_core.bench.check.run import run_check
from ugrn_core.bench.sizes import CHECK, QUICK_CHECK
from ugrn_core.errors import UGRNError


def main() -> int:
    """Run the check and print its JSON; status 2 for a wrong request, 1 where a goal is missed or a part failed."""
    parser = argparse.ArgumentParser(prog="python -m ugrn_core.bench", description=__doc__)
    parser.add_argument("--check", action="store_true", required=True, help="the check; there is nothing else here")
    parser.add_argument("--device", default=None, help="cuda, cuda:1, mps or cpu; default: the best there is")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that everything runs")
    parser.add_argument("--out", type=Path, default=None, help="file that the JSON is kept in after every part")
    asked = parser.parse_args()
    try:
        device = choose_device(asked.device)
    except UGRNError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    report = run_check(QUICK_CHECK if asked.quick else CHECK, device, asked.out, _say)
    print(json.dumps(report, indent=1))  # noqa: T201 - a command
    failed = [name for name, part in report.items() if isinstance(part, dict) and "failed" in part]
    return int(bool(failed) or not all(g["met"] for g in report["goals"]))


def _say(share: float, text: str) -> None:
    print(f"{share:4.0%} {text}", file=sys.stderr, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    raise SystemExit(main())
