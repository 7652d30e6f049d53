"""`/` and `/setup?email=`: from what somebody typed, or from the host alone, to one page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import AddressInvalid, AutoconfigError, DNSUnavailable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.resolve import How
from autoconfig.web.hosts import asked_host, split_host
from autoconfig.web.pages import programs
from autoconfig.web.pages.apart import apart
from autoconfig.web.pages.page import page
from autoconfig.web.pages.qr import svg
from autoconfig.web.pages.typed import Typed, read_typed
from autoconfig.web.pages.view import AccountView
from autoconfig.web.pages.visit import Visit, link, profile_path
from autoconfig.web.refusals import refusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from autoconfig.mail.account import Account
    from autoconfig.web.asgi import Scope
    from autoconfig.web.context import Context


async def setup(request: Request) -> Response:
    """One field for the address; with an address or a domain, everything there is to say about it."""
    context: Context = request.app.state.context
    visit = Visit.of(request.scope, context.settings.page_language)
    return await _typed(context, request.scope, visit) if visit.typed else await _untyped(context, request.scope, visit)


async def _typed(context: Context, scope: Scope, visit: Visit) -> Response:
    try:
        typed = read_typed(visit.typed)
    except AddressInvalid:
        return await page(context.settings, visit, "problem.html", 400, problem="unreadable", domain=None)
    return await _answer(context, scope, visit, typed)


async def _untyped(context: Context, scope: Scope, visit: Visit) -> Response:
    """The page of the host's domain, where the host is a name of a customer's; else the empty form."""
    asked = asked_host(scope)
    entrance = split_host(Domain(urlsplit(context.settings.public_url).hostname or ""))
    if asked.domain is None or asked == entrance:
        return await page(context.settings, visit, "start.html")
    try:
        resolution = await context.resolve(None, asked.domain)
    except (UnknownDomain, DNSUnavailable):
        resolution = None
    except AutoconfigError:
        return await _answer(context, scope, visit, Typed(None, asked.domain))  # says so, in the log too
    if not asked.label and (resolution is None or resolution.how is not How.ROW):
        return await page(context.settings, visit, "start.html")  # `localhost`, or a name of the provider's
    return await _answer(context, scope, visit, Typed(None, asked.domain), of_host=True)


async def _answer(context: Context, scope: Scope, visit: Visit, typed: Typed, *, of_host: bool = False) -> Response:
    """The page of an address or domain; `of_host` where nobody typed it."""
    settings = context.settings
    try:
        resolution = await context.resolve(None if of_host else typed.domain, asked_host(scope).domain)
        account = resolution.bound.account(resolution.domain, typed.address)
    except UnknownDomain:
        return await page(settings, visit, "problem.html", 404, problem="unknown", domain=typed.domain.display)
    except AutoconfigError as error:
        refused = refusal(error)
        again = {name.decode(): value.decode() for name, value in refused.headers if name == b"retry-after"}
        return await page(
            settings, visit, "problem.html", refused.status, again, problem="later", domain=typed.domain.display
        )
    if account.redirects:
        return await _moved(context, visit, account)
    view = AccountView.of(account, settings.profile_identifier)
    address = account.address
    profiles = [(kind, profile_path(address, kind, visit.language)) for kind in view.profiles] if address else []
    here = {"email": view.address or account.domain.name, "lang": visit.language.value}
    code = None if visit.phone else await apart(svg, f"{settings.public_url}{link('/setup', **here)}")
    order = programs.in_order(visit.program)
    return await page(settings, visit, "account.html", view=view, profiles=profiles, code=code, programs=order)


async def _moved(context: Context, visit: Visit, account: Account) -> Response:
    """Where the domain went, with a link where that is known here too."""
    target, url = account.redirect_domain, None
    if target is not None:
        name = f"{account.address.local}@{target.name}" if account.address else target.name
        try:
            await context.resolve(target, None)
            url = visit.page_of(name)
        except AutoconfigError:
            url = None
    host = target.display if target else urlsplit(account.redirect_url or "").hostname
    domain = account.domain.display
    return await page(
        context.settings, visit, "problem.html", 404, problem="moved", domain=domain, target=host, url=url
    )
