"""What a translator is to be trained on and how: BEELINE networks or edges of one's own, by controls."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import GENE_SETS, NETWORK_FOLDERS, ROWS, SPECIES, Row
from ugrn_core.benchmark.sampling import SAMPLERS
from ugrn_core.genes.text_file import read_text
from ugrn_core.translation.edge_list import OwnEdges, parse_edges
from ugrn_core.translation.training_set import (
    TrainingSet,
    TrainRequest,
    beeline_training_set,
    judged_rows,
    own_training_set,
)
from ugrn_core.translators.kinds import KINDS, PAPER
from ugrn_core.translators.library import check_place
from ugrn_core.translators.schema import PARTS, ContextName
from ui.server.session import library
from ui.shared import columns
from ui.shared.beeline import SAMPLERS_EXPLAINED, network_table, networks_are_here, networks_of, sampler_title
from ui.shared.errors import NotYet
from ui.shared.gene_report import gene_report
from ui.translators import keys

BEELINE, OWN_EDGES = "BEELINE networks", "My own edges"
EXAMPLE = "GATA1,KLF1\nGATA1,TAL1\nKLF1,HBB\nTAL1,GATA1\nSPI1,CSF1R\nSPI1,CEBPA\nCEBPA,SPI1\nTP53,MDM2\nTP53,CDKN1A"
DEFAULTS = {
    "train source": BEELINE, "train networks": ["STRING"], "train sets": ["hESC"], "train gene set": "TFs+500",
    "train method": "Ens", "train context": "pair", "train sampler": "per_tf", "train ratio": 1,
    "train max": 2000, "train kind": PAPER, "train epochs": 50, "train seeds": 3, "train name": "mine",
}  # fmt: skip


@dataclass(frozen=True)
class TrainingQuestion:
    """A training: what and how, its pairs, a key that tells it apart, and its words of the command line."""

    request: TrainRequest
    material: TrainingSet
    key: Hashable
    words: tuple[str, ...]


Maker = Callable[[TrainRequest], TrainingQuestion]


def ask(backbone: Backbone) -> TrainingQuestion | None:
    """The training that the controls ask for; None, with the reason in place, while there is none."""
    for name, value in DEFAULTS.items():
        st.session_state.setdefault(name, value)
    st.segmented_control("Train on", [BEELINE, OWN_EDGES], key=keys.SOURCE, required=True, persist_state="session")
    own = st.session_state[keys.SOURCE] == OWN_EDGES
    made = _own_controls(backbone) if own else _beeline_controls(backbone)
    request = _how()
    return None if made is None else made(request)


def _beeline_controls(backbone: Backbone) -> Maker | None:
    """Networks and data sets; returns how to make material of them, or None where BEELINE is not here."""
    left, right, third = st.columns([4, 4, 2])
    networks = left.multiselect("Networks", list(NETWORK_FOLDERS), key=keys.NETWORKS, persist_state="session")
    sets = right.multiselect("Data sets", list(SPECIES), key=keys.SETS, persist_state="session")
    gene_set = third.selectbox("Genes of each set", list(GENE_SETS), key=keys.GENE_SET, persist_state="session")
    if not networks_are_here(gene_set, "translators can then be trained on them. Your own edges need no download."):
        return None
    rows = tuple(r for r in ROWS if r.network in networks and r.data_set in sets)
    if not rows:
        raise NotYet("Choose at least one network and one data set that has it (LOF/GOF exists for mESC only).")
    judged = judged_rows(rows)
    inside = "each left out of the training in turn" if set(judged) <= set(rows) else "none of them trained on"
    st.caption(
        f"Judged and calibrated on {len(judged)} {'network' if len(judged) == 1 else 'networks'} of "
        f"{len({r.data_set for r in judged})} data sets, {inside}."
    )
    used = tuple(r for r in ROWS if r in {*rows, *judged})
    with st.expander(f"What {backbone.card.name} knows of these {len(used)} networks"):
        network_table(used, gene_set, backbone.vocabulary, backbone.fingerprint, "train networks")

    words = ("--network", ",".join(networks), "--sets", ",".join(sets), "--gene-set", gene_set)

    def made(request: TrainRequest) -> TrainingQuestion:
        material = _beeline_material(replace(request, name="any"), rows, gene_set, backbone.fingerprint, backbone)
        return TrainingQuestion(request, material, (backbone.fingerprint, request, (rows, gene_set)), words)

    return made


def _own_controls(backbone: Backbone) -> Maker:
    """Edges as text or file, with what became of their genes; returns how to make material of them."""
    text, upload = st.columns([3, 2])
    text.text_area(
        "Edges: source,target or source,target,label, one a line",
        key=keys.EDGES,
        persist_state="session",
        height=140,
        placeholder="source,target,label\nGATA1,KLF1,1\nGATA1,MYOD1,0",
        help="Without labels all are positives, and negatives are drawn by the sampler below.",
    )
    file = upload.file_uploader("or a CSV file", type=["csv", "txt", "tsv"], max_upload_size=5, key=keys.EDGE_FILE)
    upload.button("Fill in nine edges to try", on_click=_fill_example, icon=":material/grain:")
    given = read_text(file.getvalue()) if file is not None else st.session_state.get(keys.EDGES) or ""
    if not given.strip():
        raise NotYet("There are no edges yet: paste some above or upload a file.")
    chosen = columns.pair_boxes(given, "train edge", labelled=True)
    edges = parse_edges(given, backbone.vocabulary, chosen)
    _report(edges)

    words = ("--edges", file.name if file is not None else "edges.csv", *chosen.cli_args())
    key = (given, chosen)
    return lambda request: TrainingQuestion(
        request, own_training_set(request, edges), (backbone.fingerprint, request, key), words
    )


def _report(edges: OwnEdges) -> None:
    n, negatives = len(edges.network.edges), len(edges.negatives)
    drawn = f"{negatives:,} negatives" if negatives else "negatives are drawn by the sampler"
    st.caption(f"{n:,} positives, {drawn}; {len(edges.network.genes):,} genes, {len(edges.network.tfs):,} sources.")
    gene_report(edges.report, edges.notes, "edge-gene-report")


def _how() -> TrainRequest:
    """Method, sampler and sizes by controls."""
    a, b, c, d = st.columns(4)
    method = a.selectbox("Method", list(PARTS), key=keys.METHOD, persist_state="session",
                         help="What of the curves it reads. Ens: one network on VVP, one on GDT.")  # fmt: skip
    context = b.selectbox(
        "Virtual cell",
        ["pair", "full"],
        key=keys.CONTEXT,
        persist_state="session",
        format_func={"pair": "Two genes alone", "full": "All genes of the set"}.__getitem__,
    )
    sampler = c.selectbox(
        "Negatives", list(SAMPLERS), key=keys.SAMPLER, persist_state="session",
        format_func=sampler_title, help=SAMPLERS_EXPLAINED,
    )  # fmt: skip
    ratio = d.number_input("Negatives to a positive", 1, 20, key=keys.RATIO, persist_state="session")
    e, k, f, g, h = st.columns(5)
    most = e.number_input("Most positives a network (0: all)", 0, 1_000_000, key=keys.MAX, persist_state="session",
                          step=500)  # fmt: skip
    kind = KINDS[
        k.selectbox(
            "Translator", list(KINDS), key=keys.KIND, persist_state="session",
            help="; ".join(f"{kind.name}: {kind.label}" for kind in KINDS.values()) + ".",
        )
    ]  # fmt: skip
    given = f.number_input(
        "Epochs", 1, 1000, key=keys.EPOCHS, persist_state="session", disabled=kind.epochs is None
    )  # fmt: skip
    seeds = g.number_input("Seeds", 1, 20, key=keys.SEEDS, persist_state="session")
    name = h.text_input("Name", key=keys.NAME, persist_state="session", max_chars=64).strip()
    check_place(name, library())
    whole: ContextName = "full" if context == "full" else "pair"
    epochs = None if kind.epochs is None else int(given)
    how = (int(ratio), int(most) or None, epochs, int(seeds))
    return TrainRequest(name, method, whole, sampler, *how, kind=kind.name)


@st.cache_resource(max_entries=8, show_spinner="Drawing pairs")
def _beeline_material(
    request: TrainRequest, rows: tuple[Row, ...], gene_set: str, fingerprint: str, _backbone: Backbone
) -> TrainingSet:
    """``fingerprint`` stands for the vocabulary in the key of the cache."""
    needed = tuple(dict.fromkeys([*rows, *judged_rows(rows)]))
    return beeline_training_set(request, rows, networks_of(needed, gene_set, fingerprint, _backbone.vocabulary))


def _fill_example() -> None:
    st.session_state[keys.EDGES] = EXAMPLE
