"""`/` and `/setup?email=`: from what somebody typed, or from the host alone, to one page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import AddressInvalid, AutoconfigError, DNSUnavailable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.resolve import How
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import asked_host, split_host
from autoconfig.web.pages import programs
from autoconfig.web.pages.apart import apart
from autoconfig.web.pages.page import page
from autoconfig.web.pages.qr import svg
from autoconfig.web.pages.typed import Typed, read_typed
from autoconfig.web.pages.view import AccountView
from autoconfig.web.pages.visit import Visit, link, profile_path
from autoconfig.web.refusals import refusal
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.web.asgi import Answer, Scope


class Setup(Endpoint):
    """One field for the address; with an address or a domain, everything there is to say about it."""

    kind = Document.PAGE

    async def answer(self, scope: Scope) -> Answer:
        """The page in the reader's language."""
        visit = Visit.of(scope, self.context.settings.page_language)
        return await (self._typed(scope, visit) if visit.typed else self._untyped(scope, visit))

    async def _typed(self, scope: Scope, visit: Visit) -> Answer:
        try:
            typed = read_typed(visit.typed)
        except AddressInvalid:
            return await page(self.context.settings, visit, "problem.html", 400, problem="unreadable", domain=None)
        return await self._account(scope, visit, typed)

    async def _untyped(self, scope: Scope, visit: Visit) -> Answer:
        """The page of the host's domain, where the host is a name of a customer's; else the empty form."""
        settings, asked = self.context.settings, asked_host(scope)
        entrance = split_host(Domain(urlsplit(settings.public_url).hostname or ""))
        if asked.domain is None or asked == entrance:
            return await page(settings, visit, "start.html")
        try:
            resolution = await self.context.resolve(scope, None, asked.domain)
        except (UnknownDomain, DNSUnavailable):
            resolution = None
        except AutoconfigError:
            return await self._account(scope, visit, Typed(None, asked.domain))  # says so, in the log too
        if not asked.label and (resolution is None or resolution.how is not How.ROW):
            return await page(settings, visit, "start.html")  # `localhost`, or a name of the provider's
        return await self._account(scope, visit, Typed(None, asked.domain), of_host=True)

    async def _account(self, scope: Scope, visit: Visit, typed: Typed, *, of_host: bool = False) -> Answer:
        """The page of an address or domain; `of_host` where nobody typed it."""
        context, settings = self.context, self.context.settings
        try:
            resolution = await context.resolve(scope, None if of_host else typed.domain, asked_host(scope).domain)
            account = resolution.bound.account(resolution.domain, typed.address)
        except UnknownDomain:
            return await page(settings, visit, "problem.html", 404, problem="unknown", domain=typed.domain.display)
        except AutoconfigError as error:
            refused = refusal(error)
            again = [header for header in refused.headers if header[0] == b"retry-after"]
            return await page(
                settings, visit, "problem.html", refused.status, again, problem="later", domain=typed.domain.display
            )
        if account.redirects:
            return await self._moved(scope, visit, account)
        view = AccountView.of(account, settings.profile_identifier)
        address = account.address
        profiles = [(kind, profile_path(address, kind, visit.language)) for kind in view.profiles] if address else []
        here = {"email": view.address or account.domain.name, "lang": visit.language.value}
        code = None if visit.phone else await apart(svg, f"{settings.public_url}{link('/setup', **here)}")
        order = programs.in_order(visit.program)
        return await page(settings, visit, "account.html", view=view, profiles=profiles, code=code, programs=order)

    async def _moved(self, scope: Scope, visit: Visit, account: Account) -> Answer:
        """Where the domain went, with a link where that is known here too."""
        target, url = account.redirect_domain, None
        if target is not None:
            name = f"{account.address.local}@{target.name}" if account.address else target.name
            try:
                await self.context.resolve(scope, target, None)
                url = visit.page_of(name)
            except AutoconfigError:
                url = None
        host = target.display if target else urlsplit(account.redirect_url or "").hostname
        settings, domain = self.context.settings, account.domain.display
        return await page(settings, visit, "problem.html", 404, problem="moved", domain=domain, target=host, url=url)
