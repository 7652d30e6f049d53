"""The provider's table (provider.md), written out by hand: what every program is to arrive at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.clients.readers.client import CLEARTEXT, ENCRYPTED, IMAP, PLAIN, POP3, SMTP, SSL, STARTTLS, Found, Person


@dataclass(frozen=True, slots=True)
class Case:
    """A domain, its plan and its servers for `taro@` it."""

    domain: str
    plan: str
    servers: tuple[Found, ...]
    beside: str = ""
    """What the row says that provider.md's example domains do not; empty for those."""
    local: str = "taro"

    @property
    def person(self) -> Person:
        """The customer."""
        return Person(self.domain, self.local)

    def of(self, local: str) -> Case:
        """The same for another local part."""
        servers = tuple(replace(server, username=server.username.replace("taro", local, 1)) for server in self.servers)
        return replace(self, servers=servers, local=local)


def _case(
    domain: str,
    plan: str,
    *servers: tuple[str, str, int, str],
    login: str,
    username: str,
    outgoing_username: str | None = None,
    beside: str = "",
) -> Case:
    found = tuple(
        Found(kind, host, port, tls, (login,), (outgoing_username or username) if kind == SMTP else username)
        for kind, host, port, tls in servers
    )
    return Case(domain, plan, found, beside)


_CS312 = (
    (IMAP, "cs312.xbit.jp", 993, SSL),
    (POP3, "cs312.xbit.jp", 995, SSL),
    (SMTP, "cs312.xbit.jp", 587, STARTTLS),
)

CASES = {
    case.domain: case
    for case in (
        _case(
            "sample.co.jp",
            "server-maintenance",
            (IMAP, "sample.co.jp", 993, SSL),
            (POP3, "sample.co.jp", 995, SSL),
            (SMTP, "sample.co.jp", 465, SSL),
            login=ENCRYPTED,
            username="taro@sample.co.jp",
        ),
        _case(
            "hanako-flowers.example",
            "shared-standard",
            *_CS312,
            login=CLEARTEXT,
            username="taro@hanako-flowers.example",
        ),
        _case(
            "yamada-law.example",
            "shared-managed",
            (IMAP, "pop.yamada-law.example", 993, SSL),
            (POP3, "pop.yamada-law.example", 995, SSL),
            (SMTP, "smap.yamada-law.example", 465, SSL),
            login=ENCRYPTED,
            username="taro@yamada-law.example",
        ),
        _case(
            "vps-customer.example",
            "server-setup",
            (IMAP, "mail.vps-customer.example", 993, SSL),
            (POP3, "mail.vps-customer.example", 995, SSL),
            (SMTP, "smtpd.vps-customer.example", 465, SSL),
            login=ENCRYPTED,
            username="taro@vps-customer.example",
        ),
        _case(
            "second-brand.example",
            "server-maintenance",
            (IMAP, "vps-customer.example", 993, SSL),
            (POP3, "vps-customer.example", 995, SSL),
            (SMTP, "vps-customer.example", 465, SSL),
            login=ENCRYPTED,
            username="taro@second-brand.example",
        ),
        _case(
            "old-shop.example",
            "legacy-os",
            (IMAP, "old-shop.example", 143, PLAIN),
            (POP3, "old-shop.example", 110, PLAIN),
            (SMTP, "old-shop.example", 587, STARTTLS),
            login=ENCRYPTED,
            username="taro.old-shop.example",
        ),
        _case(
            "recommended.example",
            "xserver",
            (IMAP, "sv1234.xserver.jp", 993, SSL),
            (POP3, "sv1234.xserver.jp", 995, SSL),
            (SMTP, "sv1234.xserver.jp", 465, SSL),
            login=CLEARTEXT,
            username="taro@recommended.example",
        ),
        _case(
            "xn--wgv71a119e.example",
            "shared-managed",
            (IMAP, "pop.xn--wgv71a119e.example", 993, SSL),
            (POP3, "pop.xn--wgv71a119e.example", 995, SSL),
            (SMTP, "smap.xn--wgv71a119e.example", 465, SSL),
            login=ENCRYPTED,
            username="taro@xn--wgv71a119e.example",
        ),
        _case(
            "local-name.example",
            "shared-standard",
            *_CS312,
            login=CLEARTEXT,
            username="taro",
            beside="user name `{local}`",
        ),
        _case(
            "dotted-name.example",
            "shared-standard",
            *_CS312,
            login=CLEARTEXT,
            username="taro.dotted-name.example",
            beside="user name `{local}.{domain}`",
        ),
        _case(
            "two-names.example",
            "shared-standard",
            *_CS312,
            login=CLEARTEXT,
            username="taro@two-names.example",
            outgoing_username="taro",
            beside="outgoing user name `{local}`",
        ),
    )
}
