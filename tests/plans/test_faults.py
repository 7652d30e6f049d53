from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import Fault
from autoconfig.plans.faults import validated
from autoconfig.plans.schema import HostTable, PlanTable

CASES: dict[str, tuple[dict[str, object], list[tuple[str, str, str]]]] = {
    "unknown key with a near one": (
        {"nmae": "A"},
        [("plans.a.nmae", "unknown key", "did you mean 'name'?")],
    ),
    "unknown key with none near": (
        {"zzz": 1},
        [
            (
                "plans.a.zzz",
                "unknown key",
                (
                    "known keys: extends, name, short_name, customer_name, recommend, documentation, webmail, notes, "
                    "params, servers, oauth2, redirect_url, redirect_domain"
                ),
            )
        ],
    ),
    "unknown key of a server": (
        {"servers": [{"protocol": "imap"}, {"protocol": "smtp", "prot": 465}]},
        [("plans.a.servers[2].prot", "unknown key", "did you mean 'port'?")],
    ),
    "missing key": ({"servers": [{}]}, [("plans.a.servers[1].protocol", "this key is missing", "add it")]),
    "wrong type": (
        {"servers": [{"protocol": "imap", "port": "993"}]},
        [("plans.a.servers[1].port", "input should be a valid integer", "it is '993'")],
    ),
    "out of range": (
        {"servers": [{"protocol": "imap", "port": 65536}]},
        [("plans.a.servers[1].port", "input should be less than or equal to 65535", "it is 65536")],
    ),
    "thousands of digits": (
        {"servers": [{"protocol": "imap", "port": 16**5000}]},
        [
            (
                "plans.a.servers[1].port",
                "input should be less than or equal to 65535",
                "it is a number of thousands of digits",
            )
        ],
    ),
    "unknown word": (
        {"servers": [{"protocol": "imap", "tls": "none"}]},
        [("plans.a.servers[1].tls", "input should be 'ssl', 'starttls' or 'plain'", "it is 'none'")],
    ),
    "a table where a list belongs": (
        {"servers": {}},
        [("plans.a.servers", "input should be a valid list", "see docs/plans.md")],
    ),
    "a value where a table belongs": (
        {"servers": ["imap"]},
        [("plans.a.servers[1]", "should be a table, written [NAME] or { key = value }", "it is 'imap'")],
    ),
    "a list where a table belongs": (
        {"oauth2": [{}]},
        [("plans.a.oauth2", "should be a table, written [NAME] or { key = value }", "see docs/plans.md")],
    ),
    "two at once": (
        {"webmail": 1, "extends": True},
        [
            ("plans.a.extends", "input should be a valid string", "it is True"),
            ("plans.a.webmail", "input should be a valid string", "it is 1"),
        ],
    ),
    "params called as pydantic calls the members of a union": (
        {"params": {"str": 5, "fooTable": 6, "text": {"table": 7}, "[key]": 8, "x]": {"required": False}}},
        [
            ("plans.a.params.str", "input should be a valid string", "it is 5"),
            ("plans.a.params.fooTable", "input should be a valid string", "it is 6"),
            ("plans.a.params.text.required", "this key is missing", "add it"),
            ("plans.a.params.text.table", "unknown key", "known keys: required"),
            ("plans.a.params.[key]", "input should be a valid string", "it is 8"),
            ("plans.a.params.x].required", "input should be True", "it is False"),
        ],
    ),
    "languages called so": (
        {"name": {"[key]": "A", "text": 5, "ja": 6}, "notes": [{"[key]": "A"}]},
        [
            ("plans.a.name.[key]", "string should match pattern '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$'", "it is '[key]'"),
            ("plans.a.name.text", "string should match pattern '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$'", "it is 'text'"),
            ("plans.a.name.text", "input should be a valid string", "it is 5"),
            ("plans.a.name.ja", "input should be a valid string", "it is 6"),
            (
                "plans.a.notes[1].[key]",
                "string should match pattern '^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$'",
                "it is '[key]'",
            ),
        ],
    ),
    "one for both members of a union": (
        {"name": 5},
        [("plans.a.name", "input should be a valid string", "it is 5")],
    ),
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES.keys())
def test_validated(data: dict[str, object], expected: list[tuple[str, str, str]]) -> None:
    """Each fault has its place, counted as people count, the problem, and what to do."""
    faults: list[Fault] = []

    assert validated(PlanTable, data, "plans.a", faults) is None
    assert expected == [(fault.place, fault.problem, fault.remedy) for fault in faults]


def test_validated_at_the_table() -> None:
    """A value where a table belongs is a fault of the table itself."""
    faults: list[Fault] = []

    assert validated(HostTable, 5, "host[1]", faults) is None
    assert [fault.place for fault in faults] == ["host[1]"]


def test_validated_inside_params() -> None:
    """An unknown key inside a param's table is named there, beside the key that it has."""
    faults: list[Fault] = []
    validated(PlanTable, {"params": {"server": {"requird": True}}}, "plans.a", faults)

    unknown = [fault for fault in faults if fault.problem == "unknown key"]
    assert [(f.place, f.remedy) for f in unknown] == [("plans.a.params.server.requird", "did you mean 'required'?")]


def test_validated_accepts() -> None:
    """A good table is given back, and no fault is added."""
    faults: list[Fault] = []
    table = validated(HostTable, {"match": "a", "plan": "b"}, "host[1]", faults)

    assert table == HostTable(match="a", plan="b")
    assert faults == []


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("plans.a", "is bad", "make it good"), "plans.a: is bad; make it good"),
        (Fault("plans.a", "is bad"), "plans.a: is bad"),
    ],
    ids=["with a remedy", "without"],
)
def test_fault_is_one_line(fault: Fault, text: str) -> None:
    """A fault prints as place, problem and remedy."""
    assert text == str(fault)


KEYS = st.sampled_from(["str", "ParamTable", "text", "table", "[key]", "x]", "params", "required", "a.b", "ja"])


@given(st.dictionaries(KEYS, st.integers()), st.dictionaries(KEYS, st.integers()))
def test_each_has_its_place(values: dict[str, object], unknown: dict[str, object]) -> None:
    """However keys are called, each bad value and each unknown key is a fault of its own, at its own place."""
    faults: list[Fault] = []
    validated(PlanTable, {"params": {**values, "server": {"required": True, **unknown}}}, "p", faults)

    places = [*(f"p.params.{key}" for key in values), *(f"p.params.server.{key}" for key in unknown)]
    assert sorted(places) == sorted(fault.place for fault in faults)
