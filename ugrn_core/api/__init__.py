"""The library behind ``import ugrn_core as ugrn``. Thin: every function hands over to the room that does the work.

Frames and arrays come out, ``progress`` is optional, nothing is global, nothing is printed, and nothing is kept on disk
unless a ``store`` is given. Whatever cannot be done is a :class:`ugrn_core.errors.UGRNError` with one sentence.
"""
