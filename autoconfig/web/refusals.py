"""From a situation to an answer: the one place where errors become status codes. Log fields say more than texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import (
    AddressInvalid,
    AutoconfigError,
    DNSUnavailable,
    DomainInvalid,
    Inexpressible,
    MappingUnavailable,
    PlanUnusable,
    RowInvalid,
    UnknownDomain,
)
from autoconfig.log import logger
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import PRIVATE
from autoconfig.web.tally import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.web.asgi import Headers

RETRY_AFTER = 10
"""Seconds after which a client may come back when the mapping database or the DNS could not be asked."""

_TEXT = (b"content-type", b"text/plain; charset=utf-8")


def text_answer(status: int, sentence: str, headers: Headers | None = None) -> Answer:
    """A short text that nobody keeps."""
    shown = [_TEXT, PRIVATE, (b"x-content-type-options", b"nosniff"), *(headers or [])]
    return Answer(status, shown, f"{sentence}\n".encode())


NOT_FOUND = text_answer(404, "No mail settings for this name here.")
TOO_LARGE = text_answer(413, "The request is larger than 64 KiB.", [(b"connection", b"close")])
NO_HOST = text_answer(400, "Send the request with one Host header.", [(b"connection", b"close")])
ENCODED = text_answer(415, "Send the request without Content-Encoding.", [(b"connection", b"close")])
TLS_REQUIRED = text_answer(403, "Ask by https.")
_TOO_MANY = "Too many requests from your network; ask again later."
INTERNAL = text_answer(500, "Something went wrong here.")
_UNUSABLE = text_answer(503, "The settings of this name cannot be given at the moment.")._replace(
    outcome=Outcome.UNUSABLE
)
_UNAVAILABLE = text_answer(
    503, "The settings cannot be looked up at the moment.", [(b"retry-after", b"%d" % RETRY_AFTER)]
)


def method_not_allowed(allowed: Sequence[str]) -> Answer:
    """RFC 9110 section 15.5.6."""
    return text_answer(405, "Method not allowed.", [(b"allow", ", ".join(allowed).encode())])


def too_many(retry_after: bytes) -> Answer:
    """RFC 6585 section 4; `retry_after` in seconds."""
    return text_answer(429, _TOO_MANY, [(b"retry-after", retry_after)])


def redirect(status: int, url: str) -> Answer:
    """Elsewhere; `url` is from the settings, never from the Host."""
    return text_answer(status, url, [(b"location", url.encode())])


def refusal(error: Exception) -> Answer:
    """The answer to a request that ended with `error`; what the operator has to know is logged."""
    match error:
        case UnknownDomain():
            return NOT_FOUND
        case Inexpressible():
            return text_answer(404, f"{error}.")
        case AddressInvalid() | DomainInvalid():
            return text_answer(400, "This is not a mail address; it needs the form name@domain.")
        case PlanUnusable():
            logger().error(
                "a plan cannot be used",
                domain=error.domain,
                row=error.row,
                plan=error.plan,
                param=error.param,
                problem=error.problem,
                remedy="see `autoconfig plans check`",
            )
            return _UNUSABLE
        case RowInvalid():
            logger().error(
                "what the query says of a name cannot be used",
                domain=error.domain,
                column=error.column,
                problem=error.problem,
                remedy="see `autoconfig show`",
            )
            return _UNUSABLE
        case MappingUnavailable():
            logger().error("the mapping cannot be asked", problem=str(error))
            return _UNAVAILABLE
        case DNSUnavailable():
            return _UNAVAILABLE  # not logged: strangers can bring it about as often as they like (`web.exchangers`)
        case AutoconfigError():
            logger().error("unexpected", problem=str(error))
            return INTERNAL
        case _:
            logger().error("a bug", exc_info=error)
            return INTERNAL
