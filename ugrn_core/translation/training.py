"""Train a translator that is kept: networks of several seeds, then a judgement on pairs it was not told.

The judgement (:mod:`ugrn_core.translation.training_set` says by what) gives the card its metrics and its calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from pydantic import ValidationError

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.report import density, reciprocal_share
from ugrn_core.benchmark.features import FeatureCache, FeatureContext
from ugrn_core.benchmark.metrics import ranking_metrics
from ugrn_core.benchmark.sampling import LabelledPairs
from ugrn_core.checked_json import complaint
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.method import Method
from ugrn_core.pair_hashes import pair_hashes
from ugrn_core.store import Store
from ugrn_core.translation.training_set import TrainingSet, TrainRequest
from ugrn_core.translators.calibration import fit_calibration
from ugrn_core.translators.kinds import kind_of
from ugrn_core.translators.mlp import TranslatorNet
from ugrn_core.translators.schema import FeatureSchema, feature_schema
from ugrn_core.translators.translator import HeldOutScore, Translator, TranslatorCard, own_contexts
from ugrn_core.types import Cancel, Progress, SweepSettings, part_of

FEATURE_SHARE = 0.6
"""Share of the progress bar that features take."""

Nets = dict[str, tuple[TranslatorNet, ...]]
Watch = Callable[[str, int, int, float], None]
"""Told method, seed, epoch and loss of the networks that are kept, for a live curve."""


def train_translator(
    backbone: Backbone,
    request: TrainRequest,
    material: TrainingSet,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    watch: Watch | None = None,
) -> Translator:
    """Train, judge and calibrate; deterministic. Features go through the store, networks train on one thread."""
    settings = request.settings or SweepSettings(backbone.card.base, backbone.card.grid)
    schema = feature_schema(backbone, request.method, request.context, settings)
    card = _card(request, schema, material)
    bank = FeatureCache(backbone, FeatureContext(request.context, settings, material.genes, {}), store)
    judged = [sample for j in material.held_out for sample in j.samples]
    bank.prepare([*material.members, *judged], _methods(schema), part_of(progress, 0.0, FEATURE_SHARE), cancel)
    groups = {j.group for j in material.held_out if j.trains}
    middle = FEATURE_SHARE + (1 - FEATURE_SHARE) / (1 + len(groups))
    kept = _train(bank, request, schema, material.members, watch, part_of(progress, FEATURE_SHARE, middle), cancel)
    translator = Translator(card, kept, _hashes(material.members))
    return _judged(translator, bank, request, material, part_of(progress, middle, 1.0), cancel)


def _train(
    bank: FeatureCache,
    request: TrainRequest,
    schema: FeatureSchema,
    members: Sequence[LabelledPairs],
    watch: Watch | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Nets:
    """Networks of every part, one a member; the member's place is its seed."""
    nets: Nets = {}
    kind = kind_of(request.kind)
    jobs = [(part, seed) for part in _methods(schema) for seed in range(len(members))]
    for n, (part, seed) in enumerate(jobs):
        features = bank.features(part, members[seed])
        net, _ = kind.train(
            features,
            members[seed].labels,
            seed=seed,
            epochs=request.epochs,
            progress=_named(part_of(progress, n / len(jobs), (n + 1) / len(jobs)), f"{part.name}, seed {seed + 1}"),
            cancel=cancel,
            watch=_watching(watch, part.name, seed),
        )
        nets[part.name] = (*nets.get(part.name, ()), net)
    return nets


