"""Check servers on loopback as `autoconfig check` does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from autoconfig.check.advice import RowSource
from autoconfig.check.domain_servers import check_servers
from autoconfig.check.login import try_logins
from autoconfig.check.prober import Prober
from autoconfig.check.turns import Turns
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from autoconfig.resources import templates
from tests.support.fixed_asker import FixedAsker
from tests.support.limits import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autoconfig.check.finding import Finding
    from autoconfig.check.tls_handshake import Trust
    from autoconfig.dns.question import Asker
    from autoconfig.mail.plan import Plan

DOMAIN = "sample.co.jp"
HOST = f"mail.{DOMAIN}"
FAST = 1000.0
"""Connections a second: loopback has no fail2ban."""


_NOWHERE = "nowhere.example"
_NEEDED = "".join(
    f', {{ protocol = "{protocol}", host = "{_NOWHERE}", port = 1, tls = "ssl", login = ["password-cleartext"], '
    'username = "a" }'
    for protocol in ("imap", "smtp")
)
_OAUTH2 = """
[plans.own.oauth2]
issuer = "https://login.sample.co.jp"
scope = ["mail"]
auth_url = "https://login.sample.co.jp/auth"
token_url = "https://login.sample.co.jp/token"
"""


def plan_of(servers: str, params: str = "") -> Plan:
    """A plan with these servers alone, written as in plans.toml; plans of that file have two servers at least."""
    oauth2 = _OAUTH2 if "OAuth2" in servers else ""
    needed = _NEEDED.replace("ssl", "plain") if '"plain"' in servers else _NEEDED
    text = f'[plans.own]\nname = "Own"\nparams = {{ {params} }}\nservers = [{servers}{needed}]\n{oauth2}'
    plan = read_plans(text.encode()).get("own")
    return replace(plan, servers=tuple(server for server in plan.servers if str(server.host) != _NOWHERE))


_LOGINS = {"encrypted": "password-encrypted", "oauth2": "OAuth2"}


def plan_line(announced: str, port: int) -> str:
    """The server in plans.toml's syntax."""
    protocol, *words = announced.split()
    login = _LOGINS[words[1]] if len(words) > 1 else "password-cleartext"
    rest = f'login = ["{login}"], username = "{{address}}"'
    if protocol == "caldav":
        return f'{{ protocol = "caldav", url = "https://{HOST}:{port}/", {rest} }}'
    return f'{{ protocol = "{protocol}", host = "{HOST}", port = {port}, tls = "{words[0]}", {rest} }}'


def demo_plan(key: str, ports: Mapping[int, int]) -> Plan:
    """A plan of the demo, with other ports."""
    text = (templates() / "demo" / "plans.toml").read_text(encoding="utf-8")
    for port, other in ports.items():
        text = text.replace(f"port = {port},", f"port = {other},")
    return read_plans(text.encode()).get(key)


def findings_of(
    plan: Plan,
    params: Mapping[str, str],
    records: Mapping[str, Sequence[str]],
    trust: Trust,
    limit: float = LIMIT,
    domain: str = DOMAIN,
    *,
    allow_private: bool = True,
    open_asker: Callable[[], Asker] | None = None,
) -> list[Finding]:
    """The findings about the servers of a domain on this plan; `open_asker`: a DNS in place of `records`."""
    account = bind(plan, params).account(Domain.parse(domain), None)

    async def check() -> list[Finding]:
        prober = Prober(trust, Turns(FAST), limit)
        source = RowSource(account.domain.name, plan, params)
        asker = open_asker() if open_asker else FixedAsker(records)
        _, findings = await check_servers(account, source, asker, prober, allow_private=allow_private)
        return findings

    return asyncio.run(check())


def logins_of(
    plan: Plan,
    params: Mapping[str, str],
    records: Mapping[str, Sequence[str]],
    trust: Trust,
    credentials: tuple[str, str],
) -> list[Finding]:
    """The findings about logins with an address and a password."""
    account = bind(plan, params).account(Domain.parse(DOMAIN), None)

    async def log_in() -> list[Finding]:
        prober = Prober(trust, Turns(FAST), LIMIT)
        source = RowSource(DOMAIN, plan, params)
        checks, _ = await check_servers(account, source, FixedAsker(records), prober, allow_private=True)
        address, password = credentials
        return await try_logins(account, checks, prober, EmailAddress.parse(address), password)

    return asyncio.run(log_in())
