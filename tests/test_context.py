from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import sparse

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.toy import GENES, ToyBackbone
from ugrn_core.data.context import (
    MIN_DETECTION,
    data_context,
    list_context,
    max_context_genes,
    pair_context,
)
from ugrn_core.data.expression import ExpressionData, Profile
from ugrn_core.data.standardised import standardised
from ugrn_core.errors import GeneError, InputError
from ugrn_core.genes.resolve import resolve
from ugrn_core.pair import PairRequest, explore_pair
from ugrn_core.store import Store
from ugrn_core.types import BackboneCard, Context, Measured, SweepSettings, Vocabulary

# two TFs seen often, one seen in few cells, one never; four other genes; one alias; two names the model does not know
NAMES = ("SOX2", "NANOG", "GATA1", "KLF1", "HBB", "ALB", "ACTB", "MPO", "P53", "nonsense", "FLJ123")
DETECTION = np.float32([0.9, MIN_DETECTION, MIN_DETECTION / 2, 0, 0.5, 0.6, 1, 0.2, 0.3, 0.5, 0.1])
VARIANCE = np.float32([0.1, 0.2, 0.9, 0, 0.8, 0.7, 0.0, 0.3, 0.4, 2.0, 3.0])
SYMBOLS = ("ALB", "ACTB", "GATA1", "HBB", "KLF1", "MPO", "NANOG", "SOX2", "TP53")
VOCABULARY = Vocabulary(SYMBOLS, range(len(SYMBOLS)))
CARD = BackboneCard("scgpt", "scGPT", "scgpt", "bins", (0, 50), 10, (1, 45), max_seq_len=1200, n_bins=51)


def profile(detection: np.ndarray, n_cells: int = 100) -> Profile:
    return Profile(n_cells, detection * 20, detection * 2, detection)


def data(**changes) -> ExpressionData:
    rare = DETECTION.copy()
    rare[[0, 2, 4]] = 0, 0.4, 0
    whole = ExpressionData(
        label="blood.h5ad",
        genes=NAMES,
        species="human",
        matrix="X",
        units="counts",
        n_cells=100,
        whole=profile(DETECTION),
        groups={"kind": {"red": profile(rare, 10), "none": profile(DETECTION * 0, 3)}},
        variance=VARIANCE,
        sample=sparse.csr_matrix((0, len(NAMES)), dtype=np.float32),
        notes=(),
    )
    return dataclasses.replace(whole, **changes)


DEVIATIONS = dataclasses.replace(CARD, unit="standard deviations", n_bins=0, domain=(-3.125, 3.125), base=0)


def test_groups_stand_at_deviations_from_the_mean_of_their_file():
    context, _, notes = data_context(data(), DEVIATIONS, VOCABULARY, group=("kind", "red"), n_variable=3)
    own, whole = data().profile(("kind", "red")).log1p, data().whole.log1p
    for gene, value in zip(context.genes, context.values or (), strict=True):
        i = NAMES.index({"TP53": "P53"}.get(gene, gene))
        assert value == pytest.approx(np.clip((own[i] - whole[i]) / np.sqrt(VARIANCE[i]), -3.125, 3.125), abs=1e-6)
    assert min(context.values or ()) < -1 < 0 < max(context.values or ())
    assert any("depend on what else is in the file" in note for note in notes)


def test_all_cells_together_stand_at_the_mean_and_that_is_said():
    context, _, notes = data_context(data(), DEVIATIONS, VOCABULARY, n_variable=3)
    assert set(context.values or ()) == {0.0}
    assert any("stand at the mean of every gene, 0" in note for note in notes)


def test_too_few_cells_have_no_deviations():
    with pytest.raises(InputError, match="7 cells are too few"):
        data_context(data(n_cells=7), DEVIATIONS, VOCABULARY)


def test_flat_genes_stand_at_their_mean_and_no_value_runs_away():
    values = standardised(np.float32([[9, 9, 0.3]]), np.float32([1, 1, 0]), np.float32([0, 1, 0.04]), 8)
    np.testing.assert_allclose(values, [[0, 3.125, 1.5]], rtol=1e-5)
    limit = standardised(np.array([1.0, 1.0, -9.0]), np.zeros(3), np.array([0.05**2, 0.051**2, 1.0]), 8)
    np.testing.assert_allclose(limit, [0, 3.125, -3.125])


