from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from lxml import etree

if TYPE_CHECKING:
    from tests.web.conftest import OpenSite, Site

REQUESTS = json.loads(Path(__file__).with_name("client_requests.json").read_text(encoding="utf-8"))["mozilla"]
PATH = "/mail/config-v1.1.xml"
STRANGER = "stranger.example"


def spelled(address: str, how: str) -> str:
    """The address as a client puts it into a URL."""
    if how == "pct-all":
        return "".join(letter if letter.isalnum() or letter == "." else f"%{ord(letter):02x}" for letter in address)
    return quote(address, safe="") if how == "pct" else address


def table(domain: str, address: str) -> list[Any]:
    """All URLs of all clients, for one address."""
    return [
        pytest.param(
            url.replace("HOST", "autoconfig.xbit.jp")
            .replace("=A", f"={spelled(address, request.get('sends', ''))}")
            .replace("D", domain),
            id=f"{request['client']} {url}",
        )
        for request in REQUESTS
        for url in request["urls"]
    ]


def domain_of(content: bytes) -> str | None:
    """The domain that a document is for."""
    return etree.fromstring(content).findtext("emailProvider/domain")


@pytest.mark.parametrize("url", table("hanako-flowers.example", "taro+news@hanako-flowers.example"))
def test_clients(site: Site, url: str) -> None:
    """Every client's request gets the same document, for a plan that says the same to all mailboxes."""
    answer = site.fetch(url)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == site.ask(PATH, "autoconfig.hanako-flowers.example").content
    assert domain_of(answer.content) == "hanako-flowers.example"


@pytest.mark.parametrize("url", table("old-shop.example", "taro+news@old-shop.example"))
def test_user_name(site: Site, url: str) -> None:
    """An address is put into the user name, its plus too; without one a placeholder stands for its local part."""
    expected = "taro+news.old-shop.example" if "emailaddress" in url else "%EMAILLOCALPART%.old-shop.example"

    assert set(etree.fromstring(site.fetch(url).content).xpath("//username/text()")) == {expected}


@pytest.mark.parametrize("url", table(STRANGER, f"taro@{STRANGER}"))
def test_unknown(site: Site, url: str) -> None:
    """A domain that is not ours is a short 404 whichever way a client asks."""
    answer = site.fetch(url)

    assert (answer.status_code, answer.text) == (404, "No mail settings for this name here.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "host",
    ["autoconfig.{}", "{}", "autodiscover.{}", "AUTOCONFIG.{}", "autoconfig.{}:8443", "autoconfig.{}."],
)
@pytest.mark.parametrize(
    "name",
    ["日本語.example", "日本語．ｅｘａｍｐｌｅ", "xn--wgv71a119e.example", "XN--WGV71A119E.EXAMPLE", "日本語。example"],
)
def test_international(site: Site, host: str, name: str) -> None:
    """A Japanese domain is found under all its spellings, and is answered in A-labels."""
    address = f"?emailaddress=taro%40{quote(name)}"
    by_host, by_address, by_path = (
        site.ask(PATH, host.format(name)),
        site.fetch(f"https://autoconfig.xbit.jp{PATH}{address}"),
        site.ask(f"/v1.1/{name}", "autoconfig.xbit.jp"),
    )

    assert by_host.content == by_address.content == by_path.content
    assert domain_of(by_host.content) == "xn--wgv71a119e.example"
    assert by_host.content.isascii() is False  # the plan's name
    assert "日本語".encode() not in by_host.content


def test_by_httpx(site: Site) -> None:
    """An everyday HTTP library gets the document of a Japanese domain."""
    answer = site.request(
        "GET", f"https://autoconfig.日本語.example{PATH}", params={"emailaddress": "太郎@日本語.example"}
    )

    assert answer.status_code == 200
    assert "<hostname>pop.xn--wgv71a119e.example</hostname>" in answer.text


