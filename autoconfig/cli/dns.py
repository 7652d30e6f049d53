"""`autoconfig dns`: print the records that make a domain discoverable, or check those that exist."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.check.domain_records import check_records
from autoconfig.check.inputs import places_of
from autoconfig.cli.checking import read_served
from autoconfig.cli.dns_output import print_check
from autoconfig.cli.domain_question import (
    account_of,
    check_name,
    given_nameservers,
    resolved,
    with_nameservers,
)
from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import data_output, print_json, print_table, say
from autoconfig.dns.factory import open_asker
from autoconfig.errors import InputInvalid, Refused
from autoconfig.formats import zone, zone_text
from autoconfig.mail.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.domain_records import DomainCheck
    from autoconfig.mail.account import Account
    from autoconfig.settings import Settings


class ZoneFormat(StrEnum):
    """How records are printed."""

    TABLE = "table"
    BIND = "bind"
    CSV = "csv"
    JSON = "json"


def dns(
    context: typer.Context,
    domain: Annotated[str | None, typer.Argument(metavar="DOMAIN", help="A mail domain.")] = None,
    provider: Annotated[
        bool, typer.Option("--provider", help="Print what you publish once, for customers whose MX you are.")
    ] = False,
    form: Annotated[
        ZoneFormat | None,
        typer.Option("--format", help="How to print the records; bind is for $INCLUDE in a zone file."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Ask the DNS, and compare.")] = False,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--nameserver",
            metavar="ADDRESS[:PORT]",
            help="With --check: ask only this server, as name server and as resolver; may be repeated.",
        ),
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """
    Print the DNS records of a domain, or check them.

    Exit code 0: every needed record is right; 1: one is not, or this server does not answer for the domain; 3: the DNS
    cannot be asked.
    """
    if (domain is None) is not provider:
        raise InputInvalid("name a domain, or use --provider")
    if check and (provider or form not in {None, ZoneFormat.JSON}):
        raise InputInvalid("--check needs a domain, and no other --format than json")
    if as_json and form not in {None, ZoneFormat.JSON}:
        raise InputInvalid(f"--json means --format json: leave out --json or --format {form}")
    if given and not check:
        raise InputInvalid("--nameserver needs --check")
    form = ZoneFormat.JSON if as_json else form or ZoneFormat.TABLE
    servers = given_nameservers(given)
    settings = with_nameservers(settings_of(context), servers)
    places = places_of(settings)
    if domain is None:
        _print_records(_records_of_provider(settings, places), form)
        return
    name = Domain.parse(domain)
    account = account_of(resolved(settings, name))
    if not check:
        _print_records(zone.records(account, places), form)
        return
    checked = _checked(settings, account, places, servers)
    if form is ZoneFormat.JSON:
        print_json(checked.json_value())
    else:
        print_check(checked)
    if not checked.ok:
        raise typer.Exit(Exit.NO if checked.heard else Exit.UNAVAILABLE)


def _records_of_provider(settings: Settings, places: zone.Places) -> tuple[zone.ZoneRecord, ...]:
    rules = read_served(settings).rules
    if not rules:
        raise Refused("plans.toml has no [[host]] rule, so no domain is found by its MX (docs/operating.md)")
    for rule in rules:
        if rule.mail_domain is None:
            pattern = rule.expression
            say(f"the host rule {pattern!r} does not say which domain its hosts are in: left out", err=True)
    domains = dict.fromkeys(rule.mail_domain for rule in rules if rule.mail_domain is not None)
    for domain in domains:
        if not zone.provider_records([domain], places):
            say(f"autoconfig.{domain} is this server's own name: it needs its addresses and no other record", err=True)
    return zone.provider_records(domains, places)


def _print_records(records: Sequence[zone.ZoneRecord], form: ZoneFormat) -> None:
    if form is ZoneFormat.JSON:
        print_json([zone_text.json_value(record) for record in records])
    elif form is ZoneFormat.BIND:
        data_output().write(zone_text.zone_file(records))
    elif form is ZoneFormat.CSV:
        data_output().write(zone_text.csv_text(records))
    else:
        rows = [
            (r.name, r.type, str(r.ttl), r.data, "needed" if r.needed else "", r.purpose.text.in_language("en"))
            for r in records
        ]
        print_table(("Name", "Type", "TTL", "Data", "", "Purpose"), rows, empty="no record is needed")


def _checked(
    settings: Settings, account: Account, places: zone.Places, given: Sequence[tuple[str, int]]
) -> DomainCheck:
    check_name(account.domain, given)

    async def check() -> DomainCheck:
        return await check_records(account, places, open_asker(settings, account.domain, given))

    return asyncio.run(check())
