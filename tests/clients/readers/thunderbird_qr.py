"""
What Thunderbird for Android makes of a QR code, restated from its specification (qr-code-format.md of 2025-02-06) and
from `QrCodePayloadAdapter`, `QrCodePayloadValidator` and `QrCodePayloadMapper` of thunderbird-android 18d0a86 and
bd0f018: one account, and any value that it does not know costs the account.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar

from tests.clients.readers.client import (
    CLEARTEXT,
    ENCRYPTED,
    IMAP,
    OAUTH2,
    PLAIN,
    POP3,
    SMTP,
    SSL,
    STARTTLS,
    Found,
    Refused,
)
from tests.clients.readers.thunderbird_android import is_host

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
_INCOMING = {0: IMAP, 1: POP3}
_OUTGOING = {0: SMTP}
_SECURITY = {0: PLAIN, 2: STARTTLS, 3: SSL}
_LOGINS = {0: "none", 1: CLEARTEXT, 2: ENCRYPTED, 3: "GSSAPI", 4: "NTLM", 5: "TLS-client-cert", 6: OAUTH2}
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
Kind = TypeVar("Kind", int, str)


@dataclass(frozen=True, slots=True)
class Imported:
    """An account as the app has it after the import."""

    name: str
    servers: tuple[Found, Found]
    address: str
    sender: str


def read(payload: str) -> Imported:
    """
    The one account of a code.

    Raises:
        Refused: the app takes nothing from it.
    """
    try:
        content = json.loads(payload)
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from error
    elements = _array(content)
    if _take(elements, int) != VERSION:
        raise Refused("another version")
    index = _array(next(elements, None))
    if (_take(index, int), _take(index, int)) != (1, 1):
        raise Refused("one of several codes")
    incoming = _array(next(elements, None))
    receiving = _server(incoming, _INCOMING)
    account_name, password = next(incoming, None), next(incoming, None)
    if password is not None:
        raise Refused("a password stands in the code")
    groups = [_outgoing(_array(group)) for group in _array(next(elements, None))]
    if len(groups) != 1 or next(elements, None) is not None:
        raise Refused("not one account with one server to send by")
    ((sending, address, sender),) = groups
    return Imported(str(account_name or address), (receiving, sending), address, sender)


def _outgoing(group: Iterator[object]) -> tuple[Found, str, str]:
    server = _server(_array(next(group, None)), _OUTGOING)
    identity = _array(next(group, None))
    address, sender = _take(identity, str), _line(_take(identity, str))
    local, at, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or not at or not is_host(domain):
        raise Refused(f"address {address!r}")
    return server, address, sender


def _server(values: Iterator[object], protocols: dict[int, str]) -> Found:
    protocol, host, port = _take(values, int), _take(values, str), _take(values, int)
    security, login, username = _take(values, int), _take(values, int), _line(_take(values, str))
    if protocol not in protocols or security not in _SECURITY or login not in _LOGINS:
        raise Refused(f"protocol {protocol}, security {security} or authentication {login}")
    if not is_host(host) or not 0 < port < 65536:
        raise Refused(f"host {host!r} or port {port}")
    return Found(protocols[protocol], host, port, _SECURITY[security], (_LOGINS[login],), username)


def _array(value: object) -> Iterator[object]:
    return iter(value) if isinstance(value, list) else _refuse("an array", value)


def _take(values: Iterator[object], kind: type[Kind]) -> Kind:
    value = next(values, None)
    return value if isinstance(value, kind) and not isinstance(value, bool) else _refuse(kind.__name__, value)


def _line(text: str) -> str:
    return text if not {"\r", "\n"} & set(text) else _refuse("one line", text)


def _refuse(wanted: str, value: object) -> NoReturn:
    raise Refused(f"{value!r} where {wanted} should be")
