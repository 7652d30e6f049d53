"""
Autodiscover v2, which is JSON: where the other kinds of Autodiscover are (reference C6). It can carry no mail servers.

Clients spell protocols in any letter case; the answer has the canonical spelling. What a client sent is repeated in no
answer.
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
# The schema of ActiveSync's own Autodiscover calls it MobileSync.
_ALIASES = {"mobilesync": ACTIVESYNC}


class ErrorCode(Enum):
    """The HTTP status of an error and its sentence, by the name that stands in the document."""

    MandatoryParameterMissing = (400, "A valid value must be provided for the query parameter 'Protocol'.")
    InvalidProtocol = (400, "The given protocol value is invalid. Supported values are '{supported}'.")
    UserNotFound = (404, "The given user is not found.")

    @property
    def status(self) -> int:
        """The HTTP status that goes with it."""
        return self.value[0]


def urls(account: Account, autodiscover: str) -> dict[str, str]:
    """
    The protocols that are offered for the account, canonically spelled, and where each is.

    Args:
        account: a moved one too; its Autodiscover says where it moved to.
        autodiscover: the URL of Autodiscover's XML here.
    """
    service = account.service(ServiceKind.ACTIVESYNC)
    offered = {AUTODISCOVER: autodiscover}
    return offered if service is None else {**offered, ACTIVESYNC: service.url}


def canonical(protocol: str) -> str:
    """The spelling of a protocol in answers; one that nobody knows stays as it is."""
    known = {name.lower(): name for name in (AUTODISCOVER, ACTIVESYNC)} | _ALIASES
    stripped = protocol.strip()
    return known.get(stripped.lower(), stripped)


def document(protocol: str, url: str) -> bytes:
    """The answer: the URL of a protocol."""
    return _serialised({"Protocol": protocol, "Url": url})


def error_document(code: ErrorCode, supported: tuple[str, ...] = ()) -> bytes:
    """An answer that says no; for an unknown protocol it names those that there are."""
    message = code.value[1].replace("{supported}", ",".join(supported))
    return _serialised({"ErrorCode": code.name, "ErrorMessage": message})


def _serialised(value: dict[str, str]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