@pytest.mark.parametrize(
    ("query", "domain"),
    [
        pytest.param(b"", "sample.co.jp", id="none"),
        pytest.param(b"emailaddress=", "sample.co.jp", id="empty"),
        pytest.param(b"emailaddress=taro@yamada-law.example", "yamada-law.example", id="another of ours"),
        pytest.param(b"emailaddress=taro@YAMADA-LAW.EXAMPLE.", "yamada-law.example", id="upper case, trailing dot"),
        pytest.param("emailaddress=a@ｙａｍａｄａ－ｌａｗ．example".encode(), "yamada-law.example", id="full width"),
        pytest.param(b"emailaddress=a@b@yamada-law.example", "yamada-law.example", id="two @"),
        pytest.param(b"emailaddress=a..b.@yamada-law.example", "yamada-law.example", id="dots as docomo has them"),
        pytest.param(b"emailmd5=x&emailaddress=a@yamada-law.example&y", "yamada-law.example", id="among others"),
        pytest.param(b"emailaddress=a@yamada-law.example&emailaddress=b@x.example", "yamada-law.example", id="two"),
        pytest.param(b"emailaddress=nonsense&emailaddress=a@yamada-law.example", "sample.co.jp", id="a bad one first"),
        pytest.param(b"email=taro@yamada-law.example", "sample.co.jp", id="Apple's parameter"),
        pytest.param(b"emailaddress=yamada-law.example", "sample.co.jp", id="no @"),
        pytest.param(b"emailaddress=@yamada-law.example", "sample.co.jp", id="no local part"),
        pytest.param(b"emailaddress=taro@", "sample.co.jp", id="no domain"),
        pytest.param(b"emailaddress=taro@yamada law.example", "sample.co.jp", id="a space"),
        pytest.param(b"emailaddress=ta%00ro@yamada-law.example", "sample.co.jp", id="a null"),
        pytest.param(b"emailaddress=%FFtaro@yamada-law.example", "sample.co.jp", id="not UTF-8, encoded"),
        pytest.param(b"emailaddress=\xfftaro@yamada-law.example", "sample.co.jp", id="not UTF-8, raw"),
        pytest.param(b"emailaddress=%ZZ", "sample.co.jp", id="no percent-encoding"),
        pytest.param(b"emailaddress=" + b"a" * 65 + b"@yamada-law.example", "sample.co.jp", id="too long"),
        pytest.param("emailaddress=taro＠yamada-law.example".encode(), "sample.co.jp", id="a full-width @"),
    ],
)
def test_address(site: Site, query: bytes, domain: str) -> None:
    """The address's domain wins over the Host's; an address that cannot be read counts as absent."""
    answer = site.ask(PATH, query=query)

    assert (answer.status_code, domain_of(answer.content)) == (200, domain)


@pytest.mark.parametrize("query", [b"emailaddress=a@stranger.example", b"emailaddress=a@sub.sample.co.jp"])
def test_stranger_under_our_host(site: Site, query: bytes) -> None:
    """An address of a domain that is not ours is not answered by the Host's domain."""
    assert site.ask(PATH, query=query).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([(b"host", b"")], id="empty"),
        pytest.param([(b"host", b"192.0.2.1")], id="an address"),
        pytest.param([(b"host", b"[2001:db8::1]:443")], id="an IPv6 address"),
        pytest.param([(b"host", b"autoconfig.")], id="a label alone"),
        pytest.param([(b"host", b"\xff")], id="garbage"),
    ],
)
@pytest.mark.parametrize("default", [None, "server-maintenance"], ids=["no default", "a default plan"])
def test_host_says_nothing(open_site: OpenSite, headers: list[tuple[bytes, bytes]], default: str | None) -> None:
    """Where neither an address nor the Host says which domain is meant, there is no answer; else the address does."""
    site = open_site(default_plan=default)
    without = site.ask(PATH, None, headers=headers)
    with_address = site.ask(PATH, None, headers=headers, query=b"emailaddress=a@sample.co.jp")

    # `autoconfig` alone is a name, if an odd one.
    assert without.status_code == (200 if default and headers == [(b"host", b"autoconfig.")] else 404)
    assert domain_of(with_address.content) == "sample.co.jp"


