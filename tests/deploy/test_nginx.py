from __future__ import annotations

import re
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploy.behind import PACC, SPELLINGS, WELL_KNOWN, Behind, exchange, written
from tests.deploy.internal_targets import TARGETS, TOLD
from tests.deploy.nginx import configuration
from tests.deploy.programs import PATIENCE, until
from tests.deploy.site import AUTODISCOVER, DOCUMENT, REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

OTHER = "hanako-flowers.example"
PUBLIC = "public, max-age=3600, s-maxage=5"


@pytest.mark.parametrize(
    ("host", "target", "cached"),
    [
        pytest.param("autoconfig.{}", DOCUMENT, True, id="no address"),
        pytest.param("{}", WELL_KNOWN, True, id="well-known"),
        pytest.param("autoconfig.{}", DOCUMENT + "?emailaddress=taro@{}", True, id="address"),
        pytest.param("autoconfig.{}", DOCUMENT + "?emailaddress=taro.yamada+x_1-2%40{}", True, id="encoded address"),
        pytest.param("{}", WELL_KNOWN + "?emailaddress=taro%40{}", True, id="well-known, address"),
        pytest.param("AutoConfig.{}:80", DOCUMENT, True, id="host in another spelling"),
        pytest.param("autoconfig.{}.", DOCUMENT, True, id="host with a dot"),
        pytest.param("ua-auto-config.{}", PACC, True, id="PACC"),
        pytest.param("autoconfig.{}", DOCUMENT + "?emailaddress=taro@" + OTHER, False, id="another domain's address"),
        pytest.param("autoconfig.{}", "/v1.1/{}", False, id="by path"),
        pytest.param("autodiscover.{}", AUTODISCOVER, False, id="Autodiscover"),
        pytest.param("autoconfig.{}", "/email.mobileconfig?email=taro@{}", False, id="profile"),
        pytest.param("autoconfig.{}", "/setup?email=taro@{}", False, id="page"),
        pytest.param("autoconfig.{}", "/no-such-path", False, id="no such path"),
    ],
)
def test_same_as_direct(behind: Behind, host: str, target: str, *, cached: bool) -> None:
    """Through nginx an answer is what the server itself gives, first and from the cache; only documents are kept."""
    victim = behind.victim()
    if "mobileconfig" not in target:  # whose bytes are signed or not, and have no cache in any case
        behind.direct(host.format(victim), target.format(victim))
    direct = behind.direct(host.format(victim), target.format(victim))
    first, second = (behind.ask(host.format(victim), target.format(victim)) for _ in range(2))

    assert direct.same == first.same == second.same
    assert (("MISS", "HIT") if cached else (None, None)) == (first.cache, second.cache)


def test_one_request_for_two_mailboxes(behind: Behind) -> None:
    """Of two mailboxes of a domain the server sees one request."""
    victim, before = behind.victim(), behind.relay.requests
    answers = [behind.ask(f"autoconfig.{victim}", f"{DOCUMENT}?emailaddress={who}%40{victim}") for who in ("a", "b")]

    assert behind.relay.requests - before == 1
    assert answers[0].body == answers[1].body


@pytest.mark.parametrize("query", ["", "?emailaddress=taro@{}"], ids=["no address", "address"])
def test_one_request_for_all_spellings(behind: Behind, query: str) -> None:
    """Of all paths of a document the server sees one request."""
    victim, before = behind.victim(), behind.relay.requests
    targets = [path + query.format(victim) for path in SPELLINGS]
    answers = [behind.ask(f"autoconfig.{victim}", target) for target in targets]

    assert behind.relay.requests - before == 1
    assert [answer.same for answer in answers] == [
        behind.direct(f"autoconfig.{victim}", target).same for target in targets
    ]


