"""docs/operating.md as an operator follows it; the tests stand in the order of the page and build on one another."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.conftest import needs
from tests.deploy import hammer
from tests.deploy.machine import Machine, possible
from tests.deploy.page import RELEASE, follow, sections
from tests.deploy.programs import PATIENCE, until
from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(900)  # the first one may have to install packages

CUSTOMER, UNMAPPED, MX = "customer.example", "elsewhere.example", "mx1.provider.example"
NAMES = [f"autoconfig.{CUSTOMER}", f"autodiscover.{CUSTOMER}", "autoconfig.provider.example"]
ROOT_CERTIFICATE = "var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
INSTALLATION, CHANGES, BACKUP, UPGRADE, MONITOR = (
    "Installation on Debian",
    "Changes",
    "Backup",
    "Upgrade",
    "What to monitor",
)
RELEASED = ["autoconfig", "templates", "deploy", "README.md", "LICENSE", "pyproject.toml", "requirements-server.lock"]

# The authority is Caddy's own; its certificates last as long as it lets them.
LAB = """
skip_install_trust
cert_issuer internal {
	lifetime 144h
}
"""


class Provider(NamedTuple):
    """The machine of a provider, and what its operator's shell has."""

    machine: Machine
    environment: dict[str, str]

    def follow(self, heading: str) -> list[str]:
        """Type the commands of a section."""
        return follow(self.machine, heading, **self.environment)

    def run(self, script: str) -> str:
        """What a script prints, that has to succeed."""
        done = self.machine.run(script, folder=RELEASE, **self.environment)
        assert done.returncode == 0, (
            f"{script}\n{done.stdout}\n{self.machine.run('journalctl --no-pager -n 40').stdout}"
        )
        return done.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A Debian with nothing of ours but the unpacked release."""
    possible()
    for program, package in (("caddy", "caddy"), ("sqlite3", "sqlite3"), ("thunderbird", "thunderbird")):
        needs(program, package)
    machine = Machine(tmp_path_factory.mktemp("machine"))
    for name in RELEASED:
        source, target = ROOT / name, machine.changed / RELEASE.removeprefix("/") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def provider(fresh: Machine, registry: dict[str, str]) -> Provider:
    """The machine after the section on installation."""
    made = Provider(fresh, {**registry, "CURL_CA_BUNDLE": f"/{ROOT_CERTIFICATE}"})
    # What the world around has: the records of the customer, and an authority for certificates.
    made.run(f"echo 127.0.0.1 {' '.join(NAMES)} >> /etc/hosts")
    made.run(f"mkdir -p /etc/caddy/autoconfig.d && cat > /etc/caddy/autoconfig.d/lab.caddy <<'END'\n{LAB}END")
    printed = made.follow(INSTALLATION)
    assert "<hostname>imap.customer.example</hostname>" in printed[-1]
    return made


def test_every_command_is_run() -> None:
    """Each section that has commands is followed here."""
    assert {INSTALLATION, CHANGES, BACKUP, UPGRADE, MONITOR} == {name for name, blocks in sections().items() if blocks}


def detected(provider: Provider, folder: Path, questions: list[list[Any]]) -> list[dict[str, Any]]:
    """What Thunderbird detects in the provider's network."""
    thunderbird = needs("thunderbird", "thunderbird")
    enter = ["nsenter", "--target", str(provider.machine.first), "--net"]
    authority = provider.machine.changed / ROOT_CERTIFICATE
    arguments = [str(folder), str(authority), thunderbird, json.dumps(questions)]
    done = subprocess.run(
        [*enter, sys.executable, "-m", "tests.deploy.detecting", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_thunderbird_finds_a_customer(provider: Provider, tmp_path: Path) -> None:
    """
    From a fresh Debian, by the commands of the page, to a Thunderbird that finds a customer's servers over TLS: by the
    customer's own name, and by the MX alone for a domain that has nothing here.
    """
    by_name, by_mx = detected(
        provider,
        tmp_path,
        [
            ["discovery", f"taro@{CUSTOMER}", NAMES[:2], {}],
            ["discovery", f"taro@{UNMAPPED}", NAMES[2:], {UNMAPPED: [MX]}],
        ],
    )

    assert by_name["source"] == "xml-from-isp-https", by_name
    assert [server[:3] for server in by_name["servers"]] == [
        ["imap", f"imap.{CUSTOMER}", 993],
        ["pop3", f"imap.{CUSTOMER}", 995],
        ["smtp", f"smtp.{CUSTOMER}", 465],
    ]
    assert [server[1] for server in by_mx["servers"]] == ["imap.provider.example"] * 2 + ["smtp.provider.example"], (
        by_mx
    )
    assert by_mx["servers"][0][5] == f"taro@{UNMAPPED}"


def test_what_the_machine_looks_like(provider: Provider) -> None:
    """The units hold: who may open the socket, who owns the state, and that the server sees nothing else."""
    sandboxed = provider.run(
        "systemctl show autoconfig.service --property Type,NotifyAccess,ActiveState,NRestarts,Result"
    )
    server = provider.run("systemctl show autoconfig.service --property MainPID --value").strip()

    assert provider.run("stat --format '%A %U %G' /run/autoconfig/http.sock") == "srw-rw---- autoconfig caddy\n"
    assert provider.run("find /var/lib/autoconfig ! -user autoconfig") == ""
    expected = {"Type=notify", "NotifyAccess=main", "ActiveState=active", "NRestarts=0", "Result=success"}
    assert set(sandboxed.split()) == expected
    status = dict(
        line.split(":\t")
        for line in provider.run(f"grep -E '^(NoNewPrivs|CapEff|Seccomp):' /proc/{server}/status").splitlines()
    )
    assert (status["NoNewPrivs"], int(status["CapEff"], 16), status["Seccomp"]) == ("1", 0, "2")


@pytest.mark.parametrize(
    "path",
    ["/", f"/setup?email=taro@{CUSTOMER}", f"/email.mobileconfig?email=taro@{CUSTOMER}", "/v1.1/customer.example"],
    ids=["page", "page with values", "profile", "by path"],
)
def test_all_answers_in_the_sandbox(provider: Provider, path: str) -> None:
    """Nothing that the units forbid is needed: each kind of answer comes."""
    assert provider.run(f"curl --fail --silent --show-error 'https://autoconfig.{CUSTOMER}{path}'")


@contextlib.contextmanager
def hammered(provider: Provider, place: str) -> Iterator[Counter[str]]:
    """What became of requests that went on all the while; known at the end."""
    stop, counted = f"/run/stop-{secrets.token_hex(8)}", Counter[str]()
    shutil.copy(Path(hammer.__file__), provider.machine.changed / "usr" / "src" / "hammer.py")
    script = f"python3 /usr/src/hammer.py {place} autoconfig.{CUSTOMER} {stop}"
    command = provider.machine.command(script)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as hammering:
        try:
            yield counted
        finally:
            provider.run(f"touch {stop}")
            said, _ = hammering.communicate(timeout=PATIENCE)
    counted.update(json.loads(said))


def test_changes(provider: Provider) -> None:
    """A reload and a restart by the page's commands cut off and refuse nobody, at the socket and behind Caddy."""
    with hammered(provider, "unix:/run/autoconfig/http.sock") as at_socket, hammered(provider, "80") as behind_caddy:
        for _ in range(3):
            provider.follow(CHANGES)

    assert set(at_socket) == {"200"}, at_socket
    assert set(behind_caddy) == {"200"}, behind_caddy


def test_reload_takes_plans_over(provider: Provider) -> None:
    """After `systemctl reload` the new plans are served, and a faulty file changes nothing but `plans_fault`."""
    plans, ready = "/etc/autoconfig/plans.toml", "autoconfig ready --json"
    provider.run(f"cp -a {plans} /root/plans && sed -i 's/Standard mail/Very standard mail/' {plans}")
    provider.run("systemctl reload autoconfig.service")
    until(
        "the new name",
        lambda: "Very standard" in provider.run(f"curl -s http://autoconfig.{CUSTOMER}/mail/config-v1.1.xml"),
    )
    provider.run(f"echo broken >> {plans} && systemctl reload autoconfig.service")
    until("the fault", lambda: json.loads(provider.run(ready))["plans_fault"] is not None)
    provider.run(f"cp -a /root/plans {plans} && systemctl reload autoconfig.service")
    until("its end", lambda: json.loads(provider.run(ready))["plans_fault"] is None)

    until(
        "the end of reloading", lambda: provider.machine.run("systemctl is-active autoconfig.service").returncode == 0
    )


def test_faulty_settings_are_not_tried_again(provider: Provider) -> None:
    """With faulty settings the service fails once, with a sentence in the journal, instead of again and again."""
    settings = "/etc/autoconfig/autoconfig.toml"
    provider.run(f"cp -a {settings} /root/settings && echo 'nonsense = 1' >> {settings}")
    failed = provider.machine.run("systemctl restart autoconfig.service")
    state = provider.run(
        "systemctl show autoconfig.service --property ActiveState,NRestarts,ExecMainStatus --value"
    ).split()
    journal = provider.run("journalctl --unit autoconfig.service -n 20 --no-pager")
    provider.run(f"cp -a /root/settings {settings} && systemctl restart autoconfig.service && autoconfig ready")

    assert failed.returncode != 0
    assert sorted(state) == ["0", "2", "failed"]
    assert "nonsense: there is no such setting" in journal


def test_backup(provider: Provider) -> None:
    """What was backed up comes back, what was written later is gone, and the server can go on writing."""
    printed = provider.follow(BACKUP)
    later = "later.example"
    provider.run(f"autoconfig mapping set {later} --plan standard")
    provider.run(sections()[BACKUP][1])

    assert "ok" in printed[0]
    assert provider.machine.run(f"autoconfig show taro@{later}").returncode == 1
    assert provider.run(f"autoconfig show taro@{CUSTOMER}")
    provider.run(f"autoconfig mapping set {later} --plan standard")
    assert f"imap.{later}" in provider.run(
        f"curl -s -H 'Host: autoconfig.{later}' http://127.0.0.1/mail/config-v1.1.xml"
    )
    assert provider.run("find /var/lib/autoconfig ! -user autoconfig") == ""


def test_upgrade(provider: Provider) -> None:
    """An upgrade by the page's commands refuses nobody, and the new program serves."""
    before = provider.run("readlink -f /opt/autoconfig")
    with hammered(provider, "80") as meanwhile:
        provider.follow(UPGRADE)

    assert set(meanwhile) == {"200"}, meanwhile
    server = provider.run("systemctl show autoconfig.service --property MainPID --value").strip()
    after = provider.run("readlink -f /opt/autoconfig").strip()
    assert after != before.strip()
    assert after in provider.run(f"tr '\\0' ' ' < /proc/{server}/cmdline")


def test_monitor(provider: Provider) -> None:
    """What the page says to watch is there, and says that all is well."""
    (printed,) = provider.follow(MONITOR)

    assert '"status": "ready"' in printed
    assert "ActiveState=active" in printed
    assert "serving" in printed
    assert "Certificate will not expire" in printed
