from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.dns.names import SPECIAL_USE, is_public
from autoconfig.mail.domain import Domain

PUBLIC = [
    "sample.co.jp",
    "xn--wgv71a119e.co.jp",
    "a_b.co.jp",
    "example.jp",
    "example.co.jp",
    "test.jp",
    "localhost.jp",
    "onion.net",
    "notexample.com",
    "1.2.3.jp",
    "4.3.2.1e",
]
PRIVATE = [
    "localhost",
    "jp",
    "mail",
    "192.0.2.1",
    "0.1",
    "shop.example",
    "example.com",
    "www.example.net",
    "example.org",
    "a.test",
    "a.b.invalid",
    "app.localhost",
    "printer.local",
    "router.home.arpa",
    "1.2.0.192.in-addr.arpa",
    "abc.onion",
    "mail.internal",
    "name.alt",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_public(name: str) -> None:
    """A name that somebody can have registered may be asked for."""
    assert is_public(Domain(name))


@pytest.mark.parametrize("name", PRIVATE)
def test_private(name: str) -> None:
    """Single labels, IPv4 addresses and names of special use never are."""
    assert not is_public(Domain(name))


@given(
    st.sampled_from(sorted(SPECIAL_USE)), st.from_regex(r"[a-z0-9_-]{1,20}(\.[a-z0-9_-]{1,20}){0,3}", fullmatch=True)
)
def test_below(special: str, name: str) -> None:
    """What is below a name of special use is one too, in any letter case that was typed."""
    assert not is_public(Domain.parse(f"{name}.{special}".upper()))
