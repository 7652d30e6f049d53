"""
Recognise a common request in the octets that a client sent, before any parser.

What is recognised here, the parser reads the same way: a request line with plain characters, and headers that either
change no answer of the fast path or have one unambiguous value. Anything else is left to the parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

MOST_HEADERS = 100
"""Headers of a request; browsers behind proxies have thirty."""
LONGEST = 4096
"""Octets of the longest request that is tried; real ones have less than a thousand."""

# Headers that no response of the fast path depends on, as mail programs, browsers and proxies send them. None of them
# says where a message ends or how its octets are encoded.
_IDLE = (
    "Accept(?:-Charset|-Encoding|-Language)?+",
    "C(?:ache-Control|DN-Loop|F-(?:Connecting-IP|IPCountry|Ray|Visitor)|lient-Request-ID|ontent-Type|ookie)",
    "DNT",
    "F(?:orwarded|rom)",
    "If-(?:Modified-Since|None-Match)",
    "Origin",
    "Pr(?:agma|iority)",
    "Referer",
    "Sec-(?:CH|Fetch|GPC)(?:-[A-Za-z-]++)?+",
    "True-Client-IP",
    "U(?:pgrade-Insecure-Requests|ser-Agent)",
    "Via",
    "X-(?:Forwarded-(?:Host|Port|Server)|MapiHttpCapability|MS-[A-Za-z-]++|Real-IP|Request-ID|User-Identity)",
)
_HOST = r"[a-z0-9.-]{1,253}+"
_ADDRESS = r"[0-9A-Fa-f.:\[\]]++"
_TELLING = {
    "Host": _HOST,
    "X-Forwarded-For": f"{_ADDRESS}(?:, ?+{_ADDRESS})*+",
    "X-Forwarded-Proto": "https?+",
    "Content-Length": "[0-9]{1,4}+",
}
"""Headers with the values that leave no doubt."""
_NAMES = [name.lower().encode() for name in _TELLING]


def _any_case(name: str) -> str:
    """The expression for a header's name; its first letter is a set, by which most others are passed over quickly."""
    return f"[{name[0]}{name[0].lower()}](?i:{name[1:]})"


# Possessive, so that they never backtrack, except around groups: those in possessive parts are wrong in Python 3.11.2
# where the part does not match (https://github.com/python/cpython/issues/101955). What is optional there has only one
# way to match.
_LINE = rf"(GET|POST) (?:https?+://({_HOST}))?(/[A-Za-z0-9./_-]*+)(?:\?([!-\"$-~]*+))? HTTP/1\.1\r\n"
_PASSED = "|".join(
    [*(rf"{_any_case(name)}:[\t\x20-\x7e\x80-\xff]*+" for name in _IDLE), "[Cc]onnection: ?+(?i:keep-alive)"]
)
_ANY = "|".join([_PASSED, *(rf"{_any_case(name)}: ?+{value}" for name, value in _TELLING.items())])
_HEAD = re.compile(rf"{_LINE}(?:(?:{_ANY})\r\n){{1,{MOST_HEADERS}}}+\r\n".encode("latin-1"))
_FIELD = re.compile(rf"\n(?i:({'|'.join(_TELLING)})): ?+([^\r]++)".encode())

# The same for the usual order, which gives the values too.
_SOME_PASSED = rf"(?:(?:{_PASSED})\r\n){{0,{MOST_HEADERS // 3}}}+"
_HOST_FIRST, _FORWARDED_FOR, _FORWARDED_PROTO, _LENGTH = (
    rf"(?:{_any_case(name)}: ?+({value})\r\n)" for name, value in _TELLING.items()
)
_IN_ORDER = re.compile(
    (rf"{_LINE}{_HOST_FIRST}{_FORWARDED_FOR}?{_FORWARDED_PROTO}?{_SOME_PASSED}{_LENGTH}?{_SOME_PASSED}\r\n").encode(
        "latin-1"
    )
)


def common_request(octets: bytes, client: tuple[str, int] | None, scheme: str) -> tuple[Scope, bytes] | None:
    """
    The scope and the body of a request if `octets` are exactly one in its common form, else `None`.

    The scope has what the fast path reads, and of the headers only those that may change its response.
    """
    found = (_IN_ORDER.match(octets) or _HEAD.match(octets)) if len(octets) <= LONGEST else None
    headers = _telling(found) if found else None
    if found is None or headers is None:
        return None
    method, authority, path, query = found.group(1, 2, 3, 4)
    length, body = headers.get(b"content-length"), octets[found.end() :]
    if (method == b"POST") is (length is None) or int(length or 0) != len(body):
        return None
    if authority:
        headers[b"host"] = authority  # RFC 9112 section 3.2.2
    return {
        "type": "http",
        "client": client,
        "scheme": scheme,
        "method": method.decode("ascii"),
        "path": path.decode("ascii"),
        "query_string": query or b"",
        "headers": list(headers.items()),
    }, body


def _telling(found: re.Match[bytes]) -> dict[bytes, bytes] | None:
    """The values of the telling headers, among them Host, if none of them occurs twice."""
    if found.re is _IN_ORDER:
        return {name: value for name, value in zip(_NAMES, found.group(5, 6, 7, 8), strict=True) if value}
    fields = [(name.lower(), value) for name, value in _FIELD.findall(found.string, found.end(3), found.end())]
    headers = dict(fields)
    return headers if b"host" in headers and len(headers) == len(fields) else None
