"""The one place where errors become HTTP responses. Log fields say more than the texts for clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import (
    AddressInvalid,
    AutoconfigError,
    ConfigurationInvalid,
    DNSUnavailable,
    DomainInvalid,
    Inexpressible,
    MappingUnavailable,
    Overloaded,
    PlanUnusable,
    RowInvalid,
    UnknownDomain,
)
from autoconfig.log import counted_error
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import PRIVATE
from autoconfig.web.metrics.counters import RequestOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.web.asgi import Headers

RETRY_AFTER = 10
"""Seconds after which a client may try again what is unavailable now."""

_TEXT = (b"content-type", b"text/plain; charset=utf-8")


def text_response(status: int, sentence: str, headers: Headers | None = None) -> Response:
    """A short text that no cache keeps."""
    shown = [_TEXT, PRIVATE, (b"x-content-type-options", b"nosniff"), *(headers or [])]
    return Response(status, shown, f"{sentence}\n".encode())


NOT_FOUND = text_response(404, "No mail settings for this name here.")
TOO_LARGE = text_response(413, "The request is larger than 64 KiB.")
FOREIGN_FORM = text_response(403, "Send this form from the page that it is on.")
NO_HOST = text_response(400, "Send the request with one valid Host header.", [(b"connection", b"close")])
ENCODED = text_response(415, "Send the request without Content-Encoding.")
TLS_REQUIRED = text_response(403, "Ask by https.")
_TOO_MANY = "Too many requests from your network; ask again later."
INTERNAL = text_response(500, "Something went wrong here.")
_UNUSABLE = text_response(503, "The settings of this name cannot be given at the moment.")._replace(
    outcome=RequestOutcome.UNUSABLE
)
_LATER: Headers = [(b"retry-after", b"%d" % RETRY_AFTER)]
_UNAVAILABLE = text_response(503, "The settings cannot be looked up at the moment.", _LATER)
_OVERLOADED = text_response(503, "Too many ask for this at the moment; ask again later.", _LATER)._replace(
    outcome=RequestOutcome.OVERLOADED
)


def method_not_allowed(allowed: Sequence[str]) -> Response:
    """RFC 9110 section 15.5.6."""
    return text_response(405, "Method not allowed.", [(b"allow", ", ".join(allowed).encode())])


def too_many(retry_after: bytes) -> Response:
    """RFC 6585 section 4; `retry_after` in seconds."""
    return text_response(429, _TOO_MANY, [(b"retry-after", retry_after)])


def redirect(status: int, url: str) -> Response:
    """A redirect; `url` is from the settings, never from the Host."""
    return text_response(status, url, [(b"location", url.encode())])


def error_response(error: Exception) -> Response:
    """The response to a request that ended with `error`; the log counts what the operator has to know."""
    match error:
        case UnknownDomain():
            return NOT_FOUND
        case Inexpressible():
            return text_response(404, f"{error}.")
        case AddressInvalid() | DomainInvalid():
            return text_response(400, "This is not a mail address; it needs the form name@domain.")
        case PlanUnusable():
            counted_error(
                "a plan cannot be used",
                domain=error.domain,
                row=error.row,
                plan=error.plan,
                param=error.param,
                problem=error.problem,
                remedy="run `autoconfig plans check`",
            )
            return _UNUSABLE
        case RowInvalid():
            counted_error(
                "a row of the query cannot be used",
                domain=error.domain,
                column=error.column,
                problem=error.problem,
                remedy="run `autoconfig show` with this domain",
            )
            return _UNUSABLE
        case MappingUnavailable() | ConfigurationInvalid():  # a table that vanished, a query that is refused now
            counted_error("the mapping cannot be asked", problem=str(error))
            return _UNAVAILABLE
        case DNSUnavailable():
            return _UNAVAILABLE  # `dns.failure_log` reports these
        case Overloaded():
            return _OVERLOADED  # counted but not logged, because strangers cause it
        case AutoconfigError():
            counted_error("unexpected", problem=str(error))
            return INTERNAL
        case _:
            counted_error("a bug", exc_info=error)
            return INTERNAL
