"""Check whether clients find Mozilla's document by the domain's MX, so that it needs no record of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.dns.question import AnswerStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.check.domain_view import DomainView
    from autoconfig.check.host_records import HostJudge


async def leads_here(domain: str, view: DomainView, hosts: HostJudge) -> bool:
    """Whether there is a name that leads here by the domain's MX."""
    return await name_that_leads_here(domain, view, hosts) is not None


async def name_that_leads_here(domain: str, view: DomainView, hosts: HostJudge) -> str | None:
    """
    `autoconfig.` before the preferred MX without its first label, or before its base domain, if that leads here.

    Thunderbird sends the address there, so this server can answer for the domain.
    """
    answer = await view.follow(domain, "MX")
    if answer.status is not AnswerStatus.FOUND:
        return None
    _, host = min((int(preference), host) for preference, _, host in (data.partition(" ") for data in answer.data))
    for place in _places(host):
        name = f"autoconfig.{place}"
        if place != domain and await hosts.leads_here(name):
            return name
    return None


def _places(host: str) -> Iterator[str]:
    """Without the Public Suffix List, the last two or the last three labels may be the base domain."""
    labels = host.split(".")
    for place in dict.fromkeys((tuple(labels[1:]), tuple(labels[-3:]), tuple(labels[-2:]))):
        if len(place) >= 2:
            yield ".".join(place)
