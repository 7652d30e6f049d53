"""Ask where a domain's mail goes (RFC 5321 section 5.1), and distinguish "nowhere" from "unknown"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.mail.domain import is_host_name

if TYPE_CHECKING:
    from autoconfig.dns.nameservers import Nameservers

MOST_HOSTS = 10
"""Exchangers that are kept, the preferred first: strangers decide how many there are, and answers are cached."""


async def mail_exchangers(domain: str, nameservers: Nameservers, limit: float) -> MXAnswer:
    """
    Ask for the MX of `domain` (A-labels), for at most `limit` seconds.

    Failures of the DNS raise nothing: they are `MXStatus.FAILED` or `TIMED_OUT`.
    """
    try:
        resolver = nameservers.resolver(limit)
        answer = await resolver.resolve(dns.name.from_text(domain), "MX", lifetime=limit)
    except dns.resolver.NXDOMAIN as error:
        responses = error.responses().values()  # type: ignore[no-untyped-call]
        return MXAnswer(MXStatus.NO_DOMAIN, ttl=min(map(_negative_ttl, responses), default=0))
    except dns.resolver.NoAnswer as error:
        response = error.response()  # type: ignore[no-untyped-call]
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
    # A name such as `a\032b` is not a host name, and no rule can match it (RFC 5321 section 2.3.5).
    return MXAnswer(MXStatus.FOUND if named else MXStatus.NONE_OFFERED, hosts, answer.chaining_result.minimum_ttl)


def _is_referral(response: dns.message.QueryMessage) -> bool:
    """Whether a server without recursion names other servers instead of answering (RFC 2308 section 2.2)."""
    kinds = {records.rdtype for records in response.authority}
    recurses = response.flags & dns.flags.RA
    return not recurses and dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def _negative_ttl(response: dns.message.QueryMessage) -> float:
    """
    The TTL of a negative answer: the least of the SOA's TTL, the SOA's last field, and the TTLs of CNAMEs (RFC 2308
    section 5); 0 without the zone's SOA, because then the answer must not be cached.
    """
    chain = response.resolve_chaining()
    owners = [records.name for records in response.authority if records.rdtype == dns.rdatatype.SOA]
    return chain.minimum_ttl if any(map(chain.canonical_name.is_subdomain, owners)) else 0
