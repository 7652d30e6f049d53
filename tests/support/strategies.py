"""Plans of any kind, for hypothesis."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from autoconfig.mail.account import Documentation, Recommend, Text
from autoconfig.mail.address import MAX_LOCAL_OCTETS, carriable
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import Login, Protocol, ServerTemplate, TLSMode
from autoconfig.mail.service import OAuth2, ServiceKind, ServiceTemplate
from autoconfig.plans.values import SLOT

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

HOSTILE = "&<>\"'{}%;]-.@ \\#"
texts = (
    st.text(
        st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=("Cs", "Cc"))), min_size=1, max_size=20
    )
    .filter(carriable)
    .filter(str.strip)
)
people_read = texts.filter(lambda text: not SLOT.search(text))
literals = texts.map(lambda text: re.sub(r"[{}]", "%", text))
locals_ = texts.filter(lambda text: len(text.encode()) <= MAX_LOCAL_OCTETS)
labels = st.sampled_from(["mail", "x", "cs312", "xn--wgv71a119e", "a-b", "0"])
domains = st.one_of(
    st.sampled_from(["sample.co.jp", "日本語.example", "b", "d.invalid", "a_b.example"]),
    st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True), min_size=1, max_size=5).map(
        ".".join
    ),
    st.lists(st.from_regex(r"[a-z0-9_-]{1,63}", fullmatch=True), min_size=1, max_size=3).map(".".join),
).map(Domain.parse)

plain_hosts = st.lists(st.from_regex(r"[a-z]([a-z0-9]{0,8}[a-z0-9])?", fullmatch=True), min_size=1, max_size=3).map(
    lambda parts: ".".join([*parts, "example"])
)
"""Host names that need no mapping."""


def patterns(pieces: st.SearchStrategy[str], joint: str, most: int = 4) -> st.SearchStrategy[Pattern]:
    """Patterns of one to `most` of `pieces`."""
    return st.lists(pieces, min_size=1, max_size=most).map(lambda parts: Pattern.parse(joint.join(parts)))


# At most six times the domain: with nine, `bind` refuses.
host_params = patterns(labels | st.just("{domain}"), ".", 2)
hosts = patterns(labels | st.sampled_from(["{domain}", "{host}"]), ".", 3)
user_params = patterns(literals | st.sampled_from(["{domain}", "{local}", "{address}", "{host}"]), "")
variables = ["{domain}", "{local}", "{address}", "{local_lower}", "{address_lower}"]
row_users = patterns(literals | st.sampled_from(variables), "")
usernames = st.one_of(
    st.sampled_from(["{address}", "{local}", "{user}", "{local}.{domain}", "{local}@{domain}", "{address_lower}"]).map(
        Pattern.parse
    ),
    patterns(literals | st.sampled_from([*variables, "{host}", "{user}"]), ""),
)
urls = hosts.flatmap(
    lambda host: st.sampled_from(["", "/", "/dav/{domain}/?a=b&c=%20%25", ":8443/{host}"]).map(
        lambda rest: Pattern.parse(f"https://{host}{rest}")
    )
)
mailbox_urls = urls.flatmap(
    lambda url: st.sampled_from(["/{address}", "/x{local}/", "/~{local_lower}?a", "/a/{local}{address_lower}#b"]).map(
        lambda rest: url if "?" in str(url) else Pattern.parse(f"{url}{rest}")
    )
)
names = st.dictionaries(st.sampled_from(["ja", "en", "und"]), people_read, min_size=1).map(Text)
with_user: list[Login] = [login for login in Login if login not in {Login.NONE, Login.CLIENT_IP_ADDRESS}]


def logins(methods: list[Login]) -> st.SearchStrategy[tuple[Login, ...]]:
    """One to three of them, in any order."""
    return st.lists(st.sampled_from(methods), min_size=1, max_size=3, unique=True).map(tuple)


def servers(*protocols: Protocol, tls: st.SearchStrategy[TLSMode]) -> st.SearchStrategy[ServerTemplate]:
    """A server that speaks one of them."""
    return st.sampled_from(protocols).flatmap(
        lambda protocol: st.builds(
            ServerTemplate,
            st.just(protocol),
            hosts,
            st.integers(1, 65535),
            tls,
            logins(list(Login) if protocol is Protocol.SMTP else with_user),
            usernames,
        )
    )


@st.composite
def of_one_kind(draw: st.DrawFn, *protocols: Protocol) -> list[ServerTemplate]:
    """One to three servers; a plain one never stands beside one with TLS."""
    protocol = draw(st.sampled_from(protocols))
    modes = draw(st.sampled_from([[TLSMode.PLAIN], [TLSMode.SSL, TLSMode.STARTTLS]]))
    return draw(st.lists(servers(protocol, tls=st.sampled_from(modes)), min_size=1, max_size=3))


@st.composite
def good_servers(draw: st.DrawFn) -> tuple[ServerTemplate, ...]:
    """Servers that plans.toml may have: something to receive by, something to send by, in any order."""
    incoming = draw(of_one_kind(Protocol.IMAP, Protocol.POP3))
    other = Protocol.POP3 if incoming[0].protocol is Protocol.IMAP else Protocol.IMAP
    more = draw(st.just([]) | of_one_kind(other)) + draw(st.just([]) | of_one_kind(Protocol.MANAGESIEVE))
    return tuple(draw(st.permutations([*incoming, *more, *draw(of_one_kind(Protocol.SMTP))])))


services = st.sampled_from(ServiceKind).flatmap(
    lambda kind: st.builds(
        ServiceTemplate,
        st.just(kind),
        urls | mailbox_urls if kind.has_mailbox_urls else urls,
        logins(with_user),
        usernames,
        st.booleans() if kind.has_principals else st.just(False),
    )
)
web_urls = st.sampled_from(["https://x.example/?a&b=%C3%A4", "http://x.example", "https://x.example:8443/'#d"])
https_urls = st.sampled_from(["https://login.example", "https://login.example:8443/realms/x?a&b=%20"])
scopes = st.lists(st.sampled_from(["mail", "https://x.example/IMAP.All", "a'&<>"]), min_size=1, max_size=3).map(tuple)
secrets = st.none() | texts.map(str.strip)
oauth2 = st.builds(OAuth2, https_urls, https_urls, https_urls, scopes, secrets, secrets)
pages = st.lists(st.builds(Documentation, web_urls, st.none() | names), max_size=2).map(tuple)


@st.composite
def good_plans(draw: st.DrawFn, *, moved: bool = True) -> Plan:
    """A plan as plans.toml may have it: with servers and what stands beside them or, if `moved`, a redirect."""
    plan = Plan(
        key="any",
        name=draw(names),
        short_name=draw(st.none() | names),
        customer_name=draw(st.none() | names),
        params={"host": draw(host_params), "user": draw(user_params)},
        servers=(),
        documentation=draw(pages),
        webmail=draw(st.none() | web_urls),
    )
    if moved and draw(st.booleans()):
        if draw(st.booleans()):
            return replace(plan, redirect_url=draw(urls))
        return replace(plan, redirect_domain=Pattern.parse(f"new.{draw(hosts)}"))
    mail = draw(good_servers())
    beside = draw(st.lists(services, max_size=3, unique_by=lambda service: service.kind))
    if draw(st.booleans()):  # as most providers have it, and as Mozilla's document can carry it
        outgoing = [server for server in mail if server.protocol is Protocol.SMTP]
        beside = [replace(service, username=outgoing[-1].username) for service in beside]
    recommend = draw(st.sampled_from(Recommend))
    if recommend is not Recommend.IMAP and len({s.protocol for s in mail if s.protocol.incoming}) == 1:
        recommend = Recommend.IMAP
    beside_mail = {"services": tuple(beside), "oauth2": draw(st.none() | oauth2), "recommend": recommend}
    return replace(plan, servers=mail, **beside_mail)


@st.composite
def bound_plans(draw: st.DrawFn) -> BoundPlan:
    """A plan of any kind, with some of its params given by a row."""
    plan = draw(good_plans())
    given_by_row = {"host": draw(host_params), "user": draw(row_users)}
    chosen = draw(st.sets(st.sampled_from(["host", "user"])))
    return bind(plan, {name: str(value) for name, value in given_by_row.items() if name in chosen})
