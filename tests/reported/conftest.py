"""
Requests and files with which somebody once got the wrong answer, against the served program: one entry a report.

A module says what is served: `PLANS`, the text of plans.toml; `ROWS`, a CSV file as `autoconfig mapping sync` reads it;
and `SETTINGS`, if it needs any. Its tests share one server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import command, demo, environment, listening, made, on_demo, serve, start, wait_until
from tests.reported import asked
from tests.reported.bench import Bench
from tests.reported.served import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command, Serve

__all__ = ["command", "demo", "environment", "listening", "made", "on_demo", "serve", "start", "wait_until"]


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The module's server."""
    module = request.module
    folder = tmp_path_factory.mktemp("reported") / "site"
    with serving(folder, module.PLANS, module.ROWS, getattr(module, "SETTINGS", {})) as server:
        yield server


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server of `asked`, where plain http is redirected to a `public_url` that is an `autodiscover.` name."""
    settings = {**asked.SETTINGS, "public_url": "https://autodiscover.provider.example", "plain_http": "redirect"}
    with serving(tmp_path_factory.mktemp("redirecting") / "site", asked.PLANS, asked.ROWS, settings) as server:
        yield server


@pytest.fixture
def bench(demo: Path, tmp_path: Path, on_demo: Command, serve: Serve) -> Bench:
    """A demo of the test's own."""
    return Bench(demo, tmp_path, on_demo, serve)
