"""Check the four ways by which Outlook looks for Autodiscover (MS-OXDISCO section 3.1.5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.check.finding import Severity
from autoconfig.check.flaw import Flaw
from autoconfig.check.own_names.codes import NameCode
from autoconfig.check.own_names.expected import AUTODISCOVER_PATH, POX_HEADERS
from autoconfig.check.own_names.http_messages import REDIRECTS, WebRequest, redirect_target
from autoconfig.check.own_names.judging import described, judge_autodiscover, judge_foreign_autodiscover
from autoconfig.check.printable import printable
from autoconfig.check.tls_codes import TLSCode

if TYPE_CHECKING:
    from autoconfig.check.domain_view import DomainView
    from autoconfig.check.own_names.expected import ExpectedDocuments
    from autoconfig.check.own_names.http_messages import WebReply
    from autoconfig.check.own_names.report import NameExchanges, NameReport, NameScope

MOST_SERVICES = 4
"""SRV records that are followed."""
_NO_TLS = frozenset({TLSCode.FAILED, TLSCode.NO_TLS})


async def check_autodiscover(
    report: NameReport, documents: ExpectedDocuments, view: DomainView, scope: NameScope
) -> None:
    """Ask all four; a way that is not there is no fault, but one that leads elsewhere is."""
    if documents.autodiscover is None:
        return
    ways = _Ways(report, documents.pox_request, documents.autodiscover, scope)
    await ways.domain()
    by_record = await ways.service(view)
    await ways.name(otherwise=by_record)


async def services_of(domain: str, view: DomainView) -> list[tuple[str, str]]:
    """The targets and ports of the SRV records for Autodiscover."""
    found = (await view.follow(f"_autodiscover._tcp.{domain}", "SRV")).data[:MOST_SERVICES]
    return [(target, port) for _priority, _weight, port, target in (data.split(" ", 3) for data in found)]


class _Ways:
    def __init__(self, report: NameReport, request: bytes, expected: bytes, scope: NameScope) -> None:
        self._report, self._request, self._expected, self._scope = report, request, expected, scope

    async def domain(self) -> None:
        """The domain's own web server: it may be another one, as long as it does not answer Autodiscover."""
        domain = self._report.domain
        if not (await self._report.addresses_of(domain)).usable:
            return
        judge = partial(judge_foreign_autodiscover, expected=self._expected)
        exchanges = await self._post(f"https://{domain}{AUTODISCOVER_PATH}", judge)
        self._report.note_all(domain, (flaw for flaw in exchanges.flaws if flaw.code == NameCode.AUTODISCOVER_FOREIGN))
        for exchange in exchanges.all:
            if exchange.reply is None:
                for flaw in exchange.flaws:
                    if flaw.code not in _NO_TLS | {NameCode.NO_ANSWER, NameCode.LOOP}:
                        self._report.note(domain, NameCode.SITE_UNTRUSTED, flaw.seen)

    async def service(self, view: DomainView) -> bool:
        """The SRV record's target; whether it answers rightly. Targets elsewhere are the DNS check's."""
        name = f"_autodiscover._tcp.{self._report.domain}"
        if name in self._scope.told:
            return False
        works = False
        for target, port in await services_of(self._report.domain, view):
            if self._scope.is_own(target) and await self._report.is_asked(target):
                works |= await self._own(f"https://{target}{'' if port == '443' else f':{port}'}{AUTODISCOVER_PATH}")
        return works

    async def name(self, *, otherwise: bool) -> None:
        """
        `autodiscover.DOMAIN` by https, and its redirect by plain http.

        `otherwise`: whether the SRV record leads here, so that Outlook does not need the name.
        """
        name = f"autodiscover.{self._report.domain}"
        if not await self._report.is_asked(name):
            return
        secure = await self._post(
            f"https://{name}{AUTODISCOVER_PATH}", partial(judge_autodiscover, expected=self._expected)
        )
        plain = await self._report.exchanges(
            WebRequest(f"http://{name}{AUTODISCOVER_PATH}"), self._judge_redirect, follow=False
        )
        redirects = plain.good > 0 and await self._redirected(plain, name)
        other_way = otherwise or redirects
        worst = Severity.NOTE if other_way else Severity.ERROR
        if secure.is_closed and plain.is_closed:
            seen = "; ".join(dict.fromkeys((*secure.closed, *plain.closed)))
            self._report.note(name, NameCode.UNREACHABLE, seen, Severity.WARNING if otherwise else Severity.ERROR)
        elif secure.is_closed:
            self._report.note(name, NameCode.PLAIN_ONLY, "; ".join(secure.closed), worst)
        elif plain.is_closed and secure.good:
            self._report.note(name, NameCode.TLS_ONLY, "; ".join(plain.closed))
        self._report.note_closed(name, secure, plain)
        has_reply_with_fault = secure.has_reply and bool(secure.flaws)
        self._report.note_all(name, secure.flaws, Severity.ERROR if has_reply_with_fault else worst)
        if not has_reply_with_fault:  # else the same server answers both, and that is the fault
            self._report.note_all(name, plain.flaws)

    async def _redirected(self, plain: NameExchanges, name: str) -> bool:
        """Whether all URLs of this server that plain http redirects to answer rightly."""
        targets = dict.fromkeys(redirect_target(exchange.reply) for exchange in plain.all if exchange.reply is not None)
        works = True
        for target in targets:
            if not self._is_ours(target) or _host(target) == name:  # that has been asked
                continue
            there = await self._report.addresses_of(_host(target))
            if not (there.usable or there.private):
                self._report.note(name, NameCode.AUTODISCOVER_STAYS, f"redirect to {target}, which has no address")
            works &= await self._own(target)
        return works

    def _is_ours(self, target: str) -> bool:
        return target.startswith("https:") and self._scope.is_own(_host(target))

    async def _own(self, url: str) -> bool:
        """Post to a URL of this server; whether the answer is right."""
        exchanges = await self._post(url, partial(judge_autodiscover, expected=self._expected))
        host = urlsplit(url).hostname or ""
        if exchanges.is_closed:
            self._report.note(host, NameCode.UNREACHABLE, "; ".join(exchanges.closed))
        self._report.note_closed(host, exchanges)
        self._report.note_all(host, exchanges.flaws)
        return exchanges.good > 0

    async def _post(self, url: str, judge: partial[Flaw | None]) -> NameExchanges:
        return await self._report.exchanges(WebRequest(url, "POST", POX_HEADERS, self._request), judge)

    def _judge_redirect(self, reply: WebReply) -> Flaw | None:
        """Outlook wants a redirect to https (MS-OXDISCO section 3.1.5.4)."""
        if (foreign := judge_foreign_autodiscover(reply, self._expected)) is not None:
            target = _host(reply.location)
            if not (reply.status in REDIRECTS and self._scope.is_own(target)):
                return foreign
        if reply.status not in REDIRECTS:
            return Flaw(NameCode.AUTODISCOVER_STAYS, described(reply))
        if self._is_ours(redirect_target(reply)):
            return None
        return Flaw(NameCode.AUTODISCOVER_STAYS, f"{described(reply)} to {printable(reply.location)}")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
