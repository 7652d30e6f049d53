"""`autoconfig letter`: write the mail to a customer with his settings."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from autoconfig.cli.domain_question import resolved
from autoconfig.cli.options import settings_of
from autoconfig.cli.output import data_output
from autoconfig.errors import AddressInvalid, InputInvalid
from autoconfig.settings import PageLanguage  # noqa: TC001 (Typer reads annotations when it runs)
from autoconfig.web.pages.address_input import read_input
from autoconfig.web.pages.letter.letter_format import LetterFormat
from autoconfig.web.pages.programs import Program  # noqa: TC001


def letter(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The customer's mail address.")],
    language: Annotated[
        PageLanguage | None, typer.Option("--lang", help="The language; default: the setting page_language.")
    ] = None,
    program: Annotated[Program | None, typer.Option("--program", help="Add the steps for this mail program.")] = None,
    form: Annotated[
        LetterFormat,
        typer.Option("--format", help="Text to copy, HTML, or a message (.eml) with both and the QR code."),
    ] = LetterFormat.TEXT,
    sender: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ADDRESS", help="With --format eml: who sends it; without it the message is a draft."
        ),
    ] = None,
) -> None:
    """
    Write a mail to a customer with his settings, for you to send.

    It has the values of his address, the link to his page and, with --program, the steps; never a password.

    Exit code 1: this server does not answer for the domain, or the domain has moved; 3: database or DNS unavailable.
    """
    from autoconfig.web.pages.letter.letter import letter as letter_of
    from autoconfig.web.pages.letter.message import Sender, message

    if sender is not None and form is not LetterFormat.EML:
        raise InputInvalid("--from is for a message: add --format eml, or leave out --from")
    mailbox, domain = read_input(address)
    if mailbox is None:
        raise AddressInvalid(f"{address[:80]!r} is not a mail address; a letter needs the whole one, name@{domain}")
    written_by = None if sender is None else Sender.parse(sender)
    settings = settings_of(context)
    written = letter_of(settings, resolved(settings, domain), mailbox, program, language)
    if form is LetterFormat.EML:
        sys.stdout.buffer.write(message(written, written_by))
    else:
        data_output().write(written.plain_text if form is LetterFormat.TEXT else written.html_alone)
