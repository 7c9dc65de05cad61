"""A pair in company: up to three further genes in the virtual cell, each at a value of its own.

A companion may be a mediator, a confounder or a co-factor; the model only says what it predicts with it there. In the
pair context a companion joins the two genes; in a full context it takes its value there, or is added. "Without" is the
virtual cell as it was asked, so that a companion which that cell lacks is absent, not at base.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ugrn_core.added_genes import with_genes
from ugrn_core.backbones.backbone import Backbone
from ugrn_core.backbones.devices import device_errors
from ugrn_core.errors import InputError, stop_if
from ugrn_core.estimate import Estimate, estimate
from ugrn_core.genes.file_names import in_file
from ugrn_core.pair import PairRequest, estimate_curves, estimate_pair, explore_pair
from ugrn_core.places import Place, place_of
from ugrn_core.store import Store
from ugrn_core.stored_sweep import question_key
from ugrn_core.sweep import LARGEST_VALUE, SCHEMA, batch_size, check_settings, unless_full
from ugrn_core.types import Cancel, Context, FileNames, PairResult, Progress, SweepSettings, part_of

MOST_COMPANIONS = 3
MOST_STEPS = 65
"""Values of one axis of a surface; the work grows with their square."""
DUAL_PASSES = 3
"""What one hyper-dual pass costs, in dual passes."""
MEASURES = ("response", "interaction", "slope", "companion_slope", "mixed")
"""What a surface holds at every point."""
VERSION = "surface-1"
ENTRY = re.compile(r"(.+)=([^=]+)", re.DOTALL)


@dataclass(frozen=True)
class Companion:
    """A further gene (symbol of the backbone's vocabulary) and where it stands, in the backbone's unit."""

    gene: str
    value: float

    def __str__(self) -> str:
        return f"{self.gene}={np.format_float_positional(self.value, trim='-')}"

    def called(self, names: FileNames | None) -> str:
        """The same by the name of a mouse file, where there are such names."""
        return str(replace(self, gene=in_file(names, (self.gene,))[0]))


@dataclass(frozen=True)
class Surface:
    """What the target does when source and one companion both move; the other genes stay where they are.

    ``source_values`` (x,) and ``companion_values`` (y,). All else is (y, x) float32: ``response`` is
    M(source<-x, companion<-y)_target - M(source at its base, companion<-y)_target, so that a row is the response curve
    with the companion at y; ``slope`` is its derivative along the source, ``companion_slope`` that of the prediction
    along the companion. ``interaction`` is the response minus that with the companion at ``companion_base``: 0
    everywhere if the two merely add up. ``mixed`` is the second derivative along both, exact at its point. A model of
    ReLUs bends at corners too, of which a derivative knows nothing: the integral of ``mixed`` is part of
    ``interaction``, not all of it. ``names`` are those of a mouse file, by which it is told.
    """

    source: str
    target: str
    companion: str
    source_values: np.ndarray
    companion_values: np.ndarray
    response: np.ndarray
    interaction: np.ndarray
    slope: np.ndarray
    companion_slope: np.ndarray
    mixed: np.ndarray
    companion_base: float
    unit: str
    names: FileNames | None = None

    @property
    def called(self) -> tuple[str, str, str]:
        """Source, target and companion as readers know them: by the names of a mouse file."""
        source, target, companion = in_file(self.names, (self.source, self.target, self.companion))
        return source, target, companion


def read_companions(entries: Sequence[str], find: Callable[[str], str]) -> tuple[Companion, ...]:
    """Companions of texts such as ``TAL1=30``; what is not of that form is an InputError.

    ``find`` gives the symbol of a gene by whatever name, or raises (:func:`ugrn_core.genes.resolve.resolve_one`).
    """
    if len(entries) > MOST_COMPANIONS:
        raise InputError(f"A pair takes up to {MOST_COMPANIONS} further genes, got {len(entries)}: leave some out.")
    named = [parse_companion(entry) for entry in entries]
    return tuple(Companion(find(name), value) for name, value in named)


def parse_companion(entry: str) -> tuple[str, float]:
    """Name and value of a text such as ``TAL1=30``; an InputError where it is not of that form."""
    parts = ENTRY.fullmatch(entry)
    with suppress(ValueError):
        if parts is not None and parts[1].strip():
            return parts[1].strip(), float(parts[2])
    raise InputError(f"A further gene is {entry!r}; expected a gene and its value, such as TAL1=30.")


def in_company(
    backbone: Backbone, request: PairRequest, companions: Sequence[Companion]
) -> tuple[PairRequest, tuple[str, ...]]:
    """The same question with the companions in the virtual cell, and notes; without companions it is unchanged.

    The new context gives every gene its own base value, so that everything asked of a pair can be asked of it. Refused
    (InputError) are more than three companions, one named twice, one that is source or target, values that are no
    numbers, and background ``follow``, in which no gene has a value of its own. Values outside the pre-training are
    noted.
    """
    if not companions:
        return request, ()
    _check(request, companions)
    base = request.settings.base
    whole, _ = with_genes(request.context, [request.source, request.target], base)  # told by the pair's own result
    genes = whole.genes or (request.source, request.target)
    values = dict(zip(genes, whole.values or [base] * len(genes), strict=True))
    absent = [c.gene for c in companions if c.gene not in values]
    values |= {c.gene: float(c.value) for c in companions}
    label = f"{whole.label}, with {' '.join(c.called(whole.names) for c in companions)}"
    context = Context("profile", tuple(values), tuple(values.values()), label, names=whole.names)
    return replace(request, context=context), tuple(_notes(backbone, companions, absent, whole.names))


def explore_in_company(
    backbone: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[PairResult, PairResult | None]:
    """The pair with its companions, residual included, and without (None where it has none); notes of both are the
    first one's."""
    cell, notes = in_company(backbone, request, companions)
    first = part_of(progress, 0.0, 0.9) if companions else progress
    result = explore_pair(backbone, cell, store, progress=first, cancel=cancel)
    if not companions:
        return result, None
    rest = part_of(progress, 0.9, 1.0)
    without = explore_pair(backbone, request, store, residual=False, progress=rest, cancel=cancel)
    return replace(result, notes=tuple(dict.fromkeys((*without.notes, *notes, *result.notes)))), without


def estimate_in_company(
    backbone: Backbone, request: PairRequest, companions: Sequence[Companion], store: Store | None = None
) -> Estimate:
    """Cost of :func:`explore_in_company`."""
    cell, _ = in_company(backbone, request, companions)
    cost = estimate_pair(backbone, cell, store)
    if not companions:
        return cost
    more = estimate_curves(backbone, request, store)
    return replace(cost, passes=cost.passes + more.passes, seconds=cost.seconds + more.seconds)


def _check(request: PairRequest, companions: Sequence[Companion]) -> None:
    genes = [c.gene for c in companions]
    if len(genes) > MOST_COMPANIONS:
        raise InputError(f"A pair takes up to {MOST_COMPANIONS} further genes, got {len(genes)}: leave some out.")
    twice = [gene for gene in genes if genes.count(gene) > 1]
    if twice:
        raise InputError(f"{twice[0]} is named twice among the further genes: give each gene one value.")
    own = [gene for gene in genes if gene in (request.source, request.target)]
    if own:
        raise InputError(f"{own[0]} is source or target already and has no second value: name another further gene.")
    beyond = [c for c in companions if not abs(c.value) <= LARGEST_VALUE]
    if beyond:
        raise InputError(
            f"{beyond[0].gene} stands at {beyond[0].value:g}; expected a number up to {LARGEST_VALUE:,.0f} in size."
        )
    if request.settings.background == "follow":
        raise InputError(
            "Background 'follow' sets every gene to the same virtual value and has no place for a further gene with a "
            "value of its own. Use background 'fixed'."
        )


def _notes(
    backbone: Backbone, companions: Sequence[Companion], absent: Sequence[str], names: FileNames | None
) -> list[str]:
    notes = []
    if absent:
        who = f"{', '.join(in_file(names, absent))} {'is' if len(absent) == 1 else 'are'}"
        notes.append(f"{who} absent from the virtual cell without company, not at base.")
    low, high = backbone.card.domain
    outside = [c.called(names) for c in companions if not low <= c.value <= high]
    if outside:
        notes.append(
            f"Outside the values this model was trained on ({low:g} to {high:g} {backbone.card.unit}): "
            f"{', '.join(outside)}. The model answers, but it never saw such values."
        )
    return notes


def surface_values(domain: tuple[float, float], steps: int, *own: float) -> tuple[float, ...]:
    """``steps`` (2 to 65) even values over the pre-training and whatever of ``own`` lies outside it, rising."""
    _check_steps(steps)
    return tuple(float(v) for v in np.linspace(min(domain[0], *own), max(domain[1], *own), steps))


def _check_steps(steps: int) -> None:
    if not 2 <= steps <= MOST_STEPS:
        raise InputError(f"A surface has 2 to {MOST_STEPS} values an axis, got {steps}.")


def estimate_surface(
    backbone: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    companion: str,
    steps: int,
    store: Store | None = None,
) -> Estimate:
    """Cost of :func:`response_surface` with ``steps`` values an axis, in dual passes."""
    points = _points(backbone, request, companions, companion, steps)
    there = _place(backbone, points, store).there()
    return estimate(backbone, 1 + len(points.cell.genes), DUAL_PASSES * steps * steps, float(there))


def response_surface(
    backbone: Backbone,
    request: PairRequest,
    companions: Sequence[Companion],
    companion: str,
    steps: int,
    store: Store | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Surface:
    """Source by ``companion``, one of ``companions``; the others stay at their values, the grid plays no part.

    Both axes go in ``steps`` even values over the pre-training, and further where the own value or base of that gene
    lies outside. One hyper-dual pass a point. Deterministic. The store keeps the last :data:`~ugrn_core.places.PLACES`.
    """
    points = _points(backbone, request, companions, companion, steps)
    found = _place(backbone, points, store).get_or_compute(
        lambda: _measures(backbone, points, progress, cancel), cancel
    )
    return Surface(
        source=request.source,
        target=request.target,
        companion=companion,
        source_values=np.array(points.x),
        companion_values=np.array(points.y),
        **{name: found[name] for name in MEASURES},
        companion_base=points.own,
        unit=backbone.card.unit,
        names=request.context.names,
    )


@dataclass(frozen=True)
class _Points:
    """Where a surface is read: ``cell`` has source and companion at rest, ``at`` are places of source, target and
    companion in it; ``own`` is where the companion rests."""

    cell: Context
    at: tuple[int, int, int]
    x: tuple[float, ...]
    y: tuple[float, ...]
    own: float


def _points(
    backbone: Backbone, request: PairRequest, companions: Sequence[Companion], companion: str, steps: int
) -> _Points:
    _check_steps(steps)
    where = {c.gene: c for c in companions}
    if companion not in where:
        raise InputError(f"{companion} is not among the further genes ({', '.join(where) or 'none'}): add it first.")
    cell = in_company(backbone, request, companions)[0].context
    check_settings(request.settings, base_values=cell.values)
    values = list(cell.values or ())
    s, t, m = (cell.genes.index(gene) for gene in (request.source, request.target, companion))
    x = surface_values(backbone.card.domain, steps, values[s])
    y = surface_values(backbone.card.domain, steps, values[m])
    values[m] = _own_value(request, companion)
    return _Points(replace(cell, values=tuple(values)), (s, t, m), x, y, values[m])


def _place(backbone: Backbone, points: _Points, store: Store | None) -> Place:
    """Where a surface is kept: the companion's own value is no part of its question, unless an axis reaches there."""
    subject = " ".join(points.cell.genes[place] for place in points.at)
    settings = SweepSettings(points.own, points.x, "fixed")
    key = question_key(backbone, f"{VERSION}-{SCHEMA}", points.cell, settings, subject)
    return place_of(store, VERSION, key, more=[*map(repr, points.y)])


def _measures(
    backbone: Backbone, points: _Points, progress: Progress | None, cancel: Cancel | None
) -> dict[str, np.ndarray]:
    """:data:`MEASURES` by name, (y, x) each."""
    x, y, values = points.x, points.y, points.cell.values or ()
    ids = torch.from_numpy(backbone.vocabulary.ids(points.cell.genes)).to(backbone.device)
    base = torch.tensor(values, device=backbone.device, dtype=torch.float32)
    grid = torch.tensor(x, dtype=torch.float32)
    rows = torch.stack([grid.repeat(len(y)), torch.tensor(y, dtype=torch.float32).repeat_interleave(len(x))], 1)

    def read(some: Tensor) -> Tensor:
        return _read_points(backbone, ids, base, points.at, some)

    found = _in_batches(read, rows, backbone, len(ids), progress, cancel)
    rest, own = values[points.at[0]], points.own
    edges = [[rest, v] for v in (*y, own)] + [[v, own] for v in x]  # the source at base, the companion at its own
    ends = _in_batches(read, torch.tensor(edges, dtype=torch.float32), backbone, len(ids), None, cancel)[:, 0]
    value, slope, companion_slope, mixed = found.T.reshape(4, len(y), len(x))
    response = value - ends[: len(y), None]
    interaction = response - (ends[len(y) + 1 :] - ends[len(y)])
    return dict(zip(MEASURES, (response, interaction, slope, companion_slope, mixed), strict=True))


def _own_value(request: PairRequest, gene: str) -> float:
    """Where a gene stands if nobody moves it: at its value in a profile, else at base."""
    context = request.context
    if context.values is None or gene not in context.genes:
        return request.settings.base
    return context.values[context.genes.index(gene)]


def _read_points(backbone: Backbone, ids: Tensor, base: Tensor, where: tuple[int, int, int], points: Tensor) -> Tensor:
    """Prediction, both slopes and the mixed derivative of the target, (point, 4) on the host; points (point, 2)."""
    s, t, m = where
    values = base.repeat(len(points), 1)
    values[:, [s, m]] = points.to(base.device)
    first, second = torch.zeros_like(values), torch.zeros_like(values)
    first[:, s] = 1.0
    second[:, m] = 1.0
    return torch.stack([part[:, t] for part in backbone.hyper_dual(ids, values, first, second)], 1).cpu()


def _in_batches(
    read: Callable[[Tensor], Tensor],
    points: Tensor,
    backbone: Backbone,
    n_genes: int,
    progress: Progress | None,
    cancel: Cancel | None,
) -> np.ndarray:
    """``read`` of all points, some at a time; fewer where memory runs out."""
    size = max(1, batch_size(n_genes + 1, backbone.device) // 2)
    parts, start = [], 0
    while start < len(points):
        stop_if(cancel)
        block = points[start : start + size]
        with device_errors(backbone.device):
            found = unless_full(lambda: read(block), backbone.device, size)  # noqa: B023
        if found is None:
            size //= 2
            continue
        parts.append(found)
        start += len(block)
        if progress:
            progress(start / len(points), f"{start:,} of {len(points):,} points")
    return torch.cat(parts).numpy()