@pytest.mark.parametrize("who", ["x", "y"])
def test_document_of_one_mailbox(behind: Behind, who: str) -> None:
    """A document that has the mailbox in it is never kept, nor is the one without an address shown for it."""
    host, target = "autoconfig.old-shop.example", f"{DOCUMENT}?emailaddress={who}@old-shop.example"
    behind.ask(host)
    answers = [behind.ask(host, target) for _ in range(2)]

    assert [answer.cache for answer in answers] == ["MISS", "MISS"]
    assert all(f"{who}.old-shop.example".encode() in answer.body for answer in answers)
    assert b"%EMAILLOCALPART%.old-shop" in behind.ask(host).body


def test_unknown_domain(behind: Behind) -> None:
    """A 404 is never kept: a new customer is served as soon as the server knows the name."""
    host, before = "autoconfig.newcomer.example", behind.relay.requests
    answers = [behind.ask(host) for _ in range(2)]
    asked = behind.relay.requests - before
    behind.autoconfig("mapping", "set", "newcomer.example", "--plan", "shared-managed")

    assert [answer.same for answer in answers] == [behind.direct("autoconfig.nobody.example").same] * 2
    assert asked == 2
    until("the newcomer", lambda: behind.ask(host).status == 200)


def test_changed_row(behind: Behind) -> None:
    """A changed row is seen although it was kept: the five seconds of `s-maxage` count, not the hour of `max-age`."""
    victim = behind.victim()
    old = behind.ask(f"autoconfig.{victim}", f"{DOCUMENT}?emailaddress=a@{victim}")
    kept = behind.ask(f"autoconfig.{victim}", f"{DOCUMENT}?emailaddress=a@{victim}")
    behind.autoconfig("mapping", "set", victim, "--plan", "shared-standard", "--param", "server=cs777.xbit.jp")

    assert (old.headers["cache-control"], kept.cache, b"cs777" in kept.body) == (PUBLIC, "HIT", False)
    until(
        "the change",
        lambda: b"cs777.xbit.jp" in behind.ask(f"autoconfig.{victim}", f"{DOCUMENT}?emailaddress=b@{victim}").body,
    )
    behind.autoconfig("mapping", "end", victim)
    until("the end", lambda: behind.ask(f"autoconfig.{victim}", f"{DOCUMENT}?emailaddress=b@{victim}").status == 404)


@pytest.mark.parametrize("target", [DOCUMENT, f"{DOCUMENT}?emailaddress=x@{OTHER}"], ids=["kept", "not kept"])
def test_head_and_range(behind: Behind, target: str) -> None:
    """HEAD has the headers of GET and no body, before and after it; a range or a condition gets the whole document."""
    host = f"autoconfig.{behind.victim()}"
    before, got, after = (behind.ask(host, target, method) for method in ("HEAD", "GET", "HEAD"))
    ranged = behind.ask(host, target, "GET", b"", "Range: bytes=0-9")
    conditional = behind.ask(
        host, target, "GET", b"", "If-None-Match: *", "If-Modified-Since: Tue, 24 Nov 2036 12:00:00 GMT"
    )

    assert (before.body, after.body) == (b"", b"")
    assert {str(len(got.body))} == {answer.headers["content-length"] for answer in (before, got, after)}
    assert before.same[:2] == got.same[:2] == after.same[:2]
    assert got.same == ranged.same == conditional.same


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_internal(behind: Behind, target: str) -> None:
    """However the path is written, nobody outside reaches the operator's pages."""
    answer = behind.sent(written(target, ["Host: autoconfig.sample.co.jp", "X-Forwarded-For: 127.0.0.1"]))

    assert answer is not None
    assert answer.status < 500
    assert answer.status != 204
    assert not any(told.encode() in answer.body for told in TOLD)


