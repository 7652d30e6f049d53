"""
Microsoft's Autodiscover answers in XML (MS-OXDSCLI section 2.2.4), for the outlook schema, and its errors.

`SSL` is `on` for STARTTLS too: Outlook 2010 and later go by `Encryption`, desktop Thunderbird by the port, and Delta
Chat takes `off` as plain text. `SPA` is always `off`: absent it means NTLM.

Calendars and address books come last, in the form that eM Client and other servers use: type `CalDAV` or `CardDAV`, a
URL as the server and no port. FairEmail and Delta Chat skip entries without a port; Thunderbird and Outlook skip other
types.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import Inexpressible
from autoconfig.formats.xml import Element, child, serialised
from autoconfig.mail.server import MAIL, Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import Service

CONTENT_TYPE = "text/xml; charset=utf-8"

RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILESYNC_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"

_ENCRYPTION = {TLSMode.SSL: "SSL", TLSMode.STARTTLS: "TLS", TLSMode.PLAIN: "None"}
_DAV = {ServiceKind.CALDAV: "CalDAV", ServiceKind.CARDDAV: "CardDAV"}


class ErrorCode(Enum):
    """MS-OXDSCLI section 2.2.4.1.1.3.1: the number and its message."""

    INVALID_REQUEST = (600, "Invalid Request")
    NO_PROVIDER = (601, "Provider is not available")


def document(account: Account) -> bytes:
    """
    Write the settings of the account, or where it moved to.

    Without an address there is no `LoginName`; clients that ask like this (Delta Chat) do not read it.

    Raises:
        Inexpressible: the domain moved to another one and there is no address to redirect.
    """
    root, answer = _response(OUTLOOK_RESPONSE)
    if account.address is not None:
        child(child(answer, "User"), "DisplayName", str(account.address))
    element = child(answer, "Account")
    child(element, "AccountType", "email")
    if account.redirect_url is not None:
        child(element, "Action", "redirectUrl")
        child(element, "RedirectUrl", account.redirect_url)
    elif account.redirect_domain is not None:
        if account.address is None:
            raise Inexpressible("this domain has moved to another one; ask with an address")
        child(element, "Action", "redirectAddr")
        child(element, "RedirectAddr", f"{account.address.local}@{account.redirect_domain}")
    else:
        child(element, "Action", "settings")
        # One of each: Outlook takes the first of a type, FairEmail the last.
        for protocol in MAIL:
            if (server := account.first(protocol)) is not None:
                _protocol(element, account, server)
        for kind in _DAV:
            if (service := account.service(kind)) is not None:
                _dav(element, account, service)
    return serialised(root)


def mobilesync_document(account: Account) -> bytes:
    """
    Write the ActiveSync URL of the mailbox (MS-ASCMD section 2.2.1.1), or the address that it moved to.

    Raises:
        Inexpressible: the account has no ActiveSync or no address; phones would make an account that cannot work.
    """
    service = account.service(ServiceKind.ACTIVESYNC)
    if account.address is None or (service is None and account.redirect_domain is None):
        raise Inexpressible("there is no ActiveSync for this mail address")
    root, answer = _response(MOBILESYNC_RESPONSE)
    child(answer, "Culture", "en:us")
    child(child(answer, "User"), "EMailAddress", str(account.address))
    action = child(answer, "Action")
    if service is None:
        child(action, "Redirect", f"{account.address.local}@{account.redirect_domain}")
    else:
        server = child(child(action, "Settings"), "Server")
        child(server, "Type", "MobileSync")
        child(server, "Url", service.url)
        child(server, "Name", service.url)
    return serialised(root)


def error_document(code: ErrorCode, now: datetime | None = None) -> bytes:
    """Write an error response, to be sent with HTTP status 200; clients then ask the next URL."""
    root = etree.Element(etree.QName(RESPONSE, "Autodiscover"), nsmap={None: RESPONSE})
    number, message = code.value
    time = (now or datetime.now(UTC)).strftime("%H:%M:%S.%f0")
    error = child(child(root, "Response"), "Error", Time=time, Id="1")
    child(error, "ErrorCode", str(number))
    child(error, "Message", message)
    child(error, "DebugData")
    return serialised(root)


def _response(namespace: str) -> tuple[Element, Element]:
    """Give each element a default namespace of its own: FairEmail and Delta Chat read raw names."""
    root = etree.Element(etree.QName(RESPONSE, "Autodiscover"), nsmap={None: RESPONSE})
    answer = etree.SubElement(root, etree.QName(namespace, "Response"), nsmap={None: namespace})
    return root, answer


def _protocol(parent: Element, account: Account, server: Server) -> None:
    element = child(parent, "Protocol")
    child(element, "Type", server.protocol.value.upper())
    child(element, "Server", server.host)
    child(element, "Port", str(server.port))
    child(element, "DomainRequired", "off")
    # Without it clients use the local part; Thunderbird makes the user name "true" of an empty one.
    if account.address is not None:
        child(element, "LoginName", account.login_name(server))
    child(element, "SPA", "off")
    child(element, "SSL", "off" if server.tls is TLSMode.PLAIN else "on")
    child(element, "Encryption", _ENCRYPTION[server.tls])
    child(element, "AuthRequired", "on" if server.login[0].has_user else "off")
    if server.protocol is Protocol.SMTP:
        incoming = account.incoming
        same_login = not incoming or incoming[0].username == server.username
        child(element, "UsePOPAuth", "on" if same_login else "off")
        child(element, "SMTPLast", "off")


def _dav(parent: Element, account: Account, service: Service) -> None:
    element = child(parent, "Protocol")
    child(element, "Type", _DAV[service.kind])
    child(element, "Server", service.url)
    child(element, "DomainRequired", "off")
    if account.address is not None:
        child(element, "LoginName", account.login_name(service))
    child(element, "SPA", "off")
    child(element, "SSL", "on")
    child(element, "AuthRequired", "on" if service.login[0].has_user else "off")
