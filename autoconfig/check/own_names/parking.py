"""Pages that registrars show for a domain without a web site, recognised by what they say or load."""

from __future__ import annotations

_MARKS = (
    b"sedoparking",
    b"parkingcrew",
    b"bodis.com",
    b"parklogic",
    b"above.com",
    b"afternic",
    b"hugedomains",
    b"dan.com/",
    b"uniregistry",
    b"domain is parked",
    b"domain has been parked",
    b"parked free",
    b"parked domain",
    b"parked-content",
    b"parking-page",
    b"parkingpage",
    b"domain parking",
    b"domain may be for sale",
    b"domain is for sale",
    b"buy this domain",
    b"parked.jp",
    b"parking.onamae.com",
    "ドメインパーキング".encode(),
    "ドメインはお名前.com で取得".encode(),
    "このドメインは売り出し中".encode(),
)
"""In lower case; the Japanese ones as UTF-8, as these pages are."""


def is_parking(text: bytes) -> bool:
    """Whether a page, or the URL that somebody was sent to, belongs to domain parking."""
    lowered = text.lower()
    return any(mark in lowered for mark in _MARKS)
