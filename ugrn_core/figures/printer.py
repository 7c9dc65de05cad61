"""The process that draws one figure for print: ``python -m ugrn_core.figures.printer FOLDER``.

It reads ``figure.json`` and ``options.json`` in the folder and writes ``printed``. It is started, watched and ended by
:mod:`ugrn_core.figures.printed`; the browser it starts dies with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Draw the figure of the folder that is named."""
    import kaleido

    folder = Path(sys.argv[1])
    figure = json.loads((folder / "figure.json").read_text("utf-8"))
    options = json.loads((folder / "options.json").read_text("utf-8"))
    page = kaleido.PageGenerator(mathjax=False)  # plotly's library lies in its package; nothing comes from a network
    drawn = kaleido.calc_fig_sync(
        figure,
        opts=options["picture"],
        kopts={"page_generator": page, "path": options["browser"], "timeout": options["seconds"]},
    )
    (folder / "printed").write_bytes(drawn)


if __name__ == "__main__":
    main()
