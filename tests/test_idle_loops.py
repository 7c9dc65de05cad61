from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from ugrn_core.paths import ROOT
from ui.server import idle_loops
from ui.server.idle_loops import IdleLoop, IdleLoops

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts the files of a Linux process")


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_loops_that_never_run_hold_no_file():
    """Streamlit makes one for each session: 60 sessions must fit 256 files with their connections."""
    before = open_files()
    loops = [IdleLoop() for _ in range(60)]
    assert open_files() == before
    for loop in loops:
        loop.close()
    assert open_files() == before


def test_a_loop_that_runs_is_an_ordinary_one():
    before = open_files()
    loop = IdleLoop()

    async def work() -> str:
        await asyncio.sleep(0.01)
        reader, writer = await asyncio.to_thread(os.pipe)
        os.write(writer, b"x")
        arrived = loop.create_future()
        loop.add_reader(reader, lambda: arrived.done() or arrived.set_result(os.read(reader, 1)))
        assert await asyncio.wait_for(arrived, 20) == b"x"
        loop.remove_reader(reader)
        os.close(reader)
        os.close(writer)
        woken = asyncio.Event()
        threading.Timer(0.02, lambda: loop.call_soon_threadsafe(woken.set)).start()
        await asyncio.wait_for(woken.wait(), 20)
        return "done"

    assert loop.run_until_complete(work()) == "done"
    assert loop.run_until_complete(asyncio.sleep(0, "again")) == "again"
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert open_files() == before


def test_it_is_installed_once_and_only_over_pythons_own():
    before = asyncio.get_event_loop_policy()
    try:
        asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
        idle_loops.install()
        installed = asyncio.get_event_loop_policy()
        idle_loops.install()
        assert asyncio.get_event_loop_policy() is installed
        assert isinstance(installed, IdleLoops)
        assert asyncio.run(asyncio.sleep(0, "runs")) == "runs"

        class Other(asyncio.DefaultEventLoopPolicy):
            pass

        other = Other()
        asyncio.set_event_loop_policy(other)
        idle_loops.install()
        assert asyncio.get_event_loop_policy() is other
    finally:
        asyncio.set_event_loop_policy(before)


def test_the_server_installs_it_before_its_first_session():
    program = "import asyncio, app; print(type(asyncio.get_event_loop_policy()).__name__)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.split()[-1] == "IdleLoops"


SESSIONS, FILES, PATIENCE = 60, 256, 240.0


def answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


async def page(address: str, everybody: asyncio.Barrier) -> int:
    """Open a page as a browser does; the number of its messages, and the page stays open until all have theirs."""
    origin = address.replace("ws:", "http:")
    async with websockets.connect(f"{address}/_stcore/stream", subprotocols=["streamlit"], origin=origin) as connection:
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        await connection.send(asked.SerializeToString())
        n, message = 0, ForwardMsg()
        while message.WhichOneof("type") != "script_finished":
            n += 1
            message.ParseFromString(await connection.recv())
        assert message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        await everybody.wait()
        return n


def test_sixty_sessions_at_once_get_their_pages_with_256_files(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = (
        f"ulimit -n {FILES}; exec {sys.executable} -m streamlit run app.py --server.port {port} --server.headless true"
    )
    environment = os.environ | {"UGRN_CACHE_DIR": str(tmp_path)}
    with (
        (tmp_path / "log").open("w+") as log,
        subprocess.Popen(["bash", "-c", start], cwd=ROOT, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            end = time.monotonic() + PATIENCE
            while not answers(port):
                assert server.poll() is None
                assert time.monotonic() < end
                time.sleep(0.2)

            async def all_pages() -> list[int]:
                everybody = asyncio.Barrier(SESSIONS)
                pages = (page(f"ws://127.0.0.1:{port}", everybody) for _ in range(SESSIONS))
                return await asyncio.wait_for(asyncio.gather(*pages), PATIENCE)

            messages = asyncio.run(all_pages())
            held = len(os.listdir(f"/proc/{server.pid}/fd"))
        finally:
            server.terminate()
            server.wait(30)
        log.seek(0)
        said = log.read()
    assert len(messages) == SESSIONS
    assert min(messages) > 50, "pages with errors are short"
    assert held < FILES
    assert "Too many open files" not in said
