"""A domain whose names lead to a front on loopback, and the check of these names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.check.own_names.check import WebOptions, check_own_names
from autoconfig.check.own_names.web_ports import WebPorts
from autoconfig.check.tls_handshake import Trust
from autoconfig.dns.asker import DomainAsker
from autoconfig.formats.zone import Places
from tests.support.limits import LIMIT
from tests.support.published import account
from tests.support.scripted_dns import Nameserver
from tests.support.scripted_mail import server_context
from tests.support.scripted_zones import resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from autoconfig.check.finding import Finding
    from autoconfig.mail.account import Account
    from tests.support.peer_certificates import PeerCertificate
    from tests.support.web_front import WebFront

HOST = "autoconf.provider.example"
PLACES = Places.of(f"https://{HOST}", None)
SOA = "@ 60 SOA ns hostmaster 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
_PROVIDER = f"{SOA}autoconf 60 A 127.0.0.1\n"
LABELS = ("autoconfig", "autodiscover", "ua-auto-config")
ACCOUNTS: dict[str, Account] = {
    "server-maintenance": account("sample.co.jp", "server-maintenance"),
    "shared-standard": account("hanako-flowers.example", "shared-standard", server="cs312.xbit.jp"),
    "shared-managed": account("yamada-law.example", "shared-managed"),
    "server-setup": account(
        "vps-customer.example", "server-setup", incoming="mail.{domain}", outgoing="smtpd.vps-customer.example"
    ),
    "legacy-os": account("old-shop.example", "legacy-os", username="{local}.{domain}"),
    "xserver": account("recommended.example", "xserver", server="sv1234.xserver.jp"),
    "IDN": account("日本語.example", "shared-managed"),
}
"""A domain on each of the demo's plans, as the demo's rows have them."""
NAMES = [HOST, *(f"{label}.{one.domain.name}" for one in ACCOUNTS.values() for label in LABELS)]
"""The names that lead to the served program."""
ACCOUNT = ACCOUNTS["shared-managed"]
DOMAIN = ACCOUNT.domain.name
AUTOCONFIG, AUTODISCOVER, PACC = f"autoconfig.{DOMAIN}", f"autodiscover.{DOMAIN}", f"ua-auto-config.{DOMAIN}"
CONFIG, POX = "/mail/config-v1.1.xml", "/autodiscover/autodiscover.xml"


class Told(NamedTuple):
    """A finding in short."""

    code: str
    server: str
    severity: str


def zone_of(*, gone: Collection[str] = (), beside: str = "") -> str:
    """The zone of a domain whose names lead to loopback; some of them may be missing, and others be there instead."""
    lines = [f"{label} 60 A 127.0.0.1" for label in ("@", *LABELS) if label not in gone]
    if "srv" not in gone:
        lines.append(f"_autodiscover._tcp 60 SRV 0 0 443 {HOST}.")
    return SOA + "\n".join(lines) + "\n" + beside


def on(host: str, answer: bytes, path: str = "") -> Callable[[WebFront], None]:
    """What a host answers over both schemes, to one path or to all."""

    def make(front: WebFront) -> None:
        for scheme in ("https", "http"):
            front.answers[scheme, host] = {path: answer} if path else answer

    return make


def with_certificate(host: str, certificate: PeerCertificate) -> Callable[[WebFront], None]:
    """What a host presents."""

    def make(front: WebFront) -> None:
        front.contexts[host] = server_context(certificate)

    return make


def own_names(
    one: Account,
    front: WebFront,
    ca_file: Path,
    *,
    zone: str | None = None,
    others: dict[str, str] | None = None,
    limit: float = LIMIT,
    allow_private: bool = True,
    refuses_plain: bool = False,
    told: Collection[str] = (),
    ports: WebPorts | None = None,
    places: Places = PLACES,
    nameserver: Nameserver | None = None,
) -> list[Finding]:
    """Check the names of an account's domain."""
    server = nameserver or Nameserver()
    domain = one.domain.name
    server.reply = resolver({"provider.example": _PROVIDER, domain: zone or zone_of(), **(others or {})})
    options = WebOptions(
        Trust(ca_file),
        limit,
        allow_private,
        refuses_plain=refuses_plain,
        ports=ports or WebPorts(front.https, front.http),
    )

    async def check() -> list[Finding]:
        asker = DomainAsker(domain, [server.address], LIMIT, given=True)
        return await check_own_names(one, places, asker, options, told)

    try:
        return asyncio.run(check())
    finally:
        if nameserver is None:
            server.stop()


def in_short(findings: list[Finding]) -> set[Told]:
    """The codes of findings, and the servers that they are about."""
    return {Told(finding.code, finding.server, finding.severity) for finding in findings}
