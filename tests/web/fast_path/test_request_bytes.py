"""What is read in the octets of a request is what the parser and the endpoint would read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.formats.microsoft_request import Schema
from autoconfig.mail.address import EmailAddress
from autoconfig.web.fast_path.request_bytes import CommonRequest, common_request
from autoconfig.web.host_header import asked_host
from autoconfig.web.query import address_of

PATH = b"/mail/config-v1.1.xml"
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
LOCAL = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
ODD = st.sampled_from(["", "%", "%40", "@", "+", "&", "=", "_", "A", "é", ".", ":8080", "%2e", "x=1&", "\n", "-"])
HOSTS = st.sampled_from(["", "autoconfig.", "autodiscover.", "ua-auto-config.", "www."])
BODY = (
    b'<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/'
    b'requestschema/2006"><Request><EMailAddress>taro@d.example</EMailAddress><AcceptableResponseSchema>http://schemas.'
    b"microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request>"
    b"</Autodiscover>"
)


def get(query: bytes, host: bytes | None, *lines: bytes) -> bytes:
    """A request for Mozilla's document."""
    target = PATH + (b"?" + query if query else b"")
    hosts = [] if host is None else [b"Host: " + host]
    return b"\r\n".join([b"GET %b HTTP/1.1" % target, *hosts, *lines, b"", b""])


@given(local=LOCAL, name=NAME, at=st.sampled_from(["@", "%40"]), label=st.sampled_from(["", "autoconfig."]))
def test_common_form_is_read(local: str, name: str, at: str, label: str) -> None:
    """An address under its own domain's name is read, unless the name could be an IPv4 address."""
    read = common_request(get(f"emailaddress={local}{at}{name}".encode(), f"{label}{name}".encode()))
    expected = CommonRequest(f"GET {PATH.decode()}", True, local.encode(), name.encode(), None, None)

    assert (None if name[-1].isdigit() else expected) == read


@given(name=NAME, label=st.sampled_from(["", "autoconfig."]))
def test_host_alone_is_read(name: str, label: str) -> None:
    """Without a query the Host's domain is read, unless it could be an IPv4 address."""
    read = common_request(get(b"", f"{label}{name}".encode()))
    expected = CommonRequest(f"GET {PATH.decode()}", False, b"", name.encode(), None, None)

    assert (None if name[-1].isdigit() else expected) == read


@given(
    query=st.one_of(
        st.just(b""),
        st.binary(max_size=80),
        st.tuples(ODD, LOCAL, ODD, st.sampled_from(["@", "%40"]), NAME, ODD).map(
            lambda parts: "".join(["emailaddress=", *parts]).encode()
        ),
    ),
    host=st.one_of(
        st.none(), st.binary(max_size=40), st.tuples(HOSTS, ODD, NAME, ODD).map(lambda p: "".join(p).encode())
    ),
    same=st.booleans(),
)
def test_what_is_read_is_read_alike(query: bytes, host: bytes | None, same: bool) -> None:
    """Whatever is read here, the full readers read with the same result."""
    asked = query.rpartition(b"@")[2] if same and query else host
    read = common_request(get(query, asked))

    if read is not None:
        local, name = read.local.decode(), read.domain.decode()
        address = address_of(query, b"emailaddress")
        domain = asked_host({"headers": [] if asked is None else [(b"host", asked.strip(b" "))]}).domain
        assert (EmailAddress.parse(f"{local}@{name}") if local else None) == address
        assert domain is not None
        assert name == domain.name


