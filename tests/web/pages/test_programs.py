from __future__ import annotations

import pytest

from autoconfig.resources import templates
from autoconfig.web.pages.programs import Program, at_hand, in_order, known

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


@pytest.mark.parametrize("first", Program)
def test_in_order(first: Program) -> None:
    """One program comes first, and none is lost."""
    order = in_order(first)

    assert order[0] is first
    assert sorted(order) == sorted(Program)


@pytest.mark.parametrize(("name", "program"), [("mac", Program.MAC), ("pine", None), ("", None), (None, None)])
def test_known(name: str | None, program: Program | None) -> None:
    """A link may name a program; what is none is ignored."""
    assert program is known(name)


def test_steps() -> None:
    """There are steps for each program, and for no other."""
    names = {entry.name for entry in (templates() / "page" / "programs").iterdir()}

    assert {f"{program.value}.html" for program in Program} == names
