"""What a response says about the server that gave it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.check.flaw import Flaw
from autoconfig.check.other_providers import provider_of
from autoconfig.check.own_names.codes import NameCode
from autoconfig.check.own_names.http_messages import REDIRECTS
from autoconfig.check.own_names.parking import is_parking
from autoconfig.check.printable import printable
from autoconfig.formats import xml_values

if TYPE_CHECKING:
    from autoconfig.check.own_names.http_messages import WebReply

NOT_FOUND_BODY = b"No mail settings for this name here.\n"
"""What this program answers with status 404 for a domain that it does not serve."""

MOST_DIFFERENCES = 6
"""Values that a finding names."""
_SHOWN = 80

_XML_TYPES = ("text/xml", "application/xml")
_HTML = re.compile(
    rb"\A\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body|script|meta|title)\b", re.IGNORECASE | re.DOTALL
)


def judge_xml(reply: WebReply, expected: bytes) -> Flaw | None:
    """Compare a response with the XML document that was to be answered; `None` if it is the same."""
    if reply.status != 200:
        return judge_status(reply)
    if xml_values.is_same(reply.body, expected):
        # Thunderbird 153 compares these in lower case only.
        if reply.content_type.startswith(_XML_TYPES):
            return None
        return Flaw(NameCode.WRONG_TYPE, f"{described(reply)}: Content-Type {_quoted(reply.content_type)}")
    root = xml_values.root_name(reply.body)
    if root is not None and root == xml_values.root_name(expected):
        return Flaw(NameCode.OLD_DOCUMENT, f"{described(reply)}: {_told(reply, expected)}")
    return _page(reply)


def judge_octets(reply: WebReply, expected: bytes) -> Flaw | None:
    """Compare a response with the very octets that were to be answered."""
    if reply.status != 200:
        return judge_status(reply)
    if reply.body == expected:
        return None
    if reply.body.lstrip()[:1] == b"{":
        return Flaw(NameCode.OLD_DOCUMENT, f"{described(reply)}: the octets differ, and so does their digest")
    return _page(reply)


def judge_autodiscover(reply: WebReply, expected: bytes) -> Flaw | None:
    """Compare a response of one of our own names with the Autodiscover document that was to be answered."""
    if (foreign := judge_foreign_autodiscover(reply, expected)) is not None:
        return foreign
    if _error_code(reply) is not None:
        return Flaw(NameCode.NOT_FOUND, f"{described(reply)}: Autodiscover error {_error_code(reply)}")
    return judge_xml(reply, expected)


def judge_foreign_autodiscover(reply: WebReply, expected: bytes) -> Flaw | None:
    """Whether a response is somebody else's answer to Autodiscover; no other response is a fault."""
    if reply.status == 401:
        return Flaw(NameCode.AUTODISCOVER_FOREIGN, f"{described(reply)}: it wants a password")
    there = _host_of(reply.location) if reply.status in REDIRECTS else ""
    provider = provider_of(there)
    if provider or there.startswith("autodiscover"):
        belongs = f", which is {provider}" if provider else ""
        return Flaw(NameCode.AUTODISCOVER_FOREIGN, f"{described(reply)} to {_quoted(reply.location)}{belongs}")
    if reply.status != 200 or xml_values.root_name(reply.body) != "Autodiscover" or _error_code(reply) is not None:
        return None
    if xml_values.is_same(reply.body, expected):
        return None
    return Flaw(NameCode.AUTODISCOVER_FOREIGN, f"{described(reply)}: {_told(reply, expected)}")


def judge_status(reply: WebReply) -> Flaw:
    """Judge a response without a document."""
    if reply.status in REDIRECTS:
        code = NameCode.PARKED if is_parking(reply.location.encode()) else NameCode.LEADS_AWAY
        return Flaw(code, f"{described(reply)} to {_quoted(reply.location)}")
    if reply.status == 404 and reply.body == NOT_FOUND_BODY:
        return Flaw(NameCode.NOT_FOUND, described(reply))
    if reply.status >= 500 or reply.status == 429:
        return Flaw(NameCode.SERVER_ERROR, described(reply))
    return Flaw(NameCode.FOREIGN, described(reply))


def described(reply: WebReply) -> str:
    """The URLs and the status."""
    return f"{' → '.join([*reply.trail, reply.url])}: status {reply.status}"


def _page(reply: WebReply) -> Flaw:
    """Judge a response with status 200 and another content than the document."""
    kind = reply.content_type.partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"} or _HTML.match(reply.body):
        code = NameCode.PARKED if is_parking(reply.body) else NameCode.HTML
        return Flaw(code, f"{described(reply)}, {len(reply.body)} octets of HTML")
    return Flaw(NameCode.FOREIGN, f"{described(reply)}, {len(reply.body)} octets of {_quoted(kind)}")


def _told(reply: WebReply, expected: bytes) -> str:
    """Which values differ."""
    found = xml_values.differences(reply.body, expected)
    shown = [f"{printable(place, _SHOWN)} {_quoted(there)} instead of {_quoted(own)}" for place, there, own in found]
    more = f", and {len(shown) - MOST_DIFFERENCES} more" if len(shown) > MOST_DIFFERENCES else ""
    told = "; ".join(shown[:MOST_DIFFERENCES]) or "the same values in another form"
    return f"{told}{more}" + (
        f"; last modified {printable(reply.last_modified, _SHOWN)}" if reply.last_modified else ""
    )


def _error_code(reply: WebReply) -> str | None:
    if reply.status != 200 or xml_values.root_name(reply.body) != "Autodiscover":
        return None
    return printable(code, _SHOWN) if (code := xml_values.values(reply.body).get("ErrorCode")) else None


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _quoted(text: str) -> str:
    return f"'{printable(text, _SHOWN)}'" if text else "nothing"
