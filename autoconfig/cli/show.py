"""`autoconfig show`: what a customer's mail program is told, and why."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.exits import Exit
from autoconfig.cli.looking import looked_at
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json, print_pairs, print_table
from autoconfig.dns.answer import MXAnswer, MXStatus
from autoconfig.dns.opening import open_exchangers
from autoconfig.errors import DNSUnavailable, InputInvalid, UnknownDomain
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import decode
from autoconfig.mapping.opening import open_finder
from autoconfig.mapping.times import format_time
from autoconfig.plans import Plans, read_file
from autoconfig.resolve import How, Resolution, resolve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from autoconfig.dns.lookups import MailExchangers
    from autoconfig.mail.account import Account
    from autoconfig.mapping.schema import Record
    from autoconfig.settings import Settings


class Format(StrEnum):
    """What `show` prints."""

    EXPLAIN = "explain"
    MOZILLA = "mozilla"
    MICROSOFT = "microsoft"
    APPLE = "apple"
    PACC = "pacc"


def show(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address, or a domain.")],
    form: Annotated[Format, typer.Option("--format", help="An explanation, or a document as clients get it.")] = (
        Format.EXPLAIN
    ),
    as_json: AsJSON = False,
) -> None:
    """Explain what the clients of an address are told. Exit code 1: nobody here answers for it; 3: the DNS fails."""
    if as_json and form is not Format.EXPLAIN:
        raise InputInvalid(f"--json goes with the explanation: leave it or --format {form} out")
    settings = settings_of(context)
    mailbox = EmailAddress.parse(address) if "@" in address else None
    domain = mailbox.domain if mailbox else Domain.parse(address)
    plans = read_file(settings.plans)
    if form is not Format.EXPLAIN:
        resolution = asyncio.run(_answer(settings, plans, domain))
        sys.stdout.buffer.write(_document(form, resolution, mailbox, settings))
        return
    found, exchangers = asyncio.run(_answer_and_exchangers(settings, plans, domain))
    if isinstance(found, Resolution):
        _print(_Explained(settings, plans, found, mailbox, exchangers), as_json=as_json)
        return
    _print_unknown(domain, found, exchangers, as_json=as_json)
    raise typer.Exit(Exit.NO if isinstance(found, UnknownDomain) else Exit.UNAVAILABLE)


async def _answer(settings: Settings, plans: Plans, domain: Domain) -> Resolution:
    async with _asking(settings) as exchangers:
        return await _found(settings, plans, domain, exchangers)


async def _answer_and_exchangers(
    settings: Settings, plans: Plans, domain: Domain
) -> tuple[Resolution | UnknownDomain | DNSUnavailable, MXAnswer]:
    """What answers, or why nothing does; and where the mail goes, asked for once."""
    async with _asking(settings) as exchangers:
        try:
            found = await _found(settings, plans, domain, exchangers)
        except (UnknownDomain, DNSUnavailable) as error:
            return error, await exchangers.of(domain)
        return found, await exchangers.of(domain)


async def _found(settings: Settings, plans: Plans, domain: Domain, exchangers: MailExchangers) -> Resolution:
    """What answers, found as the server finds it."""
    finder, used = open_finder(settings.database, None, settings), exchangers if settings.mx else None
    try:
        await finder.start()
        return await resolve(finder, plans, domain, domain, time.time(), settings.default_plan, used)
    finally:
        await finder.close()


@contextlib.asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[MailExchangers]:
    exchangers = open_exchangers(settings)
    try:
        yield exchangers
    finally:
        await exchangers.close()


def _document(form: Format, resolution: Resolution, mailbox: EmailAddress | None, settings: Settings) -> bytes:
    account = resolution.bound.account(resolution.domain, mailbox)
    if form is Format.MOZILLA:
        from autoconfig.formats import mozilla

        return mozilla.document(account)
    if form is Format.MICROSOFT:
        from autoconfig.formats import microsoft

        return microsoft.document(account)
    if form is Format.PACC:
        from autoconfig.formats import pacc

        document = pacc.document(account)
        record = f'{pacc.TXT_LABEL}.{account.domain.name}. TXT "{pacc.txt_record(document)}"'
        # The digest is of the first line without its line end.
        return document + f"\n{record}\n".encode()
    from autoconfig.formats import apple

    return apple.document(account, settings.profile_identifier)


class _Explained:
    """All that can be said of an answer, for both kinds of output."""

    def __init__(
        self,
        settings: Settings,
        plans: Plans,
        resolution: Resolution,
        mailbox: EmailAddress | None,
        exchangers: MXAnswer,
    ) -> None:
        self.settings, self.resolution, self.mailbox, self.exchangers = settings, resolution, mailbox, exchangers
        self.plan = plans.get(resolution.plan)
        self.account: Account = resolution.bound.account(resolution.domain, mailbox)
        now = time.time()
        with looked_at(settings, int(now)) as reading:
            timeline = reading.timeline(resolution.domain.name)
        self.row, self.next = timeline.at(now), timeline.next_after(now)
        host = {How.HOST_RULE: resolution.domain, How.MX: resolution.exchanger}.get(resolution.how)
        rule = plans.rule_for(host) if host else None
        self.rule = rule[0].match.pattern if rule else None

    def time(self, seconds: int) -> str:
        return format_time(seconds, self.settings.timezone)

    def servers(self) -> list[dict[str, object]]:
        return [
            {
                "protocol": server.protocol,
                "host": server.host,
                "port": server.port,
                "tls": server.tls,
                "login": list(server.login),
                "username": self.account.login_name(server) if self.mailbox else str(server.username),
            }
            for server in self.account.servers
        ]

    def services(self) -> list[dict[str, object]]:
        return [
            {
                "protocol": service.kind,
                "url": service.url,
                "login": list(service.login),
                "username": self.account.login_name(service) if self.mailbox else str(service.username),
            }
            for service in self.account.services
        ]

    def moved_to(self) -> str | None:
        domain = self.account.redirect_domain
        return self.account.redirect_url or (domain.name if domain else None)


def _print(explained: _Explained, *, as_json: bool) -> None:
    resolution, row, later = explained.resolution, explained.row, explained.next
    params = decode(resolution.params)
    if as_json:
        print_json(
            {
                "domain": resolution.domain.name,
                "address": str(explained.mailbox) if explained.mailbox else None,
                "how": resolution.how,
                "row": resolution.row,
                "rule": explained.rule,
                "exchanger": resolution.exchanger.name if resolution.exchanger else None,
                "since": explained.time(row.valid_from) if row and row.id else None,
                "plan": resolution.plan,
                "params": params,
                "next": {"row": later.id, "from": explained.time(later.valid_from), "plan": later.plan}
                if later
                else None,
                "mx": _mx_json(explained.exchangers),
                "servers": explained.servers(),
                "services": explained.services(),
                "oauth2": asdict(explained.account.oauth2) if explained.account.oauth2 else None,
                "moved_to": explained.moved_to(),
            }
        )
        return
    by = {
        How.ROW: _row_text(explained, row) if row else "",
        How.HOST_RULE: f"the host rule {explained.rule}",
        How.MX: f"MX {resolution.exchanger}, host rule {explained.rule}",
        How.DEFAULT: "the default plan",
    }[resolution.how]
    pairs = [
        ("Domain", _named(resolution.domain)),
        ("Answered by", by + (f" ({row.note})" if row and row.note else "")),
        ("Plan", f"{resolution.plan}: {explained.plan.name.in_language()}"),
        ("Params", ", ".join(f"{name} = {value}" for name, value in params.items()) or "none"),
        ("Next", _next_text(explained) or "nothing is scheduled"),
        ("Mail goes to", _mx_text(explained.exchangers)),
    ]
    if moved := explained.moved_to():
        pairs.append(("Moved to", moved))
    if oauth2 := explained.account.oauth2:
        pairs.append(("Tokens from", oauth2.issuer))
    print_pairs(pairs)
    if explained.account.servers:
        columns = ("protocol", "host", "port", "tls", "login", "username")
        reached = [*explained.servers(), *({"host": service["url"], **service} for service in explained.services())]
        rows = [tuple(_cell(entry.get(column, "")) for column in columns) for entry in reached]
        print_table(("Protocol", "Host", "Port", "TLS", "Login", "User name"), rows)


def _cell(value: object) -> str:
    return "+".join(value) if isinstance(value, list) else str(value)


def _row_text(explained: _Explained, row: Record) -> str:
    if explained.settings.query is not None:
        columns = ", ".join(["plan", *decode(row.params)])
        return f"the query, column{'s' if ',' in columns else ''} {columns}"
    return f"row {row.id}, since {explained.time(row.valid_from)}, by {row.changed_by}"


def _next_text(explained: _Explained) -> str:
    later = explained.next
    return f"row {later.id} from {explained.time(later.valid_from)}: {later.plan or 'not ours'}" if later else ""


def _print_unknown(
    domain: Domain, reason: UnknownDomain | DNSUnavailable, exchangers: MXAnswer, *, as_json: bool
) -> None:
    if as_json:
        print_json({"domain": domain.name, "how": None, "mx": _mx_json(exchangers)})
        return
    answered = (
        "nobody: no row holds now, no host rule matches, and there is no default plan"
        if isinstance(reason, UnknownDomain)
        else f"nobody now: {reason}"
    )
    print_pairs(
        [
            ("Domain", _named(domain)),
            ("Answered by", answered),
            ("Mail goes to", _mx_text(exchangers)),
        ]
    )


def _named(domain: Domain) -> str:
    return domain.name if domain.display == domain.name else f"{domain.display} ({domain.name})"


def _mx_text(answer: MXAnswer) -> str:
    if answer.hosts:
        return ", ".join(f"{host} ({preference})" for preference, host in answer.hosts)
    return {
        MXStatus.NONE_OFFERED: "nowhere: its MX says that it accepts no mail",
        MXStatus.NO_MX: "the domain itself: it has no MX",
        MXStatus.NO_DOMAIN: "nowhere: the DNS does not know the domain",
        MXStatus.FOUND: "nowhere: no MX of it is a host name",
        MXStatus.NOT_ASKED: "unknown: the DNS is not asked for a name of special use, nor for our own",
        MXStatus.TIMED_OUT: "unknown: the DNS did not answer in time",
    }.get(answer.status, "unknown: the DNS could not be asked")


def _mx_json(answer: MXAnswer) -> dict[str, object]:
    return {"status": answer.status, "hosts": [{"preference": p, "host": host} for p, host in answer.hosts]}
