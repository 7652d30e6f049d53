"""A prepared document is the document: the same bytes, for every plan, domain and address that there can be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autoconfig.errors import Inexpressible, PlanUnusable
from autoconfig.formats import microsoft, mozilla
from autoconfig.formats.prepared import Prepared
from autoconfig.mail.account import Account, Documentation, Text
from autoconfig.mail.address import MAX_LOCAL_OCTETS, EmailAddress, carriable
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import Login, Protocol, ServerTemplate, TLSMode

if TYPE_CHECKING:
    from autoconfig.mail.bound import BoundPlan
    from autoconfig.plans import Plans

Accounts = Callable[..., Account]
Document = Callable[[Account], bytes]

both_formats = pytest.mark.parametrize("document", [mozilla.document, microsoft.document], ids=["Mozilla", "Microsoft"])

HOSTILE = "&<>\"'{}%;]-.@ "
texts = (
    st.text(
        st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=("Cs", "Cc"))), min_size=1, max_size=20
    )
    .filter(carriable)
    .filter(str.strip)
)
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


def patterns(pieces: st.SearchStrategy[str], joint: str, most: int = 4) -> st.SearchStrategy[Pattern]:
    """Patterns of one to `most` of `pieces`."""
    return st.lists(pieces, min_size=1, max_size=most).map(lambda parts: Pattern.parse(joint.join(parts)))


# At most six times the domain: with nine, `bind` refuses.
host_params = patterns(labels | st.just("{domain}"), ".", 2)
hosts = patterns(labels | st.sampled_from(["{domain}", "{host}"]), ".", 3)
user_params = patterns(literals | st.sampled_from(["{domain}", "{local}", "{address}", "{host}"]), "")
row_users = patterns(literals | st.sampled_from(["{domain}", "{local}", "{address}"]), "")
usernames = st.one_of(
    st.sampled_from(["{address}", "{local}", "{user}", "{local}.{domain}", "{local}@{domain}"]).map(Pattern.parse),
    patterns(literals | st.sampled_from(["{domain}", "{local}", "{address}", "{host}", "{user}"]), ""),
)
names = st.dictionaries(st.sampled_from(["ja", "en", "und"]), texts, min_size=1).map(Text)
servers = st.builds(
    ServerTemplate,
    st.sampled_from(Protocol),
    hosts,
    st.integers(1, 65535),
    st.sampled_from(TLSMode),
    st.lists(st.sampled_from(Login), min_size=1, max_size=3, unique=True).map(tuple),
    usernames,
)
plain = st.fixed_dictionaries({"servers": st.lists(servers, max_size=5).map(tuple)})
moved_url = st.fixed_dictionaries(
    {"servers": st.just(()), "redirect_url": st.sampled_from(["https://{host}/?a=b&c={domain}"]).map(Pattern.parse)}
)
moved_domain = st.fixed_dictionaries(
    {"servers": st.just(()), "redirect_domain": hosts.map(lambda host: Pattern.parse(f"new.{host}"))}
)


@st.composite
def bound_plans(draw: st.DrawFn) -> BoundPlan:
    """A plan of any kind, with some of its params given by a row."""
    defaults = {"host": draw(host_params), "user": draw(user_params)}
    plan = Plan(
        key="any",
        name=draw(names),
        short_name=draw(st.none() | names),
        params=defaults,
        documentation=tuple(
            draw(st.lists(st.builds(Documentation, st.just("https://x.example/?a&b"), st.none() | names), max_size=2))
        ),
        **draw(plain | moved_url | moved_domain),
    )
    given_by_row = {"host": draw(host_params), "user": draw(row_users)}
    chosen = draw(st.sets(st.sampled_from(["host", "user"])))
    return plan.bind({name: str(value) for name, value in given_by_row.items() if name in chosen})


def outcome(document: Document, account: Account) -> bytes | None:
    """The document, or `None` where the format has none for it."""
    try:
        return document(account)
    except Inexpressible:
        return None


@both_formats
@pytest.mark.parametrize("with_address", [True, False], ids=["address", "no address"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(bound=bound_plans(), asked=st.lists(st.tuples(domains, locals_), min_size=1, max_size=3))
def test_prepared_is_direct(
    document: Document, with_address: bool, bound: BoundPlan, asked: list[tuple[Domain, str]]
) -> None:
    """One prepared document gives every domain and mailbox the bytes that would be written for it alone."""
    try:
        for domain, _ in asked:
            bound.check(domain)
    except PlanUnusable:
        assume(False)
    addresses = [EmailAddress(local, domain) if with_address else None for domain, local in asked]
    direct = [
        outcome(document, bound.account(domain, address)) for (domain, _), address in zip(asked, addresses, strict=True)
    ]
    if direct[0] is None:
        with pytest.raises(Inexpressible):
            Prepared(document, bound, with_address=with_address)
        return
    prepared = Prepared(document, bound, with_address=with_address)

    assert direct == [prepared.fill(domain, address) for (domain, _), address in zip(asked, addresses, strict=True)]


@both_formats
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(bound=bound_plans(), local=locals_, other=locals_)
def test_names_mailbox(document: Document, bound: BoundPlan, local: str, other: str) -> None:
    """`names_mailbox` is whether two mailboxes of a domain get different bytes; without an address they never do."""
    assume(local != other)
    domain = Domain("sample.co.jp")
    here, there = (outcome(document, bound.account(domain, EmailAddress(name, domain))) for name in (local, other))
    assume(here is not None)

    assert (here != there) is Prepared(document, bound, with_address=True).names_mailbox
    assert (outcome(document, bound.account(domain, None)) is None) or not Prepared(
        document, bound, with_address=False
    ).names_mailbox


@both_formats
@pytest.mark.parametrize("local", ["taro", "a&b<c>\"'{}%{domain}%b", "%EMAILADDRESS%", "太郎", "&amp;"])
def test_demo(
    document: Document, demo: Plans, rows: dict[Domain, tuple[str, str]], customer: Accounts, local: str
) -> None:
    """The demo's domains get the same bytes prepared and direct."""
    for domain, row in rows.items():
        bound = demo.bind(*row)

        assert document(customer(domain.name, local)) == Prepared(document, bound, with_address=True).fill(
            domain, EmailAddress(local, domain)
        )
        assert document(customer(domain.name, None)) == Prepared(document, bound, with_address=False).fill(domain)


def test_demo_names_mailbox(demo: Plans, rows: dict[Domain, tuple[str, str]]) -> None:
    """Mozilla's documents of the demo can be shared by all mailboxes, but for the one with another user name."""
    named = {
        domain.name
        for domain, row in rows.items()
        if Prepared(mozilla.document, demo.bind(*row), with_address=True).names_mailbox
    }

    assert {"old-shop.example"} == named
