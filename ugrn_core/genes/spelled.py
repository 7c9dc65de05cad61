"""How programs and papers write a gene: ids joined to symbols, genomes in front, regulons, repeats, Greek letters.

Text in, text out: nothing is looked up here (see :mod:`ugrn_core.genes.resolve`).
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 100
"""Characters of the longest text that is looked at as a gene name."""

ENSEMBL = re.compile(r"(ENS(?:MUS)?G\d{11})(?:\.\d+)?(?:_PAR_Y)?", re.IGNORECASE)
"""A human or mouse gene id, its version and the mark of the Y chromosome's copies dropped by the group."""

_AROUND_AN_ID = " _|:;,/.-()[]"
_GENOME = re.compile(
    r"(?:GRCh3[78]|GRCm3[89]|hg19|hg38|mm9|mm10|mm39|human|mouse|homo_sapiens|mus_musculus)[_.:|-]+(?=\w)",
    re.IGNORECASE,
)
_REGULON = re.compile(r"regulon\s*\((.*)\)", re.IGNORECASE)
_END = re.compile(
    r"(?: ?[|(\[]\d+[)\]]?"  # the Entrez id of SOX2|6657 and SOX2 (6657)
    r"|[ _]?\(\d+ ?[gr]\)|[ _]?\([+-]\)|_[+-]/[+-]|_[+-]"  # pySCENIC, SCENIC+
    r"|[ _-](?:extended|direct|regulon|activating|repressing)|_[A-E])\Z",  # the last is a confidence of DoRothEA
    re.IGNORECASE,
)
"""What regulon tools put after a factor, or a table after a symbol."""
_REPEAT = re.compile(r"(.+)[-._](\d{1,3})")

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-") | {0xAD: None}
_GREEK = "α alpha A,β beta B,γ gamma G,δ delta D,ε epsilon E,ζ zeta Z,η eta H,θ theta Q,ι iota I,κ kappa K,λ lambda L"
_GREEK += ",μ mu M,ν nu N,ξ xi X,ο omicron O,π pi P,ρ rho R,σ sigma S,τ tau T,υ upsilon Y,φ phi F,χ chi C,ψ psi U"
_LETTERS = [entry.split() for entry in f"{_GREEK},ω omega W".split(",")] + [["ß", "beta", "B"]]
_FORMS = [(ord(form), word, latin) for greek, word, latin in _LETTERS for form in {greek, greek.upper()[-1]} - {"S"}]
_AS_LETTER = {form: latin for form, _, latin in _FORMS}
_AS_WORD = {form: word.upper() for form, word, _ in _FORMS}
_WORD = re.compile("(alpha|beta|gamma|delta|epsilon|zeta|theta|kappa|lambda|sigma)(?![a-z])", re.IGNORECASE)
_LATIN = {word: latin for _, word, latin in _LETTERS}

_SPECIES = {
    "RNO": "rat", "MMU": "macaque", "MFA": "crab-eating macaque", "DAR": "zebrafish", "SSC": "pig", "BTA": "cow",
    "GAL": "chicken", "CAF": "dog", "OCU": "rabbit", "PTR": "chimpanzee", "GGO": "gorilla", "CJA": "marmoset",
    "XET": "frog", "OAR": "sheep", "ECA": "horse", "FCA": "cat", "CPO": "guinea pig", "MAU": "hamster",
    "PPY": "orangutan", "ORL": "medaka", "MOD": "opossum", "CHI": "goat", "CGR": "hamster", "MIC": "mouse lemur",
}  # fmt: skip
_FOREIGN = re.compile(r"(?:\d+\.)?ENS([A-Z]{3}|[A-Z]{6})?([GTPE])\d{11}(?:\.\d+)?", re.IGNORECASE)
_OTHER_IDS = (
    (r"FBgn\d+", "an id of a fruit fly gene"),
    (r"WBGene\d+", "an id of a worm gene"),
    (r"ZDB-GENE-[\d-]+", "an id of a zebrafish gene"),
    (r"AT[1-5MC]G\d{5}", "an id of an Arabidopsis gene"),
    (r"Y[A-P][LR]\d{3}[WC](?:-[A-Z])?", "an id of a yeast gene"),
    (r"RGD:\d+", "an id of a rat gene"),
    (r"MGI:\d+", "an MGI id: give the symbol or the Ensembl id"),
    (r"HGNC:\d+", "an HGNC id: give the symbol or the Ensembl id"),
    (r"[NX][MRP]_\d+(?:\.\d+)?", "a RefSeq id: give the symbol or the Ensembl id"),
    (r"\w+_(?:[saxi]_)?at|ILMN_\d+", "a probe of an array: give the symbol of its gene"),
    (r"\w+_(?:HUMAN|MOUSE)", "a UniProt name: give the symbol of the gene"),
    (r"(?:[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2})(?:-\d+)?", "a UniProt id: give the symbol"),
    (r"\d+(?:\.0)?", "a number: give symbols or Ensembl ids"),
    (r"[A-Z]", "a single letter"),
)
_OTHER_ID = re.compile("|".join(f"({pattern})" for pattern, _ in _OTHER_IDS), re.IGNORECASE)


