"""Many domains on a few mail servers, all on loopback: for checks of a whole mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.formats import zone, zone_text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from tests.support import commands
from tests.support.peer_certificates import trusted
from tests.support.servers.knot import Knot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from autoconfig.mail.account import Account

PUBLIC = "autoconfig.provider.co.jp"
_SOA = "@ SOA ns.co.jp. hostmaster.co.jp. 1 3600 600 86400 60\n@ NS ns.co.jp.\n"
_LOGIN = 'login = ["password-cleartext"], username = "{address}"'


def host_of(number: int) -> str:
    """The name of a mail server."""
    return f"cs{number:03}.xbit.jp"


def plans_text(imap_port: int, smtp_port: int) -> str:
    """One plan, whose param is the server."""
    return (
        '[plans.shared]\nname = "Shared"\nparams = { server = { required = true } }\nservers = [\n'
        f'  {{ protocol = "imap", host = "{{server}}", port = {imap_port}, tls = "ssl", {_LOGIN} }},\n'
        f'  {{ protocol = "smtp", host = "{{server}}", port = {smtp_port}, tls = "ssl", {_LOGIN} }},\n]\n'
    )


def make_folder(folder: Path, plans: str, rows: Mapping[str, str], **settings: str) -> Path:
    """A folder with a mapping of domains to servers (`cs000.xbit.jp` …); the configuration file."""
    commands.run("init", folder)
    (folder / "plans.toml").write_text(plans, encoding="utf-8")
    (folder / "root.pem").write_bytes(trusted().root)
    lines = {"public_url": f'"https://{PUBLIC}"', "check_rate": "1000", **settings}
    file = folder / "autoconfig.toml"
    file.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()), encoding="utf-8")
    table = folder / "rows.csv"
    table.write_text("name,plan,server\n" + "".join(f"{d},shared,{s}\n" for d, s in rows.items()), encoding="utf-8")
    commands.run("--config", file, "mapping", "sync", table)
    return file


def made_knot(program: str, plans: str, rows: Mapping[str, str], addresses: Mapping[str, str]) -> Knot:
    """A name server that knows what `autoconfig dns` prints for the domains, and where the mail servers are."""
    plan = read_plans(plans.encode()).get("shared")
    places = zone.Places.of(f"https://{PUBLIC}", None)
    lines = [f"$ORIGIN co.jp.\n$TTL 60\n{_SOA}ns A 127.0.0.1\n{PUBLIC}. A 192.0.2.1\n"]
    for name, server in rows.items():
        domain = Domain.parse(name)
        lines += _lines(bind(plan, {"server": server}).account(domain, EmailAddress("any", domain)), places)
    hosts = "".join(f"{host}. A {address}\n" for host, address in addresses.items())
    zones = {"co.jp": "".join(lines), "xbit.jp": f"$ORIGIN xbit.jp.\n$TTL 60\n{_SOA}{hosts}"}
    return Knot.made(program, zones)


def _lines(account: Account, places: zone.Places) -> Iterable[str]:
    return (f"{zone_text.line(r.name, r.type, r.data, r.ttl)}\n" for r in zone.records(account, places))
