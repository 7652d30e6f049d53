from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autoconfig.cli.init import init
from autoconfig.errors import PlansInvalid
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.plans import reload
from autoconfig.server import lifespan
from tests.web.conftest import STRANGER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.web.asgi import Message
    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite, Site


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


def lived(site: Site, *while_up: Any) -> list[str]:
    """What a lifespan sends, from the start to the end; `while_up` is awaited in between."""
    app = lifespan.with_lifespan(site.upkeep)

    async def live() -> list[str]:
        incoming: asyncio.Queue[Message] = asyncio.Queue()
        sent: asyncio.Queue[Message] = asyncio.Queue()
        task = asyncio.create_task(app({"type": "lifespan", "state": {}}, incoming.get, sent.put))
        await incoming.put({"type": "lifespan.startup"})
        types = [(await sent.get())["type"]]
        if types == ["lifespan.startup.complete"]:
            for step in while_up:
                await step()
            await incoming.put({"type": "lifespan.shutdown"})
            types.append((await sent.get())["type"])
        await task
        return types

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # should the server not take it, the tests live on
    try:
        return site.runner.run(live())
    finally:
        signal.signal(signal.SIGHUP, before)


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
    site.services.settings.plans.write_text("[plans.x", encoding="utf-8")
    (site.services.settings.state_dir / "plans.toml").unlink()
    with pytest.raises(PlansInvalid):
        lived(site)

    assert finder.closed


def test_periodic_check(open_site: OpenSite, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A periodic check that fails is logged, and does not stop the next one."""
    monkeypatch.setattr(lifespan, "TICK", 0.01)
    finder = Closing()
    site = open_site(finder)
    finder.failing = 2
    lived(site, lambda: until(lambda: finder.failing == 0))
    lines = log_lines()

    assert [line["event"] for line in lines] == ["the periodic check failed"] * 2
    assert "RuntimeError: a bug" in lines[0]["exception"]


def test_plans_hold_up_no_change(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is asked which plans are in use, the mapping is looked at; the plans are asked about once."""
    monkeypatch.setattr(lifespan, "TICK", 0.01)
    monkeypatch.setattr(reload, "QUIET", 0.0)
    finder = Slow()
    site = open_site(finder)

    async def drop_plans() -> None:
        text = '[plans.xserver]\nname = "X"\nredirect_url = "https://a.example/"\n'
        site.services.settings.plans.write_text(text, encoding="utf-8")
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

    lived(site, hang_up)

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
        loading = asyncio.create_task(site.services.plans.reload())
        await asyncio.to_thread(held.begun.wait, 10)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site.app, client=STRANGER)) as client:
            document = await client.get(
                "https://autoconfig.sample.co.jp/mail/config-v1.1.xml?emailaddress=taro@sample.co.jp"
            )
        held.go_on.set()
        await loading
        return document.status_code

    assert site.runner.run(asked()) == 200
    assert site.services.plans.fault is None


def test_hang_up_meanwhile(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SIGHUP while plans are loaded asks for them once more: what was changed meanwhile is served."""
    monkeypatch.setattr(lifespan, "TICK", 60.0)  # so that only the signal tells
    site = open_site()
    plans = site.services.plans

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

    lived(site, hang_up)

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
