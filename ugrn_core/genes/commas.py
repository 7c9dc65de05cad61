"""Commas in numbers: of decimals, or between thousands. One number does not tell, all of a file do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ugrn_core.errors import InputError

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+%?")


@dataclass
class Commas:
    """The numbers of a file, as they pass: the first that may have a comma between thousands (``1,234``), and whether
    some comma must be one of decimals (``0,234`` or ``1,2``)."""

    doubtful: str = ""
    decimal: bool = False

    def see(self, field: str) -> None:
        if self.decimal or "," not in field:
            return
        if _THOUSANDS.fullmatch(field.strip()):
            self.doubtful = self.doubtful or field.strip()
        else:
            self.decimal = True

    def check(self, what: str) -> None:
        """An InputError where no number of ``what`` tells the commas."""
        if self.doubtful and not self.decimal:
            plain, decimal = self.doubtful.replace(",", ""), self.doubtful.replace(",", ".", 1)
            raise InputError(
                f"The {what} holds {self.doubtful!r}, which may be {plain} or {decimal}, and no other number tells "
                "whether its commas are of thousands or of decimals. Write numbers without separators of "
                "thousands, and decimals with a point."
            )
