"""Every URL, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match, Route

from autoconfig.formats import mozilla
from autoconfig.web import pages
from autoconfig.web.apple import Apple
from autoconfig.web.entry import Hot
from autoconfig.web.internal import Healthz, Readyz, TLSAllowed
from autoconfig.web.metrics import Metrics
from autoconfig.web.microsoft import DOCUMENTS, PATH, Autodiscover
from autoconfig.web.microsoft import HEADERS as MICROSOFT_HEADERS
from autoconfig.web.microsoft_json import ADDRESS_PATH, AutodiscoverJSON
from autoconfig.web.microsoft_json import PATH as JSON_PATH
from autoconfig.web.mozilla import HEADERS as MOZILLA_HEADERS
from autoconfig.web.mozilla import Mozilla, MozillaByPath
from autoconfig.web.pacc import PATH as PACC_PATH
from autoconfig.web.pacc import Pacc
from autoconfig.web.quick import QuickAutodiscover, QuickMozilla
from autoconfig.web.tally import REQUEST, Document, Outcome

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope
    from autoconfig.web.context import Context
    from autoconfig.web.entry import Table


class AnyCase(Route):
    """A route that does not mind the letter case of the path; a redirect to another case would lose a POST's body."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As `Route`, of the path in lower case."""
        return super().matches({**scope, "path": scope["path"].lower()})


def routes(context: Context) -> list[BaseRoute]:
    """All routes, the machines' first."""
    mozilla_, apple, autodiscover_json = Mozilla(context), Apple(context), AutodiscoverJSON(context)
    setup = pages.Setup(context)
    return [
        Route("/mail/config-v1.1.xml", mozilla_),
        Route("/.well-known/autoconfig/mail/config-v1.1.xml", mozilla_),
        Route("/v1.1/{domain}", MozillaByPath(context)),
        AnyCase(PATH, Autodiscover(context)),
        AnyCase(JSON_PATH, autodiscover_json),
        AnyCase(ADDRESS_PATH + "{address:path}", autodiscover_json),
        Route(PACC_PATH, Pacc(context)),
        Route("/email.mobileconfig", apple),
        Route("/mobileconfig", apple),
        Route("/", setup),
        Route("/setup", setup),
        Route("/style.css", pages.Asset(context, pages.style)),
        Route("/page.js", pages.Asset(context, pages.script)),
        Route("/logo", pages.Asset(context, pages.logo)),
        Route("/internal/healthz", Healthz(context)),
        Route("/internal/readyz", Readyz(context)),
        Route("/internal/metrics", Metrics(context)),
        Route("/internal/tls-allowed", TLSAllowed(context)),
    ]


def hot_table(context: Context, routes: list[BaseRoute]) -> Table:
    """What mail programs ask all day, with the endpoints that the routes have for it."""
    mozilla_ = QuickMozilla(context, mozilla.document, MOZILLA_HEADERS)
    autodiscover = QuickAutodiscover(context, DOCUMENTS, MICROSOFT_HEADERS)
    table: Table = {}
    for route in routes:
        if not isinstance(route, Route) or route.param_convertors:
            continue
        if isinstance(route.endpoint, Mozilla):
            table["GET", route.path] = Hot(mozilla_, False, route.endpoint, REQUEST[Document.MOZILLA, Outcome.SERVED])
        elif isinstance(route.endpoint, Autodiscover):
            spellings = (route.path, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml")
            hot = Hot(autodiscover, True, route.endpoint, REQUEST[Document.AUTODISCOVER, Outcome.SERVED])
            table |= {("POST", path): hot for path in spellings}
    return table
