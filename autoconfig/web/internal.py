"""Endpoints for the operator's machines: is the process alive, is it ready, may a name have a certificate?"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import PRIVATE, DocumentHeaders
from autoconfig.web.endpoint import HiddenEndpoint
from autoconfig.web.error_responses import NOT_FOUND
from autoconfig.web.health import COPY_AGE, find_fault
from autoconfig.web.host_header import split_host
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

_HEADERS = DocumentHeaders("application/json")
FORMER_COPY_AGE = "replica_age_seconds"
"""Its name in earlier releases, kept for one release."""


class Internal(HiddenEndpoint):
    """An endpoint that is a 404 outside `internal_networks`."""

    kind = RequestKind.INTERNAL

    def is_shown(self, scope: Scope) -> bool:
        """Whether the client may see /internal/."""
        return self.services.internal(scope)


class Healthz(Internal):
    """`/internal/healthz`: the process answers."""

    async def answer(self, _scope: Scope, /) -> Response:
        """Always 200."""
        return _json(200, {"status": "alive"})


class Readyz(Internal):
    """`/internal/readyz`: whether the process is ready, by the rule in `web.health`."""

    async def answer(self, _scope: Scope, /) -> Response:
        """200, or 503 with the reasons; both report faults of plans.toml and of the signing certificate."""
        services = self.services
        health = services.health(await find_fault(services.finder))
        plans, age = services.plans, services.finder.gauges().get(COPY_AGE)
        shown = None if age is None else round(age, 1)
        return _json(
            200 if health.ready else 503,
            {
                "status": "ready" if health.ready else "not ready",
                "reasons": health.reasons,
                "mapping": health.mapping,
                COPY_AGE: shown,
                FORMER_COPY_AGE: shown,
                "plans": sorted(plans.current.plans),
                "plans_fault": str(plans.fault) if plans.fault else None,
                "profile_certificate": services.signer.status(),
            },
        )


class TLSAllowed(Internal):
    """`/internal/tls-allowed?domain=NAME`: Caddy asks it before it orders a certificate for a name."""

    kind = RequestKind.TLS_ALLOWED

    async def answer(self, scope: Scope) -> Response:
        """204 if clients ask under that name, else 404; a default plan or a DNS answer does not count."""
        allowed = await self._allowed(value_of(scope["query_string"], b"domain") or "")
        return Response(204, [PRIVATE], b"") if allowed else NOT_FOUND

    async def _allowed(self, text: str) -> bool:
        try:
            name = Domain.parse(text)
        except DomainInvalid:
            return False
        if not name.is_spelled(text):  # the proxy would order a certificate for `text`, once for each spelling
            return False
        if name.name == urlsplit(self.services.settings.public_url).hostname:
            return True
        asked = split_host(name)
        if not asked.label or asked.domain is None:
            return False
        return await self.services.resolver.is_ours(asked.domain, time.time())


def _json(status: int, value: object) -> Response:
    return Response(status, _HEADERS.private, json.dumps(value, ensure_ascii=False).encode())
