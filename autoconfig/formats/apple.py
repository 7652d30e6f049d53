"""
Apple's configuration profiles (`.mobileconfig`): a mail account, and calendars and contacts where the plan has them.

Identity decides what a second installation does: the top-level identifier depends on the mailbox only, so that a POP3
profile replaces the IMAP one; identifier and UUID of a payload depend on mailbox and protocol, so that the account
is updated in place. No passwords, and nothing random: the same bytes after a restart.
"""

from __future__ import annotations

import plistlib
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from autoconfig.errors import Inexpressible
from autoconfig.formats import apple_texts
from autoconfig.mail.server import Login, Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import Service

    Value = str | int | bool

CONTENT_TYPE = "application/x-apple-aspen-config"

# No SCRAM and no OAuth in the payload; CRAM-MD5 is what Apple has of the encrypted ones.
_AUTHENTICATION = {
    Login.CLEARTEXT: "EmailAuthPassword",
    Login.ENCRYPTED: "EmailAuthCRAMMD5",
    Login.NTLM: "EmailAuthNTLM",
    Login.NONE: "EmailAuthNone",
    Login.CLIENT_IP_ADDRESS: "EmailAuthNone",
}
_TYPE = {Protocol.IMAP: "EmailTypeIMAP", Protocol.POP3: "EmailTypePOP"}
_DAV = {ServiceKind.CALDAV: "CalDAV", ServiceKind.CARDDAV: "CardDAV"}


def document(account: Account, identifier: str, protocol: Protocol | None = None, language: str | None = None) -> bytes:
    """
    The profile of one mailbox, unsigned.

    Args:
        account: with an address.
        identifier: the setting `profile_identifier`, equal on all nodes.
        protocol: IMAP or POP3; without it what the plan prefers.
        language: BCP 47 primary subtag of the texts that the phone shows.

    Raises:
        Inexpressible: the plan has no such server, moved away, or wants a login that profiles do not have.
    """
    if account.redirects:
        raise Inexpressible("this domain has moved to another provider; there is no profile for it here")
    if account.address is None:
        raise Inexpressible("a profile is for one mailbox; ask with an address")
    incoming = account.first(*([protocol] if protocol else (Protocol.IMAP, Protocol.POP3)))
    outgoing = account.first(Protocol.SMTP)
    if incoming is None or outgoing is None:
        raise Inexpressible(f"this mail address has no {protocol.value.upper() if protocol else 'mail'} server")
    address, name = str(account.address), account.name.in_language(language)
    spoken = apple_texts.language_of(account.name, language)
    namespace = uuid.uuid5(uuid.NAMESPACE_DNS, identifier)
    mailbox = uuid.uuid5(namespace, address)
    top = f"{identifier}.{mailbox}"

    def payload(kind: Protocol | ServiceKind, title: str, values: dict[str, Value]) -> dict[str, Value]:
        return {
            "PayloadType": f"com.apple.{kind.value}.account" if kind in _DAV else "com.apple.mail.managed",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"{top}.{kind.value}",
            "PayloadUUID": str(uuid.uuid5(namespace, f"{address} {kind.value}")).upper(),
            "PayloadDisplayName": f"{name} {title}",
            **values,
        }

    offered = [service for kind in _DAV if (service := account.service(kind)) is not None]
    # HTTP's Basic and Digest; the payloads have no other way.
    services = [service for service in offered if any(login.is_password for login in service.login)]
    kinds: list[Protocol | ServiceKind] = [incoming.protocol, *(service.kind for service in services)]
    mail: dict[str, Value] = {
        "EmailAccountDescription": address,
        "EmailAccountType": _TYPE[incoming.protocol],
        "EmailAddress": address,
        **_server("Incoming", account, incoming),
        **_server("Outgoing", account, outgoing),
        "OutgoingPasswordSameAsIncomingPassword": incoming.username == outgoing.username,
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": top,
        "PayloadUUID": str(mailbox).upper(),
        "PayloadDisplayName": f"{name} {address}",
        "PayloadDescription": apple_texts.description(account, kinds, spoken),
        "PayloadOrganization": name,
        "ConsentText": apple_texts.consent(account, incoming.protocol, kinds),
        "PayloadContent": [
            payload(incoming.protocol, incoming.protocol.value.upper(), mail),
            *(payload(s.kind, apple_texts.title(s.kind, spoken), _dav(account, s)) for s in services),
        ],
    }
    return plistlib.dumps(profile, sort_keys=False)


def disposition(account: Account) -> str:
    """The header that names the downloaded file by the domain: in ASCII, and as people write it (RFC 6266)."""
    named, shown = account.domain.name, account.domain.display
    ascii_name = f'attachment; filename="{named}.mobileconfig"'
    return ascii_name if shown == named else f"{ascii_name}; filename*=UTF-8''{quote(shown)}.mobileconfig"


def _server(direction: str, account: Account, server: Server) -> dict[str, Value]:
    method = next((_AUTHENTICATION[login] for login in server.login if login in _AUTHENTICATION), None)
    if method is None:
        way = "by OAuth2 alone" if server.login == (Login.OAUTH2,) else "without a password"
        raise Inexpressible(f"this mail address logs in {way}, which Apple's profiles cannot describe")
    prefix = f"{direction}MailServer"
    described: dict[str, Value] = {
        f"{prefix}Authentication": method,
        f"{prefix}HostName": server.host,
        f"{prefix}PortNumber": server.port,
        # There is no key for STARTTLS: Mail negotiates by port (143, 587), so `true` means any TLS.
        f"{prefix}UseSSL": server.tls is not TLSMode.PLAIN,
    }
    if method != "EmailAuthNone":
        described[f"{prefix}Username"] = account.login_name(server)
    return described


def _dav(account: Account, service: Service) -> dict[str, Value]:
    url, prefix = urlsplit(service.url), _DAV[service.kind]
    described: dict[str, Value] = {
        f"{prefix}AccountDescription": str(account.address),
        f"{prefix}HostName": url.hostname or "",
        f"{prefix}Port": url.port or 443,
        f"{prefix}UseSSL": True,
        f"{prefix}Username": account.login_name(service),
    }
    # A bare origin is no principal: without the key the device asks /.well-known/ (RFC 6764).
    if url.path.strip("/"):
        described[f"{prefix}PrincipalURL"] = service.url
    return described
