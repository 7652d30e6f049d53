"""Every URL, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match, Route

from autoconfig.formats import mozilla
from autoconfig.mail.service import ServiceKind
from autoconfig.settings import PlainHTTP
from autoconfig.web.apple import Apple
from autoconfig.web.desk.endpoint import Desk
from autoconfig.web.desk.letter import DeskLetter
from autoconfig.web.desk.request import LETTER_PATH
from autoconfig.web.desk.request import PATH as DESK_PATH
from autoconfig.web.fast_path.dispatch import FastRoute
from autoconfig.web.fast_path.responses import FastDocument
from autoconfig.web.internal import Healthz, Readyz, TLSAllowed
from autoconfig.web.metrics.counters import REQUEST, RequestKind, RequestOutcome
from autoconfig.web.metrics.endpoint import Metrics
from autoconfig.web.microsoft import DOCUMENTS, PATH, Autodiscover
from autoconfig.web.microsoft import HEADERS as MICROSOFT_HEADERS
from autoconfig.web.microsoft_json import ADDRESS_PATH, AutodiscoverJSON
from autoconfig.web.microsoft_json import PATH as JSON_PATH
from autoconfig.web.mozilla import HEADERS as MOZILLA_HEADERS
from autoconfig.web.mozilla import Mozilla, MozillaByPath
from autoconfig.web.pacc import PATH as PACC_PATH
from autoconfig.web.pacc import Pacc
from autoconfig.web.pages import assets
from autoconfig.web.pages.assets import Asset
from autoconfig.web.pages.setup import Setup
from autoconfig.web.pages.setup_json import SetupJSON
from autoconfig.web.pointer import FOR_HOST
from autoconfig.web.well_known import WellKnown

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope
    from autoconfig.web.fast_path.dispatch import Documents, FastTable
    from autoconfig.web.services import Services


class AnyCase(Route):
    """A route that ignores the letter case of the path; a redirect to another case would lose a POST's body."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path in lower case."""
        return super().matches({**scope, "path": scope["path"].lower()})


def routes(services: Services) -> list[BaseRoute]:
    """All routes, those of machines first."""
    mozilla_, apple = Mozilla(services), Apple(services)
    setup, setup_json, desk = Setup(services), SetupJSON(services), Desk(services)
    autodiscover, autodiscover_json = Autodiscover(services), AutodiscoverJSON(services)
    return [
        Route("/mail/config-v1.1.xml", mozilla_),
        Route("/.well-known/autoconfig/mail/config-v1.1.xml", mozilla_),
        Route("/.well-known/mail-v1.xml", mozilla_),  # the draft's name before May 2024
        Route("/v1.1/mail/config-v1.1.xml", mozilla_),  # Nine on Android
        Route("/v1.1/{domain}", MozillaByPath(services)),
        AnyCase(PATH, autodiscover),
        AnyCase(FOR_HOST + PATH, autodiscover),
        AnyCase(JSON_PATH, autodiscover_json),
        AnyCase(ADDRESS_PATH + "{address:path}", autodiscover_json),
        Route(PACC_PATH, Pacc(services)),
        *(
            Route(f"/.well-known/{kind}", WellKnown(services, kind))
            for kind in (ServiceKind.CALDAV, ServiceKind.CARDDAV, ServiceKind.JMAP)
        ),
        Route("/email.mobileconfig", apple),
        Route(FOR_HOST + "/email.mobileconfig", apple),
        Route("/mobileconfig", apple),
        Route("/", setup),
        Route("/setup", setup),
        Route(FOR_HOST + "/setup", setup),
        Route("/setup.json", setup_json),
        Route(FOR_HOST + "/setup.json", setup_json),
        Route(DESK_PATH, desk),
        Route(LETTER_PATH, DeskLetter(desk)),
        Route("/style.css", Asset(services, assets.styles)),
        Route("/page.js", Asset(services, assets.scripts)),
        Route("/logo", Asset(services, assets.logos)),
        Route("/internal/healthz", Healthz(services)),
        Route("/internal/readyz", Readyz(services)),
        Route("/internal/metrics", Metrics(services)),
        Route("/internal/tls-allowed", TLSAllowed(services)),
    ]


def fast_table(services: Services, routes: list[BaseRoute]) -> FastTable:
    """The fast path's routes, with the endpoints that `routes` have for them."""
    of_mozilla: Documents = {
        with_address: FastDocument(
            services, mozilla.document, MOZILLA_HEADERS, with_address=with_address, own_host=True
        )
        for with_address in (False, True)
    }
    of_microsoft: Documents = {
        schema: FastDocument(services, document, MICROSOFT_HEADERS, with_address=True, own_host=False)
        for schema, document in DOCUMENTS.items()
    }
    needs_tls = services.settings.plain_http is not PlainHTTP.SERVE
    table: FastTable = {}
    for route in routes:
        if not isinstance(route, Route) or route.param_convertors:
            continue
        if isinstance(route.endpoint, Mozilla):
            served = REQUEST[RequestKind.MOZILLA, RequestOutcome.SERVED]
            table[f"GET {route.path}"] = FastRoute(of_mozilla, needs_tls, route.endpoint, served)
        elif isinstance(route.endpoint, Autodiscover):
            served = REQUEST[RequestKind.AUTODISCOVER, RequestOutcome.SERVED]
            spellings = (route.path, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.xml")
            table |= {f"POST {path}": FastRoute(of_microsoft, False, route.endpoint, served) for path in spellings}
    return table
