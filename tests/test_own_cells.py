"""The virtual cell of own cells: what was measured decides, and the sentence says its figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ugrn_core.beeline.networks import Network, Row
from ugrn_core.network import own_cells
from ugrn_core.network.own_cells import COLUMNS, WITHOUT, default_cell, measured, times_chance, why
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.pretrain.own_cells import _counted
from ugrn_core.translators.library import load_translator


def lines(pair: int, full: int, translator: str = "hESC-STRING-class-3") -> pd.DataFrame:
    asked = ("ugrn-mini-3", translator)
    found = [(*asked, "mDC", "LPS", "STRING", c, 1000, 40, 50, n) for c, n in (("pair", pair), ("full", full))]
    found += [(*asked, "hHEP", "iPSC", "STRING", c, 1000, 60, 50, 3) for c in ("pair", "full")]
    return pd.DataFrame(found, columns=list(COLUMNS))


@pytest.mark.parametrize(("pair", "full", "chosen"), [(9, 2, "pair"), (2, 9, "full"), (4, 4, "pair"), (40, 4, "pair")])
def test_what_did_best_is_the_default(monkeypatch: pytest.MonkeyPatch, pair: int, full: int, chosen: str) -> None:
    both = pd.concat([lines(20, 20), lines(pair, full, WITHOUT)])
    monkeypatch.setattr(own_cells, "measured", lambda: both)
    assert default_cell() == default_cell("a model of mine") == chosen
    times = times_chance(lines(pair, full))
    assert times["pair"] == pytest.approx((pair + 3) / 5) and times["full"] == pytest.approx((full + 3) / 5)
    words = why()
    assert f"held {times[chosen]:.2g} times as many" in words and "mDC and hHEP" in words
    assert "best 50 pairs of a translator of all other sets (all-sets-3 is of that kind) held" in words
    assert words == why(translator="hESC-STRING-class-3") and why(translator="all-sets-3") in words
    own = "hESC-STRING-class-3: 10 and 10 times in mDC; 1 and 1 times in hHEP, whose networks it was calibrated by."
    assert words.endswith(own), "a set that took part in its making is named, and figures are by set"


def test_the_shipped_figures_are_of_sets_that_are_held_out() -> None:
    frame = measured()
    assert tuple(frame.columns) == COLUMNS and set(frame["data_set"]) == {"mDC", "hHEP"}
    assert set(frame["context"]) == {"pair", "full"} and (frame["best_edges"] <= frame["best"]).all()
    same = frame.groupby(["data_set", "group", "network"])[["pairs", "edges"]].nunique()
    assert (same == 1).all(axis=None), "both virtual cells and translators rank the same pairs"
    assert set(frame["translator"]) == {"hESC-STRING-class-3", WITHOUT}
    assert not {"mDC", "hHEP"} & set(load_translator("hESC-STRING-class-3").card.train_sets)


def test_edges_among_the_best_are_counted_without_the_training() -> None:
    seen = np.unique(pair_hashes([("A", "C")]))
    network = Network(Row("STRING", "mDC"), "TFs+500", ("A", "B", "C", "D"), ("A",), (("A", "B"), ("A", "C")))
    logits = np.array([[np.nan, 1.0, 9.0, 2.0], [9.0, np.nan, 9.0, 9.0]])
    assert _counted(logits, ["A", "B"], ["A", "B", "C", "D"], network, seen) == (2, 1, 2, 1)
