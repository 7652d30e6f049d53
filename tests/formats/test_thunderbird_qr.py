from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.errors import Inexpressible, PlanUnusable
from autoconfig.formats import thunderbird_qr
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.server import Protocol
from tests.clients.readers.thunderbird_qr import read
from tests.support.strategies import bound_plans, domains, locals_

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.domain import Domain
    from tests.formats.conftest import Accounts

RECEIVING = st.sampled_from([Protocol.IMAP, Protocol.POP3])
atoms = st.from_regex(r"[a-z+'-]{1,9}(\.[a-z]{1,9})?", fullmatch=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bound_plans(), domains, locals_ | atoms, RECEIVING, st.text(max_size=80))
def test_any_account(bound: BoundPlan, domain: Domain, local: str, protocol: Protocol, name: str) -> None:
    """Of any account the app reads what it is, in ASCII and with the name on one line; or there is no code."""
    try:
        account = bound.account(domain, EmailAddress(local, domain))
        payload = thunderbird_qr.document(account, protocol, name)
    except (Inexpressible, PlanUnusable):
        return
    imported = read(payload.decode("ascii"))
    servers = [account.first(protocol), account.first(Protocol.SMTP)]

    assert [(s.host, s.port, s.tls.value) for s in servers if s] == [(s.host, s.port, s.tls) for s in imported.servers]
    assert (imported.address, imported.sender) == (f"{local}@{domain.name}", " ".join(name.split()))


@pytest.mark.parametrize("local", ["太郎", "é", "a..b", "a.", "a b"])
def test_other_letters(customer: Accounts, local: str) -> None:
    """The app's parser refuses these addresses, so there is no code for them."""
    with pytest.raises(Inexpressible, match="Thunderbird for Android accepts only addresses"):
        thunderbird_qr.document(customer("sample.co.jp", local), Protocol.IMAP)


def test_no_address(customer: Accounts) -> None:
    """A code is for one mailbox."""
    with pytest.raises(Inexpressible, match="for one mailbox"):
        thunderbird_qr.document(customer("sample.co.jp", None), Protocol.IMAP)


def test_no_server(customer: Accounts) -> None:
    """There is no code for a way of receiving that a plan does not have."""
    with pytest.raises(Inexpressible, match="managesieve"):
        thunderbird_qr.document(customer("sample.co.jp"), Protocol.MANAGESIEVE)


def test_form(customer: Accounts) -> None:
    """The bytes of one code, as the specification has its examples."""
    assert thunderbird_qr.document(customer("old-shop.example"), Protocol.POP3, "Taro é") == (
        b'[1,[1,1],[1,"old-shop.example",110,0,2,"taro.old-shop.example"],'
        b'[[[0,"old-shop.example",587,2,2,"taro.old-shop.example"],["taro@old-shop.example","Taro \\u00e9"]]]]'
    )