def test_internal_is_like_nothing(behind: Behind) -> None:
    """What is refused looks like a name that is not known."""
    paths = ("/internal", "/internal/readyz", "/api/v1/names", "/internals")

    assert [behind.direct("autoconfig.nobody.example").same] * 4 == [
        behind.ask("sample.co.jp", path).same for path in paths
    ]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/internal/tls-allowed?domain=autoconfig.sample.co.jp", 204),
        ("/internal/tls-allowed?domain=autoconfig.nobody.example", 404),
        ("/internal/metrics", 200),
        ("/internal/readyz", 404),
        ("/internal/tls-allowed/../readyz", 404),
        (DOCUMENT, 404),
    ],
)
def test_what_this_machine_asks(behind: Behind, target: str, expected: int) -> None:
    """On this machine it can be asked which names may get certificates, and for the metrics; and nothing else."""
    connection = socket.create_connection(("127.0.0.1", behind.nginx.ports.ask), PATIENCE)
    answer = exchange(connection, written(target, ["Host: autoconfig.sample.co.jp", "X-Forwarded-For: 203.0.113.9"]))

    assert answer is not None
    assert expected == answer.status
    if answer.status == 404:
        assert (answer.headers["cache-control"], b"<" in answer.body) == ("private, no-store", False)


def test_what_is_passed_on(behind: Behind) -> None:
    """The server hears of the client what nginx saw, and nothing that the client says of itself."""
    before = len(behind.relay.sent)
    spoofed = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https"]
    behind.ask("autoconfig.sample.co.jp:8080", "/setup", "GET", b"", *spoofed)
    lines = behind.relay.sent[before:].decode().lower().split("\r\n")

    assert [line for line in lines if line.startswith(("host:", "x-forwarded-"))] == [
        "host: autoconfig.sample.co.jp",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
    ]


def test_autodiscover(behind: Behind) -> None:
    """Over plain http Autodiscover's GET is sent to our public address; a POST gets its settings."""
    got = behind.ask("autodiscover.sample.co.jp", AUTODISCOVER)
    posted = behind.ask("autodiscover.sample.co.jp", AUTODISCOVER, "POST", REQUEST)

    assert (302, f"https://autoconfig.xbit.jp{AUTODISCOVER}") == (got.status, got.headers["location"])
    assert (posted.status, b"<Server>sample.co.jp</Server>" in posted.body) == (200, True)
    assert behind.direct("autodiscover.sample.co.jp", AUTODISCOVER, "POST", REQUEST).same == posted.same


@pytest.mark.parametrize(("octets", "expected"), [(65536, 200), (65537, 413)], ids=["what the server reads", "more"])
def test_large_bodies(behind: Behind, octets: int, expected: int) -> None:
    """A body that is larger than what the server would read is refused before it gets there."""
    before = behind.relay.requests

    assert expected == behind.ask("autodiscover.sample.co.jp", AUTODISCOVER, "POST", b"x" * octets).status
    assert (expected == 200) == (behind.relay.requests > before)


