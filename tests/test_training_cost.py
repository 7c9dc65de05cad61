"""What a training is said to take: counts of passes and of pairs, by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ugrn_core.backbones.registry import load_backbone
from ugrn_core.translation import cost
from ugrn_core.translators.schema import feature_schema
from ugrn_core.types import SweepSettings

SETTINGS = SweepSettings(0.0, (-1.0, 1.0, 2.0))


def test_seconds_of_sweeps_are_of_every_gene_of_a_set_or_of_a_trial_of_pairs(monkeypatch):
    toy = load_backbone("toy-square")
    schema = feature_schema(toy, "Ens", "pair", SETTINGS)
    full = replace(schema, context="full")
    n_values = len(schema.settings.grid)
    monkeypatch.setattr(cost, "estimate", lambda _, tokens, passes: SimpleNamespace(seconds=1000 * tokens + passes))
    assert cost.sweep_seconds(toy, full, 7, [3, 5]) == 1000 * (4 + 6) + n_values * (3 + 5)
    swept, clock = [], iter([10.0, 13.0])
    monkeypatch.setattr(cost, "sweep_pairs", lambda _backbone, pairs, _settings: swept.append(pairs))
    monkeypatch.setattr(cost.time, "perf_counter", lambda: next(clock))
    n_trial = min(cost.TRIAL_PAIRS, len(toy.vocabulary) // 2)
    assert cost.sweep_seconds(toy, schema, 7, []) == pytest.approx(2 * 7 * 3.0 / n_trial)
    assert [len(pairs) for pairs in swept] == [8, n_trial] and len(set(swept[1])) == n_trial
    assert all(s != t for s, t in swept[1])
    assert cost.sweep_seconds(toy, feature_schema(toy, "Baseline-Emb", "pair", SETTINGS), 7, []) == 0.0
