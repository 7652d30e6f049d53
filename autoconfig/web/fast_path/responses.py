"""
Answer the common requests of mail programs without suspending: one lookup, one join.

What is answered here gets the response of its endpoint with less work. Anything but a row that holds and has no
successor scheduled is left to the endpoint.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.resolver import How
from autoconfig.web.asgi import header_block
from autoconfig.web.cache_control import is_public

if TYPE_CHECKING:
    from autoconfig.formats.template import Document
    from autoconfig.web.cache_control import DocumentHeaders
    from autoconfig.web.services import Services

    FastResponse = tuple[int, bytes, bytes]
    """
    The status, the headers with the empty line behind them, and the body: a response as it goes over the wire, but for
    the status line and the server's own headers.
    """


class FastDocument:
    """One kind of document; the services keep it prepared for each plan and params."""

    def __init__(
        self, services: Services, document: Document, headers: DocumentHeaders, *, with_address: bool, own_host: bool
    ) -> None:
        """`own_host`: whether it is asked for under the Host of the domain answered for."""
        self._services, self._document, self._with_address = services, document, with_address
        self._headers = [
            header_block(
                headers.public if is_public(How.ROW, own=own_host, names_mailbox=names_mailbox) else headers.private
            )
            for names_mailbox in (False, True)
        ]

    def answer(self, domain: bytes, local: bytes) -> FastResponse | None:
        """
        The response, if the row of the domain holds and no successor is scheduled, else `None`. Both arguments are as
        in `request_bytes.CommonRequest`.
        """
        try:
            shared = self._services.resolver.settled(domain.decode(), time.time())
            if shared is None or shared.bound.redirect_url is not None:  # the endpoint compares it with the URL asked
                return None
            prepared = self._services.prepared(self._document, shared.bound, with_address=self._with_address)
        except Exception:  # noqa: BLE001 (the endpoint meets the error again and reports it)
            return None
        body = prepared.fill_octets(domain, local, shared.values)
        return 200, b"%bcontent-length: %d\r\n\r\n" % (self._headers[prepared.names_mailbox], len(body)), body
