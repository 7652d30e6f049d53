"""`autoconfig check`: are the announced servers what the documents say?"""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.check.inputs import LIMIT, open_prober, places_of, row_source
from autoconfig.cli.check_all import EveryOptions, check_every
from autoconfig.cli.dns_output import described
from autoconfig.cli.domain_question import (
    AllowPrivate,
    CAFile,
    Nameserver,
    Timeout,
    account_of,
    check_name,
    given_nameservers,
    resolved,
    trust_of,
    with_nameservers,
)
from autoconfig.cli.exits import Exit, exit_code, sentence
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json, say
from autoconfig.errors import DNSUnavailable, Inexpressible, InputInvalid, PlanUnusable, RowInvalid, UnknownDomain
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.settings import PlainHTTP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autoconfig.check.advice import RowSource
    from autoconfig.check.domain_check import Checked
    from autoconfig.errors import AutoconfigError
    from autoconfig.resolver import Resolution
    from autoconfig.settings import Settings


def check(  # noqa: PLR0913, PLR0917 (so many options)
    context: typer.Context,
    domains: Annotated[list[str] | None, typer.Argument(metavar="DOMAIN…", help="Mail domains.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every domain of the mapping.")] = False,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="TIME",
            help="With --all: ask only about domains whose row changed since (ISO 8601); others keep their result.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="DIR", help="With --all: write a web site of the results there.")
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="With --all: print what is new and what is gone since the run before.")
    ] = False,
    ca_file: CAFile = None,
    given: Nameserver = None,
    timeout: Timeout = LIMIT,
    allow_private: AllowPrivate = False,
    login: Annotated[
        bool, typer.Option("--login", help="Ask for an address and its password, and try to log in.")
    ] = False,
    as_json: AsJSON = False,
) -> None:
    """
    Check a domain's records, servers and names.

    They are its DNS records, the servers that its documents announce, and the names that programs ask for documents.
    With --all, findings that are new are printed. A check that was interrupted goes on where it ended.

    Exit code 0: programs can be set up; 1: something is wrong, or a domain is unknown here; 3: the DNS cannot
    be asked.
    """
    servers = given_nameservers(given)
    settings = with_nameservers(settings_of(context), servers)
    places = places_of(settings)
    if every:
        if domains or login:
            raise InputInvalid("--all goes with no domain, and without --login")
        options = EveryOptions(servers, ca_file, timeout, allow_private, changed_since, report, diff, as_json)
        check_every(settings, places, options)
        return
    if not domains or changed_since is not None or report is not None or diff:
        raise InputInvalid("name a domain, or say --all; --changed-since, --report and --diff go with --all")
    if login and len(domains) != 1:
        raise InputInvalid("--login goes with one domain")
    names = dict.fromkeys(map(Domain.parse, domains))
    for name in names:
        check_name(name, servers)
    left_out: list[AutoconfigError] = []
    resolutions = list(_resolutions(settings, names, left_out))
    mailbox = _mailbox(resolutions[0]) if login and resolutions else None
    trust = trust_of(ca_file)
    prober = open_prober(settings, trust, timeout)

    async def run() -> list[Checked]:
        from autoconfig.check.domain_check import check_domain
        from autoconfig.check.own_names.check import WebOptions
        from autoconfig.dns.factory import open_asker

        refuses_plain = settings.plain_http is PlainHTTP.REFUSE
        web = WebOptions(trust, timeout, allow_private=allow_private, refuses_plain=refuses_plain)
        return [
            await check_domain(
                account_of(resolution),
                places,
                _source(resolution, settings),
                open_asker(settings, resolution.domain, servers),
                prober,
                web,
                mailbox=mailbox,
            )
            for resolution in resolutions
        ]

    _report(asyncio.run(run()), left_out, as_json=as_json)


def _resolutions(settings: Settings, names: Iterable[Domain], left_out: list[AutoconfigError]) -> Iterator[Resolution]:
    """What answers for each domain; one that cannot be checked is named and left out, and does not stop the others."""
    for name in names:
        try:
            found = resolved(settings, name)
            if found.bound.redirect_url or found.bound.redirect_domain:
                raise Inexpressible(f"{name} has moved away: its documents announce no server")
        except (UnknownDomain, PlanUnusable, RowInvalid, DNSUnavailable, Inexpressible) as error:
            say(f"autoconfig: {sentence(error)}", err=True)
            left_out.append(error)
        else:
            yield found


def _report(checked: Sequence[Checked], left_out: Sequence[AutoconfigError], *, as_json: bool) -> None:
    """Print the findings, and leave with the exit code."""
    if as_json:
        print_json({"findings": [finding.json_value() for one in checked for finding in one.findings]})
    else:
        for one in checked:
            for finding in one.findings:
                say(f"{described(finding)}\n")
            say(f"{one.domain}: {one.summary}")
    codes = {exit_code(error) for error in left_out}
    codes |= {Exit.NO if one.heard else Exit.UNAVAILABLE for one in checked if not one.ok}
    if codes:
        raise typer.Exit(max(codes))


def _source(resolution: Resolution, settings: Settings) -> RowSource:
    """Where the announced hosts come from."""
    has_row = resolution.row_of is None
    return row_source(settings, resolution.domain, resolution.bound.plan, resolution.params, has_row=has_row)


def _mailbox(resolution: Resolution) -> tuple[EmailAddress, str]:
    """A mail address of the domain and its password, as typed."""
    if not sys.stdin.isatty():
        raise InputInvalid("--login needs a terminal: the password is typed")
    typer.echo(f"Mail address in {resolution.domain.display}: ", nl=False, err=True)
    try:
        address = EmailAddress.parse(sys.stdin.readline().strip())
        if address.domain != resolution.domain:
            raise InputInvalid(f"{address} is not an address in {resolution.domain}")
        password = getpass.getpass("Password: ", sys.stderr)
    except UnicodeDecodeError as error:
        raise InputInvalid("the terminal's input is not UTF-8") from error
    return address, password
