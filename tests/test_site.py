"""The documentation: notebooks run as they stand, and the site has no broken link and asks no other machine."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import jupytext
import plotly.graph_objects as go
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.md"))
ELSEWHERE = re.compile(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=\"(?:https?:)?//[^\"]*\"")


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = jupytext.read(file)
    code = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    (tmp_path / "notebook.py").write_text(code, "utf-8")
    monkeypatch.setenv("UGRN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UGRN_DEVICE", "cpu")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("notebook.py")
    assert not (tmp_path / "cache").exists(), "nothing is kept unless it is asked for"


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """The site without its notebooks run, every warning an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-D", "nb_execution_mode=off"]
    return subprocess.run([*command, str(source), str(out)], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs", out)
    assert done.returncode == 0, done.stderr
    return out


def test_the_site_shows_the_library_and_every_page(site: Path) -> None:
    import ugrn_core as ugrn

    text = (site / "library.html").read_text("utf-8")
    for name in ugrn.__all__:
        if callable(getattr(ugrn, name)):
            assert f'id="ugrn_core.{name}"' in text, name
    for name in ("tl.network", "get.edges", "get.held_out", "pl.curves", "pl.network"):
        assert f".{name}" in text, name
    pages = {file.relative_to(ROOT / "docs").with_suffix(".html") for file in (ROOT / "docs").rglob("*.md")}
    assert not [page for page in pages if not (site / page).is_file()]


def test_the_site_asks_no_other_machine(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert not ELSEWHERE.search(page.read_text("utf-8")), page
    assert (site / "_static" / "plotly.min.js").is_file()


def test_a_figure_finds_its_script_on_the_site() -> None:
    conf = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    shown = go.Figure(go.Scatter(y=[1, 2])).to_html(full_html=False, include_plotlyjs="cdn", include_mathjax="cdn")
    context = {"body": f"<p>{shown}{shown}</p>", "pathto": lambda file, resource: f"../{file}"}
    conf["_stay_here"](None, "page", "page.html", context, None)
    assert not ELSEWHERE.search(context["body"])
    assert context["body"].count('<script src="../_static/plotly.min.js"></script>') == 1
    assert context["body"].index("plotly.min.js") < context["body"].index("Plotly.newPlot")
    assert context["body"].count("Plotly.newPlot") == 2


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for target in re.findall(r"<a [^>]*href=\"([^\"#?]+)[^\"]*\"", page.read_text("utf-8")):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.name} leads to {target}"


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    text = (ROOT / "docs" / "conf.py").read_text("utf-8").replace('"../assets/', f'"{ROOT.as_posix()}/assets/')
    (source / "conf.py").write_text(text)
    (source / "index.md").write_text("# A page\n\n[one](nowhere.md)\n")
    done = build(source, tmp_path / "out")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
