"""Write what README and docs say of the benchmark, from the shipped frames: ``python -m tests.results_text``."""

from __future__ import annotations

import textwrap
from functools import cache

import pandas as pd

from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.benchmark.prevalence import read_prevalence
from ugrn_core.benchmark.results import read_results
from ugrn_core.figures.benchmark_findings import FULLEST, corpus_findings, first_findings, shipped_frames
from ugrn_core.figures.benchmark_means import Means, summary, wrapped
from ugrn_core.figures.benchmark_pages import (
    END,
    START,
    peers_section,
    prevalence_section,
    readme_section,
    results_page,
)
from ugrn_core.figures.benchmark_protocols import BothDraws, protocols_section
from ugrn_core.network.example import read_example
from ugrn_core.paths import ASSETS, ROOT
from ugrn_core.translators.library import load_translator

FOLDER = ASSETS / "benchmark"
MODELS = ("ugrn-mini", "ugrn-mini-log1p")
"""Models that every table was run with."""
ALL_MODELS = ("ugrn-mini-3", "ugrn-mini-2", "ugrn-mini-log1p-2", "ugrn-mini-2-reconstructed", *MODELS)
RUNS = {
    "Table 1": "1",
    "Table 1, by TF status": "1_tf_matched",
    "Table 1, by degree": "1_degree_matched",
    "Table 1, uniform": "1_uniform",
    **{f"Table {n}": str(n) for n in range(2, 6)},
    **{f"Table {n}, linear": f"{n}_logistic" for n in range(1, 6)},
    **{f"Table {n}, exchanged": f"{n}_exchanged" for n in range(1, 6)},
    "cut, two genes": "1_pair_cut",
    "cut, all genes": "1_full_cut",
    "cut, two genes, linear": "1_pair_cut_logistic",
    "cut, all genes, linear": "1_full_cut_logistic",
    "100 sources, two genes": "1_pair_100",
    "100 sources, all genes": "1_full_100",
    "100 sources, two genes, linear": "1_pair_100_logistic",
    "100 sources, all genes, linear": "1_full_100_logistic",
}
"""Runs of the page, with what their files are called."""
EXAMPLE = "<!-- example: make results -->", "<!-- end of example -->"
README, PAGE = ROOT / "README.md", ROOT / "docs" / "benchmark-results.md"


def runs_of(model: str) -> list[str]:
    """Runs that are shipped of a model."""
    return [run for run, n in RUNS.items() if (FOLDER / f"{model}_table_{n}.csv.gz").exists()]


@cache
def results(model: str, name: str) -> pd.DataFrame:
    return read_results(FOLDER / f"{model}_table_{name}.csv.gz")


def section() -> str:
    """The README's, of every model with a frame of Table 1, the default first."""
    with_one = [m for m in ALL_MODELS if "Table 1" in runs_of(m)]
    ordered = sorted(with_one, key=lambda m: m != DEFAULT_BACKBONE)
    samplers = {s: results(DEFAULT_BACKBONE, f"1_{s}") for s in ("uniform", "degree_matched", "tf_matched")}
    drawn = {"per_tf": results(DEFAULT_BACKBONE, "1")} | samplers
    ours = results(DEFAULT_BACKBONE, "1_exchanged")
    return readme_section({m: results(m, "1") for m in ordered}, drawn, DEFAULT_BACKBONE, ours)


def example() -> str:
    """What the README says of the best edges of the Start page's network, between its marks."""
    found = read_example()
    times = (1 - found.expected_wrong / found.best) / load_translator(found.translator).card.prevalence
    said = (
        f"of the {found.best} best of the Start page's network about {found.expected_wrong} are expected to be wrong, "
        f"and they are still {times:.0f} times as likely as any pair."
    )
    return f"{EXAMPLE[0]}\n{textwrap.fill(said, 118, initial_indent='  ', subsequent_indent='  ')}{EXAMPLE[1]}"


@cache
def summary_of(model: str, run: str, subset: str) -> Means:
    return summary(results(model, RUNS[run]), int(RUNS[run][0]), subset)


@cache
def findings() -> dict[str, str]:
    """Words on all tables, by the file that the Benchmark page reads."""
    first = first_findings(summary_of, [(model, run) for model in MODELS for run in runs_of(model)])
    told = {"corpus_findings.md": corpus_findings(shipped_frames()), "findings.md": first}
    return {name: wrapped(text) + "\n" for name, text in told.items()}


def page() -> str:
    """The page of the docs."""
    runs = [(model, run) for model in ALL_MODELS for run in runs_of(model)]
    sections = {
        "Samples without the leak": protocols_section(draws(FULLEST), FULLEST),
        "Methods of others": peers_section(BothDraws(*(results("peers/peers", n) for n in ("1", "1_exchanged")))),
        "At the real share of edges": prevalence_section(
            FULLEST, *read_prevalence(FOLDER / "prevalence" / f"{FULLEST}.csv.gz")
        ),
    }
    words = [text.strip() for text in findings().values()]
    return results_page(words, sections, runs, summary_of)


def draws(model: str) -> dict[int, BothDraws]:
    """Frames of a model under both draws of pairs, of every table that has both."""
    both = {n: (f"Table {n}", f"Table {n}, exchanged") for n in range(1, 6)}
    there = {n: runs for n, runs in both.items() if set(runs) <= set(runs_of(model))}
    return {n: BothDraws(*(results(model, RUNS[run]) for run in runs)) for n, runs in there.items()}


def main() -> None:
    for name, text in findings().items():
        (FOLDER / name).write_text(text, "utf-8")
    text = README.read_text("utf-8")
    before, rest = text.split(START)
    text = before + section() + rest.split(END)[1]
    before, rest = text.split(EXAMPLE[0])
    README.write_text(before + example() + rest.split(EXAMPLE[1])[1], "utf-8")
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
