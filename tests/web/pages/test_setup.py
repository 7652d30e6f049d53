from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from lxml import html

from autoconfig.web.pages.brand import LARGEST_LOGO
from tests.support.demo import DOMAINS
from tests.web.pages.conftest import MOVED, RICH, URL, page_for, shown, words

if TYPE_CHECKING:
    from autoconfig.mapping.timeline import Finder
    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite, Site

BROKEN = "no-such-plan"


@pytest.mark.parametrize("path", ["/", "/setup"])
@pytest.mark.parametrize("query", ["", "?email=", "?email=+", "?email=%20%E3%80%80", "?other=x"])
def test_form(site: Site, path: str, query: str) -> None:
    """Without an address there is a form that asks for one, and nothing else."""
    answer = site.fetch(f"{URL}{path}{query}")
    page = html.document_fromstring(answer.text)
    (form,) = page.forms

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (form.action, form.method, dict(form.fields)) == ("/setup", "GET", {"email": ""})
    assert [label.get("for") for label in page.iter("label")] == ["email"]
    assert shown(answer) == []


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ｔａｒｏ＠ｓａｍｐｌｅ．ｃｏ．ｊｐ", "taro@sample.co.jp"),
        ("taro+shop＠sample.co.jp", "taro+shop@sample.co.jp"),
        ("mailto:taro@sample.co.jp", "taro@sample.co.jp"),
        ("ta+ro@sample.co.jp.", "ta+ro@sample.co.jp"),
        ("太郎@sample.co.jp", "太郎@sample.co.jp"),
        ("<b>&'@sample.co.jp", "<b>&'@sample.co.jp"),
        ("taro@日本語.example", "taro@xn--wgv71a119e.example"),
    ],
)
def test_typed(site: Site, typed: str, address: str) -> None:
    """The page and both profiles are for the address that was meant."""
    answer = page_for(site, typed, program="iphone")
    page = html.document_fromstring(answer.text)
    profiles = page.xpath("//a[starts-with(@href, '/email.mobileconfig')]/@href")

    assert answer.status_code == 200
    assert {value.username for value in shown(answer)} == {address}
    assert page.forms[0].fields["email"] == address.replace("xn--wgv71a119e", "日本語")
    assert profiles == [
        f"/email.mobileconfig?email={quote(address, safe='')}&lang=en",
        f"/email.mobileconfig?email={quote(address, safe='')}&protocol=pop3&lang=en",
    ]
    assert [site.fetch(f"{URL}{path}").status_code for path in profiles] == [200, 200]


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("x=+&email=ta+ro@sample.co.jp+&y=+", "ta+ro@sample.co.jp"),
        ("email=ta%2Bro%40sample.co.jp", "ta+ro@sample.co.jp"),
        ("email=ta+ro%40sample.co.jp", "ta+ro@sample.co.jp"),
        ("email=++taro+%40++sample.co.jp+", "taro@sample.co.jp"),
        ("email=Taro+%3Ctaro%40sample.co.jp%3E", "taro@sample.co.jp"),
    ],
    ids=["by hand", "by a form", "by hand, half encoded", "spaces in the form", "name in the form"],
)
def test_plus(site: Site, query: str, address: str) -> None:
    """A plus in a form's query is a space, and in a link written by hand it is a plus."""
    assert shown(site.fetch(f"{URL}/setup?{query}"))[0].username == address


@pytest.mark.parametrize("typed", ["taro", "@", "taro@", "a b", "taro@@", "taro@sample co.jp", "\0@a.b"])
def test_no_address(site: Site, typed: str) -> None:
    """What is no address is shown again, with a sentence about it."""
    answer = page_for(site, typed)

    assert answer.status_code == 400
    assert "This is not a mail address" in words(answer)
    assert shown(answer) == []


@pytest.mark.parametrize("typed", ["taro@stranger.example", "stranger.example"])
def test_unknown(site: Site, typed: str) -> None:
    """A domain that is not ours has a page that says so, with the field to try again."""
    answer = page_for(site, typed)

    assert answer.status_code == 404
    assert "We do not know the domain stranger.example" in words(answer)
    assert html.document_fromstring(answer.text).forms[0].fields["email"] == typed


@pytest.mark.parametrize("typed", ["old-shop.example", "@old-shop.example", "ｏｌｄ－ｓｈｏｐ．ｅｘａｍｐｌｅ"])
def test_bare_domain(site: Site, typed: str) -> None:
    """A domain alone has its page too: the servers, and in words how a user name is formed."""
    answer = page_for(site, typed)

    assert answer.status_code == 200
    assert [value.host for value in shown(answer)] == ["old-shop.example"] * 3
    assert {value.username for value in shown(answer)} == {"the part before the @.old-shop.example"}
    assert "email.mobileconfig" not in answer.text
    (values,) = html.document_fromstring(answer.text).find_class("values")
    assert len(values.find_class("copy")) == 6  # hosts and ports: user names are not for copying


