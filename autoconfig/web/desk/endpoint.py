"""`/desk`: the page of the provider's support staff. For everybody else it does not exist."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.dns.names import is_public
from autoconfig.errors import AddressInvalid
from autoconfig.log import counted_error, logger
from autoconfig.results.domain_result import Listed
from autoconfig.single_check.start import CheckProgress, CheckStart, progress_of, start
from autoconfig.web.asgi import read_body
from autoconfig.web.desk.form_token import is_same_origin, is_valid, token
from autoconfig.web.desk.lookup import beginning_of, look_up, search
from autoconfig.web.desk.page import DeskView, desk_page, see
from autoconfig.web.desk.request import AGAIN, MOST_BODY, UNABLE, DeskRequest
from autoconfig.web.desk.sheet import DeskAnswer
from autoconfig.web.endpoint import HiddenEndpoint
from autoconfig.web.error_responses import FOREIGN_FORM, error_response
from autoconfig.web.executor import BoundedExecutor
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.pages.address_input import read_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.explain.sheet import SheetSection
    from autoconfig.mail.domain import Domain
    from autoconfig.resolver import Resolution
    from autoconfig.web.asgi import Receive, Response, Scope
    from autoconfig.web.services import Services

WAITING = 16
"""Requests at the desk that wait for the thread, or are in it."""
_UNABLE = "the desk can start no check"


class AtDesk(HiddenEndpoint):
    """What only the desk's networks see."""

    kind, hidden_kind = RequestKind.DESK, RequestKind.OTHER
    waits_for_thread = True

    def is_shown(self, scope: Scope) -> bool:
        """Whether the client is at the desk."""
        return self.services.at_desk(scope)


class Desk(AtDesk):
    """The page for an address: `/desk?address=`. A POST of its form starts a check of the domain."""

    methods = ("GET", "HEAD", "POST")

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        # A thread of its own: requests of strangers for the setup page keep no one at the desk waiting.
        self.executor = BoundedExecutor("desk", WAITING)

    async def answer(self, scope: Scope) -> Response:
        """The sheet of an address, the names that begin as typed, or the empty form."""
        settings = self.services.settings
        request = DeskRequest.of(scope, settings, scope["query_string"])
        if not request.typed:
            return await self.executor.run(desk_page, settings, request, DeskView())
        try:
            typed = read_input(request.typed)
        except AddressInvalid:
            return await self._searched(request)
        found = await look_up(self.services, self.executor, typed)
        if isinstance(found, DeskAnswer):
            return await self.executor.run(_answered, self.services, request, found)
        if found.is_known:
            return await self._searched(request, found.sections(request.language))
        view = DeskView(found.sections(request.language))
        return await self.executor.run(desk_page, settings, request, view, 503)

    async def posted(self, scope: Scope, receive: Receive) -> Response | None:
        """Start a check, and send the browser back to the page of the address."""
        if not is_same_origin(scope):
            return FOREIGN_FORM
        body = await read_body(receive, MOST_BODY)
        if body is None:
            return None
        settings = self.services.settings
        request = DeskRequest.of(scope, settings, body)
        try:
            typed = read_input(request.typed)
        except AddressInvalid as error:
            return error_response(error)
        try:
            said = await self._start(request, typed.domain)
        except OSError as error:
            counted_error(_UNABLE, problem=str(error))
            said = UNABLE
        return see(request.of_address(request.typed, **({"said": said} if said else {})))

    async def _start(self, request: DeskRequest, domain: Domain) -> str | None:
        """
        Start a check, and say why not.

        Raises:
            OSError: the state folder cannot be read or written, or no process can be started.
        """
        settings, person = self.services.settings, request.person or ""
        if not await self.executor.run(is_valid, request.token, settings.state_dir, person, domain.name, time.time()):
            return AGAIN
        resolution = await self.services.resolver.resolve(domain, domain, time.time())
        if not may_check(resolution):
            return None
        outcome = await self.executor.run(start, settings, listed(resolution))
        if outcome is not CheckStart.STARTED:
            return outcome.value
        logger().info("a check was started at the desk", domain=domain.name, by=person or "unknown")
        return None

    async def _searched(self, request: DeskRequest, sections: Sequence[SheetSection] = ()) -> Response:
        """What begins as typed, after the sheet of a domain that is not served."""
        settings, beginning = self.services.settings, beginning_of(request.typed)
        found = None
        if beginning is not None and settings.query is None:
            found = await self.executor.run(search, settings, beginning)
        view = DeskView(sections, found, unreadable=beginning is None and not sections, searches=settings.query is None)
        status = 404 if sections or not (found and found.names) else 200
        return await self.executor.run(desk_page, settings, request, view, status)


def _answered(services: Services, request: DeskRequest, found: DeskAnswer) -> Response:
    settings, resolution = services.settings, found.explained.resolution
    name, form, unable = resolution.domain.name, None, False
    progress = progress_of(settings.state_dir, name)
    if may_check(resolution):
        try:
            form = token(settings.state_dir, request.person or "", name, time.time())
        except OSError as error:
            counted_error(_UNABLE, problem=str(error))
            unable = True
    last = found.explained.facts.last_check
    failed = _has_failed(progress, last.checked_at if last else 0)
    programs = [truth.program for truth in found.truths] if found.explained.account.address else []
    view = DeskView(
        found.sections(request.language), token=form, progress=progress, failed=failed, unable=unable, programs=programs
    )
    return desk_page(settings, request, view)


def _has_failed(progress: CheckProgress, checked_at: int) -> bool:
    """Whether the last check that was started has ended without a result."""
    return progress.started_at is not None and not progress.running and checked_at < progress.started_at


def may_check(resolution: Resolution) -> bool:
    """Whether a domain can be checked: the public DNS may know it, and its documents announce servers."""
    bound = resolution.bound
    return is_public(resolution.domain) and not bound.redirect_url and not bound.redirect_domain


def listed(resolution: Resolution) -> Listed:
    """The domain as a check takes it."""
    parent = resolution.row_of.name if resolution.row_of else ""
    return Listed(resolution.domain.name, resolution.plan, resolution.params, parent)
