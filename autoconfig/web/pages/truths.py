"""What each mail program of the page makes of an account: for tables, letters and portals, in all languages at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.mail.account import Text
from autoconfig.settings import PageLanguage
from autoconfig.web.pages import rendering
from autoconfig.web.pages.page_request import link
from autoconfig.web.pages.programs import PROGRAMS, Device, Program
from autoconfig.web.pages.sources import ValueSource, source_of
from autoconfig.web.pages.traits import TRAITS
from autoconfig.web.pages.verdict import Verdict, instead_of, verdict_of
from autoconfig.web.pages.view import AccountView

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mail.account import Account

_SILENT = frozenset({Verdict.FITS, Verdict.WARNS})
"""Verdicts that name no other program."""


@dataclass(frozen=True, slots=True)
class ProgramTruth:
    """The truth about one program and one account. Texts are plain, without HTML, as the page has them."""

    program: Program
    name: Text
    device: Device
    """The choice of the page under which it is."""
    device_name: Text
    checked: str
    """The version whose wording was checked; empty if none was."""
    source: ValueSource
    """How it gets the values, for the recommended way of receiving."""
    source_text: Text
    verdict: Verdict
    sentence: Text | None
    """What it cannot do with the account; `None` if there is nothing to say."""
    instead: tuple[Program, ...]
    """The programs that serve the customer better, or if the password is refused."""
    path: str
    """The path of the page with its steps, to put behind `public_url`; more parameters can follow after a `&`."""


def truths(account: Account, base: str = "", own: Path | None = None) -> tuple[ProgramTruth, ...]:
    """
    The truth about each program of the page, in the page's order.

    It takes milliseconds: call it in a thread. `account` has servers, so it did not move away. `base`: the beginning
    of paths that lead to the same answer (`pointer.base_of`). `own`: the setting `templates_dir`. A broken template
    there raises any error of Jinja (`rendering.fault` describes it).
    """
    view = AccountView.of(account)
    way = view.ways()[0]
    titles = {language: rendering.words("parts/titles.html", language, own) for language in PageLanguage}
    sources = {language: rendering.words("parts/sources.html", language, own) for language in PageLanguage}
    judgements = {language: rendering.words("parts/judgement.html", language, own) for language in PageLanguage}

    def title(macro: str, name: str) -> Text:
        return Text({language.value: words(macro, name) for language, words in titles.items()})

    def said_of(source: ValueSource) -> Text:
        return Text({language.value: words("source", source.value) for language, words in sources.items()})

    def truth(device: Device, program: Program) -> ProgramTruth:
        verdict, source = verdict_of(program, account, view.facts), source_of(program, view, way.protocol)
        said = {
            language.value: words("judgement", program.value, verdict.value, way)
            for language, words in judgements.items()
        }
        return ProgramTruth(
            program,
            title("title", program.value),
            device,
            title("device", device.value),
            TRAITS[program].checked,
            source,
            said_of(source),
            verdict,
            Text(said) if any(said.values()) else None,
            () if verdict in _SILENT else tuple(instead_of(program, account, view.facts)),
            link(f"{base}/setup", email=view.address or account.domain.name, program=program.value),
        )

    return tuple(truth(device, program) for device, programs in PROGRAMS.items() for program in programs)
