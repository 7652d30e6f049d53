"""Read a whole document into a plan, and report what the plan does not keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import DocumentInvalid, Fault
from autoconfig.formats.xml import local_name
from autoconfig.mail.account import MAX_NAME, MAX_SHORT_NAME, Text
from autoconfig.mail.plan import Plan, key_from
from autoconfig.mail.server import MAIL, Protocol, ServerTemplate, TLSMode
from autoconfig.migrate.config_v11.parsing import parsed
from autoconfig.migrate.config_v11.section import (
    Losses,
    Section,
    SectionInvalid,
    described,
    shown,
)
from autoconfig.migrate.config_v11.servers import read_server
from autoconfig.migrate.config_v11.services import kind_of, read_oauth2, read_service, read_webmail
from autoconfig.migrate.config_v11.texts import read_documentation, read_domains, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from autoconfig.formats.xml import Element
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.service import ServiceKind, ServiceTemplate

    Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Imported:
    """The plan made from a document, and what it does not keep."""

    plan: Plan
    losses: tuple[Fault, ...]


def read_document(body: bytes, key: str | None = None) -> Imported:
    """
    Make a plan from a published document; `key` is the plan's key, by default made from the provider's id.

    Servers count as they do for Thunderbird 153. If a plan cannot have one of them, the plan is made without it.

    Raises:
        DocumentInvalid: it is not such a document, or has no server for receiving or none for sending.
    """
    root = parsed(body)
    if local_name(root) != "clientConfig":
        raise DocumentInvalid(f"its root element is <{local_name(root)}>, not <clientConfig>")
    losses = Losses()
    document = Section(root, losses, attributes=("version",))
    providers = document.take_all("emailProvider")
    if not providers:
        raise DocumentInvalid("it has no <emailProvider>, so it says nothing about mail")
    for other in providers[1:]:
        losses.add(other, f"a second provider is left out: {described(other)}", "import it from a file of its own")
    provider = providers[0]
    plan = _PlanReader(document, Section(provider, losses, attributes=("id",)), losses).plan(key)
    _report_asides(root, losses)
    return Imported(plan, losses.faults)


class _PlanReader:
    """Reads one document."""

    def __init__(self, document: Section, provider: Section, losses: Losses) -> None:
        self.document, self.provider, self.losses = document, provider, losses

    def plan(self, key: str | None) -> Plan:
        identity = self.provider.element.get("id", "")
        key = key or key_from(identity) or "imported"
        short = read_text(self.provider.take_all("displayShortName"), MAX_SHORT_NAME, self.losses)
        servers, services = self._servers()
        plan = Plan(
            key=key,
            name=self._name(short, identity or key),
            short_name=short,
            params={},
            servers=tuple(servers),
            services=tuple(self._distinct([*services, *self._services()])),
            oauth2=self._first(self._both("oAuth2"), read_oauth2),
            documentation=read_documentation(self._both("documentation"), self.losses),
            webmail=self._first(self._both("webMail"), read_webmail),
        )
        read_domains(self.provider.take_all("domain"), key, self.losses)
        self.provider.end()
        self.document.end()
        return plan

    def _both(self, *names: str) -> list[Element]:
        """Take elements from the provider and the root: publishers put services into either."""
        return [*self.provider.take_all(*names), *self.document.take_all(*names)]

    def _name(self, short: Text | None, otherwise: str) -> Text:
        elements = self.provider.take_all("displayName")
        name = read_text(elements, MAX_NAME, self.losses)
        if name is None:
            name = short or Text({"und": otherwise[:MAX_NAME]})
            taken = shown(name.in_language())
            self.losses.add(self.provider.element, f"it has no displayName; {taken} was taken", "write a better name")
        return name

    def _servers(self) -> tuple[list[ServerTemplate], list[ServiceTemplate]]:
        """The mail servers that a plan can have, and services with a URL among them."""
        servers: list[tuple[Element, ServerTemplate]] = []
        services: list[ServiceTemplate] = []
        refused: list[Fault] = []
        for element in self.provider.take_all("incomingServer", "outgoingServer"):
            try:
                if kind_of(element):
                    services.append(read_service(element, self.losses))
                else:
                    servers.append((element, read_server(element, self.losses)))
            except SectionInvalid as error:
                refused.append(self._leave_out(element, error))
        for direction, wanted in (("receiving", {Protocol.IMAP, Protocol.POP3}), ("sending", {Protocol.SMTP})):
            if not any(server.protocol in wanted for _, server in servers):
                raise DocumentInvalid("\n  ".join([f"it has no usable server for {direction}", *map(str, refused)]))
        self._report_order([server for _, server in servers])
        return self._without_plain(servers), services

    def _leave_out(self, element: Element, error: SectionInvalid) -> Fault:
        what = f"this {element.get('type', '')} section".replace("  ", " ")
        problem = f"{what} is left out: {error.problem}"
        self.losses.add(element, f"{problem}; it says {described(element)}", error.remedy)
        return Fault(f"line {element.sourceline}", problem)

    def _without_plain(self, servers: list[tuple[Element, ServerTemplate]]) -> list[ServerTemplate]:
        """Leave out a plain server if there is one with TLS: some programs would choose it."""
        kept: list[ServerTemplate] = []
        for element, server in servers:
            modes = {other.tls for _, other in servers if other.protocol is server.protocol}
            if server.tls is TLSMode.PLAIN and len(modes) > 1:
                what = f"the {server.protocol} server {server.host} {server.port} without TLS"
                remedy = "for programs without TLS make a plan of its own"
                self.losses.add(element, f"{what} is left out, because there is one with TLS", remedy)
            else:
                kept.append(server)
        return kept

    def _report_order(self, servers: list[ServerTemplate]) -> None:
        incoming = [server.protocol for server in servers if server.protocol in MAIL and server.protocol.incoming]
        if incoming != sorted(incoming, key=MAIL.index):
            self.losses.add(
                self.provider.element,
                "pop3 stands before imap, and Thunderbird would preselect it; a plan's documents begin with imap",
                "leave out imap if customers should not use it",
            )

    def _services(self) -> list[ServiceTemplate]:
        names = ("calendar", "addressbook", "addressBook")
        return [service for element in self._both(*names) if (service := self._kept(element, read_service)) is not None]

    def _distinct(self, services: Iterable[ServiceTemplate]) -> list[ServiceTemplate]:
        """Keep each URL once: documents have an address book twice, under the names for old and new programs."""
        kept: dict[tuple[ServiceKind, Pattern], ServiceTemplate] = {}
        for service in services:
            if kept.setdefault((service.kind, service.url), service) != service:
                what = f"{service.kind} {service.url} occurs twice, with different logins; the first is kept"
                self.losses.add(self.document.element, what, "check which one is right")
        return list(kept.values())

    def _first(self, elements: list[Element], read: Callable[[Element, Losses], Read]) -> Read | None:
        """The first one that a plan can have; report the others."""
        found: Read | None = None
        for element in elements:
            if found is None:
                found = self._kept(element, read)
            else:
                self.losses.add(element, f"a second one is left out: {described(element)}", "keep one of them")
        return found

    def _kept(self, element: Element, read: Callable[[Element, Losses], Read]) -> Read | None:
        try:
            return read(element, self.losses)
        except SectionInvalid as error:
            self._leave_out(element, error)
            return None


def _report_asides(root: Element, losses: Losses) -> None:
    """Report comments and processing instructions anywhere in the document."""
    outside = [*root.itersiblings(preceding=True), *root.itersiblings()]
    for node in [*outside, *root.iter(etree.Comment, etree.ProcessingInstruction)]:
        is_comment = node.tag is etree.Comment  # type: ignore[comparison-overlap] # the stubs know only names
        what = "a comment" if is_comment else "an instruction to programs"
        losses.add(node, f"{what}: {shown((node.text or '').strip())}", "")
