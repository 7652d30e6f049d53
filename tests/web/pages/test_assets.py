from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import html

from tests.web.pages.conftest import URL, page_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import OpenSite, Site

TYPES = {"/style.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8"}


@pytest.mark.parametrize(("path", "media_type"), TYPES.items())
def test_asset(site: Site, path: str, media_type: str) -> None:
    """What a page names is there, for ever under its hash and shortly under another one."""
    page = html.document_fromstring(site.fetch(f"{URL}/").text)
    (url,) = [link for link in page.xpath("//link/@href | //script/@src") if link.startswith(path)]
    answer = site.fetch(f"{URL}{url}")
    other = site.fetch(f"{URL}{path}?v=0")

    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (other.headers["cache-control"], other.content) == ("public, max-age=60", answer.content)
    assert answer.headers["content-security-policy"].endswith("sandbox")


def test_no_logo(site: Site) -> None:
    """Without a logo there is none."""
    answer = site.fetch(f"{URL}/logo")

    assert (answer.status_code, answer.headers["cache-control"]) == (404, "private, no-store")
    assert "/logo" not in page_for(site, "").text


LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30"><path d="M0 0h9v9z"/></svg>'


def test_logo(open_site: OpenSite, tmp_path: Path) -> None:
    """The provider's logo stands on the page with its size, so that nothing moves when it arrives."""
    (tmp_path / "logo.svg").write_bytes(LOGO)
    site = open_site(provider_logo=tmp_path / "logo.svg", provider_name="<Rei>")
    page = html.document_fromstring(page_for(site, "").text)
    (picture,) = page.iter("img")
    answer = site.fetch(f"{URL}{picture.get('src')}")

    assert (picture.get("width"), picture.get("height"), picture.get("alt")) == ("160", "40", "<Rei>")
    assert (answer.headers["content-type"], answer.content) == ("image/svg+xml", LOGO)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_colours(open_site: OpenSite) -> None:
    """The style sheet has the provider's colours, and another name for them."""
    first, second = open_site(), open_site(page_color="#005500")
    names = [html.document_fromstring(page_for(site, "").text).xpath("//link/@href")[0] for site in (first, second)]

    assert names[0] != names[1]
    assert "--accent:#005500" in second.fetch(f"{URL}{names[1]}").text
