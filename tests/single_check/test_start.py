from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from autoconfig.resources import templates
from autoconfig.results.domain_result import Listed
from autoconfig.results.single import newest_result
from autoconfig.settings import Settings
from autoconfig.single_check import start as starting
from autoconfig.single_check.start import PAUSE, CheckStart, progress_of, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "sample.co.jp"
LISTED = Listed(NAME, "server-maintenance", "{}")
PATIENCE = 60.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A server's, whose name server answers nothing at once."""
    return Settings.model_validate(
        {
            "plans": str(templates() / "demo" / "plans.toml"),
            "state_dir": tmp_path / "state",
            "public_url": "https://autoconfig.xbit.jp",
            "mx_nameservers": "127.0.0.1:9",
            "mx_timeout": 0.1,
        }
    )


@pytest.fixture
def held(settings: Settings) -> Iterator[int]:
    """The lock, as a check under way holds it."""
    settings.state_dir.mkdir()
    descriptor = os.open(settings.state_dir / starting._LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def children() -> list[int]:
    """The processes that check, of those that this one started."""
    found = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "autoconfig.single_check.child" in line]


def wait_for_end(settings: Settings) -> None:
    """Wait until no check is under way."""
    deadline = time.monotonic() + PATIENCE
    while progress_of(settings.state_dir, NAME).busy:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_ten_at_once(settings: Settings) -> None:
    """Ten who ask at once start one check; its result is there for all, and the next one has to wait a minute."""
    with ThreadPoolExecutor(10) as threads:
        outcomes = list(threads.map(lambda _: start(settings, LISTED), range(10)))
    assert outcomes.count(CheckStart.STARTED) == 1
    assert set(outcomes) <= {CheckStart.STARTED, CheckStart.BUSY}
    assert progress_of(settings.state_dir, NAME).running
    wait_for_end(settings)
    found = newest_result(settings.state_dir, NAME)

    assert found is not None
    assert (found.name, found.plan, found.machine) == (NAME, "server-maintenance", os.uname().nodename)
    assert start(settings, LISTED) is CheckStart.SOON


def test_killed(settings: Settings) -> None:
    """A check that is killed leaves no lock and no result, and another domain can be checked at once."""
    assert start(settings, LISTED) is CheckStart.STARTED
    (process,) = children()
    os.kill(process, signal.SIGKILL)
    wait_for_end(settings)

    assert newest_result(settings.state_dir, NAME) is None
    progress = progress_of(settings.state_dir, NAME)
    assert progress.started_at is not None
    assert not progress.running
    assert start(settings, Listed("hanako.co.jp", "server-maintenance", "{}")) is CheckStart.STARTED
    wait_for_end(settings)


def test_busy(settings: Settings, held: int) -> None:
    """While a check is under way on this machine, none is started, and only its own domain's page says that it runs."""
    assert held
    starting._write(settings.state_dir, {"older.example": 5, "running.example": 6})

    assert start(settings, LISTED) is CheckStart.BUSY
    assert children() == []
    assert progress_of(settings.state_dir, NAME) == (None, False, True)
    assert progress_of(settings.state_dir, "older.example") == (5, False, True)
    assert progress_of(settings.state_dir, "running.example") == (6, True, True)


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        pytest.param("{}", CheckStart.STARTED, id="none"),
        pytest.param("not JSON", CheckStart.STARTED, id="damaged"),
        pytest.param('["a"]', CheckStart.STARTED, id="of another program"),
        pytest.param(f'{{"{NAME}": NOW}}', CheckStart.SOON, id="just now"),
        pytest.param(f'{{"{NAME}": LATER}}', CheckStart.STARTED, id="in the future of this clock"),
        pytest.param(f'{{"{NAME}": BEFORE}}', CheckStart.STARTED, id="a minute ago"),
        pytest.param('{"other.example": NOW}', CheckStart.STARTED, id="another domain just now"),
    ],
)
def test_pause(settings: Settings, monkeypatch: pytest.MonkeyPatch, written: str, outcome: CheckStart) -> None:
    """Between two checks of a domain is a minute, whatever the file with their times has in it."""
    monkeypatch.setattr(starting, "_spawn", lambda *_: None)
    now = int(time.time())
    text = written.replace("NOW", str(now)).replace("LATER", str(now + 999)).replace("BEFORE", str(now - PAUSE))
    settings.state_dir.mkdir()
    (settings.state_dir / starting._STARTED).write_text(text, encoding="utf-8")

    assert start(settings, LISTED) is outcome


def test_remembered(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file with the times stays small."""
    monkeypatch.setattr(starting, "_spawn", lambda *_: None)
    settings.state_dir.mkdir()
    starting._write(settings.state_dir, {f"{number}.example": number for number in range(500)})
    assert start(settings, LISTED) is CheckStart.STARTED
    kept = starting._read(settings.state_dir)

    assert len(kept) == starting._REMEMBERED
    assert list(kept)[-2:] == ["499.example", NAME]
