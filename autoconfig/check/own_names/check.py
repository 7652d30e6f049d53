"""Check the names that lead to this server: one entry for all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autoconfig.check.domain_view import DomainView
from autoconfig.check.host_records import HostJudge
from autoconfig.check.mx_path import name_that_leads_here
from autoconfig.check.own_names import web_ports
from autoconfig.check.own_names.addresses import Addresses
from autoconfig.check.own_names.autoconfig_names import check_autoconfig, check_exchanger, check_well_known
from autoconfig.check.own_names.autodiscover_ways import check_autodiscover, services_of
from autoconfig.check.own_names.expected import ExpectedDocuments
from autoconfig.check.own_names.pacc_name import check_pacc
from autoconfig.check.own_names.report import NameReport, NameScope
from autoconfig.check.own_names.web_client import WebClient
from autoconfig.check.own_names.web_connections import WebConnections

if TYPE_CHECKING:
    from collections.abc import Collection

    from autoconfig.check.finding import Finding
    from autoconfig.check.own_names.web_ports import WebPorts
    from autoconfig.check.tls_handshake import Trust
    from autoconfig.dns.question import Asker
    from autoconfig.formats.zone import Places
    from autoconfig.mail.account import Account


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How names are asked."""

    trust: Trust
    timeout: float
    """Seconds for each of connecting, TLS and the response."""
    allow_private: bool = False
    """Whether private and loopback addresses are connected to."""
    refuses_plain: bool = False
    """Whether this server answers requests without TLS with status 403 (setting `plain_http`)."""
    ports: WebPorts = field(default_factory=lambda: web_ports.STANDARD)
    ask_names: bool = True
    """Whether names are asked at all. A proxy with certificates on demand orders one for each."""


async def check_own_names(
    account: Account, places: Places, asker: Asker, options: WebOptions, told: Collection[str] = ()
) -> list[Finding]:
    """
    Ask `autoconfig.`, `autodiscover.` and `ua-auto-config.` of the domain, and the domain itself, as programs do.

    One request after the other is sent to all addresses of its name, and only to names of the domain, of its MX path
    and of this server.

    Args:
        account: one for any address of the domain, so that it has every service.
        places: the names of this server.
        asker: asks about the account's domain.
        options: how names are asked.
        told: names that the check of DNS records has a finding about; they do not lead here and are not asked.

    Raises:
        Inexpressible: the domain moved away.
    """
    documents, domain = ExpectedDocuments.of(account), account.domain.name
    view = DomainView(asker)
    addresses = Addresses(view, allow_private=options.allow_private)
    connections = WebConnections(options.trust, options.timeout, options.ports, (domain, f"www.{domain}"))
    scope = NameScope(domain, places, told)
    client = WebClient(connections, addresses, scope.is_own)
    report = NameReport(domain, client, addresses, told)
    hosts = HostJudge(view, domain, places.target)
    exchanger = await _resolve(domain, places, addresses, view, hosts)
    works = await check_autoconfig(report, documents, refuses_plain=options.refuses_plain)
    await check_well_known(report, documents, needed=works is None)
    if exchanger is not None:
        await check_exchanger(report, documents, exchanger, needed=not works)
    await check_autodiscover(report, documents, view, scope)
    await check_pacc(report, documents)
    return report.findings


async def _resolve(domain: str, places: Places, addresses: Addresses, view: DomainView, hosts: HostJudge) -> str | None:
    """
    Ask the DNS everything before the first connection: an asker answers for half a minute only.

    Return the name that leads here by the domain's MX.
    """
    labels = ("autoconfig", "autodiscover", "ua-auto-config")
    names = [domain, places.host, *(f"{label}.{domain}" for label in labels)]
    exchanger, _, _ = await asyncio.gather(
        name_that_leads_here(domain, view, hosts),
        services_of(domain, view),
        asyncio.gather(*map(addresses.of, names)),
    )
    if exchanger is not None:
        await addresses.of(exchanger)
    return exchanger
