"""What strangers may not do to the cache of deploy/nginx; tests/web/test_caching.py has the rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deploy.behind import ABOVE, DAV, EXCHANGER, LOCAL, LONG, PACC, SPELLINGS, WELL_KNOWN, Behind, written
from tests.deploy.site import DOCUMENT

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

EVIL = "hanako-flowers.example"


@dataclass(frozen=True)
class Attack:
    """A request that should put `EVIL`'s document where `victim`'s is looked for; `{v}` and `{e}` are the two."""

    target: str = DOCUMENT + "?emailaddress=x@{e}"
    headers: list[str] = field(default_factory=lambda: ["Host: autoconfig.{v}"])
    method: str = "GET"
    body: bytes = b""
    version: str = "1.1"
    same: bool = True
    """Whether nginx and the server read it alike; where not, it is refused, or nginx takes one of two names."""

    def headers_for(self, victim: str) -> list[str]:
        """The headers."""
        return [line.format(v=victim, e=EVIL) for line in self.headers]

    def target_for(self, victim: str) -> str:
        """The request target."""
        return self.target.format(v=victim, e=EVIL, V=victim.upper(), wide=EVIL.replace("h", "%EF%BD%88"))


def _query(text: str) -> Attack:
    return Attack(f"{DOCUMENT}?{text}")


def _with(*headers: str, same: bool = True, target: str = DOCUMENT + "?emailaddress=x@{e}") -> Attack:
    return Attack(target, ["Host: autoconfig.{v}", *headers], same=same)


ATTACKS = {
    "plain": Attack(),
    "plain, well-known": Attack(WELL_KNOWN + "?emailaddress=x@{e}", ["Host: {v}"]),
    "plain, SnappyMail": Attack("/.well-known/mail-v1.xml?emailaddress=x@{e}"),
    "plain, Nine": Attack("/v1.1/mail/config-v1.1.xml?emailaddress=x@{e}"),
    "Nine's path, encoded": Attack("/v1%2e1/mail/config-v1.1.xml?emailaddress=x@{e}"),
    "encoded": _query("emailaddress=x%40{e}"),
    "encoded letter": _query("emailaddress=x@%68anako-flowers.example"),
    "encoded name": _query("%65mailaddress=x@{e}"),
    "upper case": _query("emailaddress=x@HANAKO-FLOWERS.EXAMPLE"),
    "full width": _query("emailaddress=x@{wide}"),
    "full width dot": _query("emailaddress=x@hanako-flowers%E3%80%82example"),
    "trailing dot": _query("emailaddress=x@{e}."),
    "twice, evil first": _query("emailaddress=x@{e}&emailaddress=x@{v}"),
    "twice, victim first": _query("emailaddress=x@{v}&emailaddress=x@{e}"),
    "twice, empty first": _query("emailaddress=&emailaddress=x@{e}"),
    "other parameter first": _query("a=x@{v}&emailaddress=x@{e}"),
    "other parameter last": _query("emailaddress=x@{e}&a=x@{v}"),
    "semicolon": _query("emailaddress=x@{e};emailaddress=x@{v}"),
    "encoded ampersand": _query("emailaddress=x@{v}%26emailaddress=x@{e}"),
    "two ats, evil last": _query("emailaddress=x@{v}@{e}"),
    "two ats, victim last": _query("emailaddress=x@{e}@{v}"),
    "two ats, encoded": _query("emailaddress=x%40{v}%40{e}"),
    "victim within": _query("emailaddress=x@{v}.{e}"),
    "evil within": _query("emailaddress=x@{e}.{v}"),
    "null": _query("emailaddress=x@{e}%00@{v}"),
    "newline": _query("emailaddress=x@{e}%0d%0aHost:%20autoconfig.{v}"),
    "newline after": _query("emailaddress=x@{v}%0a"),
    "fragment": _query("emailaddress=x@{e}#@{v}"),
    "question": _query("?emailaddress=x@{e}"),
    "empty query": Attack(DOCUMENT + "?"),
    "no local part": _query("emailaddress=@{v}"),
    "no address": _query("emailaddress={v}"),
    "long local part": _query("emailaddress=" + "x" * 65 + "@{v}"),
    "upper case name": _query("EMAILADDRESS=x@{e}"),
    "victim in upper case": _query("emailaddress=x@{V}"),
    "array": _query("emailaddress[]=x@{e}"),
    "very long": _query("emailaddress=x@{e}&" + "a" * 4000),
    "too long": Attack(DOCUMENT + "?emailaddress=x@{e}&" + "a" * 40000, same=False),
    "host in upper case": Attack(headers=["Host: AUTOCONFIG.V"]),
    "host with a dot": Attack(headers=["Host: autoconfig.{v}."]),
    "host with a port": Attack(headers=["Host: autoconfig.{v}:80"]),
    "host with an empty port": Attack(headers=["Host: autoconfig.{v}:"]),
    "host with a strange port": Attack(headers=["Host: autoconfig.{v}:@{e}"], same=False),
    "host with a slash": Attack(headers=["Host: autoconfig.{v}/{e}"], same=False),
    "host with user": Attack(headers=["Host: {e}@autoconfig.{v}"], same=False),
    "host with a blank": Attack(headers=["Host: autoconfig.{v} {e}"], same=False),
    "host with two dots": Attack(headers=["Host: autoconfig.{v}.."], same=False),
    "other label": Attack(headers=["Host: autodiscover.{v}"]),
    "label twice": Attack(DOCUMENT + "?emailaddress=x@autoconfig.{v}"),
    "label in the address": Attack(DOCUMENT + "?emailaddress=x@autoconfig.{v}", ["Host: autoconfig.{v}"]),
    "two hosts, victim first": Attack(DOCUMENT, ["Host: autoconfig.{v}", "Host: autoconfig.{e}"], same=False),
    "two hosts, evil first": Attack(DOCUMENT, ["Host: autoconfig.{e}", "Host: autoconfig.{v}"], same=False),
    "no host": Attack(headers=[], version="1.0", same=False),  # nginx asks on by 1.1, which has to have one
    "no host, 1.1": Attack(headers=[], same=False),
    "absolute, victim": Attack("http://autoconfig.{v}" + DOCUMENT, ["Host: autoconfig.{e}"]),
    "absolute, evil": Attack("http://autoconfig.{e}" + DOCUMENT, ["Host: autoconfig.{v}"]),
    "absolute, with an address": Attack("http://autoconfig.{v}" + DOCUMENT + "?emailaddress=x@{e}"),
    "X-Forwarded-Host": _with("X-Forwarded-Host: autoconfig.{e}", target=DOCUMENT),
    "X-Host": _with("X-Host: autoconfig.{e}", "X-Forwarded-Server: autoconfig.{e}", target=DOCUMENT),
    "Forwarded": _with("Forwarded: host=autoconfig.{e};proto=https", target=DOCUMENT),
    "X-Original-URL": _with("X-Original-URL: /v1.1/{e}", "X-Rewrite-URL: /v1.1/{e}", target=DOCUMENT),
    "X-Forwarded-Proto": _with("X-Forwarded-Proto: https", "X-Forwarded-Port: 443", target=DOCUMENT),
    "X-Accel": _with("X-Accel-Expires: 9999", "X-Accel-Redirect: /v1.1/{e}"),
    "method override": _with("X-HTTP-Method-Override: POST", target=DOCUMENT),
    "conditions": _with("If-None-Match: *", "If-Modified-Since: Tue, 24 Nov 2026 12:00:00 GMT", target=DOCUMENT),
    "Range": _with("Range: bytes=0-9", target=DOCUMENT),
    "Range of evil": _with("Range: bytes=0-9"),
    "Cache-Control": _with("Cache-Control: max-age=9999, only-if-cached", "Pragma: no-cache"),
    "Authorization": _with("Authorization: Basic eDp5", "Cookie: a=b", target=DOCUMENT),
    "folded header": _with("X-A: b", " Host: autoconfig.{e}", same=False),
    "header with a blank": _with("Host : autoconfig.{e}", same=False),
    "POST": Attack(method="POST", body=b"emailaddress=x@hanako-flowers.example"),
    "POST without an address": Attack(DOCUMENT, method="POST", body=b"emailaddress=x@hanako-flowers.example"),
    "HEAD": Attack(method="HEAD"),
    "HEAD without an address": Attack(DOCUMENT, method="HEAD"),
    "PUT": Attack(DOCUMENT, method="PUT", body=b"<clientConfig/>"),
    "GET with a body": Attack(
        DOCUMENT, body=b"GET /v1.1/x HTTP/1.1\r\nHost: autoconfig.hanako-flowers.example\r\n\r\n"
    ),
    "two lengths": _with("Content-Length: 0", "Content-Length: 5", same=False),
    "length and chunks": _with("Transfer-Encoding: chunked", "Content-Length: 3", same=False),
    "by path": Attack("/v1.1/{e}"),
    "by path, with an address": Attack("/v1.1/{v}?emailaddress=x@{e}"),
    "by path, the other way": Attack("/v1.1/{e}?emailaddress=x@{v}"),
    "dot dot": Attack("/v1.1/{e}/../.." + DOCUMENT),
    "dot dot behind": Attack(DOCUMENT + "/../../v1.1/{e}"),
    "dot dot, encoded": Attack(DOCUMENT + "/%2e%2e/%2e%2e/v1.1/{e}"),
    "two slashes": Attack("//mail/config-v1.1.xml?emailaddress=x@{e}"),
    "encoded path": Attack("/%6dail/config-v1.1.xml?emailaddress=x@{e}"),
    "encoded path, no address": Attack("/%6dail/config-v1.1.xml"),
    "encoded question": Attack(DOCUMENT + "%3Femailaddress=x@{e}"),
    "slash behind": Attack(DOCUMENT + "/"),
    "semicolon behind": Attack(DOCUMENT + ";emailaddress=x@{e}"),
    "newline behind": Attack(DOCUMENT + "%0a"),
    "null behind": Attack(DOCUMENT + "%00?emailaddress=x@{e}", same=False),
    "upper case path": Attack("/MAIL/config-v1.1.xml"),
    "PACC's": Attack(PACC + "?emailaddress=x@{e}", ["Host: ua-auto-config.{v}"]),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_poisoning(behind: Behind, attack: Attack) -> None:
    """
    Whatever was asked before, a victim gets the own document; and whoever asks in a strange way gets the answer that
    the server gives to that, not the victim's out of the cache.
    """
    victim = behind.victim()
    target, headers = attack.target_for(victim), attack.headers_for(victim)
    request = written(target, headers, attack.method, attack.body, attack.version)
    asks = [
        partial(callable_, host, path + query)
        for callable_ in (behind.direct, behind.ask)
        for host, path in (
            (f"autoconfig.{victim}", DOCUMENT),
            (victim, WELL_KNOWN),
            (f"autodiscover.{victim}", DOCUMENT),
        )
        for query in ("", f"?emailaddress=taro@{victim}")
    ]
    cold = behind.sent(request)
    directly, cached = [ask() for ask in asks[:6]], [ask() for ask in asks[6:]]
    warm = behind.sent(request)

    assert [answer.same for answer in directly] == [answer.same for answer in cached]
    assert all(f"pop.{victim}".encode() in answer.body for answer in cached)
    assert all(b"cs312" not in answer.body for answer in cached)
    assert {"HIT"} == {ask().cache for ask in asks[6:]}
    if attack.same:
        assert cold
        assert warm
        expected = behind.answered(headers, target, attack.method, attack.body, attack.version)
        assert expected.same == cold.same == warm.same


@pytest.mark.parametrize("domain", ["old-shop.example", LOCAL, DAV], ids=["user name", "local part", "calendar"])
def test_documents_of_mailboxes(behind: Behind, domain: str) -> None:
    """Where a document is of one mailbox, nobody gets another's, nor the one that is for whoever names none."""
    host = f"autoconfig.{domain}"
    targets = [DOCUMENT, *(f"{DOCUMENT}?emailaddress={who}@{domain}" for who in ("EVOLUTIONUSER", "taro", "jiro"))]
    directly = [behind.direct(host, target) for target in targets]
    cached = [behind.ask(host, target) for target in targets * 2]

    assert [answer.same for answer in directly] * 2 == [answer.same for answer in cached]
    assert len({answer.body for answer in directly}) == 3
    assert directly[0].body == directly[1].body
    assert [answer.cache for answer in cached[4:]] == ["HIT", "MISS", "MISS", "MISS"]


