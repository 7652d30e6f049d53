"""Check everything that can make a page or a letter fail at the start, before a customer finds it."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from autoconfig.errors import SettingsInvalid
from autoconfig.mail.account import Account, Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.server import Login, Protocol, Server, TLSMode
from autoconfig.settings import PageLanguage
from autoconfig.web.pages import rendering
from autoconfig.web.pages.account_data import account_json, problem_text
from autoconfig.web.pages.brand import Brand
from autoconfig.web.pages.elsewhere import SERVICES
from autoconfig.web.pages.guide import Guide
from autoconfig.web.pages.letter.letter import letter_to
from autoconfig.web.pages.page import text_of
from autoconfig.web.pages.page_request import PageRequest
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.view import AccountView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.settings import Settings

PROBLEMS = ("unreadable", "unknown", "elsewhere", "later", "broken")

_ADDRESS = EmailAddress.parse("taro@sample.invalid")
_NAME = Pattern.parse("{local}.{domain}")


def check_pages(settings: Settings) -> None:
    """
    Read the logos, and make every kind of page and letter if the operator has templates.

    Raises:
        SettingsInvalid: a file cannot be used; the message says which, where, and why.
    """
    Brand.of(settings, settings.page_language)
    for number, table in enumerate(settings.brand, 1):
        try:
            Brand.of(settings.with_brand(table), settings.page_language)
        except SettingsInvalid as error:
            raise SettingsInvalid(f"brand {number}: {error}") from error
    own = settings.templates_dir
    if own is None:
        return  # the shipped ones are tested, and a server for mail programs only need not load Jinja
    if not own.is_dir():
        raise SettingsInvalid(f"templates_dir = '{own}': there is no such folder; make it or leave the setting out")
    for language in PageLanguage:
        with _refusing(own, f"the {language.value} page"):
            _render_all(settings, language, own)
    with _refusing(own, "/setup.json"):
        _make_data(settings, own)


@contextmanager
def _refusing(own: Path, where: str) -> Iterator[None]:
    """Turn any error of a template into one that says which file to correct."""
    try:
        yield
    except Exception as error:
        problem = f"{rendering.fault(error)} (in {where})"
        raise SettingsInvalid(f"templates_dir = '{own}': {problem}; correct the file or take it away") from error


def _make_data(settings: Settings, own: Path) -> None:
    request = _request(settings.page_language, Program.THUNDERBIRD)
    for problem in (*PROBLEMS, "moved"):
        problem_text(problem, "sample.invalid", own)
    for account in _samples():
        account_json(settings, request, AccountView.of(account), "", signed=False)


def _request(language: PageLanguage, program: Program) -> PageRequest:
    return PageRequest("taro@sample.invalid", language, True, program, True, program, name="Taro")


def _render_all(settings: Settings, language: PageLanguage, own: Path) -> None:
    request = _request(language, Program.THUNDERBIRD)
    text_of(settings, request, "start.html", own)
    for problem in PROBLEMS:
        services = (SERVICES[0],) if problem == "elsewhere" else (SERVICES[0], None)
        for service, meant in itertools.product(services, ("sample.invalid", None)):
            values = {"service": service, "meant": meant, "url": "/setup?email=sample.invalid"}
            text_of(settings, request, "problem.html", own, problem=problem, domain="sample.invalid", **values)
    for url in ("/setup?email=new.invalid", None):
        moved = {"problem": "moved", "domain": "sample.invalid", "target": "new.invalid", "url": url}
        text_of(settings, request, "problem.html", own, **moved)
    for account in _samples():
        view = AccountView.of(account)
        for program in Program:
            request = _request(language, program)
            text_of(settings, request, "account.html", own, view=view, guide=Guide(request, view, settings))
        if account.address is not None:
            for choice in Program if view.facts.plain else (None,):
                letter_to(settings, account, account.address, choice, language)


def _samples() -> Iterator[Account]:
    """Accounts that together use every sentence."""
    name = Text({"und": "Sample"})
    for address in (_ADDRESS, None):
        for tls, login in ((TLSMode.SSL, Login.CLEARTEXT), (TLSMode.PLAIN, Login.ENCRYPTED)):
            servers = tuple(
                Server(protocol, "mx.sample.invalid", 993, tls, (login,), _NAME)
                for protocol in (Protocol.IMAP, Protocol.POP3)
            )
            sending = Server(Protocol.SMTP, "smtp.invalid", 587, TLSMode.STARTTLS, (login,), Pattern.parse("{address}"))
            note = (Text({"ja": "例", "en": "Example"}),)
            yield Account(Domain("sample.invalid"), address, name, None, (*servers, sending), notes=note)