def test_a_pair_is_alone():
    assert pair_context() == Context("pair")


def test_a_list_gives_its_resolved_genes_in_order():
    report = resolve(["SOX2", "P53", "nonsense", "TP53"], VOCABULARY)
    context = list_context(report, "my genes")
    assert (context.kind, context.genes, context.values, context.label) == ("genes", ("SOX2", "TP53"), None, "my genes")


@pytest.mark.parametrize(("unit", "n_bins", "scale"), [("bins", 51, 20), ("log1p", 0, 2)])
def test_detected_tfs_and_the_most_variable_genes_with_their_means(unit, n_bins, scale):
    """TFs: SOX2, NANOG, TP53. Of all genes the model knows GATA1, HBB and ALB vary most."""
    card = dataclasses.replace(CARD, unit=unit, n_bins=n_bins)
    context, report, notes = data_context(data(), card, VOCABULARY, n_variable=3)
    assert context.kind == "profile"
    assert context.genes == ("ALB", "GATA1", "HBB", "NANOG", "SOX2", "TP53")
    where = [NAMES.index(name) for name in ("ALB", "GATA1", "HBB", "NANOG", "SOX2", "P53")]
    np.testing.assert_allclose(context.values, DETECTION[where] * scale)
    assert len(report.records) == len(NAMES)
    assert notes[0] == "blood.h5ad, all cells (100 cells): 6 genes, 4 of them TFs."
    assert any(
        note == "Genes of the file, out of 11, that the model does not know (2): nonsense, FLJ123." for note in notes
    )


def test_tfs_in_few_cells_are_left_out_and_named():
    context, _, notes = data_context(data(), CARD, VOCABULARY, n_variable=0)
    assert context.genes == ("NANOG", "SOX2", "TP53")
    assert "TFs left out because fewer than 5% of the cells show them (1): GATA1." in notes


def test_tfs_in_few_cells_are_named_by_how_many_these_are():
    detection = DETECTION.copy()
    detection[[0, 1]] = MIN_DETECTION / 3, MIN_DETECTION / 1.5
    notes = data_context(data(whole=profile(detection)), CARD, VOCABULARY, n_variable=0)[2]
    assert any(note.endswith("(3): NANOG, GATA1, SOX2.") for note in notes)


def test_genes_without_variance_are_no_variable_genes():
    context, _, _ = data_context(data(), CARD, VOCABULARY, n_variable=100)
    assert "ACTB" not in context.genes
    assert "KLF1" not in context.genes  # never seen in these cells


def test_a_group_has_its_own_tfs_and_means():
    context, _, notes = data_context(data(), CARD, VOCABULARY, group=("kind", "red"), n_variable=2)
    assert context.label == "blood.h5ad, kind = red"
    assert context.genes == ("GATA1", "HBB", "NANOG", "TP53")
    assert dict(zip(context.genes, context.values, strict=True))["GATA1"] == pytest.approx(8)
    assert dict(zip(context.genes, context.values, strict=True))["HBB"] == 0  # kept at 0
    assert "10 cells" in notes[0]


def test_genes_at_zero_are_dropped_for_models_that_never_met_them():
    card = dataclasses.replace(CARD, drop_zero_genes=True)
    context, _, notes = data_context(data(), card, VOCABULARY, group=("kind", "red"), n_variable=2)
    assert context.genes == ("GATA1", "NANOG", "TP53")
    assert "Genes left out because they are at 0 in these cells, which scGPT never met (1): HBB." in notes
    with pytest.raises(InputError, match=r"No gene of blood\.h5ad is detected"):
        data_context(data(), card, VOCABULARY, group=("kind", "none"))


def test_a_cap_keeps_the_most_variable_and_names_the_rest():
    context, _, notes = data_context(data(), CARD, VOCABULARY, n_variable=3, cap=4)
    assert context.genes == ("ALB", "GATA1", "HBB", "TP53")
    assert "Chosen genes left out because this machine's memory holds 4 (2): NANOG, SOX2." in notes
    assert data_context(data(), CARD, VOCABULARY, n_variable=3, cap=1)[0].genes == ("GATA1",)
    with pytest.raises(InputError, match="with room for 0"):
        data_context(data(), CARD, VOCABULARY, cap=0)