def test_names_below_a_domain(behind: Behind) -> None:
    """Each name below a domain that speaks for it has a document of its own, in the cache too."""
    for name in (ABOVE, f"a.{ABOVE}", f"b.{ABOVE}"):
        for target in (DOCUMENT, f"{DOCUMENT}?emailaddress=taro@{name}", f"{DOCUMENT}?emailaddress=taro@{ABOVE}"):
            expected = behind.direct(f"autoconfig.{name}", target)
            answers = [behind.ask(f"autoconfig.{name}", target) for _ in range(2)]

            assert [answer.same for answer in answers] == [expected.same] * 2
            assert f"pop.{target.rpartition('@')[2] if '@' in target else name}<".encode() in expected.body


def test_documents_of_a_mail_host(behind: Behind) -> None:
    """What a mail host answers for other domains nobody gets in the place of its own document."""
    host = f"autoconfig.{EXCHANGER}"
    targets = [f"{DOCUMENT}?emailaddress=taro@{name}" for name in ("one.example", "two.example", EXCHANGER)]
    directly = [behind.direct(host, target) for target in (*targets, DOCUMENT)]
    cached = [behind.ask(host, target) for target in (*targets, DOCUMENT) * 2]

    assert [answer.same for answer in directly] * 2 == [answer.same for answer in cached]
    assert [answer.cache for answer in cached] == [None, None, "MISS", "MISS", None, None, "HIT", "HIT"]
    assert b"<domain>one.example</domain>" in directly[0].body
    assert f"pop.{EXCHANGER}<".encode() in directly[0].body


