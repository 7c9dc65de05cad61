"""A network run: blocks of sources against all targets, finished ones read from the store, the rest computed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.beeline.networks import Edge
from ugrn_core.network.blocks import (
    BlockScores,
    Curves,
    block_key,
    block_pairs,
    read_block,
    score_block,
    translator_digest,
    write_block,
)
from ugrn_core.network.request import NetworkRequest, check_request
from ugrn_core.network.scores import NetworkScores, ScoreFiles
from ugrn_core.store import Store
from ugrn_core.stored_sweep import stored_sources
from ugrn_core.sweep import sweep_pairs
from ugrn_core.translators.translator import Translator
from ugrn_core.types import Cancel, Context, Progress, SweepSettings, part_of

SWEEP_SHARE = 0.9
"""Share of the progress bar that the sweeps of a full context take."""


def predict_network(
    backbone: Backbone,
    translator: Translator,
    request: NetworkRequest,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> NetworkScores:
    """Logits and slopes of every source -> target. Finished blocks go into the store at once: a run that was stopped
    goes on after them, and two runs of the same request share the work."""
    notes = check_request(request, translator, backbone)
    blocks = block_pairs(request)
    files = ScoreFiles(request, translator.card.seeds)
    digest, settings = translator_digest(translator), translator.card.schema.settings
    keys = [block_key(backbone, digest, request, settings, pairs) for pairs in blocks]
    with tempfile.TemporaryDirectory(prefix="ugrn-curves-") as folder:
        curves = _Curves(backbone, request, settings, store, Path(folder), progress, cancel)
        start = 0.0 if request.context.kind == "pair" else SWEEP_SHARE
        done, whole = 0, sum(map(len, blocks))
        for pairs, key in zip(blocks, keys, strict=True):
            share = start + (1 - start) * done / whole, start + (1 - start) * (done + len(pairs)) / whole
            block = _block(backbone, translator, pairs, key, curves.read, store, part_of(progress, *share), cancel)
            files.fill(pairs, block)
            done += len(pairs)
            if progress:
                progress(share[1], f"{done:,} of {whole:,} pairs of genes scored")
    return files.finished(notes)


def finished_share(backbone: Backbone, translator: Translator, request: NetworkRequest, store: Store | None) -> float:
    """Share of the pairs of genes whose blocks the store holds."""
    digest, settings = translator_digest(translator), translator.card.schema.settings
    sizes = [(len(p), block_key(backbone, digest, request, settings, p)) for p in block_pairs(request)]
    known = sum(n for n, key in sizes if store is not None and store.get(key) is not None)
    return known / sum(n for n, _ in sizes)


def _block(
    backbone: Backbone,
    translator: Translator,
    pairs: Sequence[Edge],
    key: str,
    curves: Curves,
    store: Store | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> BlockScores:
    found = read_block(store, key)
    if found is not None:
        return found
    if store is None:
        return score_block(backbone, translator, pairs, curves, progress, cancel)
    with store.lock(key, cancel=cancel):
        found = read_block(store, key)
        if found is None:
            found = score_block(backbone, translator, pairs, curves, progress, cancel)
            write_block(store, key, found)
    return found


class _Curves:
    """Curves of directed pairs: swept anew for two genes alone, read from a file of all sweeps in a full context.

    Curves of the pair context are not kept: their blocks are, and at the speed of the sweep a row a pair in the
    store costs as much as the sweep itself.
    """

    def __init__(
        self,
        backbone: Backbone,
        request: NetworkRequest,
        settings: SweepSettings,
        store: Store | None,
        folder: Path,
        progress: Progress | None,
        cancel: Cancel | None,
    ) -> None:
        self.backbone, self.context, self.settings, self.store = backbone, request.context, settings, store
        self.genes = tuple(dict.fromkeys([*request.sources, *request.targets]))
        self.folder, self.progress, self.cancel = folder, progress, cancel
        self._swept: tuple[np.ndarray | None, np.ndarray] | None = None

    def read(
        self, pairs: Sequence[Edge], progress: Progress | None, cancel: Cancel | None
    ) -> tuple[np.ndarray | None, np.ndarray]:
        """Response and slope, each (pair, value)."""
        if self.context.kind == "pair":
            swept = sweep_pairs(self.backbone, pairs, self.settings, progress=progress, cancel=cancel)
            return swept.response, swept.slope
        response, slope = self._all()
        row = {g: n for n, g in enumerate(self.genes)}
        i, j = np.array([[row[s], row[t]] for s, t in pairs]).T
        return None if response is None else response[i, :, j], slope[i, :, j]

    def _all(self) -> tuple[np.ndarray | None, np.ndarray]:
        """Sweeps of all genes over all genes, (gene, value, gene), in files."""
        if self._swept is None:
            self._swept = _sweep_all(
                self.backbone, self.context, self.genes, self.settings, self.store, self.folder,
                part_of(self.progress, 0.0, SWEEP_SHARE), self.cancel,
            )  # fmt: skip
        return self._swept


def _sweep_all(
    backbone: Backbone,
    context: Context,
    genes: Sequence[str],
    settings: SweepSettings,
    store: Store | None,
    folder: Path,
    progress: Progress | None,
    cancel: Cancel | None,
) -> tuple[np.ndarray | None, np.ndarray]:
    place = {g: n for n, g in enumerate(context.genes)}
    columns = [place[g] for g in genes]
    shape = len(genes), len(settings.grid), len(genes)
    slope = np.lib.format.open_memmap(folder / "slope.npy", "w+", np.float32, shape)
    response = None
    if settings.background == "fixed":
        response = np.lib.format.open_memmap(folder / "response.npy", "w+", np.float32, shape)
    sweeps = stored_sources(backbone, context, list(genes), settings, store, progress=progress, cancel=cancel)
    for n, sweep in enumerate(sweeps):
        slope[n] = sweep.slope[:, columns]
        if response is not None and sweep.response is not None:
            response[n] = sweep.response[:, columns]
    return response, slope
