"""A document word for word, so that two can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from autoconfig.errors import DocumentInvalid
from autoconfig.formats.mozilla import document
from autoconfig.mail.domain import Domain
from autoconfig.migrate.config_v11 import PublishedServer, read_published
from tests.support.strategies import bound_plans

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

D = Domain("a.example")
IMAP = PublishedServer("imap", "imap.example.net", "993", "SSL", "%EMAILADDRESS%", ("password-cleartext",))
LOCAL = "%EMAILLOCALPART%"
ADDRESS = f"{LOCAL}@a.example"
PLACEHOLDERS = {"domain": "a.example"} | {
    "address": ADDRESS,
    "address_lower": ADDRESS,
    "local": LOCAL,
    "local_lower": LOCAL,
}


def published(inner: str, before: str = "<clientConfig>", after: str = "</clientConfig>") -> bytes:
    """A document with one provider."""
    return f"{before}<emailProvider id='x'>{inner}</emailProvider>{after}".encode()


def section(inner: str, name: str = "incomingServer") -> PublishedServer:
    """The only server section of a document."""
    found = read_published(published(f"<{name} type='imap'>{inner}</{name}>"))
    (endpoint,) = (*found.incoming, *found.outgoing)
    return endpoint


def test_read() -> None:
    """Domains, mail hosts and servers are read as they stand, of the first provider, from any namespace."""
    leaves = (
        "<hostname> imap.example.net </hostname><port>993</port><socketType>SSL</socketType>"
        "<username>%EMAILADDRESS%</username><authentication>plain</authentication>"
    )
    inner = (
        "<domain> A.example </domain><domain purpose='mx'>mx.example</domain><domain/><!-- no -->"
        f"<incomingServer type='imap'>{leaves}</incomingServer><outgoingServer type='smtp'>{leaves}</outgoingServer>"
    )
    second = "<emailProvider><domain>b.example</domain><domain purpose='mx'>c.example</domain></emailProvider>"
    plain = read_published(published(inner, after=f"{second}</clientConfig>"))
    named = read_published(published(inner, before="<clientConfig xmlns='urn:x'>"))

    assert (plain.unread, named.unread) == (("b.example",), ())
    assert plain[:4] == named[:4] == (("A.example",), ("mx.example",), (IMAP,), (IMAP._replace(type="smtp"),))


def test_first_counts() -> None:
    """Of a leaf that is there twice the first counts; login methods are all there, each once, in today's words."""
    found = section(
        "<port>1</port><port>2</port><authentication>secure</authentication><authentication>OAuth2</authentication>"
        "<authentication>password-encrypted</authentication>",
        name="outgoingServer",
    )

    assert found == ("imap", "", "1", "", "", ("password-encrypted", "OAuth2"))


def test_texts() -> None:
    """Spaces of a user name stay; what no document carries in one line becomes a space."""
    assert section("<username> a  b </username>").username == " a  b "
    assert section("<username>a\n b<!-- x --> c</username>").username == "a b c"


INVALID = {"no XML": b"x", "another root": b"<html><emailProvider/></html>", "no provider": b"<clientConfig/>"}


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
def test_invalid(body: bytes) -> None:
    """What is no such document is refused."""
    with pytest.raises(DocumentInvalid):
        read_published(body)


PUT_IN = {
    "host": (IMAP._replace(hostname="imap.%EMAILDOMAIN%"), IMAP._replace(hostname="imap.a.example")),
    "host in other letters": (IMAP._replace(hostname="IMAP.Example.Net"), IMAP),
    "host in U-labels": (IMAP._replace(hostname="日本語.example"), IMAP._replace(hostname="xn--wgv71a119e.example")),
    "no host": (IMAP._replace(hostname="a b"), IMAP._replace(hostname="a b")),
    "parts": (IMAP._replace(username="%EMAILLOCALPART%@%EMAILDOMAIN%"), IMAP),
    "the domain itself": (IMAP._replace(username="%EMAILLOCALPART%@a.example"), IMAP),
}


@pytest.mark.parametrize(("given_", "expected"), PUT_IN.values(), ids=PUT_IN)
def test_of(given_: PublishedServer, expected: PublishedServer) -> None:
    """Two ways to say the same are equal once the domain is put in."""
    assert given_.of(D) == expected.of(D)


def test_shown() -> None:
    """People read it in one line."""
    assert str(IMAP) == "imap imap.example.net 993 SSL password-cleartext %EMAILADDRESS%"
    assert str(IMAP._replace(authentication=())).split()[4:7] == ["no", "login", "method"]


@settings(suppress_health_check=[HealthCheck.too_slow])  # plans are large
@given(bound_plans().filter(lambda bound: bool(bound.servers)))
def test_our_documents(bound: BoundPlan) -> None:
    """Of a document of ours exactly the servers of the account are read."""
    account = bound.account(D, None)
    found = read_published(document(account))
    wanted = [
        (server.protocol.value, server.host, str(server.port), tuple(map(str, server.login)))
        for server in (*account.incoming, *account.outgoing)
    ]
    usernames = [server.username.expand(PLACEHOLDERS) for server in (*account.incoming, *account.outgoing)]
    endpoints = [endpoint.of(D) for endpoint in (*found.incoming, *found.outgoing)]

    assert wanted == [(one.type, one.hostname, one.port, one.authentication) for one in endpoints]
    assert usernames == [one.username for one in endpoints]
    assert found.domains == ("a.example",)
