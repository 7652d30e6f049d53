from __future__ import annotations

import json
import plistlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import OpenSite, Site

REQUESTS = json.loads(Path(__file__).with_name("client_requests.json").read_text(encoding="utf-8"))["apple"]
PATH = "/email.mobileconfig"
ADDRESS = "ta+ro@sample.co.jp"

TABLE = [
    pytest.param(
        url.replace("HOST", "autoconfig.xbit.jp")
        .replace("=A", f"={quote(ADDRESS, safe='') if request['sends'] == 'pct' else ADDRESS}")
        .replace("D", "sample.co.jp"),
        id=f"{request['client']} {url}",
    )
    for request in REQUESTS
    for url in request["urls"]
]


def payload(answer: httpx.Response) -> dict[str, Any]:
    """The mail account in a profile."""
    (content,) = plistlib.loads(answer.content)["PayloadContent"]
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("url", TABLE)
def test_requests(site: Site, url: str) -> None:
    """Every spelling of the request gets the profile, as a file to download that nobody keeps."""
    answer = site.fetch(url)
    account = payload(answer)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    assert answer.headers["content-disposition"] == 'attachment; filename="sample.co.jp.mobileconfig"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert account["EmailAddress"] == account["IncomingMailServerUsername"] == ADDRESS
    assert account["IncomingMailServerHostName"] == "sample.co.jp"


@pytest.mark.parametrize(
    ("query", "kind", "port"),
    [
        ("", "EmailTypeIMAP", 993),
        ("&protocol=", "EmailTypeIMAP", 993),
        ("&protocol=imap", "EmailTypeIMAP", 993),
        ("&protocol=pop3", "EmailTypePOP", 995),
        ("&lang=&protocol=pop3&x=y", "EmailTypePOP", 995),
    ],
)
def test_protocol(site: Site, query: str, kind: str, port: int) -> None:
    """People choose between IMAP and POP3."""
    account = payload(site.fetch(f"https://x.example{PATH}?email={ADDRESS}{query}"))

    assert (account["EmailAccountType"], account["IncomingMailServerPortNumber"]) == (kind, port)


@pytest.mark.parametrize("protocol", ["smtp", "POP3", "jmap", "%FF%", "imap%00", "<script>"])
def test_no_such_protocol(site: Site, protocol: str) -> None:
    """Another protocol is refused with a sentence; what is not even text counts as absent."""
    answer = site.fetch(f"https://x.example{PATH}?email={ADDRESS}&protocol={protocol}")

    if protocol == "%FF%":
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.text) == (400, "The protocol is imap or pop3.\n")


@pytest.mark.parametrize(
    ("language", "name"),
    [("", "サーバ保守"), ("&lang=ja", "サーバ保守"), ("&lang=en", "Maintained"), ("&lang=%3Cx%3E", "サーバ保守")],
)
def test_language(site: Site, language: str, name: str) -> None:
    """The phone shows texts in the language asked for, else in the plan's own."""
    profile = plistlib.loads(site.fetch(f"https://x.example{PATH}?email={ADDRESS}{language}").content)

    assert name in profile["PayloadDisplayName"]


