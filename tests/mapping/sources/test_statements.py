"""What holds for the sessions of both engines, against real servers."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping import database
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.opening import open_hosts, opener_of
from autoconfig.mapping.place import Place
from autoconfig.mapping.sources.source import Position
from autoconfig.mapping.timeline import Row
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from autoconfig.mapping.sources.source import Found, Session
    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

Answer = TypeVar("Answer")
NAME = "example.com"
TABLES = [
    "CREATE TABLE alembic_version (version_num VARCHAR(32))",
    "CREATE TABLE mapping (id BIGINT, name VARCHAR(253), valid_from BIGINT, plan VARCHAR(63), params TEXT)",
    "CREATE TABLE mapping_state (needs VARCHAR(4), generation VARCHAR(32))",
]


VERSION, STATE = "INSERT INTO alembic_version VALUES ('{}')", "INSERT INTO mapping_state VALUES ('{}', 'g')"


class Server(Protocol):
    """A real one."""

    def url(self, database: str) -> str:
        """Of one of its databases."""

    def new_database(self) -> str:
        """The name of an empty database."""

    def connect(self, database: str) -> Any:
        """A connection, or a cursor, that commits each statement."""


@pytest.fixture(params=["postgresql", "mariadb"])
def product(request: pytest.FixtureRequest) -> str:
    """The engine's name."""
    return str(request.param)


@pytest.fixture
def server(product: str, request: pytest.FixtureRequest) -> PostgreSQL | MariaDB:
    """A running server."""
    found: PostgreSQL | MariaDB = request.getfixturevalue(product)
    return found


@pytest.fixture
def url(product: str, request: pytest.FixtureRequest) -> str:
    """An empty mapping."""
    return str(request.getfixturevalue(f"{product}_url"))


def asked(url: str, question: Callable[[Session], Awaitable[Answer]]) -> Answer:
    """Open a session, ask, and close it."""
    place = Place.parse(url)

    async def run() -> Answer:
        session = await opener_of(place.kind)(place, place.hosts[0])
        try:
            return await question(session)
        finally:
            session.close()

    return asyncio.run(run())


def write(url: str, *changes: Change) -> None:
    """Append rows, as a command does."""
    journal = Journal(url)
    with journal.writing() as writing:
        writing.append(changes)
    journal.close()


def made_by_hand(server: Server, statements: Sequence[str]) -> str:
    """The URL of a database that was made with these."""
    name = server.new_database()
    with server.connect(name) as connection:
        for statement in statements:
            connection.execute(statement)
    return server.url(name)


def test_state(url: str) -> None:
    """A host says which history it has, how far it goes, and that it follows nobody."""
    before = asked(url, lambda session: session.state())
    write(url, Change(NAME, 1, "a", "{}"), Change(NAME, 1, "b", "{}"))
    after = asked(url, lambda session: session.state())

    assert (before.position.last_id, after.position.last_id) == (0, 2)
    assert before.position.generation == after.position.generation != ""
    assert (before.standby, after.standby) == (False, False)


@pytest.mark.parametrize(
    ("statements", "error", "said"),
    [
        pytest.param([], SchemaTooOld, "autoconfig db upgrade", id="empty"),
        pytest.param(TABLES[1:2], DatabaseForeign, "not a mapping database", id="another program's"),
        pytest.param([*TABLES[:2], VERSION.format("0001")], SchemaTooOld, "has schema 0001", id="of an older release"),
        pytest.param(TABLES[:2], DatabaseForeign, "not a mapping database", id="no revision"),
        pytest.param([*TABLES, VERSION.format("0002")], DatabaseForeign, "not a mapping database", id="no state"),
        pytest.param(
            [*TABLES, VERSION.format("9999"), STATE.format("9999")], SchemaTooNew, "schema 9999", id="needs newer code"
        ),
    ],
)
def test_not_usable(server: Server, statements: list[str], error: type[Exception], said: str) -> None:
    """A database that this release cannot use is refused, with a sentence that names it."""
    url = made_by_hand(server, statements)

    with pytest.raises(error, match=said) as caught:
        asked(url, lambda session: session.state())
    assert Place.parse(url).shown in str(caught.value)


