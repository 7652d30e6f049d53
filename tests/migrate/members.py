"""Domains with their servers, as grouping takes them."""

from __future__ import annotations

from autoconfig.mail.server import Login, Protocol, TLSMode
from autoconfig.migrate.grouping import Member
from autoconfig.migrate.server_set import Frame, ServerSet

CLEARTEXT = (Login.CLEARTEXT,)

FRAME = Frame(((Protocol.IMAP, 993, TLSMode.SSL, CLEARTEXT), (Protocol.SMTP, 465, TLSMode.SSL, CLEARTEXT)), (), None)


def member(domain: str, imap: str, smtp: str | None = None, username: str = "{address}", name: str = "N") -> Member:
    """A domain with two servers."""
    return Member(domain, ServerSet(FRAME, (imap, username, smtp or imap, username)), name)
