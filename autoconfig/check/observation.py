"""What was seen of a server under one name; nothing in it depends on a domain or on the announced login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.check.flaw import Flaw
from autoconfig.check.server_codes import ServerCode
from autoconfig.mail.server import Login, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.certificate import CertificateFacts
    from autoconfig.check.dialogue import Offers
    from autoconfig.mail.server import TLSMode


class Target(NamedTuple):
    """A server: a literal IP address, and how it is spoken to."""

    address: str
    port: int
    protocol: Protocol | None
    """`None`: HTTPS, of which only the TLS is checked."""
    tls: TLSMode


@dataclass(frozen=True, slots=True)
class Observation:
    """A server as it shows itself to a client that knows it by a name."""

    flaws: tuple[Flaw, ...] = ()
    """Faults whatever login is announced."""
    no_connection: bool = False
    """Whether the fault is that no connection, or none of use, could be made: IPv6 alone may be broken."""
    no_route: bool = False
    """Whether this machine has no route to the address's network."""
    certificate: CertificateFacts | None = None
    """The server's own certificate, if there was a handshake."""
    offers: Offers | None = None
    """What is offered where clients log in."""


_NOT_SHOWN = frozenset({Login.TLS_CLIENT_CERT, Login.CLIENT_IP_ADDRESS, Login.NONE})
"""Methods that no list of capabilities shows."""


def login_flaws(target: Target, logins: Sequence[Login], seen: Observation) -> list[Flaw]:
    """The announced login methods that are not offered, as one fault."""
    offers = seen.offers
    if offers is None:
        return []
    missing = [login for login in logins if login not in _NOT_SHOWN and not offers.has(login)]
    if not missing:
        return []
    text = f"announced: {', '.join(missing)}; offered: {offers.listed()}"
    apop = target.protocol is Protocol.POP3 and missing == [Login.ENCRYPTED]
    return [Flaw(ServerCode.APOP_MISSING if apop else ServerCode.LOGIN_NOT_OFFERED, text)]
