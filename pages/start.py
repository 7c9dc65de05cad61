"""Start: what this is, one click to an example, and what is there to work with."""

from __future__ import annotations

from ui import frame
from ui.start import page as start

frame.come_through_app()
start.welcome()
start.meaning()
start.inventory()
