"""One training and one test: translators, scores of every method, and the rows of their blocks."""

from __future__ import annotations

import numpy as np

from ugrn_core.beeline.networks import Edge, Row
from ugrn_core.benchmark.features import FeatureCache
from ugrn_core.benchmark.metrics import FEWEST_POSITIVES, METRICS, SUBSETS, edge_overlap, ranking_metrics, unseen_masks
from ugrn_core.benchmark.request import LABELLED_ONLY, reverse_is_labelled, without_reverse
from ugrn_core.benchmark.results import NONE, Result
from ugrn_core.benchmark.run import Run, Unit
from ugrn_core.benchmark.sampling import EXCHANGED, LabelledPairs
from ugrn_core.methods.catalogue import trained_parts
from ugrn_core.methods.method import Method
from ugrn_core.methods.shortcuts import KnownEdges, reverse_is_an_edge
from ugrn_core.translators.kinds import KINDS
from ugrn_core.translators.mlp import TranslatorNet, predict_logits
from ugrn_core.types import Cancel

NAN = float("nan")


class TrainedUnit:
    """Translators of a unit, each trained when first asked for."""

    def __init__(self, run: Run, unit: Unit, bank: FeatureCache | None, cancel: Cancel | None) -> None:
        self.run, self.unit, self.bank, self.cancel = run, unit, bank, cancel
        self.sample = run.samples.train(unit.split, unit.neg_ratio, unit.seed)
        self.edges = run.samples.train_edges(unit.split)
        self.genes = {g for pair in self.sample.pairs for g in pair}
        self._nets: dict[str, tuple[TranslatorNet | None, str]] = {}

    def net(self, part: Method) -> tuple[TranslatorNet | None, str]:
        """The translator of a method and what is to be said of it; None with the reason where it cannot be trained.

        Where only some of the training sets have expression, it is trained on those.
        """
        if part.name not in self._nets:
            self._nets[part.name] = self._train(part)
        return self._nets[part.name]

    def _train(self, part: Method) -> tuple[TranslatorNet | None, str]:
        assert self.bank is not None
        sets = list(dict.fromkeys(self.sample.data_sets))
        usable = [d for d in sets if not self.bank.missing(part, [d])]
        if not usable:
            return None, f"training {self.bank.missing(part, sets)}"
        sample = self.sample if usable == sets else self.sample.only(usable)
        note = "" if usable == sets else f"trained on {', '.join(usable)} only: {self.bank.missing(part, sets)}"
        if not 0 < sample.n_pos < len(sample.labels):
            return None, f"training has {sample.n_pos} positives and {sample.n_neg} negatives"
        features = self.features(part, sample, self.edges)
        kind = KINDS[self.run.request.translator]
        return kind.train(features, sample.labels, seed=self.unit.seed, cancel=self.cancel)[0], note

    def features(self, part: Method, sample: LabelledPairs, edges: frozenset[Edge]) -> np.ndarray:
        """Features (pair, feature) of a sample of the network with ``edges``, their reverse half as the run asks."""
        assert self.bank is not None
        features = self.bank.features(part, sample)
        if self.run.request.reverse_features == LABELLED_ONLY and part.two_ways:
            columns = part.reading.reverse_columns(len(self.bank.surroundings.settings.grid)) if part.reading else ()
            return without_reverse(features, reverse_is_labelled(sample, edges), columns)
        return features