def test_equal_variances_are_decided_by_name():
    same = data(variance=np.ones(len(NAMES), np.float32))
    context, _, _ = data_context(same, CARD, VOCABULARY, n_variable=2)
    assert set(context.genes) == {"ACTB", "ALB", "NANOG", "SOX2", "TP53"}


def test_more_genes_than_a_cell_had_in_pre_training_is_a_warning():
    card = dataclasses.replace(CARD, max_seq_len=6)
    assert not any("pre-training" in n for n in data_context(data(), card, VOCABULARY, n_variable=2)[2])
    notes = data_context(data(), card, VOCABULARY, n_variable=3)[2]
    assert any(note.startswith("6 genes and <cls> are more than the 6 tokens") for note in notes)


def test_two_names_of_one_symbol_leave_the_one_seen_in_more_cells():
    names = ("TP53", *NAMES[1:])  # TP53 in 90 % of the cells, P53 in 30 %
    context, _, notes = data_context(data(genes=names), CARD, VOCABULARY, n_variable=0)
    assert dict(zip(context.genes, context.values, strict=True))["TP53"] == pytest.approx(18)
    what = "Genes left out because another of the same symbol is seen in as many cells or more (1)"
    assert f"{what}: P53 (TP53 is used)." in notes


def test_of_two_names_of_one_symbol_the_later_one_may_be_used_and_is_named():
    """P53 comes after TP53 in the file and is seen in more cells."""
    names = ("SOX2", "TP53", *NAMES[2:])  # TP53 in 5 % of the cells, P53 in 30 %
    context, _, notes = data_context(data(genes=names), CARD, VOCABULARY, n_variable=0)
    assert dict(zip(context.genes, context.values, strict=True))["TP53"] == pytest.approx(6)
    assert any(note.endswith("(1): TP53 (P53 is used).") for note in notes)


def test_a_repeat_that_no_cell_shows_is_said_too():
    names = (*NAMES[:3], "TP53", *NAMES[4:])
    notes = data_context(data(genes=names), CARD, VOCABULARY, n_variable=0)[2]
    assert any(note.endswith("(1): TP53 (P53 is used).") for note in notes)


def test_a_gene_of_the_file_that_was_not_chosen_joins_at_its_own_mean():
    """GATA1 is seen in 2.5 % of the cells, MPO in 20 %, KLF1 in none; FLJ123 is no gene of the model."""
    context, _, _ = data_context(data(), CARD, VOCABULARY, n_variable=0)
    whole, notes = with_genes(context, ["SOX2", "MPO", "GATA1", "KLF1"], base=10)
    at = dict(zip(whole.genes, whole.values, strict=True))
    assert at["MPO"] == pytest.approx(0.2 * 20)
    assert at["GATA1"] == pytest.approx(MIN_DETECTION / 2 * 20)
    assert at["KLF1"] == 0
    assert at["SOX2"] == pytest.approx(18)
    assert notes[0] == "MPO, GATA1, KLF1 were not among the genes chosen and added at their own means in these cells."
    assert notes[1].startswith("Hardly detected: GATA1 in 2.5% of the cells, KLF1 in none of the cells.")
    assert "MPO in" not in notes[1]


def test_the_mean_of_an_added_gene_is_that_of_the_group_and_of_the_unit():
    card = dataclasses.replace(CARD, unit="log1p", n_bins=0)
    context, _, _ = data_context(data(), card, VOCABULARY, n_variable=0)
    whole, notes = with_genes(context, ["MPO"], base=1)
    assert whole.values[-1] == pytest.approx(0.2 * 2)
    assert notes == ["MPO was not among the genes chosen and added at its own mean in these cells (0.4)."]
    red, _, _ = data_context(data(), CARD, VOCABULARY, group=("kind", "red"), n_variable=0)
    assert with_genes(red, ["HBB"], base=10)[0].values[-1] == 0  # in no red cell, in half of all


