"""docs/operating.md as an operator follows it; the tests stand in the order of the page and build on one another."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import needs, needs_file
from tests.deploy.machine import Machine, possible
from tests.deploy.page import RELEASE, sections
from tests.deploy.programs import until
from tests.deploy.provider import (
    CUSTOMER,
    CUSTOMER_ZONE,
    DATABASE,
    KNOT,
    LAB,
    MX,
    NAMES,
    RELEASED,
    ROOT_CERTIFICATE,
    UNMAPPED,
    ZONE,
    Provider,
    detected,
    hammered,
)
from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.needs_privilege, pytest.mark.timeout(900)]  # the first one may have to install packages
INSTALLATION, RECORDS, CHANGES, BACKUP, DAMAGED, UPGRADE, LOCAL_COPY, MONITOR, NGINX = (
    "Installation on Debian",
    "The DNS records of a domain",
    "Changes",
    "Backup",
    "When the database is damaged",
    "Upgrade",
    "The local copy",
    "What to monitor",
    "Behind nginx",
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A Debian with nothing of ours but the unpacked release."""
    possible()
    for program, package in (
        ("caddy", "caddy"),
        ("knotd", "knot"),
        ("nginx", "nginx"),
        ("thunderbird", "thunderbird"),
    ):
        needs(program, package)
    needs_file("/usr/lib/postgresql/*/bin/initdb", "postgresql")
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
    assert {INSTALLATION, RECORDS, CHANGES, BACKUP, DAMAGED, UPGRADE, LOCAL_COPY, MONITOR, NGINX} == {
        name for name, blocks in sections().items() if blocks
    }


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

    assert provider.run("stat --format '%A %U %G' /run/autoconfig/http.sock") == "srw-rw---- caddy autoconfig\n"
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


def test_records(provider: Provider) -> None:
    """A zone that includes the printed records, by the page's commands, has nothing that its check would mend."""
    files = {"knot.conf": KNOT, "provider.zone": ZONE, "customer.zone": CUSTOMER_ZONE}
    provider.run("mkdir -p /run/knot-test")
    for name, text in files.items():
        provider.run(f"cat > /run/knot-test/{name} <<'END'\n{text}END")
    provider.run(f"autoconfig dns {CUSTOMER} --format bind > /run/knot-test/{CUSTOMER}.records")
    provider.run("knotd --config /run/knot-test/knot.conf --daemonize")
    check = f"autoconfig dns {CUSTOMER} --check --nameserver 127.0.0.1"
    until("the name server", lambda: provider.machine.run(check, **provider.environment).returncode == 0)
    printed = provider.follow(RECORDS)
    (said,) = (text for text in printed if "ok; every needed record is right\n" in text)
    checked = json.loads(said.partition("ok; every needed record is right\n")[2])

    assert f"autodiscover.{CUSTOMER}" in printed[0]
    assert provider.run(f"cat /var/lib/autoconfig/{CUSTOMER}.records") == provider.run(
        f"cat /run/knot-test/{CUSTOMER}.records"
    )
    assert (checked["ok"], checked["findings"]) == (True, [])
    provider.run(f"rm /var/lib/autoconfig/{CUSTOMER}.records; kill $(cat /run/knot-test/knot.pid)")


def test_changes(provider: Provider) -> None:
    """A reload and a restart by the page's commands cut off and refuse nobody, at the socket and behind Caddy."""
    with hammered(provider, "unix:/run/autoconfig/http.sock") as at_socket, hammered(provider, "80") as behind_caddy:
        for _ in range(3):
            provider.follow(CHANGES)

    assert set(at_socket) == {"200"}, at_socket
    assert set(behind_caddy) == {"200"}, behind_caddy


def test_reload_takes_plans_over(provider: Provider) -> None:
    """After `systemctl reload` the new plans are served. With a faulty file it fails, and nothing else changes."""
    plans, ready = "/etc/autoconfig/plans.toml", "autoconfig ready --json"
    provider.run(f"cp -a {plans} /root/plans && sed -i 's/Standard mail/Very standard mail/' {plans}")
    provider.run("systemctl reload autoconfig.service")
    until(
        "the new name",
        lambda: "Very standard" in provider.run(f"curl -s http://autoconfig.{CUSTOMER}/mail/config-v1.1.xml"),
    )
    provider.run(f"echo broken >> {plans}")
    refused = provider.machine.run("systemctl reload autoconfig.service")
    until("the fault", lambda: json.loads(provider.run(ready))["plans_fault"] is not None)
    provider.run(f"cp -a /root/plans {plans} && systemctl reload autoconfig.service")
    until("its end", lambda: json.loads(provider.run(ready))["plans_fault"] is None)

    assert refused.returncode != 0
    assert "failed" in refused.stdout
    until(
        "the end of reloading", lambda: provider.machine.run("systemctl is-active autoconfig.service").returncode == 0
    )


