"""The process that draws for print: ``python -m ugrn_core.figures.printer FOLDER``.

It reads ``options.json`` and ``figure.json`` or ``page.html`` in the folder and writes ``printed``. It is started,
watched and ended by :mod:`ugrn_core.figures.printed`; the browser it starts dies with it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

THERE = "location.protocol === 'file:' && document.readyState === 'complete' && document.fonts.status === 'loaded'"


def main() -> None:
    """Draw what lies in the folder that is named."""
    folder = Path(sys.argv[1])
    options = json.loads((folder / "options.json").read_text("utf-8"))
    page = folder / "page.html"
    drawn = asyncio.run(_page(page, options)) if page.is_file() else _figure(folder / "figure.json", options)
    (folder / "printed").write_bytes(drawn)


def _figure(file: Path, options: dict[str, Any]) -> bytes:
    import kaleido

    page = kaleido.PageGenerator(mathjax=False)  # plotly's library lies in its package; nothing comes from a network
    return kaleido.calc_fig_sync(
        json.loads(file.read_text("utf-8")),
        opts=options["picture"],
        kopts={"page_generator": page, "path": options["browser"], "timeout": options["seconds"]},
    )


async def _page(file: Path, options: dict[str, Any]) -> bytes:
    """A page of HTML as PDF, on the paper that its style names, by the browser of kaleido."""
    import choreographer

    async with choreographer.Browser(path=options["browser"], headless=True) as browser:
        tab = await browser.create_tab(file.as_uri())
        while True:
            state = await tab.send_command("Runtime.evaluate", {"expression": THERE})
            if state["result"]["result"].get("value"):
                break
            await asyncio.sleep(0.05)
        found = await tab.send_command("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    return base64.b64decode(found["result"]["data"])


if __name__ == "__main__":
    main()