NAMED = {"ja": "サーバ保守 (メールサーバー付)", "en": "Maintained server with mail"}


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        pytest.param("", None, "ja", id="nothing said: the plan's own"),
        pytest.param("", b"en-US,en;q=0.9,ja;q=0.8", "en", id="the browser's"),
        pytest.param("", b"en;q=0.1,ja-JP", "ja", id="the browser's best"),
        pytest.param("", b"zh-TW,fr;q=0.9,en;q=0.1", "en", id="the browser's best of ours"),
        pytest.param("", b"zh-TW,*", "ja", id="none of ours"),
        pytest.param("&lang=en", b"ja", "en", id="asked for before the browser's"),
        pytest.param("&lang=EN-gb", b"ja", "en", id="asked for with a country"),
        pytest.param("&lang=zh", b"en", "en", id="asked for and not there"),
        pytest.param("&lang=", b"en", "en", id="asked for nothing"),
        pytest.param("&lang=%FF", b"\xff;q=x", "ja", id="nonsense"),
    ],
)
def test_texts(site: Site, query: str, accepted: bytes | None, language: str) -> None:
    """What the phone shows is in the language asked for, else the browser's, else the plan's own."""
    headers = [(b"accept-language", accepted)] if accepted is not None else []
    answer = site.fetch(f"https://x.example{PATH}?email={ADDRESS}{query}", headers=headers)
    profile = plistlib.loads(answer.content)

    assert profile["PayloadOrganization"] == NAMED[language]
    assert ("設定します" in profile["PayloadDescription"]) is (language == "ja")
    assert profile["ConsentText"].keys() == {"default", "en", "ja"}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="none"),
        pytest.param("email=", id="empty"),
        pytest.param("email=taro", id="no @"),
        pytest.param("email=@sample.co.jp", id="no local part"),
        pytest.param("email=taro@", id="no domain"),
        pytest.param("email=ta%00ro@sample.co.jp", id="a null"),
        pytest.param("email=%FF@sample.co.jp", id="not UTF-8"),
        pytest.param("email=taro@sample co.jp", id="a space"),
        pytest.param(f"email={'a' * 65}@sample.co.jp", id="too long"),
        pytest.param("email=&emailaddress=taro@sample.co.jp", id="the first is empty"),
        pytest.param("EMAIL=taro@sample.co.jp", id="another parameter"),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/mobileconfig"])
def test_no_address(site: Site, path: str, query: str) -> None:
    """An address that cannot be read is told so, in a sentence that repeats nothing of it."""
    answer = site.fetch(f"https://autoconfig.sample.co.jp{path}?{query}")

    assert answer.status_code == 400
    assert answer.text == "This is not a mail address; it needs the form name@domain.\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("host", ["autoconfig.sample.co.jp", "stranger.example", ""])
def test_unknown(site: Site, host: str) -> None:
    """An address that is not ours is a short 404, under whatever Host."""
    answer = site.ask(PATH, host, query=b"email=taro@stranger.example")

    assert (answer.status_code, answer.text) == (404, "No mail settings for this name here.\n")


@pytest.mark.parametrize("name", ["日本語.example", "日本語．ｅｘａｍｐｌｅ", "xn--wgv71a119e.example"])
def test_international(site: Site, name: str) -> None:
    """A Japanese domain is found under all its spellings, and is written in A-labels."""
    answer = site.request("GET", f"https://autoconfig.xbit.jp{PATH}", params={"email": f"taro@{name}"})

    assert payload(answer)["EmailAddress"] == "taro@xn--wgv71a119e.example"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="xn--wgv71a119e.example.mobileconfig"; '
        "filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.example.mobileconfig"
    )


def test_host_rule(site: Site) -> None:
    """Under the name of a shared server an address that nobody mapped gets that server."""
    answer = site.ask(PATH, "autoconfig.cs312.xbit.jp", query=b"email=taro@unmapped.example")

    assert payload(answer)["IncomingMailServerHostName"] == "cs312.xbit.jp"


def test_same_bytes(site: Site) -> None:
    """The same mailbox gets the same bytes each time, and by either path."""
    query = f"email={ADDRESS}".encode()
    answers = [site.ask(path, query=query).content for path in (PATH, PATH)]
    alias = site.ask("/mobileconfig", query=f"emailaddress={ADDRESS}".encode())

    assert len({*answers, alias.content}) == 1