def test_faulty_settings(provider: Provider) -> None:
    """
    With faulty settings the service is tried until they are mended, with a sentence in the journal. Its socket stays,
    and who asks meanwhile gets an answer as soon as they are.
    """
    settings = "/etc/autoconfig/autoconfig.toml"
    asking = f"curl --silent --max-time 300 --unix-socket /run/autoconfig/http.sock http://autoconfig.{CUSTOMER}"
    restarts = "systemctl show autoconfig.service --property NRestarts --value"
    provider.run(f"cp -a {settings} /root/settings && echo 'nonsense = 1' >> {settings}")
    failed = provider.machine.run("systemctl restart autoconfig.service")
    provider.run(f"{asking}/mail/config-v1.1.xml > /root/waited 2>&1 & echo $! > /root/waiting")
    until("many starts", lambda: int(provider.run(restarts)) > 8)
    states = provider.machine.run("systemctl is-active autoconfig.socket").stdout
    journal = provider.run("journalctl --unit autoconfig.service -n 60 --no-pager")
    provider.run(f"cp -a /root/settings {settings}")
    until("the start", lambda: provider.machine.run("autoconfig ready").returncode == 0)
    until("the answer", lambda: "</clientConfig>" in provider.run("cat /root/waited"))

    assert failed.returncode != 0
    assert states == "active\n"
    assert "nonsense: there is no such setting" in journal


def test_backup(provider: Provider) -> None:
    """What was backed up comes back, what was written later is gone, and the server can go on writing."""
    provider.follow(BACKUP)
    later = "later.example"
    provider.run(f"autoconfig mapping set {later} --plan standard")
    with hammered(provider, "unix:/run/autoconfig/http.sock") as meanwhile:
        printed = provider.run(sections()[BACKUP][-1])

    assert "1 row is not in the backup and would be lost" in printed
    assert set(meanwhile) == {"200"}, meanwhile
    nightly = provider.run("ls -l /var/backups/autoconfig/mapping-[1-7].db").split()
    assert (nightly[0], nightly[2]) == ("-rw-------", "autoconfig")
    assert "autoconfig-backup.timer" in provider.run("systemctl list-timers")
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
    with hammered(provider, "unix:/run/autoconfig/http.sock") as at_socket, hammered(provider, "80") as behind_caddy:
        provider.follow(UPGRADE)

    # Caddy 2.6 reloads onto a second listening socket, and resets whoever still waits in the first: seen without any
    # server of ours behind it, on a busy machine.
    assert set(at_socket) == {"200"}, at_socket
    assert set(behind_caddy) - {"ConnectionResetError"} == {"200"}, behind_caddy
    server = provider.run("systemctl show autoconfig.service --property MainPID --value").strip()
    after = provider.run("readlink -f /opt/autoconfig").strip()
    assert after != before.strip()
    assert after in provider.run(f"tr '\\0' ' ' < /proc/{server}/cmdline")


def test_damaged(provider: Provider) -> None:
    """By the page's commands a damaged database is mended under the running server."""
    provider.run("truncate --size 4096 /var/lib/autoconfig/mapping.db")
    until("the damage", lambda: provider.machine.run("autoconfig ready").returncode == 1)
    process = provider.run("systemctl show autoconfig.service --property MainPID")
    provider.follow(DAMAGED)

    assert "imap." in provider.run(f"curl -sf http://autoconfig.{CUSTOMER}/mail/config-v1.1.xml")
    assert provider.run("systemctl show autoconfig.service --property MainPID") == process
    assert provider.run("stat --format %U /var/lib/autoconfig/mapping.db.aside-1") == "autoconfig\n"


