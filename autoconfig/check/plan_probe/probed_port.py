"""What was seen of a server under a name and a port, judged as a plan needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.finding import Severity
from autoconfig.check.server_codes import SERVER_KINDS
from autoconfig.check.tls_codes import TLS_KINDS
from autoconfig.mail.server import Login, TLSMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.certificate import CertificateFacts
    from autoconfig.check.dialogue import Offers
    from autoconfig.check.observation import Observation
    from autoconfig.check.plan_probe.candidates import Port

_KINDS = {**SERVER_KINDS, **TLS_KINDS}
_OTHER_LOGINS = (Login.GSSAPI, Login.NTLM)


@dataclass(frozen=True, slots=True)
class UsablePort:
    """A host's port that answers as a mail program wants it."""

    host: str
    place: Port
    offers: Offers
    certificate: CertificateFacts | None
    remarks: tuple[str, ...] = ()
    """What is worth knowing of it."""

    @property
    def logins(self) -> tuple[Login, ...]:
        """
        The login method for a plan; nothing if a plan cannot have what is offered.

        One password method, because programs choose differently among several. Over TLS it is the one that works with
        every store of passwords.
        """
        plain, encrypted = has_plain(self.offers), self.offers.has(Login.ENCRYPTED)
        if encrypted and (self.place.tls is TLSMode.PLAIN or not plain):
            return (Login.ENCRYPTED,)
        if plain:
            return (Login.CLEARTEXT,)
        return tuple(login for login in _OTHER_LOGINS if self.offers.has(login))[:1]


def has_plain(offers: Offers) -> bool:
    """
    Whether a password as it is lets in.

    Dovecot 2.3 lists its own LOGIN and USER also where no mechanism behind them is switched on.
    """
    others = offers.has(Login.ENCRYPTED) or bool(offers.mechanisms)
    return offers.has(Login.CLEARTEXT) and (bool(offers.mechanisms & {"PLAIN", "LOGIN"}) or not others)


@dataclass(frozen=True, slots=True)
class UnusablePort:
    """A host's port that cannot be in a plan, and why."""

    host: str
    place: Port
    why: str
    names: tuple[str, ...] = ()
    """The names of its certificate, if that is for other names."""
    is_closed: bool = False


def judged(host: str, place: Port, every: Sequence[tuple[str, Observation]]) -> UsablePort | UnusablePort:
    """
    Judge what was seen at the addresses of a host, of which there is at least one.

    Every address that can be connected to must be right: programs choose any.
    """
    open_ones = [(address, seen) for address, seen in every if not seen.no_connection]
    closed = [f"{address}: {_first(seen)}" for address, seen in every if seen.no_connection and not seen.no_route]
    if not open_ones:
        return UnusablePort(host, place, "; ".join(closed) or "this machine has no route to it", is_closed=True)
    remarks = [f"not at every address: {'; '.join(closed)}"] if closed else []
    for address, seen in open_ones:
        for code, fact in seen.flaws:
            if _KINDS[code].severity is Severity.ERROR:
                names = seen.certificate.names if seen.certificate is not None else ()
                return UnusablePort(host, place, f"{address}: {code}: {fact}", names)
            remarks.append(f"{code}: {fact}")
    _, seen = open_ones[0]
    if seen.offers is None:
        return UnusablePort(host, place, "no login methods could be asked for")
    return UsablePort(host, place, seen.offers, seen.certificate, tuple(dict.fromkeys(remarks)))


def _first(seen: Observation) -> str:
    return seen.flaws[0].seen if seen.flaws else "no connection"