@pytest.mark.parametrize(
    ("host", "query", "domain"),
    [
        pytest.param("autoconfig.cs312.xbit.jp", "", "cs312.xbit.jp", id="no address"),
        pytest.param("AUTOCONFIG.CS312.XBIT.JP.", "", "cs312.xbit.jp", id="upper case"),
        pytest.param("cs312.xbit.jp", "", "cs312.xbit.jp", id="bare"),
        pytest.param("autoconfig.cs312.xbit.jp", "?emailaddress=a@unmapped.example", "unmapped.example", id="address"),
    ],
)
@pytest.mark.parametrize("by_path", [False, True], ids=["by Host", "by path"])
def test_host_rule(site: Site, host: str, query: str, domain: str, by_path: bool) -> None:
    """Under a name of a shared server everybody is on the shared plan, with that server."""
    url = f"https://xbit.jp/v1.1/{host.lower().removeprefix('autoconfig.')}" if by_path else f"https://{host}{PATH}"
    answer = site.fetch(f"{url}{query}")

    assert domain_of(answer.content) == domain
    assert set(etree.fromstring(answer.content).xpath("//hostname/text()")) == {"cs312.xbit.jp"}


@pytest.mark.parametrize("host", ["autoconfig.cs1.xbit.jp", "autoconfig.cs312.xbit.jp.evil.example", "xcs312.xbit.jp"])
def test_no_host_rule(site: Site, host: str) -> None:
    """A host rule matches the whole name."""
    assert site.ask(PATH, host).status_code == 404


HOST_RULE = """
[plans.own]
name = "Own names"
servers = [
  { protocol = "imap", host = "HOST", port = 993, tls = "ssl", login = ["password-cleartext"], username = "USER" },
  { protocol = "smtp", host = "mx1.provider.example", port = 25, tls = "ssl", login = ["NTLM"], username = "{local}" },
]
[[host]]
match = 'mx1\\.provider\\.example'
plan = "own"
"""


@pytest.mark.parametrize(
    ("host", "user", "without_address"),
    [
        pytest.param("imap.{domain}", "{address}", 404, id="a host"),
        pytest.param("mx1.provider.example", "{local}.{domain}", 404, id="a user name"),
        pytest.param("mx1.provider.example", "{local}", 200, id="neither"),
    ],
)
def test_host_rule_that_needs_the_domain(open_site: OpenSite, host: str, user: str, without_address: int) -> None:
    """Without an address a host rule answers only if nothing in its plan depends on the mail domain."""
    site = open_site(plans=HOST_RULE.replace("HOST", host).replace("USER", user))
    asked = "autoconfig.mx1.provider.example"

    assert site.ask(PATH, asked).status_code == without_address
    assert site.ask("/v1.1/mx1.provider.example", asked).status_code == without_address
    assert site.ask(PATH, asked, query=b"emailaddress=a@unmapped.example").status_code == 200


@pytest.mark.parametrize("name", ["", "..", "<script>", "a b", "%00", "a" * 64, "192.0.2.1", "sample.co.jp/x"])
def test_no_domain_in_the_path(site: Site, name: str) -> None:
    """A path that names no domain of ours is an ordinary 404."""
    answer = site.ask(f"/v1.1/{name}")

    assert (answer.status_code, answer.text) == (404, "No mail settings for this name here.\n")


@pytest.mark.parametrize("host", ["autoconfig.sample.co.jp", "autoconfig.old-shop.example"])
@pytest.mark.parametrize("query", [b"", b"emailaddress=taro@sample.co.jp", b"emailaddress=taro@old-shop.example"])
def test_names_nobody_else(site: Site, host: str, query: bytes) -> None:
    """A document names no other customer's domain."""
    answer = site.ask(PATH, host, query=query)
    own = domain_of(answer.content)

    for name in {"sample.co.jp", "old-shop.example"} - {own}:
        assert name.encode() not in answer.content


def test_default_plan(open_site: OpenSite) -> None:
    """The default plan answers for whoever is not in the mapping, but not for a name that was ended."""
    site = open_site(default_plan="server-maintenance")
    site.finder.add("left.example", None)

    assert domain_of(site.ask(PATH, f"autoconfig.{STRANGER}").content) == STRANGER
    assert site.ask(PATH, "autoconfig.left.example").status_code == 404


