"""Words that columns of genes and edges are titled with, the surest first; compared by :func:`title_key`.

Spreadsheets are titled in German, Spanish, French, Italian and Portuguese too.
"""

from __future__ import annotations

import re
import unicodedata

GENE_TITLES = (
    "genesymbol", "genesymbols", "symbol", "symbols", "hgncsymbol", "mgisymbol", "approvedsymbol", "officialgenesymbol",
    "officialsymbol", "externalgenename", "associatedgenename", "genename", "genenames", "geneshortname", "gene",
    "genes", "featurename", "names", "markergene", "marker", "markers", "feature", "features", "humangene",
    "gen", "gens", "genesymbole", "gensymbol", "genname", "nomgene", "gensimbolo",
    "ensemblgeneid", "ensemblid", "ensembl", "genestableid", "geneid", "geneids",
)  # fmt: skip
_ENDS = {"source": ("a", "1"), "target": ("b", "2")}
_STEMS = (
    "preferredname", "officialsymbolinteractor", "officialsymbol", "genesymbol", "hgncsymbol", "symbol", "genename",
    "gene", "name", "entity", "node", "interactor", "protein",
)  # fmt: skip
SOURCE_TITLES = (
    "sourcegenesymbol", "sourcesymbol", "sourcegene", "sourcename", "tfsymbol", "tfgenesymbol", "tfname", "tfgene",
    "regulatorsymbol", "regulatorname", "regulatorygene", "regulatorgene", "source", "tf", "tfs",
    "transcriptionfactor", "regulator", "regulators", "regulon", "from", "fromnode", "sourcenode", "src", "ligand",
    "parent", "upstream", "quelle", "transkriptionsfaktor", "faktor", "origen", "fuente", "factordetranscripcion",
    "facteurdetranscription", "facteur", "regulateur", "regulador", "regolatore", "sorgente", "fattoreditrascrizione",
    "origem", "fatordetranscricao", *(stem + end for stem in _STEMS for end in _ENDS["source"]),
)  # fmt: skip
TARGET_TITLES = (
    "targetgenesymbol", "targetsymbol", "targetgene", "targetgenes", "targetname", "target", "targets", "tg",
    "regulatedgene", "to", "tonode", "targetnode", "receptor", "child", "downstream", "ziel", "zielgen", "zielgene",
    "destino", "diana", "gendiana", "cible", "genecible", "bersaglio", "genebersaglio", "alvo", "genealvo",
    *(stem + end for stem in _STEMS for end in _ENDS["target"]),
)  # fmt: skip
LABEL_TITLES = ("label", "labels", "truth", "groundtruth", "isedge", "class", "edge", "y")
SIGN_TITLES = (
    "sign", "mor", "modeofregulation", "mode", "effect", "regulation", "type", "interaction", "interactiontype",
    "relation", "isstimulation", "isinhibition",
)  # fmt: skip
DIRECTION_TITLES = ("directed", "isdirected", "direction", "type")
SCORE_TITLES = (
    "score", "weight", "weights", "edgeweight", "importance", "combinedscore", "confidence", "probability", "coef",
    "coefmean", "coefabs", "mi", "correlation", "estimate", "likelihood",
)  # fmt: skip
_OTHER_TITLES = (
    "logfc", "log2fc", "avglogfc", "avglog2fc", "log2foldchange", "logfoldchange", "logfoldchanges", "foldchange",
    "basemean", "pval", "pvalue", "pvals", "pvaladj", "pvalsadj", "padj", "adjp", "adjpval", "fdr", "qvalue", "scores",
    "cluster", "group", "celltype", "description", "pct1", "pct2", "pmid", "sharedname", "suid",
    "symbolx", "symboly", "genex", "geney", "genenamex", "genenamey",
)  # fmt: skip
TITLES = frozenset(
    (*GENE_TITLES, *SOURCE_TITLES, *TARGET_TITLES, *LABEL_TITLES, *SIGN_TITLES, *SCORE_TITLES, *_OTHER_TITLES)
)


def title_key(cell: str) -> str:
    """The form in which titles are compared: letters without accents, and digits."""
    cell = cell[:80]
    plain = cell if cell.isascii() else unicodedata.normalize("NFKD", cell)
    return re.sub(r"[^a-z0-9]", "", plain.lower())
