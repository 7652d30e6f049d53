"""Log in once to each announced server, as clients do that follow the documents."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from autoconfig.check.announced import Announced, finding_of
from autoconfig.check.flaw import Flaw
from autoconfig.check.pop3_dialogue import POP3Dialogue
from autoconfig.check.printable import printable
from autoconfig.check.server_codes import ServerCode
from autoconfig.mail.account import variables
from autoconfig.mail.server import MAIL, Login, TLSMode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autoconfig.check.announced import ServerCheck
    from autoconfig.check.dialogue import Dialogue, Offers
    from autoconfig.check.finding import Finding
    from autoconfig.check.prober import Prober
    from autoconfig.mail.account import Account
    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.server import Server


async def try_logins(
    account: Account, checks: Sequence[ServerCheck], prober: Prober, address: EmailAddress, password: str
) -> list[Finding]:
    """Log in to each mail server that has no fault. A server with a fault gets no password; a note says so."""
    by_server = {check.server: check for check in checks}
    findings = []
    for server in account.servers:
        check = by_server[Announced(server.host, server.port, server.protocol, server.tls, server.login)]
        if server.protocol not in MAIL:
            continue
        if check.flaws or not check.addresses:
            codes = ", ".join(dict.fromkeys(flaw.code for flaw in check.flaws))
            flaw: Flaw | None = Flaw(ServerCode.LOGIN_NOT_TRIED, f"this server has other findings: {codes}")
        else:
            flaw = await _tried(server, check, prober, (_username(server, account, address), password))
        if flaw is not None:
            findings.append(finding_of(flaw, account.domain.name, check.server.place))
    return findings


def _username(server: Server, account: Account, address: EmailAddress) -> str:
    return server.username.expand(variables(account.domain, address))


async def _tried(server: Server, check: ServerCheck, prober: Prober, credentials: tuple[str, str]) -> Flaw | None:
    method = next((login for login in server.login if login.is_password), None)
    if method is None:
        return Flaw(ServerCode.LOGIN_NOT_TRIED, f"no password is announced, but {', '.join(server.login) or 'nothing'}")
    if method is Login.CLEARTEXT and server.tls is TLSMode.PLAIN:
        return Flaw(ServerCode.LOGIN_NOT_TRIED, "the password would be sent without protection")
    said: list[str] = []

    async def attempt(dialogue: Dialogue, offers: Offers) -> None:
        said.append(await log_in(dialogue, offers, method, *credentials))

    seen = await prober.log_in(check.addresses[0].target, server.host, attempt)
    if seen.flaws:
        return seen.flaws[0]
    if said and not said[0]:
        return None
    return Flaw(ServerCode.LOGIN_FAILED, f"{method}, user name {printable(credentials[0])}: {printable(said[0])}")


async def log_in(dialogue: Dialogue, offers: Offers, method: Login, username: str, password: str) -> str:
    """Log in by a method that is offered; an empty text if it succeeds, else the server's words."""
    name, secret = username.encode(), password.encode()
    if not offers.has(method):  # APOP without the server's timestamp would be the bare MD5 of the password
        return f"no longer offered; offered: {offers.listed()}"
    if method is Login.ENCRYPTED:
        if "CRAM-MD5" not in offers.mechanisms and isinstance(dialogue, POP3Dialogue):
            return await dialogue.apop(username, hashlib.md5(dialogue.stamp.encode() + secret).hexdigest())  # noqa: S324
        return await dialogue.sasl("CRAM-MD5", [_cram_md5(name, secret)])
    if "PLAIN" in offers.mechanisms:
        return await dialogue.sasl("PLAIN", [lambda _challenge: b"\0" + name + b"\0" + secret])
    if "LOGIN" in offers.mechanisms:
        return await dialogue.sasl("LOGIN", [lambda _challenge: name, lambda _challenge: secret])
    return await dialogue.own_login(username, password)


def _cram_md5(name: bytes, secret: bytes) -> Callable[[bytes], bytes]:
    """RFC 2195."""

    def answer(challenge: bytes) -> bytes:
        try:
            stamp = base64.b64decode(challenge, validate=True)
        except binascii.Error:
            stamp = b""
        return name + b" " + hmac.new(secret, stamp, "md5").hexdigest().encode()

    return answer
