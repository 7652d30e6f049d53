from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import InputInvalid
from autoconfig.mail import params

any_params = st.dictionaries(st.text(), st.text())


def test_encode() -> None:
    """Keys are sorted, nothing is spaced, Unicode stays as it is."""
    assert params.encode({"b": "x y", "a": "日本"}) == '{"a":"日本","b":"x y"}'


def test_none() -> None:
    """No params have a text of their own."""
    assert params.encode({}) == params.NONE
    assert params.decode(params.NONE) == {}


@given(any_params)
def test_round_trip(given_params: dict[str, str]) -> None:
    """What was encoded is decoded as it was."""
    assert given_params == params.decode(params.encode(given_params))


@given(any_params.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(list(drawn.items())))))
def test_canonical(drawn: tuple[dict[str, str], list[tuple[str, str]]]) -> None:
    """The same params are the same text, however they were ordered, spaced and escaped before."""
    given_params, items = drawn

    text = params.encode(given_params)

    assert text == params.encode(dict(items))
    assert text == params.encode(params.decode(json.dumps(dict(items), indent=2)))


UNREADABLE = {
    "empty": "",
    "no JSON": "{",
    "list": "[]",
    "text": '"a"',
    "null": "null",
    "number as value": '{"a":1}',
    "null as value": '{"a":null}',
    "object as value": '{"a":{}}',
    "single quotes": "{'a':'b'}",
    "half of a surrogate pair": '{"a":"\\ud800"}',
    "byte order mark": "\ufeff{}",
    "nested without end": "[" * 100_000,
    "a number of thousands of digits": "9" * 5000,
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_decode_refuses(text: str) -> None:
    """Anything but a JSON object of strings is refused."""
    with pytest.raises(InputInvalid, match=r"the params (are not|have half)"):
        params.decode(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.text() | json_values.map(json.dumps))
def test_decode_any_text(text: str) -> None:
    """Any text is a dictionary of strings, or `InputInvalid`."""
    try:
        decoded = params.decode(text)
    except InputInvalid:
        return

    assert {type(text) for item in decoded.items() for text in item} <= {str}


NAMES = {"server": True, "a1_": True, "domain": False, "valid_from": False, "Server": False, "1a": False, "": False}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES.keys())
def test_is_param_name(name: str, expected: bool) -> None:
    """A param is called neither like a variable nor like what a row says beside its params."""
    assert expected is params.is_param_name(name)