@pytest.mark.parametrize("n", [1, 5, 6, 7])
def test_up_to_five_added_genes_are_named(n):
    names = [f"ADDED{i}" for i in range(n)]
    first, whose = ", ".join(names[:5]), "its own mean" if n == 1 else "their own means"
    named = f"{first} {'was' if n == 1 else 'were'}" if n <= 5 else f"{first} and others were"
    listed, notes = with_genes(Context("genes", ("SOX2",), None, "one"), ["SOX2", *names, *names], 10)
    assert listed == Context("genes", ("SOX2", *names), None, "one")
    assert notes == [f"{named} not in the context and added at 10."]
    own = {name: (float(i), 0.01) for i, name in enumerate(names)} | {"SEEN": (7.0, MIN_DETECTION)}
    cell = Context("profile", ("SOX2",), (3.0,), "cells", Measured("x", own))
    whole, notes = with_genes(cell, names, 10)
    assert whole == Context("profile", ("SOX2", *names), (3.0, *map(float, range(n))), "cells")
    at = " (0)" if n == 1 else ""
    assert notes[0] == f"{named} not among the genes chosen and added at {whose} in these cells{at}."
    shares = ", ".join(f"{name} in 1.0% of the cells" for name in names[:5]) + (f" and {n - 5} others" if n > 5 else "")
    assert notes[1].startswith(f"Hardly detected: {shares}. What is predicted")
    _, notes = with_genes(cell, ["SEEN", *names], 10)
    assert notes[1].startswith(f"Hardly detected: {shares}. What"), (
        "who is seen in exactly the least share is not scarce"
    )
    _, notes = with_genes(dataclasses.replace(cell, measured=Measured("y", {"OTHER": (0.0, 0.0)})), names, 2.5)
    assert notes == [f"{named} not in the file and added at 2.5."]


def test_a_gene_that_the_file_lacks_stands_at_the_base_value_and_that_is_said():
    more = Vocabulary((*SYMBOLS, "XIST"), range(len(SYMBOLS) + 1))
    context, _, _ = data_context(data(), CARD, more, n_variable=0)
    whole, notes = with_genes(context, ["XIST", "MPO"], base=10)
    assert dict(zip(whole.genes, whole.values, strict=True))["XIST"] == 10
    assert notes[-1] == "XIST was not in the file and added at 10."


def test_what_a_context_could_take_from_its_data_is_part_of_it():
    """The same genes and means beside other genes are another question: an added gene would differ."""
    one, _, _ = data_context(data(), CARD, VOCABULARY, n_variable=0)
    again, _, _ = data_context(data(), CARD, VOCABULARY, n_variable=0)
    detection = DETECTION.copy()
    detection[NAMES.index("MPO")] = 0.7
    other, _, _ = data_context(data(whole=profile(detection)), CARD, VOCABULARY, n_variable=0)
    assert (one == again, hash(one) == hash(again)) == (True, True)
    assert (one.genes, one.values) == (other.genes, other.values)
    assert one != other
    assert with_genes(one, one.genes, base=10)[0] == dataclasses.replace(one, measured=None)


def test_a_pair_is_asked_at_the_means_of_both_genes():
    """M(v) = W v^2: the response of a target is W (x^2 - b^2), where b is the mean of the source in the cells."""
    toy = ToyBackbone(2, torch.device("cpu"))
    context, _, _ = data_context(data(), CARD, VOCABULARY, n_variable=0)
    result = explore_pair(toy, PairRequest("SOX2", "MPO", context, SweepSettings(10, (15.0,))))
    place = {gene: i for i, gene in enumerate(GENES)}
    w = toy.weights.numpy()
    there = w[place["MPO"], place["SOX2"]] * (15.0**2 - 18.0**2)
    back = w[place["SOX2"], place["MPO"]] * (15.0**2 - 4.0**2)  # MPO was not chosen: 20 % of 20
    assert result.forward.response[0] == pytest.approx(there, rel=1e-4)
    assert result.reverse.response[0] == pytest.approx(back, rel=1e-4)
    assert any("MPO was not among the genes chosen" in note for note in result.notes)


def test_stored_answers_of_two_profiles_of_the_same_genes_are_kept_apart(tmp_path):
    toy, settings = ToyBackbone(2, torch.device("cpu")), SweepSettings(10, (15.0,))
    store = Store(tmp_path)
    answers = []
    for values in ((1.0, 2.0, 3.0), (1.0, 2.5, 3.0)):
        context = Context("profile", ("SOX2", "NANOG", "MPO"), values, "cells")
        request = PairRequest("NANOG", "MPO", context, settings)
        fresh, kept, again = (explore_pair(toy, request, s) for s in (None, store, store))
        np.testing.assert_array_equal(kept.forward.response, fresh.forward.response)
        np.testing.assert_array_equal(again.forward.response, fresh.forward.response)
        answers.append(float(fresh.forward.response[0]))
    assert answers[0] != answers[1]


