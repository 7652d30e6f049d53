"""`plans probe`: each of the demo's plans on real servers, and servers that no plan can have."""

from __future__ import annotations

import os
import re
import tomllib
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pytest

from autoconfig.mail.binding import bind
from autoconfig.plans import read_plans
from tests.conftest import missing
from tests.support.own_names import ACCOUNTS
from tests.support.peer_certificates import DAY, trusted
from tests.support.scripted_dns import Nameserver, silence
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.scripted_zones import resolver
from tests.support.servers.mail import MailSetup, mail_servers

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from autoconfig.mail.server import Server
    from tests.cli.conftest import Command
    from tests.support.peer_certificates import PeerCertificate
    from tests.support.scripted_mail import Script, Wire

SOA = "@ 60 SOA ns hostmaster 1 3600 600 86400 60\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
ADDRESS = "127.0.3.1"
"""A loopback address of these tests' own, for the usual ports."""


class Provider(NamedTuple):
    """How the servers of a plan are set up, and what the DNS says of them."""

    records: str
    certificate: PeerCertificate | None
    sending: PeerCertificate | None
    ports: set[int]
    mechanisms: str
    others: Mapping[str, str] = MappingProxyType({})
    """More zones."""


def issued(name: str) -> PeerCertificate:
    """A good certificate."""
    return trusted().issue(name)


