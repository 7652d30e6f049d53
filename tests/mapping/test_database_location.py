from __future__ import annotations

import os
import pwd
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from autoconfig.errors import SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation, Host, Kind

if TYPE_CHECKING:
    from pathlib import Path

URLS: dict[str, tuple[str, DatabaseLocation]] = {
    "SQLite": ("sqlite:////var/lib/mapping.db", DatabaseLocation(Kind.SQLITE, "/var/lib/mapping.db")),
    "SQLite, relative": ("sqlite:///a%20b?.db", DatabaseLocation(Kind.SQLITE, "a%20b?.db")),
    "SQLite, with its driver": ("sqlite+pysqlite:///mapping.db", DatabaseLocation(Kind.SQLITE, "mapping.db")),
    "PostgreSQL": (
        "postgresql://user:secret@db.example/mail",
        DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("db.example", 5432),), "user", "secret"),
    ),
    "postgres": ("postgres://h/mail", DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("h", 5432),))),
    "in capitals": ("PostgreSQL://h/mail", DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("h", 5432),))),
    "several hosts": (
        "postgresql://u@one,two:5433,[2001:db8::1]:5434,[::1]/mail?sslmode=verify-full",
        DatabaseLocation(
            Kind.POSTGRESQL,
            "mail",
            (Host("one", 5432), Host("two", 5433), Host("2001:db8::1", 5434), Host("::1", 5432)),
            "u",
            options={"sslmode": "verify-full"},
        ),
    ),
    "reserved characters": (
        "postgresql://us%40er:p%3Aa%2Fs%3Fs%23%25%20@h/ma%20il",
        DatabaseLocation(Kind.POSTGRESQL, "ma il", (Host("h", 5432),), "us@er", "p:a/s?s#% "),
    ),
    "an @ in the password": (
        "postgresql://u:a@b@h/mail",
        DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("h", 5432),), "u", "a@b"),
    ),
    "an empty password": ("mariadb://u:@h/mail", DatabaseLocation(Kind.MARIADB, "mail", (Host("h", 3306),), "u", "")),
    "Debian's socket": (
        "postgresql:///mail",
        DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("/run/postgresql", 5432),)),
    ),
    "the folder of a socket": (
        "postgresql://u@/mail?host=/tmp/pg&port=6432",
        DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("/tmp/pg", 6432),), "u"),
    ),
    "the folder of a socket as a host": (
        "postgresql://%2Ftmp%2Fpg:6432/mail",
        DatabaseLocation(Kind.POSTGRESQL, "mail", (Host("/tmp/pg", 6432),)),
    ),
    "MariaDB": (
        "mariadb://user:geheim%C3%A9@h:3307/mail?sslmode=require&connect_timeout=9",
        DatabaseLocation(
            Kind.MARIADB,
            "mail",
            (Host("h", 3307),),
            "user",
            "geheimé",
            {"sslmode": "require", "connect_timeout": "9"},
        ),
    ),
    "MySQL": (
        "mysql+pymysql://one,two/mail",
        DatabaseLocation(Kind.MARIADB, "mail", (Host("one", 3306), Host("two", 3306))),
    ),
    "MariaDB's socket": (
        "mariadb:///mail",
        DatabaseLocation(Kind.MARIADB, "mail", (Host("/run/mysqld/mysqld.sock", 3306),)),
    ),
    "another socket": (
        "mysql://u@/mail?unix_socket=/tmp/my.sock",
        DatabaseLocation(Kind.MARIADB, "mail", (Host("/tmp/my.sock", 3306),), "u"),
    ),
}


@pytest.mark.parametrize(("url", "place"), URLS.values(), ids=URLS)
def test_parse(url: str, place: DatabaseLocation) -> None:
    """A URL names the engine, the host, the user and the options."""
    assert place == DatabaseLocation.parse(url)


