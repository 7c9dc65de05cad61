"""The card of a gene: names, ids, and what the chosen cells say of it."""

from __future__ import annotations

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.genes.about import gene_facts
from ugrn_core.genes.file_names import in_file
from ugrn_core.genes.resolve import resolve
from ui.gene.state import GeneQuestion
from ui.shared import cells
from ui.shared.errors import plain


def show(asked: GeneQuestion, backbone: Backbone) -> None:
    """One line on the gene, and one on the virtual cell where it is not the pair alone."""
    gene = asked.request.gene
    facts = gene_facts(gene)
    called = in_file(asked.request.context.names, (gene,))[0]
    human = "" if called == gene else f" ({plain(gene)} in human)"
    said = [f"**{plain(called)}**{human}", "transcription factor" if facts.factor else "no transcription factor"]
    if facts.names:
        said.append(f"also {plain(', '.join(facts.names[:4]))}")
    if facts.mouse and called == gene:
        said.append(f"mouse {plain(', '.join(facts.mouse[:2]))}")
    if facts.ensembl:
        said.append(plain(", ".join(facts.ensembl[:1])))
    shares = detection(backbone)
    chosen = cells.current()
    if shares is not None and chosen is not None:
        share = shares.get(gene)
        where = plain(chosen.data.label)
        said.append(f"not in {where}" if share is None else f"in {share:.1%} of the cells of {where}")
    st.markdown(" · ".join(said))
    for note in asked.notes:
        st.caption(plain(note))


def detection(backbone: Backbone) -> dict[str, float] | None:
    """Share of the chosen cells that show each gene of the model; None without cells."""
    chosen = cells.current()
    return None if chosen is None else _detection(chosen.token, backbone.fingerprint, chosen, backbone)


@st.cache_resource(max_entries=8, show_spinner="Looking up the genes of the cells")
def _detection(token: str, fingerprint: str, _chosen: cells.Cells, _backbone: Backbone) -> dict[str, float]:
    """``token`` and ``fingerprint`` stand for the data and the model in the key of the cache."""
    data = _chosen.data
    report = resolve(data.genes, _backbone.vocabulary, "mouse" if data.species == "mouse" else None)
    shares: dict[str, float] = {}
    for record, share in zip(report.records, data.whole.detection, strict=True):
        if record.symbol is not None:
            shares[record.symbol] = max(float(share), shares.get(record.symbol, 0.0))
    return shares
