"""Sphinx: the pages of this folder, the notebooks executed, the library from its docstrings; nothing from elsewhere.

``make docs`` builds the site into build/docs; a broken link or an unknown name is an error.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import plotly

import ugrn_core

project = "UGRN Explorer"
author = "UGRN Explorer contributors"
release = version = ugrn_core.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["benchmarks", "images"]
root_doc = "index"

myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_output_stderr = "remove"
nb_execution_cache_path = str(Path(__file__).parent.parent / "build" / "notebooks")
os.environ.setdefault("PLOTLY_RENDERER", "sphinx_gallery")

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
nitpicky = False

html_theme = "furo"
html_title = f"UGRN Explorer {version}"
html_logo = "../assets/logo.svg"
html_favicon = "../assets/mark.svg"
html_copy_source = False

FROM_ELSEWHERE = re.compile(r"<script[^>]*\ssrc=\"https?://[^>]*></script>")


def setup(app: Any) -> None:
    app.connect("html-page-context", _stay_here)
    app.connect("build-finished", _bring_plotly)


def _stay_here(app: Any, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """plotly's figures name two scripts of other machines; before the first figure stands one of the site itself."""
    body = context.get("body", "")
    if FROM_ELSEWHERE.search(body):
        ours = f'<script src="{context["pathto"]("_static/plotly.min.js", resource=True)}"></script>'
        context["body"] = FROM_ELSEWHERE.sub("", FROM_ELSEWHERE.sub(ours, body, count=1))


def _bring_plotly(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        shutil.copy(script, Path(app.outdir) / "_static" / "plotly.min.js")