BAD = {
    "nothing": ("", "is not a database URL"),
    "a file": ("mapping.db", "write sqlite:///PATH, postgresql://… or mariadb://…"),
    "another engine": ("oracle://u:secret@h/mail", "is not a database URL"),
    "SQLite without a file": ("sqlite:///", "has no file; write sqlite:///PATH"),
    "SQLite with two slashes": ("sqlite://mapping.db", "has no file"),
    "SQLite in memory": ("sqlite:///:memory:", "has no file"),
    "no database": ("postgresql://u:secret@h", "has no database; write its name after the host"),
    "no database after a slash": ("postgresql://u:secret@h/", "has no database"),
    "a path": ("mariadb://u:secret@h/mail/", "has no database"),
    "/ in the password": ("postgresql://u:sec/ret@h/mail", "has / ? # or @ in the wrong place; write %2F"),
    "? in the password": ("postgresql://u:sec?ret@h/mail", "has no database"),
    "/ and ? in the password": ("postgresql://u:s/ec?ret@h/mail", "has an unknown option; PostgreSQL takes"),
    "# in the password": ("postgresql://u:sec#ret@h/mail", "%23 and %40 in a user name"),
    "a bad %": ("postgresql://u:secret%@h/mail", "the password has a % without two hexadecimal digits after it"),
    "not UTF-8": ("postgresql://u:secret%E9@h/mail", "the password is not UTF-8"),
    "a control character": ("postgresql://u:secret%00@h/mail", "the password has control characters"),
    "a line end in the user": ("postgresql://u%0A:secret@h/mail", "the user name has control characters"),
    "the port is a word": ("postgresql://u:secret@h:one/mail", "a port that is not a number from 1 to 65535"),
    "the port is empty": ("postgresql://u:secret@h:/mail", "a port that is not a number"),
    "the port is too high": ("mariadb://u:secret@h:65536/mail", "a port that is not a number from 1 to 65535"),
    "port 0": ("mariadb://u:secret@h:0/mail", "a port that is not a number from 1 to 65535"),
    "no @": ("postgresql://u:secret/mail", "in a password, write : as %3A"),
    "IPv6 without brackets": ("postgresql://u:secret@2001:db8::1/mail", "an IPv6 address as [2001:db8::1]"),
    "a host without a name": ("postgresql://u:secret@one,,two/mail", "has a server without a name"),
    "an empty label": ("mariadb://u:secret@a..b/mail", "has a host that cannot be looked up; write a name"),
    "a long label": (f"postgresql://u:secret@one,{'a' * 64}.b/mail", "has a host that cannot be looked up"),
    "a socket that is no path": ("mariadb://u:secret@/mail?unix_socket=h", "has a server without a name"),
    "two places": ("postgresql://u:secret@h/mail?host=/tmp", "names the server twice"),
    "an unknown option": (
        "postgresql://u:secret@h/mail?ssl=on",
        "unknown option ssl; PostgreSQL takes application_name",
    ),
    "another engine's option": ("mariadb://u:secret@h/mail?passfile=x", "unknown option passfile; MariaDB takes conn"),
    "an option without a value": ("mariadb://u:secret@h/mail?sslmode", "the option sslmode without a value"),
    "an option twice": ("mariadb://u:x@h/mail?sslmode=require&sslmode=require", "the option sslmode twice"),
    "the password as an option": ("postgresql://u@h/mail?password=secret", "write user:password@ before the host"),
    "two passwords": ("postgresql://u:secret@h/mail?password_file=/x", "a password and a password_file; keep one"),
    "a relative file": ("mariadb://u@h/mail?password_file=sec", "password_file is not an absolute path; write"),
    "sslmode": ("mariadb://u:secret@h/mail?sslmode=prefer", "write one of disable, require, verify-ca, verify-full"),
    "sslmode of PostgreSQL": ("postgresql://u:secret@h/mail?sslmode=on", "write one of disable, allow, prefer"),
    "connect_timeout": ("mariadb://u:secret@h/mail?connect_timeout=0", "connect_timeout is not a number of seconds"),
}


