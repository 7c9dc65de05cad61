"""Rows side by side on threads: the same answers as on one thread, and torch is left with the threads it had."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from tests.test_sweep_paths import SHAPES, random_model
from tests.test_transformer import SHAPES as MODELS
from tests.test_transformer import close, make_cells, make_model
from ugrn_core.backbones.backbone import TransformerBackbone
from ugrn_core.backbones.hyper_dual import hyper_dual
from ugrn_core.backbones.threads import over_rows, row_threads
from ugrn_core.sweep import sweep_pairs, sweep_sources
from ugrn_core.types import BackboneCard, SweepSettings, Vocabulary

CPU = torch.device("cpu")
GRID = (1.0, 5.0, 45.0)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def backbone() -> TransformerBackbone:
    genes = [f"G{i}" for i in range(58)]
    card = BackboneCard("random", "random", "scgpt", "bins", (0.0, 50.0), 10.0, GRID, 1200)
    return TransformerBackbone(random_model(SHAPES[0]), card, Vocabulary(genes, range(58)), "none")


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_rows_keep_their_order_whatever_thread_they_are_on(n: int) -> None:
    seen = set()

    def work(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.add(threading.current_thread().name)
        assert n == 1 or torch.get_num_threads() == 1
        return a + b, a * b

    a, b = torch.arange(n), torch.arange(n) + 10
    total, product = over_rows(work, a, b)
    assert total.tolist() == (a + b).tolist() and product.tolist() == (a * b).tolist()
    assert (threading.current_thread().name in seen) == (n == 1)
    assert torch.get_num_threads() == row_threads(CPU) == 2


@pytest.mark.usefixtures("two_threads")
def test_threads_started_later_have_all_of_torchs_threads() -> None:
    over_rows(lambda a: (a,), torch.arange(4))
    found = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [2]


@pytest.mark.usefixtures("two_threads")
def test_an_error_on_a_thread_is_the_callers() -> None:
    def fails(a: torch.Tensor) -> tuple[torch.Tensor]:
        raise RuntimeError(f"row {int(a[0])}")

    with pytest.raises(RuntimeError, match="row 0"):
        over_rows(fails, torch.arange(4))


@pytest.mark.usefixtures("two_threads")
def test_one_thread_is_used_in_place() -> None:
    torch.set_num_threads(1)
    assert over_rows(lambda a: (a, threading.current_thread()), torch.arange(4))[1] is threading.current_thread()


def test_sweeps_on_two_threads_are_those_on_one(backbone: TransformerBackbone) -> None:
    genes = backbone.vocabulary.symbols[:30]
    settings = SweepSettings(10.0, GRID)
    pairs = [(a, b) for a in genes[:5] for b in genes[3:9] if a != b]
    found = []
    before = torch.get_num_threads()
    for n in (1, 2):
        torch.set_num_threads(n)
        sources = list(sweep_sources(backbone, genes, genes[:4], settings))
        swept = sweep_pairs(backbone, pairs, settings)
        found.append([*(s.response for s in sources), *(s.slope for s in sources), swept.response, swept.slope])
    torch.set_num_threads(before)
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(torch.tensor(one), torch.tensor(two), rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("own_ids", [False, True])
def test_passes_on_two_threads_are_those_on_one_whether_cells_have_ids_of_their_own_or_not(own_ids: bool) -> None:
    model = make_model(**MODELS[1])
    ids, values, first = make_cells(5, 7)
    ids = torch.stack([(ids + i) % 30 for i in range(5)]) if own_ids else ids
    passes = (lambda: model.dual(ids, values, first), lambda: hyper_dual(model, ids, values, first, first.flip(1)))
    for run in passes:
        two = run()
        torch.set_num_threads(1)
        for a, b in zip(two, run(), strict=True):
            close(a, b)
        torch.set_num_threads(2)


@pytest.mark.usefixtures("two_threads")
def test_the_passes_of_a_sweep_are_shared_among_threads(
    backbone: TransformerBackbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fast path is in use: every row of a sweep and of its pairs is computed on a thread with no others."""
    from ugrn_core.backbones import full_context, two_genes

    seen = []
    for module, name in ((full_context.BaseCell, "_first_layer"), (two_genes, "_sweep_rows")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, real=real: (seen.append(threading.current_thread().name), real(*a))[1]
        )
    genes, settings = backbone.vocabulary.symbols[:12], SweepSettings(10.0, GRID)
    list(sweep_sources(backbone, genes, genes[:4], settings))
    sweep_pairs(backbone, [(a, b) for a in genes for b in genes if a != b], settings)
    assert len(seen) == 4 and all(name.startswith("ugrn-rows") for name in seen)
