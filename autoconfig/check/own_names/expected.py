"""The documents that mail programs must get for a domain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from autoconfig.errors import Inexpressible
from autoconfig.formats import microsoft, mozilla, pacc
from autoconfig.mail.address import EmailAddress

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.account import Account

LOCAL = "any"
"""The local part that is asked with; no document says whether a mailbox exists."""

CONFIG_PATH = "/mail/config-v1.1.xml"
WELL_KNOWN_PATH = "/.well-known/autoconfig/mail/config-v1.1.xml"
AUTODISCOVER_PATH = "/autodiscover/autodiscover.xml"
PACC_PATH = "/.well-known/user-agent-configuration.json"

POX_HEADERS = {"Content-Type": "text/xml; charset=utf-8"}

_POX_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"


@dataclass(frozen=True, slots=True)
class ExpectedDocuments:
    """What this server answers for an account's domain."""

    address: EmailAddress
    mozilla: bytes
    """For a request with the address, as Thunderbird sends it."""
    mozilla_for_all: bytes
    """For a request without one, as KMail and Thunderbird for Android send it."""
    autodiscover: bytes | None
    pacc: bytes | None
    """`None` if PACC cannot express the account."""

    @classmethod
    def of(cls, account: Account) -> ExpectedDocuments:
        """
        Write the documents.

        Raises:
            Inexpressible: the domain moved away.
        """
        address = account.address or EmailAddress(LOCAL, account.domain)
        addressed = replace(account, address=address)
        services = tuple(service for service in account.services if not service.of_mailbox)
        for_all = replace(account, address=None, services=services)
        return cls(
            address,
            mozilla.document(addressed),
            mozilla.document(for_all),
            _written(microsoft.document, addressed),
            _written(pacc.document, for_all),
        )

    @property
    def query(self) -> str:
        """The query that Thunderbird sends with the address."""
        return f"emailaddress={quote(str(self.address), safe='')}"

    @property
    def pox_request(self) -> bytes:
        """The body that Outlook posts (MS-OXDSCLI section 2.2.3)."""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Autodiscover xmlns="{_POX_REQUEST}"><Request>'
            f"<EMailAddress>{escape(str(self.address))}</EMailAddress>"
            f"<AcceptableResponseSchema>{microsoft.OUTLOOK_RESPONSE}</AcceptableResponseSchema>"
            "</Request></Autodiscover>"
        ).encode()


def _written(document: Callable[[Account], bytes], account: Account) -> bytes | None:
    try:
        return document(account)
    except Inexpressible:
        return None
