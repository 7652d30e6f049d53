"""The desk's page as a response: never kept, never in a frame, never found by a search engine."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.web.cache_control import PRIVATE
from autoconfig.web.error_responses import redirect
from autoconfig.web.pages.page import make_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.explain.sheet import SheetSection
    from autoconfig.settings import Settings
    from autoconfig.single_check.start import CheckProgress
    from autoconfig.web.asgi import Headers, Response
    from autoconfig.web.desk.lookup import FoundNames
    from autoconfig.web.desk.request import DeskRequest
    from autoconfig.web.pages.programs import Program

TEMPLATE = "desk.html"
REFRESH = 3
"""Seconds after which a page that waits for a check is loaded again."""

# A browser says where a form was only with a referrer policy that lets it (Fetch standard, "append a request Origin").
UNFRAMED: Headers = [
    PRIVATE,
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
]
"""The headers of all answers of the desk."""
HEADERS: Headers = [
    *UNFRAMED,
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
            b"base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
]
_KEPT = frozenset({b"content-type", b"content-language"})


class DeskProblem(StrEnum):
    """Why there is no page, or no letter."""

    ADDRESS = "address"
    """No whole address was typed."""
    MISREAD = "misread"
    """Mail programs would read a part of the address as an encoded word (RFC 2047), so no message can have it."""
    MOVED = "moved"
    ELSEWHERE = "elsewhere"
    """The default plan answers, but the domain is one of another well-known mail service."""
    SETTINGS = "settings"
    """`public_url` is not set, or a letter's template is broken."""
    BROKEN = "broken"
    """A template of the page is broken."""


class DeskView(NamedTuple):
    """What the page shows."""

    sections: Sequence[SheetSection] = ()
    found: FoundNames | None = None
    """The result of a search."""
    unreadable: bool = False
    """Whether what was typed can be neither an address nor the beginning of a domain's name."""
    searches: bool = True
    """Whether the mapping can be searched."""
    token: str | None = None
    """The token of the form that starts a check; `None`: the domain cannot be checked."""
    progress: CheckProgress | None = None
    failed: bool = False
    """Whether the last check that was started has ended without a result."""
    unable: bool = False
    """Whether the server can start no check."""
    programs: Sequence[Program] = ()
    """The programs that a letter can have steps for; none: no letter can be written."""
    problem: DeskProblem | None = None
    detail: str = ""
    """What the operator has to know about `problem`, in English."""


def desk_page(settings: Settings, request: DeskRequest, view: DeskView, status: int = 200) -> Response:
    """The page; it takes milliseconds: call it in a thread."""
    broken = (TEMPLATE, {"desk": DeskView(problem=DeskProblem.BROKEN)})
    made = make_page(settings, request, TEMPLATE, status, broken=broken, desk=view)
    headers = [entry for entry in made.headers if entry[0] in _KEPT] + HEADERS
    if view.progress is not None and view.progress.running:
        target = request.of_address(request.typed)
        headers.append((b"refresh", f"{REFRESH};url={target}".encode()))
    return made._replace(headers=headers)


def see(path: str) -> Response:
    """Send a browser to a page by GET (RFC 9110 section 15.4.4)."""
    return redirect(303, path)
