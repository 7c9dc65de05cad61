"""What went wrong, said in place, while the page lives on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from ugrn_core.errors import ColumnError, DeviceError, UGRNError
from ui.shared import keys

BOXES = {"source": "Source", "target": "Target", "label": "Label", "score": "Score"}
"""Titles of the boxes in which a column of a table is chosen."""


class NotYet(UGRNError):
    """Something the page still waits for, such as a gene; no fault of anybody."""


@contextmanager
def said_in_place() -> Iterator[None]:
    """Show the message of a :class:`UGRNError` where it happened; anything else is a bug and passes through."""
    try:
        yield
    except NotYet as wanted:
        st.info(plain(str(wanted)), icon=":material/arrow_upward:")
    except DeviceError as error:
        st.error(plain(str(error)), icon=":material/error:")
        with suppress(StreamlitDuplicateElementKey):  # said twice on a page, one button will do
            st.button("Go on on the processor", on_click=_to_processor, key=keys.TO_THE_PROCESSOR)
    except ColumnError as error:
        boxes = [BOXES[column] for column in error.columns if column in BOXES]
        which = f" Choose it in the box {' and in the box '.join(boxes)}." if boxes else ""
        st.error(plain(f"{error}{which}"), icon=":material/error:")
    except UGRNError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _to_processor() -> None:
    from ui.shared import models

    models.to_processor()


def plain(text: str) -> str:
    """Text in which names from files and users cannot turn into formatting; code in backticks stays code."""
    return re.sub(r"([*_$\[\]<>~\\])", r"\\\1", text)
