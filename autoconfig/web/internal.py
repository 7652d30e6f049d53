"""For the operator's machines only: is the process alive, can it answer, may this name have a certificate?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import AutoconfigError, DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.web.asgi import Answer, send_answer
from autoconfig.web.caching import PRIVATE, DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import split_host
from autoconfig.web.query import value_of
from autoconfig.web.refusals import NOT_FOUND
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Scope, Send

_HEADERS = DocumentHeaders("application/json")
# Looked up to see that the database answers; nobody can own it (RFC 6761).
_PROBE = Domain("readiness.invalid")

REPLICA_AGE = "replica_age_seconds"
"""Among a finder's gauges, where it reads a replica."""


class Internal(Endpoint):
    """An endpoint that does not exist for everybody else."""

    kind = Document.INTERNAL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self.context.internal(scope):
            await super().__call__(scope, receive, send)
        else:
            self.context.tally.request(self.kind, NOT_FOUND.status)
            await send_answer(send, NOT_FOUND, head=scope["method"] == "HEAD")


class Healthz(Internal):
    """`/internal/healthz`: the process answers."""

    async def answer(self, _scope: Scope, /) -> Answer:
        """Always 200."""
        return _json(200, {"status": "alive"})


class Readyz(Internal):
    """`/internal/readyz`: the mapping can be asked and there are plans."""

    async def answer(self, _scope: Scope, /) -> Answer:
        """200 or 503; both say what is served from where, and what is wrong with plans.toml or what signs profiles."""
        context = self.context
        fault = context.finder_fault
        try:
            await context.finder.find(_PROBE)
        except AutoconfigError as error:
            fault = str(error)
        plans, age = context.plans, context.finder.gauges().get(REPLICA_AGE)
        fault = fault or self._too_old(age)
        served = self._served_on() if fault else None
        ready = fault is None or served is not None
        return _json(
            200 if ready else 503,
            {
                "status": "ready" if ready else "not ready",
                "mapping": f"{served}: {fault}" if served else fault or "ok",
                REPLICA_AGE: None if age is None else round(age, 1),
                "plans": sorted(plans.current.plans),
                "plans_fault": str(plans.fault) if plans.fault else None,
                "profile_certificate": context.signer.status(),
            },
        )

    def _served_on(self) -> str | None:
        """
        What is said of a mapping that cannot be asked, while names are answered from memory. Such a node is ready: the
        database is gone for all nodes alike, and taking them away would end what they can still answer.
        """
        gauges = self.context.finder.gauges()
        if not gauges.get("cache_known_names"):
            return None
        age = gauges.get("mapping_age_seconds", 0.0)
        return f"served from the cache as of {age:.0f} s ago"

    def _too_old(self, age: float | None) -> str | None:
        limit = self.context.settings.replica_max_age
        if age is None or limit is None or age <= limit:
            return None
        return f"the replica heard of its central database {age:.0f} s ago, which is over replica_max_age = {limit}"


class TLSAllowed(Internal):
    """`/internal/tls-allowed?domain=NAME`: what Caddy asks before it gets a certificate for a name."""

    kind = Document.TLS_ALLOWED

    async def answer(self, scope: Scope) -> Answer:
        """204 if clients ask us under that name, else 404. Never because of a default plan or a DNS answer."""
        allowed = await self._allowed(value_of(scope["query_string"], b"domain") or "")
        return Answer(204, [PRIVATE], b"") if allowed else NOT_FOUND

    async def _allowed(self, text: str) -> bool:
        try:
            name = Domain.parse(text)
        except DomainInvalid:
            return False
        if name.name == urlsplit(self.context.settings.public_url).hostname:
            return True
        asked = split_host(name)
        return asked.label != "" and asked.domain is not None and await self.context.is_ours(asked.domain)


def _json(status: int, value: object) -> Answer:
    return Answer(status, _HEADERS.private, json.dumps(value, ensure_ascii=False).encode())
