from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autoconfig.errors import Overloaded
from autoconfig.formats.signing import signed
from autoconfig.web import signing
from autoconfig.web.executor import MOST, BoundedExecutor, unless_gone
from autoconfig.web.pages import qr, rendering
from tests.support.certificates import chain
from tests.web.conftest import STRANGER
from tests.web.pages.conftest import URL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from tests.web.conftest import OpenSite, Site

ADDRESS = "taro@sample.co.jp"
SETUP = f"{URL}/setup?email={ADDRESS}"
PROFILE = f"{URL}/email.mobileconfig?email={ADDRESS}"


class Held:
    """Work that begins and goes on when a test says so."""

    def __init__(self, make: Callable[..., Any] = lambda result=None: result) -> None:
        self.begun, self.go_on, self.count = threading.Event(), threading.Event(), 0
        self._make = make

    def __call__(self, *given: Any, **named: Any) -> Any:
        """The work."""
        self.count += 1
        self.begun.set()
        assert self.go_on.wait(20)
        return self._make(*given, **named)

    async def until_begun(self) -> None:
        """Wait until a thread is at it."""
        await asyncio.to_thread(self.begun.wait, 20)


async def settled() -> None:
    """Let all that can go on go on."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_results() -> None:
    """Whoever asks gets what was made for them, or the error that it ended with, in the order in which they asked."""
    made = []

    def make(number: int) -> int:
        made.append(number)
        if number == 2:
            raise ValueError(number)
        return number

    async def run() -> list[object]:
        one = BoundedExecutor("test")
        return await asyncio.gather(*(one.run(make, number) for number in range(4)), return_exceptions=True)

    found = asyncio.run(run())

    assert [value for value in found if not isinstance(value, ValueError)] == [0, 1, 3]
    assert isinstance(found[2], ValueError)
    assert made == [0, 1, 2, 3]


def test_bounded() -> None:
    """Beyond so many jobs, waiting or under way, none is taken; once they are done, others are."""
    held = Held()

    async def run() -> list[object]:
        one = BoundedExecutor("test", 3)
        taken = [asyncio.create_task(one.run(held, number)) for number in range(3)]
        await held.until_begun()
        with pytest.raises(Overloaded, match=r"^3 jobs are waiting for the thread for test$"):
            await one.run(held)
        held.go_on.set()
        return [*await asyncio.gather(*taken), await one.run(held, "again")]

    assert asyncio.run(run()) == [0, 1, 2, "again"]
    assert held.count == 4


def test_dropped() -> None:
    """A job that waits is dropped when it is cancelled; one under way ends first, and another one never beside it."""
    held = Held()

    async def run() -> list[str]:
        one = BoundedExecutor("test", 3)
        under_way, waiting, other = (asyncio.create_task(one.run(held, name)) for name in ("a", "b", "c"))
        await held.until_begun()
        for task in (under_way, waiting):
            task.cancel()
        await settled()
        assert (held.count, other.done()) == (1, False)
        late = [asyncio.create_task(one.run(held, name)) for name in ("d", "e")]  # there is room again
        await settled()
        assert held.count == 1
        held.go_on.set()
        return list(await asyncio.gather(other, *late))

    assert asyncio.run(run()) == ["c", "d", "e"]
    assert held.count == 4


def test_loop_that_is_closed_meanwhile() -> None:
    """Work that outlasts its loop ends without a complaint."""
    held = Held()

    async def run() -> None:
        task = asyncio.create_task(BoundedExecutor("outlasting").run(held))
        await held.until_begun()
        task.cancel()

    asyncio.run(run())
    held.go_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("outlasting"):
            thread.join(20)

    assert held.count == 1


@pytest.mark.parametrize("body", [1, 3], ids=["no body", "a body in pieces"])
def test_unless_gone(body: int) -> None:
    """What a client sends besides is let pass; when it leaves, the work is cancelled."""
    cancelled: list[bool] = []

    async def forever() -> bool:
        try:
            return await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    async def run() -> None:
        messages = [{"type": "http.request", "more_body": True}] * body + [{"type": "http.disconnect"}]

        async def receive() -> dict[str, object]:
            return messages.pop(0)

        assert await unless_gone(forever(), receive) is None

    asyncio.run(run())
    assert cancelled == [True]


@pytest.mark.parametrize(("module", "slow"), [(rendering, "render"), (qr, "svg")])
def test_machines_do_not_wait_for_pages(
    site: Site, monkeypatch: pytest.MonkeyPatch, module: ModuleType, slow: str
) -> None:
    """While pages are made, mail programs are answered; then everybody has their page."""
    held = Held(getattr(module, slow))
    monkeypatch.setattr(module, slow, held)

    assert site.runner.run(answered_meanwhile(site, SETUP, held)) == (200, [200] * 3)


def test_machines_do_not_wait_for_signatures(
    open_site: OpenSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While profiles are signed, mail programs are answered; then everybody has their profile."""
    private, certificate = chain().write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    held = Held(signed)
    monkeypatch.setattr(signing, "signed", held)

    assert site.runner.run(answered_meanwhile(site, PROFILE, held)) == (200, [200] * 3)


