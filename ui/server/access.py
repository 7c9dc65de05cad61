"""Who may do what: one's own machine, or a server that others reach too (docs/deploy.md).

It is one's own machine when the server listens to the loopback interface alone and no proxy stands before it. Else
paths, the result store and the library of translators are not everybody's.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys

import streamlit as st

BEHIND_PROXY = "--behind-proxy"
SHORTEST_TOKEN = 16
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via")
"""Headers that a proxy adds; whoever makes them up gets less, never more."""


def loopback(address: str | None) -> bool:
    """Whether an address is reached from this machine alone; nothing, which means every interface, is not."""
    if not address:
        return False
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def behind_proxy() -> bool:
    """Whether the server was started as one behind a proxy, which lets in whom it knows."""
    return os.environ.get("UGRN_BEHIND_PROXY", "") not in ("", "0") or BEHIND_PROXY in sys.argv[1:]


def forwarded() -> bool:
    """Whether this session came through a proxy, told by what it adds to a request."""
    headers = st.context.headers
    return any(name in headers for name in FORWARDED)


def own_machine() -> bool:
    """Whether nobody but the users of this machine reaches this session's server."""
    return loopback(st.get_option("server.address")) and not behind_proxy() and not forwarded()


def shared_library() -> bool:
    """Whether own translators lie in one library for all: on one's own machine, or by ``UGRN_SHARED_LIBRARY=1``."""
    said = os.environ.get("UGRN_SHARED_LIBRARY", "")
    return said != "0" if said else own_machine()


def token_wanted() -> str | None:
    """The token that is asked for at the door: ``UGRN_TOKEN`` or a new one; None where nobody else can come in.

    A token that can be guessed ends the program.
    """
    if loopback(st.get_option("server.address")) or behind_proxy():
        return None
    given = os.environ.get("UGRN_TOKEN", "")
    if given and len(given) < SHORTEST_TOKEN:
        sys.exit(f"UGRN_TOKEN has {len(given)} characters; expected at least {SHORTEST_TOKEN}, or none for a new one.")
    return given or secrets.token_urlsafe(32)
