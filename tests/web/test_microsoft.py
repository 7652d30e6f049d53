from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.autodiscover import MOBILESYNC, OUTLOOK, PATH, SCHEMAS, body_of, post, texts

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import OpenSite, Site

REQUESTS = json.loads(Path(__file__).with_name("client_requests.json").read_text(encoding="utf-8"))["microsoft"]
MAX = 65536

TABLE = [pytest.param(request, url, id=f"{request['client']} {url}") for request in REQUESTS for url in request["urls"]]


def asked(site: Site, request: dict[str, Any], url: str, address: str) -> httpx.Response:
    """Ask as a client of the table does."""
    where = url.replace("HOST", "autoconf.xbit.jp").replace("D", address.rpartition("@")[2])
    if request["method"] == "GET":
        return site.fetch(where)
    body = body_of(address, f"{SCHEMAS}/{request['schema']}", f"{SCHEMAS}/{request['request']}")
    headers = [(b"content-type", request["content_type"].encode()), (b"authorization", b"Basic dGFybzpzZWNyZXQ=")]
    return site.fetch(where, "POST", body=body.encode(), headers=headers)


@pytest.mark.parametrize(("request_", "url"), TABLE)
def test_clients(site: Site, request_: dict[str, Any], url: str) -> None:
    """Every client's request gets what the client can read."""
    answer = asked(site, request_, url, "taro@sample.co.jp")

    assert answer.status_code == request_.get("gets", 200)
    if answer.status_code == 200:
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        if "error" in request_:
            assert texts(answer, "ErrorCode") == [request_["error"]]
        else:
            assert texts(answer, "Type") == ["IMAP", "POP3", "SMTP"]
            assert set(texts(answer, "LoginName")) == ({"taro@sample.co.jp"} if request_["method"] == "POST" else set())


@pytest.mark.parametrize(("request_", "url"), TABLE)
def test_unknown(site: Site, request_: dict[str, Any], url: str) -> None:
    """A domain that is not ours is a short 404 whichever way a client asks."""
    answer = asked(site, request_, url, "taro@stranger.example")

    assert (answer.status_code, answer.text) == (404, "No mail settings for this name here.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/autodiscover/autodiscover.xml",
        "/Autodiscover/Autodiscover.xml",
        "/AutoDiscover/AutoDiscover.xml",
        "/AUTODISCOVER/AUTODISCOVER.XML",
        "/aUtOdIsCoVeR/autodiscover.XML",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_letter_case(site: Site, path: str, method: str) -> None:
    """The path is the same in any letter case, without a redirect that would lose the body."""
    answer = site.ask(path, method=method, body=body_of("taro@sample.co.jp").encode())

    assert answer.status_code == 200
    assert method == "HEAD" or b"<Server>sample.co.jp</Server>" in answer.content


@pytest.mark.parametrize("path", [f"{PATH}/", f"/x{PATH}", "/autodiscover/autodiscover.svc", "/autodiscover/"])
def test_other_paths(site: Site, path: str) -> None:
    """What is near to the path is not there."""
    assert post(site, body_of("taro@sample.co.jp"), path=path).status_code == 404


def test_location(site: Site) -> None:
    """Outlook's probe by plain http is sent to the public address, whatever the Host is spelled like."""
    answer = site.ask("/Autodiscover/Autodiscover.xml", "AUTODISCOVER.sample.co.jp:80", scheme="http")

    assert answer.status_code == 302
    assert answer.headers["location"] == "https://autoconfig.xbit.jp/autodiscover/autodiscover.xml"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        pytest.param(f"https://autodiscover.sample.co.jp{PATH}", 200, id="https"),
        pytest.param(f"http://sample.co.jp{PATH}", 200, id="http, not under autodiscover"),
        pytest.param(f"http://autoconfig.sample.co.jp{PATH}", 200, id="http, under another name of ours"),
        pytest.param(f"http://autodiscover.sample.co.jp{PATH}", 302, id="http"),
        pytest.param(f"http://autodiscover.stranger.example{PATH}", 404, id="http, not ours"),
        pytest.param(f"https://autodiscover.stranger.example{PATH}", 404, id="https, not ours"),
        pytest.param(f"https://autodiscover.cs312.xbit.jp{PATH}", 200, id="a host rule"),
        pytest.param(f"https://autoconf.xbit.jp{PATH}", 404, id="our name"),
        pytest.param(f"https://autoconf.xbit.jp{PATH}?emailaddress=taro@sample.co.jp", 200, id="our name, an address"),
        pytest.param(f"https://autoconf.xbit.jp{PATH}?email=taro@sample.co.jp", 200, id="our name, Outlook's spelling"),
    ],
)
def test_get(site: Site, url: str, status: int) -> None:
    """GET gets the settings without a user name, by plain http on autodiscover.D a redirect."""
    answer = site.fetch(url)

    assert answer.status_code == status
    assert b"LoginName" not in answer.content
    assert status != 200 or texts(answer, "Action") == ["settings"]


