from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import Refused, Step
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import arrives
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.readers.cases import Case

CASE = CASES["two-names.example"]
STEPS = [
    (name, step.name)
    for name, client in CLIENTS.items()
    for step in client.steps(CASE.person)
    if step.name.startswith("http ")
]
IDS = [f"{name}, {step}" for name, step in STEPS]
FOLLOWING = {
    "Thunderbird",
    "Thunderbird Android",
    "Evolution",
    "Evolution 3.46",
    "GNOME Online Accounts",
    "KMail",
    "KMail 22.12",
    "Nextcloud Mail",
    "SnappyMail",
    "Horde",
}
"""Programs that follow a redirect from http to https (clients.md A3)."""


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The demo, sending who asks by plain http to https."""
    with serving(tmp_path_factory.mktemp("redirecting") / "demo", plain_http="redirect") as port:
        yield port


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The demo, refusing who asks by plain http."""
    with serving(tmp_path_factory.mktemp("refusing") / "demo", plain_http="refuse") as port:
        yield port


def step_of(name: str, step: str, case: Case) -> Step:
    """A step of a program."""
    return next(found for found in CLIENTS[name].steps(case.person) if found.name == step)


@pytest.mark.parametrize(("name", "step_name"), STEPS, ids=IDS)
def test_redirected(redirecting: int, name: str, step_name: str) -> None:
    """With `plain_http = redirect` a program that follows arrives as before; the others go on to their next step."""
    client, step, wire = CLIENTS[name], step_of(name, step_name, CASE), Wire(redirecting)

    if name in FOLLOWING:
        assert arrives(client, step, CASE) == step.read(step.ask(wire))
        assert wire.asked[1].startswith("GET https://autoconfig.xbit.jp/v1.1/two-names.example")
    else:
        with pytest.raises(Refused):
            step.ask(wire)
        assert len(wire.asked) == 1


@pytest.mark.parametrize(("name", "step_name"), STEPS, ids=IDS)
def test_refused(refusing: int, name: str, step_name: str) -> None:
    """With `plain_http = refuse` no program takes anything from an answer by plain http."""
    with pytest.raises(Refused, match="status 403"):
        step_of(name, step_name, CASE).ask(Wire(refusing))


@pytest.mark.parametrize("name", ["Thunderbird", "Outlook 2010+"])
def test_autodiscover_by_http(refusing: int, name: str) -> None:
    """Autodiscover by plain http goes on working: Outlook's probe is sent to https, a POST is answered."""
    client, case = CLIENTS[name], CASES["recommended.example"]
    step = next(step for step in client.steps(case.person) if step.url.startswith("http://autodiscover."))

    assert arrives(client, step, case) == step.read(step.ask(Wire(refusing)))


def test_these_programs_ask_by_http() -> None:
    """Geary, aerc and Delta Chat ask by https alone."""
    urls = {name: [step.url for step in client.steps(CASE.person)] for name, client in CLIENTS.items()}
    asking = {name for name, asked in urls.items() if any(url.startswith("http:") for url in asked)}

    assert set(CLIENTS) - asking == {"Geary", "aerc", "Delta Chat"}
