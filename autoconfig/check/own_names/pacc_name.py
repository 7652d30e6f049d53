"""Check the name under which PACC's document is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.check.finding import Severity
from autoconfig.check.flaw import Flaw
from autoconfig.check.own_names.codes import NameCode
from autoconfig.check.own_names.expected import PACC_PATH
from autoconfig.check.own_names.http_messages import REDIRECTS, WebRequest
from autoconfig.check.own_names.judging import described, judge_octets

if TYPE_CHECKING:
    from autoconfig.check.own_names.expected import ExpectedDocuments
    from autoconfig.check.own_names.http_messages import WebReply
    from autoconfig.check.own_names.report import NameReport


async def check_pacc(report: NameReport, documents: ExpectedDocuments) -> None:
    """Ask `ua-auto-config.DOMAIN`, which few programs read, if PACC can express the account."""
    name, expected = f"ua-auto-config.{report.domain}", documents.pacc
    if expected is None or not await report.is_asked(name):
        return

    def judge(reply: WebReply) -> Flaw | None:
        if reply.status in REDIRECTS:  # to Himalaya a failure, wherever it leads
            return Flaw(NameCode.PACC_REDIRECTED, described(reply))
        return judge_octets(reply, expected)

    exchanges = await report.exchanges(WebRequest(f"https://{name}{PACC_PATH}"), judge, follow=False)
    if exchanges.is_closed:
        report.note(name, NameCode.UNREACHABLE, "; ".join(exchanges.closed), Severity.WARNING)
    report.note_closed(name, exchanges)
    report.note_all(name, exchanges.flaws, Severity.WARNING)
