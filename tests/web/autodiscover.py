"""Autodiscover's POX request as Outlook writes it, and the texts of the answer (MS-OXDSCLI section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import Site

PATH = "/autodiscover/autodiscover.xml"
SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover"
OUTLOOK = f"{SCHEMAS}/outlook/responseschema/2006a"
MOBILESYNC = f"{SCHEMAS}/mobilesync/responseschema/2006"


def body_of(address: str, schema: str = OUTLOOK, namespace: str = f"{SCHEMAS}/outlook/requestschema/2006") -> str:
    """A request as Outlook writes it."""
    return (
        f'<Autodiscover xmlns="{namespace}"><Request><EMailAddress>{address}</EMailAddress>'
        f"<AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>"
    )


def post(site: Site, body: str | bytes, host: str = "autodiscover.sample.co.jp", **rest: Any) -> httpx.Response:
    """The answer to a request document."""
    octets = body.encode() if isinstance(body, str) else body
    return site.ask(rest.pop("path", PATH), host, method="POST", body=octets, **rest)


def texts(answer: httpx.Response, name: str) -> list[str]:
    """The texts of all elements of that name."""
    found = etree.fromstring(answer.content).iter("{*}" + name)
    return [element.text or "" for element in found]
