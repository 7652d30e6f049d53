from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import SettingsInvalid
from autoconfig.mapping.store import Change, Journal
from autoconfig.settings import Settings
from autoconfig.web.desk.validation import check_desk
from tests.support.demo import DOMAINS
from tests.web.desk.asking import HOST, INSIDE, STRANGER, asked, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.log_lines import LogLines
    from tests.web.conftest import Site

SERVED_BY = {"second-brand.example": "vps-customer.example"}
"""A second domain of the same customer, whose own row names the servers of the first."""
NAME = "sample.co.jp"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/desk", "/desk/", "/DESK", "/desk/x", "//desk"])
def test_strangers(desk: Site, path: str, method: str) -> None:
    """For strangers the desk does not exist: not a byte differs from any other path, whatever the method."""
    hidden, nothing = (
        desk.request(method, f"https://{NAME}{asked}?address=taro@{NAME}") for asked in (path, "/no-such-path")
    )

    assert hidden.status_code == nothing.status_code == 404
    assert hidden.headers.raw == nothing.headers.raw
    assert hidden.content == nothing.content


@pytest.mark.parametrize(
    ("client", "forwarded", "status"),
    [
        pytest.param(INSIDE, [], 200, id="this machine"),
        pytest.param(None, [], 200, id="the Unix socket"),
        pytest.param(INSIDE, [b"127.0.0.1"], 200, id="this machine behind the proxy"),
        pytest.param(STRANGER, [], 404, id="a stranger"),
        pytest.param(STRANGER, [b"127.0.0.1"], 404, id="a stranger who lies"),
        pytest.param(STRANGER, [b"127.0.0.1", b"::1"], 404, id="a stranger who lies twice"),
        pytest.param(INSIDE, [b"203.0.113.9"], 404, id="a stranger behind the proxy"),
        pytest.param(INSIDE, [b"127.0.0.1, 203.0.113.9"], 404, id="a stranger behind the proxy who lies"),
        pytest.param(INSIDE, [b"127.0.0.1", b"203.0.113.9"], 404, id="the same in two headers"),
        pytest.param(INSIDE, [b"203.0.113.9, garbage"], 404, id="nobody knows who behind the proxy"),
        pytest.param(INSIDE, [b""], 404, id="an empty list behind the proxy"),
        pytest.param(None, [b"203.0.113.9"], 404, id="a stranger behind the Unix socket"),
        pytest.param(None, [b"127.0.0.1,203.0.113.9"], 404, id="a liar behind the Unix socket"),
        pytest.param(("10.0.0.5", 1), [], 404, id="a neighbour"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who(desk: Site, client: tuple[str, int] | None, forwarded: list[bytes], status: int, method: str) -> None:
    """Only the desk's networks see it, judged after proxies have been heard; other headers say nothing."""
    lies = [(b"x-real-ip", b"127.0.0.1"), (b"forwarded", b"for=127.0.0.1"), (b"x-remote-user", b"root")]
    headers = [(b"x-forwarded-for", value) for value in forwarded] + lies
    answer = asked(desk, method=method, client=client, headers=headers)

    assert answer.status_code == (403 if status == 200 and method == "POST" else status)


def test_networks(open_desk: Callable[..., Site]) -> None:
    """The setting says who is at the desk; the operator's machines are not, unless it names them."""
    site = open_desk(desk_networks=["10.0.0.0/8"], trusted_proxies=["192.0.2.0/24"])
    forwarded = [(b"x-forwarded-for", b"10.0.0.5")]

    assert asked(site, client=("10.0.0.5", 1)).status_code == 200
    assert asked(site, client=INSIDE).status_code == 404
    assert asked(site, client=("192.0.2.7", 1), headers=forwarded).status_code == 200
    assert asked(site, client=INSIDE, headers=forwarded).status_code == 404


@pytest.mark.parametrize(
    "address", ["", f"taro@{NAME}", "nobody.example", "s", "@@@"], ids=["form", "known", "unknown", "search", "bad"]
)
def test_headers(desk: Site, address: str) -> None:
    """No page is kept, framed or indexed, and none loads or runs anything from elsewhere."""
    headers = asked(desk, address).headers

    assert headers["cache-control"] == "private, no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_no_other_customer(desk: Site, domain: str, lang: str) -> None:
    """The page of a domain names no other customer, and no password."""
    answer = asked(desk, f"taro@{domain}", more=f"&lang={lang}")

    assert answer.status_code == 200
    assert domain in answer.text
    own = {domain, SERVED_BY.get(domain)}
    assert [other for other in DOMAINS if other not in own and other in text_of(answer)] == []
    assert 'type="password"' not in answer.text


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("s", ["sample.co.jp", "second-brand.example"]),
        ("S", ["sample.co.jp", "second-brand.example"]),
        ("taro@sa", ["sample.co.jp"]),
        ("sample.co", ["sample.co.jp"]),
        ("%", []),
        ("zzz", []),
        ("_", []),
    ],
)
def test_search(desk: Site, typed: str, names: list[str]) -> None:
    """The beginning of a name finds the domains that begin so, each as a link to its page."""
    answer = asked(desk, typed)
    links = re.findall(r'<li><a href="/desk\?address=([^"&]+)"', answer.text)

    assert links == names


def test_search_is_bounded(open_desk: Callable[..., Site]) -> None:
    """A search shows twenty names, and says that there are more."""
    site = open_desk()
    journal = Journal(site.services.settings.database)
    with journal.writing() as writing:
        writing.append(Change(f"many{n:02}.example", int(time.time()), "shared-managed", "{}") for n in range(21))
    journal.close()
    answer = asked(site, "many")

    assert answer.text.count('<li><a href="/desk?address=many') == 20
    assert "There are more." in answer.text


def test_ended(open_desk: Callable[..., Site]) -> None:
    """The page of a domain that was ended says by which row, since when, and shows its history."""
    site = open_desk()
    journal = Journal(site.services.settings.database)
    with journal.writing() as writing:
        ended = writing.append_one(Change(NAME, int(time.time()), None, "{}", "解約 <b>#1</b>", at_once=True))
    journal.close()
    answer = asked(site, f"taro@{NAME}", more="&lang=ja")

    assert answer.status_code == 404
    assert f"なし: 登録 {ended.id} により、" in answer.text
    assert "解約 &lt;b&gt;#1&lt;/b&gt;" in answer.text
    assert "server-maintenance" in answer.text


@pytest.mark.parametrize(
    ("client", "headers", "person"),
    [
        pytest.param(INSIDE, [(b"x-remote-user", "花子".encode())], "花子", id="from the proxy"),
        pytest.param(None, [(b"x-remote-user", b"hanako")], "hanako", id="from the Unix socket"),
        pytest.param(("10.0.0.5", 1), [(b"x-remote-user", b"hanako")], None, id="not from a proxy"),
        pytest.param(INSIDE, [(b"x-remote-user", b"a"), (b"x-remote-user", b"b")], None, id="two"),
        pytest.param(INSIDE, [(b"x-remote-user", b"")], None, id="empty"),
        pytest.param(INSIDE, [(b"x_remote_user", b"a")], None, id="another header"),
        pytest.param(INSIDE, [(b"x-remote-user", b"<script>")], "&lt;script&gt;", id="markup"),
    ],
)
def test_person(
    open_desk: Callable[..., Site],
    client: tuple[str, int] | None,
    headers: list[tuple[bytes, bytes]],
    person: str | None,
) -> None:
    """The page says who is at the desk, if a trusted proxy says it."""
    site = open_desk(desk_user_header="X-Remote-User", desk_networks=["127.0.0.0/8", "10.0.0.0/8"])
    page = asked(site, client=client, headers=headers).text
    found = re.findall(r'Signed in as <span translate="no">(.*?)</span>', page)

    assert found == ([person] if person else [])


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(b"a=1&" * 200 + b"address=sample.co.jp", id="many parameters"),
        pytest.param(b"address=taro%2Btag%40sample.co.jp", id="a plus"),
        pytest.param(b"address=+taro%40sample.co.jp++", id="spaces"),
        pytest.param("address=ｔａｒｏ＠ｓａｍｐｌｅ．ｃｏ．ｊｐ".encode(), id="full width"),
        pytest.param(b"address=sample.co.jp&lang=%ff&said=<b>", id="other parameters that cannot be read"),
    ],
)
def test_typed(desk: Site, query: bytes) -> None:
    """What browsers and people send is read as on the page for people."""
    answer = desk.ask("/desk", HOST, query=query, client=INSIDE)

    assert answer.status_code == 200
    assert "server-maintenance" in answer.text


