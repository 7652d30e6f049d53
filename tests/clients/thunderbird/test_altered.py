from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.thunderbird.provider import NORMAL, PLAIN, PROVIDER, web_names

if TYPE_CHECKING:
    from tests.clients.thunderbird.front import Front
    from tests.clients.thunderbird.router import Router
    from tests.clients.thunderbird.thunderbird import Thunderbird

pytestmark = pytest.mark.timeout(600)  # the first test may have to install Thunderbird


@pytest.mark.parametrize("way", ["isp", "discovery"])
@pytest.mark.parametrize(
    ("domain", "index", "value"),
    [
        pytest.param("recommended.example", 0, {"port": 1993}, id="a port"),
        pytest.param("hanako-flowers.example", 2, {"tls": PLAIN}, id="a TLS mode"),
        pytest.param("yamada-law.example", 1, {"login": NORMAL}, id="a login method"),
    ],
)
def test_altered(
    thunderbird: Thunderbird,
    router: Router,
    altered: Front,
    domain: str,
    index: int,
    value: dict[str, Any],
    way: str,
) -> None:
    """One value that is wrong in a plan is wrong in Thunderbird, and nothing else: these tests see what is served."""
    with router.opened(altered.at(*web_names(domain))):
        found = thunderbird.detect(way, f"info@{domain}")
    expected = list(PROVIDER[domain])

    assert found.servers != expected
    expected[index] = expected[index]._replace(**value)
    assert found.servers == expected, found
