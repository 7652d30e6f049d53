from __future__ import annotations

import asyncio
import http.client
import json
import os
import plistlib
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from lxml import etree

from autoconfig.cli.init import init
from autoconfig.errors import PlansInvalid
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.plans import reload
from autoconfig.web import app
from tests.web.conftest import STRANGER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.web.asgi import Message
    from tests.web.conftest import LogLines, OpenSite, Site

SSL, STARTTLS, PLAIN = "SSL", "STARTTLS", "plain"
NORMAL, ENCRYPTED = "password-cleartext", "password-encrypted"

# The provider's own table: domain, host, port and TLS mode of IMAP, POP3 and SMTP, login method, user name.
OWN, SHARED = [("{}", 993, SSL), ("{}", 995, SSL), ("{}", 465, SSL)], "cs312.xbit.jp"
MANAGED = [("pop.{}", 993, SSL), ("pop.{}", 995, SSL), ("smap.{}", 465, SSL)]
PROVIDER = [
    ("hanako-flowers.example", [(SHARED, 993, SSL), (SHARED, 995, SSL), (SHARED, 587, STARTTLS)], NORMAL, "taro@{}"),
    ("yamada-law.example", MANAGED, ENCRYPTED, "taro@{}"),
    ("xn--wgv71a119e.example", MANAGED, ENCRYPTED, "taro@{}"),
    ("sample.co.jp", OWN, ENCRYPTED, "taro@{}"),
    (
        "vps-customer.example",
        [("mail.{}", 993, SSL), ("mail.{}", 995, SSL), ("smtpd.{}", 465, SSL)],
        ENCRYPTED,
        "taro@{}",
    ),
    ("second-brand.example", [("vps-customer.example", port, SSL) for port in (993, 995, 465)], ENCRYPTED, "taro@{}"),
    ("old-shop.example", [("{}", 143, PLAIN), ("{}", 110, PLAIN), ("{}", 587, STARTTLS)], ENCRYPTED, "taro.{}"),
    ("recommended.example", [("sv1234.xserver.jp", port, SSL) for port in (993, 995, 465)], NORMAL, "taro@{}"),
]

REQUEST = "<Autodiscover><Request><EMailAddress>taro@{}</EMailAddress></Request></Autodiscover>"


class Closing(MemoryFinder):
    """A mapping that remembers whether it was closed, and can fail."""

    closed = False
    failing = 0

    async def watch(self) -> None:
        """See `Finder`."""
        if self.failing:
            self.failing -= 1
            raise RuntimeError("a bug")

    async def close(self) -> None:
        """See `Finder`."""
        self.closed = True


class Slow(MemoryFinder):
    """A mapping that does not say which plans are in use, and counts how often it was looked at."""

    asked = watched = 0

    async def watch(self) -> None:
        """See `Finder`."""
        self.watched += 1

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """See `Finder`."""
        self.asked += 1
        await asyncio.Event().wait()
        return plans