@pytest.mark.parametrize(
    ("plan", "query", "sentence"),
    [
        pytest.param("moved", "", "has moved", id="moved away"),
        pytest.param("imap", "&protocol=pop3", "has no POP3 server", id="no POP3"),
        pytest.param("oauth", "", "logs in by OAuth2 alone, which Apple's profiles cannot describe", id="OAuth2"),
    ],
)
def test_inexpressible(open_site: OpenSite, plan: str, query: str, sentence: str) -> None:
    """Where no profile can be written, a sentence says why."""
    site = open_site(
        plans="""
        [plans.moved]
        name = "Moved"
        redirect_domain = "new.example"
        [plans.oauth]
        name = "OAuth2 only"
        oauth2 = { issuer = "https://a.jp/", auth_url = "https://a.jp/a", token_url = "https://a.jp/t", scope = ["m"] }
        servers = [
          { protocol = "imap", host = "a.jp", port = 993, tls = "ssl", login = ["OAuth2"], username = "{address}" },
          { protocol = "smtp", host = "a.jp", port = 465, tls = "ssl", login = ["OAuth2"], username = "{address}" },
        ]
        [plans.imap]
        name = "IMAP only"
        servers = [
          { protocol = "imap", host = "a.example", port = 993, tls = "ssl", login = ["NTLM"], username = "{address}" },
          { protocol = "smtp", host = "a.example", port = 465, tls = "ssl", login = ["NTLM"], username = "{address}" },
        ]
        """
    )
    site.finder.add("customer.example", plan)
    answer = site.fetch(f"https://x.example{PATH}?email=taro@customer.example{query}")

    assert (answer.status_code, sentence in answer.text) == (404, True)


def test_calendar_and_contacts(open_site: OpenSite) -> None:
    """A plan with a calendar and an address book sets them up with the mail, in one profile."""
    site = open_site(
        plans="""
        [plans.groupware]
        name = "Groupware"
        servers = [
          { protocol = "imap", host = "a.example", port = 993, tls = "ssl", login = ["NTLM"], username = "{address}" },
          { protocol = "smtp", host = "a.example", port = 465, tls = "ssl", login = ["NTLM"], username = "{address}" },
          { protocol = "caldav", url = "https://{domain}/dav/{local}", principal = true, \
            login = ["password-cleartext"], username = "{local}" },
          { protocol = "carddav", url = "https://{domain}/", login = ["password-cleartext"], username = "{local}" },
        ]
        """
    )
    site.finder.add("customer.example", "groupware")
    profile = plistlib.loads(site.fetch(f"https://x.example{PATH}?email=a%26b@customer.example").content)
    _, calendar, contacts = profile["PayloadContent"]

    assert (calendar["CalDAVPrincipalURL"], calendar["CalDAVUsername"]) == ("https://customer.example/dav/a%26b", "a&b")
    assert (contacts["CardDAVHostName"], "CardDAVPrincipalURL" in contacts) == ("customer.example", False)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("&name=Taro%20Yamada", "Taro Yamada"),
        ("&name=Taro+Yamada", "Taro Yamada"),
        ("&name=%E5%B1%B1%E7%94%B0", "山田"),
        ("&name=%20%3Cx%3E%20", "<x>"),
        ("&name=" + "n" * 64, "n" * 64),
        ("&name=", None),
        ("&name=+", None),
        ("&name=%FF", None),
        ("", None),
    ],
)
def test_sender(site: Site, query: str, name: str | None) -> None:
    """The sender has the name that was given, if one was."""
    assert name == payload(site.fetch(f"https://x.example{PATH}?email={ADDRESS}{query}")).get("EmailAccountName")


@pytest.mark.parametrize(
    "name", ["n" * 65, "a%0Ab", "%00", "a%EF%BF%BFb"], ids=["long", "line", "null", "no character"]
)
def test_no_sender(site: Site, name: str) -> None:
    """A name that is no line of text, or a long one, is refused with a sentence that does not repeat it."""
    answer = site.fetch(f"https://x.example{PATH}?email={ADDRESS}&name={name}")

    assert (answer.status_code, answer.text.startswith("The name has at most 64 characters")) == (400, True)


@pytest.mark.parametrize(("services", "status"), [("", 200), ("mail", 200), ("%FF", 200), ("Mail", 400), ("dav", 400)])
def test_services(site: Site, services: str, status: int) -> None:
    """Another word than `mail` is refused; what is not even text counts as absent."""
    answer = site.fetch(f"https://x.example{PATH}?email={ADDRESS}&services={services}")

    assert status == answer.status_code


def test_no_password(site: Site) -> None:
    """No profile holds a password, or a key for one."""
    profile = site.fetch(f"https://x.example{PATH}?email={ADDRESS}").text

    assert re.findall(r"<key>(\w*Password)</key>", profile) == ["OutgoingPasswordSameAsIncomingPassword"]
