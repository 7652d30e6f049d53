from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.settings import Settings
from autoconfig.web.rate_limit import KEPT, Limiter, retry_after

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

STRANGER = "203.0.113.9"


def limiter(rate: float = 1.0, burst: int = 3, **settings: object) -> Limiter:
    """A limiter with the default networks."""
    return Limiter(Settings.model_validate({"rate_limit": rate, "rate_burst": burst, **settings}))


def scope(client: str | None = STRANGER, *forwarded: bytes) -> Scope:
    """A request of this client, perhaps with what a proxy says of who is behind it."""
    headers = [(b"host", b"sample.co.jp"), *((b"x-forwarded-for", value) for value in forwarded)]
    return {"client": None if client is None else (client, 40000), "headers": headers}


def wait(limits: Limiter, asked: Scope, now: float = 1000.0) -> float:
    """How long this request has to wait."""
    return limits.wait_of(asked, now)


def test_burst_then_rate() -> None:
    """A client may send a burst at once, and then at the rate; what is turned away counts for nothing."""
    limits = limiter(rate=2.0, burst=3)
    at_once = [wait(limits, scope()) > 0 for _ in range(5)]
    later = [wait(limits, scope(), 1000.0 + seconds) > 0 for seconds in (0.5, 0.6, 1.0, 1.1, 61.0, 61.0, 61.0, 61.0)]

    assert at_once == [False, False, False, True, True]
    assert later == [False, True, False, True, False, False, False, True]


def test_wait() -> None:
    """The seconds that are named suffice, and are no more than it takes."""
    limits = limiter(rate=0.1, burst=1)
    wait(limits, scope())
    seconds = wait(limits, scope())

    assert 0 < seconds <= 10
    assert wait(limits, scope(), 1000.0 + seconds) == 0


@pytest.mark.parametrize(("seconds", "value"), [(0.001, b"1"), (1.0, b"1"), (1.2, b"2"), (600.0, b"600")])
def test_retry_after(seconds: float, value: bytes) -> None:
    """Retry-After is in whole seconds, and never none."""
    assert value == retry_after(seconds)


def test_no_limit() -> None:
    """With a rate of 0 nobody is turned away."""
    limits = limiter(rate=0, burst=1)

    assert [wait(limits, scope()) for _ in range(50)] == [0] * 50