def test_a_newer_schema_that_we_can_use(server: Server) -> None:
    """A newer schema is read where it says that this release will do."""
    statements = [*TABLES, VERSION.format("9999"), STATE.format(database.REVISION)]

    assert asked(made_by_hand(server, statements), lambda session: session.state()).position == Position("g", 0)


def test_rows_of(url: str) -> None:
    """The rows of a name come from the one that held at the moment asked for, and not one of another name."""
    write(
        url,
        *(
            Change(NAME, moment, plan, '{"x":"é"}')
            for moment, plan in ((100, "a"), (300, None), (200, "c"), (200, "b"))
        ),
        Change("other.example", 250, "x", "{}"),
    )

    def at(moment: int) -> Found:
        return asked(url, lambda session: session.rows_of(NAME, moment))

    found = [at(moment) for moment in (50, 100, 250, 300, 999)]
    nothing = asked(url, lambda session: session.rows_of("stranger.example", 50))
    rows = [
        Row(1, 100, "a", '{"x":"é"}'),
        Row(3, 200, "c", '{"x":"é"}'),
        Row(4, 200, "b", '{"x":"é"}'),
        Row(2, 300, None, '{"x":"é"}'),
    ]

    assert [rows, rows, rows[1:], rows[3:], rows[3:]] == [list(answer.rows) for answer in found]
    assert ({5}, []) == ({answer.state.position.last_id for answer in [*found, nothing]}, list(nothing.rows))


def test_rows_after(url: str) -> None:
    """Changes come in the order of their ids, as many as were asked for."""
    write(url, *(Change(f"d{number}.example", 9 - number, "a", "{}") for number in range(5)))
    first = asked(url, lambda session: session.rows_after(0, 2))
    rest = asked(url, lambda session: session.rows_after(2, 99))
    none = asked(url, lambda session: session.rows_after(5, 99))

    assert [("d0.example", Row(1, 9, "a", "{}")), ("d1.example", Row(2, 8, "a", "{}"))] == list(first.rows)
    assert ([row.id for _, row in rest.rows], list(none.rows)) == ([3, 4, 5], [])
    assert {5} == {answer.state.position.last_id for answer in (first, rest, none)}


def test_an_answer_is_one_snapshot(url: str) -> None:
    """How far an answer goes, and its rows, belong together, whatever is written meanwhile."""
    enough = threading.Event()

    async def scenario() -> set[tuple[int, int]]:
        place = Place.parse(url)
        session = await opener_of(place.kind)(place, place.hosts[0])
        writing, pairs = asyncio.create_task(asyncio.to_thread(writes)), set[tuple[int, int]]()
        try:
            while len(pairs) < 10 and not writing.done():
                found = await session.rows_of(NAME, 0)
                pairs.add((found.state.position.last_id, max((row.id for row in found.rows), default=0)))
        finally:
            enough.set()
            session.close()
        await writing
        return pairs

    def writes() -> None:
        for number in itertools.takewhile(lambda _: not enough.is_set(), itertools.count()):
            write(url, Change(NAME, number, "a", "{}"))

    pairs = asyncio.run(scenario())
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


def test_state_was_emptied_by_hand(server: Server) -> None:
    """A database that lost its state in use is unavailable, and says why."""
    url = made_by_hand(server, [*TABLES, VERSION.format(database.REVISION)])

    with pytest.raises(MappingUnavailable, match="mapping_state is empty"):
        asked(url, lambda session: session.rows_of(NAME, 0))
    with pytest.raises(MappingUnavailable, match="mapping_state is empty"):
        asked(url, lambda session: session.rows_after(0, 1))


def test_a_statement_that_fails(server: Server) -> None:
    """Whatever the server says to a statement is an error of ours on one line, with the place."""
    url = made_by_hand(server, [*TABLES[:1], TABLES[2]])

    with pytest.raises(MappingUnavailable, match="mapping") as caught:
        asked(url, lambda session: session.rows_of(NAME, 0))
    assert Place.parse(url).shown in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["nobody", "no database", "no password", "no name"])
