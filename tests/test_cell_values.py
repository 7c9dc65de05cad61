"""Cells read one by one: which, of which genes, in what numbers, and within which bounds."""

from __future__ import annotations

import io

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

from tests.test_h5ad import GENES, cells, counts, dataset, in_form, log1p_cp10k, saved
from ugrn_core.cli import app
from ugrn_core.data import cell_values as room
from ugrn_core.data.cell_values import CellChoice, load_cell_values, read_cell_values, save_cell_values
from ugrn_core.data.h5ad import read_h5ad
from ugrn_core.data.untrusted import read_untrusted_cells
from ugrn_core.errors import InputError
from ugrn_core.evidence.evidence import COLUMNS

CHOSEN = (5, 0, 9)


def same(one, other) -> None:
    np.testing.assert_array_equal(one.values.toarray(), other.values.toarray())
    np.testing.assert_array_equal(one.rate, other.rate)
    for a, b in ((one.within, other.within), (one.donors, other.donors)):
        assert (a is None) == (b is None)
        if a is not None:
            assert a.levels == b.levels
            np.testing.assert_array_equal(a.codes, b.codes)
    assert (one.genes, one.n_cells, one.notes) == (other.genes, other.n_cells, other.notes)


@pytest.mark.parametrize("form", ["dense", "csr", "csc"])
def test_values_are_logarithms_of_the_whole_cell_and_the_rate_is_of_all_genes(tmp_path, form):
    x = counts()
    read = read_cell_values(saved(dataset(in_form(form, x)), tmp_path), CellChoice(CHOSEN))
    np.testing.assert_allclose(read.values.toarray(), log1p_cp10k(x)[:, CHOSEN], rtol=1e-5)
    np.testing.assert_allclose(read.rate, (x > 0).mean(1), rtol=1e-6)
    assert read.genes == tuple(GENES[i] for i in CHOSEN)
    assert (read.n_cells, read.within, read.donors, read.notes) == (30, None, None, ())


def test_cells_are_of_the_group_and_labelled(tmp_path):
    x, obs = counts(), cells()
    path = saved(dataset(x), tmp_path)
    read = read_cell_values(path, CellChoice(CHOSEN, group=("batch", "b1"), within="kind", donors="tall"))
    wanted = ((obs["batch"] == "b1") & obs["kind"].notna()).to_numpy()
    np.testing.assert_allclose(read.values.toarray(), log1p_cp10k(x)[wanted][:, CHOSEN], rtol=1e-5)
    assert read.within is not None and read.donors is not None
    assert [read.within.levels[c] for c in read.within.codes] == obs["kind"][wanted].tolist()
    assert [read.donors.levels[c] for c in read.donors.codes] == obs["tall"][wanted].astype(str).tolist()
    assert read.notes == ("2 cells without a label in kind are left out.",)
    same(read_untrusted_cells(path, CellChoice(CHOSEN, group=("batch", "b1"), within="kind", donors="tall")), read)
    save_cell_values(read, tmp_path)
    same(load_cell_values(tmp_path), read)


def test_cells_beyond_the_room_are_drawn_with_a_seed_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MAX_VALUES", 36)
    x = counts()
    path = saved(dataset(x), tmp_path)
    read = read_cell_values(path, CellChoice(CHOSEN))
    assert read.values.shape == (12, 3)
    assert read.notes[0].startswith("12 of 30 cells, drawn at random with a fixed seed")
    known = {row.tobytes() for row in read_cell_values(path, CellChoice(CHOSEN[:1])).values.toarray()}
    assert {row[:1].tobytes() for row in read.values.toarray()} <= known
    same(read_cell_values(path, CellChoice(CHOSEN)), read)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (CellChoice(()), "1 to 3,000 genes, got 0"),
        (CellChoice(tuple(range(3001))), "got 3,001"),
        (CellChoice((99,)), "has 12 genes, not one numbered 100"),
        (CellChoice((0,), group=("kind", "X")), "no level 'X'. Choose from: B, NK, T"),
        (CellChoice((0,), within="nothing"), "no column 'nothing'.*The cells have: batch, depth, kind, one, tall"),
        (CellChoice((0,), donors="depth"), "no column 'depth'"),
        (CellChoice((0,), layer="raw"), "no layer 'raw'"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, choice, said):
    with pytest.raises(InputError, match=said):
        read_cell_values(saved(dataset(), tmp_path), choice)


