"""The documentation says what is there: commands, options, files, variables and pins, held against the project."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from ugrn_core.backbones.registry import BACKBONES, PINNED, load_backbone
from ugrn_core.cli import app

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "cli.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\b(UGRN_[A-Z_]+|CHROMIUM)\b")
READ = re.compile(r"(?:environ(?:\.get\(|\[)|getenv\()\s*[\"'](UGRN_[A-Z_]+|CHROMIUM)[\"']")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
SUFFIXES = (".md", ".py", ".toml", ".txt", ".cff")

OF_THE_USER = {"hgnc_complete_set.txt", "docs/benchmarks/gpu.json"}
"""Files that the text names and the project does not have."""

MADE_LATER = {"docs/images": "make screenshots", "assets/models": "the embedded models"}
"""Folders that are filled by their own commands; their files are asked for once the folder is there."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def spans(page: Path) -> list[str]:
    """Code in the running text of a page, on one line."""
    return [" ".join(code.split()) for code in SPAN.findall(FENCE.sub("", page.read_text("utf-8")))]


def shell_lines(page: Path) -> list[str]:
    blocks = [body for language, body in FENCE.findall(page.read_text("utf-8")) if language == "bash"]
    return [line for body in blocks for line in body.splitlines() if line.strip()]


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """Words after ``program`` in every command of a page, up to a redirection."""
    for text in [*spans(page), *shell_lines(page)]:
        if text.split()[0] == program:
            words = shlex.split(text, comments=True)[1:]
            yield words[: next((i for i, w in enumerate(words) if w in ("|", ">")), len(words))]


def ugrn_commands() -> dict[str, typer.core.TyperCommand]:
    return typer.main.get_command(app).commands  # pyright: ignore


def options(command: str) -> set[str]:
    """Long options of a command, and of its own commands where it is a group."""
    group = ugrn_commands()[command]
    parts = [group, *getattr(group, "commands", {}).values()]
    return {o for part in parts for parameter in part.params for o in parameter.opts if o.startswith("--")}


def sections() -> dict[tuple[str, ...], str]:
    """Text of each section of the reference, by the commands in its heading."""
    parts = re.split(r"^## ugrn (.*)$", REFERENCE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    known = set(ugrn_commands())
    return {
        tuple(word for word in re.findall(r"[a-z]+", heading) if word in known): text
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    }


SAID = [(name(page), words) for page in PAGES for words in commands(page, "ugrn") if words]


@pytest.mark.parametrize(("page", "words"), SAID, ids=[f"{page}: {' '.join(words)}" for page, words in SAID])
def test_every_ugrn_command_can_be_typed(page: str, words: list[str]) -> None:
    first, *rest = words
    if first.startswith("-"):
        assert any(first in p.opts for p in typer.main.get_command(app).params), f"{page}: ugrn has no {first}"
        return
    assert first in ugrn_commands(), f"{page}: there is no ugrn {first}"
    if rest:  # a bare name in the text speaks of the command and need not be complete
        ugrn_commands()[first].make_context(first, rest)


def test_the_readme_shows_every_command() -> None:
    shown = {words[0] for words in commands(README, "ugrn") if words}
    assert shown >= set(ugrn_commands())


def test_the_search_for_commands_finds_what_is_stale(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Say `ugrn pair A B\n--frobnicate`.\n\n```bash\nugrn pear  # no such thing\nls\n```\n")
    found = list(commands(page, "ugrn"))
    assert found == [["pair", "A", "B", "--frobnicate"], ["pear"]]
    with pytest.raises(Exception, match="frobnicate"):
        ugrn_commands()["pair"].make_context("pair", found[0][1:])


def test_the_reference_covers_every_command_with_exactly_its_options() -> None:
    covered = [command for heading in sections() for command in heading]
    assert sorted(covered) == sorted(ugrn_commands())
    for heading, text in sections().items():
        there = set().union(*(options(command) for command in heading))
        assert set(OPTION.findall(text)) - {"--help"} == there - {"--help"}, heading


def test_the_reference_names_the_keys_and_columns_that_are_written() -> None:
    from ugrn_core.cli.sweep import features_metadata
    from ugrn_core.pair import PairRequest, explore_pair
    from ugrn_core.pair_output import pair_frame, pair_json
    from ugrn_core.types import Context, SweepSettings

    toy = load_backbone("toy-linear", "cpu")
    settings = SweepSettings(1.0, (2.0,), "fixed")
    result = explore_pair(toy, PairRequest("SOX2", "NANOG", Context(), settings), residual=False)
    text = " ".join(REFERENCE.read_text("utf-8").split())
    for keys in (pair_frame(result).columns, pair_json(result)):
        assert f"`{', '.join(keys)}`" in text
    stated = re.search(r"names the axes; each entry is JSON text: ([^.]*)\.", text)
    assert stated
    written = features_metadata(toy.card, toy.fingerprint, Context("genes", ("SOX2",)), ["SOX2"], settings)
    assert sorted(SPAN.findall(stated[1])) == sorted(written)


TARGETS = [(name(page), target) for page in PAGES for target in LINK.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "target"), TARGETS, ids=[f"{page}: {target}" for page, target in TARGETS])
def test_every_link_to_a_file_leads_somewhere(page: str, target: str) -> None:
    if re.match(r"https?://|#", target):
        return
    file = (ROOT / page).parent / target.partition("#")[0]
    for folder, maker in MADE_LATER.items():
        if file.is_relative_to(ROOT / folder) and not file.parent.is_dir():
            pytest.skip(f"{name(file.parent)} is not there yet: {maker}")
    assert file.exists(), f"{page} links to {target}"


MENTIONED = [
    (name(page), code)
    for page in PAGES
    for code in dict.fromkeys(spans(page))
    if PATH.fullmatch(code) and ("/" in code or code.endswith(SUFFIXES))
    if not code.startswith(".venv") and code not in OF_THE_USER
]


@pytest.mark.parametrize(("page", "code"), MENTIONED, ids=[f"{page}: {code}" for page, code in MENTIONED])
def test_every_file_named_in_the_text_is_there(page: str, code: str) -> None:
    assert (ROOT / code).exists() or (ROOT / page).parent.joinpath(code).exists(), f"{page} names {code}"


def test_the_readme_has_every_environment_variable_that_is_read_and_no_other() -> None:
    programs = [f for room in ("ugrn_core", "ui", "pages", "tests") for f in (ROOT / room).rglob("*.py")]
    programs += [f for f in (ROOT / "app.py",) if f.is_file()]
    read = {v for f in programs if f != Path(__file__) for v in READ.findall(f.read_text("utf-8"))}
    assert "UGRN_DEVICE" in read
    assert set(VARIABLE.findall(README.read_text("utf-8"))) == read
    others = {v for page in PAGES for v in VARIABLE.findall(page.read_text("utf-8"))}
    assert others <= read


def test_every_make_target_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {words[0] for page in PAGES for words in commands(page, "make") if words}
    assert {"run", "test", "setup"} <= named
    assert named <= targets


def test_pins_sizes_and_models_of_the_readme_are_those_of_the_project() -> None:
    text = README.read_text("utf-8")
    pins = re.findall(r"\b[a-z]+==[\d.]*\d", text)
    assert pins
    assert set(pins) <= set((ROOT / "requirements.txt").read_text("utf-8").split())
    for record in BACKBONES.values():
        assert f"`{record.name}`" in text
    for checkpoint, pinned in PINNED.items():
        assert f"| `ugrn fetch {checkpoint}`, about {pinned.size / 1e6:.0f} MB |" in text
