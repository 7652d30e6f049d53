from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import RowInvalid, SettingsInvalid
from autoconfig.mail.params import decode
from autoconfig.mapping.lookup.columns import MAX_VALUE, Columns, PlanAndParams

BOTH = ("plan", "server")


def read(*rows: tuple[object, ...], plans: dict[str, str] | None = None) -> PlanAndParams | None:
    """What rows with a plan and a server say."""
    return Columns.of(BOTH, plans).read(rows)


@pytest.mark.parametrize(
    ("names", "listing", "said"),
    [
        pytest.param((), False, "no column 'plan', only none; write `SELECT … AS plan`", id="none"),
        pytest.param(("package", "host"), False, "no column 'plan', only package, host", id="not aliased"),
        pytest.param(("plan", "plan"), False, "two columns 'plan'", id="twice"),
        pytest.param(("plan", "a", "A"), False, "two columns 'a'", id="twice in another case"),
        pytest.param(("plan", "host-name"), False, "'host-name' cannot be a param", id="no name"),
        pytest.param(("plan", "count(*)"), False, "'count(*)' cannot be a param", id="expression"),
        pytest.param(("plan", "local"), False, "'local' cannot be a param", id="variable"),
        pytest.param(("plan", "domain", "NAME"), False, "'domain' and 'name', which mean", id="domain and name"),
        pytest.param(("plan", "domain", "name"), True, "'domain' and 'name', which mean", id="both in a list"),
        pytest.param(("plan", "1"), False, "'1' cannot be a param", id="number"),
        pytest.param(("plan", "server"), True, "no column 'domain'", id="list without names"),
        pytest.param(("domain", "server"), True, "no column 'plan'", id="list without plans"),
    ],
)
def test_columns_that_cannot_be_used(names: tuple[str, ...], listing: bool, said: str) -> None:
    """Each column is the plan or a param, and in a list one is the name."""
    with pytest.raises(SettingsInvalid, match=re.escape(said)):
        Columns.of(names, None, listing=listing)


def test_columns() -> None:
    """The plan's column is found wherever it stands, in any case."""
    found = Columns.of(("server", "PLAN", "Port_2"), None)

    assert PlanAndParams("a", '{"port_2":"2","server":"x"}') == found.read([("x", "a", 2)])
    assert list(found.params) == ["server", "port_2"]


@pytest.mark.parametrize("domain", ["domain", "name", "Name"])
def test_names_of_a_list(domain: str) -> None:
    """In a list, each row names its domain, in a column `domain` or, as in earlier CSV files, `name`."""
    found = Columns.of(("plan", domain), None, listing=True)

    assert found.name_of(("x", " a.example ")) == "a.example"
    assert found.name_of(("x", None)) is None
    assert PlanAndParams("x", "{}") == found.read([("x", "a.example")])


@pytest.mark.parametrize("domain", ["domain", "name"])
def test_domain_is_no_param(domain: str) -> None:
    """The query for one name may have the column with the domain too; it is not a param."""
    found = Columns.of(("plan", domain, "server"), None)

    assert PlanAndParams("x", '{"server":"s"}') == found.read([("x", "a.example", "s")])


VALUES = {
    "text": ("cs1.example", "cs1.example"),
    "CHAR(n)": ("cs1.example   ", "cs1.example"),
    "pattern": ("{local}.{domain}", "{local}.{domain}"),
    "whole number": (993, "993"),
    "zero": (0, "0"),
    "decimal": (Decimal(3), "3"),
    "decimal with zeros": (Decimal("3.00"), "3"),
    "float": (3.0, "3"),
    "true": (True, "true"),
    "false": (False, "false"),
    "bytes": ("é".encode(), "é"),
    "memory": (memoryview(b"a"), "a"),
    "UUID": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "NULL": (None, None),
    "empty": ("", None),
    "blank": (" \t\n", None),
    "no bytes": (b"", None),
    "as long as may be": ("a" * MAX_VALUE, "a" * MAX_VALUE),
}


@pytest.mark.parametrize(("value", "expected"), VALUES.values(), ids=VALUES)
def test_values(value: object, expected: str | None) -> None:
    """What is text, or can be written as it in one way, is; NULL and nothing are unset."""
    said = read(("a", value))

    assert PlanAndParams("a", "{}" if expected is None else f'{{"server":"{expected}"}}') == said
    assert PlanAndParams(expected, "{}") == Columns.of(("plan",), None).read([(value,)])