def test_label_is_taken_off_once(behind: Behind) -> None:
    """Under autoconfig.D the address x@autoconfig.D is of another domain, also where both have rows."""
    host, target = "autoconfig.v000.example", DOCUMENT + "?emailaddress=x@{}"
    own = behind.ask(host, target.format("v000.example"))
    other = behind.ask(host, target.format("autoconfig.v000.example"))
    deeper = behind.ask(f"autoconfig.{host}", target.format(host))

    assert [answer.body.partition(b"<hostname>")[2].partition(b"<")[0] for answer in (own, other, deeper)] == [
        b"pop.v000.example",
        b"pop.autoconfig.v000.example",
        b"pop.autoconfig.v000.example",
    ]
    assert (own.cache, other.cache, deeper.cache) == ("MISS", None, "MISS")


def test_address_that_is_too_long(behind: Behind) -> None:
    """An address that the server takes for none does not get, or make, the document of those that are addresses."""
    host = f"autoconfig.{LONG}"
    longest, shorter = (f"{DOCUMENT}?emailaddress={'x' * octets}@{LONG}" for octets in (64, 10))

    assert behind.direct(host, longest).same == behind.ask(host, longest).same
    assert (
        behind.ask(host, longest).cache,
        behind.ask(host, shorter).cache,
        behind.ask(host, shorter).cache,
    ) == (None, "MISS", "HIT")


