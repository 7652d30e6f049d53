"""
What Thunderbird and most others ask, read by one expression: the address, under the name of the address's own domain.

A request that is read here gets the answer that the endpoint would give, with less work on the way; whatever is not
exactly of this form, or leads to anything but a row that holds, goes to the endpoint itself.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from autoconfig.formats import mozilla
from autoconfig.mail.address import MAX_OCTETS, EmailAddress
from autoconfig.mail.domain import HOST_NAME, Domain
from autoconfig.settings import PlainHTTP
from autoconfig.web.asgi import Answer, header, send_answer
from autoconfig.web.hosts import LABELS
from autoconfig.web.mozilla import HEADERS

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Scope, Send
    from autoconfig.web.mozilla import Mozilla

# Only what means the same however it is read: no percent but the one of %40, no upper case in the domain.
_QUERY = re.compile(rb"emailaddress=([A-Za-z0-9._-]{1,64})(?:@|%%40)(%b)" % HOST_NAME.encode())

_LABELS = frozenset(label.encode() for label in LABELS)


class QuickMozilla:
    """`Mozilla`, with a short cut in front."""

    def __init__(self, endpoint: Mozilla) -> None:
        self.endpoint, self._context = endpoint, endpoint.context
        self._open = self._context.settings.plain_http is PlainHTTP.SERVE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        address = own_address(scope) if self._open and scope["method"] == "GET" else None
        answer = await self._answer(address) if address is not None else None
        if answer is not None:
            await send_answer(send, answer)
        else:
            await self.endpoint(scope, receive, send)

    async def _answer(self, address: EmailAddress) -> Answer | None:
        """The document, where a row holds and nothing is scheduled."""
        context, domain, now = self._context, address.domain, time.time()
        try:
            timeline = await context.finder.find(domain)
            row = timeline.at(now)
            if row is None or row.plan is None or timeline.next_after(now) is not None:
                return None
            bound = context.plans.current.bind(row.plan, row.params)
            if len(domain.name) > bound.longest_domain:
                return None
            prepared = context.prepared(mozilla.document, bound, with_address=True)
        except Exception:  # noqa: BLE001 (the endpoint meets it again, and says so)
            return None
        headers = HEADERS.private if prepared.names_mailbox else HEADERS.public
        return Answer(200, headers, prepared.fill(domain, address))


def own_address(scope: Scope) -> EmailAddress | None:
    """The address that is asked for under its own domain, `autoconfig.D` or `D`; `None` for any other request."""
    found = _QUERY.fullmatch(scope["query_string"])
    if found is None:
        return None
    local, name = found.groups()
    if name[-1:].isdigit() or name.partition(b".")[0] in _LABELS:
        return None  # perhaps an IPv4 address, which names no domain; or the name of another domain's service
    host = header(scope, b"host")
    if host is None or host.removeprefix(b"autoconfig.") != name or len(local) + 1 + len(name) > MAX_OCTETS:
        return None
    return EmailAddress(local.decode(), Domain(name.decode()))