class Scored:
    """One test of a unit: scores of methods, and the rows of their blocks."""

    def __init__(self, run: Run, unit: Unit, row: Row, trained: TrainedUnit) -> None:
        self.run, self.unit, self.row, self.trained = run, unit, row, trained
        self.sample = run.samples.test(row, unit.neg_ratio, unit.seed)
        self.masks = unseen_masks(self.sample.pairs, trained.genes)
        self.known = np.array([pair in trained.edges for pair in self.sample.pairs], float)
        self._logits: dict[str, np.ndarray] = {}
        self._covered: dict[str, np.ndarray] = {}

    def scores(self, method: Method) -> tuple[np.ndarray | None, str, str]:
        """Scores (pair,) with status and reason; None where the method cannot score this test."""
        if method.shortcut is reverse_is_an_edge and self.sample.units is not None:
            return None, "missing", "both directions are one unit, so that no other pair is its reverse"
        if not self.sample.pairs:
            return None, "missing", f"no edge of {self.row} is among the genes of the model"
        if method.given is not None:
            return self._given(method.given(self.row.data_set, self.sample.pairs), method.name)
        if method.shortcut is not None:
            network = self.run.samples.networks[self.row]
            known = KnownEdges(self.trained.edges, frozenset(network.tfs), frozenset(network.edges), network.genes)
            return method.shortcut(known, self.sample.pairs), "ok", ""
        bank = self.trained.bank
        assert bank is not None
        parts = trained_parts(method)
        lacking = next(filter(None, (bank.missing(p, [self.row.data_set]) for p in parts or (method,))), "")
        if lacking:
            return None, "missing", lacking
        if method.from_expression is not None:
            return method.from_expression(bank.probes[self.row.data_set], self.sample.pairs), "ok", ""
        trained = [self.trained.net(p) for p in parts]
        notes = "; ".join(dict.fromkeys(note for _, note in trained if note))
        if any(net is None for net, _ in trained):
            return None, "missing", notes
        logits = [self._part_logits(p) for p in parts]
        return np.mean(logits, 0), "partial" if notes else "ok", notes

    def _given(self, values: np.ndarray, name: str) -> tuple[np.ndarray | None, str, str]:
        """Given scores (pair,) with NaN where there is none: those stand below all others, equal to one another."""
        there = ~np.isnan(values)
        self._covered[name] = there
        if self.sample.units is not None:  # a unit has the mean of those of its directions that have a score
            values = self.sample.by_unit(values)[self.sample.units]
            there = ~np.isnan(values)
        if not there.any():
            return None, "missing", "no score of any of these pairs was given"
        ranks = np.zeros(len(values))
        ranks[there] = 1 + np.unique(values[there], return_inverse=True)[1]
        if there.all():
            return ranks, "ok", ""
        return ranks, "partial", f"{there.mean():.1%} of the pairs have a score; the rest stand last"

    def _part_logits(self, part: Method) -> np.ndarray:
        if part.name not in self._logits:
            net, _ = self.trained.net(part)
            assert net is not None
            edges = frozenset(self.run.samples.networks[self.row].edges)
            self._logits[part.name] = predict_logits(net, self.trained.features(part, self.sample, edges))
        return self._logits[part.name]

    def rows(self, method: Method, scores: np.ndarray | None, status: str, reason: str) -> list[Result]:
        """The rows of a block: every subset with every metric."""
        about = self._about(method)
        covered = self.covered(method, scores)
        labels, covered = (self.sample.by_unit(v) for v in (self.sample.labels, covered))
        scores = None if scores is None else self.sample.by_unit(scores)
        rows = []
        for subset in SUBSETS:
            mask = self.sample.by_unit(self.masks[subset]).astype(bool)
            more = {
                "edge_overlap": self._overlap(labels, mask),
                "coverage": float(covered[mask].mean()) if mask.any() else NAN,
            }
            fewest = FEWEST_POSITIVES if subset != "all" or self.run.request.sampler == EXCHANGED else 0
            measured = _measured(labels, scores, mask, subset, fewest, status, reason)
            rows += [about | row | more for row in measured]
        return rows

    def covered(self, method: Method, scores: np.ndarray | None) -> np.ndarray:
        """1 where a pair has a score of its own, else 0: (pair,)."""
        return self._covered.get(method.name, np.full(len(self.sample.labels), scores is not None)).astype(float)

    def _overlap(self, labels: np.ndarray, mask: np.ndarray) -> float:
        """Share of the positives of a subset that are known from training, of a unit in either direction."""
        return edge_overlap(self.sample.by_unit(self.known) > 0, (labels == 1) & mask)

    def _about(self, method: Method) -> Result:
        r, u, backbone = self.run.request, self.unit, self.unit.contestant.backbone
        settings = None if backbone is None else self.run.settings(backbone)
        return {
            "protocol": r.protocol_name,
            "backbone": u.contestant.name,
            "weights": u.contestant.weights,
            "objective": NONE if backbone is None else backbone.card.objective,
            "translator": r.translator if trained_parts(method) else NONE,
            "method": method.name,
            "context": NONE if settings is None else r.context,
            "background": NONE if settings is None else settings.background,
            "base": NAN if settings is None else settings.base,
            "grid": NONE if settings is None else " ".join(f"{v:g}" for v in settings.grid),
            "reverse_features": r.reverse_features
            if all(p.two_ways for p in trained_parts(method) or (method,))
            else NONE,
            "train_sets": u.split.train_sets,
            "train_network": u.split.train_network,
            "test_set": self.row.data_set,
            "test_network": self.row.network,
            "gene_set": r.gene_set,
            "sampler": r.sampler,
            "neg_ratio": u.neg_ratio,
            "max_pos": r.max_pos or 0,
            "seed": u.seed,
            "units": "pairs" if self.sample.units is None else "both directions",
        }


def _measured(
    labels: np.ndarray,
    scores: np.ndarray | None,
    mask: np.ndarray,
    subset: str,
    fewest: int,
    status: str,
    reason: str,
) -> list[Result]:
    """Rows of one subset without what they are about: one a metric, NaN with its reason where there is no value."""
    chosen = labels[mask]
    n_pos, n_neg = int(chosen.sum()), int(len(chosen) - chosen.sum())
    if scores is not None and n_pos < fewest:
        scores, status, reason = None, "too_few", f"{n_pos} positives, fewer than {fewest}"
    if scores is not None and not (n_pos and n_neg):
        scores, status, reason = None, "too_few", f"{n_pos} positives and {n_neg} negatives"
    values = dict.fromkeys(METRICS, NAN) if scores is None else ranking_metrics(chosen, scores[mask])
    prior = n_pos / len(chosen) if len(chosen) else NAN
    common = {"subset": subset, "n_pos": n_pos, "n_neg": n_neg, "prior": prior, "status": status, "reason": reason}
    return [common | {"metric": metric, "value": values[metric]} for metric in METRICS]
