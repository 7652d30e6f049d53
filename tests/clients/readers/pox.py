"""The body of an Autodiscover request for the outlook schema (clients.md C2)."""

from __future__ import annotations

from xml.sax.saxutils import escape

_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"


def request_body(address: str) -> bytes:
    """The request for an address."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Autodiscover xmlns="{_REQUEST}"><Request>'
        f"<EMailAddress>{escape(address)}</EMailAddress>"
        f"<AcceptableResponseSchema>{_RESPONSE}</AcceptableResponseSchema></Request></Autodiscover>"
    ).encode()
