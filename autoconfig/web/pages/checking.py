"""What would make a page fail is found when the server starts, not by a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import SettingsInvalid
from autoconfig.mail.account import Account, Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.server import Login, Protocol, Server, TLSMode
from autoconfig.settings import PageLanguage
from autoconfig.web.pages import rendering
from autoconfig.web.pages.brand import Brand
from autoconfig.web.pages.page import text_of
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.view import AccountView
from autoconfig.web.pages.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.settings import Settings

PROBLEMS = ("unreadable", "unknown", "later", "broken")

_ADDRESS = EmailAddress.parse("taro@sample.invalid")
_NAME = Pattern.parse("{local}.{domain}")


def check(settings: Settings) -> None:
    """
    Read the logo, and, where an operator has templates, make every kind of page from them.

    Raises:
        SettingsInvalid: one of these cannot be used; the sentence says which file, where, and why.
    """
    Brand.of(settings, settings.page_language)
    own = settings.templates_dir
    if own is None:
        return  # ours are tested, and a machine that only serves mail programs need not load Jinja
    if not own.is_dir():
        raise SettingsInvalid(f"templates_dir = '{own}': there is no such folder; make it or leave the setting out")
    for language in PageLanguage:
        visit = Visit("taro@sample.invalid", language, True, Program.THUNDERBIRD, False)
        try:
            _render_all(settings, visit, own)
        except Exception as error:
            problem = f"{rendering.fault(error)} (in the {language.value} page)"
            raise SettingsInvalid(f"templates_dir = '{own}': {problem}; correct the file or take it away") from error


def _render_all(settings: Settings, visit: Visit, own: Path) -> None:
    text_of(settings, visit, "start.html", own)
    for problem in PROBLEMS:
        text_of(settings, visit, "problem.html", own, problem=problem, domain="sample.invalid")
    for url in ("/setup?email=new.invalid", None):
        moved = {"problem": "moved", "domain": "sample.invalid", "target": "new.invalid", "url": url}
        text_of(settings, visit, "problem.html", own, **moved)
    for account in _samples():
        view = AccountView.of(account, settings.profile_identifier)
        profiles = [(kind, "/email.mobileconfig") for kind in view.profiles]
        values = {"view": view, "profiles": profiles, "code": "<svg></svg>", "programs": list(Program)}
        text_of(settings, visit, "account.html", own, **values)


def _samples() -> Iterator[Account]:
    """Accounts that between them need every sentence."""
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
