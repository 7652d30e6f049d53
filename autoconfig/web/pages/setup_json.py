"""
`/setup.json?email=`: what the page says, for portals (docs/portals.md). Other sites' scripts may read it in a browser
only if `portal_origins` names them (Fetch Standard, CORS protocol).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from autoconfig.errors import AutoconfigError
from autoconfig.log import counted_error
from autoconfig.web.asgi import Response, header
from autoconfig.web.cache_control import PRIVATE
from autoconfig.web.error_responses import error_response, method_not_allowed
from autoconfig.web.pages import rendering
from autoconfig.web.pages.account_data import account_json, problem_text
from autoconfig.web.pages.setup import Setup
from autoconfig.web.pages.view import AccountView

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.account import Account
    from autoconfig.resolver import Resolution
    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Headers, Scope
    from autoconfig.web.pages.setup import BrandedRequest
    from autoconfig.web.services import Services

_HEADERS: Headers = [
    (b"content-type", b"application/json"),
    PRIVATE,
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
]
_KEPT = b"600"
"""Seconds that a browser remembers the answer to a preflight request."""
_BUSY = {
    "ja": "ただいま混み合っています。しばらくしてからもう一度お試しください。",
    "en": "The server is busy. Please try again in a few seconds.",
}


class SetupJSON(Setup):
    """The content of the page as JSON: for the same addresses, with the same statuses."""

    methods = ("GET", "HEAD", "OPTIONS")

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._origins = {origin.encode() for origin in services.settings.portal_origins}

    async def answer(self, scope: Scope) -> Response:
        """The JSON; to a browser's preflight request of an allowed site, that it may ask."""
        origin = header(scope, b"origin")
        allowed: Headers = [(b"access-control-allow-origin", origin)] if origin in self._origins and origin else []
        varies: Headers = [(b"vary", b"Origin")] if self._origins else []
        if scope["method"] == "OPTIONS":
            return _preflight([*allowed, *varies]) if allowed else method_not_allowed(("GET", "HEAD"))
        try:
            response = await super().answer(scope)
        except AutoconfigError as error:  # too many pages are being made
            refused = error_response(error)
            again = [found for found in refused.headers if found[0] == b"retry-after"]
            response = _json(refused.status, again, _error("later", _BUSY))._replace(outcome=refused.outcome)
        return response._replace(headers=[*response.headers, *allowed, *varies])

    async def _start(self, visit: BrandedRequest) -> Response:
        """There is no form here: an address is needed."""
        return await self._problem(visit, "unreadable", 400, domain=None)

    async def _problem(
        self, visit: BrandedRequest, problem: str, status: int, headers: Headers | None = None, **values: object
    ) -> Response:
        """The same problem as an object."""
        settings, domain = visit.branding.settings, values.get("domain")
        more = {"moved_to": values["target"]} if problem == "moved" else {}

        def made() -> dict[str, object]:
            text = problem_text(problem, None if domain is None else str(domain), settings.templates_dir)
            return _error(problem, text, **more)

        return await self.services.page_executor.run(_make_json, settings, status, headers or [], made)

    async def _found(self, visit: BrandedRequest, account: Account, resolution: Resolution) -> Response:
        """The same settings as an object."""
        settings, base = visit.branding.settings, visit.branding.base_of(resolution)
        signed = self._signed(resolution)

        def made() -> dict[str, object]:
            return account_json(settings, visit.request, AccountView.of(account), base, signed=signed)

        return await self.services.page_executor.run(_make_json, settings, 200, [], made)


def _preflight(headers: Headers) -> Response:
    methods = (b"access-control-allow-methods", b"GET, HEAD")
    return Response(204, [*headers, methods, (b"access-control-max-age", _KEPT)], b"")


def _make_json(settings: Settings, status: int, headers: Headers, made: Callable[[], dict[str, object]]) -> Response:
    """The response; if a template of the operator is broken, a 500 with the texts of the shipped ones."""
    try:
        return _json(status, headers, made())
    except Exception as error:  # noqa: BLE001 (a template that an operator edited)
        counted_error(
            "setup.json cannot be made",
            problem=rendering.fault(error),
            templates=str(settings.templates_dir or "templates/page"),
            remedy="correct the file; the next request reads it again",
        )
        return _json(500, [], _error("broken", problem_text("broken", None, None)))


def _error(code: str, text: dict[str, str], **more: object) -> dict[str, object]:
    return {"error": {"code": code, **text, **more}}


def _json(status: int, headers: Headers, content: dict[str, object]) -> Response:
    return Response(status, [*_HEADERS, *headers], json.dumps(content, ensure_ascii=False).encode())
