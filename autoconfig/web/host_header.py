"""The domain that the Host header means (RFC 9110 section 7.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.web.asgi import header

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

AUTOCONFIG, AUTODISCOVER, PACC = "autoconfig", "autodiscover", "ua-auto-config"
LABELS = frozenset({AUTOCONFIG, AUTODISCOVER, PACC})
"""First labels under which clients ask for the settings of the domain that follows."""

HOST = "host"
"""The path parameter that replaces the Host header."""

_LONGEST = 300  # a label, a name of 253 octets, a port


class AskedHost(NamedTuple):
    """The host that was asked: `label` is one of `LABELS`, or empty; `domain` is what follows."""

    label: str
    domain: Domain | None
    """`None` if the header is missing, ambiguous, or without a domain name."""
    exact: bool = True
    """Whether the header spells the name in ASCII and without a trailing dot; a cache may keep documents under it."""

    @property
    def name(self) -> str | None:
        """The whole name of the host."""
        if self.domain is None:
            return None
        return f"{self.label}.{self.domain}" if self.label else self.domain.name


NOTHING = AskedHost("", None)


# RFC 9110 section 7.2; beyond it octets of other encodings, which some clients send as they were typed.
_VALUE = re.compile(rb"(?:\[[0-9A-Fa-fv:.]++\]|[^\x00-\x20\x7f\"#/:<>?@\[\\\]^`{|}]*+)(?::[0-9]*+)?")


def has_one_host(scope: Scope) -> bool:
    """Whether there is exactly one valid Host header; before HTTP/1.1 none is allowed too (RFC 9112 section 3.2)."""
    values = [value for name, value in scope["headers"] if name == b"host"]
    if not values:
        return str(scope["http_version"]) != "1.1"
    return len(values) == 1 and _VALUE.fullmatch(values[0].strip(b" \t")) is not None


def asked_host(scope: Scope) -> AskedHost:
    """
    The host that counts: the one in a path below `/for/HOST/`, else the one of the Host header; without port, in lower
    case, without a trailing dot.

    A host in a path keeps its label, and no cache keeps a response for it.
    """
    meant = scope.get("path_params", {}).get(HOST)
    return host_in_header(scope) if meant is None else AskedHost("", host_in_path(meant), exact=False)


def host_in_path(text: str) -> Domain | None:
    """The host that a path names; `None` for an IPv4 address and anything else but a domain name."""
    try:
        host = Domain.parse(text)
    except DomainInvalid:
        return None
    return None if _is_number(host) else host


def host_in_header(scope: Scope) -> AskedHost:
    """The host of the Host header."""
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
        text = name.decode()
        host = Domain.parse(text)
    except (DomainInvalid, UnicodeDecodeError):
        return NOTHING
    if _is_number(host):
        return NOTHING
    return split_host(host)._replace(exact=host.is_spelled(text))


def _is_number(host: Domain) -> bool:
    """Whether it is an IPv4 address: no top level domain is a number (RFC 3696 section 2)."""
    return host.name[-1].isdigit() and host.name.rpartition(".")[2].isdigit()


def split_host(host: Domain) -> AskedHost:
    """`autoconfig.D` → (`autoconfig`, `D`); any other name stands for itself."""
    label, dot, rest = host.name.partition(".")
    return AskedHost(label, Domain(rest)) if dot and label in LABELS else AskedHost("", host)
