"""Brands: the page, profiles and JSON of some customers have another name, logo, colours, support and language."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from autoconfig.errors import PlansInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.web.brands import brand_of
from tests.web.conftest import PLANS
from tests.web.pages.conftest import MOVED, URL, page_for, words

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.web.conftest import OpenSite, Site

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30"><path d="M0 0h{}v9z"/></svg>'
PLAN_WITH_BRAND = PLANS.replace(
    'params = { server = { required = true }, username = "{address}", username_outgoing = "{username}" }',
    'params = { server = { required = true }, brand = "first", username = "{address}", '
    'username_outgoing = "{username}" }',
)
THIRD = {"param": {"name": "brand", "value": "third"}, "provider_name": "Third"}
FIRST = {"param": {"name": "brand", "value": "first"}, "provider_name": "First"}


def brands_in(folder: Path) -> dict[str, Any]:
    """Settings with two brands."""
    for number in (1, 2):
        (folder / f"{number}.svg").write_text(LOGO.format(number), encoding="utf-8")
    return {
        "provider_name": {"ja": "本社", "en": "Main"},
        "provider_logo": folder / "1.svg",
        "support_url": "https://www.main.example/help",
        "support_phone": "0123-456-789",
        "brand": [
            {
                "hosts": ["autoconfig.second.example", "*.second-hosts.example"],
                "plans": ["xserver"],
                "provider_name": {"ja": "第二", "en": "Second"},
                "provider_logo": folder / "2.svg",
                "page_color": "#7a1f3d",
                "page_language": "ja",
                "support_url": "https://www.second.example/help",
            },
            {**THIRD, "plans": ["legacy-os"]},
        ],
    }


@pytest.fixture
def branded(open_site: OpenSite, tmp_path: Path) -> Site:
    """The demo with brands."""
    return open_site(plans=PLAN_WITH_BRAND + MOVED, **brands_in(tmp_path))


def brand_shown(answer: httpx.Response) -> str:
    """The name in the page's header."""
    (picture,) = html.document_fromstring(answer.text).xpath("//p[@class='brand']//img")
    return str(picture.get("alt"))


CUSTOMERS = {
    "no brand": ("taro@sample.co.jp", URL, "Main"),
    "by plan": ("taro@recommended.example", URL, "Second"),
    "by a later table": ("taro@old-shop.example", URL, "Third"),
    "by the host": ("taro@sample.co.jp", "https://autoconfig.second.example", "Second"),
    "by the host, the first of two": ("taro@old-shop.example", "https://autoconfig.second.example", "Second"),
    "by a host below": ("taro@sample.co.jp", "https://a.b.second-hosts.example:8443", "Second"),
    "not by the name itself": ("taro@sample.co.jp", "https://second-hosts.example", "Main"),
    "not by a name that ends so": ("taro@sample.co.jp", "https://a.my-second-hosts.example", "Main"),
    "by a host in the path": ("taro@sample.co.jp", f"{URL}/for/second.example", "Second"),
    "an unknown domain": ("taro@unknown.example", "https://autoconfig.second.example", "Second"),
    "an unknown domain elsewhere": ("taro@unknown.example", URL, "Main"),
    "no address": ("", "https://x.second-hosts.example", "Second"),
}


@pytest.mark.parametrize(("typed", "start", "name"), CUSTOMERS.values(), ids=CUSTOMERS)
def test_which(branded: Site, typed: str, start: str, name: str) -> None:
    """The first brand that fits the host, the plan or the param is the page's."""
    assert brand_shown(branded.fetch(f"{start}/setup?lang=en&email={typed}")) == name


def test_param(open_site: OpenSite) -> None:
    """The value of a row's param decides, or else that of the plan."""
    site = open_site(plans=PLAN_WITH_BRAND, brand=[THIRD, FIRST])
    site.finder.add("third.example", "xserver", '{"brand":"third","server":"sv1.xserver.jp"}')
    site.finder.add("other.example", "xserver", '{"brand":"other","server":"sv1.xserver.jp"}')
    site.finder.add("first.example", "xserver", '{"server":"sv1.xserver.jp"}')
    names = [
        site.fetch(f"{URL}/setup.json?email=a@{domain}").json()["provider"]["name"]
        for domain in ("third.example", "first.example", "other.example", "sample.co.jp")
    ]

    assert [name and name["en"] for name in names] == ["Third", "First", None, None]


def test_look(branded: Site) -> None:
    """A brand has its own logo, colours, support and language; what it does not say is as for everybody."""
    second = branded.fetch(f"{URL}/setup?email=taro@recommended.example")
    page = html.document_fromstring(second.text)
    (logo,), (style,) = page.xpath("//img/@src"), page.xpath("//link[@rel='stylesheet']/@href")
    other = html.document_fromstring(branded.fetch(f"{URL}/setup?email=taro@sample.co.jp").text)

    assert second.headers["content-language"] == "ja"
    assert "--accent:#7a1f3d" in branded.fetch(URL + style).text
    assert page.xpath("//ul[@class='support']//a/@href") == ["https://www.second.example/help", "tel:0123456789"]
    assert branded.fetch(URL + logo).text == LOGO.format(2)
    assert branded.fetch(URL + other.xpath("//img/@src")[0]).text == LOGO.format(1)
    assert other.get("lang") == "en"
    for url in (logo, style, *other.xpath("//link/@href")):
        assert branded.fetch(URL + url).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert branded.fetch(f"{URL}/logo?v=0").text == LOGO.format(1)
    assert branded.fetch(f"{URL}/logo?v=0").headers["cache-control"] == "public, max-age=60"


