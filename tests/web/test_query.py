from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.web.query import address_of, value_of


@pytest.mark.parametrize(
    ("query", "value"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"&&=&=x", None, id="separators only"),
        pytest.param(b"email", "", id="without a value"),
        pytest.param(b"email=", "", id="empty value"),
        pytest.param(b"email=a%40b.example", "a@b.example", id="percent-encoded"),
        pytest.param(b"email=%61%40%62%2eexample", "a@b.example", id="all percent-encoded"),
        pytest.param(b"email=a@b.example", "a@b.example", id="raw"),
        pytest.param(b"email=a+b@c.example", "a+b@c.example", id="a plus"),
        pytest.param(b"email=a%2Bb%40c.example", "a+b@c.example", id="an encoded plus"),
        pytest.param(b"email=a%20b", "a b", id="an encoded space"),
        pytest.param(b"email=%25%34%30", "%40", id="decoded once"),
        pytest.param(b"email=%2540", "%40", id="an encoded percent sign before 40"),
        pytest.param(b"email=%%40", "%@", id="a percent sign before an encoded @"),
        pytest.param(b"email=50%@b.example", "50%@b.example", id="a raw percent sign"),
        pytest.param(b"email=%ZZ", "%ZZ", id="no percent-encoding"),
        pytest.param(b"email=first&email=second", "first", id="the first of two"),
        pytest.param(b"emailaddress=first&email=second", "first", id="the first of both names"),
        pytest.param(b"email=&email=second", "", id="the first of two is empty"),
        pytest.param(b"emailmd5=x&email=y&z=w", "y", id="among others"),
        pytest.param(b"EMAIL=x", None, id="another case"),
        pytest.param(b"email=a=b", "a=b", id="an equals sign"),
        pytest.param("email=太郎".encode(), "太郎", id="raw UTF-8"),
        pytest.param(b"email=%E5%A4%AA%e9%83%8e", "太郎", id="encoded UTF-8"),
        pytest.param(b"email=%FF%40b.example", None, id="encoded and not UTF-8"),
        pytest.param(b"email=\xff@b.example", None, id="raw and not UTF-8"),
        pytest.param(b"email=%FF&email=second", None, id="the first of two is not UTF-8"),
        pytest.param(b"email=%ED%A0%80", None, id="a surrogate"),
    ],
)
def test_value(query: bytes, value: str | None) -> None:
    """The first value counts, decoded once, and a plus is a plus."""
    assert value_of(query, b"email", b"emailaddress") == value


@pytest.mark.parametrize(
    ("query", "address"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"x=a@b.example", None, id="missing"),
        pytest.param(b"email=a%40B.example", "a@b.example", id="an address"),
        pytest.param(b"email=50%@b.example", "50%@b.example", id="a raw percent sign"),
        pytest.param("email=a@ｂ．example".encode(), "a@b.example", id="a full-width domain"),
        pytest.param(b"email=a", None, id="no @"),
        pytest.param(b"email=@b.example", None, id="no local part"),
        pytest.param(b"email=a@", None, id="no domain"),
        pytest.param(b"email=a%0D%0A@b.example", None, id="control characters"),
        pytest.param(b"email=%FF%40b.example", None, id="not UTF-8"),
        pytest.param(b"email=a&email=b@c.example", None, id="the first of two cannot be read"),
        pytest.param(b"email=" + b"a" * 65 + b"@b.example", None, id="too long"),
    ],
)
def test_address(query: bytes, address: str | None) -> None:
    """An address that cannot be read counts as absent."""
    found = address_of(query, b"email")

    assert (str(found) if found else None) == address


@given(st.binary(max_size=200))
def test_any_octets(query: bytes) -> None:
    """Whatever octets a query has, nothing is raised."""
    value_of(query, b"", b"email")
    address_of(b"email=" + query, b"email")


@given(st.text(), st.sampled_from(["", "/@!$'()*,;:"]))
def test_round_trip(value: str, safe: str) -> None:
    """What a client percent-encodes arrives as it was."""
    encoded = quote_from_bytes(value.encode("utf-8", "replace"), safe)

    assert value_of(b"email=" + encoded.encode(), b"email") == value.encode("utf-8", "replace").decode()
