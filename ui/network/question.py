"""What the form of the network page asks for: one network, or two that differ in one thing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import streamlit as st

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.registry import DEFAULT_BACKBONE
from ugrn_core.data.column import MAX_LEVELS
from ugrn_core.errors import InputError
from ugrn_core.genes.gene_list import parse_gene_list
from ugrn_core.network import own_cells
from ugrn_core.network.question import (
    FULL,
    PAIR,
    NetworkQuestion,
    NetworkRequest,
    ask,
    check_request,
    has_probabilities,
)
from ugrn_core.translators.translator import Translator
from ui.network import genes as network_genes
from ui.network import keys
from ui.network import recipe as network_recipe
from ui.shared import contexts, models
from ui.shared import keys as shared_keys
from ui.shared import translator as network_translator
from ui.shared.contexts import ContextChoice
from ui.shared.errors import NotYet
from ui.shared.translator import LoadedTranslator

ONE, TWO = "one", "two"
MODES = (ONE, TWO)
FACTORS, CHOSEN = "factors", "chosen"
GROUPS, TRANSLATORS, MODELS = "groups", "translators", "models"
AGAINST = {GROUPS: "Two groups of cells", TRANSLATORS: "Two translators", MODELS: "Two models"}
SOURCES_FILE = "sources.txt"


@dataclass(frozen=True)
class AskedNetwork:
    """A network to predict. ``words`` is what ``ugrn network`` is called with for its genes, sources and cell."""

    name: str
    backbone: Backbone = field(repr=False)
    kept: LoadedTranslator = field(repr=False)
    question: NetworkQuestion = field(repr=False)
    genes: ContextChoice
    notes: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def request(self) -> NetworkRequest:
        return self.question.request

    @property
    def translator(self) -> Translator:
        return self.kept.translator

    @property
    def of_cells(self) -> bool:
        """Whether its genes are those of cells."""
        return self.words[0] == "--h5ad"

    @property
    def has_probabilities(self) -> bool:
        """Whether its edges have more than ranks."""
        return has_probabilities(self.request, self.translator)

    @property
    def key(self) -> Hashable:
        """Everything the scores depend on; the request comes last."""
        return ("network", self.backbone.fingerprint, self.kept.digest, self.request)


def mode() -> str:
    """Which of :data:`MODES`."""
    return st.session_state.get(keys.MODE) or ONE


def against() -> str:
    """In what two networks differ."""
    return st.session_state.get(keys.AGAINST) or GROUPS


def cell_key(origin: str | None = None) -> str:
    """Session key of the virtual cell; lists and cells have one each."""
    return f"net cell of {origin or network_genes.origin()}"


def cell() -> str:
    """Which virtual cell is chosen; groups of cells differ in nothing but their means."""
    if mode() == TWO and against() == GROUPS:
        return FULL
    return st.session_state.get(cell_key()) or cell_default()


def cell_default() -> str:
    """Two genes alone, or for cells what does best."""
    of_cells = network_genes.origin() == network_genes.CELLS
    return own_cells.default_cell(st.session_state.get(shared_keys.MODEL) or DEFAULT_BACKBONE) if of_cells else PAIR


def other_model(backbone: Backbone) -> str:
    """Name of the second model."""
    names = [name for name in models.available() if name != backbone.card.name]
    chosen = st.session_state.get(keys.MODEL_B)
    return chosen if chosen in names else names[0]


def read(backbone: Backbone) -> tuple[AskedNetwork, ...]:
    """The network or the two networks by the controls; an error for the user says what is missing."""
    if mode() == ONE:
        return (_one(backbone),)
    kept = network_translator.chosen(backbone, keys.TRANSLATOR)
    if against() == GROUPS:
        return _two_groups(backbone, kept)
    genes = network_genes.read(backbone)
    if against() == TRANSLATORS:
        second = network_translator.chosen(backbone, "net translator b")
        if second.digest == kept.digest:
            raise NotYet("There is only one translator for this model: train another one on the Translators page.")
        return tuple(_question_of(k.translator.card.name, backbone, k, genes) for k in (kept, second))
    other = models.load(other_model(backbone))
    theirs = network_translator.chosen(other, "net translator of the other")
    return (
        _question_of(backbone.card.name, backbone, kept, genes),
        _question_of(other.card.name, other, theirs, network_genes.read(other)),
    )


def _one(backbone: Backbone) -> AskedNetwork:
    words = ("--recipe", network_recipe.RECIPE_FILE)
    if network_genes.origin() == network_genes.RECIPE:
        recipe, kept, genes, notes = network_recipe.read(backbone)
        return AskedNetwork("the recipe", backbone, kept, recipe, genes, notes, words)
    kept = network_translator.chosen(backbone, keys.TRANSLATOR)
    request: NetworkRequest | None = st.session_state.get(keys.KEPT)
    if request is None or not network_genes.nothing_given():
        genes = network_genes.read(backbone)
        return _question_of(next(iter(genes.contexts)), backbone, kept, genes)
    genes = network_genes.of_job(request, backbone)
    assert genes.report is not None
    names = [record.name for record in genes.report.records]
    notes = check_request(request, kept.translator, backbone)
    return AskedNetwork("the job", backbone, kept, NetworkQuestion.of(request, names), genes, notes, words)


def _two_groups(backbone: Backbone, kept: LoadedTranslator) -> tuple[AskedNetwork, ...]:
    found = [network_genes.read(backbone, key) for key in ("net level", "net level b")]
    names = [network_genes.group_name(key) for key in ("net level", "net level b")]
    if contexts.ALL_CELLS in names:
        raise InputError(f"These cells have no groups: a column with 2 to {MAX_LEVELS} levels is needed.")
    if names[0] == names[1]:
        raise NotYet(f"Choose two different groups: both are {names[0]}.")
    return tuple(_question_of(name, backbone, kept, genes) for name, genes in zip(names, found, strict=True))


def _question_of(name: str, backbone: Backbone, kept: LoadedTranslator, genes: ContextChoice) -> AskedNetwork:
    assert genes.report is not None
    question, notes = ask(
        backbone, kept.translator, genes.main, genes.report, cell(), _sources(), species=network_genes.species()
    )
    notes = (*notes, *check_request(question.request, kept.translator, backbone))
    return AskedNetwork(name, backbone, kept, question, genes, notes, _words(genes))


def _sources() -> tuple[str, ...] | None:
    """Names of the sources by the controls; None for the factors among the genes."""
    if st.session_state.get(keys.SOURCES_FROM) != CHOSEN:
        return None
    names = parse_gene_list(st.session_state.get(keys.SOURCES) or "")
    if not names:
        raise NotYet("There are no sources yet: name them above, or take the factors among the genes.")
    return tuple(names)


def _words(genes: ContextChoice) -> tuple[str, ...]:
    given = ("--genes", genes.file, *genes.options)
    if network_genes.origin() == network_genes.CELLS:
        given = ("--h5ad", genes.file, *genes.group_words, *genes.options)
    sources = ("--sources", SOURCES_FILE) if st.session_state.get(keys.SOURCES_FROM) == CHOSEN else ()
    return (*given, *sources, "--context", cell())
