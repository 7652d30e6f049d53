"""`/` and `/setup?email=`: the page for what was typed, or for the host alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

from autoconfig.errors import AddressInvalid, AutoconfigError, DNSUnavailable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.resolver import How
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.error_responses import error_response
from autoconfig.web.host_header import asked_host, split_host
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.pages import elsewhere
from autoconfig.web.pages.address_input import AddressInput, read_input
from autoconfig.web.pages.guide import Guide
from autoconfig.web.pages.page import BROKEN, make_page
from autoconfig.web.pages.page_request import PageRequest
from autoconfig.web.pages.view import AccountView

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.resolver import Resolution
    from autoconfig.web.asgi import Headers, Response, Scope
    from autoconfig.web.brands import Branding, Brands


class BrandedRequest(NamedTuple):
    """A request, with the settings of the brand that holds as far as it is known."""

    scope: Scope
    request: PageRequest
    branding: Branding

    @classmethod
    def of(cls, scope: Scope, brands: Brands, resolution: Resolution | None = None) -> Self:
        """Read a request; `resolution`: what answers it, if that is known."""
        branding = brands.of(resolution, asked_host(scope))
        return cls(scope, PageRequest.of(scope, branding.settings.page_language), branding)


class Setup(Endpoint):
    """
    The page: a field for the address, and for an address or a domain how to set it up.

    Subclasses say the same in another form: they replace `_start`, `_problem` and `_found`.
    """

    kind = RequestKind.PAGE
    waits_for_thread = True

    async def answer(self, scope: Scope) -> Response:
        """The page in the reader's language."""
        visit = BrandedRequest.of(scope, self.services.brands)
        return await (self._typed(visit) if visit.request.typed else self._untyped(visit))

    async def _start(self, visit: BrandedRequest) -> Response:
        """The empty form; under `/` search engines may list it."""
        return await self._page(visit, "start.html", indexed=visit.scope["path"] == "/")

    async def _problem(
        self, visit: BrandedRequest, problem: str, status: int, headers: Headers | None = None, **values: object
    ) -> Response:
        """Why there are no settings; `values` are for the template."""
        return await self._page(visit, "problem.html", status, headers, indexed=False, problem=problem, **values)

    async def _found(self, visit: BrandedRequest, account: Account, resolution: Resolution) -> Response:
        """The settings of an account with servers."""
        settings = visit.branding.settings
        base, signed = visit.branding.base_of(resolution), self._signed(resolution)
        view = AccountView.of(account)
        guide = Guide(visit.request, view, settings, base, signed=signed)
        return await self._page(visit, "account.html", view=view, guide=guide)

    def _signed(self, resolution: Resolution) -> bool:
        """Whether the profiles are signed."""
        return self.services.signer.signs and resolution.vouched_for

    async def _typed(self, visit: BrandedRequest) -> Response:
        try:
            typed = read_input(visit.request.typed)
        except AddressInvalid:
            return await self._problem(visit, "unreadable", 400, domain=None)
        return await self._account(visit, typed)

    async def _untyped(self, visit: BrandedRequest) -> Response:
        """The page of the host's domain, if the host is a customer's; else the empty form."""
        settings, asked = self.services.settings, asked_host(visit.scope)
        entrance = split_host(Domain(urlsplit(settings.public_url).hostname or ""))
        if asked.domain is None or asked == entrance:
            return await self._start(visit)
        try:
            resolution = await self.services.resolve(visit.scope, None, asked.domain)
        except (UnknownDomain, DNSUnavailable):
            resolution = None
        except AutoconfigError:
            return await self._account(visit, AddressInput(None, asked.domain))  # shows and logs the error
        if not asked.label and (resolution is None or resolution.how is not How.ROW):
            return await self._start(visit)  # `localhost`, or a host of the provider
        return await self._account(visit, AddressInput(None, asked.domain), of_host=True)

    async def _account(self, visit: BrandedRequest, typed: AddressInput, *, of_host: bool = False) -> Response:
        """The page of an address or domain; `of_host`: it comes from the Host, not from the field."""
        scope = visit.scope
        try:
            resolution = await self.services.resolve(scope, None if of_host else typed.domain, asked_host(scope).domain)
            account = resolution.bound.account(resolution.domain, typed.address)
        except UnknownDomain:
            return await self._unknown(visit, typed)
        except AutoconfigError as error:
            refused = error_response(error)
            again = [header for header in refused.headers if header[0] == b"retry-after"]
            return await self._problem(visit, "later", refused.status, again, domain=typed.domain.display)
        visit = BrandedRequest.of(scope, self.services.brands, resolution)
        if account.redirects:
            return await self._moved(visit, account)
        if resolution.how is How.DEFAULT and elsewhere.service_of(typed.domain.name):
            return await self._unknown(visit, typed)
        return await self._found(visit, account, resolution)

    async def _unknown(self, visit: BrandedRequest, typed: AddressInput) -> Response:
        """The page of an unknown domain, which names a well-known owner or the domain that was probably meant."""
        name = typed.domain.name
        service = elsewhere.service_of(name)
        meant = None if service else elsewhere.near_miss(name, visit.branding.settings)
        local = f"{typed.address.local}@" if typed.address else ""
        return await self._problem(
            visit,
            "elsewhere" if service else "unknown",
            404,
            domain=typed.domain.display,
            service=service or elsewhere.service_of(meant or ""),
            meant=meant and f"{local}{meant}",
            url=meant and visit.request.page_of(f"{local}{meant}"),
        )

    async def _moved(self, visit: BrandedRequest, account: Account) -> Response:
        """The page of a domain that moved, with a link if its new domain is served here."""
        target, url = account.redirect_domain, None
        if target is not None:
            name = f"{account.address.local}@{target.name}" if account.address else target.name
            try:
                await self.services.resolve(visit.scope, target, asked_host(visit.scope).domain)
                url = visit.request.page_of(name)
            except AutoconfigError:
                url = None
        host = target.display if target else urlsplit(account.redirect_url or "").hostname
        return await self._problem(visit, "moved", 404, domain=account.domain.display, target=host, url=url)

    async def _page(
        self,
        visit: BrandedRequest,
        template: str,
        status: int = 200,
        headers: Headers | None = None,
        *,
        indexed: bool = False,
        **values: object,
    ) -> Response:
        """Call `make_page` in the thread for pages."""
        return await self.services.page_executor.run(
            make_page,
            visit.branding.settings,
            visit.request,
            template,
            status,
            headers,
            indexed=indexed,
            broken=BROKEN,
            **values,
        )
