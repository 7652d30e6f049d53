from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping.database_location import Kind
from autoconfig.mapping.lookup.sql_text import MAX_LENGTH, Query

EVERY = list(Kind)
SERVERS = [Kind.POSTGRESQL, Kind.MARIADB]


def parse(text: str, kind: Kind = Kind.POSTGRESQL) -> Query:
    """A query with placeholders."""
    return Query.parse(text, kind, "query")


def shown(text: str, kind: Kind) -> str:
    """The query with `?1`, `?2`, … in place of its placeholders."""
    found = parse(text, kind)
    numbers = iter(range(1, 100))
    return "".join(f"?{next(numbers)}" if part is None else part for part in found.parts)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("SELECT a WHERE d = :domain", "SELECT a WHERE d = ?1", id="one"),
        pytest.param("SELECT :domain, :domain", "SELECT ?1, ?2", id="twice"),
        pytest.param("WITH x AS (SELECT 1) SELECT :domain", "WITH x AS (SELECT 1) SELECT ?1", id="with"),
        pytest.param("SELECT :domain;", "SELECT ?1", id="semicolon"),
        pytest.param("SELECT :domain ; \n", "SELECT ?1  \n", id="semicolon and space"),
        pytest.param("SELECT :domain; -- it; :domain\n;", "SELECT ?1 -- it; :domain\n", id="comment behind it"),
        pytest.param("SELECT :domain; /* it; */ ;", "SELECT ?1 /* it; */ ", id="another comment behind it"),
        pytest.param("SELECT ':domain', :domain", "SELECT ':domain', ?1", id="text"),
        pytest.param("SELECT 'it''s :domain', :domain", "SELECT 'it''s :domain', ?1", id="quote in a text"),
        pytest.param('SELECT ":domain", :domain', 'SELECT ":domain", ?1', id="quoted name"),
        pytest.param("SELECT :domain -- for :domain", "SELECT ?1 -- for :domain", id="comment"),
        pytest.param("SELECT -- it's\n :domain", "SELECT -- it's\n ?1", id="quote in a comment"),
        pytest.param("SELECT /* ; ' :domain */ :domain", "SELECT /* ; ' :domain */ ?1", id="comment in the middle"),
        pytest.param("SELECT 1 WHERE ':' < :domain", "SELECT 1 WHERE ':' < ?1", id="colon in a text"),
        pytest.param("SELECT 日本語 FROM t WHERE d=:domain", "SELECT 日本語 FROM t WHERE d=?1", id="no ASCII"),
        pytest.param("SELECT a % 2, '%s' WHERE d = :domain", "SELECT a % 2, '%s' WHERE d = ?1", id="percent"),
        pytest.param("SELECT intox, :domain FROM updates", "SELECT intox, ?1 FROM updates", id="words like verbs"),
        pytest.param("SELECT 'for update', :domain", "SELECT 'for update', ?1", id="quoted verbs"),
    ],
)  # fmt: skip
def test_placeholders(kind: Kind, text: str, expected: str) -> None:
    """A placeholder is what is neither text, nor name, nor comment."""
    assert expected == shown(text, kind)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        pytest.param(Kind.POSTGRESQL, "SELECT x::text, :domain::text", "SELECT x::text, ?1::text", id="cast"),
        pytest.param(Kind.POSTGRESQL, r"SELECT E'\':domain', :domain", r"SELECT E'\':domain', ?1", id="escapes"),
        pytest.param(Kind.POSTGRESQL, r"SELECT e'\\', :domain", r"SELECT e'\\', ?1", id="escaped backslash"),
        pytest.param(Kind.POSTGRESQL, r"SELECT '\', :domain", r"SELECT '\', ?1", id="backslash is no escape"),
        pytest.param(Kind.POSTGRESQL, r"SELECT nice'\', :domain", r"SELECT nice'\', ?1", id="e at the end of a word"),
        pytest.param(Kind.POSTGRESQL, "SELECT $$:domain'$$, :domain", "SELECT $$:domain'$$, ?1", id="dollars"),
        pytest.param(Kind.POSTGRESQL, "SELECT $a$ $$:domain $a$, :domain", "SELECT $a$ $$:domain $a$, ?1", id="tag"),
        pytest.param(Kind.POSTGRESQL, "SELECT /* /**/ :domain */ :domain", "SELECT /* /**/ :domain */ ?1", id="nested"),
        pytest.param(Kind.POSTGRESQL, "SELECT a[1 : 2], :domain", "SELECT a[1 : 2], ?1", id="slice"),
        pytest.param(Kind.POSTGRESQL, "SELECT a[1:2], :domain", "SELECT a[1:2], ?1", id="slice of numbers"),
        pytest.param(Kind.POSTGRESQL, "SELECT j ? ':domain', :domain", "SELECT j ? ':domain', ?1", id="JSON"),
        pytest.param(Kind.MARIADB, r"SELECT '\':domain', :domain", r"SELECT '\':domain', ?1", id="backslash"),
        pytest.param(Kind.MARIADB, r'SELECT "\":domain", :domain', r'SELECT "\":domain", ?1', id="backslash in a name"),
        pytest.param(Kind.MARIADB, "SELECT `:domain`, :domain", "SELECT `:domain`, ?1", id="backticks"),
        pytest.param(Kind.MARIADB, "SELECT :domain # :domain '", "SELECT ?1 # :domain '", id="hash"),
        pytest.param(Kind.MARIADB, "SELECT @x := :domain", "SELECT @x := ?1", id="assignment"),
        pytest.param(Kind.MARIADB, "SELECT 2--1 = :domain", "SELECT 2--1 = ?1", id="two minus"),
        pytest.param(Kind.SQLITE, "SELECT a$b, '$x?' = :domain", "SELECT a$b, '$x?' = ?1", id="dollar in a word"),
        pytest.param(Kind.SQLITE, "SELECT [:domain], :domain", "SELECT [:domain], ?1", id="brackets"),
        pytest.param(Kind.SQLITE, "SELECT `:domain`, :domain", "SELECT `:domain`, ?1", id="backticks of SQLite"),
        pytest.param(Kind.SQLITE, r"SELECT '\', :domain", r"SELECT '\', ?1", id="no escape in SQLite"),
    ],
)  # fmt: skip
def test_placeholders_of_one_engine(kind: Kind, text: str, expected: str) -> None:
    """Each engine has its own texts, names and comments."""
    assert expected == shown(text, kind)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "begin with SELECT or WITH", id="nothing"),
        pytest.param("-- SELECT :domain", "begin with SELECT or WITH", id="comment only"),
        pytest.param("DELETE FROM t WHERE d = :domain", "begin with SELECT or WITH", id="delete"),
        pytest.param("UPDATE t SET d = :domain", "begin with SELECT or WITH", id="update"),
        pytest.param("SELECT plan FROM t", "has no :domain", id="no placeholder"),
        pytest.param("SELECT ':domain'", "has no :domain", id="only in a text"),
        pytest.param("SELECT :name", "has :name", id="another placeholder"),
        pytest.param("SELECT :Domain", "has :Domain", id="upper case"),
        pytest.param("SELECT :domain$$", "has :domain$$", id="a dollar sign, which SQLite counts among letters"),
        pytest.param("SELECT :domainé", "has :domainé", id="another letter at its end"),
        pytest.param("SELECT :domain, :é", "has :é", id="another letter"),
        pytest.param("SELECT lo:hi, :domain", "put a space after the colon", id="colon between names"),
        pytest.param("; SELECT :domain", "more than one statement", id="semicolon first"),
        pytest.param("SELECT :domain; DELETE FROM t", "more than one statement", id="two statements"),
        pytest.param("SELECT 'it, :domain", "never closed", id="open text"),
        pytest.param("SELECT :domain /* to the end", "never closed", id="open comment"),
        pytest.param('SELECT "x, :domain', "never closed", id="open name"),
        pytest.param("SELECT :domain INTO OUTFILE '/tmp/x'", "INTO", id="into a file"),
        pytest.param("SELECT :domain FROM t FOR UPDATE", "FOR UPDATE", id="locks"),
        pytest.param("SELECT :domain FROM t for /* x */ share", "FOR SHARE", id="locks for reading"),
        pytest.param("SELECT :domain FROM t LOCK IN SHARE MODE", "LOCK IN", id="locks in MariaDB's words"),
        pytest.param("SELECT :domain" + " " * MAX_LENGTH, "longer than", id="long"),
        pytest.param("SELECT :domain\x00", "NUL", id="NUL"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", EVERY)
def test_what_is_no_query(kind: Kind, text: str, said: str) -> None:
    """What does not only read, or cannot be read, is refused with the setting's name."""
    with pytest.raises(SettingsInvalid, match=re.escape(said)) as caught:
        parse(text, kind)

    assert str(caught.value).startswith("query: ")


def test_longest() -> None:
    """A query may have exactly the maximum length."""
    assert parse("SELECT :domain".ljust(MAX_LENGTH), Kind.SQLITE).names == ("domain",)


@pytest.mark.parametrize("text", ["SELECT /*! :domain */ 1", "SELECT /*M! 1 */ :domain", "SELECT `a, :domain"])
def test_what_is_no_query_of_mariadb(text: str) -> None:
    """Comments that are executed, and names that are never closed."""
    with pytest.raises(SettingsInvalid, match="is never closed, or begins an executable comment"):
        parse(text, Kind.MARIADB)


def test_a_query_for_all_has_no_placeholder() -> None:
    """The query for all names is not about one."""
    with pytest.raises(SettingsInvalid, match="query_all: has :domain, but takes no placeholders"):
        Query.parse("SELECT :domain", Kind.POSTGRESQL, "query_all", placeholders=False)


@pytest.mark.parametrize("kind", SERVERS)
def test_rendered_for_the_drivers_of_servers(kind: Kind) -> None:
    """The drivers are given names, and every percent sign twice."""
    found = parse("SELECT '%' WHERE d = :domain OR u = :udomain", kind)

    assert found.rendered() == "SELECT '%%' WHERE d = %(domain)s OR u = %(udomain)s"


def test_rendered_without_placeholders() -> None:
    """Without values the drivers look for no percent signs."""
    assert Query.parse("SELECT '%';", Kind.POSTGRESQL, "query_all", placeholders=False).rendered() == "SELECT '%'"


def test_values() -> None:
    """`:domain` is the A-label form, `:udomain` the name as people write it; what does not stand is not given."""
    name = Domain.parse("日本語.example")

    assert parse("SELECT :domain").values(name) == {"domain": "xn--wgv71a119e.example"}
    assert parse("SELECT :domain, :udomain").values(name)["udomain"] == "日本語.example"
    assert parse("SELECT :udomain").values(Domain("a.example"))["udomain"] == "a.example"


_PIECES = st.sampled_from(
    [
        "'", "''", '"', "`", "[", "]", "\\", "E'", "$$", "$a$", "--", "-- ", "#", "/*", "*/", "\n", ":", "::", ":=",
        ":domain", ":udomain", ";", " ", "x", "1", "é", "$", "(", ")", ",", "into", "for update", "%", "%s",
    ]
)  # fmt: skip


@given(st.lists(_PIECES).map("".join) | st.text(max_size=60), st.sampled_from(EVERY))
@example("SELECT :domain/**//*", Kind.POSTGRESQL)
def test_any_text_is_read_or_refused(text: str, kind: Kind) -> None:
    """Whatever is written, reading ends with a query or with a sentence; nothing but placeholders is changed."""
    try:
        found = parse("SELECT " + text, kind)
    except SettingsInvalid:
        return
    names = iter(found.names)
    back = "".join(f":{next(names)}" if part is None else part for part in found.parts)

    assert back.replace(";", "") == ("SELECT " + text).replace(";", "")


@pytest.mark.parametrize("name", [":domain::text", ":domain(1)", "?", "?1", "$x", "@x", ":1", ":$", ":::x"])
def test_what_is_no_query_of_sqlite(name: str) -> None:
    """SQLite takes values for names of many forms. PostgreSQL casts the first one."""
    with pytest.raises(SettingsInvalid, match=re.escape(f"has {name},")):
        parse(f"SELECT :domain, {name}", Kind.SQLITE)

    assert shown("SELECT :domain::text", Kind.POSTGRESQL) == "SELECT ?1::text"


@given(st.lists(_PIECES, max_size=12).map("".join))
@example("':domain', :domain")
def test_sqlite_reads_it_likewise(text: str) -> None:
    """SQLite finds the placeholders where we find them: it wants a value for exactly these names."""
    try:
        found = parse("SELECT " + text, Kind.SQLITE)
    except SettingsInvalid:
        return
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(found.rendered(), dict.fromkeys(found.names, "x"))
        except sqlite3.OperationalError:
            return  # no SQL; what is in it, nobody says
        with pytest.raises(sqlite3.ProgrammingError):
            connection.execute(found.rendered(), {})


@given(st.text(min_size=1, max_size=40).filter(lambda text: "\x00" not in text))
def test_a_quoted_text_is_left_alone(text: str) -> None:
    """Whatever stands in a text reaches the database as it is."""
    quoted = text.replace("'", "''")
    found = parse(f"SELECT ':domain {quoted}' = :domain", Kind.SQLITE)
    with closing(sqlite3.connect(":memory:")) as connection:
        ((said,),) = connection.execute(found.rendered(), {"domain": f":domain {text}"})

    assert said == 1