async def answered_meanwhile(site: Site, url: str, held: Held) -> tuple[int, list[int]]:
    """What a mail program gets while three wait for `held`, and what those get then."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site.app, client=STRANGER)) as client:
        readers = [asyncio.create_task(client.get(url)) for _ in range(3)]
        await held.until_begun()
        document = await client.get(f"{URL}/mail/config-v1.1.xml?emailaddress={ADDRESS}")
        held.go_on.set()
        return document.status_code, [(await reader).status_code for reader in readers]


class Client:
    """Asks for something slow, and leaves when a test says so."""

    def __init__(self, site: Site, path: str, query: str) -> None:
        self._left, self.sent = asyncio.Event(), list[Any]()
        self._scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"autoconfig.sample.co.jp")],
            "client": STRANGER,
        }
        self.task = asyncio.create_task(site.app(self._scope, self._receive, self._send))

    async def _receive(self) -> dict[str, str]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    def leave(self) -> None:
        """Close the connection."""
        self._left.set()

    @property
    def status(self) -> int | None:
        """Of the answer, if there is one."""
        return self.sent[0]["status"] if self.sent else None


KINDS = {
    "pages": ("/setup", f"email={ADDRESS}", rendering, "render"),
    "profiles": ("/email.mobileconfig", f"email={ADDRESS}", signing, "signed"),
}


@pytest.mark.parametrize(("path", "query", "module", "slow"), KINDS.values(), ids=KINDS)
def test_flood(
    open_site: OpenSite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    query: str,
    module: ModuleType,
    slow: str,
) -> None:
    """Of a flood only so many wait, the others get a 503 at once; nothing is made for those who have left."""
    private, certificate = chain().write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    held = Held(getattr(module, slow))
    monkeypatch.setattr(module, slow, held)

    async def run() -> None:
        clients = [Client(site, path, query) for _ in range(2 * MOST)]
        await held.until_begun()
        await settled()
        waiting, refused = clients[:MOST], clients[MOST:]
        assert [client.status for client in waiting] == [None] * MOST
        assert [client.status for client in refused] == [503] * MOST
        assert (b"retry-after", b"10") in refused[0].sent[0]["headers"]
        for client in waiting[1:]:
            client.leave()
        await settled()
        assert [client.task.done() for client in waiting] == [False] + [True] * (MOST - 1)
        late = Client(site, path, query)
        held.go_on.set()
        await asyncio.gather(waiting[0].task, late.task)
        assert [waiting[0].status, late.status] == [200, 200]
        assert not any(client.sent for client in waiting[1:])

    site.runner.run(run())
    counts = site.services.counters.named()
    kind = "page" if module is rendering else "apple"

    assert held.count == 2
    assert (counts[f"requests {kind} overloaded"], counts[f"requests {kind} served"]) == (MOST, 2)