NAME = "v001.example"
_PIECES = st.sampled_from(
    [
        *["emailaddress", "email", "=", "@", "%40", "&", "?", ";", "#", "%", "%2", "x", "taro", "x" * 70, "+", "/"],
        *[NAME, EVIL, NAME.upper(), "sample.co.jp", "autoconfig.", ".", "..", "%00", "%0A", "%E5%BE%8C"],
        *["\\", '"', "$", "{"],
    ]
)
_QUERIES = st.one_of(
    st.just(""),
    st.builds("?{}".format, st.lists(_PIECES, max_size=8).map("".join)),
    st.builds("?emailaddress={}{}{}{}".format, _PIECES, st.sampled_from(["@", "%40"]), _PIECES, _PIECES),
    st.builds("?emailaddress=taro{}{}{}".format, st.sampled_from(["@", "%40"]), st.sampled_from([NAME, EVIL]), _PIECES),
    st.builds("?emailaddress={}@{}".format, st.from_regex(r"[A-Za-z0-9._+-]{1,70}", fullmatch=True), st.just(NAME)),
)
_HOSTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["autoconfig.", "AutoConfig.", "autodiscover.", "ua-auto-config.", "", "www.", "autoconfig.autoconfig."]
    ),
    st.sampled_from([NAME, NAME, NAME, EVIL, NAME.upper(), f"autoconfig.{NAME}", "1.2.3.4", "a_b", "nobody.example"]),
    st.sampled_from(["", "", "", ".", ":80", ":", ".:443"]),
)
_PATHS = st.sampled_from(
    [
        *[DOCUMENT] * 3,
        *[
            *SPELLINGS,
            "/.well-known/mail-v1.1.xml",
            "/v1.1/.well-known/mail-v1.xml",
            f"/v1.1/{NAME}",
            f"/v1.1/{EVIL}",
            "/mail//config-v1.1.xml",
            PACC,
        ],
        *["/mail/../mail/config-v1.1.xml", "/mail/config-v1%2e1.xml", f"{DOCUMENT}/", "/nothing"],
    ]
)


@given(host=_HOSTS, path=_PATHS, query=_QUERIES, method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST"]))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_request(behind: Behind, host: str, path: str, query: str, method: str) -> None:
    """Whatever is asked, the answer through a cache that has the victim's documents is the server's own."""
    for own in (f"autoconfig.{NAME}", NAME):
        for address in ("", f"?emailaddress=taro@{NAME}"):
            behind.ask(own, DOCUMENT + address)
            behind.ask(own, WELL_KNOWN + address)

    answer = behind.ask(host, path + query, method)

    if answer.status != 400:  # nginx refuses some targets before the server sees them
        assert behind.direct(host, path + query, method).same == answer.same