@pytest.mark.parametrize("n_variable", [50, 500, 777, 3000])
def test_any_number_of_variable_genes_may_be_asked_for(n_variable):
    rng = np.random.default_rng(0)
    names = tuple(f"G{i}" for i in range(4000))
    own = Profile(100, *(rng.random(4000).astype(np.float32) for _ in range(3)))
    many = data(genes=names, whole=own, groups={}, variance=rng.random(4000).astype(np.float32))
    asked = {} if n_variable == 500 else {"n_variable": n_variable}  # 500 unless another number is asked for
    context, _, _ = data_context(many, CARD, Vocabulary(names, range(4000)), **asked)
    assert len(context.genes) == n_variable
    assert set(context.genes) == {names[i] for i in np.argsort(-many.variance)[:n_variable]}


def test_mouse_genes_come_in_by_their_orthologs():
    names = ("Sox2", "Nanog", "Gata1", "Klf1", "Hbb-bs", "Alb", "Actb", "Mpo", "Trp53", "Gm1", "Gm2")
    context, report, _ = data_context(data(genes=names, species="mouse"), CARD, VOCABULARY, n_variable=0)
    assert context.genes == ("NANOG", "SOX2", "TP53")
    assert {r.status for r in report.records} >= {"ortholog"}
    assert context.names is not None
    assert context.names.names["SOX2"] == "Sox2"
    context, report, _ = data_context(data(), CARD, VOCABULARY, n_variable=0)
    assert context.names is None
    assert "ortholog" not in {r.status for r in report.records}
    small = ("sox2", *NAMES[1:])  # a mouse gene in a file of a mouse, as another spelling it is one of both
    for species, ortholog in (("mouse", True), ("human", False), (None, False)):
        report = data_context(data(genes=small, species=species), CARD, VOCABULARY, n_variable=0)[1]
        assert (report.records[0].status == "ortholog") == ortholog


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="toy units"):
        data_context(data(), dataclasses.replace(CARD, unit="toy units", n_bins=0), VOCABULARY)
    with pytest.raises(InputError, match="7 bins"):
        data_context(data(), dataclasses.replace(CARD, n_bins=7), VOCABULARY)
    with pytest.raises(InputError, match="no level 'blue'"):
        data_context(data(), CARD, VOCABULARY, group=("kind", "blue"))
    for number in (-1, 3001):
        with pytest.raises(InputError, match="give a number from 0 to 3,000"):
            data_context(data(), CARD, VOCABULARY, n_variable=number)
    with pytest.raises(GeneError, match="No gene is left"):
        data_context(data(), CARD, Vocabulary(["XIST"], [0]))


@pytest.mark.parametrize(("width", "n_heads"), [(512, 8), (128, 4)])
@pytest.mark.parametrize("free", [1 << 30, 8 << 30])
def test_the_cap_is_the_largest_context_that_fits(free, width, n_heads):
    def needed(genes: int) -> float:
        tokens = genes + 1
        return 4 * (28 * width * tokens + (2 * n_heads + 2) * tokens**2)  # as measured

    cap = max_context_genes(free, width, n_heads)
    assert needed(cap) <= free / 2 < needed(cap + 1)
    assert max_context_genes(0, width, n_heads) == 2


MEASURE = """
import re, torch
from pathlib import Path
from ugrn_core.backbones.transformer import LeanTransformer, TransformerConfig
def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
torch.set_num_threads(1)
config = TransformerConfig(3001, 128, 2, 4, 128, 128, True, True, 3000, -2.0)
model, ids, values = LeanTransformer(config).eval(), torch.arange(3000), torch.rand(1, 3000)
with torch.no_grad():
    model.attention(ids[:9], values[:, :9])
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = kilobytes("VmRSS")
    model.attention(ids, values)
    print((kilobytes("VmHWM") - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux gives it")
def test_the_memory_a_context_takes_is_what_the_cap_counts_with():
    peak = int(subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True).stdout)
    free = next(f for f in range(1 << 20, 1 << 34, 1 << 20) if max_context_genes(f, 128, 4) >= 3000)
    assert 0.5 * free / 2 < peak < 1.1 * free / 2  # the allocator keeps a little
