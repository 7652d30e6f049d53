"""
The text of the QR code that Thunderbird for Android imports: format version 1 of 2025-02-06, specified in
thunderbird-android, feature/migration/qrcode/qr-code-format.md.

It needs neither a DNS record nor a certificate for the customer's domain, and can describe what Thunderbird for Android
refuses in Mozilla's document: a server without TLS. The account gets the address as its name, and the program asks for
the password.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.server import Login, Protocol, TLSMode

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server

# Its address parser knows dot-atoms (RFC 5322 section 3.2.3) and quoted strings, which do not occur.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PROTOCOLS = {Protocol.IMAP: 0, Protocol.POP3: 1, Protocol.SMTP: 0}  # SMTP has one kind
_SECURITY = {TLSMode.PLAIN: 0, TLSMode.STARTTLS: 2, TLSMode.SSL: 3}  # 1 is reserved
_LOGINS = {
    Login.NONE: 0,
    Login.CLIENT_IP_ADDRESS: 0,
    Login.CLEARTEXT: 1,
    Login.ENCRYPTED: 2,
    Login.GSSAPI: 3,
    Login.NTLM: 4,
    Login.TLS_CLIENT_CERT: 5,
    Login.OAUTH2: 6,
}


def document(account: Account, protocol: Protocol, name: str = "") -> bytes:
    """
    Write the account for IMAP or POP3, with the sender's `name`.

    It is JSON in ASCII, so that scanners read the same bytes whatever encoding they assume.

    Raises:
        Inexpressible: the address is missing or one that its parser refuses; or there is no server for `protocol` or
            for sending.
    """
    incoming, outgoing = account.first(protocol), account.first(Protocol.SMTP)
    if account.redirects or incoming is None or outgoing is None:
        raise Inexpressible(f"this mail address has no servers for {protocol.value} and for sending")
    if account.address is None:
        raise Inexpressible("a code is for one mailbox; ask with an address")
    address = str(account.address)
    if not _LOCAL.fullmatch(account.address.local) or not is_host_name(account.domain.name):
        raise Inexpressible("Thunderbird for Android accepts only addresses of ASCII letters, digits and single dots")
    identity = [address, " ".join(name.split())]
    receiving, sending = _server(account, incoming), _server(account, outgoing)
    content = [1, [1, 1], receiving, [[sending, identity]]]
    return json.dumps(content, separators=(",", ":")).encode()


def _server(account: Account, server: Server) -> list[int | str]:
    # OAuth2 works only with the few providers built into it; a password works with all.
    login = next((login for login in server.login if login.is_password), server.login[0])
    username = account.login_name(server) if login.has_user else ""
    kind, security = _PROTOCOLS[server.protocol], _SECURITY[server.tls]
    return [kind, server.host, server.port, security, _LOGINS[login], username]