def tidy(name: str) -> str:
    """The name without blanks around it, in the plain forms of letters and dashes; Greek letters stay."""
    name = name.strip()
    if name.isascii():
        return name
    return unicodedata.normalize("NFKC", name).translate(_DASHES).strip()


def latin_forms(name: str) -> tuple[str, ...]:
    """A name with Greek letters in it, or their names, in Latin: one letter for one first, spelled out then.

    IL-1β and IL-1beta give IL-1B, β-catenin gives B-catenin and BETA-catenin; a name without any gives none.
    """
    lettered = _WORD.sub(lambda found: _LATIN[found[0].lower()], name.translate(_AS_LETTER))
    forms = (lettered, name.translate(_AS_WORD))
    return tuple(form for form in dict.fromkeys(forms) if form != name)


def names_inside(name: str) -> tuple[str, ...]:
    """Gene names that a longer name carries, the surest first; none where it is a plain name.

    ``ENSG00000181449_SOX2``, ``SOX2|ENSG00000181449.7``: the id, then the symbol. ``GRCh38_SOX2``, ``hg19-SOX2``,
    ``SOX2|6657``, ``SOX2(+)``, ``SOX2_extended (20g)``, ``SOX2_direct_+/+_(12g)``, ``Regulon(SOX2)``: the symbol.
    What comes out may be no gene: look it up. Any name longer than :data:`LONGEST` carries none.
    """
    if len(name) > LONGEST:
        return ()
    core = _GENOME.sub("", name, count=1) if _GENOME.match(name) else name
    found = ENSEMBL.search(core)
    if found and all(side in _AROUND_AN_ID for side in (core[: found.start()][-1:], core[found.end() :][:1]) if side):
        rest = (core[: found.start()] + core[found.end() :]).strip(_AROUND_AN_ID)
        parts = (found[1], rest if "|" not in rest else "")
    else:
        parts = (_without_ends(core),)
    return tuple(part for part in dict.fromkeys(parts) if part and part != name)


def repeat_of(name: str) -> str | None:
    """The name that ``make_unique`` has numbered, CD4 of CD4-1, CD4.1 and CD4_1; None where there is no such ending."""
    found = _REPEAT.fullmatch(name) if len(name) <= LONGEST else None
    return found[1] if found else None


def id_of_another_kind(name: str) -> str:
    """What an id that cannot be looked up is, such as that of a rat gene; empty for any other name."""
    if len(name) > LONGEST:
        return "too long for a gene name"
    found = _FOREIGN.fullmatch(name)
    if found:
        what = {"G": "gene", "T": "transcript", "P": "protein", "E": "exon"}[found[2].upper()]
        species = "mouse" if (code := (found[1] or "").upper()) == "MUS" else _SPECIES.get(code[:3], "another species")
        if what == "gene" and code:
            return f"an Ensembl id of {species}: give human or mouse genes" if code != "MUS" else ""
        return f"an Ensembl id of a {what}: give symbols, or ids of genes (ENSG...)" if what != "gene" else ""
    other = _OTHER_ID.fullmatch(name)
    return _OTHER_IDS[other.lastindex - 1][1] if other and other.lastindex else ""


def _without_ends(name: str) -> str:
    """The name without what regulon tools put around it, and without an Entrez id."""
    whole = _REGULON.fullmatch(name)
    shorter = whole[1].strip() if whole else name
    while (found := _END.search(shorter)) and found.start():
        shorter = shorter[: found.start()].rstrip(" _")
    return shorter
