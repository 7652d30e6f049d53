"""What scripted mail servers say: IMAP, POP3, SMTP and ManageSieve as far as a check asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from tests.support.scripted_mail import Script, Wire

LOGINS = "AUTH=PLAIN AUTH=CRAM-MD5"


def imap(
    offered: str = LOGINS,
    *,
    before: str = "STARTTLS LOGINDISABLED",
    context: ssl.SSLContext | None = None,
    greeting: str = "* OK ready",
) -> Script:
    """An IMAP server; with a context it has STARTTLS, and offers `before` until then."""

    def play(wire: Wire) -> None:
        listed = before if context else offered
        wire.send(f"{greeting}\r\n")
        while line := wire.line():
            tag, _, command = line.partition(" ")
            if command == "CAPABILITY":
                wire.send(f"* CAPABILITY IMAP4REV1 {listed}\r\n{tag} OK done\r\n")
            elif command == "STARTTLS" and context:
                wire.send(f"{tag} OK go on\r\n")
                wire.start_tls(context)
                listed = offered
            else:
                wire.send(f"{tag} BAD no\r\n")

    return play


def pop3(
    offered: str = "USER\r\nSASL PLAIN CRAM-MD5\r\n",
    *,
    before: str = "STLS\r\n",
    context: ssl.SSLContext | None = None,
    greeting: str = "+OK ready",
) -> Script:
    """A POP3 server; without `offered` it does not know CAPA."""

    def play(wire: Wire) -> None:
        listed = before if context else offered
        wire.send(f"{greeting}\r\n")
        while line := wire.line():
            if line == "CAPA" and listed:
                wire.send(f"+OK list\r\n{listed}.\r\n")
            elif line == "STLS" and context:
                wire.send("+OK go on\r\n")
                wire.start_tls(context)
                listed = offered
            else:
                wire.send("-ERR no\r\n")

    return play


def smtp(
    offered: str = "250-AUTH PLAIN LOGIN CRAM-MD5\r\n",
    *,
    before: str | None = None,
    context: ssl.SSLContext | None = None,
    greeting: str = "220-mail.sample.co.jp\r\n220 ESMTP",
    on_starttls: str = "454 not now",
) -> Script:
    """An SMTP server; `on_starttls` is what it says to STARTTLS where it has no context."""

    def play(wire: Wire) -> None:
        listed = offered if before is None else before
        if context and before is None:
            listed = "250-STARTTLS\r\n"
        wire.send(f"{greeting}\r\n")
        while line := wire.line():
            if line.startswith("EHLO "):
                wire.send(f"250-mail\r\n{listed}250 HELP\r\n")
            elif line == "STARTTLS" and context:
                wire.send("220 go on\r\n")
                wire.start_tls(context)
                listed = offered
            else:
                wire.send(f"{on_starttls if line == 'STARTTLS' else '500 no'}\r\n")

    return play


def sieve(*, context: ssl.SSLContext, before: str = '"STARTTLS"\r\n') -> Script:
    """A ManageSieve server."""

    def play(wire: Wire) -> None:
        wire.send(f'"IMPLEMENTATION" "Test"\r\n"SASL" ""\r\n{before}OK "ready"\r\n')
        while line := wire.line():
            if line == "STARTTLS":
                wire.send('OK "go on"\r\n')
                wire.start_tls(context)
                wire.send('"IMPLEMENTATION" "Test"\r\n"SASL" "PLAIN"\r\nOK "TLS"\r\n')
            else:
                wire.send('NO "no"\r\n')

    return play
