"""
Read a common request from the octets that a client sent, before any parser.

What is read here, the parser and the endpoint read the same way: Mozilla's document for an address under its own
domain, `autoconfig.D` or `D`, or for the Host's domain, and an Autodiscover request. The request line has plain
characters, and the headers either change nothing or have one unambiguous value. Anything else is left to the parser.
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
_HOST = rf"[a-z0-9.-]{{1,{domain.MAX_OCTETS}}}+"
_ADDRESS = r"[0-9A-Fa-f.:\[\]]++"
_TELLING = {
    "Host": _HOST,
    "Content-Length": "[0-9]{1,4}+",
    "X-Forwarded-For": f"{_ADDRESS}(?>(?:, ?+{_ADDRESS})*)",
    "X-Forwarded-Proto": "https?+",
}
"""Headers with the values that leave no doubt."""
_NAMES = [name.lower().encode() for name in _TELLING]


def _any_case(name: str) -> str:
    """The expression for a header's name; its first letter is a set, by which most others are passed over quickly."""
    return f"[{name[0]}{name[0].lower()}](?i:{name[1:]})"


def _compiled(expression: str) -> re.Pattern[bytes]:
    return re.compile(expression.encode("latin-1"))


# Possessive and atomic, so that they never backtrack, except around groups with values (tests/test_expressions.py).
# What is optional there has only one way to match.
_PATH = "/[A-Za-z0-9./_-]*+"
_IDLE_LINE = "|".join(
    [*(rf"{_any_case(name)}:[\t\x20-\x7e\x80-\xff]*+" for name in _IDLE), "[Cc]onnection: ?+(?i:keep-alive)"]
)
_LINE = "|".join([_IDLE_LINE, *(rf"{_any_case(name)}: ?+{value}" for name, value in _TELLING.items())])

# Any common head, with its headers in any order.
_HEAD = _compiled(
    rf"(GET|POST) (?:https?+://({_HOST}))?({_PATH}(?>(?:\?[!-\"$-~]*+)?)) HTTP/1\.1\r\n"
    rf"(?>(?:(?:{_LINE})\r\n){{1,{MOST_HEADERS}}})\r\n"
)
_FIELD = _compiled(rf"\n(?i:({'|'.join(_TELLING)})): ?+([^\r]++)")

# The same in the orders of most programs, of WinHTTP, nginx and Caddy, which gives the values too. No upper case in the
# domain, no final digit (it could be an IPv4 address), no label of a service, no percent sign except in %40, and not
# the local part that stands for anybody (`web.mozilla`).
_DOMAIN = rf"((?!(?:{'|'.join(sorted(LABELS))})\.)(?>{HOST_NAME})(?<![0-9]))"
_QUERY = rf"emailaddress=((?!{ANYBODY}(?:@|%40))[A-Za-z0-9._-]{{1,64}}+)(?:@|%40){_DOMAIN}"
_SOME_IDLE = rf"(?>(?:(?:{_IDLE_LINE})\r\n){{0,{MOST_HEADERS // 8}}})"
_HOST_LINE = rf"{_SOME_IDLE}{_any_case('Host')}: ?+(?=[^\r]{{1,{domain.MAX_OCTETS}}}+\r)"
_LENGTH, _FORWARDED_FOR, _FORWARDED_PROTO = (
    rf"{_SOME_IDLE}(?:{_any_case(name)}: ?+({value})\r\n)?" for name, value in list(_TELLING.items())[1:]
)
_FORWARDED = rf"{_FORWARDED_FOR}{_FORWARDED_PROTO}"
_GET = _compiled(
    rf"(GET {_PATH})(?:\?{_QUERY})? HTTP/1\.1\r\n"
    rf"{_HOST_LINE}(?:autoconfig\.)?{_DOMAIN}\r\n{_FORWARDED}{_SOME_IDLE}\r\n"
)
_POST = _compiled(
    rf"(POST {_PATH}) HTTP/1\.1\r\n"
    rf"{_LENGTH}{_HOST_LINE}{_HOST}\r\n{_LENGTH}{_FORWARDED}{_LENGTH}{_SOME_IDLE}\r\n"
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
    asked = _read(octets)
    if asked is None and (ordered := _in_order(octets)) is not None:
        asked = _read(ordered)
    return asked


def _read(octets: bytes) -> CommonRequest | None:
    """Read a request with its headers in the usual order."""
    found = _GET.fullmatch(octets)
    if found is not None:
        route, local, name, of_host, forwarded_for, forwarded_proto = found.groups()
        if local is None:
            return _new(CommonRequest, (route.decode(), False, b"", of_host, forwarded_for, forwarded_proto))
        if name != of_host or len(local) + len(name) >= MAX_OCTETS:
            return None
        return _new(CommonRequest, (route.decode(), True, local, name, forwarded_for, forwarded_proto))
    found = _POST.match(octets)
    if found is None:
        return None
    route, first, second, forwarded_for, forwarded_proto, third = found.groups()
    body = octets[found.end() :]
    if (first is None) + (second is None) + (third is None) != 2 or int(first or second or third) != len(body):
        return None
    asked = fast_request(body)
    if asked is None:
        return None
    local, name, schema = asked
    return _new(CommonRequest, (route.decode(), schema, local, name, forwarded_for, forwarded_proto))


def _in_order(octets: bytes) -> bytes | None:
    """
    The same request with nothing but the telling headers, in the usual order, if `octets` begin with a common head in
    which none of them occurs twice.

    The host of an absolute target takes the place of the Host header (RFC 9112 section 3.2.2).
    """
    found = _HEAD.match(octets)
    if found is None:
        return None
    fields = [(name.lower(), value) for name, value in _FIELD.findall(octets, found.end(3), found.end())]
    values = dict(fields)
    if b"host" not in values or len(values) != len(fields):
        return None
    method, authority, target = found.groups()
    values[b"host"] = authority or values[b"host"]
    head = b"".join(b"%b: %b\r\n" % (name, values[name]) for name in _NAMES if name in values)
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, target, head, octets[found.end() :])
