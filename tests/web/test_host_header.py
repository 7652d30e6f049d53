from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mail.domain import Domain
from autoconfig.web.host_header import LABELS, NOTHING, AskedHost, asked_host, split_host


def asked(*hosts: bytes) -> AskedHost:
    """What these Host headers say."""
    return asked_host({"headers": [(b"host", host) for host in hosts]})


@pytest.mark.parametrize(
    ("host", "label", "domain"),
    [
        ("autoconfig.sample.co.jp", "autoconfig", "sample.co.jp"),
        ("autodiscover.sample.co.jp", "autodiscover", "sample.co.jp"),
        ("ua-auto-config.sample.co.jp", "ua-auto-config", "sample.co.jp"),
        ("sample.co.jp", "", "sample.co.jp"),
        ("sample.co.jp:8443", "", "sample.co.jp"),
        ("sample.co.jp:", "", "sample.co.jp"),
        ("AutoConfig.SAMPLE.co.JP", "autoconfig", "sample.co.jp"),
        ("autoconfig.sample.co.jp.", "autoconfig", "sample.co.jp"),
        ("autoconfig.sample.co.jp.:443", "autoconfig", "sample.co.jp"),
        ("autoconfig.日本語.example", "autoconfig", "xn--wgv71a119e.example"),
        ("autoconfig.xn--wgv71a119e.example", "autoconfig", "xn--wgv71a119e.example"),
        ("ａｕｔｏｃｏｎｆｉｇ．日本語．ｅｘａｍｐｌｅ", "autoconfig", "xn--wgv71a119e.example"),
        ("autoconfig.autoconfig.example", "autoconfig", "autoconfig.example"),
        ("autoconfig", "", "autoconfig"),
        ("autoconfig.", "", "autoconfig"),
        ("xautoconfig.sample.co.jp", "", "xautoconfig.sample.co.jp"),
        ("autoconfig-sample.co.jp", "", "autoconfig-sample.co.jp"),
        ("www.autoconfig.sample.co.jp", "", "www.autoconfig.sample.co.jp"),
        ("with_underscore.example", "", "with_underscore.example"),
        ("4.example2", "", "4.example2"),
        (f"autoconfig.{'a' * 63}.{'b' * 63}.{'c' * 63}.example:65535", "autoconfig", None),
    ],
)
def test_names(host: str, label: str, domain: str | None) -> None:
    """Without port, case and one trailing dot, a name of ours stands before the domain that is meant."""
    expected = domain or host.partition(".")[2].partition(":")[0]

    assert asked(host.encode())[:2] == (label, Domain(expected))


@pytest.mark.parametrize(
    ("host", "exact"),
    [
        ("autoconfig.sample.co.jp", True),
        ("AutoConfig.SAMPLE.co.JP:443", True),
        ("autoconfig.xn--wgv71a119e.example", True),
        ("autoconfig.sample.co.jp.", False),
        ("autoconfig.日本語.example", False),
        ("autoconfig.\u212aoto.example", False),
        ("autoconfig。sample.co.jp", False),
    ],
)
def test_exact(host: str, exact: bool) -> None:
    """A Host is exact if it is the ASCII name itself, in any letter case; a cache would keep others as other names."""
    assert asked(host.encode()).exact is exact


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b".",
        b":443",
        b"..",
        b"autoconfig..sample.co.jp",
        b"autoconfig.sample.co.jp..",
        b"autoconfig.sample.co.jp:https",
        b"autoconfig.sample.co.jp:443:443",
        b"autoconfig.sample.co.jp:-1",
        b"autoconfig.sample.co.jp/",
        b"user@autoconfig.sample.co.jp",
        b"autoconfig.sample.co.jp, autoconfig.victim.example",
        b"autoconfig.sample.co.jp\x00",
        b"autoconfig.sample.co.jp\r\nX: y",
        b" autoconfig.sample.co.jp",
        b"[::1]",
        b"[::1]:8080",
        b"::1",
        b"192.0.2.1",
        b"192.0.2.1:8080",
        b"192.0.2.1.",
        b"<script>",
        b"\xff\xfe",
        "autoconfig.日 本.example".encode(),
        b"a" * 64 + b".example",
        b"a." * 126 + b"example",
        b"a" * 100_000,
    ],
)
def test_garbage(host: bytes) -> None:
    """A Host that holds no name says nothing, and neither does an address of a machine."""
    assert asked(host) == NOTHING


def test_none() -> None:
    """A request without Host says nothing."""
    assert asked() == NOTHING


def test_two() -> None:
    """Two different Hosts say nothing; the same one twice says what it says."""
    assert asked(b"autoconfig.sample.co.jp", b"autoconfig.victim.example") == NOTHING
    assert asked(b"sample.co.jp", b"sample.co.jp") == AskedHost("", Domain("sample.co.jp"))


@given(st.binary(max_size=320))
def test_any_octets(host: bytes) -> None:
    """Whatever octets a Host has, the answer is a name or nothing."""
    found = asked(host)

    assert found.domain is None or Domain.parse(found.domain.name) == found.domain


@given(st.sampled_from(sorted(LABELS)), st.from_regex(r"[a-z0-9_-]{1,10}(\.[a-z]{1,10}){0,3}", fullmatch=True))
def test_behind_a_label(label: str, domain: str) -> None:
    """Behind each label of ours stands the domain, whole."""
    assert split_host(Domain(f"{label}.{domain}")) == AskedHost(label, Domain(domain))
