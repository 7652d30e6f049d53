from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mail.address import EmailAddress
from autoconfig.web.hosts import asked_host
from autoconfig.web.query import address_of
from autoconfig.web.quick import own_address

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
LOCAL = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
ODD = st.sampled_from(["", "%", "%40", "@", "+", "&", "=", "_", "A", "é", ".", ":8080", "%2e", "x=1&", "\n"])


def scope(query: bytes, *hosts: bytes) -> Scope:
    """A request for Mozilla's document."""
    headers = [(b"user-agent", b"x"), *((b"host", host) for host in hosts)]
    return {"type": "http", "method": "GET", "query_string": query, "headers": headers}


@given(local=LOCAL, name=NAME, at=st.sampled_from(["@", "%40"]), label=st.sampled_from(["", "autoconfig."]))
def test_common_form_is_read(local: str, name: str, at: str, label: str) -> None:
    """An address under its own domain's name is read, unless the name could be an IPv4 address."""
    read = own_address(scope(f"emailaddress={local}{at}{name}".encode(), f"{label}{name}".encode()))

    assert (None if name[-1].isdigit() else EmailAddress.parse(f"{local}@{name}")) == read


@given(
    query=st.one_of(
        st.binary(max_size=80),
        st.tuples(ODD, LOCAL, ODD, st.sampled_from(["@", "%40"]), NAME, ODD).map(
            lambda parts: "".join(["emailaddress=", *parts]).encode()
        ),
    ),
    host=st.one_of(st.none(), st.binary(max_size=40), st.tuples(ODD, NAME, ODD).map(lambda p: "".join(p).encode())),
    same=st.booleans(),
)
def test_what_is_read_is_read_alike(query: bytes, host: bytes | None, same: bool) -> None:
    """Whatever the quick reader takes, the full readers take with the same result."""
    asked = scope(query, *([] if host is None else [query.rpartition(b"@")[2] if same else host]))
    read = own_address(asked)

    if read is not None:
        assert address_of(query, b"emailaddress") == read
        assert asked_host(asked).domain == read.domain


@pytest.mark.parametrize(
    ("query", "hosts"),
    [
        pytest.param(b"emailaddress=a@d.example", [b"autoconfig.e.example"], id="another domain's name"),
        pytest.param(b"emailaddress=a@d.example", [b"autodiscover.d.example"], id="another first label"),
        pytest.param(b"emailaddress=a@d.example", [b"d.example:8080"], id="a port"),
        pytest.param(b"emailaddress=a@d.example", [b"D.example"], id="upper case"),
        pytest.param(b"emailaddress=a@d.example", [b"d.example", b"e.example"], id="two hosts"),
        pytest.param(b"emailaddress=a@d.example", [], id="no host"),
        pytest.param(b"emailaddress=a@d_e.example", [b"d_e.example"], id="no host name"),
        pytest.param(b"emailaddress=a%2Bb@d.example", [b"d.example"], id="more to decode"),
        pytest.param(b"emailaddress=a@d.example&x=1", [b"d.example"], id="more params"),
        pytest.param(b"", [b"d.example"], id="no address"),
        pytest.param(b"emailaddress=a@10.0.0.1", [b"10.0.0.1"], id="IPv4"),
        pytest.param(b"emailaddress=a@autodiscover.d.example", [b"autodiscover.d.example"], id="a service's name"),
        pytest.param(b"emailaddress=a@autoconfig.d.example", [b"autoconfig.autoconfig.d.example"], id="twice"),
        pytest.param(b"emailaddress=a@" + b"d." * 126 + b"e", [b"d." * 126 + b"e"], id="254 octets and one"),
        pytest.param(b"emailaddress=" + b"a" * 65 + b"@d.example", [b"d.example"], id="65 octets before the @"),
    ],
)
def test_rest_is_left(query: bytes, hosts: list[bytes]) -> None:
    """Any other form is left to the endpoint."""
    assert own_address(scope(query, *hosts)) is None
