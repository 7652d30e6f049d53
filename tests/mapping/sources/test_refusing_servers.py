"""Real servers that begin to refuse connections while they are read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.opening import open_hosts
from autoconfig.mapping.place import Place
from autoconfig.mapping.sources import hosts
from autoconfig.mapping.sources.pool import SIZE
from tests.mapping.copies.histories import change

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.authority import MariaDBWithTLS, PostgreSQLWithTLS

pytestmark = pytest.mark.parametrize("engine", ["postgresql", "mariadb"])


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine a crowd takes its time; nobody is refused for that here."""
    for name in ("PATIENCE", "_LOOK", "_CHANGES"):
        monkeypatch.setattr(hosts, name, 60.0)


class Account:
    """A user of a server's, with a mapping of its own, that logs in by a password in a file."""

    def __init__(self, server: PostgreSQLWithTLS | MariaDBWithTLS, engine: str, file: Path) -> None:
        self._server, self._engine, self.file = server, engine, file
        self.name = server.new_database()
        self.owner = server.url(self.name)
        upgrade(self.owner)
        if engine == "postgresql":
            self._run(f"CREATE ROLE {self.name} LOGIN", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {self.name}")
        else:
            self._run(f"CREATE USER {self.name}@'%'", f"GRANT SELECT ON {self.name}.* TO {self.name}@'%'")
        self.password("old")
        file.write_text("old")
        place = f"localhost:{server.port}/{self.name}?sslmode=require&password_file={file}"
        self.url = f"{engine}://{self.name}@{place}"

    def password(self, text: str) -> None:
        """Change it on the server."""
        if self._engine == "postgresql":
            self._run(f"ALTER ROLE {self.name} PASSWORD '{text}'")
        else:
            self._run(f"ALTER USER {self.name}@'%' IDENTIFIED BY '{text}'")

    def limit(self, connections: int) -> None:
        """Let it have no more than so many."""
        if self._engine == "postgresql":
            self._run(f"ALTER ROLE {self.name} CONNECTION LIMIT {connections}")
        else:
            self._run(f"ALTER USER {self.name}@'%' WITH MAX_USER_CONNECTIONS {connections}")

    def _run(self, *statements: str) -> None:
        with self._server.connect(self.name) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def account(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Account:
    """A user of a server that asks for passwords."""
    return Account(request.getfixturevalue(f"{engine}_tls"), engine, tmp_path / "password")


async def many(finder: CachedFinder, name: str) -> set[str | None]:
    """The plans that a crowd is told, each asking for a name that nobody asked for before."""

    async def one(number: int) -> str | None:
        row = (await finder.find(Domain(f"{name}{number}.example"))).at(9)
        return row.plan if row else None

    return set(await asyncio.gather(*map(one, range(10 * SIZE))))


def test_no_more_connections(account: Account) -> None:
    """A server that takes few connections of us is read over those; nobody is refused, no look fails."""

    async def scenario() -> list[set[str | None]]:
        finder = CachedFinder(open_hosts(Place.parse(account.url)))
        await finder.start()
        found = []
        for round_ in range(5):
            crowd = asyncio.ensure_future(many(finder, f"d{round_}-"))
            while not crowd.done():
                await finder.watch()
                await asyncio.sleep(0.01)
            found.append(await crowd)
        await finder.close()
        return found

    account.limit(3)

    assert asyncio.run(scenario()) == [{None}] * 5


def test_a_password_that_is_changed(account: Account) -> None:
    """
    While the file still has the old password the connections that were made go on, changes and new names with them;
    when it has the new one, new connections are made by that.
    """

    async def scenario() -> list[set[str | None]]:
        source = open_hosts(Place.parse(account.url))
        finder = CachedFinder(source)
        await finder.start()
        found = [{row.plan if (row := (await finder.find(Domain("known.example"))).at(9)) else None}]
        await asyncio.to_thread(account.password, "new")
        await asyncio.to_thread(change, account.owner, "known.example", plan="b")
        found.append(await many(finder, "d"))
        await finder.watch()
        found.append({row.plan if (row := (await finder.find(Domain("known.example"))).at(9)) else None})
        await asyncio.to_thread(account.file.write_text, "new")
        found.append(await many(finder, "e"))
        assert len(source._hosts[0].asked._room.idle) == SIZE
        await finder.close()
        return found

    change(account.owner, "known.example", plan="a")

    assert asyncio.run(scenario()) == [{"a"}, {None}, {"b"}, {None}]
