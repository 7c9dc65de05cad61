"""Results of the benchmark: those shipped, and those of the user's own runs in the cache folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from ugrn_core.backbones.registry import BACKBONES, is_available
from ugrn_core.benchmark.contributed import named, read_contributed
from ugrn_core.benchmark.protocols import BALANCED, PROTOCOLS
from ugrn_core.benchmark.results import NONE, read_results
from ugrn_core.benchmark.run_facts import RunFacts, benchmark_command, read_facts, run_facts
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.errors import InputError
from ugrn_core.paths import ASSETS, cache_folder
from ui.benchmark import keys
from ui.shared.errors import plain

SHIPPED = ASSETS / "benchmark"
NUMBERS = {"value", "prior", "edge_overlap", "base"}

SAME = (
    *("table", "backbone", "gene_set", "context", "background", "base", "grid", "max_pos", "max_sources", "test_sets"),
    *("reverse_features", "translator"),
)
"""Facts in which runs that differ in their draw of pairs agree."""


@dataclass(frozen=True)
class Results:
    """One run: its file and what it is of; ``token`` tells it apart in caches."""

    file: Path
    token: str
    facts: RunFacts
    held: pd.DataFrame | None = None
    """Its frame where that is not what lies in the file."""
    by: str = ""
    """Who contributed it; empty for shipped runs and the user's own."""

    @property
    def frame(self) -> pd.DataFrame:
        """Its rows (words as categories); a page that lists fifty runs reads the frames of those it shows."""
        return _frame(str(self.file), self.token) if self.held is None else self.held

    @property
    def shipped(self) -> bool:
        return self.file.parent == SHIPPED

    @property
    def label(self) -> str:
        """What tells it from other runs of the same table, model and sampler."""
        return f"{self.facts.label}{f', contributed by {self.by}' if self.by else ''}"

    def alike(self, other: Results) -> bool:
        """Whether another run is by the same and of the same, whatever way its pairs were drawn."""
        return self.by == other.by and all(getattr(self.facts, f) == getattr(other.facts, f) for f in SAME)

    @property
    def stem(self) -> str:
        """Name of the run: that of its file without the ending."""
        return self.file.name.removesuffix(".gz").removesuffix(".csv")

    @property
    def key(self) -> str:
        """Name of the run in the address: its stem, behind the folder of a contributed one."""
        return f"{self.file.parent.name}/{self.stem}" if self.by else self.stem

    @property
    def out(self) -> str:
        """Name of the file a new run of this kind goes to."""
        return self.file.name if self.shipped else str(self.file)

    @property
    def out_for_page(self) -> str:
        """File of a new run that this page finds, in place of this one."""
        return str(own_folder() / self.file.name) if self.shipped else str(self.file)

    @property
    def score_folders(self) -> tuple[Path, ...]:
        """Folders with scores of its single pairs, the user's own first."""
        if self.by:
            return (self.file.parent / "scores" / self.stem,)
        return own_folder() / "scores" / self.stem, SHIPPED / "scores" / self.stem


def own_folder() -> Path:
    """Where the page finds results of the user's own runs."""
    return cache_folder() / "benchmark"


def of_table(table: int) -> list[Results]:
    """Runs of a table, the shipped ones first; a file that cannot be read is said in place."""
    found = []
    shipped = [*SHIPPED.glob(f"*_table_{table}*.csv*"), *(SHIPPED / "peers").glob(f"peers_table_{table}*.csv*")]
    files = [*sorted(shipped), *sorted(own_folder().glob("*.csv*"))]
    for file in (f for f in files if f.name.endswith((".csv", ".csv.gz"))):
        try:
            stamp = file.stat().st_mtime
            facts = _facts(str(file), stamp)
        except InputError as error:
            st.warning(plain(str(error)), icon=":material/error:")
            continue
        if facts.table == table:
            found.append(Results(file, f"{file} {stamp}", facts))
    return found + _contributed(table)


def contributed_folders() -> list[Path]:
    """Folders of runs of others: shipped ones, and those that were put into the cache folder."""
    roots = (SHIPPED / "contributed", own_folder() / "contributed")
    return [f for root in roots if root.is_dir() for f in sorted(root.iterdir()) if f.is_dir()]


