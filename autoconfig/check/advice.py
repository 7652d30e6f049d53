"""Where a certificate does not cover the announced host: a name that works, and the command that announces it."""

from __future__ import annotations

import datetime as dt
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.finding import Severity, both
from autoconfig.check.server_codes import ServerCode
from autoconfig.check.tls_codes import TLS_KINDS
from autoconfig.check.tls_verdict import names_of
from autoconfig.dns.question import AnswerStatus
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.pattern import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.check.announced import Announced, AnnouncedCheck, ServerCheck
    from autoconfig.check.certificate import CertificateFacts
    from autoconfig.check.domain_view import DomainView
    from autoconfig.mail.account import Text
    from autoconfig.mail.plan import Plan

MOST_LOOKED_UP, MOST_TRIED = 30, 6
"""Names that are looked up for one server, and those of them that are connected to."""
_OURS = frozenset({"autoconfig", "autodiscover", "ua-auto-config"})
"""First labels of names that lead to this server, wherever the mail is."""
_USUAL = ("", "mail.", "imap.", "pop.", "smtp.", "www.")


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where the announced hosts come from, so that a change can be written down."""

    domain: str
    plan: Plan
    params: Mapping[str, str]
    """Those of the row, with its flags."""
    flags: tuple[str, ...] = ()
    """The flags of the row, such as `subdomains`."""
    is_editable: bool = True
    """Whether `mapping set` can write the row; if not, another program's database has it."""

    def param_of(self, server: Announced) -> str | None:
        """The param that is a server's host, if the plan has it so."""
        for template in self.plan.servers:
            if (template.protocol, template.port, template.tls) == (server.protocol, server.port, server.tls):
                part = template.host.parts[0] if len(template.host.parts) == 1 else None
                return part.name if isinstance(part, Slot) and part.name in self.plan.params else None
        return None

    def change(self, params: Mapping[str, str]) -> str:
        """The command that sets params, and keeps all else of the row."""
        if not self.is_editable:
            return ", ".join(f"{name} = {value}" for name, value in params.items())
        given = {**self.params, **params}
        command = ["autoconfig", "mapping", "set", self.domain, "--plan", self.plan.key]
        for name, value in sorted(given.items()):
            command += ["--param", f"{name}={value}"]
        return shlex.join([*command, *(f"--{flag}" for flag in self.flags)])


