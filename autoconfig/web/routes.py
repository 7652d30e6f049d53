"""Every URL, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match, Route

from autoconfig.web import pages
from autoconfig.web.apple import Apple
from autoconfig.web.internal import Healthz, Readyz, TLSAllowed
from autoconfig.web.microsoft import PATH, Autodiscover
from autoconfig.web.microsoft_json import ADDRESS_PATH, AutodiscoverJSON
from autoconfig.web.microsoft_json import PATH as JSON_PATH
from autoconfig.web.mozilla import Mozilla, MozillaByPath
from autoconfig.web.pacc import PATH as PACC_PATH
from autoconfig.web.pacc import Pacc
from autoconfig.web.quick import QuickMozilla

if TYPE_CHECKING:
    from autoconfig.web.asgi import App, Scope
    from autoconfig.web.context import Context


class AnyCase(Route):
    """A route that does not mind the letter case of the path; a redirect to another case would lose a POST's body."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As `Route`, of the path in lower case."""
        return super().matches({**scope, "path": scope["path"].lower()})


def routes(context: Context) -> list[BaseRoute]:
    """All routes, the machines' first."""
    mozilla, apple, autodiscover_json = Mozilla(context), Apple(context), AutodiscoverJSON(context)
    return [
        Route("/mail/config-v1.1.xml", mozilla),
        Route("/.well-known/autoconfig/mail/config-v1.1.xml", mozilla),
        Route("/v1.1/{domain}", MozillaByPath(context)),
        AnyCase(PATH, Autodiscover(context)),
        AnyCase(JSON_PATH, autodiscover_json),
        AnyCase(ADDRESS_PATH + "{address:path}", autodiscover_json),
        Route(PACC_PATH, Pacc(context)),
        Route("/email.mobileconfig", apple),
        Route("/mobileconfig", apple),
        Route("/", pages.setup, methods=["GET"]),
        Route("/setup", pages.setup, methods=["GET"]),
        Route("/style.css", pages.style, methods=["GET"]),
        Route("/page.js", pages.script, methods=["GET"]),
        Route("/logo", pages.logo, methods=["GET"]),
        Route("/internal/healthz", Healthz(context)),
        Route("/internal/readyz", Readyz(context)),
        Route("/internal/tls-allowed", TLSAllowed(context)),
    ]


def hot_table(routes: list[BaseRoute]) -> dict[str, App]:
    """The paths that mail programs ask all day, with the endpoints that the routes have for them."""
    table: dict[str, App] = {}
    for route in routes:
        if not isinstance(route, Route) or route.param_convertors:
            continue
        if isinstance(route.endpoint, Mozilla):
            table[route.path] = QuickMozilla(route.endpoint)
        elif isinstance(route.endpoint, Autodiscover):
            table[route.path] = route.endpoint
    spellings = ("/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml")
    return table | dict.fromkeys(spellings, table[PATH])
