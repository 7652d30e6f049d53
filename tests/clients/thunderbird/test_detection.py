from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.thunderbird.provider import NORMAL, PROVIDER, web_names

if TYPE_CHECKING:
    from tests.clients.thunderbird.detection import Server
    from tests.clients.thunderbird.front import Front
    from tests.clients.thunderbird.router import Router
    from tests.clients.thunderbird.thunderbird import Thunderbird

pytestmark = [
    pytest.mark.timeout(600),  # the first test may have to install Thunderbird
    pytest.mark.parametrize(("domain", "expected"), PROVIDER.items(), ids=PROVIDER),
]


@pytest.mark.parametrize("name", ["autoconfig.{}", "{}"], ids=["autoconfig", "well-known"])
def test_isp(
    thunderbird: Thunderbird, router: Router, demo: Front, domain: str, expected: tuple[Server, ...], name: str
) -> None:
    """Asked by HTTPS under either name of the customer's, we tell Thunderbird what the provider tells people."""
    with router.opened(demo.at(name.format(domain))):
        found = thunderbird.detect("isp", f"info@{domain}")

    assert found.servers == list(expected), found
    assert found.source == "xml-from-isp-https"


@pytest.mark.parametrize(("name", "url"), [("autodiscover.{}", "url1"), ("{}", "url2")], ids=["autodiscover", "domain"])
def test_exchange(
    thunderbird: Thunderbird,
    router: Router,
    demo: Front,
    domain: str,
    expected: tuple[Server, ...],
    name: str,
    url: str,
) -> None:
    """By Autodiscover it is the same, except for the login method, which that document cannot say."""
    with router.opened(demo.at(name.format(domain))):
        found = thunderbird.detect("exchange", f"info@{domain}")

    assert found.servers == [server._replace(login=NORMAL) for server in expected], found
    assert found.source == f"exchange-from-{url}"


def test_discovery(
    thunderbird: Thunderbird, router: Router, demo: Front, domain: str, expected: tuple[Server, ...]
) -> None:
    """What "Continue" does, all ways at once, ends with the provider's values too."""
    with router.opened(demo.at(*web_names(domain))):
        found = thunderbird.detect("discovery", f"info@{domain}")

    assert found.servers == list(expected), found
    assert found.source == "xml-from-isp-https"