class Advisor:
    """Finds names that would work for the servers of one domain, by trying them."""

    def __init__(self, source: RowSource, checker: AnnouncedCheck, view: DomainView) -> None:
        self._source, self._checker, self._view = source, checker, view

    async def advise(self, checks: Sequence[ServerCheck]) -> dict[Announced, Text]:
        """The advice for each server whose certificate does not cover its host."""
        wrong = [(check, facts) for check in checks if (facts := uncovering(check)) is not None]
        if not wrong:
            return {}
        exchangers = await self._exchangers()
        fitting = {c.server: await self._fitting(c, facts, checks, exchangers) for c, facts in wrong}
        # One row has all params, so one command has the changes for all servers.
        changes: dict[str, str] = {}
        for server, name in fitting.items():
            if name is not None and (param := self._source.param_of(server)) is not None:
                changes.setdefault(param, name)
        return {c.server: self._text(c, facts, fitting[c.server], changes, checks) for c, facts in wrong}

    async def _fitting(
        self, check: ServerCheck, facts: CertificateFacts, checks: Sequence[ServerCheck], exchangers: Sequence[str]
    ) -> str | None:
        """A name that leads to the same server and works, for all servers whose host would change with it."""
        param = self._source.param_of(check.server)
        affected = [c for c in checks if c is check or (param and self._source.param_of(c.server) == param)]
        tried = 0
        for name in self._candidates(check, facts, checks, exchangers):
            if tried < MOST_TRIED and all([await self._leads_to(name, one) for one in affected]):
                tried += 1
                if all([await self._works(name, one) for one in affected]):
                    return name
        return None

    def _candidates(
        self, check: ServerCheck, facts: CertificateFacts, checks: Sequence[ServerCheck], exchangers: Sequence[str]
    ) -> list[str]:
        """The plan's other hosts, the domain's own names, its MX, and at last other names of the certificate."""
        domain = self._source.domain
        named = [name for name in facts.names if is_host_name(name) and name.partition(".")[0] not in _OURS]
        own = [name for name in named if name == domain or name.endswith(f".{domain}")]
        others = [other.server.host for other in checks]
        usual = [f"{prefix}{domain}" for prefix in _USUAL]
        # A certificate may have names of other customers: those are the last choice.
        found = dict.fromkeys([*others, *own, *usual, *exchangers, *named])
        found.pop(check.server.host, None)
        return list(found)[:MOST_LOOKED_UP]

    async def _leads_to(self, name: str, check: ServerCheck) -> bool:
        """Whether a name leads to the addresses of a server, and to no others."""
        there = await self._checker.destination(name)
        return bool(there.all) and there.all <= {one.target.address for one in check.addresses}

    async def _works(self, name: str, check: ServerCheck) -> bool:
        tried = await self._checker.check(check.server._replace(host=name))
        # An address that a plan names itself is asked, and a name that leads to it perhaps not.
        return not any(_is_error(flaw.code) or flaw.code == ServerCode.PRIVATE for flaw in tried.flaws)

    async def _exchangers(self) -> list[str]:
        answer = await self._view.follow(self._source.domain, "MX")
        if answer.status is not AnswerStatus.FOUND:
            return []
        return [host for data in answer.data if (host := data.partition(" ")[2]) != "."]

    def _text(
        self,
        check: ServerCheck,
        facts: CertificateFacts,
        name: str | None,
        changes: Mapping[str, str],
        checks: Sequence[ServerCheck],
    ) -> Text:
        names, host = names_of(facts), check.server.host
        ja, en = [f"証明書の名前: {names}。"], [f"The certificate is for {names}."]
        if name is None:
            right = [c.server for c in checks if c.server.host == host and _has_right_certificate(c)]
            if right:
                ports = ", ".join(str(server.port) for server in right)
                present = f"Port {ports} of {host} presents" if len(right) == 1 else f"Ports {ports} of {host} present"
                ja.append(f"同じサーバーのポート {ports} には正しい証明書があります。それを設定してください。")
                en.append(f"{present} the right one: use that certificate here, too.")
            elif facts.not_after < dt.datetime.now(dt.UTC):  # so no name can work yet
                ja.append(f"有効期限も切れています。更新するときに {host} を含めてください。")
                en.append(f"It has expired, too: when you renew it, include {host}.")
            else:
                ja.append("このサーバーで使えるほかの名前は見つかりませんでした。")
                en.append("No other name that was tried leads to this server with a certificate that fits.")
        elif self._source.param_of(check.server) is not None:
            change = self._source.change(changes)
            ja.append(f"{name} なら使えます: {change}")
            en.append(f"{name} works: {change}")
        else:
            pattern = _as_pattern(name, self._source.domain)
            plan, port = f"[plans.{self._source.plan.key}]", check.server.port
            if check.server.protocol is None:  # a service, of which only the certificate was looked at
                ja.append(f"{name} の証明書は合います。plans.toml の {plan}: url のホスト名を {pattern} に変更")
                en.append(f"The certificate fits {name}. In plans.toml, {plan}: {pattern} as the host of the `url`")
            else:
                ja.append(f'{name} なら使えます。plans.toml: {plan} host = "{pattern}" (ポート {port})')
                en.append(f'{name} works. In plans.toml: {plan} host = "{pattern}" for port {port}')
            ja.append("。このプランのすべてのドメインが変わります。")
            en[-1] += "; this changes all domains on the plan."
        return both("".join(ja), " ".join(en))


def uncovering(check: ServerCheck) -> CertificateFacts | None:
    """The certificate of a server that does not cover its host, if it has one."""
    for one in check.addresses:
        facts = one.seen.certificate
        if facts is not None and not facts.covers(check.server.host):
            return facts
    return None


def _has_right_certificate(check: ServerCheck) -> bool:
    seen = [one.seen.certificate for one in check.addresses]
    return any(seen) and not any(flaw.code in TLS_KINDS and _is_error(flaw.code) for flaw in check.flaws)


def _is_error(code: str) -> bool:
    """Whether a fault is one that keeps a name from working; a fault of the server alone would be there before."""
    return code in TLS_KINDS and TLS_KINDS[code].severity is Severity.ERROR


def _as_pattern(name: str, domain: str) -> str:
    if name == domain or name.endswith(f".{domain}"):
        return f"{name.removesuffix(domain)}{{domain}}"
    return name
