"""``make soak``: sessions at once, networks killed at random points, and what memory is left with.

Four parts, each a line or more of the table:

- 10 and 30 people open the pair page at the same moment (clients without a browser, which would take the server's
  processors itself); the slowest figure is held against that of one on the idle server.
- 1, 5, 10, 20 sessions open a pair each at the same moment in headless Chromium; what every page shows is compared with
  what the core computes for that pair. Then the same figure on the idle server and while a network runs.
- ``ugrn network`` is killed at a random point many times, then left to finish: the files are those of a run that was
  never disturbed, and no result is computed twice.
- resident memory of the server before the sessions and after they have gone.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import psutil
from playwright.sync_api import Page

from tests.campaign import killed
from tests.campaign.samples import GENES

ROOT = Path(__file__).resolve().parent.parent.parent
SESSIONS = (1, 5, 10, 20)
OPENINGS = (10, 30)
OPENING_GOAL = 3.0
"""Seconds by which the last figure of an opening may be later than that of one on the idle server."""
KILLS = 40
IDLE_GOAL = 2.0
"""Seconds to the figure of another pair in an open page, while a network runs on an otherwise idle server."""
NETWORK = 1500
"""Genes of that network: some minutes of work."""
LEFT_GOAL = 150 << 20
"""Bytes that may be left after all sessions have gone."""
FILES = ("edges.csv", "recipe.json", "network.graphml")


@dataclass(frozen=True)
class Line:
    """A line of the table; ``good`` says whether its goal holds."""

    what: str
    measured: str
    goal: str
    good: bool


def killed_networks(kills: int, folder: Path, seed: int = 0) -> list[Line]:
    """Kill a run ``kills`` times at random points, each time over a store of its own, and let it finish.

    A point is a number of results that are kept already, all of them too (then the files are being written), and a
    moment after that.
    """
    genes = folder / "genes.txt"
    genes.write_text("\n".join(GENES))
    started = time.perf_counter()
    wanted = _finished(genes, folder / "whole", folder / "whole-cache")
    steps = len(killed.kept(folder / "whole.said"))
    moment = (time.perf_counter() - started) / (steps + 1)
    random, same, died, left, twice = Random(seed), 0, 0, 0, 0
    for i in range(kills):
        out, cache, said = folder / f"out{i}", folder / f"cache{i}", folder / f"out{i}.said"
        run, most = killed.start(_words(genes, out), cache, said), random.randint(0, steps)
        while run.is_alive() and len(killed.kept(said)) < most:
            time.sleep(0.005)
        time.sleep(random.uniform(0, moment))
        died += run.is_alive()
        run.kill()
        run.join()
        same += _finished(genes, out, cache) == wanted
        keys = killed.kept(said)
        twice += len(keys) - len(set(keys))
        print(f"{i + 1} of {kills} killed and finished, {same} the same", file=sys.stderr, flush=True)
        left += len([p for p in folder.glob(f"*out{i}*") if p != out and ".said" not in p.name])
    return [
        Line("networks killed, then finished", f"{same} of {kills} the same, {died} in time", "all", same == kills),
        Line("results computed twice by them", f"{twice} of {steps * kills}", "0", steps > 0 and twice == 0),
        Line("leftovers beside them", str(left), "0", left == 0),
    ]


def _words(genes: Path, out: Path) -> list[str]:
    return ["network", "--genes", str(genes), "--out", str(out)]


def _finished(genes: Path, out: Path, cache: Path) -> dict[str, str]:
    """Digests of what a run that nobody disturbs writes."""
    run = killed.start(_words(genes, out), cache, out.with_name(f"{out.name}.said"))
    run.join()
    if run.exitcode:
        return {"failed": out.with_name(f"{out.name}.said.out").read_text("utf-8")[-500:]}
    files = [file for file in sorted(out.rglob("*")) if file.is_file() and file.name in FILES]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def sessions(counts: tuple[int, ...], folder: Path) -> list[Line]:
    """Open sessions together and compare what they show with the core."""
    from playwright.sync_api import sync_playwright

    from tests.browser.app_server import app_server, launch

    lines = []
    with app_server(folder / "cache", folder / "log.txt") as url, sync_playwright() as playwright:
        server = max(_python_children(), key=lambda p: p.memory_info().rss)
        browser = launch(playwright)
        try:
            lines.append(_one_by_one(browser, url))
            before = server.memory_info().rss
            for count in counts:
                lines.append(_together(browser, url, count))
            time.sleep(15)
            left = server.memory_info().rss - before
            lines.append(Line("memory left by the sessions", f"{left / 2**20:.0f} MiB", "150 MiB", left <= LEFT_GOAL))
            lines += _beside_a_network(browser, url)
        finally:
            browser.close()
    return lines


def openings(counts: tuple[int, ...], folder: Path) -> list[Line]:
    """People who open the pair page at once, each a pair of their own, against one on the idle server."""
    from tests.browser.app_server import app_server
    from tests.campaign.openings import open_together

    pairs = [(s, t) for s in GENES for t in GENES if s != t]
    with app_server(folder / "openings-cache", folder / "openings-log.txt") as url:
        open_together(url, "pair", [_words_of("TP53", "MDM2")])  # what a server does once
        idle = max(open_together(url, "pair", [_words_of(*pairs[n])])[0] for n in range(3))
        lines = [Line("figure of one on the idle server", f"{idle:.1f} s, the slowest of 3", "", True)]
        start = 3
        for count in counts:
            chosen = pairs[start : start + count]
            start += count
            seconds = open_together(url, "pair", [_words_of(*pair) for pair in chosen])
            later = max(seconds) - idle
            said = f"after {min(seconds):.1f} to {max(seconds):.1f} s, {later:.1f} s later than one"
            goal = f"within {OPENING_GOAL:.0f} s of one"
            lines.append(Line(f"{count} people at once", said, goal, later <= OPENING_GOAL))
    return lines


def _one_by_one(browser, url: str) -> Line:
    _, seconds = _open(browser, [url + _query("TP53", "MDM2")])
    return Line("first figure of a fresh server", f"{seconds[0]:.1f} s", "", True)


def _together(browser, url: str, count: int) -> Line:
    pairs = [(s, t) for s in GENES for t in GENES if s != t][7 : 7 + count]
    shown, seconds = _open(browser, [url + _query(*pair) for pair in pairs])
    wrong = sum(not _holds(text, *pair) for text, pair in zip(shown, pairs, strict=True))
    said = f"{wrong} wrong, figures after {min(seconds):.1f} to {max(seconds):.1f} s"
    return Line(f"{count} sessions at once", said, "0 wrong", wrong == 0)


def _beside_a_network(browser, url: str) -> list[Line]:
    """An open page is asked for another pair while a network runs in another session; then a fresh page opens."""
    with _opened(browser, url + _query("NANOG", "SOX2")) as page, _opened(browser, url, "stApp") as other:
        other.goto(url + "/network")
        box = other.get_by_role("textbox", name="Genes of the network")
        box.fill(" ".join(_known_genes(NETWORK)))
        box.press("Control+Enter")
        other.get_by_role("button", name="Predict the network").click()
        other.get_by_role("button", name="Stop").wait_for(timeout=60_000)
        target = page.get_by_role("combobox", name="Target")
        target.click()
        target.fill("KLF4")
        started = time.perf_counter()
        target.press("Enter")
        page.locator(".js-plotly-plot", has_text="KLF4").first.wait_for(timeout=60_000)
        again = time.perf_counter() - started
        at_work = other.get_by_role("button", name="Stop").is_visible()
        _, fresh = _open(browser, [url + _query("NANOG", "MYC")])
    said = f"{again:.1f} s" if at_work else f"{again:.1f} s, but the network was done by then"
    return [
        Line("another pair while a network runs", said, f"under {IDLE_GOAL:.0f} s", at_work and again < IDLE_GOAL),
        Line("the same in a browser that has nothing yet", f"{fresh[0]:.1f} s", "", True),
    ]


def _known_genes(count: int) -> tuple[str, ...]:
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.options import DEFAULT_BACKBONE

    return load_backbone(DEFAULT_BACKBONE, "cpu").vocabulary.symbols[:count]


@contextmanager
def _opened(browser, url: str, until: str = "stMetricValue") -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.get_by_test_id(until).first.wait_for(timeout=60_000)
    yield page
    context.close()


def _query(source: str, target: str) -> str:
    return f"/pair?{_words_of(source, target)}"


def _words_of(source: str, target: str) -> str:
    return urlencode({"source": source, "target": target})


def _open(browser, urls: list[str]) -> tuple[list[str], list[float]]:
    """The text of each page once its figure is there, and the seconds that took."""
    contexts = [browser.new_context() for _ in urls]
    pages = [context.new_page() for context in contexts]
    started = time.perf_counter()
    for page, url in zip(pages, urls, strict=True):
        page.goto(url, wait_until="commit")
    texts, seconds = [], []
    for page in pages:
        page.locator(".js-plotly-plot").first.wait_for(timeout=180_000)
        seconds.append(time.perf_counter() - started)
        page.get_by_test_id("stMetricValue").first.wait_for(timeout=60_000)
        texts.append(" ".join(page.get_by_test_id("stMetricValue").all_inner_texts()))
    for context in contexts:
        context.close()
    return texts, seconds


def _holds(text: str, source: str, target: str) -> bool:
    """Whether the largest response of the pair, as the core computes it, stands in the page's numbers."""
    from ugrn_core.backbones.registry import load_backbone
    from ugrn_core.cli.options import DEFAULT_BACKBONE
    from ugrn_core.sweep import sweep_pairs
    from ugrn_core.types import SweepSettings

    backbone = load_backbone(DEFAULT_BACKBONE, "cpu")
    found = sweep_pairs(backbone, [(source, target)], SweepSettings(backbone.card.base, backbone.card.grid)).response
    assert found is not None
    largest = max(found[0].tolist(), key=abs)
    shown = re.search(r"\d+(\.\d+)?(e-?\d+)?", text)  # three significant digits
    return shown is not None and abs(float(shown[0]) - abs(largest)) <= 0.006 * abs(largest)


def _python_children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if "streamlit" in " ".join(p.cmdline())]


def main() -> int:
    """Run, print the table, and say by the exit status whether every goal holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--sessions", type=int, nargs="*", default=list(SESSIONS))
    parser.add_argument("--openings", type=int, nargs="*", default=list(OPENINGS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ugrn-soak-") as folder:
        lines = killed_networks(asked.kills, Path(folder)) if asked.kills else []
        lines += openings(tuple(asked.openings), Path(folder)) if asked.openings else []
        lines += sessions(tuple(asked.sessions), Path(folder)) if asked.sessions else []
    for line in lines:
        print(f"{'ok  ' if line.good else 'MISS'} {line.what:<45} {line.measured:<45} {line.goal}")
    return int(not all(line.good for line in lines))


if __name__ == "__main__":
    sys.exit(main())
