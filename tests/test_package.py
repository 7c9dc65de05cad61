"""The wheel, installed outside the checkout: commands, the app with its assets, cache in the user's folder."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

from ugrn_core import __version__, paths
from ugrn_core.cli import app, open_app
from ugrn_core.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SITE = Path(torch.__file__).parent.parent
STARTING = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin`` of a fresh environment with the wheel; what it depends on is borrowed from this one."""
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(folder, symlinks=os.name == "posix")
    command = [sys.executable, "-m", "pip", "--python", str(folder), "install", "--quiet", "--no-deps", "--no-index"]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(f"{SITE}\n")
    return folder / "bin"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def environment(home: Path) -> dict[str, str]:
    ours = ("UGRN_", "PYTHON", "XDG_", "STREAMLIT_", "VIRTUAL_ENV")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {"HOME": str(home), "UGRN_DEVICE": "cpu"}


def run(installed: Path, home: Path, *words: str) -> str:
    done = subprocess.run(
        [str(installed / words[0]), *words[1:]], cwd=home, env=environment(home), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_app_below_the_package_and_nothing_beside_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert {name.split("/")[0] for name in names} == {"ugrn_core", f"ugrn_explorer-{__version__}.dist-info"}
    app = {name.removeprefix("ugrn_core/_app/") for name in names if name.startswith("ugrn_core/_app/")}
    there = {
        str(path.relative_to(ROOT))
        for room in ("pages", "ui", "assets")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert app == there | {"app.py", ".streamlit/config.toml"}
    assert "ugrn_core/py.typed" in names


def test_an_installed_ugrn_answers_and_keeps_results_in_the_users_folder(installed: Path, home: Path) -> None:
    assert run(installed, home, "ugrn", "--version") == f"ugrn {__version__}\n"
    lines = run(installed, home, "ugrn", "pair", "GATA1", "KLF1").splitlines()
    assert lines[0] == "direction,source,target,virtual_value,response,slope,unit,company"
    assert {line.split(",")[1] for line in lines[1:]} == {"GATA1", "KLF1"}
    code = "from ugrn_core import paths; print(paths.__file__, paths.APP, paths.cache_folder(), sep='\\n')"
    module, app, cache = map(Path, run(installed, home, "python", "-P", "-c", code).split())
    assert module.is_relative_to(installed.parent)
    assert app == module.parent / "_app"
    assert cache.is_relative_to(home)
    assert any(cache.iterdir())
    assert not list(app.parent.parent.glob("cache"))


def test_an_installed_app_opens_outside_the_checkout(installed: Path, home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / "ui").mkdir()  # what lies where one stands is not the app's
    (home / "ui" / "__init__.py").write_text("raise RuntimeError('another ui')\n")
    command = [str(installed / "ugrn"), "app", "--headless", "--port", str(port)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, env=environment(home), stdout=log, stderr=log)
        try:
            assert "".join(health(f"http://127.0.0.1:{port}/_stcore/health", server)) == "ok", (
                home / "log"
            ).read_text()
        finally:
            server.terminate()
            server.wait(30)


def health(address: str, server: subprocess.Popen[bytes]) -> Iterator[str]:
    """What the address answers, once it does; nothing where the server ends or takes too long."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                yield answer.read().decode()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


def test_an_installed_page_is_drawn_with_its_assets(installed: Path, home: Path) -> None:
    code = (
        "from streamlit.testing.v1 import AppTest; from ugrn_core.paths import APP; import sys; "
        "sys.path.insert(0, str(APP)); at = AppTest.from_file(str(APP / 'app.py'), default_timeout=120).run(); "
        "import ui; print(at.exception, at.title[0].value, ui.__file__, sep='\\n')"
    )
    exceptions, title, ui = run(installed, home, "python", "-P", "-c", code).splitlines()
    assert exceptions == "ElementList()"
    assert title
    assert Path(ui).is_relative_to(installed.parent)


def test_a_checkout_keeps_its_results_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UGRN_CACHE_DIR", raising=False)
    assert paths.cache_folder() == ROOT / "cache"
    assert paths.APP == ROOT


def ranges() -> dict[str, Requirement]:
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras.values() for line in extra)]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^\s#]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


def test_every_range_lets_the_tested_version_in() -> None:
    tested = pins("constraints.txt")
    outside = {name: tested.get(name) for name, wanted in ranges().items() if tested.get(name) not in wanted.specifier}
    assert not outside


def test_the_pinned_set_is_what_the_package_asks_for() -> None:
    """But for the documentation and the methods of others, which the tests alone need."""
    extras = PROJECT["optional-dependencies"]
    beside = {Requirement(line).name for line in (*extras["docs"], extras["peers"][0])}
    assert set(pins("requirements.txt")) == set(ranges()) - {canonicalize_name(name) for name in beside}
    assert pins("requirements.txt").items() <= pins("constraints.txt").items()


def test_every_package_that_is_imported_is_asked_for() -> None:
    known = {"sklearn": "scikit-learn", "dask": "distributed", "starlette": "streamlit", "yaml": "pyyaml"}
    optional = {"triton", "scgpt", "regdiffusion", "streamlit", "distributed", "dask", "starlette", "kaleido"}
    optional |= {"choreographer"}  # comes with kaleido
    asked = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    found: set[str] = set()
    for path in sorted((ROOT / "ugrn_core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    foreign = found - set(sys.stdlib_module_names) - {"ugrn_core"} - optional
    assert {canonicalize_name(known.get(name, name)) for name in foreign} <= asked


def make(*words: str, **variables: str) -> str:
    """What ``make`` would do, without doing it."""
    command = ["make", "--dry-run", "--always-make", *words, *(f"{k}={v}" for k, v in variables.items())]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_light_leaves_the_official_scgpt_out() -> None:
    whole, light = make("run"), make("run", LIGHT="1")
    assert "install -r requirements.txt" in whole
    assert "requirements.txt" not in [w for line in light.splitlines() if " install " in line for w in line.split()]
    assert "-c constraints.txt --editable '.[app,cluster]'" in light
    assert "streamlit run app.py" in light


def test_the_app_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(open_app, "APP", tmp_path)
    with pytest.raises(InputError, match=r"app\.py is missing"):
        open_app.app_command(8501, [])
    monkeypatch.setattr(open_app.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"pip install 'ugrn-explorer\[app\]'"):
        open_app.app_command(8501, [])


def test_options_of_streamlit_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(open_app.os, "execv", lambda _, words: started.append(words))
    words = ["app", "--port", "8600", "--behind-proxy", "--server.allowedHosts", "cells.example.org"]
    CliRunner().invoke(app, words)
    assert started[0][started[0].index("--server.port") :] == [
        *("--server.port", "8600", "--server.allowedHosts", "cells.example.org", "--", "--behind-proxy")
    ]
    assert open_app.app_command(1, [], headless=True)[-2:] == ["--server.headless", "true"]
