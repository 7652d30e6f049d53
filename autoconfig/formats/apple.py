"""
Apple's configuration profiles (`.mobileconfig`) with one `com.apple.mail.managed` payload.

Identity decides what a second installation does: the top-level identifier depends on the mailbox only, so that a POP3
profile replaces the IMAP one; identifier and UUID of the payload depend on mailbox and protocol, so that the account
is updated in place. No passwords, and nothing random: the same bytes after a restart.
"""

from __future__ import annotations

import plistlib
import uuid
from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible
from autoconfig.mail.server import Login, Protocol, TLSMode

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server

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
    namespace = uuid.uuid5(uuid.NAMESPACE_DNS, identifier)
    mailbox = uuid.uuid5(namespace, address)
    top = f"{identifier}.{mailbox}"
    kind = incoming.protocol.value
    payload = {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{top}.{kind}",
        "PayloadUUID": str(uuid.uuid5(namespace, f"{address} {kind}")).upper(),
        "PayloadDisplayName": f"{name} {kind.upper()}",
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
        "PayloadOrganization": name,
        "PayloadContent": [payload],
    }
    return plistlib.dumps(profile, sort_keys=False)


def file_name(account: Account) -> str:
    """A name for the downloaded file: ASCII, from the domain."""
    return f"{account.domain.name}.mobileconfig"


def _server(direction: str, account: Account, server: Server) -> dict[str, str | int | bool]:
    method = next((_AUTHENTICATION[login] for login in server.login if login in _AUTHENTICATION), None)
    if method is None:
        raise Inexpressible("this mail address logs in without a password, which Apple's profiles cannot describe")
    prefix = f"{direction}MailServer"
    described: dict[str, str | int | bool] = {
        f"{prefix}Authentication": method,
        f"{prefix}HostName": server.host,
        f"{prefix}PortNumber": server.port,
        # There is no key for STARTTLS: Mail negotiates by port (143, 587), so `true` means any TLS.
        f"{prefix}UseSSL": server.tls is not TLSMode.PLAIN,
    }
    if method != "EmailAuthNone":
        described[f"{prefix}Username"] = account.login_name(server)
    return described
