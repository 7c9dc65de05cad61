"""A page of the app with the frame around it, for ``AppTest``, which does not follow ``st.navigation`` by itself."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parent.parent / "pages"
SCRIPT = """\
import runpy
from ui import frame
with frame.around_page():
    runpy.run_path({path!r})
"""


def framed_page(page: Path | str, timeout: float) -> AppTest:
    """The page of ``pages/`` by its file name, not yet run; one run may take ``timeout`` seconds."""
    return AppTest.from_string(SCRIPT.format(path=str(PAGES / page)), default_timeout=timeout)
