"""
Mozilla's `config-v1.1.xml` (draft-ietf-mailmaint-autoconfig-06), as every known reader understands it.

IMAP comes first (Geary, FairEmail), leaves have no attributes (desktop Thunderbird breaks on them), `version` is 1.1,
and the only domain is the one asked for. `emailProvider` is the root's first child (KMail looks nowhere else) and has
only elements that Himalaya knows; everything but mail follows it. JMAP, ActiveSync and ManageSieve are left out: any
place for them breaks some client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree

from autoconfig.errors import Inexpressible
from autoconfig.formats.xml import Element, child, serialised
from autoconfig.mail.pattern import ADDRESS, ADDRESS_LOWER, DOMAIN, LOCAL, LOCAL_LOWER, Pattern, Slot
from autoconfig.mail.server import Login, Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import OAuth2, Service

CONTENT_TYPE = "text/xml; charset=utf-8"

NOT_CARRIED: frozenset[Protocol | ServiceKind] = frozenset(
    {Protocol.MANAGESIEVE, ServiceKind.JMAP, ServiceKind.ACTIVESYNC}
)
"""What a plan may have but this document never carries, because some program would refuse the whole document."""

_SOCKET_TYPE = {TLSMode.SSL: "SSL", TLSMode.STARTTLS: "STARTTLS", TLSMode.PLAIN: "plain"}
_PLACEHOLDERS = {ADDRESS: "%EMAILADDRESS%", LOCAL: "%EMAILLOCALPART%"}
# No placeholder is in lower case: a document without an address carries the one for what the customer types.
_ANY_CASE = {ADDRESS_LOWER: "%EMAILADDRESS%", LOCAL_LOWER: "%EMAILLOCALPART%"}
_ADDRESS = Pattern((Slot(ADDRESS),))
# HTTP's own schemes, as the draft spells them since June 2026, and as it did before.
_HTTP = {Login.CLEARTEXT: ("Basic", "http-basic"), Login.ENCRYPTED: ("Digest", "http-digest")}


def document(account: Account) -> bytes:
    """
    Write the configuration of the account's domain; without an address, one that is right for all of its addresses.

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
        texts = page.text.by_language.items() if page.text else ()
        for language, text in ((language, text) for language, text in texts if text):  # Himalaya refuses empty ones
            child(element, "descr", text, **({"lang": language} if language != "und" else {}))
    if account.oauth2:
        _oauth2(root, account.oauth2)
    _services(root, account)
    if account.webmail:
        child(child(root, "webMail"), "loginPage", url=account.webmail)
    return serialised(root)


def _server(provider: Element, kind: str, account: Account, server: Server) -> None:
    section = child(provider, kind, type=server.protocol.value)
    child(section, "hostname", server.host)
    child(section, "port", str(server.port))
    child(section, "socketType", _SOCKET_TYPE[server.tls])
    for login in server.login:
        child(section, "authentication", login.value)
    child(section, "username", _username(account, server))


def _username(account: Account, server: Server | Service) -> str:
    """
    The placeholder for the address, if that is the user name: every program fills it in, and the document is the same
    for all mailboxes. Otherwise the literal text, because some programs know no other placeholder (aerc), or none
    beside other text (FairEmail); without an address, text with placeholders.
    """
    if server.username == _ADDRESS:
        return _PLACEHOLDERS[ADDRESS]
    if account.address is not None:
        return account.login_name(server)
    return server.username.expand({DOMAIN: account.domain.name, **_PLACEHOLDERS, **_ANY_CASE})


def _oauth2(root: Element, oauth2: OAuth2) -> None:
    """Write `oAuth2`. Himalaya refuses a document if one of the first four elements is missing."""
    element = child(root, "oAuth2")
    # A host name without scheme, as in Mozilla's public database.
    child(element, "issuer", urlsplit(oauth2.issuer).hostname)
    child(element, "scope", " ".join(oauth2.scope))
    child(element, "authURL", oauth2.auth_url)
    child(element, "tokenURL", oauth2.token_url)
    if oauth2.client_id:
        child(element, "clientID", oauth2.client_id)
    if oauth2.client_secret:
        child(element, "clientSecret", oauth2.client_secret)


def _services(root: Element, account: Account) -> None:
    """Write calendars and address books, in the draft's spelling and the one from before March 2025."""
    mail = [*account.incoming, *account.outgoing]
    for service in account.services:
        # FairEmail (commit 009551c5) uses the last `username` of the whole document for the mail account.
        if mail and service.username != mail[-1].username:
            continue
        if service.kind is ServiceKind.CALDAV:
            _service(root, "calendar", account, service, old=True, new=True)
        elif service.kind is ServiceKind.CARDDAV:
            _service(root, "addressbook", account, service, old=False, new=True)
            _service(root, "addressBook", account, service, old=True, new=False)


def _service(root: Element, name: str, account: Account, service: Service, *, old: bool, new: bool) -> None:
    section = child(root, name, type=service.kind.value)
    if new:
        child(section, "url", service.url)
    if old:
        child(section, "serverURL", service.url)
    for login in service.login:
        if login not in _HTTP:
            child(section, "authentication", login.value)
            continue
        by_draft, before = _HTTP[login]
        if new:
            child(section, "authentication", by_draft, system="http")
        if old:
            child(section, "authentication", before)
    child(section, "username", _username(account, service))