@pytest.mark.parametrize(("url", "says"), BAD.values(), ids=BAD)
def test_what_is_no_place(url: str, says: str) -> None:
    """Anything else is an error that names the setting and the remedy, and never the password."""
    with pytest.raises(SettingsInvalid) as caught:
        DatabaseLocation.parse(url, "replica_of")
    said = str(caught.value)

    assert said.startswith("replica_of")
    assert says in said
    assert "; " in said
    assert "sec" not in said.replace("seconds", "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////var/lib/mapping.db", "/var/lib/mapping.db"),
        ("postgres://u:secret@one,two:5433/mail?sslmode=require", "postgresql://u@one,two:5433/mail"),
        ("postgresql:///mail", "postgresql://%2Frun%2Fpostgresql/mail"),
        ("mysql://u%20x:secret@[::1]:3307/ma%20il", "mariadb://u%20x@[::1]:3307/ma%20il"),
    ],
    ids=["a file", "several hosts", "a socket", "IPv6"],
)
def test_shown(url: str, shown: str) -> None:
    """What is shown of a place has no password, and is the same place where it is a URL."""
    place = DatabaseLocation.parse(url)

    assert shown == place.shown
    assert "secret" not in repr(place)
    if place.hosts:
        assert DatabaseLocation.parse(shown).hosts == place.hosts


def test_path() -> None:
    """Only SQLite is a file; who needs one says so, without the password."""
    assert str(DatabaseLocation.parse("sqlite:///a/b.db").path) == "a/b.db"
    with pytest.raises(SettingsInvalid, match=r"^replica = 'mariadb://u@h/mail': a file is needed here; write sqlite"):
        _ = DatabaseLocation.parse("mariadb://u:secret@h/mail", "replica").path


def test_conninfo() -> None:
    """PostgreSQL's library gets every host with its port, the options of the URL, and our application name."""
    place = DatabaseLocation.parse(
        "postgresql://u:it's%5C@one,two:5433/mail?sslmode=require&options=-c%20search_path%3Dmail"
    )

    assert conninfo_to_dict(place.conninfo()) == {
        "host": "one,two",
        "port": "5432,5433",
        "user": "u",
        "password": "it's\\",
        "dbname": "mail",
        "sslmode": "require",
        "options": "-c search_path=mail",
        "application_name": "autoconfig",
        "client_encoding": "UTF8",
        "connect_timeout": "5",
        "keepalives": "1",
        "keepalives_idle": "5",
        "keepalives_interval": "1",
        "keepalives_count": "3",
        "tcp_user_timeout": "5000",
    }
    other = conninfo_to_dict(
        DatabaseLocation.parse("postgresql://h/mail?tcp_user_timeout=9&keepalives_idle=60").conninfo()
    )
    assert (other["tcp_user_timeout"], other["keepalives_idle"], other["keepalives_count"]) == ("9", "60", "3")


@pytest.mark.parametrize(("given", "target"), [("", "read-write"), ("?target_session_attrs=any", "read-write")])
def test_writers_reach_the_primary(given: str, target: str) -> None:
    """Who writes is led to the primary, whatever the URL says for readers."""
    conninfo = DatabaseLocation.parse(f"postgresql://one,two/mail{given}").conninfo("read-write")

    assert target == conninfo_to_dict(conninfo)["target_session_attrs"]


def test_mysql_arguments() -> None:
    """MariaDB's driver gets one host, by default the first, and the password as UTF-8."""
    place = DatabaseLocation.parse("mariadb://u:é@one,two:3307/mail?connect_timeout=9")
    arguments: dict[str, Any] = {**place.mysql_arguments()}

    assert arguments.pop("password").encode("latin-1") == "é".encode()
    assert arguments == {
        "host": "one", "port": 3306, "user": "u", "database": "mail", "charset": "utf8mb4", "connect_timeout": 9,
    }  # fmt: skip
    assert place.mysql_arguments(place.hosts[1])["port"] == 3307


