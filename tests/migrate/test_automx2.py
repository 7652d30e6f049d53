"""What automx2 serves, held against answers of the real program (see automx2/README.md)."""

from __future__ import annotations

from typing import Any

import pytest

from autoconfig.migrate.automx2 import Unserved, read, served
from autoconfig.migrate.automx2_database import Customer, DAVServer, MailServer, Provider
from autoconfig.migrate.automx2_database import read as read_database
from autoconfig.migrate.config_v11 import read_document
from autoconfig.migrate.source import RemarkKind
from tests.migrate.conftest import RECORDED

ANSWERS = {path.name: path for path in sorted((RECORDED / "served").iterdir())}
PROVIDER = Provider(1, "Provider", "P")
SERVER = MailServer(1, "imap", "imap.example.net", "993", "SSL", "%EMAILADDRESS%", "plain", 10)


def customer(name: str, *servers: MailServer, **more: Any) -> Customer:
    """A domain."""
    return Customer(1, name, PROVIDER, ldap=False, servers=servers, dav_servers=[])._replace(**more)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_as_recorded(automx2: str, answer: Any) -> None:
    """Byte for byte what automx2 answers, with an error where it has one."""
    customers = read_database(automx2)
    found = next((one for one in customers if one.name == answer.stem), None)
    if answer.suffix == ".204":
        assert found is None
        return
    assert found is not None
    assert found.provider is not None
    domains = [one.name for one in customers if one.provider == found.provider]
    if answer.suffix == ".400":
        with pytest.raises(Unserved):
            served(found.provider, found.servers, domains)
    elif answer.suffix == ".500":
        assert found.ldap
    else:
        assert answer.read_bytes() == served(found.provider, found.servers, domains)


def test_read(automx2: str) -> None:
    """Every domain has its document, or a remark that says why it has none."""
    customers = read_database(automx2)
    source = read(customers)

    assert {one.name for one in customers} - {"eggs.example", "Upper.example", "日本語.example"} == {
        entry.domain.name for entry in source.entries
    } - {"upper.example", "xn--wgv71a119e.example"}
    assert [(remark.domain, remark.kind) for remark in source.remarks] == [
        ("eggs.example", RemarkKind.LEFT_OUT),
        ("odd.example", RemarkKind.NOTE),
    ]
    assert [entry.domain.name for entry in source.entries if entry.obstacle] == ["ldap.example"]


def test_documents_are_shared() -> None:
    """Domains with the same servers of the same provider share one document."""
    one, two, other = read(
        [customer("a.example", SERVER), customer("b.example", SERVER), customer("c.example")]
    ).entries

    assert one.document is two.document
    assert one.document is not other.document


ERRORS = {
    "no provider": (customer("a.example", SERVER, provider=None), "the domain has no provider"),
    "a type that it does not know": (customer("a.example", SERVER._replace(type=None)), "a server is of the type None"),
    "a prio that is no number": (customer("a.example", SERVER._replace(prio="x")), "the prio of a server is 'x'"),
    "no UTF-8": (customer("a.example", SERVER._replace(name="\udcff")), "a text is not UTF-8"),
}


@pytest.mark.parametrize(("given", "why"), ERRORS.values(), ids=ERRORS)
def test_errors(given: Customer, why: str) -> None:
    """If automx2 answers with an error, the domain is left out with the reason."""
    source = read([given])

    assert source.entries == []
    assert source.remarks[0].problem == f"automx2 answers with an error: {why}"


def test_no_domain() -> None:
    """An invalid name is reported, shortened if it is long."""
    (remark,) = read([customer("a b" * 200)]).remarks

    assert remark[:3] == (("a b" * 200)[:253], RemarkKind.LEFT_OUT, "is not a domain name")


def test_texts_that_cannot_be_shown() -> None:
    """In remarks, invalid UTF-8 and control characters are escaped with a backslash."""
    odd = SERVER._replace(name="a\x1b[31m")
    no_domain, same_prio = read([customer("m\udcfcller.example"), customer("a.example", odd, odd)]).remarks

    assert no_domain.domain == r"m\udcfcller.example"
    assert same_prio.problem.endswith(r": imap a\x1b[31m 993, imap a\x1b[31m 993")


@pytest.mark.parametrize("turned", [False, True], ids=["lower case first", "lower case last"])
def test_twice(turned: bool) -> None:
    """Of two spellings of a domain the one in lower case counts, for that is how it is asked for."""
    customers = [customer("a.example", SERVER), customer("A.Example", SERVER._replace(id=2, name="other.example.net"))]
    source = read(customers[::-1] if turned else customers)

    assert [b"imap.example.net" in entry.document.served for entry in source.entries] == [True]
    assert "one has other servers, which are left out" in source.remarks[0].problem


def test_twice_the_same() -> None:
    """Two spellings with the same servers get a remark too."""
    source = read([customer("A.example", SERVER), customer("a.Example", SERVER)])

    assert len(source.entries) == 1
    assert "one has the same servers" in source.remarks[0].problem


def test_without_prio() -> None:
    """A database from before priorities has its servers by id."""
    body = served(PROVIDER, [SERVER._replace(prio=None), SERVER._replace(prio=None, name="second.example.net")], [])

    assert body.index(b"imap.example.net") < body.index(b"second.example.net")


DAV = {
    "as it stands": (("caldav", "https://d.example/c/", "0", True), "https://d.example/c/"),
    "with a port beside it": (("carddav", "https://d.example/c/", "8443", True), "https://d.example:8443/c/"),
    "with a port in it": (("carddav", "https://d.example:1/", "8443", True), "https://d.example:1/"),
    "the usual port": (("carddav", "https://d.example/", "443", True), "https://d.example/"),
    "without TLS": (("caldav", "https://d.example/", "0", False), None),
    "http": (("caldav", "http://d.example/", "0", True), None),
    "no URL": (("caldav", "https://[x/", "1", True), None),
    "nothing": (("caldav", None, None, True), None),
    "an unknown type": (("webdav", "https://d.example/", "0", True), None),
    "no type": ((None, "https://d.example/", "0", True), None),
}


@pytest.mark.parametrize(("given", "url"), DAV.values(), ids=DAV)
def test_dav(given: tuple[str | None, str | None, str | None, bool], url: str | None) -> None:
    """A DAV server becomes a service of the plan where it has TLS; else the plan's losses tell of it."""
    dav = DAVServer(1, *given, user_name=None)
    smtp = SERVER._replace(id=2, type="smtp")
    (entry,) = read([customer("a.example", SERVER, smtp, dav_servers=[dav])]).entries
    imported = read_document(entry.document.readable)

    assert [str(service.url) for service in imported.plan.services] == ([url] if url else [])
    assert bool(imported.losses) is (url is None)
    assert b"d.example" not in entry.document.served


def test_same_prio() -> None:
    """If automx2 leaves the order of servers to the database, a remark says so, but not for different directions."""
    pop, smtp = SERVER._replace(id=2, type="pop"), SERVER._replace(id=3, type="smtp")
    source = read([customer("a.example", pop, SERVER, smtp), customer("b.example", SERVER, smtp)])

    assert [(remark.domain, remark.kind) for remark in source.remarks] == [("a.example", RemarkKind.NOTE)]
    assert source.remarks[0].problem.endswith(": pop imap.example.net 993, imap imap.example.net 993")