@pytest.mark.parametrize("query", [b"address=%ff", b"address=" + b"a" * 5000, b"address=%00", b"address=<script>"])
def test_unreadable(desk: Site, query: bytes) -> None:
    """What cannot be read is no error of the server, and nothing of it runs."""
    answer = desk.ask("/desk", HOST, query=query, client=INSIDE)

    assert answer.status_code in {200, 400, 404}
    assert "<script>" not in answer.text


def test_counted(desk: Site) -> None:
    """The desk's requests are counted as such; a stranger's is one for an unknown path."""
    before = desk.services.counters.named()
    asked(desk, NAME)
    asked(desk, NAME, client=STRANGER)
    after = desk.services.counters.named()

    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "requests desk served": 1,
        "requests other unknown": 1,
    }


def test_query(open_site_of_query: Site) -> None:
    """With a query, the page of a domain says so, has no history, and search is not offered."""
    known, beginning = asked(open_site_of_query, NAME), asked(open_site_of_query, "sa")

    assert "the query, column plan" in text_of(known)
    assert "There is none." in known.text
    assert "Domains cannot be searched here" in beginning.text
    assert NAME not in beginning.text


BROKEN = {
    "page": ("desk.html", "{{ nobody_knows }}"),
    "part": ("parts/desk-check.html", "{% if desk.failed %}{{ nobody_knows }}{% endif %}"),
}


