"""UGRN Explorer: ask single-cell foundation models about gene regulation.

The library, ``import ugrn_core as ugrn``:

- :func:`load` a model; :func:`pair`: the curves of two genes; :func:`gene`: all that is linked to one; :func:`network`:
  a network of genes or of cells;
- :func:`train_translator`, :func:`benchmark`;
- ``tl`` writes into cells, ``get`` takes tables out, ``pl`` draws.

Importing this package is light: torch is loaded when a backbone is asked for, never before. Where it was not loaded
yet, its waiting threads will sleep instead of spinning (docs/decisions/040-waiting-threads-sleep.md).
"""

import importlib
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
__all__ = ["__version__", "benchmark", "gene", "get", "load", "network", "pair", "pl", "tl", "train_translator"]

if TYPE_CHECKING:
    from ugrn_core.api import get, pl, tl
    from ugrn_core.api.genes import gene
    from ugrn_core.api.inputs import load
    from ugrn_core.api.networks import network
    from ugrn_core.api.pairs import pair
    from ugrn_core.api.training import benchmark, train_translator

_FUNCTIONS = {
    "load": "inputs",
    "pair": "pairs",
    "gene": "genes",
    "network": "networks",
    "train_translator": "training",
    "benchmark": "training",
}
_ROOMS = ("get", "pl", "tl")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"ugrn_core.api.{name}")
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"ugrn_core.api.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The import of a room called ``pair``, ``network`` or ``benchmark`` does not hide the function of that name
    (docs/decisions/101-functions-beside-rooms.md)."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _FUNCTIONS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