PROXY = "127.0.0.1"


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        pytest.param(scope("203.0.113.9"), scope("203.0.113.9"), True, id="one address"),
        pytest.param(scope("203.0.113.9"), scope("203.0.113.10"), False, id="neighbours"),
        pytest.param(scope("2001:db8::1"), scope("2001:db8::ffff:1"), True, id="one /64"),
        pytest.param(scope("2001:db8::1"), scope("2001:db8:0:1::1"), False, id="two /64"),
        pytest.param(scope("::ffff:203.0.113.9"), scope("203.0.113.9"), True, id="IPv4 in IPv6"),
        pytest.param(scope("64:ff9b::cb00:7109"), scope("64:ff9b::cb00:710a"), False, id="neighbours behind NAT64"),
        pytest.param(scope("64:ff9b::203.0.113.9"), scope("203.0.113.9"), True, id="behind NAT64 and not"),
        pytest.param(scope("64:ff9b:0:1::1"), scope("64:ff9b:0:1::2"), True, id="no NAT64"),
        pytest.param(scope("0.0.0.5"), scope("0:0:0:5::1"), False, id="equal numbers"),
        pytest.param(scope("203.0.113.9"), scope("203.0.113.9", b"192.0.2.1"), True, id="a liar"),
        pytest.param(scope(PROXY, b"203.0.113.9"), scope(None, b"203.0.113.9"), True, id="behind proxy and socket"),
        pytest.param(scope(PROXY, b"203.0.113.9"), scope("203.0.113.9"), True, id="behind a proxy and not"),
        pytest.param(scope(PROXY, b"203.0.113.9"), scope(PROXY, b"192.0.2.1"), False, id="two behind a proxy"),
        pytest.param(scope(PROXY, b"203.0.113.9"), scope(PROXY, b"x, 203.0.113.9"), True, id="one who makes one up"),
        pytest.param(scope(PROXY, b"203.0.113.9"), scope(PROXY, b"192.0.2.1", b"203.0.113.9"), True, id="two headers"),
        pytest.param(
            scope(PROXY, b"203.0.113.9"),
            scope(PROXY, b"203.0.113.9", b"127.0.0.1"),
            True,
            id="two proxies",
        ),
        pytest.param(scope(PROXY, b"203.0.113.9"), scope(PROXY, b"x," * 200 + b"203.0.113.9"), True, id="a long one"),
        pytest.param(scope(PROXY, b"garbage"), scope(PROXY, b"rubbish"), True, id="nobody knows who"),
    ],
)
def test_who_shares(first: Scope, second: Scope, shared: bool) -> None:
    """A bucket is an IPv4 address's or an IPv6 /64's, of the client behind trusted proxies."""
    limits = limiter(burst=1)

    assert wait(limits, first) == 0
    assert (wait(limits, second) > 0) is shared
    assert (wait(limits, second) > 0) is True


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(scope(PROXY), id="a proxy that does not say for whom"),
        pytest.param(scope(None), id="the Unix socket"),
        pytest.param(scope("192.0.2.7"), id="a trusted proxy elsewhere"),
        pytest.param(scope("127.8.8.8"), id="an internal network"),
        pytest.param(scope("192.0.2.7", b"127.8.8.8"), id="an internal network behind a proxy"),
        pytest.param(scope("::ffff:127.0.0.1"), id="IPv4 in IPv6"),
        pytest.param({"headers": []}, id="no client at all"),
    ],
)
def test_never_limited(asked: dict[str, Any]) -> None:
    """Who speaks for everybody, or is the operator's own, is never turned away."""
    limits = limiter(burst=1, trusted_proxies=["127.0.0.1/32", "192.0.2.0/24"])

    assert [wait(limits, asked) for _ in range(50)] == [0] * 50


def test_memory() -> None:
    """However many addresses there are, no more than a fixed number are remembered, and those are the latest."""
    limits = limiter(burst=1)
    for number in range(KEPT + 100):
        wait(limits, scope(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))

    assert limits._bucket_of.cache_info().currsize == KEPT
    assert limits._of_network.cache_info().currsize == KEPT
    assert wait(limits, scope(f"10.0.{KEPT + 99 >> 8 & 255}.{KEPT + 99 & 255}")) > 0
    assert wait(limits, scope("10.0.0.1")) == 0


@pytest.mark.parametrize(
    ("asked", "remembered"),
    [
        pytest.param(scope(PROXY, b"x" * 188 + b", 192.0.2.1"), 1, id="199 octets"),
        pytest.param(scope(PROXY, b"x" * 189 + b", 192.0.2.1"), 1, id="200 octets"),
        pytest.param(scope(PROXY, b"x" * 190 + b", 192.0.2.1"), 0, id="201 octets"),
        pytest.param(scope(PROXY, b"x" * 60_000), 0, id="60,000 octets"),
        pytest.param(scope(PROXY, b"192.0.2.1", b"192.0.2.2"), 1, id="two headers"),
        pytest.param(scope(PROXY, *[b"192.0.2.1"] * 21), 0, id="two hundred octets in many headers"),
    ],
)
def test_what_a_client_writes_is_not_kept(asked: Scope, remembered: int) -> None:
    """What is longer than any real header is read and not remembered."""
    limits = limiter()
    wait(limits, asked)

    assert limits._bucket_of.cache_info().currsize == remembered


@given(st.one_of(st.none(), st.text(max_size=50)), st.lists(st.binary(max_size=300), max_size=2))
def test_any_client(client: str | None, forwarded: list[bytes]) -> None:
    """Nothing that stands for a client or in the header makes it fail."""
    assert wait(limiter(), scope(client, *forwarded)) == 0
