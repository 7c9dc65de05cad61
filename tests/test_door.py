"""The door of a shared server: who is let in, what is said with every answer, and what never reaches Streamlit."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit import config

from ui.server import access, door

TOKEN = "a token that nobody guesses"
OWN, OTHERS = ("127.0.0.1", 8501), ("10.0.0.7", 8501)


class Inner:
    """What stands behind the door: it remembers what reached it and answers with a page."""

    def __init__(self, content_type: str = "text/html; charset=utf-8") -> None:
        self.reached: list[str] = []
        self.content_type = content_type

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(f"{scope['type']} {scope.get('path', '')}")
        if scope["type"] == "http":
            headers = [(b"content-type", self.content_type.encode()), (b"x-frame-options", b"DENY")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"page"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages = messages
        self.status = messages[0].get("status") if messages else None
        self.headers = [(k.decode(), v.decode()) for k, v in (messages[0].get("headers", []) if messages else [])]
        self.body = b"".join(m.get("body", b"") for m in messages)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def cookies(self) -> str:
        return "; ".join(value.partition(";")[0] for value in self.all("set-cookie"))


def ask(
    the_door: door.AccessDoor,
    path: str = "/",
    *,
    method: str = "GET",
    kind: str = "http",
    server: tuple[str, int | None] | None = OTHERS,
    body: bytes = b"",
    query: bytes = b"",
    scheme: str = "http",
    **headers: str,
) -> Answer:
    headers = {"host": "h.org", **headers}
    scope = {
        "type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": query,
        "server": server, "scheme": scheme,
        "headers": [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()],
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(the_door(scope, receive, send))  # pyright: ignore[reportArgumentType]
    return Answer(sent)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SLOWLY", 0.0)


def enter(the_door: door.AccessDoor, token: str, path: str = "/", **more: Any) -> Answer:
    return ask(the_door, path, method="POST", body=urlencode({"token": token}).encode(), **more)


PATHS = [
    "/", "/network", "/_stcore/stream", "/_stcore/upload_file/a/b", "/_stcore/metrics", "/_stcore/host-config",
    "/_stcore/health/../metrics", "/media/x.csv", "/static/js/x.js", "/component/x", "/favicon.png", "//_stcore/health",
    "/_stcore/agent/interact", "/_stcore/healthy", "",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_nothing_but_health_is_reached_without_the_token(path, method):
    inner = Inner()
    answer = ask(door.AccessDoor(inner, TOKEN), path, method=method)
    assert answer.status == 401 and inner.reached == [] and b"Token of this server" in answer.body
    assert TOKEN.encode() not in answer.body and not answer.all("set-cookie")
    assert ask(door.AccessDoor(inner, TOKEN), "/_stcore/health").status == 200


def test_sockets_need_the_token_too():
    inner = Inner()
    the_door = door.AccessDoor(inner, TOKEN)
    assert ask(the_door, "/_stcore/stream", kind="websocket").messages[0]["type"] == "websocket.close"
    cookie = enter(the_door, TOKEN).cookies()
    assert ask(the_door, "/_stcore/stream", kind="websocket", cookie=cookie).messages == [{"type": "websocket.accept"}]


def test_a_right_token_gives_a_cookie_and_the_page_that_was_asked_for():
    inner = Inner()
    the_door = door.AccessDoor(inner, TOKEN)
    answer = enter(the_door, f" {TOKEN} ", "/pair", query=b"source=GATA1")
    assert (answer.status, answer.all("location")) == (303, ["/pair?source=GATA1"])
    (cookie,) = answer.all("set-cookie")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    assert TOKEN not in cookie and TOKEN not in str(answer.headers), "nothing tells the token again"
    assert ask(the_door, "/pair", cookie=answer.cookies()).status == 200 and inner.reached == ["http /pair"]
    assert "Secure" in enter(the_door, TOKEN, scheme="https").all("set-cookie")[0]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\0", "é" * 3000])
def test_a_wrong_token_is_the_form_again(token):
    inner = Inner()
    the_door = door.AccessDoor(inner, TOKEN)
    answer = enter(the_door, token)
    assert answer.status == 401 and b"not the token" in answer.body and not answer.all("set-cookie")
    proof = door._proof(token)
    assert ask(the_door, cookie=f"ugrn-door-8501={proof}").status == 401 and inner.reached == []


@pytest.mark.parametrize("path", ["//evil.org", "/\\evil.org", "////evil.org/x", "/"])
def test_the_way_back_is_never_another_site(path):
    (location,) = enter(door.AccessDoor(Inner(), TOKEN), TOKEN, path).all("location")
    assert re.fullmatch(r"/([^/\\].*)?", location)


@given(st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=200))
def test_any_cookie_header_is_taken_or_refused(cookie):
    assert ask(door.AccessDoor(Inner(), TOKEN), cookie=cookie).status == 401
    assert ask(door.AccessDoor(Inner(), None, shared=True), cookie=cookie).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"token", b"token=" + b"x" * 10**6, b"\xff\xfe", b"token=a&token=b", b"&" * 10**5]
)
def test_any_form_is_read_in_bounds(body):
    assert ask(door.AccessDoor(Inner(), TOKEN), method="POST", body=body).status == 401


@pytest.mark.parametrize("origin", ["https://evil.org", "null", "http://h.org.evil.org", "http://h.org:1", "x"])
def test_pages_of_other_sites_open_no_socket_and_nothing_is_looked_up_for_them(origin):
    for token in (None, TOKEN):
        inner = Inner()
        the_door = door.AccessDoor(inner, token)
        cookie = "" if token is None else enter(the_door, TOKEN).cookies()
        answer = ask(the_door, "/_stcore/stream", kind="websocket", server=OWN, origin=origin, cookie=cookie)
        assert answer.messages[0]["type"] == "websocket.close" and inner.reached == []
        assert token is None or enter(the_door, TOKEN, origin=origin).status == 401
    own = ask(door.AccessDoor(Inner()), "/_stcore/stream", kind="websocket", server=OWN, origin="http://h.org")
    assert own.messages == [{"type": "websocket.accept"}]


def test_an_origin_of_the_configuration_is_let_in(monkeypatch):
    real = config.get_option
    monkeypatch.setattr(
        config, "get_option", lambda n: ["https://lab.org"] if n == "server.corsAllowedOrigins" else real(n)
    )
    answer = ask(door.AccessDoor(Inner()), kind="websocket", server=OWN, origin="https://lab.org")
    assert answer.messages == [{"type": "websocket.accept"}]


def test_every_answer_says_what_a_page_may_load_and_who_may_frame_it():
    answer = ask(door.AccessDoor(Inner()), server=OWN)
    assert answer.status == 200 and answer.all("x-content-type-options") == ["nosniff"]
    assert answer.all("x-frame-options") == ["DENY"], "what is said already stays"
    (policy,) = answer.all("content-security-policy")
    assert "frame-ancestors 'self'" in policy and "object-src 'none'" in policy
    assert {w for w in policy.replace(";", " ").split() if "://" in w} == {"ws://h.org", "wss://h.org"}
    assert "evil" not in door.policy("evil.org; script-src *") and "://" not in door.policy("")
    assert not answer.all("set-cookie"), "on one's own machine nobody is told apart"


def test_visitors_of_a_shared_server_are_told_apart_and_known_again():
    shared = door.AccessDoor(Inner(), None, shared=True)
    first, second = (ask(shared).cookies() for _ in range(2))
    assert first != second and re.fullmatch(r"ugrn-visitor=[0-9a-f]{32}", first)
    assert ask(shared, cookie=first).cookies() == first
    assert ask(shared, cookie="ugrn-visitor=../../x").cookies() != "ugrn-visitor=../../x"
    assert not ask(door.AccessDoor(Inner("text/css"), None, shared=True)).all("set-cookie")


def test_a_server_that_is_reached_by_others_against_its_settings_is_closed():
    inner = Inner()
    assert ask(door.AccessDoor(inner), server=OTHERS).status == 403 and inner.reached == []
    assert ask(door.AccessDoor(inner), kind="websocket", server=OTHERS).messages[0]["type"] == "websocket.close"
    for server in (OWN, ("::1", 1), None, ("/run/socket", None)):
        assert ask(door.AccessDoor(Inner()), server=server).status == 200
    assert ask(door.AccessDoor(Inner(), None, shared=True), server=OTHERS).status == 200


def test_other_messages_of_the_server_pass():
    inner = Inner()
    asyncio.run(door.AccessDoor(inner, TOKEN)({"type": "lifespan"}, None, None))  # pyright: ignore[reportArgumentType]
    assert inner.reached == ["lifespan "]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch):
    """Sets the address the server listens to, its environment and its arguments."""

    def make(address: str, arguments: tuple[str, ...] = (), **environment: str) -> None:
        monkeypatch.setattr(access.st, "get_option", lambda name: address if name == "server.address" else None)
        monkeypatch.setattr(access.sys, "argv", ["app.py", *arguments])
        for name in ("UGRN_BEHIND_PROXY", "UGRN_TOKEN", "UGRN_SHARED_LIBRARY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    return make


def test_a_token_is_asked_for_wherever_others_can_come_in(settings):
    for address in ("0.0.0.0", "", "10.0.0.7", "::", "my.host"):
        settings(address)
        first, second = access.token_wanted(), access.token_wanted()
        assert first and second and first != second and len(first) > 40
        settings(address, UGRN_TOKEN=TOKEN)
        assert access.token_wanted() == TOKEN
        settings(address, ("--behind-proxy",))
        assert access.token_wanted() is None and access.behind_proxy() and not access.own_machine()
        settings(address, UGRN_BEHIND_PROXY="1")
        assert access.token_wanted() is None and access.behind_proxy()
    for address in ("127.0.0.1", "localhost", "::1"):
        settings(address)
        assert access.token_wanted() is None and access.own_machine()
        settings(address, UGRN_BEHIND_PROXY="1")
        assert not access.own_machine()
        settings(address, UGRN_BEHIND_PROXY="0")
        assert access.own_machine()
    settings("0.0.0.0", UGRN_TOKEN="short")
    with pytest.raises(SystemExit, match="at least 16"):
        access.token_wanted()


def test_a_new_token_is_told_to_whoever_started_the_server_and_errors_keep_their_details(settings, capsys, monkeypatch):
    said: dict[str, object] = {}
    monkeypatch.setattr(config, "set_option", said.__setitem__)
    settings("0.0.0.0")
    made = door.middleware()
    assert made.kwargs["token"] in capsys.readouterr().err and said == {"client.showErrorDetails": "type"}
    settings("127.0.0.1")
    assert door.middleware().kwargs == {"token": None, "shared": False} and capsys.readouterr().err == ""
    settings("127.0.0.1", UGRN_BEHIND_PROXY="1")
    assert door.middleware().kwargs == {"token": None, "shared": True}


def test_own_translators_are_shared_on_ones_own_machine_or_by_a_setting(settings):
    settings("127.0.0.1")
    assert access.shared_library()
    settings("0.0.0.0")
    assert not access.shared_library()
    settings("0.0.0.0", UGRN_SHARED_LIBRARY="1")
    assert access.shared_library()
    settings("127.0.0.1", UGRN_SHARED_LIBRARY="0")
    assert not access.shared_library()
