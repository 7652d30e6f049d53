"""
Apple's configuration profiles (`.mobileconfig`): a mail account, and calendars and contacts if the plan has them.

Identifiers decide what a second installation does: the top-level identifier depends on the mailbox only, so that a
POP3 profile replaces the IMAP one; identifier and UUID of a payload depend on mailbox and protocol, so that the device
updates the account in place. `Info@` and `info@` are one mailbox. No passwords, and nothing random: the bytes are the
same after a restart.
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
    from autoconfig.mail.account import Account, Text
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import Service

    Value = str | int | bool

CONTENT_TYPE = "application/x-apple-aspen-config"

# The payload has neither SCRAM nor OAuth; of the encrypted methods Apple has CRAM-MD5.
_AUTHENTICATION = {
    Login.CLEARTEXT: "EmailAuthPassword",
    Login.ENCRYPTED: "EmailAuthCRAMMD5",
    Login.NTLM: "EmailAuthNTLM",
    Login.NONE: "EmailAuthNone",
    Login.CLIENT_IP_ADDRESS: "EmailAuthNone",
}
_TYPE = {Protocol.IMAP: "EmailTypeIMAP", Protocol.POP3: "EmailTypePOP"}
_DAV = {ServiceKind.CALDAV: "CalDAV", ServiceKind.CARDDAV: "CardDAV"}

# Choices that a person has in an account made by hand. Each defaults to false in Apple's schema (iOS 18.1), so an
# account from a profile would lose it. Read in the schema, not tried on a device.
_LEFT_TO_THE_PERSON: dict[str, Value] = {
    "SMIMESigningUserOverrideable": True,
    "SMIMESigningCertificateUUIDUserOverrideable": True,
    "SMIMEEncryptByDefault": False,
    "SMIMEEncryptByDefaultUserOverrideable": True,
    "SMIMEEncryptionCertificateUUIDUserOverrideable": True,
    "SMIMEEnableEncryptionPerMessageSwitch": True,
    "allowMailDrop": True,
}


def document(
    account: Account,
    identifier: str,
    protocol: Protocol | None = None,
    language: str | None = None,
    *,
    provider: Text | None = None,
    sender: str | None = None,
    mail_only: bool = False,
) -> bytes:
    """
    The profile of one mailbox, unsigned.

    Args:
        account: with an address.
        identifier: the setting `profile_identifier`, equal on all nodes.
        protocol: IMAP or POP3; by default the one that the plan prefers.
        language: BCP 47 primary subtag of the texts that the phone shows.
        provider: who issues the profile; by default the plan's name.
        sender: the name that recipients see; by default the device asks for one.
        mail_only: leave calendars and contacts out.

    Raises:
        Inexpressible: the domain moved away, the plan has no such server, or it needs a login that profiles lack.
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
    same = str(account.address.lowered)
    mailbox = uuid.uuid5(namespace, same)
    top = f"{identifier}.{mailbox}"

    def payload(kind: Protocol | ServiceKind, title: str, values: dict[str, Value]) -> dict[str, Value]:
        return {
            "PayloadType": f"com.apple.{kind.value}.account" if kind in _DAV else "com.apple.mail.managed",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"{top}.{kind.value}",
            "PayloadUUID": str(uuid.uuid5(namespace, f"{same} {kind.value}")).upper(),
            "PayloadDisplayName": f"{name} {title}",
            **values,
        }

    kinds_of_dav = () if mail_only else _DAV
    offered = [service for kind in kinds_of_dav if (service := account.service(kind)) is not None]
    # The payloads know HTTP's Basic and Digest only.
    services = [service for service in offered if any(login.is_password for login in service.login)]
    kinds: list[Protocol | ServiceKind] = [incoming.protocol, *(service.kind for service in services)]
    mail: dict[str, Value] = {
        "EmailAccountDescription": address,
        **({"EmailAccountName": sender} if sender else {}),
        "EmailAccountType": _TYPE[incoming.protocol],
        "EmailAddress": address,
        **_server("Incoming", account, incoming),
        **_server("Outgoing", account, outgoing),
        "OutgoingPasswordSameAsIncomingPassword": incoming.username == outgoing.username,
        **_LEFT_TO_THE_PERSON,
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": top,
        "PayloadUUID": str(mailbox).upper(),
        "PayloadDisplayName": f"{name} {address}",
        "PayloadDescription": apple_texts.description(account, kinds, spoken),
        "PayloadOrganization": provider.in_language(language) if provider else name,
        "ConsentText": apple_texts.consent(account, incoming.protocol, kinds),
        "PayloadContent": [
            payload(incoming.protocol, incoming.protocol.value.upper(), mail),
            *(payload(s.kind, apple_texts.title(s.kind, spoken), _dav(account, s)) for s in services),
        ],
    }
    return plistlib.dumps(profile, sort_keys=False)


def disposition(account: Account) -> str:
    """The Content-Disposition header: names the file after the domain, in ASCII and as people write it (RFC 6266)."""
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
    # Without the key the device asks /.well-known/ (RFC 6764); a URL that is not a principal's would prevent that.
    if service.principal:
        described[f"{prefix}PrincipalURL"] = service.url
    return described
