"""By what checkpoints and kinds of translator are chosen: gene-disjoint cross-validation inside hESC-STRING.

Genes are split into folds; a translator trains on pairs with both genes in the other folds and is tested on pairs
with both genes in its own fold, so that no tested gene was seen. AUPRC is the average precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.methods.catalogue import METHODS
from ugrn_core.methods.embedding import embedding_features
from ugrn_core.sweep import sweep_pairs
from ugrn_core.translators.kinds import KINDS, PAPER, KindName
from ugrn_core.translators.mlp import predict_logits
from ugrn_core.types import SweepSettings

FOLDS = 3
REPEATS = 2


def hesc_string_pairs(folder: Path, backbone: Backbone, seed: int = 0) -> pd.DataFrame:
    """Pairs ``source, target, label`` of hESC-STRING TFs+500: all positives, and as many non-edges for each TF."""
    at = folder / "STRING Dataset" / "hESC" / "TFs+500"
    known = [g for g in pd.read_csv(at / "Target.csv")["Gene"] if g in backbone.vocabulary]
    edges = pd.read_csv(at / "BL--network.csv")[["Gene1", "Gene2"]]
    edges = edges[edges["Gene1"].isin(known) & edges["Gene2"].isin(known) & (edges["Gene1"] != edges["Gene2"])]
    edges = edges.drop_duplicates()
    rng = np.random.default_rng(seed)
    rows = []
    for source, group in edges.groupby("Gene1", sort=True):
        positives = sorted(group["Gene2"])
        others = sorted(set(known) - set(positives) - {source})
        negatives = rng.choice(others, min(len(positives), len(others)), replace=False)
        rows += [(source, t, 1) for t in positives] + [(source, t, 0) for t in negatives]
    return pd.DataFrame(rows, columns=["source", "target", "label"])


CLASS = tuple(name for name, method in METHODS.items() if method.family == "class")
"""Methods that read what kind of genes the two are, too."""


def pair_features(
    backbone: Backbone, pairs: pd.DataFrame, settings: SweepSettings, methods: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Features (pair, feature) of VVP, GDT (both directions side by side) and Emb in the pair context, and of
    ``methods`` of the benchmark."""
    there = list(zip(pairs["source"], pairs["target"], strict=True))
    back = [(t, s) for s, t in there]
    forward, reverse = sweep_pairs(backbone, there, settings), sweep_pairs(backbone, back, settings)
    assert forward.response is not None and reverse.response is not None  # fixed background
    ways = [{"response": sweep.response, "slope": sweep.slope} for sweep in (forward, reverse)]
    readings = {name: METHODS[name].reading for name in methods}
    return {
        "VVP": np.hstack([forward.response, reverse.response]),
        "GDT": np.hstack([forward.slope, reverse.slope]),
        "Emb": embedding_features(backbone, there),
        **{name: reading.features(backbone, there, *ways) for name, reading in readings.items() if reading},
    }


def cross_validate(
    pairs: pd.DataFrame, features: dict[str, np.ndarray], seed: int = 0, kind: KindName = PAPER
) -> pd.DataFrame:
    """Frame ``method, repeat, fold, auprc, auroc, prior, n`` of gene-disjoint folds; Ens: mean logit of VVP and GDT."""
    genes = np.array(sorted(set(pairs["source"]) | set(pairs["target"])))
    rows = []
    for repeat in range(REPEATS):
        fold_of = dict(zip(genes, np.random.default_rng([seed, repeat]).permutation(len(genes)) % FOLDS, strict=True))
        source, target = pairs["source"].map(fold_of).to_numpy(), pairs["target"].map(fold_of).to_numpy()
        labels = pairs["label"].to_numpy()
        for fold in range(FOLDS):
            train, test = (source != fold) & (target != fold), (source == fold) & (target == fold)
            logits = {}
            for method, x in features.items():
                net, _ = KINDS[kind].train(x[train], labels[train], seed=repeat)
                logits[method] = predict_logits(net, x[test])
            logits["Ens"] = (logits["VVP"] + logits["GDT"]) / 2
            truth = labels[test]
            for method, score in logits.items():
                auprc, auroc = average_precision_score(truth, score), roc_auc_score(truth, score)
                rows.append((method, repeat, fold, auprc, auroc, truth.mean(), len(truth)))
    return pd.DataFrame(rows, columns=["method", "repeat", "fold", "auprc", "auroc", "prior", "n"])


def regulatory_figures(
    backbone: Backbone, beeline: Path, kinds: Sequence[KindName] = (PAPER,), methods: Sequence[str] = ()
) -> dict[str, float]:
    """Mean AUPRC and AUROC of each method over the folds, e.g. ``VVP_auprc``, at the backbone's default settings.

    ``methods`` of the benchmark come beside VVP, GDT, Emb and Ens. Kinds other than the paper's have their name before
    it: ``logistic_VVP_auprc``.
    """
    pairs = hesc_string_pairs(beeline, backbone)
    features = pair_features(backbone, pairs, SweepSettings(backbone.card.base, backbone.card.grid), methods)
    figures = {}
    for kind in kinds:
        means = cross_validate(pairs, features, kind=kind).groupby("method")[["auprc", "auroc"]].mean()
        ahead = "" if kind == PAPER else f"{kind}_"
        figures |= {
            f"{ahead}{name}_{metric}": float(means.loc[name, metric]) for name in means.index for metric in means
        }
    return figures