def test_mysql_socket() -> None:
    """A socket is one, and TLS is not spoken over it."""
    arguments = DatabaseLocation.parse("mariadb:///mail?sslmode=require").mysql_arguments()

    assert arguments["unix_socket"] == "/run/mysqld/mysqld.sock"
    assert not {"host", "port", "ssl", "password"} & arguments.keys()


def test_mysql_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's user it is then, which in a container may have no name."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    place = DatabaseLocation.parse("mariadb://h/mail")

    assert place.mysql_arguments()["user"] == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_000)
    with pytest.raises(SettingsInvalid, match=r"^database: has no user, .* write user@ before the host$"):
        place.mysql_arguments()


@pytest.mark.parametrize(
    ("mode", "verify", "names"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_mysql_tls(mode: str, verify: ssl.VerifyMode, names: bool) -> None:
    """The words for TLS mean to MariaDB what they mean to PostgreSQL."""
    context = DatabaseLocation.parse(f"mariadb://h/mail?sslmode={mode}").mysql_arguments()["ssl"]

    assert (context.verify_mode, context.check_hostname) == (verify, names)


@pytest.mark.parametrize("option", ["sslrootcert", "sslcert"])
def test_mysql_certificates_that_cannot_be_read(tmp_path: Path, option: str) -> None:
    """The error for an invalid certificate names the options."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    place = DatabaseLocation.parse(f"mariadb://h/mail?sslmode=require&{option}={quote(str(file))}")
    with pytest.raises(SettingsInvalid, match=f"^database: {option} = '{file}' cannot be used: "):
        place.mysql_arguments()


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_password_file(tmp_path: Path, scheme: str, ending: str) -> None:
    """The password may stand in a file, which is read whenever somebody connects."""
    file = tmp_path / "password"
    place = DatabaseLocation.parse(f"{scheme}://u@h/mail?password_file={file}")
    for password in ("one two", " 2"):
        file.write_text(password + ending, encoding="utf-8", newline="")
        found: dict[str, Any] = (
            conninfo_to_dict(place.conninfo()) if scheme == "postgresql" else {**place.mysql_arguments()}
        )

        assert found["password"] == password
        assert "password_file" not in found


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b"\xff", "is not UTF-8")], ids=["none", "bytes"]
)
def test_password_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, says: str) -> None:
    """A file without a password is named, with the reason."""
    if content is not None:
        (tmp_path / "password").write_bytes(content)
    place = DatabaseLocation.parse(f"postgresql://u@h/mail?password_file={tmp_path / 'password'}")
    with pytest.raises(SettingsInvalid, match=rf"^database: password_file = '.*password' cannot be read: {says}"):
        place.conninfo()


PRINTED = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)


@given(PRINTED, PRINTED, PRINTED, st.integers(1, 65535), st.sampled_from(["postgresql", "mariadb"]))
def test_whatever_was_quoted(user: str, password: str, name: str, port: int, scheme: str) -> None:
    """User name, password and database survive, whatever characters they have; and what drivers get is the same."""
    if "/" in name:
        name = name.replace("/", "_")
    place = DatabaseLocation.parse(f"{scheme}://{quote(user, '')}:{quote(password, '')}@h:{port}/{quote(name, '')}")

    assert (user, password, name, port) == (place.user, place.password, place.database, place.hosts[0].port)
    if scheme == "postgresql":
        found = conninfo_to_dict(place.conninfo())
        assert (user, password, name) == (found["user"], found["password"], found["dbname"])
    assert DatabaseLocation.parse(place.shown) == DatabaseLocation(place.kind, name, place.hosts, user)


@given(st.sampled_from(["", "sqlite:///", "postgresql://", "mariadb://u:secret@"]), st.text(":/@?#%[],.&=h1é\0 a"))
def test_any_text(before: str, text: str) -> None:
    """No text is anything but a place or an error with a sentence, and no password is in it."""
    try:
        place = DatabaseLocation.parse(before + text)
    except SettingsInvalid as error:
        said = str(error)
    else:
        said = place.shown
        assert place.kind is Kind.SQLITE or place.hosts

    assert "secret" not in said