def test_cannot_connect(product: str, server: Server, kind: str) -> None:
    """A server that cannot be reached, or that refuses us, is unavailable; the password is not in the sentence."""
    name = server.new_database()
    at = server.url(name).partition("@")[2]
    urls = {
        "nobody": f"{product}://me:geheim@127.0.0.1:{free_port()}/{name}",
        "no database": f"{product}://{'autoconfig' if product == 'postgresql' else 'root'}@{at}_missing",
        "no password": f"{product}://nobody:geheim@{at}",
        "no name": f"{product}://me:geheim@name.invalid/{name}",
    }

    with pytest.raises(MappingUnavailable) as caught:
        asked(urls[kind], lambda session: session.state())
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert Place.parse(urls[kind]).shown in str(caught.value)


def test_a_file_that_is_missing(server: Server, tmp_path: Path) -> None:
    """A file that the URL names and that is not there is for the operator to mend."""
    with pytest.raises(SettingsInvalid, match="password_file"):
        asked(f"{server.url('x')}?password_file={tmp_path / 'missing'}", lambda session: session.state())


def test_a_server_without_tls(product: str) -> None:
    """Where TLS is asked for, nothing is sent to a server that has none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        port = listening.getsockname()[1]
        greeting = {
            "postgresql": b"N",
            "mariadb": b"J\0\0\0\x0a10.0.0\0\1\0\0\0abcdefgh\0\xff\xf7\x21\2\0\xff\x81\x15\0\0\0\0\0\0\0\0\0\0"
            b"abcdefghijkl\0mysql_native_password\0",
        }[product]
        said: list[bytes] = []

        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.settimeout(20)
                if product == "postgresql":
                    said.append(client.recv(8))
                client.sendall(greeting)
                said.append(client.recv(4096))

        async def scenario() -> None:
            place = Place.parse(f"{product}://me:geheim@127.0.0.1:{port}/x?sslmode=require")
            serving = asyncio.ensure_future(asyncio.to_thread(serve))
            with pytest.raises(MappingUnavailable, match=r"SSL|TLS"):
                await opener_of(place.kind)(place, place.hosts[0])
            await serving

        asyncio.run(scenario())

    assert said[-1] == b""


def test_a_row_that_was_lost_and_whose_id_was_given_again(server: Server, url: str) -> None:
    """A server that lost the last row, and was written to since, is asked for everything anew."""

    async def scenario() -> list[str | None]:
        finder = CachedFinder(open_hosts(Place.parse(url)))
        await finder.start()
        plans = []
        for step in ("before", "after"):
            if step == "after":
                with server.connect(url.rpartition("/")[2]) as connection:
                    connection.execute("DELETE FROM mapping WHERE plan = 'b'")
                await asyncio.to_thread(write, url, *(Change("other.example", 1, plan, "{}") for plan in "cd"))
                await finder.watch()
            rows = [(await finder.find(Domain(name))).at(9) for name in (NAME, "other.example")]
            plans += [row.plan if row else None for row in rows]
        await finder.close()
        return plans

    write(url, Change(NAME, 1, "a", "{}"), Change(NAME, 1, "b", "{}"))

    assert asyncio.run(scenario()) == ["b", None, "a", "d"]


@pytest.mark.parametrize("days", [0.9, 1.1, 400])
def test_a_clock_that_was_ahead(url: str, days: float) -> None:
    """When a clock that was ahead is set right, the rows that hold then are served, however far ahead it was."""

    async def scenario() -> list[str | None]:
        moment = now + days * 86_400
        finder = CachedFinder(open_hosts(Place.parse(url)), clock=lambda: moment)
        await finder.start()
        plans = [(await finder.find(Domain(NAME))).at(moment)]
        moment = now
        await finder.watch()
        plans.append((await finder.find(Domain(NAME))).at(moment))
        await finder.close()
        return [row.plan if row else None for row in plans]

    now = 2_000_000_000.0
    write(url, Change(NAME, 1, "a", "{}"), Change(NAME, int(now) + 1, "b", "{}"))

    assert asyncio.run(scenario()) == ["b", "a"]