@pytest.mark.parametrize(
    ("query", "host"),
    [
        pytest.param(b"emailaddress=a@d.example", b"autoconfig.e.example", id="another domain's name"),
        pytest.param(b"emailaddress=a@d.example", b"autodiscover.d.example", id="another first label"),
        pytest.param(b"emailaddress=a@d.example", b"d.example:8080", id="a port"),
        pytest.param(b"emailaddress=a@d.example", b"D.example", id="upper case"),
        pytest.param(b"emailaddress=a@d.example", None, id="no host"),
        pytest.param(b"emailaddress=a@d_e.example", b"d_e.example", id="no host name"),
        pytest.param(b"emailaddress=a@-d.example", b"-d.example", id="a hyphen before a label"),
        pytest.param(b"emailaddress=a@d-.example", b"d-.example", id="a hyphen behind a label"),
        pytest.param(b"emailaddress=a@" + b"d" * 64 + b".example", b"d" * 64 + b".example", id="a long label"),
        pytest.param(b"emailaddress=a%2Bb@d.example", b"d.example", id="more to decode"),
        pytest.param(b"emailaddress=EVOLUTIONUSER@d.example", b"d.example", id="anybody"),
        pytest.param(b"emailaddress=a@d.example&x=1", b"d.example", id="more params"),
        pytest.param(b"emailaddress=a@10.0.0.1", b"10.0.0.1", id="IPv4"),
        pytest.param(b"emailaddress=a@autodiscover.d.example", b"autodiscover.d.example", id="a service's name"),
        pytest.param(b"emailaddress=a@autoconfig.d.example", b"autoconfig.autoconfig.d.example", id="twice"),
        pytest.param(b"emailaddress=a@" + b"d." * 126 + b"e", b"d." * 126 + b"e", id="254 octets and one"),
        pytest.param(b"emailaddress=" + b"a" * 65 + b"@d.example", b"d.example", id="65 octets before the @"),
        pytest.param(b"", None, id="nothing at all"),
        pytest.param(b"", b"", id="an empty host"),
        pytest.param(b"", b"autodiscover.d.example", id="no query, another first label"),
        pytest.param(b"", b"autoconfig.autoconfig.d.example", id="no query, twice"),
        pytest.param(b"", b"192.0.2.1", id="no query, IPv4"),
        pytest.param(b"", b"d." * 127 + b"e", id="no query, 255 octets"),
        pytest.param(b"", b"autoconfig." + b"d." * 122 + b"e", id="no query, a Host of 256 octets"),
        pytest.param(
            b"emailaddress=a@" + b"d." * 122 + b"e", b"autoconfig." + b"d." * 122 + b"e", id="a Host of 256 octets"
        ),
    ],
)
def test_rest_is_left(query: bytes, host: bytes | None) -> None:
    """Any other form is left to the endpoint, in whatever order the headers are."""
    assert common_request(get(query, host)) is None
    assert common_request(get(query, host, b"X-Forwarded-Proto: https", b"X-Forwarded-For: 192.0.2.1")) is None


@pytest.mark.parametrize(("octets", "read"), [(254, True), (255, False)])
def test_longest_address(octets: int, read: bool) -> None:
    """An address is read up to the octets that one may have (RFC 3696 erratum 1690)."""
    local = "a" * 64
    name = f"{'.'.join(['d' * 59] * 3)}.".ljust(octets - len(local) - 1, "e")

    assert read is (common_request(get(f"emailaddress={local}@{name}".encode(), name.encode())) is not None)


LINES = [
    b"Host: autodiscover.d.example",
    b"Content-Length: %d" % len(BODY),
    b"X-Forwarded-For: 192.0.2.1",
    b"X-Forwarded-Proto: https",
    b"User-Agent: Microsoft Office/16.0",
]


@pytest.mark.parametrize("lines", list(itertools.permutations(LINES)))
def test_any_order(lines: tuple[bytes, ...]) -> None:
    """The order of the headers changes nothing."""
    octets = b"\r\n".join([b"POST /Autodiscover/Autodiscover.xml HTTP/1.1", *lines, b"", BODY])

    assert common_request(octets) == CommonRequest(
        "POST /Autodiscover/Autodiscover.xml", Schema.MOBILESYNC, b"taro", b"d.example", b"192.0.2.1", b"https"
    )


def test_forwarded() -> None:
    """The headers that proxies set are there as in a scope, those that are missing are not."""
    found = common_request(get(b"", b"d.example", b"X-Forwarded-For: 192.0.2.1, ::1"))

    assert found is not None
    assert found.forwarded == [(b"x-forwarded-for", b"192.0.2.1, ::1")]
