"""Where a domain's mail goes (RFC 5321 section 5.1), told apart from not knowing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from autoconfig.dns.answer import MXAnswer, MXStatus
from autoconfig.mail.domain import is_host_name

if TYPE_CHECKING:
    from autoconfig.dns.nameservers import Nameservers

MOST_HOSTS = 10
"""How many exchangers are looked at, the preferred first: strangers decide how many there are, and all are kept."""


async def mail_exchangers(domain: str, nameservers: Nameservers, limit: float) -> MXAnswer:
    """
    Ask for the MX of `domain` (A-labels), for `limit` seconds at the most.

    Never raises for what the DNS does: whatever goes wrong is `MXStatus.FAILED` or `TIMED_OUT`.
    """
    try:
        resolver = nameservers.resolver(limit)
        answer = await resolver.resolve(dns.name.from_text(domain), "MX", lifetime=limit)
    except dns.resolver.NXDOMAIN as error:
        return MXAnswer(MXStatus.NO_DOMAIN, ttl=min(map(_negative_ttl, error.kwargs["responses"].values()), default=0))
    except dns.resolver.NoAnswer as error:
        response = error.kwargs["response"]
        if _is_referral(response):
            return MXAnswer(MXStatus.FAILED)
        return MXAnswer(MXStatus.NO_MX, ttl=_negative_ttl(response))
    except dns.exception.Timeout:
        return MXAnswer(MXStatus.TIMED_OUT)
    except (dns.exception.DNSException, OSError, ValueError):
        return MXAnswer(MXStatus.FAILED)
    records = sorted({(record.preference, record.exchange.to_text(omit_final_dot=True).lower()) for record in answer})
    named = [record for record in records if record[1] not in {"", "."}]
    hosts = tuple(record for record in named if is_host_name(record[1]))[:MOST_HOSTS]
    # What is no host name, such as `a\032b`, is no exchanger that a rule could mean (RFC 5321 section 2.3.5).
    return MXAnswer(MXStatus.FOUND if named else MXStatus.NONE_OFFERED, hosts, answer.chaining_result.minimum_ttl)


def _is_referral(response: dns.message.QueryMessage) -> bool:
    """Whether a server that does not recurse names those that are to be asked instead (RFC 2308 section 2.2)."""
    kinds = {records.rdtype for records in response.authority}
    recurses = response.flags & dns.flags.RA
    return not recurses and dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def _negative_ttl(response: dns.message.QueryMessage) -> float:
    """
    The TTL of the zone's SOA, or its last field or the TTL of a CNAME on the way if that is less (RFC 2308 section
    5); 0 without that SOA, for then the answer is not to be kept.
    """
    chain = response.resolve_chaining()
    owners = [records.name for records in response.authority if records.rdtype == dns.rdatatype.SOA]
    return chain.minimum_ttl if any(map(chain.canonical_name.is_subdomain, owners)) else 0
