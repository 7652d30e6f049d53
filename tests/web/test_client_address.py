from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.settings import Settings
from autoconfig.web.client_address import Peer, is_internal, peer_of, within

STRANGER, PROXY = "203.0.113.9", "127.0.0.1"
DEFAULTS = Settings()
TRUSTED = (*DEFAULTS.trusted_proxies, ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48"))
UNKNOWN = "0.0.0.0"


def peer(client: str | None, *headers: tuple[str, str], scheme: str = "http") -> Peer:
    """Who asks, by the connection and these headers, among others that say nothing of it."""
    others = [("host", "198.51.100.1"), ("x-real-ip", "198.51.100.2"), ("x-forwarded-host", "198.51.100.3")]
    return peer_of(
        {
            "client": (client, 40000) if client is not None else None,
            "scheme": scheme,
            "headers": [
                (name.encode(), value.encode("latin-1")) for name, value in (*others[:1], *headers, *others[1:])
            ],
        },
        TRUSTED,
    )


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        pytest.param(STRANGER, [], STRANGER, id="a stranger"),
        pytest.param(STRANGER, ["127.0.0.1"], STRANGER, id="a stranger who lies"),
        pytest.param(PROXY, [], PROXY, id="a proxy for itself"),
        pytest.param("::1", [STRANGER], STRANGER, id="by IPv6"),
        pytest.param("::ffff:127.0.0.1", [STRANGER], STRANGER, id="a proxy as IPv4 in IPv6"),
        pytest.param(PROXY, [STRANGER], STRANGER, id="one hop"),
        pytest.param(PROXY, ["127.0.0.1, 203.0.113.9"], STRANGER, id="a lie before the hop"),
        pytest.param(PROXY, ["203.0.113.9,10.1.2.3,10.4.5.6"], STRANGER, id="two proxies"),
        pytest.param(PROXY, ["203.0.113.9", "10.1.2.3"], STRANGER, id="two headers"),
        pytest.param(PROXY, ["10.1.2.3, 10.4.5.6"], "10.1.2.3", id="proxies only"),
        pytest.param(PROXY, ["203.0.113.9:51234"], STRANGER, id="with a port"),
        pytest.param(PROXY, ["2001:db8::9"], "2001:db8::9", id="IPv6"),
        pytest.param(PROXY, ["[2001:db8::9]"], "2001:db8::9", id="IPv6 in brackets"),
        pytest.param(PROXY, ["[2001:db8::9]:443"], "2001:db8::9", id="IPv6 with a port"),
        pytest.param(PROXY, ["fe80::1%eth0"], "fe80::1", id="IPv6 with a zone"),
        pytest.param(PROXY, ["unknown"], UNKNOWN, id="unknown"),
        pytest.param(PROXY, [""], UNKNOWN, id="empty"),
        pytest.param(PROXY, ["203.0.113.9,"], UNKNOWN, id="an empty hop"),
        pytest.param(PROXY, ["127.0.0.1, _hidden"], UNKNOWN, id="a hidden hop after a lie"),
        pytest.param(PROXY, ["\xff"], UNKNOWN, id="no text"),
        pytest.param(None, [], None, id="a Unix socket"),
        pytest.param("", [], None, id="a Unix socket, nameless"),
        pytest.param(None, [STRANGER], STRANGER, id="a stranger behind a Unix socket"),
        pytest.param(None, ["203.0.113.9, 10.1.2.3"], STRANGER, id="a stranger behind a Unix socket and a proxy"),
        pytest.param("not an address", [], None, id="a test client"),
    ],
)
def test_address(client: str | None, forwarded: list[str], address: str | None) -> None:
    """X-Forwarded-For counts only from a proxy, from the right, up to the first that is none."""
    found = peer(client, *(("x-forwarded-for", value) for value in forwarded)).address

    assert (str(found) if found else None) == address


