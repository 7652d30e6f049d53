from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.clients.thunderbird.conftest import MX_HOST, MX_NAMES
from tests.clients.thunderbird.detection import Server
from tests.clients.thunderbird.profile import DATABASE
from tests.clients.thunderbird.provider import NORMAL, PROVIDER, SSL, STARTTLS, web_names

if TYPE_CHECKING:
    from tests.clients.thunderbird.front import Front
    from tests.clients.thunderbird.router import Router
    from tests.clients.thunderbird.thunderbird import Thunderbird

pytestmark = pytest.mark.timeout(600)  # the first test may have to install Thunderbird


class Customer(NamedTuple):
    """A domain whose zone says nothing but where its mail goes."""

    domain: str
    expected: tuple[Server, ...]


UNMAPPED = (
    Server("imap", "cs312.xbit.jp", 993, SSL, NORMAL, "info@new-customer.example"),
    Server("pop3", "cs312.xbit.jp", 995, SSL, NORMAL, "info@new-customer.example"),
    Server("smtp", "cs312.xbit.jp", 587, STARTTLS, NORMAL, "info@new-customer.example"),
)
CUSTOMERS = pytest.mark.parametrize(
    "customer",
    [
        pytest.param(Customer("hanako-flowers.example", PROVIDER["hanako-flowers.example"]), id="mapped"),
        pytest.param(Customer("yamada-law.example", PROVIDER["yamada-law.example"]), id="mapped to another plan"),
        pytest.param(Customer("new-customer.example", UNMAPPED), id="unmapped"),
    ],
)


@CUSTOMERS
def test_mx(thunderbird: Thunderbird, router: Router, demo: Front, customer: Customer) -> None:
    """Two names of the provider's are asked about the customer, who has none, and his row counts if he has one."""
    with router.opened(demo.at(*MX_NAMES)):
        found = thunderbird.detect("mx", f"info@{customer.domain}", mx={customer.domain: [MX_HOST]})

    assert found.servers == list(customer.expected), found
    assert {urlsplit(request.url).hostname for request in found.requests} == {*MX_NAMES, DATABASE}


@CUSTOMERS
def test_discovery(thunderbird: Thunderbird, router: Router, demo: Front, customer: Customer) -> None:
    """All ways at once come to the same, after the customer's own names turned out not to exist."""
    with router.opened(demo.at(*MX_NAMES)):
        found = thunderbird.detect("discovery", f"info@{customer.domain}", mx={customer.domain: [MX_HOST]})

    assert found.servers == list(customer.expected), found
    assert {*web_names(customer.domain)} <= {place.host for place in router.refused}


def test_base_name(thunderbird: Thunderbird, router: Router, demo: Front) -> None:
    """A mapped customer is served by the provider's second name alone as well."""
    with router.opened(demo.at("autoconfig.xbit.jp")):
        found = thunderbird.detect("mx", "info@yamada-law.example", mx={"yamada-law.example": [MX_HOST]})

    assert found.servers == list(PROVIDER["yamada-law.example"]), found


def test_nobody(thunderbird: Thunderbird, router: Router, demo: Front) -> None:
    """Of a domain that is nobody's customer here Thunderbird learns nothing, whoever is asked."""
    with router.opened(demo.at("autoconfig.xbit.jp")):
        found = thunderbird.detect("discovery", "info@stranger.example", mx={"stranger.example": [MX_HOST]})

    assert found.servers == [], found
