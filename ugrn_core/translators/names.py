"""Names of translators: file names on every system."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from ugrn_core.errors import InputError

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._+-]{0,62}[A-Za-z0-9_+-])?")
ENDINGS = (".json", ".safetensors", ".zip", ".partial")
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that are devices on Windows, with any ending."""


def check_name(name: str) -> str:
    """A name that can be a file name, or an InputError."""
    if not NAME.fullmatch(name) or name.lower().endswith(ENDINGS) or DEVICES.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} cannot be the name of a translator: letters, digits, . _ + and - (64 at most, first a "
            f"letter or digit, last no dot), without an ending such as {ENDINGS[0]}, and no device such as NUL."
        )
    return name


def _checked(name: str) -> str:
    try:
        return check_name(name)
    except InputError as error:
        raise ValueError(str(error).rstrip(".")) from None


TranslatorName = Annotated[str, AfterValidator(_checked)]
"""Of records that are read from files."""
