"""`/desk/letter`: the letter to a customer, for the support staff to copy, to print or to send."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import AddressInvalid, AutoconfigError, Inexpressible, SettingsInvalid, UnknownDomain
from autoconfig.log import counted_error
from autoconfig.web.asgi import Response
from autoconfig.web.desk.endpoint import AtDesk
from autoconfig.web.desk.page import UNFRAMED, DeskProblem, DeskView, desk_page
from autoconfig.web.desk.request import DeskRequest
from autoconfig.web.pages import language, programs
from autoconfig.web.pages.address_input import read_input
from autoconfig.web.pages.letter.letter import letter
from autoconfig.web.pages.letter.letter_format import LetterFormat
from autoconfig.web.pages.letter.message import message
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.mail.address import EmailAddress
    from autoconfig.resolver import Resolution
    from autoconfig.settings import PageLanguage, Settings
    from autoconfig.web.asgi import Headers, Scope
    from autoconfig.web.desk.endpoint import Desk
    from autoconfig.web.pages.letter.letter import Letter
    from autoconfig.web.pages.programs import Program

_UNSAFE = re.compile(r"[^A-Za-z0-9@._-]+")
_NOTHING = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The letter's style sheet is in it, as mail programs want it; its only picture is the QR code.
_STYLES = _NOTHING + b"; style-src 'unsafe-inline'; img-src data:"


class _Wanted(NamedTuple):
    program: Program | None
    language: PageLanguage | None
    form: LetterFormat


class DeskLetter(AtDesk):
    """The letter to an address: `/desk/letter?address=&program=&lang=&format=`."""

    def __init__(self, desk: Desk) -> None:
        """Make letters in the thread of `desk`, which also answers for domains that are unknown here."""
        super().__init__(desk.services)
        self._desk = desk

    async def answer(self, scope: Scope) -> Response:
        """The letter, or the desk's page with the reason why there is none."""
        settings, executor = self.services.settings, self._desk.executor
        request = DeskRequest.of(scope, settings, scope["query_string"])
        try:
            typed = read_input(request.typed)
        except AddressInvalid:
            typed = None
        if typed is None or typed.address is None:
            view = DeskView(problem=DeskProblem.ADDRESS)
            return await executor.run(desk_page, settings, request, view, 400)
        try:
            resolution = await self.services.resolver.resolve(typed.domain, typed.domain, time.time())
        except AutoconfigError:
            return await self._desk.answer(scope)
        wanted = _wanted(scope["query_string"])
        return await executor.run(_written, settings, request, resolution, typed.address, wanted)


def _wanted(query: bytes) -> _Wanted:
    """What a query asks for. What it does not name, or names wrongly, is as for the command `letter`."""
    form = value_of(query, b"format")
    return _Wanted(
        programs.known(value_of(query, b"program")),
        language.known(value_of(query, b"lang")),
        LetterFormat(form) if form in set(LetterFormat) else LetterFormat.TEXT,
    )


def _written(
    settings: Settings, request: DeskRequest, resolution: Resolution, address: EmailAddress, wanted: _Wanted
) -> Response:
    try:
        return _response(letter(settings, resolution, address, wanted.program, wanted.language), wanted.form)
    except AddressInvalid:
        problem, status, detail = DeskProblem.MISREAD, 400, ""
    except Inexpressible:
        problem, status, detail = DeskProblem.MOVED, 404, ""
    except UnknownDomain:
        problem, status, detail = DeskProblem.ELSEWHERE, 404, ""
    except SettingsInvalid as error:
        counted_error("a letter cannot be made", problem=str(error))
        problem, status, detail = DeskProblem.SETTINGS, 500, str(error)
    return desk_page(settings, request, DeskView(problem=problem, detail=detail), status)


def _response(made: Letter, form: LetterFormat) -> Response:
    policy, headers = (_STYLES if form is LetterFormat.HTML else _NOTHING), UNFRAMED
    if form is LetterFormat.TEXT:
        kind, body = b"text/plain; charset=utf-8", made.plain_text.encode()
    elif form is LetterFormat.HTML:
        kind, body = b"text/html; charset=utf-8", made.html_alone.encode()
    else:
        kind, body = b"message/rfc822", message(made)
        headers = [*headers, (b"content-disposition", f'attachment; filename="{_file_name(made)}"'.encode())]
    first: Headers = [(b"content-type", kind), (b"content-security-policy", policy)]
    return Response(200, [*first, *headers], body)


def _file_name(made: Letter) -> str:
    """A name for every file system, and for a header without quoting: letters, digits and @ . _ - of the address."""
    return f"letter-{_UNSAFE.sub('_', str(made.address))[:100]}.eml"
