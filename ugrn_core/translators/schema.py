"""What the features of a translator are; features of another kind are refused."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from pydantic import ValidationError
from pydantic.dataclasses import dataclass

from ugrn_core.backbones.backbone import Backbone
from ugrn_core.checked_json import STRICT, Grid, Value, Word, complaint
from ugrn_core.errors import InputError
from ugrn_core.methods.catalogue import READINGS, reads_curves
from ugrn_core.types import Background, SweepSettings

MethodName = Literal["Ens", "VVP", "GDT", "Baseline-Emb", "VVP+class"]
ContextName = Literal["pair", "full"]
"""Two genes alone, or all genes of a data set or list."""

PARTS: dict[str, tuple[str, ...]] = {
    "Ens": ("VVP", "GDT"),
    "VVP": ("VVP",),
    "GDT": ("GDT",),
    "Baseline-Emb": ("Baseline-Emb",),
    "VVP+class": ("VVP+class",),
}
"""Methods a translator can be kept of (those that need no expression), and the methods whose networks it holds."""


@dataclass(frozen=True, config=STRICT)
class FeatureSchema:
    """Backbone, method, kind of context and settings that pair features were made with."""

    backbone: Word
    fingerprint: Word
    unit: Word
    method: MethodName
    context: ContextName
    base: Value
    grid: Grid
    background: Background

    @property
    def settings(self) -> SweepSettings:
        return SweepSettings(self.base, self.grid, self.background)

    @property
    def parts(self) -> tuple[str, ...]:
        """The methods whose networks are trained: VVP and GDT for Ens."""
        return PARTS[self.method]


def feature_schema(backbone: Backbone, method: str, context: ContextName, settings: SweepSettings) -> FeatureSchema:
    """Schema of the features a backbone gives; a method without a translator that can be kept is an InputError."""
    if method not in PARTS:
        raise InputError(f"no translator can be kept of {method!r}; there are {', '.join(PARTS)}.")
    if settings.background == "follow" and any("response" in READINGS[part].curves for part in PARTS[method]):
        raise InputError(f"{method} reads responses, which background 'follow' does not have; take GDT or 'fixed'.")
    card = backbone.card
    try:
        return FeatureSchema(
            card.name,
            backbone.fingerprint,
            card.unit,
            method,  # pyright: ignore[reportArgumentType] (checked by the record)
            context,
            settings.base,
            settings.grid,
            settings.background,
        )
    except ValidationError as error:
        raise InputError(f"These features cannot be described: {complaint(error)}. Change base or grid.") from error


def check_schema(translator: str, expected: FeatureSchema, got: FeatureSchema) -> None:
    """Refuse features of another schema and say in what they differ; base, grid and context matter to curves."""
    ignored = {"backbone"}
    if not reads_curves(expected.parts):
        ignored |= {"context", "base", "grid", "background"}
    here = asdict(got)
    differing = {k: (v, here[k]) for k, v in asdict(expected).items() if k not in ignored and v != here[k]}
    if "fingerprint" in differing:
        raise InputError(
            f"Translator {translator} was trained on features of {expected.backbone} (fingerprint "
            f"{expected.fingerprint[:12]}), these are of {got.backbone} ({got.fingerprint[:12]}): the numbers of "
            "another model mean nothing to it. Use that model, or train a translator for this one."
        )
    if differing:
        said = "; ".join(f"{name} {given} instead of {wanted}" for name, (wanted, given) in differing.items())
        raise InputError(f"Translator {translator} was trained on other features; here: {said}. Use its settings.")
