"""Zones of customers who have published what `autoconfig dns` prints, and the plans that they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.formats import zone, zone_text
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from autoconfig.resources import templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoconfig.mail.account import Account

_PASSWORD = 'login = ["password-cleartext"], username = "{address}"'
SUITE = f"""
[plans.suite]
name = "Mail, calendar and contacts"
servers = [
  {{ protocol = "imap", host = "imap.{{domain}}", port = 993, tls = "ssl", {_PASSWORD} }},
  {{ protocol = "imap", host = "imap2.{{domain}}", port = 993, tls = "ssl", {_PASSWORD} }},
  {{ protocol = "imap", host = "imap.{{domain}}", port = 143, tls = "starttls", {_PASSWORD} }},
  {{ protocol = "smtp", host = "smtp.{{domain}}", port = 465, tls = "ssl", {_PASSWORD} }},
  {{ protocol = "managesieve", host = "imap.{{domain}}", port = 4190, tls = "starttls", {_PASSWORD} }},
  {{ protocol = "caldav", url = "https://dav.{{domain}}/calendars/", {_PASSWORD} }},
  {{ protocol = "carddav", url = "https://dav.{{domain}}:8443", {_PASSWORD} }},
  {{ protocol = "jmap", url = "https://jmap.{{domain}}/session", {_PASSWORD} }},
]

[plans.moved]
name = "Moved away"
redirect_domain = "new.{{domain}}"
"""
PLANS = read_plans((templates() / "demo" / "plans.toml").read_bytes() + SUITE.encode())
PARAMS = {"shared-standard": {"server": "cs312.xbit.jp"}, "xserver": {"server": "sv1234.xserver.jp"}}
SIX = ["shared-standard", "shared-managed", "server-maintenance", "server-setup", "legacy-os", "xserver"]
PLACES = zone.Places.of("https://autoconf.provider.example", None)
OURS = ("192.0.2.1", "2001:db8::1")

SOA = "@ 60 SOA ns hostmaster 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
PROVIDER = f"""{SOA}
autoconf 60 A {OURS[0]}
autoconf 60 AAAA {OURS[1]}
second 60 CNAME autoconf
"""
OTHERS = {
    "provider.example": PROVIDER,
    "xbit.jp": f"{SOA}cs312 60 A 192.0.2.20\nautoconfig 60 A 192.0.2.1\n",
    "xserver.jp": f"{SOA}sv1234 60 A 192.0.2.30\n",
    "co.jp": SOA,
}
"""Zones that customers' records lead to; a Knot of the tests is asked for `co.jp` until it answers."""
HOSTS = """\
@ 60 A 192.0.2.10
@ 60 MX 10 mail
@ 60 TXT "v=spf1 mx -all"
www 60 CNAME @
mail 60 A 192.0.2.11
pop 60 A 192.0.2.11
smap 60 A 192.0.2.12
imap 60 A 192.0.2.11
imap 60 AAAA 2001:db8::11
imap2 60 A 192.0.2.13
smtp 60 A 192.0.2.12
dav 60 A 192.0.2.14
jmap 60 A 192.0.2.15
"""


def account(domain: str, plan: str = "suite", **params: str) -> Account:
    """What the documents of a domain are made from."""
    return bind(PLANS.get(plan), PARAMS.get(plan, {}) | params).account(Domain.parse(domain), None)


def customer(records: Iterable[zone.ZoneRecord], beside: str = "", *, gone: str = "") -> str:
    """A customer's zone with these records, and other lines beside them; a host may have lost its addresses."""
    hosts = "".join(f"{line}\n" for line in HOSTS.splitlines() if line.split()[0] != gone)
    return f"{SOA}{hosts}{zone_text.zone_file(list(records))}{beside}"
