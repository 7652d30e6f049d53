"""What commands that check a domain need: its account, where records have to lead, which name servers to ask."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.checking import read_served
from autoconfig.cli.read_only import answered_from
from autoconfig.cli.resolving import Asked, mx_lookups_of, resolution_of
from autoconfig.dns.names import is_public
from autoconfig.errors import AddressInvalid, InputInvalid, UnknownDomain
from autoconfig.mail.address import EmailAddress
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.times import format_time
from autoconfig.settings.values import nameservers
from autoconfig.web.pages.address_input import read_input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.tls_handshake import Trust
    from autoconfig.mail.account import Account
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.lookup.listing import QueryReading
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Reading
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.resolver import Resolution
    from autoconfig.settings import Settings
    from autoconfig.web.pages.address_input import AddressInput

Nameserver = Annotated[
    list[str] | None,
    typer.Option(
        "--nameserver",
        metavar="ADDRESS[:PORT]",
        help="Ask only this server, as name server and as resolver; may be repeated.",
    ),
]

CAFile = Annotated[
    Path | None,
    typer.Option("--ca-file", metavar="PEM", help="Trust the authorities in this file, and not those of this machine."),
]
Timeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", min=0.1, max=120, help="How long a step may take; a server has at most three of them."
    ),
]
AllowPrivate = Annotated[bool, typer.Option("--allow-private", help="Also connect to private and loopback addresses.")]


def typed_address(text: str) -> AddressInput:
    """
    Read an address or a domain from the command line.

    Raises:
        AddressInvalid: it is neither, or has nothing before the @.
    """
    typed = read_input(text)
    if typed.address is None and ("@" in text or "＠" in text):
        raise AddressInvalid(f"{text[:80]!r} has nothing before the @; leave out the @ to ask for a domain")
    return typed


def trust_of(ca_file: Path | None) -> Trust:
    """
    Read the authorities to trust. OpenSSL is loaded only then.

    Raises:
        InputInvalid: the file cannot be read.
    """
    from autoconfig.check.tls_handshake import Trust

    try:
        return Trust(ca_file)
    except OSError as error:
        raise InputInvalid(f"--ca-file: {error.filename}: {error.strerror}") from error


def given_nameservers(texts: list[str] | None) -> list[tuple[str, int]]:
    """
    Read what `--nameserver` names.

    Raises:
        InputInvalid: it is not an address.
    """
    if not texts:
        return []
    try:
        found = nameservers(texts)
    except ValueError as error:
        raise InputInvalid(f"--nameserver: {error}") from error
    return list(found) if isinstance(found, tuple) else []


def with_nameservers(settings: Settings, servers: Sequence[tuple[str, int]]) -> Settings:
    """The settings with these name servers, if there are any: also for the MX that may decide the plan."""
    return settings.model_copy(update={"mx_nameservers": tuple(servers)}) if servers else settings


def check_name(domain: Domain, servers: Sequence[tuple[str, int]]) -> None:
    """
    See that the DNS can know a name.

    Raises:
        InputInvalid: it is a special-use name, and no name server is given.
    """
    if not servers and not is_public(domain):
        raise InputInvalid(f"{domain} cannot be in the public DNS; name the server that knows it with --nameserver")


def account_of(resolution: Resolution) -> Account:
    """The account of the domain's documents, with every service."""
    return resolution.bound.account(resolution.domain, EmailAddress("any", resolution.domain))


def resolved(settings: Settings, domain: Domain) -> Resolution:
    """
    What answers for a domain now.

    Raises:
        UnknownDomain: there is no plan for it; the text says why.
        AutoconfigError: whatever `resolver` raises.
    """
    plans, now = read_served(settings), int(time.time())

    async def found(reading: Reading | QueryReading) -> Resolution:
        async with mx_lookups_of(settings) as mx_lookups:
            return await resolution_of(settings, plans, Asked(domain, domain), mx_lookups, reading)

    with answered_from(settings, now) as (reading, _):
        try:
            return asyncio.run(found(reading))
        except UnknownDomain as error:
            raise UnknownDomain(_reason(settings, domain, reading.timeline(domain.name), now)) from error


def _reason(settings: Settings, domain: Domain, timeline: Timeline[Record], now: int) -> str:
    """Why this server does not answer for the domain."""
    now = now_for(timeline, now)
    row, later = timeline.at(now), timeline.next_after(now)
    if row is not None and row.plan is None:
        when = f" at {format_time(row.valid_from, settings.timezone)} (row {row.id})" if row.id else ""
        return f"{domain} was ended{when}"
    if later is not None:
        return f"{domain} has no row before {format_time(later.valid_from, settings.timezone)} (row {later.id})"
    return f"{domain} is unknown: it has no row, no host rule matches, and there is no default plan"