REFUSED = {
    "400, no HTTP": (b"GET \x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "400, no Host": (b"GET /?e=secret HTTP/1.1\r\n\r\n", 400),
    "400, Host": (b"GET /?e=secret HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "400, headers": (written("/?e=secret", ["Host: x", "X: " + "x" * 40_000]), 400),
    "404, acme": (written("/.well-known/acme-challenge/token?e=secret", ["Host: x"]), 404),
    "404, internal": (written("/internal/x?e=secret", ["Host: x"]), 404),
    "405, TRACE": (written("/?e=secret", ["Host: x"], "TRACE"), 405),
    "404, acme, POST": (written("/.well-known/acme-challenge/x?e=secret", ["Host: x"], "POST"), 404),
    "413": (written("/?e=secret", ["Host: x"], "POST", b"x" * 65_537), 413),
    "413, internal": (written("/internal/x?e=secret", ["Host: x"], "POST", b"x" * 65_537), 413),
    "413, acme": (written("/.well-known/acme-challenge/?e=secret", ["Host: x"], "POST", b"x" * 65_537), 413),
    "414": (written("/?e=secret" + "x" * 40_000, ["Host: x"]), 414),
    "501": (written("/?e=secret", ["Host: x", "Transfer-Encoding: secret"], "POST"), 501),
    "505": (b"GET /?e=secret HTTP/3.0\r\nHost: x\r\n\r\n", 505),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_own_refusals(behind: Behind, request_: bytes, status: int) -> None:
    """What nginx refuses itself is a short text, as the server's own errors are, and nobody may keep it."""
    answer = behind.sent(request_)

    assert answer is not None
    assert (status, "private, no-store") == (answer.status, answer.headers["cache-control"])
    assert (answer.headers["content-type"], answer.body.count(b"\n")) == ("text/plain; charset=utf-8", 1)
    assert not any(tag in answer.body for tag in (b"<", b"nginx"))
    assert (status == 405) == ("allow" in answer.headers)


def test_refusal_has_no_path(behind: Behind) -> None:
    """The path from which the text comes is none for clients: it goes to the server like any other."""
    assert behind.ask("autoconfig.sample.co.jp", "/autoconfig.refusal").status == 404


def _stale(behind: Behind, host: str, target: str) -> bool:
    return behind.ask(host, target).cache == "STALE"


def test_server_is_down(behinds: Callable[[], Behind]) -> None:
    """
    While the server does not answer, what is kept is shown, and nothing else; afterwards all is as before. No log has
    an address.
    """
    behind = behinds()
    host, target = "autoconfig.sample.co.jp", f"{DOCUMENT}?emailaddress=taro.secret@sample.co.jp"
    known, mailbox = behind.ask(host, target), f"{DOCUMENT}?emailaddress=secret@old-shop.example"
    behind.ask("autoconfig.old-shop.example", mailbox)
    behind.server.stop()
    until("a stale answer", lambda: _stale(behind, host, target))
    stale = behind.ask(host, target.replace("taro", "hanako"))
    failed = [
        behind.ask("autoconfig.yamada-law.example", f"{DOCUMENT}?emailaddress=secret@yamada-law.example"),
        behind.ask("autoconfig.old-shop.example", mailbox),
        behind.ask(host, f"{DOCUMENT}?emailaddress=secret@{OTHER}"),
        behind.ask(host, f"{target}&emailaddress=secret@{OTHER}"),
        behind.ask(host, "/autodiscover/autodiscover.json/v1.0/secret@sample.co.jp?Protocol=ActiveSync"),
        behind.ask(host, "/autodiscover/autodiscover.json/v1.0/secret%2540sample.co.jp?Protocol=ActiveSync"),
        behind.ask(host, AUTODISCOVER, "POST", REQUEST),
        behind.ask("autoconfig.nobody.example"),
    ]

    assert known.same == stale.same
    assert {(503, "private, no-store", "10")} == {
        (answer.status, answer.headers["cache-control"], answer.headers["retry-after"]) for answer in failed
    }
    for request, _ in REFUSED.values():
        behind.sent(request)
    behind.start()
    assert known.same == behind.ask(host, target).same
    assert behind.ask("autoconfig.nobody.example").status == 404
    behind.nginx.stop()
    logs = behind.logs()
    assert "cache=STALE" in logs
    assert f"GET {DOCUMENT} 503" in logs
    assert "POST /internal/x 413" in logs  # and not what nginx made of it
    assert "secret" not in logs


LOGGED = {
    b"GET /style.css HTTP/1.1": "GET /style.css",
    b"GET /mail/config-v1.1.xml?emailaddress=secret@sample.co.jp HTTP/1.1": "GET /mail/config-v1.1.xml",
    b"HEAD /?secret HTTP/1.0": "HEAD /",
    b"PUT /a HTTP/1.1": "PUT /a",
    b"GET /secret@sample.co.jp HTTP/1.1": "GET (hidden)",
    b"GET /secret%40sample.co.jp HTTP/1.1": "GET (hidden)",
    b"GET /a secret@sample.co.jp HTTP/1.1": "GET (hidden)",
    b"GET http://autoconfig.sample.co.jp/secret@sample.co.jp HTTP/1.1": "GET (hidden)",
    b"GET /" + b"a" * 200 + b" HTTP/1.1": "GET /" + "a" * 200,
    b"GET /" + b"secret" * 33 + b"aaa HTTP/1.1": "GET (hidden)",
    b"GET /a HTTP/1.1" + b"0" * 9000: "GET /a",
    b"GET /secret" + b"0" * 9000 + b"@sample.co.jp HTTP/1.1": "GET (hidden)",
    b"get /secret HTTP/1.1": "GET (hidden)",
    b"secret": "GET (hidden)",
}
"""What stands in the log for a request line."""


def test_log(behinds: Callable[[], Behind]) -> None:
    """The log has the method and the path that were sent, without query strings, addresses, or what is no path."""
    behind = behinds()
    for line in LOGGED:
        behind.sent(line + b"\r\nHost: autoconfig.sample.co.jp\r\nConnection: close\r\n\r\n")
    behind.nginx.stop()
    logs = behind.logs()

    assert "secret" not in logs
    asked = [re.search(r"http (?:autoconfig\S+)? ?([A-Z]+ \S+) [0-9]{3} ", line) for line in logs.splitlines()]
    assert [found and found[1] for found in asked[-len(LOGGED) :]] == list(LOGGED.values())


def test_log_of_the_cache(behinds: Callable[[], Behind]) -> None:
    """A document from the cache writes no line, a refusal does; the operator may have a log of all beside it."""
    behind = behinds()
    folder = behind.folder / "nginx"
    behind.nginx.stop()
    (folder / "autoconfig.d" / "log.conf").write_text(f"access_log {folder}/log/all.log autoconfig;")
    behind.nginx.begin()
    states = [str(behind.ask("autoconfig.sample.co.jp").cache) for _ in range(20)]
    refused = behind.ask("autoconfig.sample.co.jp", DOCUMENT, "GET", b"", 'If-Match: "another"')
    behind.nginx.stop()
    shown, all_ = ((folder / "log" / name).read_text() for name in ("autoconfig.log", "all.log"))

    assert "HIT" in states
    assert refused.status == 412
    assert re.findall(r"cache=(\S+)", all_) == [*states, "HIT"]
    assert " 412 " in shown
    assert sorted(re.findall(r"cache=(\S+)", shown)) == sorted(["HIT", *(s for s in states if s != "HIT")])


def test_nothing_is_shown_for_longer_than_a_day(behinds: Callable[[], Behind]) -> None:
    """Of a server that does not answer, no document of the day before is shown: the customer may have moved."""
    behind, host, header = behinds(), "autoconfig.sample.co.jp", "X-Test-Time: 2026-11-{}T23:59:59+09:00"
    behind.nginx.stop()
    file = behind.folder / "nginx" / "autoconfig.conf"
    file.write_text(file.read_text().replace("map $time_iso8601", "map $http_x_test_time"))
    behind.nginx.begin()
    first = behind.ask(host, DOCUMENT, "GET", b"", header.format(24))
    behind.server.stop()
    until("a stale answer", lambda: behind.ask(host, DOCUMENT, "GET", b"", header.format(24)).cache == "STALE")

    assert first.same == behind.ask(host, DOCUMENT, "GET", b"", header.format(24)).same
    assert behind.ask(host, DOCUMENT, "GET", b"", header.format(25)).status == 503


def test_valid(each_nginx: str, tmp_path: Path, behind: Behind) -> None:
    """The configuration is taken without a word of warning."""
    main = configuration(tmp_path, "127.0.0.1:8080", behind.nginx.ports)
    done = subprocess.run([each_nginx, "-t", "-q", "-c", str(main)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