@pytest.mark.parametrize(("name", "text"), BROKEN.values(), ids=BROKEN)
def test_own_templates(tmp_path: Path, name: str, text: str) -> None:
    """A template of the desk's page that an operator broke stops a start, wherever the fault is in it."""
    (tmp_path / "parts").mkdir()
    settings = Settings(templates_dir=tmp_path)
    check_desk(settings)
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(SettingsInvalid, match=rf"{name}, line 1: UndefinedError: 'nobody_knows' is undefined \(in the"):
        check_desk(settings)


def test_broken_while_running(tmp_path: Path, open_desk: Callable[..., Site], log_lines: LogLines) -> None:
    """A template that was broken after the start leaves the desk's page with its form, and one error in the log."""
    own = tmp_path / "own"
    own.mkdir()
    site = open_desk(templates_dir=str(own))
    (own / "desk.html").write_text("{{ nobody_knows }}", encoding="utf-8")
    answer = asked(site, f"taro@{NAME}")

    assert answer.status_code == 500
    assert "A template of this page is broken." in answer.text
    assert 'action="/desk"' in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert [line["event"] for line in log_lines() if line["level"] == "error"] == ["a page cannot be made"]


def test_style(desk: Site) -> None:
    """The desk's page has a style sheet of its own, under the URL that proxies pass; customers do not load it."""
    page, customers = asked(desk, NAME), desk.ask("/setup", query=f"email={NAME}".encode())
    common, own = re.findall(r'<link rel="stylesheet" href="/style\.css\?(v=\w+)">', page.text)
    sheet = desk.ask("/style.css", HOST, query=own.encode())

    assert ".sheet{" in sheet.text
    assert "immutable" in sheet.headers["cache-control"]
    assert ".sheet" not in desk.ask("/style.css", HOST, query=common.encode()).text
    assert own not in customers.text