@pytest.mark.parametrize(("domain", "servers", "login", "username"), PROVIDER, ids=[row[0] for row in PROVIDER])
def test_mozilla(site: Site, domain: str, servers: list[tuple[str, int, str]], login: str, username: str) -> None:
    """Thunderbird is told exactly what the provider's page tells."""
    answer = site.request("GET", f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress=taro@{domain}")
    found = [
        [section.findtext(name, "") for name in ("hostname", "port", "socketType", "authentication", "username")]
        for section in etree.fromstring(answer.content).xpath("//incomingServer | //outgoingServer")
    ]

    assert [[*values[:4], values[4].replace("%EMAILADDRESS%", f"taro@{domain}")] for values in found] == [
        [host.format(domain), str(port), tls, login, username.format(domain)] for host, port, tls in servers
    ]


@pytest.mark.parametrize(("domain", "servers", "login", "username"), PROVIDER, ids=[row[0] for row in PROVIDER])
def test_microsoft(site: Site, domain: str, servers: list[tuple[str, int, str]], login: str, username: str) -> None:
    """Outlook is told exactly what the provider's page tells, as far as its document can."""
    url = f"https://autodiscover.{domain}/autodiscover/autodiscover.xml"
    answer = site.request("POST", url, content=REQUEST.format(domain))
    names = ("Server", "Port", "SSL", "Encryption", "LoginName", "SPA")
    modes = {SSL: ("on", "SSL"), STARTTLS: ("on", "TLS"), PLAIN: ("off", "None")}

    assert [
        [section.findtext("{*}" + name) for name in names]
        for section in etree.fromstring(answer.content).iter("{*}Protocol")
    ] == [
        [host.format(domain), str(port), *modes[tls], username.format(domain), "off"] for host, port, tls in servers
    ], login


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize(("domain", "servers", "login", "username"), PROVIDER, ids=[row[0] for row in PROVIDER])
def test_apple(
    site: Site, domain: str, servers: list[tuple[str, int, str]], login: str, username: str, protocol: str
) -> None:
    """An iPhone is told exactly what the provider's page tells."""
    url = f"https://autoconfig.{domain}/email.mobileconfig?email=taro@{domain}&protocol={protocol}"
    (account,) = plistlib.loads(site.request("GET", url).content)["PayloadContent"]
    methods = {NORMAL: "EmailAuthPassword", ENCRYPTED: "EmailAuthCRAMMD5"}
    expected = {"Incoming": servers[0 if protocol == "imap" else 1], "Outgoing": servers[2]}

    for direction, (host, port, tls) in expected.items():
        prefix = f"{direction}MailServer"
        assert account[f"{prefix}HostName"] == host.format(domain)
        assert account[f"{prefix}PortNumber"] == port
        assert account[f"{prefix}UseSSL"] is (tls != PLAIN)
        assert account[f"{prefix}Authentication"] == methods[login]
        assert account[f"{prefix}Username"] == username.format(domain)


def test_bug_in_a_page(open_site: OpenSite, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug behind a page is the same 500 that machines get, and is logged once, without the address."""
    site = open_site()
    monkeypatch.setattr(site.finder, "_rows", None)
    answer = site.request(
        "GET", "https://autoconfig.xbit.jp/setup?email=taro@sample.co.jp"
    )  # the server would log what is raised
    (line,) = log_lines()

    assert (answer.status_code, answer.text) == (500, "Something went wrong here.\n")
    assert (line["event"], "taro" in str(line)) == ("a bug", False)


def lived(site: Site, *while_up: Any) -> list[str]:
    """What a lifespan sends, from the start to the end; `while_up` is awaited in between."""

    async def live() -> list[str]:
        incoming: asyncio.Queue[Message] = asyncio.Queue()
        sent: asyncio.Queue[Message] = asyncio.Queue()
        lifespan = asyncio.create_task(site.app({"type": "lifespan", "state": {}}, incoming.get, sent.put))
        await incoming.put({"type": "lifespan.startup"})
        types = [(await sent.get())["type"]]
        if types == ["lifespan.startup.complete"]:
            for step in while_up:
                await step()
            await incoming.put({"type": "lifespan.shutdown"})
            types.append((await sent.get())["type"])
        await lifespan
        return types

    return site.runner.run(live())


async def until(true: Any) -> None:
    """Wait until something is so."""
    for _ in range(500):
        if true():
            break
        await asyncio.sleep(0.01)


def test_lifespan(open_site: OpenSite) -> None:
    """A server starts, and closes its mapping at the end."""
    finder = Closing()

    assert lived(open_site(finder)) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert finder.closed


def test_lifespan_without_plans(open_site: OpenSite) -> None:
    """A server whose plans are bad does not start, and closes its mapping all the same."""
    finder = Closing()
    site = open_site(finder)
    site.context.settings.plans.write_text("[plans.x", encoding="utf-8")
    (site.context.settings.state_dir / "plans.toml").unlink()
    with pytest.raises(PlansInvalid):
        lived(site)

    assert finder.closed


def test_look_around(open_site: OpenSite, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look around that fails is logged, and does not stop the next one."""
    monkeypatch.setattr(app, "TICK", 0.01)
    finder = Closing()
    site = open_site(finder)
    finder.failing = 2
    lived(site, lambda: until(lambda: finder.failing == 0))
    lines = log_lines()

    assert [line["event"] for line in lines] == ["the look around failed"] * 2
    assert "RuntimeError: a bug" in lines[0]["exception"]


def test_plans_hold_up_no_change(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is asked which plans are in use, the mapping is looked at; the plans are asked about once."""
    monkeypatch.setattr(app, "TICK", 0.01)
    monkeypatch.setattr(reload, "QUIET", 0.0)
    finder = Slow()
    site = open_site(finder)

    async def drop_plans() -> None:
        text = '[plans.xserver]\nname = "X"\nredirect_url = "https://a.example/"\n'
        site.context.settings.plans.write_text(text, encoding="utf-8")
        await until(lambda: finder.asked)

    async def change() -> None:
        finder.watched = 0
        await until(lambda: finder.watched >= 3)

    lived(site, drop_plans, change)

    assert (finder.asked, finder.watched >= 3) == (1, True)


def test_hang_up(open_site: OpenSite, log_lines: LogLines) -> None:
    """SIGHUP asks for the plans at once."""
    site = open_site()
    lines: list[str] = []

    def told() -> bool:
        lines.extend(line["event"] for line in log_lines())
        return bool(lines)

    async def hang_up() -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        await until(told)

    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # should the server not take it, the tests live on
    lived(site, hang_up)
    signal.signal(signal.SIGHUP, ignored)

    assert lines == ["plans.toml was loaded"]


class Held:
    """A step of loading plans that ends when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._make = getattr(reload, step)
        monkeypatch.setattr(reload, step, self)

    def __call__(self, *given: Any) -> Any:
        """The step."""
        made = self._make(*given)
        self.begun.set()
        assert self.go_on.wait(10), "whoever was to be answered meanwhile was not"
        return made


@pytest.mark.parametrize("step", ["read_file", "_replace"], ids=["reading", "keeping the copy"])
def test_requests_do_not_wait_for_plans(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """While plans are loaded, mail programs are answered."""
    site = open_site()
    held = Held(monkeypatch, step)

    async def asked() -> int:
        loading = asyncio.create_task(site.context.plans.reload())
        await asyncio.to_thread(held.begun.wait, 10)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site.app, client=STRANGER)) as client:
            document = await client.get(
                "https://autoconfig.sample.co.jp/mail/config-v1.1.xml?emailaddress=taro@sample.co.jp"
            )
        held.go_on.set()
        await loading
        return document.status_code

    assert site.runner.run(asked()) == 200
    assert site.context.plans.fault is None


def test_hang_up_meanwhile(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SIGHUP while plans are loaded asks for them once more: what was changed meanwhile is served."""
    monkeypatch.setattr(app, "TICK", 60.0)  # so that only the signal tells
    site = open_site()
    plans = site.context.plans

    async def hang_up() -> None:
        held = Held(monkeypatch, "read_file")
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.to_thread(held.begun.wait, 10)
        changed = plans.path.read_text(encoding="utf-8").replace("port = 465", "port = 466")
        plans.path.write_text(changed, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.1)
        held.go_on.set()
        await until(lambda: b"port = 466" in plans.current.source)

    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # should the server not take it, the tests live on
    lived(site, hang_up)
    signal.signal(signal.SIGHUP, ignored)

    assert b"port = 466" in plans.current.source


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A folder as `init --demo` makes it."""
    init(tmp_path / "demo", demo=True)
    return tmp_path / "demo"


@pytest.fixture
def served(demo: Path) -> Iterator[tuple[subprocess.Popen[bytes], http.client.HTTPConnection]]:
    """A real server over the demo, and a connection to it."""
    command = [sys.executable, "-m", "autoconfig", "serve", "--port", "0", "--config", str(demo / "autoconfig.toml")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        listening = demo / "state" / "listening.json"
        deadline = time.monotonic() + 20
        while not listening.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        place = json.loads(listening.read_text())["place"]
        connection = http.client.HTTPConnection(place.removeprefix("http://"), timeout=20)
        yield process, connection
        connection.close()
        process.terminate()


def fetched(connection: http.client.HTTPConnection) -> tuple[int, bytes]:
    """The answer to Thunderbird over a real connection."""
    connection.request("GET", "/mail/config-v1.1.xml", headers={"Host": "autoconfig.sample.co.jp"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_hang_up_for_real(demo: Path, served: tuple[subprocess.Popen[bytes], http.client.HTTPConnection]) -> None:
    """A real server lives through SIGHUP, reloads its plans by it, and ends well."""
    process, connection = served
    before = fetched(connection)
    file = demo / "plans.toml"
    status = file.stat()
    with file.open("r+", encoding="utf-8") as plans:
        text = plans.read()
        plans.seek(0)
        plans.write(text.replace("port = 465", "port = 466"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # so that only the signal tells
    process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while (after := fetched(connection)) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    connection.close()
    process.terminate()

    assert (before[0], b"<port>465</port>" in before[1]) == (200, True)
    assert (after[0], b"<port>466</port>" in after[1]) == (200, True)
    assert process.wait(20) in {0, -signal.SIGTERM}
