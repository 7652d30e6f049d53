"""
PACC, the document of draft-ietf-mailmaint-pacc-02 and -03, and the TXT record that clients hold it against.

It can say little: implicit TLS on the default port, and the address as user name. A plan that needs more is not
published; calendars, address books and JMAP that do not fit are left out, for without them the rest is still true.
ManageSieve is always left out: no port of it has implicit TLS.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import Inexpressible
from autoconfig.mail.account import MAX_NAME, MAX_SHORT_NAME
from autoconfig.mail.pattern import ADDRESS, DOMAIN, LOCAL, Pattern, Slot
from autoconfig.mail.server import MAIL, Login, Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import Service

CONTENT_TYPE = "application/json"
TXT_LABEL = "_ua-auto-config"
"""The record's name is this label before the domain."""

_PORTS = {Protocol.IMAP: 993, Protocol.POP3: 995, Protocol.SMTP: 465}
# -03 renamed `smtp` to `submit`; readers of either ignore the other.
_KEYS = {Protocol.IMAP: ("imap",), Protocol.POP3: ("pop3",), Protocol.SMTP: ("smtp", "submit")}
_WEB = (ServiceKind.JMAP, ServiceKind.CALDAV, ServiceKind.CARDDAV)
_WHOLE_ADDRESS = {Pattern((Slot(ADDRESS),)), Pattern((Slot(LOCAL), "@", Slot(DOMAIN)))}


def document(account: Account) -> bytes:
    """
    The document of the account's domain, for every mailbox of it: sorted, compact, the same bytes every time.

    Raises:
        Inexpressible: the domain moved away; a mail server has no implicit TLS on the default port or another user
            name than the address; or there is no way to log in that all servers share and the format has.
    """
    if account.redirects:
        raise Inexpressible("this domain has moved to another provider")
    servers = [_expressible(account, protocol) for protocol in MAIL if account.first(protocol) is not None]
    if not any(server.protocol.incoming for server in servers) or account.first(Protocol.SMTP) is None:
        raise Inexpressible("this domain has no server for incoming or none for outgoing mail")
    password = all(_takes_password(server) for server in servers)
    oauth = account.oauth2 if all(Login.OAUTH2 in server.login for server in servers) else None
    if not password and oauth is None:
        raise Inexpressible("this domain's servers share no way to log in by a password or by OAuth2")
    protocols: dict[str, dict[str, str]] = {
        key: {"host": server.host} for server in servers for key in _KEYS[server.protocol]
    }
    for kind in _WEB:
        service = account.service(kind)
        if service is not None and _fits(service, password=password, oauth=oauth is not None):
            protocols[kind.value] = {"url": service.url}
    authentication: dict[str, object] = {"password": password}
    if oauth is not None:
        authentication["oauth-public"] = {"issuer": oauth.issuer}
    value = {"authentication": authentication, "info": _info(account), "protocols": protocols}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def txt_record(document: bytes) -> str:
    """The value of the TXT record at `_ua-auto-config.DOMAIN` with which clients accept exactly these bytes."""
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    return f"v=UAAC1; a=sha256; d={digest}"


def _expressible(account: Account, protocol: Protocol) -> Server:
    """The preferred server among those that the format has words for."""
    for server in account.servers:
        default = server.tls is TLSMode.SSL and server.port == _PORTS.get(server.protocol)
        if server.protocol is protocol and default and server.username in _WHOLE_ADDRESS:
            return server
    raise Inexpressible(
        f"this domain's {protocol.value.upper()} server is not on port {_PORTS[protocol]} with TLS from the first "
        "byte, or its user name is not the mail address"
    )


def _fits(service: Service, *, password: bool, oauth: bool) -> bool:
    """Whether it is on the default port, found without guessing, and logged in to in every way that is announced."""
    url = urlsplit(service.url)
    found = service.kind is ServiceKind.JMAP or bool(url.path.strip("/"))
    logged_in = (not password or _takes_password(service)) and (not oauth or Login.OAUTH2 in service.login)
    return url.port in {None, 443} and found and service.username in _WHOLE_ADDRESS and logged_in


def _takes_password(server: Server | Service) -> bool:
    return any(login.is_password for login in server.login)


def _info(account: Account) -> dict[str, object]:
    provider = {"name": account.name.in_language()[:MAX_NAME]}
    if account.short_name:
        provider["shortName"] = account.short_name.in_language()[:MAX_SHORT_NAME]
    info: dict[str, object] = {"provider": provider}
    page = next((page.url for page in account.documentation if page.url.startswith("https://")), None)
    return info if page is None else {**info, "help": {"documentation": page}}
