"""
Mozilla's `config-v1.1.xml` (draft-ietf-mailmaint-autoconfig-06), as every known reader understands it.

IMAP first (Geary, FairEmail), no attributes on leaves (desktop Thunderbird breaks on them), `version` 1.1, only the
domain that was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import Inexpressible
from autoconfig.formats.xml import Element, child, serialised
from autoconfig.mail.pattern import ADDRESS, DOMAIN, LOCAL, Pattern, Slot
from autoconfig.mail.server import TLSMode

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server

CONTENT_TYPE = "text/xml; charset=utf-8"

_SOCKET_TYPE = {TLSMode.SSL: "SSL", TLSMode.STARTTLS: "STARTTLS", TLSMode.PLAIN: "plain"}
_PLACEHOLDERS = {ADDRESS: "%EMAILADDRESS%", LOCAL: "%EMAILLOCALPART%"}
# FairEmail knows a placeholder only if it is the whole user name.
_WHOLE = {Pattern((Slot(name),)): placeholder for name, placeholder in _PLACEHOLDERS.items()}


def document(account: Account) -> bytes:
    """
    The configuration of the account's domain; without an address one that is right for every address of it.

    Raises:
        Inexpressible: the domain moved away; the format has no way to say so.
    """
    if account.redirects:
        raise Inexpressible("this domain has moved to another provider")
    root = etree.Element("clientConfig", version="1.1")
    provider = child(root, "emailProvider", id=account.domain.name)
    child(provider, "domain", account.domain.name)
    child(provider, "displayName", account.name.in_language())
    if account.short_name:
        child(provider, "displayShortName", account.short_name.in_language())
    for server in account.incoming:
        _server(provider, "incomingServer", account, server)
    for server in account.outgoing:
        _server(provider, "outgoingServer", account, server)
    for page in account.documentation:
        element = child(provider, "documentation", url=page.url)
        for language, text in page.text.by_language.items() if page.text else ():
            child(element, "descr", text, **({"lang": language} if language != "und" else {}))
    return serialised(root)


def _server(provider: Element, kind: str, account: Account, server: Server) -> None:
    section = child(provider, kind, type=server.protocol.value)
    child(section, "hostname", server.host)
    child(section, "port", str(server.port))
    child(section, "socketType", _SOCKET_TYPE[server.tls])
    for login in server.login:
        child(section, "authentication", login.value)
    child(section, "username", _username(account, server))


def _username(account: Account, server: Server) -> str:
    """A placeholder where it is the whole user name, else the literal text, else one with placeholders in it."""
    if placeholder := _WHOLE.get(server.username):
        return placeholder
    if account.address is not None:
        return account.login_name(server)
    return server.username.expand({DOMAIN: account.domain.name, **_PLACEHOLDERS})
