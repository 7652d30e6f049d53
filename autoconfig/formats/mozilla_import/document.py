"""A whole document: one plan, and the report of what it does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import DocumentInvalid, Fault
from autoconfig.formats.mozilla_import.parsing import parsed
from autoconfig.formats.mozilla_import.section import (
    Losses,
    Section,
    SectionInvalid,
    described,
    shown,
)
from autoconfig.formats.mozilla_import.servers import read_server
from autoconfig.formats.mozilla_import.services import kind_of, read_oauth2, read_service, read_webmail
from autoconfig.formats.mozilla_import.texts import read_documentation, read_domains, read_text
from autoconfig.formats.xml import local_name
from autoconfig.mail.account import MAX_NAME, MAX_SHORT_NAME, Text
from autoconfig.mail.plan import Plan, key_from
from autoconfig.mail.server import MAIL, Protocol, ServerTemplate, TLSMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from autoconfig.formats.xml import Element
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.service import ServiceKind, ServiceTemplate

    Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Imported:
    """The plan that a document makes, and what the document says that the plan does not."""

    plan: Plan
    losses: tuple[Fault, ...]


def read_document(body: bytes, key: str | None = None) -> Imported:
    """
    Make a plan of a published document; `key` is the plan's, else one is made from the provider's id.

    Which servers count is what Thunderbird 153 decides by. Where that leaves one that a plan cannot hold, the best plan
    without it is made.

    Raises:
        DocumentInvalid: it is no such document, or has no server for receiving or none for sending.
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
    plan = _Reader(document, Section(provider, losses, attributes=("id",)), losses).plan(key)
    _report_asides(root, losses)
    return Imported(plan, losses.faults)


class _Reader:
    """The document while it is read."""

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
        """From the provider and from the root: publishers put what is not mail into either."""
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
        """The servers of mail that can be kept, and what stands among them that is reached by a URL."""
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
        """A plain server beside one with TLS would be a trap; the plan has the other one."""
        kept: list[ServerTemplate] = []
        for element, server in servers:
            modes = {other.tls for _, other in servers if other.protocol is server.protocol}
            if server.tls is TLSMode.PLAIN and len(modes) > 1:
                what = f"the {server.protocol} server {server.host} {server.port} without TLS"
                remedy = "for programs without TLS make a plan of its own"
                self.losses.add(element, f"{what} is left out, for there is one with TLS", remedy)
            else:
                kept.append(server)
        return kept

    def _report_order(self, servers: list[ServerTemplate]) -> None:
        incoming = [server.protocol for server in servers if server.protocol in MAIL and server.protocol.incoming]
        if incoming != sorted(incoming, key=MAIL.index):
            self.losses.add(
                self.provider.element,
                "pop3 stands before imap, and Thunderbird would preselect it; a plan's documents begin with imap",
                "leave imap out if customers shall not use it",
            )

    def _services(self) -> list[ServiceTemplate]:
        names = ("calendar", "addressbook", "addressBook")
        return [service for element in self._both(*names) if (service := self._kept(element, read_service)) is not None]

    def _distinct(self, services: Iterable[ServiceTemplate]) -> list[ServiceTemplate]:
        """Each URL once: an address book is published under two names, for old and for new programs."""
        kept: dict[tuple[ServiceKind, Pattern], ServiceTemplate] = {}
        for service in services:
            if kept.setdefault((service.kind, service.url), service) != service:
                what = f"{service.kind} {service.url} is said twice, with different logins; the first is kept"
                self.losses.add(self.document.element, what, "see which one is right")
        return list(kept.values())

    def _first(self, elements: list[Element], read: Callable[[Element, Losses], Read]) -> Read | None:
        """The first that can be kept; the others are reported."""
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
    """Comments and processing instructions, wherever they stand."""
    outside = [*root.itersiblings(preceding=True), *root.itersiblings()]
    for node in [*outside, *root.iter(etree.Comment, etree.ProcessingInstruction)]:
        what = "a comment" if isinstance(node, etree._Comment) else "an instruction to programs"  # noqa: SLF001
        losses.add(node, f"{what}: {shown((node.text or '').strip())}", "")
