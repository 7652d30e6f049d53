"""
Read a common request from the octets that a client sent, before any parser.

What is read here, the parser and the endpoint read the same way: Mozilla's document for an address under its own
domain, `autoconfig.D` or `D`, or for the Host's domain, and an Autodiscover request. The request line has plain
characters, and the headers, in any order, either change nothing or have one unambiguous value. Anything else is left to
the parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.formats.microsoft_fast_request import fast_request
from autoconfig.mail import domain
from autoconfig.mail.address import MAX_OCTETS
from autoconfig.mail.domain import HOST_NAME
from autoconfig.web.host_header import LABELS
from autoconfig.web.mozilla import ANYBODY

if TYPE_CHECKING:
    from autoconfig.formats.microsoft_request import Schema
    from autoconfig.web.asgi import Headers

MOST_HEADERS = 100
"""Headers of a request; browsers behind proxies have thirty."""
LONGEST = 4096
"""Octets of the longest request that is tried; real ones have less than a thousand."""

# Headers that no response of the fast path depends on, as mail programs, browsers and proxies send them. None of them
# says where a message ends or how its octets are encoded.
_IDLE = (
    "Accept(?>(?:-Charset|-Encoding|-Language)?)",
    "C(?:ache-Control|DN-Loop|F-(?:Connecting-IP|IPCountry|Ray|Visitor)|lient-Request-ID|ontent-Type|ookie)",
    "DNT",
    "F(?:orwarded|rom)",
    "If-(?:Modified-Since|None-Match)",
    "Origin",
    "Pr(?:agma|iority)",
    "Referer",
    "Sec-(?:CH|Fetch|GPC)[A-Za-z-]*+",
    "True-Client-IP",
    "U(?:pgrade-Insecure-Requests|ser-Agent)",
    "Via",
    "X-(?:Forwarded-(?:Host|Port|Server)|MapiHttpCapability|MS-[A-Za-z-]++|Real-IP|Request-ID|User-Identity)",
)


def _any_case(name: str) -> str:
    """The expression for a header's name; its first letter is a set, by which most others are passed over quickly."""
    return f"[{name[0]}{name[0].lower()}](?i:{name[1:]})"


def _once(group: int, name: str, value: str) -> str:
    """The expression for a header that may occur once; its value is the group with this number."""
    return rf"(?({group})(?!)|{_any_case(name)}: ?+{value})"


def _request(line: str, *headers: str) -> re.Pattern[bytes]:
    """A request's first line, its head with these headers and idle ones in any order, and the empty line."""
    expression = rf"{line} HTTP/1\.1\r\n(?:(?:{'|'.join(headers)})\r\n){{1,{MOST_HEADERS}}}\r\n"
    return re.compile(expression.encode("latin-1"))


# Repetition is possessive or atomic (tests/test_expressions.py), except around groups with values: there a text has one
# way to match, so nothing backtracks far.
_PATH = "/[A-Za-z0-9./_-]*+"
# No upper case, no final digit (it could be an IPv4 address), no label of a service.
_DOMAIN = rf"(?!(?:{'|'.join(sorted(LABELS))})\.)(?>{HOST_NAME})(?<![0-9])"
_SHORT = rf"(?=[a-z0-9.-]{{1,{domain.MAX_OCTETS}}}+\r)"
# No percent sign except in %40, and not the local part that stands for anybody (`web.mozilla`).
_QUERY = rf"emailaddress=((?!{ANYBODY}(?:@|%40))[A-Za-z0-9._-]{{1,64}}+)(?:@|%40)({_DOMAIN})"
_ADDRESS = r"[0-9A-Fa-f.:\[\]]++"
_ADDRESSES = f"({_ADDRESS}(?>(?:, ?+{_ADDRESS})*))"
_PASSED = [
    *(rf"{_any_case(name)}:[\t\x20-\x7e\x80-\xff]*+" for name in _IDLE),
    "[Cc]onnection: ?+(?i:keep-alive)",
]
_GET = _request(
    rf"(GET {_PATH})(?:\?{_QUERY})?",
    _once(4, "Host", rf"{_SHORT}(?:autoconfig\.)?((?(3)\3|{_DOMAIN}))"),  # with an address, that of its domain
    *_PASSED,
    _once(5, "X-Forwarded-For", _ADDRESSES),
    _once(6, "X-Forwarded-Proto", "(https?+)"),
)
_POST = _request(
    f"(POST {_PATH})",
    _once(2, "Host", rf"([a-z0-9.-]{{1,{domain.MAX_OCTETS}}}+)"),
    _once(3, "Content-Length", "([0-9]{1,4}+)"),
    *_PASSED,
    _once(4, "X-Forwarded-For", _ADDRESSES),
    _once(5, "X-Forwarded-Proto", "(https?+)"),
)


class CommonRequest(NamedTuple):
    """What a common request asks for."""

    route: str
    """The method and the path, with a space between them."""
    document: Schema | bool
    """The schema that an Autodiscover request asks for; of Mozilla's document, whether it is for an address."""
    local: bytes
    """The local part of the address, which has no characters that XML escapes; empty without an address."""
    domain: bytes
    """The domain asked about: a host name in lower case, of at most `mail.domain.MAX_OCTETS`."""
    forwarded_for: bytes | None
    """The value of X-Forwarded-For."""
    forwarded_proto: bytes | None
    """The value of X-Forwarded-Proto."""

    @property
    def forwarded(self) -> Headers:
        """The headers that proxies set, as in a scope."""
        fields = ((b"x-forwarded-for", self.forwarded_for), (b"x-forwarded-proto", self.forwarded_proto))
        return [(name, value) for name, value in fields if value is not None]


_new = tuple.__new__  # faster than the class, which names the fields each time


def common_request(octets: bytes) -> CommonRequest | None:
    """What is asked for if `octets` are exactly one request in its common form, else `None`."""
    if len(octets) > LONGEST:
        return None
    found = _GET.fullmatch(octets)
    if found is not None:
        route, local, name, of_host, forwarded_for, forwarded_proto = found.groups()
        if of_host is None:
            return None
        if local is None:
            return _new(CommonRequest, (route.decode(), False, b"", of_host, forwarded_for, forwarded_proto))
        if len(local) + len(name) >= MAX_OCTETS:
            return None
        return _new(CommonRequest, (route.decode(), True, local, name, forwarded_for, forwarded_proto))
    found = _POST.match(octets)
    if found is None:
        return None
    route, host, length, forwarded_for, forwarded_proto = found.groups()
    body = octets[found.end() :]
    if host is None or length is None or int(length) != len(body):
        return None
    asked = fast_request(body)
    if asked is None:
        return None
    local, name, schema = asked
    return _new(CommonRequest, (route.decode(), schema, local, name, forwarded_for, forwarded_proto))
