"""`autoconfig desk`: everything that the provider's staff need for a call about an address."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.checking import read_served
from autoconfig.cli.domain_question import typed_address
from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json, print_pairs, print_table, say
from autoconfig.cli.read_only import answered_from
from autoconfig.cli.resolving import Asked, answer_and_exchangers
from autoconfig.errors import UnknownDomain
from autoconfig.explain.explanation import Explanation, Facts
from autoconfig.explain.last_findings import last_result
from autoconfig.resolver import Resolution
from autoconfig.settings import PageLanguage
from autoconfig.web.microsoft import document_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoconfig.explain.sheet import SheetSection


def desk(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address, or a domain.")],
    lang: Annotated[PageLanguage, typer.Option(help="The language of the sheet.")] = PageLanguage.EN,
    as_json: AsJSON = False,
) -> None:
    """
    Show what the support desk needs to know about an address.

    What answers and why, its history, the servers, what each mail program makes of them, the documents, links for the
    customer, and what the last check found. The desk's page (/desk) shows the same.

    Exit code 1: this server does not answer for its domain; 3: database or DNS unavailable.
    """
    settings = settings_of(context)
    mailbox, domain = typed_address(address)
    plans, now = read_served(settings), int(time.time())
    with answered_from(settings, now) as (reading, copy_age):
        found, exchangers = asyncio.run(answer_and_exchangers(settings, plans, Asked(domain, domain), reading))
        owner = found.row_of if isinstance(found, Resolution) else None
        timeline = reading.timeline((owner or domain).name)
    last = last_result(settings.state_dir, domain.name)
    from autoconfig.web.desk.sheet import DeskAnswer, DeskUnknown

    if isinstance(found, Resolution):
        facts = Facts(found, timeline, exchangers, last, copy_age)
        outlook_url = document_url(found, settings.public_url)
        answer = DeskAnswer.of(Explanation.of(settings, plans, facts, mailbox, outlook_url, now))
        print_json(answer.json_value()) if as_json else _print(answer.sections(lang))
        return
    is_known = isinstance(found, UnknownDomain)
    reason = found.reason if isinstance(found, UnknownDomain) else str(found)
    unknown = DeskUnknown(domain, reason, is_known, timeline, exchangers, last, settings.timezone, now)
    print_json(unknown.json_value()) if as_json else _print(unknown.sections(lang))
    raise typer.Exit(Exit.NO if is_known else Exit.UNAVAILABLE)


def _print(sections: Iterable[SheetSection]) -> None:
    for number, section in enumerate(sections):
        if number:
            say("")
        say(f"{section.title}\n")
        if section.remark:
            say(section.remark)
        if section.rows and section.columns:
            print_table(section.columns, section.rows)
        elif section.rows:
            print_pairs((name, value) for name, value in section.rows)
