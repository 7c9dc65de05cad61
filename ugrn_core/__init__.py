"""UGRN Explorer: ask single-cell foundation models about gene regulation.

Importing this package is light: torch is loaded when a backbone is asked for, never before.
"""

__version__ = "0.1.0"