def test_logo_of_a_brand_alone(open_site: OpenSite, tmp_path: Path) -> None:
    """A brand may have a logo where everybody else has none."""
    values = brands_in(tmp_path)
    site = open_site(brand=values["brand"][:1])
    (logo,) = html.document_fromstring(page_for(site, "a@recommended.example").text).xpath("//img/@src")

    assert site.fetch(URL + logo).text == LOGO.format(2)
    assert site.fetch(f"{URL}/logo").status_code == 404
    assert "<img" not in page_for(site, "a@sample.co.jp").text


def test_language_asked_for(branded: Site) -> None:
    """The reader's own language comes before that of a brand."""
    url = f"{URL}/setup?email=taro@recommended.example"

    assert branded.fetch(f"{url}&lang=en").headers["content-language"] == "en"
    assert branded.fetch(url, headers=[(b"accept-language", b"en")]).headers["content-language"] == "en"


def test_profiles(branded: Site) -> None:
    """A profile names the brand as its issuer."""
    issuers = [
        plistlib.loads(branded.fetch(f"{start}/email.mobileconfig?lang=en&email=taro@{domain}").content)
        for start, domain in (
            (URL, "sample.co.jp"),
            (URL, "recommended.example"),
            ("https://autoconfig.second.example", "sample.co.jp"),
        )
    ]

    assert [profile["PayloadOrganization"] for profile in issuers] == ["Main", "Second", "Second"]


def test_links_keep_the_brand(branded: Site) -> None:
    """A host that decided stays in the public links, so that the brand is the same behind them."""
    found = branded.fetch("https://autoconfig.second.example/setup.json?email=taro@sample.co.jp").json()
    plain = branded.fetch(f"{URL}/setup.json?email=taro@recommended.example").json()

    assert found["page"] == f"{URL}/for/autoconfig.second.example/setup?email=taro%40sample.co.jp"
    assert brand_shown(branded.fetch(f"{found['page']}&lang=en")) == "Second"
    profile = plistlib.loads(branded.fetch(f"{found['profiles'][0]['url']}&lang=en").content)
    assert profile["PayloadOrganization"] == "Second"
    again = branded.fetch(found["page"].replace("/setup?", "/setup.json?")).json()
    assert again["page"] == found["page"]
    assert urlsplit(plain["page"]).path == "/setup"


def test_data(branded: Site) -> None:
    """The JSON for portals has the brand's name and support."""
    provider = branded.fetch(f"{URL}/setup.json?email=taro@recommended.example").json()["provider"]

    assert provider["name"] == {"ja": "第二", "en": "Second"}
    assert (provider["support_url"], provider["support_phone"]) == ("https://www.second.example/help", "0123-456-789")


def test_moved(branded: Site) -> None:
    """The page of a domain that moved away has the brand of its plan."""
    branded.finder.add("moved.example", "url")

    assert brand_shown(page_for(branded, "a@moved.example")) == "Main"
    assert "has moved" in words(page_for(branded, "a@moved.example"))


def test_for_letters(branded: Site) -> None:
    """Where no host was asked, the plan decides, or the host that is given."""
    settings = branded.services.settings
    names = []
    for domain, host in (
        ("sample.co.jp", None),
        ("recommended.example", None),
        ("sample.co.jp", "autoconfig.second.example"),
    ):
        resolution = branded.runner.run(branded.services.resolve({}, Domain.parse(domain), None))
        names.append(brand_of(settings, resolution, host).provider)

    assert [name and name.in_language("en") for name in names] == ["Main", "Second", "Second"]


def test_faults(open_site: OpenSite, tmp_path: Path) -> None:
    """A plan that does not exist, and a logo that is none, are told with the number of the table."""
    with pytest.raises(
        PlansInvalid, match=r"brand 2: plans: there is no plan 'standardd'; plans are shared-standard, "
    ):
        open_site(brand=[{"plans": ["xserver"]}, {"plans": ["xserver", "standardd"]}])
    with pytest.raises(
        PlansInvalid, match="brand 1: param: no plan has the param 'barnd'; add it to the plans' params"
    ):
        open_site(brand=[{"param": {"name": "barnd", "value": "a"}}])
    with pytest.raises(SettingsInvalid, match=r"^brand 1: provider_logo = '.*none\.svg': cannot be read: No such file"):
        open_site(brand=[{"plans": ["xserver"], "provider_logo": tmp_path / "none.svg"}])
