"""`autoconfig show`: show what a customer's mail program gets, and why."""

from __future__ import annotations

import asyncio
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from autoconfig.cli.checking import read_served
from autoconfig.cli.domain_question import typed_address
from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json, print_pairs, print_table
from autoconfig.cli.read_only import answered_from
from autoconfig.cli.resolving import Asked, answer_and_exchangers, mx_lookups_of, resolution_of
from autoconfig.errors import DNSUnavailable, InputInvalid, UnknownDomain
from autoconfig.explain.explanation import Explanation, Facts
from autoconfig.explain.json_values import explanation_json, mx_json
from autoconfig.explain.last_findings import last_result, result_text
from autoconfig.explain.reasons import EN, found_by, mx_text, named, next_text, params_text, plan_text, why
from autoconfig.mail.domain import Domain
from autoconfig.resolver import Resolution
from autoconfig.web.brands import brand_of
from autoconfig.web.host_header import AUTOCONFIG, split_host
from autoconfig.web.microsoft import document_url

if TYPE_CHECKING:
    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.mail.address import EmailAddress
    from autoconfig.mapping.lookup.listing import QueryReading
    from autoconfig.mapping.store import Reading
    from autoconfig.plans import Plans
    from autoconfig.settings import Settings


class DocumentFormat(StrEnum):
    """What `show` can print."""

    EXPLAIN = "explain"
    MOZILLA = "mozilla"
    MICROSOFT = "microsoft"
    APPLE = "apple"
    PACC = "pacc"


def show(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address, or a domain.")],
    form: Annotated[
        DocumentFormat, typer.Option("--format", help="An explanation, or a document as clients get it.")
    ] = (DocumentFormat.EXPLAIN),
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="The host that the client asks; default: the domain's own, such as autoconfig.DOMAIN."
        ),
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """
    Explain what the mail programs of an address get, and why.

    Exit code 1: this server does not answer for its domain; 3: database or DNS unavailable.
    """
    if as_json and form is not DocumentFormat.EXPLAIN:
        raise InputInvalid(f"--json is for the explanation: leave out --json or --format {form}")
    settings = settings_of(context)
    mailbox, domain = typed_address(address)
    question = _question(settings, domain, host, form)
    plans = read_served(settings)
    with answered_from(settings, int(time.time())) as (reading, copy_age):
        if form is not DocumentFormat.EXPLAIN:
            resolution = asyncio.run(_answer(settings, plans, question, reading))
            sys.stdout.buffer.write(_document(form, resolution, mailbox, settings))
            return
        found, exchangers = asyncio.run(answer_and_exchangers(settings, plans, question, reading))
        if isinstance(found, Resolution):
            timeline = reading.timeline((found.row_of or found.domain).name)
            facts = Facts(found, timeline, exchangers, last_result(settings.state_dir, found.domain.name), copy_age)
            outlook_url = document_url(found, settings.public_url)
            _print(Explanation.of(settings, plans, facts, mailbox, outlook_url, int(time.time())), as_json=as_json)
            return
    _print_unknown(domain, found, exchangers, copy_age, as_json=as_json)
    raise typer.Exit(Exit.NO if isinstance(found, UnknownDomain) else Exit.UNAVAILABLE)


def _question(settings: Settings, domain: Domain, host: str | None, form: DocumentFormat) -> Asked:
    """What a client asks for a domain under a host; without a host, under one of the domain's own."""
    if host is None:
        return Asked(domain, domain)
    asked = split_host(Domain.parse(host))
    own = asked.name == urlsplit(settings.public_url).hostname
    mozilla = form in {DocumentFormat.EXPLAIN, DocumentFormat.MOZILLA}
    return Asked(domain, asked.domain, by_exchanger=mozilla and asked.label == AUTOCONFIG and not own)


async def _answer(settings: Settings, plans: Plans, question: Asked, reading: Reading | QueryReading) -> Resolution:
    async with mx_lookups_of(settings) as mx_lookups:
        return await resolution_of(settings, plans, question, mx_lookups, reading)


def _document(form: DocumentFormat, resolution: Resolution, mailbox: EmailAddress | None, settings: Settings) -> bytes:
    account = resolution.bound.account(resolution.domain, mailbox)
    if form is DocumentFormat.MOZILLA:
        from autoconfig.formats import mozilla

        return mozilla.document(account)
    if form is DocumentFormat.MICROSOFT:
        from autoconfig.formats import microsoft

        return microsoft.document(account)
    if form is DocumentFormat.PACC:
        from autoconfig.formats import pacc

        document = pacc.document(resolution.bound.account(resolution.domain, None))
        record = f'{pacc.TXT_LABEL}.{account.domain.name}. TXT "{pacc.txt_record(document)}"'
        # The digest is of the first line without its line end.
        return document + f"\n{record}\n".encode()
    from autoconfig.formats import apple

    return apple.document(account, settings.profile_identifier, provider=brand_of(settings, resolution).provider)


def _print(explained: Explanation, *, as_json: bool) -> None:
    if as_json:
        print_json(explanation_json(explained))
        return
    pairs = [
        ("Domain", named(explained.resolution.domain)),
        ("Answered by", why(explained, EN)),
        ("Plan", plan_text(explained)),
        ("Params", params_text(explained.resolution.params)),
        ("Next", next_text(explained, EN)),
        ("Mail goes to", mx_text(explained.facts.exchangers, EN)),
        ("Found by", found_by(explained, EN)),
    ]
    if elsewhere := explained.outlook_url:
        pairs.append(("Sent on to", elsewhere))
    if moved := explained.moved_to():
        pairs.append(("Moved to", moved))
    if oauth2 := explained.account.oauth2:
        pairs.append(("Tokens from", oauth2.issuer))
    if explained.facts.last_check is not None:
        pairs.append(("Last check", result_text(explained.facts.last_check, explained.settings.timezone)))
    print_pairs(pairs)
    if explained.account.servers:
        columns = ("protocol", "host", "port", "tls", "login", "username")
        reached = [*explained.servers(), *({"host": service["url"], **service} for service in explained.services())]
        rows = [tuple(_cell(entry.get(column, "")) for column in columns) for entry in reached]
        print_table(("Protocol", "Host", "Port", "TLS", "Login", "User name"), rows)


def _cell(value: object) -> str:
    return "+".join(value) if isinstance(value, list) else str(value)


def _print_unknown(
    domain: Domain,
    reason: UnknownDomain | DNSUnavailable,
    exchangers: MXAnswer,
    copy_age: float | None,
    *,
    as_json: bool,
) -> None:
    why = reason.reason if isinstance(reason, UnknownDomain) else str(reason)
    if as_json:
        print_json(
            {
                "domain": domain.name,
                "how": None,
                "reason": why,
                "mx": mx_json(exchangers),
                "copy_age_seconds": copy_age,
            }
        )
        return
    answered = f"nothing: {why}" if isinstance(reason, UnknownDomain) else f"nothing now: {why}"
    print_pairs(
        [
            ("Domain", named(domain)),
            ("Answered by", answered),
            ("Mail goes to", mx_text(exchangers, EN)),
        ]
    )