def test_bare_domain_with_addresses(site: Site) -> None:
    """Where the user name is the address, a domain's page says so."""
    assert {value.username for value in shown(page_for(site, "sample.co.jp"))} == {"your whole mail address"}


HOSTS = {
    "autoconfig": ("autoconfig.old-shop.example", 200, "Settings for old-shop.example"),
    "autodiscover": ("autodiscover.old-shop.example:8443", 200, "Settings for old-shop.example"),
    "the domain itself": ("old-shop.example", 200, "Settings for old-shop.example"),
    "a server of ours": ("autoconfig.cs312.xbit.jp", 200, "Settings for cs312.xbit.jp"),
    "unknown": ("autoconfig.stranger.example", 404, "We do not know the domain stranger.example"),
    "the entrance": ("autoconfig.xbit.jp", 200, "Type your mail address. You"),
    "a name of the provider's": ("mail.xbit.jp", 200, "Type your mail address. You"),
    "localhost": ("localhost:8080", 200, "Type your mail address. You"),
    "an IP address": ("192.0.2.1", 200, "Type your mail address. You"),
}


@pytest.mark.parametrize(("host", "status", "sentence"), HOSTS.values(), ids=HOSTS.keys())
def test_host(site: Site, host: str, status: int, sentence: str) -> None:
    """`autoconfig.DOMAIN/` in a browser shows that domain's page."""
    answer = site.fetch(f"https://{host}/?lang=en")

    assert answer.status_code == status
    assert sentence in words(answer)


def test_host_with_default_plan(open_site: OpenSite) -> None:
    """A default plan makes no domain of a name that nobody has a row for."""
    site = open_site(default_plan="sample", plans=RICH.replace("plans.rich", "plans.sample"))

    assert "Type your mail address. You" in words(site.fetch("https://setup.provider.example/?lang=en"))
    assert "Settings for customer.example" in words(site.fetch("https://autoconfig.customer.example/?lang=en"))
    assert "Type your mail address. You" in words(site.fetch("https://autoconfig.xbit.jp/?lang=en"))


def test_address_at_a_server_of_ours(site: Site) -> None:
    """Under the name of a shared server, every address is on it: as Thunderbird is told by way of the MX."""
    answer = site.fetch("https://autoconfig.cs207.xbit.jp/setup?email=taro@stranger.example")

    assert {value.host for value in shown(answer)} == {"cs207.xbit.jp"}


def moved_page(
    open_site: OpenSite, plan: str, target: str = "", typed: str = "taro@moved.example"
) -> tuple[str, list[str]]:
    """The words and the links of the page of a domain that moved."""
    site = open_site(plans=MOVED)
    site.finder.add("moved.example", plan, json.dumps({"to": target}) if target else "{}")
    site.finder.add("here.example", "here")
    answer = page_for(site, typed)

    assert answer.status_code == 404
    return words(answer), html.document_fromstring(answer.text).xpath("//section//a/@href")


@pytest.mark.parametrize(
    ("typed", "link"),
    [("taro@moved.example", "taro%40here.example"), ("moved.example", "here.example")],
    ids=["address", "domain"],
)
def test_moved_here(open_site: OpenSite, typed: str, link: str) -> None:
    """A domain that moved to another one of ours leads to that one's page."""
    text, links = moved_page(open_site, "domain", "here.example", typed)

    assert "Mail of moved.example has moved" in text
    assert links == [f"/setup?email={link}&lang=en"]


@pytest.mark.parametrize(("plan", "target"), [("domain", "far.example"), ("url", "")])
def test_moved_away(open_site: OpenSite, plan: str, target: str) -> None:
    """A domain that moved to somebody else is told to whom."""
    text, links = moved_page(open_site, plan, target)

    assert f"no longer on our servers but at {target or 'mail.new.example'}" in text
    assert links == []


def test_unusable(open_site: OpenSite, log_lines: LogLines) -> None:
    """A row whose plan is missing is not shown to the customer, but to the operator."""
    site = open_site()
    site.finder.add("broken.example", BROKEN)
    answer = page_for(site, "taro@broken.example")
    (line,) = log_lines()

    assert (answer.status_code, BROKEN in answer.text) == (503, False)
    assert "Please try again in a few minutes." in words(answer)
    assert (line["domain"], line["plan"], "taro" in str(line)) == ("broken.example", BROKEN, False)


