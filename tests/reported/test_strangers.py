"""What strangers, broken files and stalled readers once did to a server: each is done again to the served program."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.cli.conftest import LIMIT, Server, poll
from tests.conftest import needs
from tests.deploy.behind import exchange, written
from tests.deploy.nginx import Nginx
from tests.deploy.programs import until
from tests.deploy.site import AUTODISCOVER, DOCUMENT, Site
from tests.reported.bench import NAME, Bench, Load
from tests.support import commands
from tests.support.certificates import chain, key, pem_of
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

MOBILECONFIG = f"/email.mobileconfig?email=taro@{NAME}"
CERTIFICATE = 'profile_key = "privkey.pem"\nprofile_certificate = "fullchain.pem"\n'


def sent(server: Server, request: bytes, client: str = "127.0.0.1") -> int:
    """The status of the answer to a request as it stands, from an address; 0 if there is none."""
    host, port = server.place.removeprefix("http://").rsplit(":", 1)
    with contextlib.suppress(OSError):
        answer = exchange(socket.create_connection((host, int(port)), LIMIT, (client, 0)), request)
        return answer.status if answer else 0
    return 0


def other_spellings(bench: Bench) -> None:
    """Of all spellings that are mapped to a customer's name, a certificate is ordered for the name itself only."""
    server = bench.serve()
    dots, letters = ".。．｡", "sｓＳ"
    spellings = [f"autoconfig{dot}{letter}ample.co.jp" for dot in dots for letter in letters]
    spellings += [f"autoconfig.{NAME}.", f"autoconfig.{NAME}\u00ad"]
    allowed = [name for name in spellings if _allowed(server, name) == 204]

    assert allowed == [f"autoconfig.{NAME}"]
    assert {server.get(host=name.encode()).headers["cache-control"] for name in spellings[3:]} == {"private, no-store"}  # type: ignore[arg-type]


def _allowed(server: Server, name: str) -> int:
    return server.get(f"/internal/tls-allowed?domain={quote(name)}", "localhost").status_code


def long_values(bench: Bench) -> None:
    """A value of any length is refused before it is looked at, wherever it stands; others are answered."""
    server = bench.serve()
    marks = quote("\u0301\u0323" * 5200)
    targets = [f"/setup?email=a@a{marks}.example", f"{DOCUMENT}?emailaddress=a@{marks}", f"/v1.1/{marks}", f"/{marks}"]
    with Load(server) as load:
        statuses = [sent(server, written(target, [f"Host: {NAME}"])) for target in targets for _ in range(20)]
        statuses += [sent(server, written("/", [f"Host: {NAME}", *["a: b"] * 10_000])) for _ in range(20)]

    assert set(statuses) == {414, 431}
    assert (load.wrong, load.right > 0) == (0, True)


def abandoned_pages(bench: Bench) -> None:
    """Pages that were asked for and not waited for cost no memory, and nobody else has to wait until they are made."""
    server = bench.serve()
    host, port = server.place.removeprefix("http://").rsplit(":", 1)
    status = Path(f"/proc/{server.program.process.pid}/status")

    def asked(number: int) -> socket.socket:
        connection = socket.create_connection((host, int(port)), LIMIT)
        connection.sendall(written(f"/setup?email=a{number}@{NAME}", [f"Host: {NAME}"]))
        return connection

    def memory() -> int:
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(peak)

    server.get(f"/setup?email=taro@{NAME}")
    before = memory()
    for number in range(3000):  # without a bound each of them took 24 KiB
        asked(number).close()
    after = memory()
    waiting = [asked(number) for number in range(300)]
    heads = [connection.recv(65536).partition(b"\r\n\r\n")[0] for connection in waiting]
    for connection in waiting:
        connection.close()
    statuses = Counter(head.split()[1] for head in heads)

    assert after - before < 32 * 1024
    assert set(statuses) == {b"200", b"503"}
    assert all(b"retry-after: " in head.lower() for head in heads if head.split()[1] == b"503")


def log_lines(bench: Bench) -> None:
    """Neither malformed requests nor rows that do not fit fill the log, and malformed ones count against the rate."""
    with contextlib.closing(sqlite3.connect(bench.demo / "mapping.db", isolation_level=None)) as connection:
        connection.execute("UPDATE mapping SET plan = 'gone' WHERE name = 'yamada-law.example'")
    bench.set('rate_limit = 0.001\nrate_burst = 300\ninternal_networks = ["127.0.0.1"]\ntrusted_proxies = []')
    server = bench.serve(env=os.environ | {"AUTOCONFIG_LOG_FORMAT": "json"})
    malformed = [sent(server, b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "127.0.0.2") for _ in range(400)]
    unfit = [server.get(host="autoconfig.yamada-law.example").status_code for _ in range(100)]
    lines = [json.loads(line) for line in server.program.end(signal.SIGTERM).err.splitlines()]

    assert malformed == [400] * 300 + [429] * 100
    assert set(unfit) == {503}
    assert len(lines) <= 20
    # The first one, and how many there were besides.
    assert [line.get("times") for line in lines if line["event"] == "Invalid HTTP request received."] == [None, 399]
    assert [line.get("times") for line in lines if line["event"] == "a plan cannot be used"] == [None, 99]


