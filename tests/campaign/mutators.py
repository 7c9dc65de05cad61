"""Ways to spoil an input, each deterministic for a random generator."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

Mutator = Callable[[bytes, Random], bytes]

ODD = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n", b"\t", b",,,,", b";;", b'"', b"'", b"=cmd()", b"@x", b"-",
    b"->", b" " * 5000, b"--" * 3000, b"1e999", b"nan", b"9" * 400, "β".encode(), "é".encode("latin-1"), b"../..",
    b"a" * 140_000, b"{" * 3000, b"[" * 3000, b"%s%n", b"<script>", b"\\" * 50, b"(" * 2000, b"\x80\x04\x95",
)  # fmt: skip
"""Pieces that readers have stumbled over."""

STRANGE: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1e308, float("nan"), float("inf"), "", "x" * 5000, "../../etc", "\x00", [], {}, [[]],
    [1] * 5000, {"a": {"b": {"c": []}}}, "0.1", ["a", 1], -0.0,
)  # fmt: skip
"""Values of another kind than the one expected."""


def flip(content: bytes, random: Random) -> bytes:
    """Some bits turned over."""
    spoilt = bytearray(content)
    for _ in range(random.randint(1, 12)):
        if spoilt:
            spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
    return bytes(spoilt)


def cut(content: bytes, random: Random) -> bytes:
    """The end missing, or a piece in the middle."""
    a, b = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return content[:a] if random.random() < 0.5 else content[:a] + content[b:]


def repeat(content: bytes, random: Random) -> bytes:
    """A piece many times over, up to a megabyte."""
    a = random.randrange(len(content) + 1)
    piece = content[a : a + random.randint(1, 60)] or b"x"
    return content[:a] + piece * random.randint(2, max(2, 1_000_000 // len(piece) // 4)) + content[a:]


def insert(content: bytes, random: Random) -> bytes:
    """An odd piece somewhere."""
    a = random.randrange(len(content) + 1)
    return content[:a] + random.choice(ODD) + content[a:]


def encode(content: bytes, random: Random) -> bytes:
    """The same text in another encoding."""
    text = content.decode("utf-8", errors="replace")
    return text.encode(random.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig"]), "replace")


def twist(content: bytes, random: Random) -> bytes:
    """Another value, a lost key or a new one somewhere in a JSON text; other contents are cut."""
    try:
        whole = json.loads(content)
    except ValueError:
        return cut(content, random)
    place = whole
    for _ in range(random.randint(0, 4)):
        inner = place.values() if isinstance(place, dict) else place if isinstance(place, list) else ()
        deeper = [x for x in inner if isinstance(x, dict | list) and x]
        if not deeper:
            break
        place = random.choice(deeper)
    if isinstance(place, dict) and place:
        key = random.choice(sorted(place))
        match random.randrange(4):
            case 0:
                del place[key]
            case 1:
                place["another"] = random.choice(STRANGE)
            case _:
                place[key] = random.choice(STRANGE)
    elif isinstance(place, list) and place:
        place[random.randrange(len(place))] = random.choice(STRANGE)
    return json.dumps(whole).encode()


ANY: tuple[Mutator, ...] = (flip, cut, repeat, insert, encode, twist)
