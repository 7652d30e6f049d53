"""What the quick reader takes, the full reader takes alike; and it takes what clients send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import RequestInvalid
from autoconfig.formats.microsoft_fast_request import LONGEST, fast_request
from autoconfig.formats.microsoft_request import AutodiscoverRequest, Schema, read_request
from tests.support.autodiscover_requests import BASE, READABLE, TEXT, UNREADABLE, bodies, request_text


def fully(body: bytes) -> AutodiscoverRequest | None:
    """What the full reader says."""
    try:
        return read_request(body)
    except RequestInvalid:
        return None


def quickly(body: bytes) -> tuple[str, Schema] | None:
    """What the quick reader says."""
    found = fast_request(body)
    return None if found is None else (f"{found.local.decode()}@{found.domain.decode()}", found.schema)


@given(bodies())
def test_what_clients_send_is_read(body: bytes) -> None:
    """Every body of the clients' forms is read at once, and as the full reader reads it."""
    full = fully(body)

    assert full is not None
    assert (str(full.address), full.schema) == quickly(body)


EDIT = st.tuples(
    st.integers(0, 700),
    st.integers(0, 8),
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from([b"&amp;", b"<!-- -->", b"<?a?>", b"<![CDATA[x]]>", b"&#97;", b"<a/>", b"\0", b"\x0b"]),
        st.sampled_from(
            [b" x='y'", b"</Request>", b"<EMailAddress>b@b.example</EMailAddress>", b"<!DOCTYPE a>", b"\x0b"]
        ),
    ),
)


@given(st.one_of(bodies(), st.sampled_from([*READABLE.values(), *UNREADABLE.values()])), st.lists(EDIT, max_size=4))
def test_what_is_read_is_read_alike(body: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    """Whatever the quick reader takes, also of damaged bodies, the full reader takes with the same result."""
    for start, length, new in edits:
        body = body[:start] + new + body[start + length :]
    fast = quickly(body)

    if fast is not None:
        full = fully(body)
        assert full is not None
        assert (str(full.address), full.schema) == fast


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(body: bytes) -> None:
    """What is no request is none for it either."""
    assert fast_request(body) is None


EVERYDAY = {
    "Thunderbird",
    "without declaration",
    "on one line",
    "CR LF",
    "namespace of https, as in Microsoft's pages",
    "schema of https, as in Microsoft's pages",
    "schema without the letter",
    "no schema",
    "white space around the address",
    "white space before the declaration",
    "BOM",
    "BOM and white space",
    "UTF-8 that says UTF-16",
}


@pytest.mark.parametrize(("form", "body"), READABLE.items(), ids=READABLE)
def test_forms(form: str, body: bytes) -> None:
    """The everyday forms are read at once, all others are left to the full reader."""
    assert (form in EVERYDAY) is (fast_request(body) is not None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(request_text("Taro@EXAMPLE.JP").encode(), id="upper case in the domain"),
        pytest.param(request_text("taro@日本語.example").encode(), id="Japanese"),
        pytest.param(request_text("a&amp;b@example.jp").encode(), id="markup"),
        pytest.param(request_text("taro@exa_mple.jp").encode(), id="no host name"),
        pytest.param(request_text("taro@example.jp.").encode(), id="trailing dot"),
        pytest.param(request_text("a" * 65 + "@example.jp").encode(), id="65 octets before the @"),
        pytest.param(request_text("a" * 60 + "@" + "a." * 96 + "jp").encode(), id="255 octets"),
        pytest.param(request_text(schema="urn:no-such").encode(), id="unknown schema"),
        pytest.param(TEXT.encode() + b" " * LONGEST, id="long"),
    ],
)
def test_rest_is_left(body: bytes) -> None:
    """Any other form is left to the full reader."""
    assert fast_request(body) is None


@pytest.mark.parametrize("first", ["outlook", "mobilesync"])
def test_two_schemas(first: str) -> None:
    """Of two schemas, one on each side of the address, the first counts."""
    last = {"outlook": "mobilesync", "mobilesync": "outlook"}[first]
    wanted = "<AcceptableResponseSchema>{}{}/responseschema/2006</AcceptableResponseSchema>"
    body = request_text(schema=f"{BASE}{last}/responseschema/2006")
    body = body.replace("<EMail", f"{wanted.format(BASE, first)}<EMail")
    full = fully(body.encode())

    assert full is not None
    assert quickly(body.encode()) == ("taro@example.jp", full.schema) == ("taro@example.jp", Schema[first.upper()])


@pytest.mark.parametrize("local", ["a", "a" * 64])
@pytest.mark.parametrize("octets", [254, 255])
def test_longest(local: str, octets: int) -> None:
    """An address of 254 octets is read, one of 255 is none."""
    room = octets - len(local) - 1
    name = ".".join(["a" * 49] * 5)[: room - 3] + ".jp"
    name = "a" * (room - len(name)) + name if room - len(name) < 14 else name
    body = request_text(f"{local}@{name}").encode()

    assert (fast_request(body) is None) is (fully(body) is None)
