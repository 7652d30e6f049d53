from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.web.asgi import Response, header, send_response

if TYPE_CHECKING:
    from autoconfig.web.asgi import Message


def sent(answer: Response, *, head: bool = False) -> list[Message]:
    """The messages that an answer becomes."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(send_response(send, answer, head=head))
    return messages


@pytest.mark.parametrize(("head", "body"), [pytest.param(False, b"four", id="GET"), pytest.param(True, b"", id="HEAD")])
def test_length(head: bool, body: bytes) -> None:
    """An answer says how long its body is, and HEAD how long it would be."""
    start, end = sent(Response(200, [(b"content-type", b"text/plain")], b"four"), head=head)

    assert start["headers"] == [(b"content-type", b"text/plain"), (b"content-length", b"4")]
    assert end == {"type": "http.response.body", "body": body}


def test_headers_are_left_alone() -> None:
    """Headers that answers share do not grow with each of them."""
    answer = Response(200, [(b"content-type", b"text/plain")], b"four")
    sent(answer)

    assert answer.headers == [(b"content-type", b"text/plain")]


def test_no_content() -> None:
    """An answer without content has no length."""
    start, end = sent(Response(204, [], b""))

    assert (start["headers"], end["body"]) == ([], b"")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        pytest.param([], None, id="missing"),
        pytest.param([b"a"], b"a", id="once"),
        pytest.param([b"a", b"a"], b"a", id="twice the same"),
        pytest.param([b"a", b"b"], None, id="two"),
        pytest.param([b"", b"b"], None, id="an empty one and another"),
        pytest.param([b""], b"", id="empty"),
    ],
)
def test_header(values: list[bytes], found: bytes | None) -> None:
    """A header that stands there with different values says nothing."""
    headers = [(b"accept", b"x"), *((b"host", value) for value in values), (b"x-host", b"c")]

    assert header({"headers": headers}, b"host") == found
