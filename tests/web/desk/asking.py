"""Who asks at the desk, and what people read there."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import Site

INSIDE, STRANGER = ("127.0.0.1", 40000), ("203.0.113.9", 40000)
HOST = "desk.provider.example"


def text_of(answer: httpx.Response) -> str:
    """What people read on a page."""
    return html.unescape(re.sub(r"<[^>]*>", "", answer.text.replace("<wbr>", "")))


def asked(site: Site, address: str = "", **rest: Any) -> httpx.Response:
    """The page of an address, as somebody at the desk gets it."""
    more = rest.pop("more", "")
    query = f"address={quote(address)}{more}" if address else more
    return site.ask("/desk", HOST, query=query.encode(), **{"client": INSIDE, **rest})
