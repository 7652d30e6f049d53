"""
PACC: the document of draft-ietf-mailmaint-pacc-02 and -03, and the TXT record that clients verify it with.

The format is narrow: implicit TLS on the default port, and the address as user name. A plan that needs more gets no
document; calendars, address books and JMAP that do not fit are left out, and the rest stays true. ManageSieve is
always left out: it has no port with implicit TLS.
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
    from collections.abc import Sequence

    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import OAuth2, Service

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
    Write the document for all mailboxes of the account's domain: sorted, compact, the same bytes every time.

    Raises:
        Inexpressible: the domain moved away; a mail server lacks implicit TLS on the default port, or its user name is
            not the address; or the servers share no login method that the format has.
    """
    servers = _servers(account)
    password, oauth = _ways_in(account, servers)
    if not password and oauth is None:
        raise Inexpressible("this domain's servers share no way to log in by a password or by OAuth2")
    protocols: dict[str, dict[str, str]] = {
        key: {"host": server.host} for server in servers for key in _KEYS[server.protocol]
    }
    for kind in _WEB:
        service = account.service(kind)
        if service is not None and _misfit(service, password=password, oauth=oauth is not None) is None:
            protocols[kind.value] = {"url": service.url}
    authentication: dict[str, object] = {"password": password}
    if oauth is not None:
        authentication["oauth-public"] = {"issuer": oauth.issuer}
    value = {"authentication": authentication, "info": _info(account), "protocols": protocols}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def txt_record(document: bytes) -> str:
    """The value of the TXT record at `_ua-auto-config.DOMAIN` that makes clients accept exactly these bytes."""
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    return f"v=UAAC1; a=sha256; d={digest}"


def omissions(account: Account) -> list[tuple[str, str]]:
    """
    What the account has and the document leaves out, and why; nothing if there is no document.

    Args:
        account: one for an address, so that it has every service.
    """
    try:
        servers = _servers(account)
    except Inexpressible:
        return []
    password, oauth = _ways_in(account, servers)
    found: list[tuple[str, str]] = []
    without = [server.protocol for server in servers if Login.OAUTH2 not in server.login]
    if without and len(without) < len(servers):
        found.append(("OAuth2", f"{', '.join(without)} has no OAuth2, and OAuth2 must work for all servers or none"))
    if not password and oauth is None:
        found.append(("the whole domain", "its mail servers share no way to log in"))
        return found
    for kind in _WEB:
        service = account.service(kind)
        if service is not None and (reason := _misfit(service, password=password, oauth=oauth is not None)):
            found.append((kind.value, reason))
    return found


def _servers(account: Account) -> list[Server]:
    if account.redirects:
        raise Inexpressible("this domain has moved to another provider")
    servers = [_expressible(account, protocol) for protocol in MAIL if account.first(protocol) is not None]
    if not any(server.protocol.incoming for server in servers) or account.first(Protocol.SMTP) is None:
        raise Inexpressible("this domain has no server for incoming or none for outgoing mail")
    return servers


def _ways_in(account: Account, servers: Sequence[Server]) -> tuple[bool, OAuth2 | None]:
    """Whether all servers accept a password, and where clients get tokens if all accept OAuth2."""
    oauth = account.oauth2 if all(Login.OAUTH2 in server.login for server in servers) else None
    return all(_takes_password(server) for server in servers), oauth


def _expressible(account: Account, protocol: Protocol) -> Server:
    """The preferred server that the format can describe."""
    for server in account.servers:
        default = server.tls is TLSMode.SSL and server.port == _PORTS.get(server.protocol)
        if server.protocol is protocol and default and server.username in _WHOLE_ADDRESS:
            return server
    raise Inexpressible(
        f"this domain's {protocol.value.upper()} server is not on port {_PORTS[protocol]} with TLS from the first "
        "byte, or its user name is not the mail address"
    )


def _misfit(service: Service, *, password: bool, oauth: bool) -> str | None:
    """Why the service does not fit into the document beside the mail servers, which log in as given."""
    url = urlsplit(service.url)
    if service.of_mailbox:
        return "each mailbox has a URL of its own"
    if url.port not in {None, 443}:
        return "its port is not 443"
    if service.kind is not ServiceKind.JMAP and not url.path.strip("/"):
        return "its URL has no path"
    if service.username not in _WHOLE_ADDRESS:
        return "its user name is not the mail address"
    if oauth and Login.OAUTH2 not in service.login:
        return "it has no OAuth2, and the mail servers have"
    if password and not _takes_password(service):
        return "no password opens it, and the mail servers take one"
    return None


def _takes_password(server: Server | Service) -> bool:
    return any(login.is_password for login in server.login)


def _info(account: Account) -> dict[str, object]:
    provider = {"name": account.name.in_language()[:MAX_NAME]}
    if account.short_name:
        provider["shortName"] = account.short_name.in_language()[:MAX_SHORT_NAME]
    info: dict[str, object] = {"provider": provider}
    page = next((page.url for page in account.documentation if page.url.startswith("https://")), None)
    return info if page is None else {**info, "help": {"documentation": page}}
