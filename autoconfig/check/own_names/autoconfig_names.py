"""Check the names under which Mozilla's document is asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from autoconfig.check.finding import Severity
from autoconfig.check.flaw import Flaw
from autoconfig.check.own_names.codes import NameCode
from autoconfig.check.own_names.expected import CONFIG_PATH, WELL_KNOWN_PATH
from autoconfig.check.own_names.http_messages import WebRequest
from autoconfig.check.own_names.judging import judge_xml

if TYPE_CHECKING:
    from autoconfig.check.own_names.expected import ExpectedDocuments
    from autoconfig.check.own_names.http_messages import WebReply
    from autoconfig.check.own_names.report import NameExchanges, NameReport

_FORBIDDEN = 403
_PAGES = frozenset({NameCode.HTML, NameCode.PARKED})


async def check_autoconfig(report: NameReport, documents: ExpectedDocuments, *, refuses_plain: bool) -> bool | None:
    """
    Ask `autoconfig.DOMAIN` by https with the address, as Thunderbird does, and by https and http without one.

    Without an address (KMail, Geary, Thunderbird for Android) only the Host header says which domain is meant.
    Return whether https gives the document, and `None` if the name is not asked.
    """
    name = f"autoconfig.{report.domain}"
    if not await report.is_asked(name):
        return None
    judge = partial(_judge, expected=documents.mozilla)
    secure = await report.exchanges(WebRequest(f"https://{name}{CONFIG_PATH}?{documents.query}"), judge)
    plain_judge = partial(_judge_plain, expected=documents.mozilla_for_all, refuses_plain=refuses_plain)
    plain = await report.exchanges(WebRequest(f"http://{name}{CONFIG_PATH}"), plain_judge)
    works = secure.good > 0
    _note_connections(report, name, secure, plain)
    report.note_all(name, secure.flaws)
    if works:
        judge = partial(_judge, expected=documents.mozilla_for_all)
        for_all = await report.exchanges(WebRequest(f"https://{name}{CONFIG_PATH}"), judge)
        report.note_all(name, for_all.flaws)
    report.note_all(name, plain.flaws, Severity.WARNING if works else Severity.ERROR)
    return works


async def check_well_known(report: NameReport, documents: ExpectedDocuments, *, needed: bool) -> None:
    """
    Ask the domain's own web server, which need not have the document, but must not have another one.

    `needed`: whether `autoconfig.DOMAIN` is not there, so that a page with status 200 hides what the MX leads to.
    """
    domain = report.domain
    url = f"https://{domain}{WELL_KNOWN_PATH}?{documents.query}"
    if not (await report.addresses_of(domain)).usable:
        return
    exchanges = await report.exchanges(WebRequest(url), partial(judge_xml, expected=documents.mozilla))
    wanted = {NameCode.OLD_DOCUMENT, NameCode.WRONG_TYPE} | (_PAGES if needed else frozenset())
    worst = Severity.ERROR if needed else Severity.WARNING
    report.note_all(domain, (flaw for flaw in exchanges.flaws if flaw.code in wanted), worst)


async def check_exchanger(report: NameReport, documents: ExpectedDocuments, name: str, *, needed: bool) -> None:
    """Ask a name that leads here, and that Thunderbird makes of the domain's MX, by https only."""
    if not await report.is_asked(name):
        return
    request = WebRequest(f"https://{name}{CONFIG_PATH}?{documents.query}")
    exchanges = await report.exchanges(request, partial(_judge, expected=documents.mozilla))
    worst = Severity.ERROR if needed else Severity.WARNING
    if exchanges.is_closed:
        report.note(name, NameCode.UNREACHABLE, "; ".join(exchanges.closed), worst)
    report.note_closed(name, exchanges)
    report.note_all(name, exchanges.flaws, worst)


def _note_connections(report: NameReport, name: str, secure: NameExchanges, plain: NameExchanges) -> None:
    if secure.is_closed and plain.is_closed:
        report.note(name, NameCode.UNREACHABLE, "; ".join(dict.fromkeys((*secure.closed, *plain.closed))))
    elif secure.is_closed and plain.good:
        report.note(name, NameCode.PLAIN_ONLY, "; ".join(secure.closed))
    elif plain.is_closed and secure.good:
        report.note(name, NameCode.TLS_ONLY, "; ".join(plain.closed))
    report.note_closed(name, secure, plain)


def _judge(reply: WebReply, expected: bytes) -> Flaw | None:
    flaw = judge_xml(reply, expected)
    if flaw is None and reply.url.startswith("http://"):
        return Flaw(NameCode.PLAIN_ONLY, " → ".join([*reply.trail, reply.url]))
    return flaw


def _judge_plain(reply: WebReply, expected: bytes, *, refuses_plain: bool) -> Flaw | None:
    if refuses_plain and reply.status == _FORBIDDEN and reply.url.startswith("http://"):
        return None
    return judge_xml(reply, expected)
