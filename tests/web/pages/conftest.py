from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import pytest
from lxml import html

from tests.web.conftest import ENTRY

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import Site

URL = "https://autoconfig.xbit.jp"

HERE = Path(__file__).parent
RICH = (HERE / "rich.toml").read_text(encoding="utf-8")
MOVED = (HERE / "moved.toml").read_text(encoding="utf-8")


class Shown(NamedTuple):
    """The values of one server as somebody reads them."""

    protocol: str
    host: str
    port: str
    tls: str
    login: str
    username: str


@pytest.fixture(scope="session")
def way() -> str:
    """One way is enough: both lead to the same endpoint (tests/web/test_routes.py)."""
    return ENTRY


def page_for(site: Site, typed: str, path: str = "/setup", **query: str) -> httpx.Response:
    """The page that a browser shows when somebody typed this, in English unless the query says otherwise."""
    return site.fetch(f"{URL}{path}?{urlencode({'email': typed, 'lang': 'en', **query})}")


def shown(answer: httpx.Response) -> list[Shown]:
    """The values of every server of a page."""
    page = html.document_fromstring(answer.text)
    return [
        Shown(
            card.findtext("h4") or "",
            *(value.text_content() for value in card.iterfind(".//dd") if value.get("class") != "tool"),
        )
        for card in page.find_class("card")
    ]


def words(answer: httpx.Response) -> str:
    """All words of a page's content, with single spaces."""
    (main,) = html.document_fromstring(answer.text).iter("main")
    return " ".join(main.text_content().split())
