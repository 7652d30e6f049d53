from __future__ import annotations

from pathlib import Path

import pytest

from autoconfig.resources import templates
from autoconfig.web.pages.programs import PROGRAMS, Device, Program, at_hand, device_of, known
from autoconfig.web.pages.traits import TRAITS

ROOT = Path(__file__).parents[3]

MOZILLA = "Mozilla/5.0"


@pytest.mark.parametrize(
    ("user_agent", "program"),
    [
        pytest.param(
            f"{MOZILLA} (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
            Program.IPHONE,
            id="iPhone",
        ),
        pytest.param(f"{MOZILLA} (iPad; CPU OS 12_0 like Mac OS X)", Program.IPHONE, id="old iPad"),
        pytest.param(f"{MOZILLA} (iPod touch; CPU iPhone OS 12_0 like Mac OS X)", Program.IPHONE, id="iPod"),
        pytest.param(
            f"{MOZILLA} (Linux; Android 16; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36",
            Program.GMAIL,
            id="Android",
        ),
        pytest.param(f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", Program.MAC, id="Mac"),
        pytest.param(f"{MOZILLA} (Windows NT 10.0; Win64; x64) Chrome/156.0.0.0", Program.OUTLOOK, id="Windows"),
        pytest.param(
            f"{MOZILLA} (Windows NT 10.0; rv:153.0) Gecko/20100101 Thunderbird/153.0", Program.THUNDERBIRD, id="itself"
        ),
        pytest.param(f"{MOZILLA} (X11; Linux x86_64; rv:153.0) Firefox/153.0", Program.THUNDERBIRD, id="Linux"),
        pytest.param("", Program.THUNDERBIRD, id="nothing said"),
    ],
)
def test_at_hand(user_agent: str, program: Program) -> None:
    """Each device has a program that comes with it."""
    assert program is at_hand(user_agent)


def test_devices() -> None:
    """Every program is found under one device, and every device has one."""
    programs = [program for device in Device for program in PROGRAMS[device]]

    assert sorted(programs) == sorted(Program)
    assert all(program in PROGRAMS[device_of(program)] for program in Program)


@pytest.mark.parametrize(("name", "program"), [("mac", Program.MAC), ("pine", None), ("", None), (None, None)])
def test_known(name: str | None, program: Program | None) -> None:
    """A link may name a program; what is none is ignored."""
    assert program is known(name)


def test_steps() -> None:
    """There are steps for each program, and for no other."""
    names = {entry.name for entry in (templates() / "page" / "programs").iterdir()}

    assert {f"{program.value}.html" for program in Program} == names


def test_sources_are_documented() -> None:
    """docs/page.md names each program, and the version with which the page says that its wording was checked."""
    text = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for program in Program:
        (row,) = [line for line in rows if f"`{program.value}`" in line.split("|")[1]]

        assert row.split("|")[2].strip() == TRAITS[program].checked
