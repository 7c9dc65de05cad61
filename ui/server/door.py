"""The door of the server: every request passes here before Streamlit sees it.

It asks for a token once, by a form, and knows it again by a cookie, as Jupyter does; a token is never part of an
address. It turns away connections that pages of other sites open, and says with every answer what a page may load,
and who may frame it. Plain ASGI: no request is held up or buffered.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import html
import ipaddress
import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import cli_util, config
from streamlit.web.server import server_util

from ui.server import warm
from ui.server.access import behind_proxy, token_wanted
from ui.server.session import VISITOR, VISITOR_ID, WEEK

MOST_FORM_BYTES = 8_192
SLOWLY = 1.0
"""Seconds that a wrong token costs."""

HEALTH = "/_stcore/health"
HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")

FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>UGRN Explorer</title>
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
main {{ max-width: 26rem; margin: 18vh auto 0; padding: 0 1rem; }}
input, button {{ font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-top: .5rem; }}
</style></head><body><main><h1>UGRN Explorer</h1>
<form method="post" action=""><label for="token">Token of this server</label>
<input id="token" name="token" type="password" autocomplete="current-password" autofocus required>
<button>Enter</button></form><p role="status">{said}</p>
<p>Whoever started the server finds it in its first lines.</p></main></body></html>"""
FORM_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def middleware() -> Middleware:
    """The door of this server, by its settings; a token is told to whoever started it."""
    token = token_wanted()
    if token is not None:
        sys.stderr.write(f"\n  This server asks everybody for a token once:\n\n    {token}\n\n")
    if token is not None or behind_proxy():
        config.set_option("client.showErrorDetails", "type")
    return Middleware(AccessDoor, token=token, shared=behind_proxy())


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Warm up, and open the browser once the server runs, as ``streamlit run`` does for apps without a door."""
    warm.start()
    if not config.get_option("server.headless"):
        address = server_util.get_url(server_util.get_display_address(config.get_option("browser.serverAddress")))
        asyncio.get_running_loop().call_later(0.5, cli_util.open_browser, address)
    yield


class AccessDoor:
    """ASGI middleware. ``token`` is asked for where it is given; ``shared`` tells visitors apart."""

    def __init__(self, app: ASGIApp, token: str | None = None, shared: bool = False) -> None:
        self.app = app
        self.token = token
        self.shared = shared or token is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        if scope["type"] == "websocket":
            if _foreign(headers) or not (self._open(scope) or self._known(scope, headers)):
                await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
                return
            await self.app(scope, receive, send)
        elif self._open(scope) or self._known(scope, headers) or _base(scope["path"]) == HEALTH:
            await self.app(scope, receive, self._dressed(scope, headers, send))
        else:
            await self._ask(scope, headers, receive, send)

    def _open(self, scope: Scope) -> bool:
        """Whether no token is asked for. A server that says it listens to loopback alone, and does not, is closed."""
        return self.token is None and (self.shared or not _reached_by_others(scope))

    def _known(self, scope: Scope, headers: dict[str, str]) -> bool:
        """Whether a request carries the cookie of somebody who gave the token."""
        given = _cookies(headers).get(_cookie_name(scope), "")
        return self.token is not None and hmac.compare_digest(given.encode(), _proof(self.token).encode())

    async def _ask(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        """The form, or, after a right token, the cookie and the page that was asked for."""
        if self.token is None:
            words = "This server listens to more than this machine: start it with `streamlit run app.py`."
            await _answer(send, 403, words.encode(), [("content-type", "text/plain; charset=utf-8")])
            return
        said = ""
        if scope["method"] == "POST" and not _base(scope["path"]).startswith("/_stcore") and not _foreign(headers):
            given = parse_qs((await _body(receive)).decode("utf-8", "replace")).get("token", [""])[0]
            if hmac.compare_digest(given.strip().encode(), self.token.encode()):
                await _answer(send, 303, b"", [("location", _same_address(scope)), ("set-cookie", self._cookie(scope))])
                return
            await asyncio.sleep(SLOWLY)
            said = "That is not the token of this server."
        page = FORM.format(said=html.escape(said)).encode()
        more = [("content-type", "text/html; charset=utf-8"), ("content-security-policy", FORM_POLICY)]
        await _answer(send, 401, page, [*more, ("cache-control", "no-store"), *_always()])

    def _cookie(self, scope: Scope) -> str:
        assert self.token is not None
        return _set_cookie(scope, _cookie_name(scope), _proof(self.token))

    def _dressed(self, scope: Scope, headers: dict[str, str], send: Send) -> Send:
        """``send`` with the headers of every answer."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower(): value for name, value in message["headers"]}
                more = [*_always(), ("content-security-policy", policy(headers.get("host", "")))]
                is_page = there.get(b"content-type", b"").startswith(b"text/html")
                if self.shared and is_page:
                    known = _cookies(headers).get(VISITOR, "")
                    visitor = known if VISITOR_ID.fullmatch(known) else secrets.token_hex(16)
                    more.append(("set-cookie", _set_cookie(scope, VISITOR, visitor)))
                missing = [(k.encode(), v.encode("latin-1")) for k, v in more]
                added = [(k, v) for k, v in missing if k not in there or k == b"set-cookie"]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        return dressed


def policy(host: str) -> str:
    """What a page may load: itself, and nothing of any other machine. Streamlit and plotly need what they make
    themselves (inline scripts and styles, ``blob:``, ``eval`` of charts)."""
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:{sockets}; "
        "worker-src 'self' blob:; frame-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    )


def _always() -> list[tuple[str, str]]:
    return [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ]


def _reached_by_others(scope: Scope) -> bool:
    """Whether the request came in at an address that is not this machine's own."""
    try:
        return not ipaddress.ip_address((scope.get("server") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _foreign(headers: dict[str, str]) -> bool:
    """Whether the page of another site asks. Streamlit would look up the server's public address to find out."""
    origin = headers.get("origin")
    if origin is None or origin in config.get_option("server.corsAllowedOrigins"):
        return False
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _cookies(headers: dict[str, str]) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _cookie_name(scope: Scope) -> str:
    """Two servers on two ports of a machine share its cookies, so that their names have to differ."""
    return f"ugrn-door-{(scope.get('server') or ('', 0))[1] or 0}"


def _proof(token: str) -> str:
    """What the cookie holds: it shows that the token was given, and does not tell it."""
    return hashlib.sha256(b"ugrn door\0" + token.encode()).hexdigest()


def _set_cookie(scope: Scope, name: str, value: str) -> str:
    secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
    return f"{name}={value}; Path=/; Max-Age={WEEK}; HttpOnly; SameSite=Lax{secure}"


def _base(path: str) -> str:
    """The path below ``server.baseUrlPath``."""
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    return path.removeprefix(f"/{base}") if base else path


def _same_address(scope: Scope) -> str:
    """The address of the request, on this server whatever it looks like."""
    path = "/" + scope.get("raw_path", scope["path"].encode()).decode("latin-1").split("?")[0].lstrip("/\\")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


async def _body(receive: Receive) -> bytes:
    """The beginning of what was sent."""
    content = b""
    while len(content) < MOST_FORM_BYTES:
        message = await receive()
        content += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return content[:MOST_FORM_BYTES]


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
    listed = [
        (name.encode(), value.encode("latin-1")) for name, value in [*headers, ("content-length", str(len(body)))]
    ]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})
