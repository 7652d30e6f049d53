from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.check.own_names.web_ports import WebPorts
from tests.cli.conftest import ended
from tests.clients.readers.serving import served
from tests.conftest import needs
from tests.support.mail_scripts import imap, pop3, smtp
from tests.support.own_names import LABELS
from tests.support.peer_certificates import trusted
from tests.support.published import OTHERS, SOA
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.servers.knot import Knot
from tests.support.web_front import WebFront

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command

DOMAIN, SHARED, ABSENT = "sample.co.jp", "hanako-flowers.example", "vps-customer.example"
BARE = "second-brand.example"
"""It has published nothing, and is on another customer's server."""
CS = "cs312.xbit.jp"
HERE = "autoconfig.xbit.jp"
"""The demo's public name."""
NAMES = [HERE, *(f"{label}.{domain}" for domain in (DOMAIN, SHARED, ABSENT) for label in LABELS)]
HOSTS = "@ A 127.0.0.1\n@ MX 10 mail\nmail A 127.0.0.1\nwww A 127.0.0.1\n"


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[int, int]]:
    """Mail servers with a certificate for two of the names, and where the plans' ports are."""
    context = server_context(trusted().issue(DOMAIN, CS, ABSENT))
    encrypted = "250-AUTH PLAIN CRAM-MD5\r\n"
    with (
        MailServer(with_tls(context, imap())) as first,
        MailServer(with_tls(context, pop3())) as second,
        MailServer(with_tls(context, smtp(encrypted))) as third,
        MailServer(smtp(encrypted, context=context)) as fourth,
    ):
        yield {993: first.port, 995: second.port, 465: third.port, 587: fourth.port}