def test_the_largest_choice_of_full_cells_fits_the_memory_of_the_reader(tmp_path):
    """No value is 0, as many cells and genes as are taken: the reader keeps to its 512 MB."""
    n_genes, n_cells = 3000, 5400
    x = np.ones((n_cells, n_genes), np.uint8)
    x[:, 0] = np.arange(n_cells) % 7 + 1
    var = pd.DataFrame(index=[f"G{i}" for i in range(n_genes)])
    ad.AnnData(x, var=var).write_h5ad(tmp_path / "full.h5ad")
    read = read_untrusted_cells(tmp_path / "full.h5ad", CellChoice(tuple(range(n_genes))))
    assert read.values.shape == (5333, n_genes)
    assert read.values.nnz == 5333 * n_genes


def test_an_upload_is_read_like_its_file(tmp_path):
    path = saved(dataset(sparse.csr_matrix(counts())), tmp_path)
    same(
        read_untrusted_cells(io.BytesIO(path.read_bytes()), CellChoice(CHOSEN)),
        read_cell_values(path, CellChoice(CHOSEN)),
    )


def test_the_command_puts_evidence_beside_edges(tmp_path):
    rng = np.random.default_rng(0)
    x = counts(200)
    x[:, 1] = x[:, 0] + rng.poisson(0.3, 200)
    data = dataset(x)
    data.obs["donor"] = [f"d{i % 12}" for i in range(200)]
    path = saved(data, tmp_path)
    edges = pd.DataFrame({"TF": ["SOX2", "SOX2", "GATA1"], "target": ["TP53", "NANOG", "NOGENE"], "score": [1, 3, 2]})
    edges.to_csv(tmp_path / "edges.csv", index=False)
    line = ["evidence", "--edges", str(tmp_path / "edges.csv"), "--cells", str(path), "--donors", "donor"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    found = pd.read_csv(io.StringIO(done.stdout))
    assert list(found) == ["source", "target", "score", *COLUMNS]
    assert found["target"].tolist() == ["NANOG", "NOGENE", "TP53"]
    assert found.loc[1, "cells_show"] == "not in the file"
    read = read_h5ad(path)
    chosen = read_cell_values(path, CellChoice(tuple(read.genes.index(g) for g in ("SOX2", "NANOG"))))
    truth = np.corrcoef(chosen.values.toarray().T)[0, 1]
    assert found.loc[0, "cells_pearson"] == pytest.approx(truth, abs=1e-5)
    assert "are over 50 resamples of the 12 donors." in done.stderr
    assert "NOGENE: not in data.h5ad." in done.stderr
    few = CliRunner().invoke(app, [*line[:-2], "--group", "kind"])
    assert few.exit_code == 2
    assert "COLUMN=LEVEL" in few.stderr


def facts(n_cells: int = 7) -> room.CellValues:
    rng = np.random.default_rng(5)
    codes = room.Codes(rng.integers(-1, 3, n_cells).astype(np.int16), ("a", "b", "c"))
    values = sparse.csr_matrix(rng.poisson(1, (n_cells, 3)).astype(np.float32))
    return room.CellValues(("X", "Y", "Z"), values, rng.random(n_cells).astype(np.float32), codes, None, 99, ("said",))


def test_some_cells_are_drawn_with_a_fixed_seed_and_stay_in_order():
    every = facts()
    assert every.at_most(7) is every and every.at_most(9) is every
    rows = np.sort(np.random.default_rng(0).permutation(7)[:4])
    few = every.at_most(4)
    np.testing.assert_array_equal(few.values.toarray(), every.values.toarray()[rows])
    np.testing.assert_array_equal(few.rate, every.rate[rows])
    assert few.within is not None and every.within is not None
    np.testing.assert_array_equal(few.within.codes, every.within.codes[rows])
    assert (few.within.levels, few.donors, few.n_cells, few.genes) == (("a", "b", "c"), None, 99, ("X", "Y", "Z"))


def test_what_is_kept_comes_back_and_nothing_is_unpickled(tmp_path):
    every = facts()
    for kept in (every, room.replace(every, within=None, donors=every.within)):
        save_cell_values(kept, tmp_path)
        same(load_cell_values(tmp_path), kept)
    np.savez(tmp_path / "cells.npz", data=np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_cell_values(tmp_path)


def test_bounds_are_reached_and_not_passed(tmp_path, monkeypatch):
    path, x = saved(dataset(counts()), tmp_path), counts()
    monkeypatch.setattr(room, "MAX_GENES", 3)
    assert read_cell_values(path, CellChoice(CHOSEN)).genes == tuple(GENES[i] for i in CHOSEN)
    for choice, words in ((CellChoice((0, 1, 2, 3)), "got 4"), (CellChoice((12,)), "not one numbered 13"),
                          (CellChoice((-1, 3)), "has 12 genes")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            read_cell_values(path, choice)
    assert read_cell_values(path, CellChoice((11,))).genes == (GENES[11],)
    monkeypatch.setattr(room, "MAX_CELLS", 30)
    assert read_cell_values(path, CellChoice(CHOSEN)).notes == ()
    monkeypatch.setattr(room, "MAX_CELLS", 29)
    rows = np.sort(np.random.default_rng(0).permutation(30)[:29])
    read = read_cell_values(path, CellChoice(CHOSEN))
    assert read.notes[0].startswith("29 of 30 cells, drawn")
    np.testing.assert_allclose(read.values.toarray(), log1p_cp10k(x)[rows][:, CHOSEN], rtol=1e-5)
    np.testing.assert_allclose(read.rate, (x > 0).mean(1)[rows], rtol=1e-6)
    assert read.n_cells == 30


def test_cells_without_labels_are_counted_among_those_that_are_left(tmp_path):
    data = dataset(counts())
    data.obs["half"] = pd.Categorical(["x" if i % 2 else None for i in range(30)])
    data.obs["third"] = pd.Categorical(["y" if i % 3 == 0 else "z" if i % 3 == 1 else None for i in range(30)])
    path = saved(data, tmp_path)
    read = read_cell_values(path, CellChoice((0,), within="third", donors="half"))
    assert read.notes == (
        "10 cells without a label in third are left out.",
        "10 cells without a label in half are left out.",
    )
    assert read.n_cells == 10
    data.obs["none"] = pd.Categorical([None if i % 2 else "x" if i % 4 else "y" for i in range(30)])
    path = saved(data, tmp_path)
    with pytest.raises(InputError, match="No cell is left in these groups"):
        read_cell_values(path, CellChoice((0,), group=("half", "x"), within="none"))


def test_progress_goes_from_the_first_to_the_last_cell(tmp_path, monkeypatch):
    monkeypatch.setattr("ugrn_core.data.matrix.BLOCK_VALUES", 100)
    frame = pd.DataFrame(counts().astype(int), columns=GENES, index=[f"c{i}" for i in range(30)])
    frame.to_csv(tmp_path / "cells.csv")
    for path in (saved(dataset(counts()), tmp_path), tmp_path / "cells.csv"):
        told: list[tuple[float, str]] = []
        read_cell_values(path, CellChoice((0,)), lambda share, what, told=told: told.append((share, what)))
        shares = [share for share, _ in told]
        assert shares == sorted(shares) and 0 <= shares[0] < 1 and shares[-1] == 1
        read = [what for _, what in told if what.endswith("cells read")]
        assert len(read) > 2 and read[-1] == "30 of 30 cells read"
        read_cell_values(path, CellChoice((0,)))


def test_up_to_eight_names_are_shown():
    assert room._some([]) == "none"
    assert room._some("abcdefgh") == "a, b, c, d, e, f, g, h"
    assert room._some("abcdefghi") == "a, b, c, d, e, f, g, h, ..."


def test_a_column_of_too_many_levels_is_told_from_one_of_none(tmp_path):
    data = dataset(counts(450))
    data.obs["many"] = [f"l{i % 201}" for i in range(450)]
    data.obs["each"] = [f"l{i}" for i in range(450)]
    path = saved(data, tmp_path)
    with pytest.raises(InputError, match="no column 'many' that has no more than 200 levels"):
        read_cell_values(path, CellChoice((0,), within="many"))
    with pytest.raises(InputError, match="no column 'each' that says which cells belong together"):
        read_cell_values(path, CellChoice((0,), within="each"))