def host_rule_that_backtracks(bench: Bench) -> None:
    """No name keeps a worker busy with a host rule; what cannot be matched that way is a fault with a remedy."""
    rule = "[[host]]\nmatch = '{}'\nplan = 'server-maintenance'"
    bench.add_plans(rule.format(r"([a-z0-9]+-?)+\.provider\.example"))
    server = bench.serve()
    with Load(server) as load:
        statuses = [server.get(host="a" * 63 + f".{number}x.example").status_code for number in range(50)]
    bench.add_plans(rule.format(r"(?!mx1)[a-z]+\.provider\.example"))
    checked = bench.command("plans", "check", code=2)

    assert set(statuses) == {404}
    assert (load.wrong, load.right > 0) == (0, True)
    assert "RE2 does not take this expression" in checked.err
    assert "put a rule for them before this one" in checked.err


def signature_for_a_stranger(bench: Bench) -> None:
    """A stranger gets no signature under hosts of their own, nor an address with characters that are not seen."""
    chain().write(bench.demo)
    bench.add_plans('[plans.theirs]\nextends = "server-maintenance"')
    bench.add_plans("[[host]]\nmatch = 'theirs\\.example'\nplan = 'theirs'")
    plans = bench.demo / "plans.toml"
    bench.set(CERTIFICATE)
    server = bench.serve()
    attacked = server.get("/email.mobileconfig?email=a@attacker.example", "autoconfig.theirs.example")
    row = server.get(MOBILECONFIG)
    hidden = server.get(f"/email.mobileconfig?email={quote('ta' + chr(0x202E) + 'ro')}@{NAME}")

    assert "{domain}" in plans.read_text(encoding="utf-8")
    assert (attacked.status_code, attacked.content[:5]) == (200, b"<?xml")
    assert (row.status_code, row.content[:1]) == (200, b"0")
    assert hidden.status_code == 400


def one_client_of_nginx(bench: Bench) -> None:
    """Behind nginx, a client that leaves its requests unfinished is refused more of them, and others are served."""
    place = bench.folder / "http.sock"
    bench.serve("--uds", place)
    nginx = Nginx(needs("nginx", "nginx"), bench.folder / "nginx", f"unix:{place}", workers="1")
    nginx.begin()

    def status(client: str) -> int | None:
        near = socket.create_connection(("127.0.0.1", nginx.ports.http), LIMIT, (client, 0))
        answer = exchange(near, written(DOCUMENT, [f"Host: {NAME}"]))
        return answer and answer.status

    try:
        begun = written(AUTODISCOVER, [f"Host: {NAME}", "Content-Length: 1000"], "POST")
        with contextlib.ExitStack() as clients:
            for _ in range(64):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", nginx.ports.http), LIMIT))
                client.sendall(begun)
            until("the limit", lambda: status("127.0.0.1") == 429)
            assert status("127.0.0.2") == 200
    finally:
        nginx.stop()


def readable_secrets(bench: Bench) -> None:
    """`init` writes files that others cannot read."""
    bench.command("init", bench.folder / "new")

    assert (bench.folder / "new" / "autoconfig.toml").stat().st_mode & 0o777 == 0o640


def control_characters(bench: Bench) -> None:
    """What a terminal would obey is refused in a file, and written out where it is there already."""
    file = bench.folder / "names.csv"
    file.write_text(f"name,plan,note\n{NAME},server-maintenance,\x1b]0;owned\x07\n", encoding="utf-8")
    refused = bench.command("mapping", "sync", file, code=2)
    file.write_text(f"name,plan\n{NAME},\x1b]0;owned\x07\n", encoding="utf-8")
    misspelt = bench.command("mapping", "sync", file, code=2)

    assert "control characters in its note" in refused.err
    assert "\x1b" not in misspelt.err + refused.err


def formulas(bench: Bench) -> None:
    """No cell of an export is a formula, and nothing changes when the file is read again."""
    bench.command("mapping", "set", NAME, "--plan", "server-maintenance", "--note", "=HYPERLINK(1)")
    file = bench.folder / "names.csv"
    bench.command("mapping", "export", file)
    synced = bench.command("mapping", "sync", file, "--json").data
    with file.open(encoding="utf-8", newline="") as text:
        cells = [cell for row in csv.reader(text) for cell in row]

    assert not [cell for cell in cells if cell[:1] in set("=+-@")]
    assert "'=HYPERLINK(1)" in cells
    assert (synced["changed"], synced["added"]) == (0, 0)


def restored_values(bench: Bench) -> None:
    """A backup with values that no command writes is refused, and the mapping stays as it is."""
    backup = bench.folder / "backup.db"
    bench.command("mapping", "backup", backup)
    before = bench.command("mapping", "list", "--json").out
    with contextlib.closing(sqlite3.connect(backup, isolation_level=None)) as connection:
        connection.execute("UPDATE mapping SET valid_from = 'soon' WHERE id = 1")
    refused = bench.command("mapping", "restore", "--yes", backup, code=2)

    assert "valid_from: has the type str" in refused.err
    assert bench.command("mapping", "list", "--json").out == before