def _contributed(table: int) -> list[Results]:
    """Runs of others on a table; a folder that does not hold to its types is said in place."""
    found = []
    for folder in contributed_folders():
        stamp = max((f.stat().st_mtime for f in folder.iterdir()), default=0.0)
        try:
            runs = _read_contributed(str(folder), stamp)
        except InputError as error:
            st.warning(plain(f"{folder.name}: {error}"), icon=":material/error:")
            continue
        found += [r for r in runs if r.facts.table == table]
    return found


@st.cache_resource(max_entries=8, show_spinner="Reading results of others")
def _read_contributed(folder: str, stamp: float) -> list[Results]:
    """``stamp`` changes when a file of the folder does."""
    read = read_contributed(Path(folder))
    return [
        Results(
            Path(folder) / f"{stem}.csv.gz", f"{folder} {stem} {stamp}", read.facts[stem], _as_words(frame), named(read)
        )
        for stem, frame in read.frames.items()
    ]


def models(found: list[Results]) -> list[str]:
    """Models to choose from: those with results, then those of the registry that could have some."""
    ready = [r.facts.backbone for r in found if r.facts.backbone != NONE]
    could = [r.name for r in BACKBONES.values() if r.kind not in ("toy", "circuit")]
    return list(dict.fromkeys([*ready, *could]))


def choose(found: list[Results], table: int, model: str, sampler: str) -> Results | None:
    """The run that is asked for, by a select box where several differ in more; where there is none, how to get one."""
    fitting = {r.label: r for r in found if r.facts.backbone == model and r.facts.sampler == sampler}
    if not fitting:
        _how_to_get(table, model, sampler, others=any(r.facts.backbone == model for r in found))
        return None
    runs = {r.key: r for r in fitting.values()}
    st.session_state[keys.FIRST_RUN] = next(iter(runs))
    if st.session_state.get(keys.RUN) not in runs:
        st.session_state[keys.RUN] = st.session_state[keys.FIRST_RUN]
    if len(runs) > 1:
        st.selectbox(
            "Run", list(runs), key=keys.RUN, persist_state="session", format_func=lambda stem: runs[stem].label
        )
    return runs[st.session_state[keys.RUN]]


def _how_to_get(table: int, model: str, sampler: str, others: bool) -> None:
    """Say that a run is missing and which lines make it."""
    if SAMPLERS[sampler].draw is None and PROTOCOLS[table].neg_ratios != BALANCED:
        st.info(
            f"Negatives that are {plain(SAMPLERS[sampler].title)} are as many as the positives, and Table {table} has "
            "more of them: there is nothing to show. Choose other negatives.",
            icon=":material/block:",
        )
        return
    weights = model in BACKBONES and BACKBONES[model].kind == "fetchable" and not is_available(BACKBONES[model])
    of = f" with negatives drawn by {sampler}" if others else ""
    needs = "the weights of the model and the networks of BEELINE" if weights else "the networks of BEELINE"
    st.info(
        f"There are no results of Table {table} with {plain(model)}{plain(of)}. A run needs {needs}; these lines "
        "fetch what is not here and put the results where this page finds them. It may run on another machine: "
        "then copy the file.",
        icon=":material/terminal:",
    )
    kind = "" if sampler == "per_tf" else f"_{sampler}"
    facts = RunFacts(
        table, model, ("random", "trained"), sampler, "TFs+500", "pair", "fixed", None, "", 2000, 0, 3, (1,), (), ()
    )
    lines = [
        *([f"ugrn fetch {model}"] if weights else []),
        "ugrn fetch beeline",
        benchmark_command(facts, str(own_folder() / f"{model}_table_{table}{kind}.csv.gz")),
    ]
    st.code("\n".join(lines), language="bash", wrap_lines=True)


@st.cache_resource(max_entries=1024, show_spinner="Reading what there is of results")
def _facts(file: str, stamp: float) -> RunFacts:
    """``stamp`` changes when the file does. Of shipped files, which the tests read whole, a part is enough."""
    return read_facts(Path(file)) if Path(file).is_relative_to(SHIPPED) else run_facts(read_results(Path(file)))


@st.cache_resource(max_entries=24, show_spinner="Reading results")
def _frame(file: str, token: str) -> pd.DataFrame:
    """``token`` changes when the file does."""
    return _as_words(read_results(Path(file)))


def _as_words(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its words as categories."""
    words = [c for c in frame.columns if c not in NUMBERS and not pd.api.types.is_numeric_dtype(frame[c])]
    return frame.astype(dict.fromkeys(words, "category"))
