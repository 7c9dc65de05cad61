"""What all tables of the first generation say together: words that a test holds to the frames, numbers from them."""

from __future__ import annotations

from collections.abc import Iterable

from ugrn_core.figures.benchmark_means import Mean, Means, Summaries, best

MINI, LOG1P = "ugrn-mini", "ugrn-mini-log1p"
DEGREES, LISTED, CENSUS, LEVEL = "known edges, degrees", "target is listed", "target is a TF", "gene level"
NO_MODEL = (CENSUS, LISTED, DEGREES)
UNSEEN = "both_unseen"


def first_findings(of: Summaries, runs: Iterable[tuple[str, str]]) -> str:
    """Paragraphs (markdown) on runs ``(model, run)`` of the first generation."""
    one, unseen = of(MINI, "Table 1", "all"), of(MINI, "Table 1", UNSEEN)
    two, three, five = (of(MINI, f"Table {n}", "all") for n in (2, 3, 5))
    four = of(MINI, "Table 4", UNSEEN)
    degree, degree_unseen = (of(MINI, "Table 1, by degree", s) for s in ("all", UNSEEN))
    even, even_log1p = (of(model, "Table 1, uniform", "all") for model in (MINI, LOG1P))
    random = best({f"{model} {run}": of(model, run, "all")["random weights"] for model, run in runs}, None)
    return f"""
**The first generation.** Mean AUPRC over tests, in brackets the lowest and the highest of three seeds.

- **Two genes in the cell, all pairs.** The curves of `ugrn-mini` say more than every score without a model over all
  pairs of Tables 1 to 4 (Table 1: VVP {one["VVP"]}, GDT {one["GDT"]}, the best such score {best(one, NO_MODEL)}), and
  not in Table 5, where the degrees of the training network lead ({five[DEGREES]}). They are above the embeddings too in
  Tables 2 and 3 (VVP {two["VVP"]} and {three["VVP"]} against {two["Emb"]} and {three["Emb"]}), most often on
  cell-type-specific ChIP, and below them in Tables 1, 4 and 5. The curves of `ugrn-mini-log1p` are below the embeddings
  in every table.
- **Both genes unseen in training.** Less is left: the curves of `ugrn-mini` are above a census of transcription factors
  in Tables 1 to 4 (Table 1: VVP {unseen["VVP"]}, “target is a TF” {unseen[CENSUS]}, the gene level alone
  {unseen[LEVEL]}), but nothing of either model is above the list of regulators that comes with the test (“target is
  listed”, {unseen[LISTED]}), save in Table 4 with `ugrn-mini` (VVP {four["VVP"]}, listed {four[LISTED]}).
- **How negatives are drawn decides much.** With targets drawn by their degree, the curves of `ugrn-mini` in Table 1 are
  above embeddings and every score without a model, over all pairs (VVP {degree["VVP"]}, embeddings {degree["Emb"]}) and
  unseen genes ({degree_unseen["VVP"]}, {degree_unseen["Emb"]}); drawn evenly among all candidates, the embeddings lead
  ({even["Emb"]}) and the curves of both models fall behind the degrees of the training network (VVP {even["VVP"]} and
  {even_log1p["VVP"]}, degrees {even[DEGREES]}).
- **All genes of the data set in the cell.** The picture is clearer. On the one cut that was run (hESC STRING to the six
  networks of mDC and mHSC-E, 100 sources each), VVP and GDT of both models are above embeddings, gene level and every
  score without a model, over all pairs ({_cut(of, "all")}) and where both genes are unseen ({_cut(of, UNSEEN)}). That
  is six tests on two data sets, and a reason to run more.
- **Without training.** Random weights reach {random} at most over all pairs. Nothing of this speaks for or against
  scGPT, whose weights were not run here.
""".strip()


def _cut(of: Summaries, subset: str) -> str:
    """VVP of both models with all genes in the cell, beside the best of what it is compared with."""
    cuts: list[Means] = [of(model, "cut, all genes", subset) for model in (MINI, LOG1P)]
    ours: list[Mean] = [cut["VVP"] for cut in cuts]
    beside = [best(cut, ("Emb", LEVEL, *NO_MODEL)) for cut in cuts]
    return f"VVP {ours[0]} and {ours[1]}; the best of those {beside[0]} and {beside[1]}"
