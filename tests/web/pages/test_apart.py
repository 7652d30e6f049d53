from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from autoconfig.web.pages import rendering, setup
from tests.web.conftest import STRANGER
from tests.web.pages.conftest import URL

if TYPE_CHECKING:
    from types import ModuleType

    from tests.web.conftest import Site

SETUP = f"{URL}/setup?email=taro@sample.co.jp"


@pytest.mark.parametrize(("module", "slow"), [(rendering, "render"), (setup, "svg")])
def test_machines_do_not_wait_for_pages(
    site: Site, monkeypatch: pytest.MonkeyPatch, module: ModuleType, slow: str
) -> None:
    """While pages are made, mail programs are answered; then everybody has their page."""
    begun, made, make = threading.Event(), threading.Event(), getattr(module, slow)

    def slowly(*given: object, **named: object) -> str:
        begun.set()
        assert made.wait(10)
        text: str = make(*given, **named)
        return text

    async def asked() -> tuple[int, list[int]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site.app, client=STRANGER)) as client:
            readers = [asyncio.create_task(client.get(SETUP)) for _ in range(3)]
            await asyncio.to_thread(begun.wait, 10)
            document = await client.get(f"{URL}/mail/config-v1.1.xml?emailaddress=taro@sample.co.jp")
            made.set()
            return document.status_code, [(await reader).status_code for reader in readers]

    monkeypatch.setattr(module, slow, slowly)

    assert site.runner.run(asked()) == (200, [200] * 3)