REFUSED = {
    "fraction": (3.5, "a fractional or huge number"),
    "decimal with a fraction": (Decimal("0.10"), "a fractional or huge number"),
    "huge": (Decimal("1e999999999"), "or huge number"),
    "huge integer": (10**5000, "or huge number"),
    "infinite": (float("inf"), "a fractional or huge number"),
    "not a number": (float("nan"), "a fractional or huge number"),
    "signalling": (Decimal("sNaN"), "a fractional or huge number"),
    "day": (dt.date(2026, 1, 1), "is a date"),
    "list": (["a"], "is a list"),
    "object": ({}, "is a dict"),
    "bytes": (b"\xff", "bytes that are not UTF-8"),
    "bit": (b"\x01", "control characters"),
    "line end": ("a\nb", "control characters"),
    "surrogate": ("\ud800", "control characters"),
    "long": ("a" * (MAX_VALUE + 1), f"longer than {MAX_VALUE}"),
}


@pytest.mark.parametrize(("value", "said"), REFUSED.values(), ids=REFUSED)
def test_values_that_are_refused(value: object, said: str) -> None:
    """What cannot be text is refused by the name of its column."""
    with pytest.raises(RowInvalid, match=re.escape(said)) as caught:
        read(("a", value))
    with pytest.raises(RowInvalid, match=re.escape(said)) as of_plan:
        read((value, "x"))

    assert (caught.value.column, of_plan.value.column) == ("server", "plan")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([("a", "x"), ("a", "x ")], PlanAndParams("a", '{"server":"x"}'), id="the same"),
        pytest.param([(None, "x"), ("", "y")], PlanAndParams(None, "{}"), id="not ours, whatever else"),
    ],
)
def test_rows_of_one_name(rows: list[tuple[object, ...]], expected: PlanAndParams | None) -> None:
    """Several rows that say the same are one."""
    assert expected == read(*rows)


@pytest.mark.parametrize(
    "rows",
    [[("a", "x"), ("b", "x")], [("a", "x"), ("a", "y")], [("a", "x"), (None, "x")]],
    ids=["plan", "param", "ours"],
)
def test_rows_that_contradict_one_another(rows: list[tuple[object, ...]]) -> None:
    """Only the query can choose between rows."""
    with pytest.raises(RowInvalid, match="has 2 different rows"):
        read(*rows)


CODES = {"3": "shared", "web-s": "shared", "cancelled": ""}


@pytest.mark.parametrize(
    ("value", "plans", "expected"),
    [
        pytest.param(3, CODES, "shared", id="number"),
        pytest.param("web-s", CODES, "shared", id="code"),
        pytest.param("cancelled", CODES, None, id="not ours"),
        pytest.param(None, {"*": "standard"}, None, id="NULL is never anything else"),
        pytest.param("x", CODES | {"*": "standard"}, "standard", id="anything else"),
        pytest.param("x", CODES | {"*": ""}, None, id="anything else is not ours"),
        pytest.param("*", CODES | {"*": "standard"}, "standard", id="a star"),
    ],
)
def test_plans_by_value(value: object, plans: dict[str, str], expected: str | None) -> None:
    """`query_plans` says which plan a value stands for."""
    said = read((value, None), plans=plans)

    assert PlanAndParams(expected, "{}") == said


def test_a_value_that_is_not_listed() -> None:
    """Without a star, a value that is not listed is an error."""
    with pytest.raises(RowInvalid, match="column 'plan' is 'x', which query_plans does not list"):
        read(("x", None), plans=CODES)


@given(
    st.lists(
        st.tuples(
            *[st.none() | st.text() | st.integers() | st.floats() | st.decimals() | st.binary() | st.booleans()] * 2
        ),
        max_size=3,
    )
)
def test_any_rows_are_read_or_refused(rows: list[tuple[object, ...]]) -> None:
    """Whatever a database answers ends as texts, or as an error that names the column."""
    said, column = None, None
    try:
        said = read(*rows)
    except RowInvalid as error:
        column = error.column

    assert column in {None, "plan", "server"}
    assert said is None or decode(said.params).keys() <= {"server"}
