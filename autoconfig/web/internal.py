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

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Scope, Send

_HEADERS = DocumentHeaders("application/json")
# Looked up to see that the database answers; nobody can own it (RFC 6761).
_PROBE = Domain("readiness.invalid")


class Internal(Endpoint):
    """An endpoint that does not exist for everybody else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self.context.internal(scope):
            await super().__call__(scope, receive, send)
        else:
            await send_answer(send, NOT_FOUND, head=scope["method"] == "HEAD")


class Healthz(Internal):
    """`/internal/healthz`: the process answers."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 (nothing is read)
        """Always 200."""
        return _json(200, {"status": "alive"})


class Readyz(Internal):
    """`/internal/readyz`: the mapping can be asked and there are plans."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 (nothing is read)
        """200 or 503; both say what is served from where, and what is wrong with plans.toml or what signs profiles."""
        context = self.context
        fault = context.finder_fault
        try:
            await context.finder.find(_PROBE)
        except AutoconfigError as error:
            fault = str(error)
        plans = context.plans
        return _json(
            503 if fault else 200,
            {
                "status": "not ready" if fault else "ready",
                "mapping": fault or "ok",
                "plans": sorted(plans.current.plans),
                "plans_fault": str(plans.fault) if plans.fault else None,
                "profile_certificate": context.signer.status(),
            },
        )


class TLSAllowed(Internal):
    """`/internal/tls-allowed?domain=NAME`: what Caddy asks before it gets a certificate for a name."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 (nothing is read)
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