def test_redirect_probe_behind_a_proxy(site: Site) -> None:
    """A proxy says whether Outlook asked by plain http."""
    headers = [(b"x-forwarded-proto", b"https")]

    assert site.ask(PATH, "autodiscover.sample.co.jp", scheme="http", client=None, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [None, b"text/xml", b"application/xml", b"application/x-www-form-urlencoded", b"text/xml; charset=x", b"\xff"],
)
def test_content_type(site: Site, content_type: bytes | None) -> None:
    """The request's Content-Type is never looked at."""
    headers = [(b"content-type", content_type)] if content_type is not None else []
    answer = post(site, body_of("taro@sample.co.jp"), headers=headers)

    assert set(texts(answer, "LoginName")) == {"taro@sample.co.jp"}


@pytest.mark.parametrize(
    ("address", "login"),
    [
        ("taro@sample.co.jp", "taro@sample.co.jp"),
        ("TARO@SAMPLE.CO.JP", "TARO@sample.co.jp"),
        ("a..b.@sample.co.jp", "a..b.@sample.co.jp"),
        ("ta+ro@sample.co.jp", "ta+ro@sample.co.jp"),
        ("a&amp;b@sample.co.jp", "a&b@sample.co.jp"),
        ("&lt;b&gt;@sample.co.jp", "<b>@sample.co.jp"),
        ("taro@日本語.example", "taro@xn--wgv71a119e.example"),
        ("taro@日本語．ｅｘａｍｐｌｅ", "taro@xn--wgv71a119e.example"),
        ("taro@xn--wgv71a119e.example", "taro@xn--wgv71a119e.example"),
        ("太郎@sample.co.jp", "太郎@sample.co.jp"),
        ("taro@old-shop.example", "taro.old-shop.example"),
        ("\n  taro@sample.co.jp\n", "taro@sample.co.jp"),
    ],
)
def test_login_name(site: Site, address: str, login: str) -> None:
    """The domain comes from the body alone, and the user name from the plan."""
    answer = post(site, body_of(address), "autoconf.xbit.jp")

    assert answer.headers["cache-control"] == "private, no-store"
    assert texts(answer, "LoginName") == [login] * 3


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(lambda body: b"\xef\xbb\xbf" + body.encode(), id="BOM"),
        pytest.param(lambda body: b"\r\n  " + b'<?xml version="1.0"?>' + body.encode(), id="leading white space"),
        pytest.param(lambda body: body.encode("utf-16"), id="UTF-16"),
        pytest.param(lambda body: body.replace("http://", "https://").encode(), id="https in namespaces"),
        pytest.param(lambda body: body.replace(" xmlns", " other").encode(), id="no namespace"),
        pytest.param(lambda body: [octet.to_bytes() for octet in body.encode()], id="octet by octet"),
        pytest.param(lambda body: [b"", body.encode(), b""], id="with empty pieces"),
        pytest.param(lambda body: body.encode() + b" " * (MAX - len(body.encode())), id="64 KiB"),
    ],
)
def test_spellings(site: Site, spelled: Any) -> None:
    """A request is read however it is written and sent."""
    answer = site.ask(PATH, method="POST", body=spelled(body_of("taro@sample.co.jp")))

    assert set(texts(answer, "LoginName")) == {"taro@sample.co.jp"}


