"""What the first page needs is imported and loaded while the server starts, not while somebody waits for it."""

from __future__ import annotations

import importlib
import logging
import threading

ROOMS = ("ui.frame", "ui.start.page", "ui.pair.explorer", "ui.gene.page", "ui.network.results", "ui.network.form")
"""All that pages are made of, and with them torch, pandas and plotly."""
PATIENCE = 120.0
"""Seconds after which a page imports by itself."""

THREAD = "ugrn-warm"
NO_SESSION = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""Streamlit's logger that warns of a thread without a session."""

log = logging.getLogger(__name__)
_imported: threading.Event | None = None


def start() -> None:
    """Begin, on a thread of its own; the server answers meanwhile."""
    global _imported
    _imported = threading.Event()
    logging.getLogger(NO_SESSION).addFilter(lambda record: record.threadName != THREAD)
    threading.Thread(target=_run, args=(_imported,), name=THREAD, daemon=True).start()


def wait() -> None:
    """Until the imports are done, where they were begun: many threads that import at once get in each other's way."""
    if _imported is not None:
        _imported.wait(PATIENCE)


def _run(imported: threading.Event) -> None:
    try:
        for room in ROOMS:
            importlib.import_module(room)
    except Exception:
        log.exception("a page cannot be imported")  # whoever opens it is told
        return
    finally:
        imported.set()
    try:
        importlib.import_module("ui.shared.example").answer_once()
    except Exception:
        log.exception("the example cannot be computed")
