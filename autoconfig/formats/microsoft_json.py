"""
Autodiscover v2 in JSON: the URLs of the other kinds of Autodiscover. It cannot carry mail servers.

Clients spell protocols in any letter case; responses have the canonical spelling and repeat nothing that a client sent.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING

from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.account import Account

CONTENT_TYPE = "application/json; charset=utf-8"

AUTODISCOVER, ACTIVESYNC = "AutodiscoverV1", "ActiveSync"
# ActiveSync's own Autodiscover schema calls it MobileSync.
_ALIASES = {"mobilesync": ACTIVESYNC}


class JSONErrorCode(Enum):
    """An error's HTTP status and message, by its name in the document."""

    MandatoryParameterMissing = (400, "A valid value must be provided for the query parameter 'Protocol'.")
    InvalidProtocol = (400, "The given protocol value is invalid. Supported values are '{supported}'.")
    UserNotFound = (404, "The given user is not found.")

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self.value[0]


def urls(account: Account, autodiscover: str) -> dict[str, str]:
    """
    The URL of each protocol that the account offers, by its canonical spelling.

    Args:
        account: may have moved; Autodiscover's XML then says where to.
        autodiscover: this server's URL for Autodiscover's XML.
    """
    service = account.service(ServiceKind.ACTIVESYNC)
    offered = {AUTODISCOVER: autodiscover}
    return offered if service is None else {**offered, ACTIVESYNC: service.url}


def canonical(protocol: str) -> str:
    """The spelling of a protocol in responses; an unknown one stays unchanged."""
    known = {name.lower(): name for name in (AUTODISCOVER, ACTIVESYNC)} | _ALIASES
    stripped = protocol.strip()
    return known.get(stripped.lower(), stripped)


def document(protocol: str, url: str) -> bytes:
    """Write the URL of a protocol."""
    return _serialised({"Protocol": protocol, "Url": url})


def error_document(code: JSONErrorCode, supported: tuple[str, ...] = ()) -> bytes:
    """Write an error response; for an unknown protocol it names the supported ones."""
    message = code.value[1].replace("{supported}", ",".join(supported))
    return _serialised({"ErrorCode": code.name, "ErrorMessage": message})


def _serialised(value: dict[str, str]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