@pytest.mark.parametrize("url", [f"{URL}/setup?email=taro@sample.co.jp", "https://autoconfig.sample.co.jp/"])
def test_down(open_site: OpenSite, down: Finder, log_lines: LogLines, url: str) -> None:
    """A mapping that cannot be asked is 503, with the time to come back, by address and by host."""
    answer = open_site(down).fetch(f"{url}{'&' if '?' in url else '?'}lang=en")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "The settings cannot be shown at the moment" in words(answer)
    assert log_lines()[0]["event"] == "the mapping cannot be asked"


def test_same_for_every_mailbox(site: Site) -> None:
    """Whether a mailbox exists is never told: two addresses differ in nothing but themselves."""
    one, other = (page_for(site, f"{name}@hanako-flowers.example", program="mac") for name in ("info", "nobody"))
    code = re.compile("<svg.*?</svg>")
    assert code.sub("", one.text).replace("info@", "nobody@").replace("info%40", "nobody%40") == code.sub(
        "", other.text
    )
    assert {key: value for key, value in one.headers.items() if key != "content-length"} == {
        key: value for key, value in other.headers.items() if key != "content-length"
    }


@pytest.mark.parametrize("typed", ['"><script>alert(1)</script>@sample.co.jp', "<img src=x onerror=y>", "'\"&lt;"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_escaping(site: Site, typed: str, language: str) -> None:
    """Whatever was typed is shown as it was typed, never run."""
    page = html.document_fromstring(page_for(site, typed, lang=language).text)

    assert page.forms[0].fields["email"] == typed
    assert page.xpath("//script/@src")
    assert not page.xpath("//script[not(@src)] | //img | //@onerror | //@style")
    assert all(link.startswith(("/", "#")) for link in page.xpath("//@href"))


def test_escaping_of_settings(open_site: OpenSite) -> None:
    """Names and notes from the operator's files are texts."""
    plans = (
        RICH.replace("ぜんぶ入り", "<i>ぜ</i>").replace("{domain} は", "<i>{domain}</i> は").replace("設定の", "<i>")
    )
    site = open_site(plans=plans, provider_name="<i>例</i>", support_url="https://a.example/?a=1&b='2'")
    site.finder.add("rich.example", "rich")
    page = html.document_fromstring(page_for(site, "taro@rich.example", lang="ja").text)

    assert not page.xpath("//i")
    assert "<i>rich.example</i> は" in page.text_content()
    assert page.xpath("//footer//a/@href") == ["https://a.example/?a=1&b='2'"]


def test_links_in_notes(open_site: OpenSite) -> None:
    """Whole URLs in a note are links; host names, also of mail servers, are texts."""
    plans = RICH.replace("{domain} は", "mail.provider.com https://help.example/a?b=1&c=2。")
    site = open_site(plans=plans)
    site.finder.add("rich.example", "rich")
    page = html.document_fromstring(page_for(site, "taro@rich.example", lang="ja").text)

    links = page.xpath("//li[@class='note']//a/@href")

    assert links == ["https://help.example/a?b=1&c=2", "https://www.provider.example/ja"]
    assert "mail.provider.com https://help.example/a?b=1&c=2。" in page.text_content()


def test_many_pluses(site: Site) -> None:
    """A run of pluses costs no more than its length; a search that starts again at each takes half a minute."""
    assert site.fetch(f"{URL}/setup?email=a{'+' * 60_000}x").status_code == 400


def test_rich(open_site: OpenSite) -> None:
    """Several servers of a protocol, every login method, services, links and notes: all of it is shown."""
    site = open_site(plans=RICH)
    site.finder.add("rich.example", "rich")
    answer = page_for(site, "taro@rich.example")
    text, links = words(answer), html.document_fromstring(answer.text).xpath("//main//a/@href")

    assert [(value.host, value.login) for value in shown(answer)] == [
        ("imap.rich.example", "OAuth2, Normal password"),
        ("imap2.rich.example", "Kerberos / GSSAPI"),
        ("pop.rich.example", "NTLM"),
        ("smtp.rich.example", "TLS certificate"),
        ("smtp2.rich.example", "No authentication"),
    ]
    for part in ("https://dav.rich.example/cal", "Address book (CardDAV)", "JMAP", "Exchange ActiveSync", "The guide"):
        assert part in text
    assert "For rich.example see https://www.provider.example/en." in text
    assert "To send, log in as taro@rich.example" in text
    assert {"https://webmail.provider.example/", "https://www.provider.example/en"} <= set(links)
    assert "email.mobileconfig" not in answer.text  # no login that a profile can describe


def test_rich_domain(open_site: OpenSite) -> None:
    """The page of the domain alone has everything but the names."""
    site = open_site(plans=RICH)
    site.finder.add("rich.example", "rich")
    answer = page_for(site, "rich.example")

    assert [value.username for value in shown(answer)][-1] == "the part before the @-rich.example"
    assert "https://dav.rich.example/cal" in words(answer)


def test_plain_sending(open_site: OpenSite) -> None:
    """A server without TLS that mail is sent by is warned of, and where a password could be read, of that too."""
    site = open_site(plans=RICH)
    site.finder.add("plain.example", "plain-sending")
    answer = page_for(site, "taro@plain.example")

    assert "Mail is sent by a server without TLS: set the connection security to “None”" in words(answer)
    assert "The password can be read as well" in words(answer)
    assert "The user name has a form of its own." in words(answer)
    assert [value.protocol for value in shown(answer)] == ["IMAP", "SMTP"]


@pytest.mark.parametrize("typed", ["", "taro@sample.co.jp", "taro", "taro@stranger.example", "sample.co.jp"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_headers(site: Site, typed: str, language: str) -> None:
    """A page loads nothing from elsewhere, is in no frame, in no cache and in no search engine, and sets no cookie."""
    answer = page_for(site, typed, lang=language)
    headers = answer.headers

    assert headers["cache-control"] == "private, no-store"
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["content-language"] == language
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["vary"] == "Accept-Language, User-Agent"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "set-cookie" not in headers
    assert html.document_fromstring(answer.text).get("lang") == language


@pytest.mark.parametrize("path", ["/", "/setup", "/style.css", "/page.js"])
def test_methods(site: Site, path: str) -> None:
    """HEAD is answered; another method is told which ones there are."""
    get, head, post = (site.request(method, f"{URL}{path}") for method in ("GET", "HEAD", "POST"))

    assert (head.status_code, head.headers) == (200, get.headers)
    assert (post.status_code, post.headers["allow"], post.text) == (405, "GET, HEAD", "Method not allowed.\n")
    assert post.headers["cache-control"] == "private, no-store"


def test_language(site: Site) -> None:
    """The browser's language is taken, the switch keeps what was typed, and a choice is kept by the form."""
    url = f"{URL}/setup?email=taro@sample.co.jp&program=mac&protocol=pop3&name=Taro+Y"
    answer = site.fetch(url, headers=[(b"accept-language", b"ja,en;q=0.5")])
    page = html.document_fromstring(answer.text)
    (switch,) = page.xpath("//nav[@class='languages']//a/@href")
    other = html.document_fromstring(site.fetch(f"{URL}{switch}").text)
    kept = {"email": "taro@sample.co.jp", "program": "mac", "protocol": "pop3", "name": "Taro Y"}

    assert (page.get("lang"), other.get("lang")) == ("ja", "en")
    assert dict(page.forms[0].fields) == kept
    assert dict(other.forms[0].fields) == {**kept, "lang": "en"}


def test_default_language(open_site: OpenSite) -> None:
    """A browser that says nothing gets the operator's language."""
    site = open_site(page_language="ja")

    assert html.document_fromstring(site.fetch(f"{URL}/").text).get("lang") == "ja"


@pytest.mark.parametrize(
    ("url", "indexed"),
    [
        (f"{URL}/", True),
        (f"{URL}/?lang=ja", True),
        (f"{URL}/setup", False),
        (f"{URL}/setup?email=taro@sample.co.jp", False),
        (f"{URL}/?email=taro@sample.co.jp", False),
        (f"{URL}/?email=x", False),
        ("https://autoconfig.sample.co.jp/", False),
    ],
)
def test_search_engines(site: Site, url: str, indexed: bool) -> None:
    """The empty form may be found by search; a page of an address or a domain never, and no title names one."""
    answer = site.fetch(url)
    page = html.document_fromstring(answer.text)

    assert ("x-robots-tag" not in answer.headers) is indexed
    assert (not page.xpath("//meta[@name='robots']")) is indexed
    assert page.xpath("//link[@rel='canonical']/@href") == (["https://autoconfig.xbit.jp/"] if indexed else [])
    assert "sample" not in (page.findtext(".//title") or "")


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_size(open_site: OpenSite, domain: str, language: str) -> None:
    """A page and everything that it loads is under 60 kB, with room for the largest logo."""
    site = open_site(provider_name="例" * 60, support_url="https://www.provider.example/", support_phone="0123456789")
    answer = page_for(site, f"{'太' * 20}@{domain}", lang=language)
    loaded = html.document_fromstring(answer.text).xpath("//link/@href | //script/@src")

    assert len(answer.content) + sum(len(site.fetch(f"{URL}{path}").content) for path in loaded) < 60_000 - LARGEST_LOGO