BOMB = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 12))
BOMB = f'<!DOCTYPE a [<!ENTITY e0 "e">{BOMB}]><Autodiscover>&e11;</Autodiscover>'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("Email=taro@sample.co.jp", id="a form"),
        pytest.param('{"Email": "taro@sample.co.jp"}', id="JSON"),
        pytest.param("<Autodiscover>", id="cut off"),
        pytest.param("<a/>", id="another document"),
        pytest.param("<Autodiscover/>", id="no address"),
        pytest.param(body_of(""), id="an empty address"),
        pytest.param(body_of("taro"), id="no domain"),
        pytest.param(body_of("taro@"), id="an empty domain"),
        pytest.param(body_of("@sample.co.jp"), id="no local part"),
        pytest.param(body_of(f"{'a' * 65}@sample.co.jp"), id="too long"),
        pytest.param("<!DOCTYPE a>" + body_of("taro@sample.co.jp"), id="a DOCTYPE"),
        pytest.param(BOMB, id="an entity bomb"),
        pytest.param("<a>" * 5000, id="deep nesting"),
        pytest.param("<Autodiscover>" + "<a>" * 300 + "</a>" * 300 + "</Autodiscover>", id="deep and whole"),
        pytest.param(b"\xff\xfe\x00", id="broken UTF-16"),
        pytest.param(b"<?xml version='1.0' encoding='no-such'?>" + body_of("a@sample.co.jp").encode(), id="encoding"),
        pytest.param(bytes(range(256)), id="all octets"),
    ],
)
def test_not_a_request(site: Site, body: str | bytes) -> None:
    """What is no request gets Autodiscover's error 600 with status 200."""
    answer = post(site, body)

    assert (answer.status_code, texts(answer, "ErrorCode")) == (200, ["600"])
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        pytest.param(OUTLOOK, None, id="Outlook"),
        pytest.param(OUTLOOK.upper(), None, id="upper case"),
        pytest.param("", None, id="none"),
        pytest.param(MOBILESYNC, "601", id="ActiveSync"),
        pytest.param("urn:no-such", "601", id="unknown"),
    ],
)
def test_schema(site: Site, schema: str, error: str | None) -> None:
    """The answer is chosen by the schema that the client can read; nobody hears of a provider for another one."""
    answer = post(site, body_of("taro@sample.co.jp", schema))

    assert (answer.status_code, texts(answer, "ErrorCode")) == (200, [error] if error else [])
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("headers", "pieces"),
    [
        pytest.param([(b"content-length", b"65537")], [b""], id="by its length"),
        pytest.param([(b"content-length", b"9" * 5000)], [b""], id="by an absurd length"),
        pytest.param([(b"content-length", b"10")], [b" " * (MAX + 1)], id="longer than it says"),
        pytest.param([(b"transfer-encoding", b"chunked")], [b" " * 1024] * 65, id="in pieces"),
    ],
)
def test_too_large(site: Site, headers: list[tuple[bytes, bytes]], pieces: list[bytes]) -> None:
    """
    A body over 64 KiB is refused, and not read to its end. The connection stays, so that the server can throw the rest
    away: with an end of it a proxy would see a reset instead of the answer.
    """
    answer = site.ask(PATH, method="POST", headers=headers, body=[*pieces, b" "])

    assert (answer.status_code, answer.headers.get("connection")) == (413, None)
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("encoding", "status"),
    [(b"gzip", 415), (b"GZIP", 415), (b"br", 415), (b"identity", 200), (b"Identity", 200), (b"", 200)],
)
def test_content_encoding(site: Site, encoding: bytes, status: int) -> None:
    """A compressed body is refused: it could be a bomb."""
    answer = post(site, body_of("taro@sample.co.jp"), headers=[(b"content-encoding", encoding)])

    assert answer.status_code == status


@pytest.mark.parametrize("body", [b"", b"<Autodiscover>"])
def test_client_leaves(site: Site, body: bytes) -> None:
    """A client that leaves in the middle of its request is not answered."""
    assert site.exchange(PATH, method="POST", body=body, leaves=True) == []


ACTIVESYNC = """
[plans.groupware]
name = "Groupware"
servers = [
  { protocol = "imap", host = "mail.{domain}", port = 993, tls = "ssl", login = ["NTLM"], username = "{address}" },
  { protocol = "smtp", host = "mail.{domain}", port = 465, tls = "ssl", login = ["NTLM"], username = "{address}" },
  { protocol = "activesync", url = "https://eas.{domain}/sync", login = ["NTLM"], username = "{address}" },
]
"""


def test_activesync(open_site: OpenSite) -> None:
    """A phone of a plan with ActiveSync is told its URL; Outlook's question is answered as ever."""
    site = open_site(plans=ACTIVESYNC)
    site.finder.add("customer.example", "groupware")
    phone = post(site, body_of("a&amp;b@customer.example", MOBILESYNC), "autodiscover.customer.example")
    outlook = post(site, body_of("a&amp;b@customer.example"), "autodiscover.customer.example")

    assert phone.status_code == 200
    assert phone.headers["content-type"] == "text/xml; charset=utf-8"
    assert phone.headers["cache-control"] == "private, no-store"
    assert texts(phone, "Culture") == ["en:us"]
    assert texts(phone, "EMailAddress") == ["a&b@customer.example"]
    assert texts(phone, "Url") == texts(phone, "Name") == ["https://eas.customer.example/sync"]
    assert texts(outlook, "Type") == ["IMAP", "SMTP"]


def test_by_httpx(site: Site) -> None:
    """An everyday HTTP library gets the settings."""
    answer = site.request("POST", f"https://autodiscover.日本語.example{PATH}", content=body_of("taro@日本語.example"))

    assert texts(answer, "Server") == ["pop.xn--wgv71a119e.example"] * 2 + ["smap.xn--wgv71a119e.example"]