@pytest.fixture(scope="module")
def folder(made: Path, ports: dict[int, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo whose plans have the ports of the servers."""
    copy = tmp_path_factory.mktemp("checked") / "demo"
    shutil.copytree(made, copy)
    plans = (copy / "plans.toml").read_text(encoding="utf-8")
    for port, other in ports.items():
        plans = plans.replace(f"port = {port},", f"port = {other},")
    plans += '\n[plans.moved]\nname = "Moved"\nredirect_domain = "new.{domain}"\n'
    (copy / "plans.toml").write_text(plans, encoding="utf-8")
    (copy / "root.pem").write_bytes(trusted().root)
    return copy


@pytest.fixture(scope="module")
def front(folder: Path) -> Iterator[WebFront]:
    """The demo, served behind a front whose ports stand for the usual ones."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    certificate = trusted().issue(*NAMES, DOMAIN, SHARED, ABSENT, BARE)
    with (
        served(folder, environment) as port,
        WebFront(port, NAMES, certificate) as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("autoconfig.check.own_names.web_ports.STANDARD", WebPorts(made.https, made.http))
        yield made


@pytest.fixture(scope="module")
def knot(folder: Path) -> Iterator[Knot]:
    """A name server with zones of customers who published what is printed; the hosts are on loopback."""
    zones: dict[str, str | None] = dict(OTHERS)
    zones["xbit.jp"] = f"{SOA}cs312 60 A 127.0.0.1\nautoconfig 60 A 127.0.0.1\n"
    for domain in (DOMAIN, SHARED, ABSENT):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert ended(("--config", folder / "autoconfig.toml", "dns", domain, "--format", "bind")) == 0
        zones[domain] = f"{SOA}{HOSTS}{out.getvalue()}"
    zones[BARE] = f"{SOA}{HOSTS}"
    server = Knot.made(needs("knotd", "knot"), zones)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture
def check(command: Command, folder: Path, knot: Knot, front: WebFront) -> Any:  # noqa: ARG001 (it is asked)
    """The command, with the tests' name server and authority."""

    def run(*arguments: str, code: int = 0, private: bool = True) -> Any:
        given = ("--nameserver", "{}:{}".format(*knot.address), "--ca-file", folder / "root.pem", "--timeout", "20")
        more = ("--allow-private",) if private else ()
        return command("--config", folder / "autoconfig.toml", "check", *arguments, *given, *more, code=code)

    return run


def test_healthy(check: Any) -> None:
    """A domain whose servers are as announced has no finding, for people and for programs."""
    assert check(DOMAIN, "--json").data == {"findings": []}
    assert check(DOMAIN).out == f"{DOMAIN}: 3 servers asked; nothing is wrong\n"


def test_findings(check: Any, ports: dict[int, int]) -> None:
    """A domain whose hosts have no address has one finding for each server, and none for each record that names it."""
    data = check(ABSENT, "--json", code=1).data

    found = {(f["code"], f["server"], f["severity"], f["domain"]) for f in data["findings"]}
    assert found == {
        ("certificate-wrong-name", f"mail.{ABSENT}:{ports[993]}", "error", ABSENT),
        ("certificate-wrong-name", f"mail.{ABSENT}:{ports[995]}", "error", ABSENT),
        ("server-unresolved", f"smtpd.{ABSENT}:{ports[465]}", "error", ABSENT),
    }
    assert {tuple(finding) for finding in data["findings"]} == {
        ("code", "severity", "domain", "server", "seen", "why", "remedy", "clients")
    }


def test_several(check: Any) -> None:
    """Several domains are checked in one run, and the text names what is wrong, why and the remedy."""
    result = check(DOMAIN, SHARED, ABSENT, code=1)

    assert f"{DOMAIN}: 3 servers asked; nothing is wrong" in result.out
    assert f"{SHARED}: 3 servers asked; nothing is wrong" in result.out
    assert f"{ABSENT}: 3 servers asked; 3 findings; some programs cannot be set up" in result.out
    assert (
        f"{ABSENT} works: autoconfig mapping set {ABSENT} --plan server-setup --param incoming={ABSENT}" in result.out
    )


def test_left_out(check: Any, command: Command, folder: Path) -> None:
    """A domain that is unknown, ended or has moved away is told, and the others are checked all the same."""
    config = ("--config", folder / "autoconfig.toml", "mapping")
    command(*config, "set", "moved.jp", "--plan", "moved")
    command(*config, "set", "ended.jp", "--plan", "moved")
    command(*config, "end", "ended.jp")
    result = check("unknown.jp", "moved.jp", DOMAIN, "ended.jp", DOMAIN.upper(), code=1)

    assert result.out == f"{DOMAIN}: 3 servers asked; nothing is wrong\n"
    assert [line.split()[1:4] for line in result.err.splitlines()] == [
        ["unknown.jp", "is", "unknown:"],
        ["moved.jp", "has", "moved"],
        ["ended.jp", "was", "ended"],
    ]
    assert check("moved.jp", "--json", code=1).data == {"findings": []}


def test_private(check: Any) -> None:
    """Without permission nothing on loopback is connected to."""
    data = check(SHARED, "--json", code=1, private=False).data
    names = {HERE, f"autoconfig.{SHARED}", f"autodiscover.{SHARED}"}

    assert {(finding["code"], finding["seen"]) for finding in data["findings"]} == {
        ("server-address-private", f"{CS}: 127.0.0.1"),
        *(("name-private-address", f"{name}: 127.0.0.1") for name in names),
    }


def test_dns_findings(check: Any) -> None:
    """What is wrong with the records is told too; where the DNS cannot be asked, that is told alone, with code 3."""
    missing = check(BARE, "--json", code=1).data["findings"]
    unheard = check("old-shop.example", "--json", code=3).data["findings"]

    assert {finding["code"] for finding in missing} == {"record-missing"}
    assert {finding["code"] for finding in unheard} == {"nameserver-lame"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((DOMAIN, "--nameserver", "ns.example"), "--nameserver: "),
        ((DOMAIN, SHARED, "--login"), "--login goes with one domain"),
        ((DOMAIN, "--login"), "--login needs a terminal"),
        ((), "name a domain, or say --all"),
    ],
    ids=["name server", "several logins", "no terminal", "nothing"],
)
def test_usage(check: Any, arguments: tuple[str, ...], said: str) -> None:
    """What cannot be checked is refused before anything is asked."""
    assert said in check(*arguments, code=2).err


def test_usage_of_name(command: Command, folder: Path) -> None:
    """A special-use name needs a name server that knows it; a file of authorities has to have one."""
    config = ("--config", folder / "autoconfig.toml", "check")
    special = command(*config, SHARED, code=2)
    no_file = command(*config, DOMAIN, "--ca-file", folder / "none.pem", code=2)
    no_certificate = command(*config, DOMAIN, "--ca-file", folder / "plans.toml", code=2)
    unknown = command(*config, "unknown.jp", code=1)
    timeout = command(*config, DOMAIN, "--timeout", "0", code=2)

    assert "with --nameserver" in special.err
    assert "greater than or equal to 0.1" in timeout.err
    assert "none.pem: No such file" in no_file.err
    assert "plans.toml: has no certificate in PEM" in no_certificate.err
    assert "unknown.jp is unknown" in unknown.err


def test_login(folder: Path, knot: Knot) -> None:
    """The password is typed unseen, sent once to each server, and shown nowhere."""
    name_server = "{}:{}".format(*knot.address)
    command = [sys.executable, "-m", "autoconfig", "--config", str(folder / "autoconfig.toml"), "check", DOMAIN]
    command += ["--login", "--json", "--allow-private", "--nameserver", name_server]
    command += ["--ca-file", str(folder / "root.pem"), "--timeout", "20"]
    ours, theirs = pty.openpty()
    with open(ours, "r+b", buffering=0) as terminal, contextlib.closing(open(theirs, "r+b", buffering=0)) as stdin:  # noqa: PTH123
        process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=stdin, start_new_session=True)
        shown = b""
        for prompt, typed in ((b"sample.co.jp: ", b"taro@sample.co.jp\n"), (b"Password: ", b"very secret\n")):
            while not shown.endswith(prompt):
                shown += terminal.read(1)
            terminal.write(typed)
        out, _ = process.communicate(timeout=60)
    # In a process of its own, the usual ports of the names are not the front's.
    findings = [f for f in json.loads(out)["findings"] if not f["code"].startswith("name-")]

    assert process.returncode == 1
    assert [finding["code"] for finding in findings] == ["login-failed"] * 3
    assert all("user name taro@sample.co.jp: " in finding["seen"] for finding in findings)
    assert b"secret" not in shown + out
