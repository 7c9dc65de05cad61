"""Many people open a page at once, without a browser: how long until the server has sent each its figure.

A browser beside the server would take the server's processors itself; these clients only listen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Origin, Subprotocol

PATIENCE = 180.0
"""Seconds after which a page that has no figure is given up."""


def open_together(url: str, page: str, queries: Sequence[str]) -> list[float]:
    """Seconds to the first figure of each query of ``page``, all opened at the same moment; inf where none came."""
    return asyncio.run(_all(url.replace("http:", "ws:"), page, queries))


async def _all(address: str, page: str, queries: Sequence[str]) -> list[float]:
    everybody = asyncio.Barrier(len(queries))
    return list(await asyncio.gather(*(_one(address, page, query, everybody) for query in queries)))


async def _one(address: str, page: str, query: str, everybody: asyncio.Barrier) -> float:
    origin = Origin(address.replace("ws:", "http:"))
    stream = f"{address}/_stcore/stream"
    await everybody.wait()
    started = time.perf_counter()
    seconds = float("inf")
    async with websockets.connect(
        stream, subprotocols=[Subprotocol("streamlit")], origin=origin, max_size=None
    ) as connection:
        await connection.send(_asked(page, query).SerializeToString())
        try:
            async with asyncio.timeout(PATIENCE):
                seconds = await _figure(connection, page, query) - started
        except TimeoutError:
            pass
        await everybody.wait()  # nobody leaves before the last has a figure
    return seconds


async def _figure(connection, page: str, query: str) -> float:
    """When the first figure came; what the page asks to be drawn anew is drawn anew, as a browser does it."""
    again: set[asyncio.Task] = set()
    message = ForwardMsg()
    try:
        while True:
            message.ParseFromString(await connection.recv())
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "plotly_chart":
                return time.perf_counter()
            if kind == "auto_rerun":
                wait, fragment = message.auto_rerun.interval, message.auto_rerun.fragment_id
                again.add(asyncio.create_task(_redraw(connection, page, query, wait, fragment)))
    finally:
        for task in again:
            task.cancel()


async def _redraw(connection, page: str, query: str, wait: float, fragment: str) -> None:
    while True:
        await asyncio.sleep(wait)
        asked = _asked(page, query)
        asked.rerun_script.fragment_id, asked.rerun_script.is_auto_rerun = fragment, True
        await connection.send(asked.SerializeToString())


def _asked(page: str, query: str) -> BackMsg:
    asked = BackMsg()
    asked.rerun_script.query_string, asked.rerun_script.page_name = query, page
    return asked