def test_moved_away(open_site: OpenSite) -> None:
    """Of a domain that moved away there is no document."""
    site = open_site(plans='[plans.moved]\nname = "Moved"\nredirect_domain = "new.example"\n')
    site.finder.add("moved.example", "moved")
    answer = site.ask(PATH, "autoconfig.moved.example")

    assert (answer.status_code, "has moved" in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        pytest.param(f"autoconfig.sample.co.jp{PATH}", "sample.co.jp", id="by Host"),
        pytest.param(
            f"autoconfig.sample.co.jp{PATH}?emailaddress=ta+ro@yamada-law.example",
            "yamada-law.example?emailaddress=ta%2Bro%40yamada-law.example",
            id="by address",
        ),
        pytest.param("anything.example/v1.1/sample.co.jp", "sample.co.jp", id="by path"),
        pytest.param(f"autoconfig.cs312.xbit.jp{PATH}", "cs312.xbit.jp", id="by rule"),
        pytest.param(
            f"autoconfig.cs312.xbit.jp{PATH}?emailaddress=a@unmapped.example",
            "cs312.xbit.jp?emailaddress=a%40unmapped.example",
            id="by rule and address",
        ),
        pytest.param(f"日本語.example{PATH}", "xn--wgv71a119e.example", id="Japanese"),
    ],
)
def test_redirect(open_site: OpenSite, url: str, location: str) -> None:
    """Where the operator wants TLS, plain http is sent to the public address, and gets the same document there."""
    site = open_site(plain_http="redirect")
    answer = site.fetch(f"http://{url}")
    followed = site.fetch(answer.headers["location"])

    assert (answer.status_code, answer.headers["cache-control"]) == (302, "private, no-store")
    assert answer.headers["location"] == f"https://autoconfig.xbit.jp/v1.1/{location}"
    assert followed.status_code == 200
    assert followed.content == site.fetch(f"https://{url}").content


@pytest.mark.parametrize(
    ("setting", "scheme", "status"),
    [
        ("serve", "http", 200),
        ("serve", "https", 200),
        ("redirect", "https", 200),
        ("redirect", "http", 302),
        ("refuse", "https", 200),
        ("refuse", "http", 403),
    ],
)
def test_plain_http(open_site: OpenSite, setting: str, scheme: str, status: int) -> None:
    """A setting decides what plain http gets; a domain that is not ours is a 404 all the same."""
    site = open_site(plain_http=setting)

    assert site.ask(PATH, scheme=scheme).status_code == status
    assert site.ask(PATH, STRANGER, scheme=scheme).status_code == 404


@pytest.mark.parametrize(
    ("client", "proto", "status"),
    [
        pytest.param(("127.0.0.1", 1), b"https", 200, id="TLS at the proxy"),
        pytest.param(("127.0.0.1", 1), b"http", 302, id="no TLS at the proxy"),
        pytest.param(None, b"https", 200, id="TLS before the Unix socket"),
        pytest.param(("203.0.113.9", 1), b"https", 302, id="a stranger who lies"),
    ],
)
def test_proxy(open_site: OpenSite, client: tuple[str, int] | None, proto: bytes, status: int) -> None:
    """A trusted proxy says whether there was TLS; nobody else does."""
    site = open_site(plain_http="redirect")
    answer = site.ask(PATH, scheme="http", client=client, headers=[(b"x-forwarded-proto", proto)])

    assert answer.status_code == status


def test_scheduled(open_site: OpenSite) -> None:
    """A row takes effect at its time, without a restart."""
    site = open_site()
    site.finder.add("sample.co.jp", "xserver", '{"server":"sv1.xserver.jp"}', valid_from=int(time.time()) + 1)
    deadline = time.monotonic() + 20
    while b"sv1.xserver.jp" not in (answer := site.ask(PATH)).content and time.monotonic() < deadline:
        assert answer.status_code == 200
        time.sleep(0.05)

    assert b"sv1.xserver.jp" in answer.content