@pytest.mark.parametrize(
    ("client", "scheme", "forwarded", "expected"),
    [
        pytest.param(STRANGER, "http", [], "http", id="a stranger"),
        pytest.param(STRANGER, "http", ["https"], "http", id="a stranger who lies"),
        pytest.param(STRANGER, "https", ["http"], "https", id="a stranger by TLS"),
        pytest.param(PROXY, "http", ["https"], "https", id="TLS ends at the proxy"),
        pytest.param(PROXY, "https", ["http"], "http", id="TLS begins at the proxy"),
        pytest.param(PROXY, "http", ["HTTPS"], "https", id="upper case"),
        pytest.param(PROXY, "http", ["http, https"], "https", id="two hops: the nearest counts"),
        pytest.param(PROXY, "http", ["http", "https"], "https", id="two headers"),
        pytest.param(PROXY, "http", ["gopher"], "http", id="no scheme of ours"),
        pytest.param(PROXY, "http", [""], "http", id="empty"),
        pytest.param(PROXY, "http", [], "http", id="the proxy says nothing"),
        pytest.param(None, "http", ["https"], "https", id="a Unix socket"),
    ],
)
def test_scheme(client: str | None, scheme: str, forwarded: list[str], expected: str) -> None:
    """X-Forwarded-Proto counts only from a proxy."""
    headers = (("x-forwarded-proto", value) for value in forwarded)

    assert peer(client, *headers, scheme=scheme).scheme == expected


@pytest.mark.parametrize(
    ("addresses", "schemes", "expected"),
    [
        ("203.0.113.9, 10.1.2.3", "https, http", "https"),
        ("203.0.113.9, 10.1.2.3", "http, https", "http"),
        ("203.0.113.9", "https", "https"),
        ("8.8.8.8, 203.0.113.9, 10.1.2.3", "http, https, http", "https"),
        ("8.8.8.8, 203.0.113.9", "https, http", "http"),
        ("10.1.2.4, 10.1.2.3", "https, http", "https"),
        ("203.0.113.9, 10.1.2.3", "HTTPS , http", "https"),
        ("203.0.113.9, 10.1.2.3", "gopher, http", "http"),
        ("203.0.113.9, 10.1.2.3", "http", "http"),
        ("203.0.113.9", "https, http", "http"),
        ("203.0.113.9, 10.1.2.3", ", http", "http"),
    ],
    ids=[
        "TLS ends outside",
        "TLS inside only",
        "one proxy",
        "a lie in front",
        "a lie, one proxy",
        "from a proxy",
        "spelling",
        "no scheme of ours",
        "one scheme of two",
        "one address of two",
        "an empty scheme",
    ],
)
def test_pairs(addresses: str, schemes: str, expected: str) -> None:
    """The scheme is what the outermost trusted proxy saw; lists of different lengths leave the last one."""
    headers = (("x-forwarded-for", addresses), ("x-forwarded-proto", schemes))

    assert peer(PROXY, *headers, scheme="http").scheme == expected


def test_no_scheme() -> None:
    """ASGI lets a server leave the scheme out; it is http then."""
    assert peer_of({"headers": []}, TRUSTED) == Peer(None, "http")


@pytest.mark.parametrize(
    ("address", "internal"),
    [
        (None, True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        (STRANGER, False),
        ("2001:db8::9", False),
        (UNKNOWN, False),
        ("10.0.0.1", False),
    ],
)
def test_internal(address: str | None, internal: bool) -> None:
    """The machine itself is internal, as is who may open the Unix socket; nobody else is, unless a setting says so."""
    who = Peer(ipaddress.ip_address(address) if address else None, "http")

    assert is_internal(who, DEFAULTS.internal_networks) is internal


def test_no_networks() -> None:
    """In no network is nobody."""
    assert not within(ipaddress.ip_address(PROXY), ())


@given(st.sampled_from([STRANGER, PROXY, None]), st.lists(st.text(st.characters(max_codepoint=255))))
def test_any_text(client: str | None, values: list[str]) -> None:
    """Whatever a header says, somebody asks by http or https, and a stranger is never internal."""
    found = peer(client, *(("x-forwarded-for", value) for value in values), *(("x-forwarded-proto", v) for v in values))

    assert found.scheme in {"http", "https"}
    if client == STRANGER:
        assert not is_internal(found, DEFAULTS.internal_networks)
