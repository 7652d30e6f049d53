"""Sources as tests tell of them: servers, documents, domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from autoconfig.mail.domain import Domain
from autoconfig.mapping.record import Record
from autoconfig.migrate.source import MigrationSource, SourceDocument, SourceDomain
from autoconfig.plans import Plans, read_plans

if TYPE_CHECKING:
    from autoconfig.mail.address import EmailAddress
    from autoconfig.migrate.planning import Migration

START = b"""
[plans.there]
name = "There"
params = { server = { required = true } }
servers = [
  { protocol = "imap", host = "{server}", port = 993, tls = "ssl", login = ["OAuth2"], username = "{local}" },
  { protocol = "smtp", host = "{server}", port = 465, tls = "ssl", login = ["OAuth2"], username = "{local}" },
]
"""
PLANS = read_plans(START)


class Told(NamedTuple):
    """A server as a source tells of it."""

    kind: str
    host: str
    port: str = "993"
    socket: str = "SSL"
    username: str = "%EMAILADDRESS%"
    login: tuple[str, ...] = ("password-cleartext",)

    @property
    def xml(self) -> str:
        """Its section."""
        name = "outgoingServer" if self.kind == "smtp" else "incomingServer"
        methods = "".join(f"<authentication>{method}</authentication>" for method in self.login)
        return (
            f'<{name} type="{self.kind}"><hostname>{self.host}</hostname><port>{self.port}</port>'
            f"<socketType>{self.socket}</socketType><username>{escape(self.username)}</username>{methods}</{name}>"
        )

    def to(self, address: EmailAddress) -> tuple[str, str, str, str, str, tuple[str, ...]]:
        """What a program makes of it for one customer."""
        username = self.username.replace("%EMAILADDRESS%", str(address)).replace("%EMAILDOMAIN%", address.domain.name)
        host = self.host.replace("%EMAILDOMAIN%", address.domain.name).lower()
        today = {"plain": "password-cleartext", "secure": "password-encrypted"}
        login = tuple(dict.fromkeys(today.get(method, method) for method in self.login))
        return self.kind, host, self.port, self.socket, username.replace("%EMAILLOCALPART%", address.local), login


IMAP, SMTP = Told("imap", "imap.host.example"), Told("smtp", "smtp.host.example", "465")


def document(*servers: Told, name: str = "Name", more: str = "", place: str = "x.xml") -> SourceDocument:
    """A document with these servers."""
    sections = "".join(server.xml for server in servers)
    body = (
        f'<clientConfig version="1.1"><emailProvider id="x"><domain>x.example</domain><displayName>{name}</displayName>'
        f"{sections}{more}</emailProvider></clientConfig>"
    ).encode()
    return SourceDocument(place, body, body)


def source(**documents: SourceDocument) -> MigrationSource:
    """Domains `NAME.example` with these documents."""
    entries = [SourceDomain(Domain(f"{name}.example"), body) for name, body in documents.items()]
    return MigrationSource("the source", entries, [])


def record(plan: str | None, params: str = "{}", name: str = "a.example") -> Record:
    """A row that is there."""
    return Record(7, name, 100, plan, params, None, "root", 100)


def after(plans: Plans, found: Migration) -> Plans:
    """The plans once the new ones are appended."""
    return read_plans(plans.source + "".join(one.text for one in found.added).encode())
