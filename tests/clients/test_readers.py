from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTOCONFIG, Client, Found, Person, Refused, discover
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import EXEMPTED, Exempted, arrives
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.clients.readers.cases import Case

of_clients = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
of_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
STEPS = [(client, step.name) for client in CLIENTS.values() for step in client.steps(Person("sample.co.jp"))]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The served demo."""
    with serving(tmp_path_factory.mktemp("served") / "demo") as port:
        yield port


def outcome(ending: Callable[[], tuple[Found, ...]]) -> tuple[Found, ...] | str:
    """What a program ends with; a sentence if that is nothing."""
    try:
        return ending()
    except Refused as refused:
        return str(refused)


def changed(exempted: Exempted, servers: tuple[Found, ...], person: Person) -> tuple[Found, ...] | str:
    """What an exception makes of servers."""
    return outcome(lambda: tuple(exempted.change(server, person) for server in servers))


@of_cases
@pytest.mark.parametrize(("client", "name"), STEPS, ids=[f"{client.name}, {name}" for client, name in STEPS])
def test_step(port: int, client: Client, name: str, case: Case) -> None:
    """At each of its steps, a program arrives at the provider's table, or where an exception says."""
    (step,) = (step for step in client.steps(case.person) if step.name == name)

    assert outcome(lambda: arrives(client, step, case)) == outcome(lambda: step.read(step.ask(Wire(port))))


@of_cases
@of_clients
def test_whole_discovery(port: int, client: Client, case: Case) -> None:
    """A program that reaches all names needs one request, or ends with nothing if an exception says so."""
    steps = client.steps(case.person)
    wire = Wire(port)
    expected = outcome(lambda: arrives(client, steps[0], case))
    ended = outcome(lambda: discover(client, case.person, wire))

    if isinstance(expected, tuple):
        assert expected == ended
        assert len(wire.asked) == 1
    else:
        assert ended == "\n".join(f"{step.name}: {expected}" for step in steps)


@of_clients
def test_unknown_domain(port: int, client: Client) -> None:
    """Of a domain that nobody here knows, no program takes anything, and it asks all that it knows to ask."""
    person = Person("nobody.example")
    wire = Wire(port)
    ended = outcome(lambda: discover(client, person, wire))

    assert isinstance(ended, str)
    assert [step.url for step in client.steps(person)] == [line.partition(" ")[2] for line in wire.asked]


@pytest.mark.parametrize("exempted", EXEMPTED, ids=[f"{e.client}, {' and '.join(e.formats)}" for e in EXEMPTED])
def test_exception_is_needed(exempted: Exempted) -> None:
    """Each exception is about steps and domains that exist, and changes something for each of them."""
    client = CLIENTS[exempted.client]
    for domain in exempted.cases:
        case = CASES[domain]
        steps = [step for step in client.steps(case.person) if exempted.holds(client, step, case)]

        assert {step.format for step in steps} == set(exempted.formats)
        for step in steps:
            servers = client.of(case.servers, step.format)
            assert changed(exempted, servers, case.person) != servers


def test_exceptions_of_autoconfig() -> None:
    """These programs have an exception where they read autoconfig; all the others read every plan as it is."""
    assert {exempted.client for exempted in EXEMPTED if AUTOCONFIG in exempted.formats} == {
        "Thunderbird Android",
        "FairEmail",
        "Geary",
        "GNOME Online Accounts",
        "Horde",
        "SnappyMail",
    }


def test_cases_are_the_providers() -> None:
    """The eight example domains and all six plans are here."""
    examples = [case for case in CASES.values() if not case.beside]

    assert len(examples) == 8
    assert len({case.plan for case in examples}) == 6
