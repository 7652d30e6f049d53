from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.deploy.authority import Authority
from tests.deploy.programs import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.deploy.site import Site


pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

ELSEWHERE = "127.0.0.9"
"""Where nobody of ours listens."""


@pytest.fixture(scope="module")
def certified(
    opened: Callable[..., Site], each_caddy: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Authority]]:
    """A site whose certificates come from an ACME authority of its own."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    site = opened(each_caddy, authority.options)
    site.trusted = authority.folder / "issuing.pem"
    authority.start(site)
    site.start_server()
    site.start_caddy()
    yield site, authority
    site.stop()
    authority.stop()


@pytest.mark.parametrize("name", ["autoconfig.sample.co.jp", "autodiscover.sample.co.jp"])
def test_served_name(certified: tuple[Site, Authority], name: str) -> None:
    """A served name gets a certificate from the authority at its first request, and then its document."""
    site, _ = certified
    answer = site.served(name)

    assert (answer.status, answer.names) == (200, [name])
    assert "<hostname>sample.co.jp</hostname>" in answer.text
    assert name in site.certificates()


def test_unknown_name(certified: tuple[Site, Authority]) -> None:
    """An unknown name is refused without the authority being asked."""
    site, authority = certified
    name = "autoconfig.nobody.example"
    with pytest.raises(ssl.SSLError, match="internal error"):
        site.secured(name)

    assert name not in authority.said()


def test_wrong_dns_delays_nobody(certified: tuple[Site, Authority]) -> None:
    """While the authority cannot find us under a name whose record leads elsewhere, other names get certificates."""
    site, authority = certified
    wrong, right = (
        "autoconfig.second-brand.example",
        ["autoconfig.old-shop.example", "autoconfig.hanako-flowers.example"],
    )
    authority.lead(wrong, ELSEWHERE)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(site.secured, wrong) for _ in range(4)]
        until("the authority's attempt", lambda: wrong in authority.said())
        try:
            answers = list(pool.map(site.served, right))
        finally:
            site.caddy.stop()

    assert [(answer.status, answer.names) for answer in answers] == [(200, [name]) for name in right]
    assert all(isinstance(waited.exception(), OSError) for waited in waiting)
    assert wrong not in site.certificates()