def many_columns(bench: Bench) -> None:
    """A file of very many columns is refused at once."""
    file = bench.folder / "wide.csv"
    file.write_text("name,plan," + ",".join(f"c{number}" for number in range(100_000)) + "\n", encoding="utf-8")
    done = commands.run("--config", bench.demo / "autoconfig.toml", "mapping", "sync", file, code=None)

    assert (done.returncode, "has 100002 columns" in done.stderr) == (2, True)


def large_bodies(bench: Bench) -> None:
    """Behind Caddy a body that is too large is answered 413, in chunks too."""
    site = Site(bench.folder / "site", needs("caddy", "caddy"))
    try:
        site.start_server()
        site.start_caddy()
        statuses = []
        for _ in range(5):
            connection = http.client.HTTPConnection("127.0.0.1", site.http, timeout=LIMIT)
            body = iter([b" " * 65536] * 32)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # Caddy need not take it all
                connection.request("POST", AUTODISCOVER, body, {"Host": NAME}, encode_chunked=True)
            statuses.append(connection.getresponse().status)
            connection.close()
    finally:
        site.stop()

    assert statuses == [413] * 5


def log_that_nobody_reads(bench: Bench) -> None:
    """With a full pipe as the log every request is answered, and SIGTERM ends the server."""
    for workers in ("1", "2"):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 100)
        os.set_blocking(writer, True)
        with _running(bench, [*SERVE, "--workers", workers], stderr=writer) as (server, process):
            os.close(writer)
            with Load(server) as load:
                for _ in range(200):
                    sent(server, b"GET /\xff HTTP/1.1\r\n\r\n")
            process.terminate()
            code = process.wait(LIMIT)
        os.close(reader)

        assert (load.wrong, load.right > 0, code) == (0, True, 0)


def no_standard_error(bench: Bench) -> None:
    """Two workers start and answer with standard error closed."""
    command = " ".join([*SERVE, "--workers", "2"])
    with _running(bench, ["sh", "-c", f'exec {command} "$@" 2>&-', "sh"]) as (_server, process):
        process.terminate()
        assert process.wait(LIMIT) == 0


SERVE = [sys.executable, "-m", "autoconfig", "serve"]


@contextlib.contextmanager
def _running(bench: Bench, command: list[str], **options: int) -> Iterator[tuple[Server, subprocess.Popen[bytes]]]:
    """A server that answers, whose log nobody is asked for."""
    port = free_port()
    process = subprocess.Popen([*command, "--port", str(port)], cwd=bench.demo, **options)  # type: ignore[call-overload]
    server = Server(process, f"http://127.0.0.1:{port}")
    try:
        poll(lambda: sent(server, written(DOCUMENT, [f"Host: {NAME}"])) == 200)
        yield server, process
    finally:
        process.kill()
        process.wait()


def bad_signing_key(bench: Bench) -> None:
    """With a broken key a server starts, unsigned, and says so; once the key is mended it signs."""
    made = chain()
    private, _ = made.write(bench.demo)
    private.write_bytes(pem_of(key("EC", 7)))
    bench.set(CERTIFICATE)
    server = bench.serve()
    seen, unsigned = server.ready()["profile_certificate"], server.get(MOBILECONFIG)
    metrics = server.get("/internal/metrics", "localhost").text
    made.write(bench.demo)
    poll(lambda: server.get(MOBILECONFIG).content[:1] == b"0")

    assert (unsigned.status_code, unsigned.content[:5]) == (200, b"<?xml")
    assert (seen["state"], "fits none of the certificates" in seen["fault"]) == ("unsigned", True)
    assert re.search(r'^autoconfig_profile_certificate_fault\{worker="0"\} 1\.0$', metrics, re.MULTILINE)


REPORTED: dict[str, Callable[[Bench], None]] = {
    "1 spellings of a name": other_spellings,
    "2 values of any length": long_values,
    "3 abandoned pages": abandoned_pages,
    "4 log lines": log_lines,
    "5 a host rule that backtracks": host_rule_that_backtracks,
    "6 a signature for a stranger": signature_for_a_stranger,
    "7 one client of nginx": one_client_of_nginx,
    "8 files that others read": readable_secrets,
    "8 control characters": control_characters,
    "8 formulas": formulas,
    "8 values of a backup": restored_values,
    "8 many columns": many_columns,
    "8 large bodies behind Caddy": large_bodies,
    "9 a log that nobody reads": log_that_nobody_reads,
    "9 no standard error": no_standard_error,
    "12 a bad signing key": bad_signing_key,
}


@pytest.mark.parametrize("reproduce", REPORTED.values(), ids=REPORTED)
def test_reported(bench: Bench, reproduce: Callable[[Bench], None]) -> None:
    """What was reported, done to the served program, has the right outcome."""
    reproduce(bench)
