"""
Request targets as clients send them that are not plain paths: raw octets, and the absolute form.

FairEmail, Himalaya and Nextcloud send an address as it was typed: `?emailaddress=info@müller.example` in UTF-8. The
parser takes ASCII only (RFC 3986), so such octets are percent-encoded before it sees them.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

Headers = list[tuple[bytes, bytes]]

_RAW = re.compile(rb"[\x80-\xff]")
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]*)(.*)", re.DOTALL)


def encoded(line: bytes) -> bytes:
    """A request's first line, or part of it, with its octets from 0x80 percent-encoded."""
    return line if line.isascii() else _RAW.sub(lambda found: b"%%%02X" % found[0][0], line)


def origin_form(url: bytes, headers: Headers, *, host_needed: bool) -> bytes:
    """
    The target without scheme and host, which count instead of the Host header (RFC 9112 section 3.2.2).

    A request that needs one Host header but has none or several keeps them, and is refused later (section 3.2).
    """
    found = _ABSOLUTE.fullmatch(url)
    if found is None:
        return url
    authority, rest = unquote_to_bytes(found[1]), found[2]
    places = [index for index, (name, _) in enumerate(headers) if name == b"host"]
    if len(places) == 1:
        headers[places[0]] = (b"host", authority)
    elif not places and not host_needed:
        headers.append((b"host", authority))
    return rest if rest.startswith(b"/") else b"/" + rest