TLS_PORTS = {993, 995, 465}
PROVIDERS = {
    "server-maintenance": Provider(
        f"@ A {ADDRESS}\nmail A {ADDRESS}\n@ MX 10 @\n",
        issued("sample.co.jp"),
        None,
        TLS_PORTS,
        "cram-md5",
    ),
    "shared-standard": Provider(
        f"mail A {ADDRESS}\n@ A 127.0.3.9\n",  # only the certificate tells the name
        issued("cs312.xbit.jp"),
        None,
        {993, 995, 587},
        "plain login",
        {"xbit.jp": f"cs312 A {ADDRESS}\n"},
    ),
    "shared-managed": Provider(
        f"pop A {ADDRESS}\nsmap A {ADDRESS}\n@ MX 10 smap\n",
        issued("pop.yamada-law.example"),
        issued("smap.yamada-law.example"),
        TLS_PORTS,
        "cram-md5",
    ),
    "server-setup": Provider(
        f"mail A {ADDRESS}\nsmtpd A {ADDRESS}\n@ MX 10 smtpd\n",
        issued("mail.vps-customer.example"),
        issued("smtpd.vps-customer.example"),
        TLS_PORTS,
        "cram-md5",
    ),
    "legacy-os": Provider(
        f"@ A {ADDRESS}\nmail A {ADDRESS}\n@ MX 10 mail\n",
        None,
        issued("old-shop.example"),
        {143, 110, 587},
        "cram-md5",
    ),
    "xserver": Provider(
        "@ MX 10 sv1234.xserver.jp.\n",
        issued("sv1234.xserver.jp"),
        None,
        TLS_PORTS,
        "plain login",
        {"xserver.jp": f"sv1234 A {ADDRESS}\n"},
    ),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """These servers need no gentleness."""
    monkeypatch.setenv("AUTOCONFIG_CHECK_RATE", "1000")


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """A resolver, which does not know anything yet."""
    server = Nameserver()
    yield server
    server.stop()


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """The root that is trusted."""
    path = tmp_path / "root.pem"
    path.write_bytes(trusted().root)
    return path


class Seen(NamedTuple):
    """What was printed."""

    text: str
    servers: list[tuple[str, str, int, str, tuple[str, ...]]]


def zones(domain: str, records: str, others: Mapping[str, str] | None = None) -> dict[str, str]:
    """Zones with a TTL, as a resolver knows them."""
    return {name: f"$TTL 60\n{SOA}{text}" for name, text in {domain: records, **(others or {})}.items()}


def probed(on_demo: Command, nameserver: Nameserver, ca_file: Path, domain: str, *options: str, code: int = 0) -> Seen:
    """Run the command for a domain."""
    host, port = nameserver.address
    at = ("--nameserver", f"{host}:{port}", "--ca-file", ca_file, "--timeout", "20")
    text = on_demo("plans", "probe", domain, *at, *(options or ("--allow-private",)), code=code).out
    if code:
        return Seen(text, [])
    (plan,) = read_plans(text.encode()).plans.values()
    account = bind(plan, {"username": "{address}"}).account(ACCOUNTS["xserver"].domain, None)
    return Seen(text, [as_tuple(server) for server in account.servers])


def as_tuple(server: Server) -> tuple[str, str, int, str, tuple[str, ...]]:
    """All of a server but its user name, which nobody sees."""
    return server.protocol, server.host, server.port, server.tls, server.login


@pytest.mark.parametrize("plan", PROVIDERS)
def test_real_servers(plan: str, on_demo: Command, demo: Path, nameserver: Nameserver, ca_file: Path) -> None:
    """On a Dovecot and a Postfix set up as a plan of the demo, that plan's servers are found, and why is said."""
    if os.geteuid() != 0:
        missing("the usual ports are root's")
    account, provider = ACCOUNTS[plan], PROVIDERS[plan]
    nameserver.reply = resolver(zones(account.domain.name, provider.records, provider.others))
    setup = MailSetup(
        provider.certificate, provider.sending, frozenset(provider.ports), provider.mechanisms, addresses=(ADDRESS,)
    )
    with mail_servers(setup, usual_ports=True):
        seen = probed(on_demo, nameserver, ca_file, account.domain.name)

    assert seen.servers == [as_tuple(server) for server in account.servers]
    for server in account.servers:
        assert f"# port {server.port}: the standard port" in seen.text
    with (demo / "plans.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{seen.text}")
    checked = on_demo("plans", "check", "--json").data
    assert checked["faults"] == []
    assert tomllib.loads(seen.text)["plans"].keys() <= set(checked["plans"])


def imap(capabilities: str, greeting: str = "* OK ready") -> Script:
    """An IMAP server as far as the login."""

    def play(wire: Wire) -> None:
        wire.send(f"{greeting}\r\n")
        while line := wire.line():
            tag, _, command = line.partition(" ")
            if command == "CAPABILITY":
                wire.send(f"* CAPABILITY IMAP4REV1 {capabilities}\r\n")
            wire.send(f"{tag} {'BAD no' if command == 'STARTTLS' else 'OK done'}\r\n")

    return play


def smtp(wire: Wire) -> None:
    """A server for sending as far as the login."""
    wire.send("220 smtp ESMTP\r\n")
    while wire.line():
        wire.send("250-smtp\r\n250 AUTH PLAIN CRAM-MD5\r\n")


DOMAIN = "shop.example"
"""Its servers are on ports that only SRV records name."""


def offered(*servers: tuple[str, str, MailServer]) -> str:
    """A zone with an SRV record for each server, by its label and its host."""
    lines = "@ A 127.0.3.9\n"
    for label, host, server in servers:
        lines += f"{label} SRV 0 1 {server.port} {host}\n{host} A 127.0.0.1\n"
    return lines


def secure(host: str, script: Script, ends: dt.timedelta = 60 * DAY) -> MailServer:
    """A server with TLS from the first byte, and a certificate for a host of the domain."""
    return MailServer(with_tls(server_context(trusted().issue(f"{host}.{DOMAIN}", ends=ends)), script))


def test_srv_records(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """SRV records name hosts and ports, and are the reason for them; over TLS a password goes as it is."""
    with secure("in", imap("AUTH=PLAIN AUTH=CRAM-MD5")) as incoming, secure("out", smtp) as outgoing:
        records = offered(("_imaps._tcp", "in", incoming), ("_submissions._tcp", "out", outgoing))
        nameserver.reply = resolver(zones(DOMAIN, f"{records}_pop3s._tcp SRV 0 0 0 .\n"))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN, "--allow-private", "--key", "mine")

    assert seen.servers == [
        ("imap", f"in.{DOMAIN}", incoming.port, "ssl", ("password-cleartext",)),
        ("smtp", f"out.{DOMAIN}", outgoing.port, "ssl", ("password-cleartext",)),
    ]
    assert f"# host: _imaps._tcp.{DOMAIN} SRV 0 1 {incoming.port} in.{DOMAIN};" in seen.text
    assert f"#   _pop3s._tcp.{DOMAIN} SRV 0 0 0 .: not offered\n" in seen.text
    assert seen.text.count("[plans.mine]") == 1


def test_without_protection(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """Without TLS the password is not sent as it is, if there is another way."""
    plain = MailServer(imap("AUTH=PLAIN AUTH=CRAM-MD5"))
    with plain, secure("out", smtp) as outgoing:
        records = offered(("_imap._tcp", "in", plain), ("_submissions._tcp", "out", outgoing))
        nameserver.reply = resolver(zones(DOMAIN, records))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN)

    assert seen.servers[0] == ("imap", f"in.{DOMAIN}", plain.port, "plain", ("password-encrypted",))


def test_international_domain(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """The plan's name, which customers see, is the domain as people write it."""
    with MailServer(imap("AUTH=CRAM-MD5")) as incoming, MailServer(smtp) as outgoing:
        records = (
            f"_imap._tcp SRV 0 1 {incoming.port} in\nin A 127.0.0.1\n_submission._tcp SRV 0 1 {outgoing.port} in\n"
        )
        nameserver.reply = resolver(zones("xn--wgv71a119e.example", records))
        seen = probed(on_demo, nameserver, ca_file, "日本語.example")

    assert '\nname = "日本語.example"\n' in seen.text
    assert "\n[plans.xn--wgv71a119e-example]\n" in seen.text


def test_no_plan(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """What no program would connect to is in no plan; without a server for receiving there is none, only comments."""
    with secure("in", imap("AUTH=PLAIN"), ends=-DAY / 2) as expired, secure("out", smtp) as outgoing:
        records = offered(("_imaps._tcp", "in", expired), ("_submissions._tcp", "out", outgoing))
        nameserver.reply = resolver(zones(DOMAIN, records))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN, "--allow-private", code=1)

    assert all(line.startswith("# ") for line in seen.text.splitlines())
    assert "No server for receiving can be announced." in seen.text
    assert f"in.{DOMAIN}:{expired.port} (imap, ssl): 127.0.0.1: certificate-expired: expired on" in seen.text
    assert f"#   host: _submissions._tcp.{DOMAIN} SRV" in seen.text


def test_tokens_only(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """A server that takes tokens only is in no plan: where programs get them cannot be seen."""
    with secure("in", imap("LOGINDISABLED AUTH=XOAUTH2")) as tokens, secure("out", smtp) as outgoing:
        records = offered(("_imaps._tcp", "in", tokens), ("_submissions._tcp", "out", outgoing))
        nameserver.reply = resolver(zones(DOMAIN, records))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN, "--allow-private", code=1)

    assert f"in.{DOMAIN}:{tokens.port} (imap, ssl): no login that a plan can have: XOAUTH2" in seen.text


def test_one_server_of_many_names(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """A server that fails before it can know a name is asked once, and told once with all its names."""
    with MailServer(imap("", "* BYE no")) as busy:
        records = offered(("_imap._tcp", "in", busy), ("_imap._tcp", "pop", busy), ("_imap._tcp", "x", busy))
        nameserver.reply = resolver(zones(DOMAIN, records))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN, "--allow-private", code=1)

    assert busy.connections == 1
    (line,) = [line for line in seen.text.splitlines() if "greeting-refused" in line]
    assert {f"{host}.{DOMAIN}" for host in ("in", "pop", "x")} <= set(re.split("[ ,:]+", line))
    assert "# No plan can be made of what was seen:" in seen.text


def test_private(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """Addresses that are not public are not connected to unless the operator says so."""
    with secure("in", imap("AUTH=PLAIN")) as incoming:
        nameserver.reply = resolver(zones(DOMAIN, offered(("_imaps._tcp", "in", incoming))))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN, "--key", "mine", code=1)

        assert incoming.connections == 0
    assert f"in.{DOMAIN}: 127.0.0.1: not a public address; say --allow-private" in seen.text


def test_strangers_words(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """What a server says stays in its comment, as printable ASCII."""
    evil = imap("AUTH=PLAIN", "* BYE \x1b[31m go away\r[plans.evil]")
    records = "in.x TXT y\n_imap._tcp SRV 0 0 993 bad\\010name\n"
    with secure("in", evil) as incoming, secure("out", imap("AUTH=\x1b[2J\x07")) as outgoing:
        records += offered(("_imaps._tcp", "in", incoming), ("_pop3s._tcp", "out", outgoing))
        nameserver.reply = resolver(zones(DOMAIN, records))
        seen = probed(on_demo, nameserver, ca_file, DOMAIN, "--allow-private", code=1)

    assert "greeting-refused: * BYE \\x1b[31m go away" in seen.text
    assert all(line.startswith("# ") and line.isprintable() for line in seen.text.splitlines())


def test_dns_away(on_demo: Command, nameserver: Nameserver, ca_file: Path) -> None:
    """Without the DNS nothing is said of the servers."""
    nameserver.reply = silence
    host, port = nameserver.address
    arguments = ("--nameserver", f"{host}:{port}", "--ca-file", ca_file)
    result = on_demo("plans", "probe", DOMAIN, *arguments, code=3)

    assert (result.out, result.err) == ("", f"{DOMAIN}: the DNS cannot be asked\n")


def test_input(on_demo: Command, tmp_path: Path) -> None:
    """A key that no plan can have, a file without authorities, and a name of special use are refused."""
    for arguments in (
        (DOMAIN, "--nameserver", "127.0.0.1", "--key", "No!"),
        (DOMAIN, "--nameserver", "127.0.0.1", "--ca-file", tmp_path / "none.pem"),
        (DOMAIN,),
    ):
        on_demo("plans", "probe", *arguments, code=2)
