"""The law of a migration, for sources of any kind: the same servers, or a remark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.server import Protocol
from autoconfig.migrate.planning import Held, Migration, planned
from autoconfig.migrate.source import MigrationSource, SourceDocument, SourceDomain
from tests.migrate.documents import PLANS, Told, after, document, record

if TYPE_CHECKING:
    from autoconfig.mail.server import Server
    from autoconfig.plans import Plans

IN_AND_OUT = ("imap", "smtp")
names = st.sampled_from(["a", "b", "mail", "xn--wgv71a119e", "host"])
hosts = st.sampled_from(
    ["{d}", "mail.{d}", "{d}.host.example", "%EMAILDOMAIN%", "imap.%EMAILDOMAIN%", "MAIL.host.example", "host.example",
     "mail.host.example", "a_b.example", "x-{d}", "1.host.example", "2.host.example", "3.host.example"]
)  # fmt: skip
usernames = st.sampled_from(
    ["%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILLOCALPART%@{d}", "%EMAILLOCALPART%@%EMAILDOMAIN%", "u.{d}",
     "%EMAILLOCALPART%.{d}", "{d}{d}", "{{", "", "%REALNAME%", "%emailaddress%"]
)  # fmt: skip
logins = st.lists(st.sampled_from(["plain", "password-cleartext", "OAuth2", "secure", "none", "x"]), max_size=2)
tolds = st.builds(
    Told,
    st.sampled_from(["imap", "imap", "pop3", "smtp", "smtp", "exchange"]),
    hosts,
    st.sampled_from(["993", "465", "143", "0", "", "x"]) | st.just("587"),
    st.sampled_from(["SSL", "SSL", "STARTTLS", "plain", "TLS"]),
    usernames,
    logins.map(tuple),
)
mostly = st.tuples(hosts, usernames).map(
    lambda both: tuple(Told(kind, both[0], username=both[1]) for kind in IN_AND_OUT)
)
sets = mostly | st.lists(tolds, max_size=4).map(tuple)


def spelled(server: Told, domain: str) -> Told:
    """With the domain where the strategy left room for it."""
    return server._replace(
        host=server.host.replace("{d}", domain), username=server.username.replace("{d}", domain).replace("{{", "{")
    )


@st.composite
def sources(draw: st.DrawFn) -> dict[str, tuple[list[Told], SourceDocument]]:
    """Up to five domains, each with its servers."""
    found = {}
    for name in draw(st.sets(names)):
        domain = f"{name}.example"
        servers = [spelled(server, domain) for server in draw(sets)]
        found[domain] = servers, document(*servers, name=draw(st.sampled_from(["Name", "Other", domain])))
    return found


@given(sources(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_equivalence(told: dict[str, tuple[list[Told], SourceDocument]], accept: bool) -> None:
    """Whatever a source says: each domain has a row and is served exactly that, or a remark says that it is not."""
    given_ = MigrationSource("x", [SourceDomain(Domain(domain), body) for domain, (_, body) in told.items()], [])
    found = planned(given_, PLANS, {}, accept=accept)
    plans = after(PLANS, found)
    missed = {remark.domain for remark in found.remarks if remark.kind.misses}
    rows = {row.name: row for row in found.rows}

    assert plans.plans == PLANS.plans | {one.plan.key: one.plan for one in found.added}
    assert {one.plan.key for one in found.added} <= {row.plan for row in found.rows}
    assert accept or not missed & rows.keys()
    assert told.keys() == missed | rows.keys()
    for domain in told.keys() - missed:
        address = EmailAddress.parse(f"user@{domain}")
        here, there = served(plans, found, address), [server.to(address) for server in told[domain][0]]
        for incoming in (True, False):
            assert [s for s in there if (s[0] != "smtp") is incoming] == [
                s for s in here if (s[0] != "smtp") is incoming
            ]
    held = {name: Held(record(row.plan, row.params, name), None) for name, row in rows.items()}
    again = planned(given_, plans, held, accept=accept)

    assert (again.rows, again.added, set(again.unchanged)) == ([], [], set(rows))


def served(plans: Plans, found: Migration, address: EmailAddress) -> list[tuple[object, ...]]:
    """What programs make of the account that the domain has then."""
    (row,) = [row for row in found.rows if row.name == address.domain.name]
    account = plans.bind(row.plan, row.params).account(address.domain, address)
    sockets = {"ssl": "SSL", "starttls": "STARTTLS", "plain": "plain"}

    def of(server: Server) -> tuple[object, ...]:
        login = tuple(method.value for method in server.login)
        tls = sockets[server.tls.value]
        return server.protocol.value, server.host, str(server.port), tls, account.login_name(server), login

    return [of(server) for server in account.servers if server.protocol is not Protocol.MANAGESIEVE]
