"""What the Host header says about the domain that is meant (RFC 9110 section 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.web.asgi import header

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

AUTOCONFIG, AUTODISCOVER, PACC = "autoconfig", "autodiscover", "ua-auto-config"
LABELS = frozenset({AUTOCONFIG, AUTODISCOVER, PACC})
"""First labels under which clients ask for the settings of the domain behind them."""

_LONGEST = 300  # a name of 253 octets, a label of ours, a port


class AskedHost(NamedTuple):
    """The host that was asked: `label` is one of ours, or empty; `domain` is what stands behind it."""

    label: str
    domain: Domain | None
    """`None` if the header is missing, ambiguous, or holds no name."""


NOTHING = AskedHost("", None)


def has_one_host(scope: Scope) -> bool:
    """Whether the Host header stands there as often as it has to: once, before HTTP/1.1 perhaps not (RFC 9112 3.2)."""
    count = [name for name, _ in scope["headers"]].count(b"host")
    return count == 1 or (count == 0 and str(scope["http_version"]) != "1.1")


def asked_host(scope: Scope) -> AskedHost:
    """Read the Host header: without port, case and one trailing dot."""
    value = header(scope, b"host")
    if value is None or len(value) > _LONGEST:
        return NOTHING
    return _read(value)


def _read(value: bytes) -> AskedHost:
    name, colon, port = value.rpartition(b":")
    if not colon:
        name = value
    elif port and not port.isdigit():
        return NOTHING
    try:
        host = Domain.parse(name.decode())
    except (DomainInvalid, UnicodeDecodeError):
        return NOTHING
    if host.name[-1].isdigit() and host.name.rpartition(".")[2].isdigit():
        return NOTHING  # an IPv4 address: no top level domain is a number (RFC 3696 section 2)
    return split_host(host)


def split_host(host: Domain) -> AskedHost:
    """`autoconfig.D` → (`autoconfig`, `D`); any other name stands for itself."""
    label, dot, rest = host.name.partition(".")
    return AskedHost(label, Domain(rest)) if dot and label in LABELS else AskedHost("", host)