def _judged(
    translator: Translator,
    bank: FeatureCache,
    request: TrainRequest,
    material: TrainingSet,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Translator:
    """The translator with metrics and calibration from the held-out tests."""
    schema = translator.card.schema
    nets_of = _held_out_nets(schema, bank, request, material, progress, cancel)
    scores: list[HeldOutScore] = []
    logits, labels, groups = [], [], []
    for j in (j for j in material.held_out if j.test.pairs):
        nets = nets_of[j.group] if j.trains else translator.nets
        judge = replace(translator, nets=nets)
        found = judge.logits(_features(bank, schema, j.test))
        metrics = ranking_metrics(j.test.labels, found)
        if np.isfinite(list(metrics.values())).all():
            scores.append(HeldOutScore(j.name, metrics["auprc"], metrics["auroc"], j.test.n_pos, j.test.n_neg))
        if request.calibrate_on and j.whole is None:
            continue
        seen = j.test if j.whole is None else j.whole
        logits.append(found if j.whole is None else judge.logits(_features(bank, schema, seen)))
        labels.append(seen.labels)
        groups += [j.group] * len(seen.labels)
    fitted = np.concatenate(logits or [[]]), np.concatenate(labels or [[]])
    calibration = fit_calibration(*fitted, groups, steps=bool(request.calibrate_on))
    return replace(translator, card=replace(translator.card, metrics=tuple(scores), calibration=calibration))


def _held_out_nets(
    schema: FeatureSchema,
    bank: FeatureCache,
    request: TrainRequest,
    material: TrainingSet,
    progress: Progress | None,
    cancel: Cancel | None,
) -> dict[str, Nets]:
    """Networks that judge a group in place of those that are kept, by group: trained on everything but the group."""
    groups = {j.group: j.trains for j in material.held_out if j.trains}
    nets: dict[str, Nets] = {}
    for n, (group, trains) in enumerate(groups.items()):
        part = _named(part_of(progress, n / len(groups), (n + 1) / len(groups)), f"without {group}")
        nets[group] = _train(bank, request, schema, trains, None, part, cancel)
    return nets


def _card(request: TrainRequest, schema: FeatureSchema, material: TrainingSet) -> TranslatorCard:
    """The card before judgement; counts are those of the first seed. What no card can say is an InputError."""
    first, networks = material.members[0], material.networks
    if not 0 < first.n_pos < len(first.labels):
        raise InputError(f"Training needs positives and negatives, got {first.n_pos} of {len(first.labels)} positive.")
    try:
        return TranslatorCard(
            name=request.name,
            schema=schema,
            networks=tuple(dict.fromkeys(n.row.network for n in networks)),
            train_sets=tuple(dict.fromkeys(n.row.data_set for n in networks)),
            gene_set=networks[0].gene_set,
            sampler=request.sampler,
            neg_ratio=request.neg_ratio,
            max_pos=request.max_pos,
            epochs=request.epochs or kind_of(request.kind).epochs,
            kind=request.kind,
            seeds=request.seeds,
            n_pos=first.n_pos,
            n_neg=first.n_neg,
            prior=first.n_pos / len(first.labels),
            prevalence=float(np.clip(np.median([density(n) for n in networks]), 1e-6, 1 - 1e-6)),
            genes=tuple(sorted({g for member in material.members for pair in member.pairs for g in pair})),
            metrics=(),
            calibration=None,
            reciprocal=reciprocal_share([edge for n in networks for edge in n.edges]),
            contexts=own_contexts(schema),
        )
    except ValidationError as error:
        raise InputError(f"This training cannot be described in a card: {complaint(error)}.") from error


def _features(bank: FeatureCache, schema: FeatureSchema, sample: LabelledPairs) -> dict[str, np.ndarray]:
    return {part.name: bank.features(part, sample) for part in _methods(schema)}


def _methods(schema: FeatureSchema) -> tuple[Method, ...]:
    return tuple(METHODS[name] for name in schema.parts)


def _hashes(members: Sequence[LabelledPairs]) -> np.ndarray:
    return np.unique(np.concatenate([pair_hashes(member.pairs) for member in members]))


def _watching(watch: Watch | None, part: str, seed: int) -> Callable[[int, float], None] | None:
    return None if watch is None else lambda epoch, loss: watch(part, seed, epoch, loss)


def _named(progress: Progress | None, what: str) -> Progress | None:
    return None if progress is None else lambda share, sentence: progress(share, f"{what}: {sentence}")
