"""UGRN Explorer: ask single-cell foundation models about gene regulation.

Importing this package is light: torch is loaded when a backbone is asked for, never before. Where it was not loaded
yet, its waiting threads will sleep instead of spinning (docs/decisions/040-waiting-threads-sleep.md).
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
