"""The errors a user can cause. Pages and the CLI catch :class:`UGRNError` only; anything else is a bug.

A message says what is wrong, what was got, what was expected and what to do next.
"""

from __future__ import annotations

from collections.abc import Callable


class UGRNError(Exception):
    """Base of every error that has a plain-language message for the user."""


class GeneError(UGRNError):
    """A gene name that a backbone does not know, or a list without a usable gene."""


class InputError(UGRNError):
    """A file, a pasted text or an option that cannot be used as it stands."""


class ColumnError(InputError):
    """A table whose columns have to be named: ``columns`` are some of source, target, label, score and gene.

    A command adds the options that name them, a page its boxes.
    """

    def __init__(self, message: str, *columns: str) -> None:
        super().__init__(message)
        self.columns = columns


class CheckpointError(UGRNError):
    """A checkpoint folder that does not hold exactly the model it says it holds."""


class FetchError(UGRNError):
    """A download that could not be completed or did not match its pinned hash."""


class DeviceError(UGRNError):
    """A GPU that is full, gone or broken; the same work can be done on the processor."""


class StoreError(UGRNError):
    """The result store is full, busy, or cannot be read or written."""


class DiskError(UGRNError):
    """A temporary folder without room for what is computed or read."""


class ClusterError(UGRNError):
    """Workers elsewhere that cannot be reached, were lost, or cannot do the work."""


class Cancelled(UGRNError):
    """The user asked a running computation to stop."""


def stop_if(cancel: Callable[[], bool] | None, said: str = "Stopped on request; what was finished is kept.") -> None:
    """Raise :class:`Cancelled` where ``cancel`` says so; asked between batches."""
    if cancel is not None and cancel():
        raise Cancelled(said)