def test_local_copy(provider: Provider) -> None:
    """
    By the page's commands a node follows a PostgreSQL, in the unit's sandbox, and serves from its copy alone: what is
    written there is served here, and nothing is missed while the database is gone and the server starts again.
    """
    owner = "postgresql://autoconfig_owner:change%20me@127.0.0.1/autoconfig"
    written = f"AUTOCONFIG_DATABASE={owner} autoconfig mapping set copied.example --plan standard"
    asked = "curl -s -H 'Host: autoconfig.copied.example' http://127.0.0.1/mail/config-v1.1.xml"
    provider.run("echo 127.0.0.1 db.provider.example >> /etc/hosts && cp -a /etc/autoconfig/autoconfig.toml /root/")
    provider.run(DATABASE)
    provider.run(f"autoconfig db copy {owner}")
    (printed,) = provider.follow(LOCAL_COPY)
    provider.run(written)
    until("the new row", lambda: "imap.copied.example" in provider.run(asked))
    provider.run("systemctl stop 'postgresql@*' && systemctl restart autoconfig.service && autoconfig ready")

    assert "They are equal" in printed
    assert "imap.copied.example" in provider.run(asked)
    assert "change me" not in provider.run("journalctl --unit autoconfig.service --no-pager")
    status = "systemctl show autoconfig.service --property StatusText"
    until("the status", lambda: "copy not brought up to date" in provider.run(status))
    assert provider.run("find /var/lib/autoconfig ! -user autoconfig") == ""
    refused = provider.machine.run("autoconfig mapping end copied.example", **provider.environment)
    assert refused.returncode == 3

    provider.run("cp -a /root/autoconfig.toml /etc/autoconfig/")
    provider.run("systemctl restart autoconfig.service && autoconfig ready")


def test_monitor(provider: Provider) -> None:
    """What the page says to watch is there, and says that all is well."""
    (printed,) = provider.follow(MONITOR)
    provider.run("useradd --system --groups autoconfig watcher")
    variable = "AUTOCONFIG_CONFIG=/etc/autoconfig/autoconfig.toml"
    by_a_member = provider.run(f"runuser --user watcher -- env {variable} /usr/local/bin/autoconfig ready")

    assert '"status": "ready"' in printed
    assert by_a_member == "unix:/run/autoconfig/http.sock: ready\n"
    assert "ActiveState=active" in printed
    assert "serving" in printed
    assert "Certificate will not expire" in printed


def test_nginx(provider: Provider) -> None:
    """
    By the page's commands nginx takes Caddy's place: documents come, a certificate is taken as it is put there, and a
    restart of the server refuses nobody, neither out of the cache nor by it.
    """
    printed = provider.follow(NGINX)
    name, certificate, document = NAMES[0], "/root/certificate.pem", "/mail/config-v1.1.xml"
    subject = f"-subj /CN={name} -addext subjectAltName=DNS:{name}"
    provider.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 7 {subject} -keyout /root/key.pem -out {certificate} 2>&1\n"
        f"cat {certificate} /root/key.pem > /root/both.pem\n"
        f"install -g www-data -m 0640 /root/both.pem /etc/nginx/certificates/{name}.pem"
    )
    status = "curl --silent --output /dev/null --write-out '%{http_code}\n'"
    restarts = "(for number in 1 2 3; do systemctl restart autoconfig.service; done) & restarts=$!"
    asking = f"while kill -0 $restarts 2> /dev/null; do {status} http://{name}/v1.1/{CUSTOMER}; sleep 0.1; done"
    with hammered(provider, "80") as meanwhile:
        by_the_cache = provider.run(f"{restarts}\n{asking}")

    assert f"<hostname>imap.{CUSTOMER}</hostname>" in printed[-1]
    assert f"imap.{CUSTOMER}" in provider.run(f"curl -sf --cacert {certificate} https://{name}{document}")
    assert set(meanwhile) == {"200"}, meanwhile
    assert set(by_the_cache.split()) == {"200"}
    assert provider.run("stat --format '%A %U %G' /run/autoconfig/http.sock") == "srw-rw---- www-data autoconfig\n"
    allowed = f"{status} 'http://127.0.0.1:9123/internal/tls-allowed?domain="
    assert provider.run(f"{allowed}{name}'") == "204\n"
    assert provider.run(f"{allowed}autoconfig.evil.example'") == "404\n"
    log = "/var/log/nginx/autoconfig.log"
    until("the log", lambda: provider.machine.run(f"grep -q cache=MISS {log}").returncode == 0)
