"""A prepared document is the document: the same bytes, for every plan, domain and address that there can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autoconfig.errors import Inexpressible, PlanUnusable
from autoconfig.formats import microsoft, mozilla
from autoconfig.formats.template import Prepared
from autoconfig.mail.account import Account
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.mail.stand_ins import params_of_hosts, with_stand_ins
from tests.support.strategies import bound_plans, domains, good_plans, locals_, plain_hosts, row_users

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.plan import Plan
    from autoconfig.plans import Plans

Accounts = Callable[..., Account]
Document = Callable[[Account], bytes]

both_formats = pytest.mark.parametrize("document", [mozilla.document, microsoft.document], ids=["Mozilla", "Microsoft"])


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
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(
    with_address=st.booleans(),
    plan=good_plans(moved=False),
    hosts=st.lists(plain_hosts, min_size=2, max_size=3),
    user=st.none() | row_users,
    address=st.builds(EmailAddress, locals_, plain_hosts.map(Domain)),
)
def test_rows_share(
    document: Document, with_address: bool, plan: Plan, hosts: list[str], user: Pattern | None, address: EmailAddress
) -> None:
    """Rows that differ in the names of their servers share a document, and each gets the bytes of its own."""
    mailbox = address if with_address else None
    of_hosts = params_of_hosts(plan)
    shared = set()
    for host in hosts:
        row = {"host": host} if user is None else {"host": host, "user": str(user)}
        common, values = with_stand_ins(row, of_hosts)
        prepared = Prepared(document, bind(plan, common), with_address=with_address)
        filled = prepared.fill_octets(address.domain.name.encode(), address.local.encode(), values)
        shared.add(str(common))

        assert document(bind(plan, row).account(address.domain, mailbox)) == filled
    assert "host" not in of_hosts or len(shared) == 1


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
