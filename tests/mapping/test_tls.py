"""TLS with real servers, as commands, followers and queries use it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.mapping.lookup.connection import Statement
from autoconfig.mapping.lookup.database import ForeignDatabase
from autoconfig.mapping.store_database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers.authority import MariaDBWithTLS, PostgreSQLWithTLS

CIPHER = {
    "postgresql": "SELECT cipher FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()",
    "mariadb": "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
}
"""What asks a server for the cipher of a connection."""

PASSWORD = "a'\\ %é€日本:@/?#&+;\"$"


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    """A database on a server that lets us in by TLS and a password only; its certificate says `localhost`."""
    server: PostgreSQLWithTLS | MariaDBWithTLS = request.getfixturevalue(f"{request.param}_tls")
    name = server.new_database()
    if request.param == "postgresql":
        with request.getfixturevalue("postgresql_tls").connect(name) as connection:
            password = PASSWORD.replace("'", "''")
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'".encode())
    else:
        with request.getfixturevalue("mariadb_tls").connect() as cursor:
            cursor.execute(f"CREATE USER {name}@'%%' IDENTIFIED BY %s REQUIRE SSL", [PASSWORD])
            cursor.execute(f"GRANT ALL ON {name}.* TO {name}@'%'")
    return f"{request.param}://{name}:{quote(PASSWORD, safe='')}@localhost:{server.port}/{name}"


def by_command(url: str) -> object:
    """The cipher of a connection of a command."""
    with closing(Database(url)) as database, database.reading() as connection:
        return connection.exec_driver_sql(CIPHER[url.partition(":")[0]]).scalar()


def by_query(url: str) -> object:
    """The cipher of a connection to another program's database."""

    async def scenario() -> object:
        database = ForeignDatabase(DatabaseLocation.parse(url))
        try:
            return (await database.answer(Statement(CIPHER[url.partition(":")[0]], {}))).rows[0][0]
        finally:
            await database.close()

    return asyncio.run(scenario())


NO_TRUST = "in the setting database, does sslrootcert name the file of the authority"
MODES = [
    pytest.param("localhost", "verify-full", "right", None, id="all is right"),
    pytest.param("127.0.0.1", "verify-full", "right", NO_TRUST, id="another name"),
    pytest.param("127.0.0.1", "verify-ca", "right", None, id="another name, which does not matter"),
    pytest.param("localhost", "verify-full", "other", NO_TRUST, id="another authority"),
    pytest.param("localhost", "verify-ca", "other", NO_TRUST, id="another authority, whatever the name"),
    pytest.param("localhost", "verify-full", None, NO_TRUST, id="no authority"),
    pytest.param("127.0.0.1", "require", None, None, id="encrypted only"),
    pytest.param("localhost", "disable", None, "are host and user in the setting database right", id="in clear"),
]
"""The host, `sslmode`, the authority, and the error if the connection is refused."""


@pytest.mark.parametrize("cipher", [by_command, by_query])
@pytest.mark.parametrize(("host", "mode", "authority", "says"), MODES)
def test_modes(
    url: str,
    authorities: Path,
    cipher: Callable[[str], object],
    host: str,
    mode: str,
    authority: str | None,
    says: str | None,
) -> None:
    """The URL's `sslmode` is enforced; a refusal is reported with the place, the cause and the remedy."""
    named = f"&sslrootcert={quote(str(authorities / authority))}.pem" if authority else ""
    asked = f"{url.replace('@localhost', f'@{host}')}?sslmode={mode}{named}"
    if says is None:
        assert str(cipher(asked)).startswith("TLS_")
        return
    with pytest.raises(MappingUnavailable, match=says) as caught:
        cipher(asked)
    said = str(caught.value)

    assert said.startswith(f"{DatabaseLocation.parse(asked).shown}: ")
    assert mode == "disable" or "certificate" in said
    assert PASSWORD not in said
