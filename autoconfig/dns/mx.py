"""Where a domain's mail goes (RFC 5321 section 5.1), told apart from not knowing it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

TIME_LIMIT = 3.0
"""Seconds for all attempts together."""


class MXStatus(StrEnum):
    """What the DNS said."""

    FOUND = "found"
    NONE_OFFERED = "accepts no mail"
    """The null MX of RFC 7505."""
    NO_MX = "has no MX"
    NO_DOMAIN = "does not exist"
    FAILED = "could not be asked"


@dataclass(frozen=True, slots=True)
class MXAnswer:
    """The exchangers of a domain, the preferred first."""

    status: MXStatus
    hosts: tuple[tuple[int, str], ...] = ()
    """Preference and host name, lower case, without the trailing dot."""


async def mail_exchangers(
    domain: str, resolver: dns.asyncresolver.Resolver | None = None, limit: float = TIME_LIMIT
) -> MXAnswer:
    """Ask for the MX of `domain` (A-labels). Never raises: whatever goes wrong is `MXStatus.FAILED`."""
    try:
        asked = resolver or dns.asyncresolver.get_default_resolver()
        answer = await asked.resolve(dns.name.from_text(domain), "MX", lifetime=limit, search=False)
    except dns.resolver.NXDOMAIN:
        return MXAnswer(MXStatus.NO_DOMAIN)
    except dns.resolver.NoAnswer:
        return MXAnswer(MXStatus.NO_MX)
    except (dns.exception.DNSException, OSError, ValueError):
        return MXAnswer(MXStatus.FAILED)
    records = sorted((record.preference, record.exchange.to_text(omit_final_dot=True).lower()) for record in answer)
    hosts = tuple((preference, host) for preference, host in records if host not in {"", "."})
    return MXAnswer(MXStatus.FOUND if hosts else MXStatus.NONE_OFFERED, hosts)
