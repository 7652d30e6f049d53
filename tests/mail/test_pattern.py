from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import PatternInvalid
from autoconfig.mail.pattern import PARAM_NAME, VARIABLES, Pattern, Slot, order_of

names = st.from_regex(PARAM_NAME, fullmatch=True)
literals = st.text(st.characters(exclude_characters="{}"), min_size=1)


@st.composite
def patterns(draw: st.DrawFn, slots: st.SearchStrategy[str] = names) -> str:
    """The text of a pattern."""
    pieces = st.one_of(literals, slots.map("{{{}}}".format))
    return "".join(draw(st.lists(pieces, max_size=8)))


READ = {
    "empty": ("", ()),
    "literal": ("mail.example.jp", ("mail.example.jp",)),
    "slot": ("{domain}", (Slot("domain"),)),
    "literal and slot": ("pop.{domain}", ("pop.", Slot("domain"))),
    "slots side by side": ("{local}{domain}", (Slot("local"), Slot("domain"))),
    "around": ("a{b}c", ("a", Slot("b"), "c")),
    "underscore and digit": ("{server_2}", (Slot("server_2"),)),
    "63 characters": ("{" + "a" * 63 + "}", (Slot("a" * 63),)),
    "newline is text": ("a\nb", ("a\nb",)),
}


@pytest.mark.parametrize(("text", "parts"), READ.values(), ids=READ.keys())
def test_parse(text: str, parts: tuple[str | Slot, ...]) -> None:
    """`{name}` is a slot, everything else is text."""
    assert parts == Pattern.parse(text).parts


UNREADABLE = {
    "opened only": ("mail.{domain", "without its partner"),
    "closed only": ("mail.domain}", "without its partner"),
    "doubled": ("{{domain}}", "without its partner"),
    "the wrong way round": ("}{", "without its partner"),
    "empty slot": ("{}", "not a slot's name"),
    "space": ("{ domain }", "not a slot's name"),
    "upper case": ("{Domain}", "not a slot's name"),
    "digit first": ("{1}", "not a slot's name"),
    "hyphen": ("{user-name}", "not a slot's name"),
    "format spec": ("{domain!r:>80}", "not a slot's name"),
    "attribute": ("{domain.name}", "not a slot's name"),
    "64 characters": ("{" + "a" * 64 + "}", "not a slot's name"),
    "newline": ("{domain\n}", "not a slot's name"),
    "full-width letter": ("{ｄomain}", "not a slot's name"),
}


@pytest.mark.parametrize(("text", "problem"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_parse_refuses(text: str, problem: str) -> None:
    """A stray brace and a slot without a proper name are refused, and the sentence shows them."""
    with pytest.raises(PatternInvalid, match=problem):
        Pattern.parse(text)


@given(st.text() | st.text("{}ab_1 \n"))
def test_parse_any_text(text: str) -> None:
    """Any text is a pattern that prints as it was written, or `PatternInvalid`."""
    with contextlib.suppress(PatternInvalid):
        assert text == str(Pattern.parse(text))


@given(patterns())
def test_round_trip(text: str) -> None:
    """A pattern prints as it was written, and what it prints reads as the same pattern."""
    pattern = Pattern.parse(text)

    assert text == str(pattern)
    assert pattern == Pattern.parse(str(pattern))


def test_names() -> None:
    """The slots of a pattern are its variables and its params."""
    pattern = Pattern.parse("{server}.{domain}.{local}.{address}.{server}")

    assert {"server", "domain", "local", "address"} == pattern.names
    assert {"server"} == pattern.params


def test_bound() -> None:
    """Binding puts patterns into the params, leaves the variables, and joins the texts that come together."""
    bound = Pattern.parse("a{x}b{domain}").bound({"x": Pattern.parse("1{local}2")})

    assert Pattern.parse("a1{local}2b{domain}") == bound


def test_bound_without_params() -> None:
    """A pattern without params is bound as it is."""
    pattern = Pattern.parse("mail.{domain}")

    assert pattern is pattern.bound({})


@given(patterns(), st.dictionaries(names, patterns(st.sampled_from(sorted(VARIABLES)))))
def test_bound_any(text: str, values: dict[str, str]) -> None:
    """Binding replaces each param by the text of its value, and the result is what that text reads as."""
    pattern = Pattern.parse(text)
    values |= dict.fromkeys(pattern.params - values.keys(), "x{domain}")

    bound = pattern.bound({name: Pattern.parse(value) for name, value in values.items()})

    written = [
        values[part.name] if isinstance(part, Slot) and part.name in pattern.params else str(Pattern((part,)))
        for part in pattern.parts
    ]
    assert bound == Pattern.parse("".join(written))
    assert bound.names <= VARIABLES


@given(patterns(), st.data())
def test_expansion_is_one_pass(text: str, data: st.DataObject) -> None:
    """Values are put in as they are: braces in them, even whole slots, are never expanded again."""
    pattern = Pattern.parse(text)
    value = st.text("{}domainlcs@ ") | st.sampled_from(["{domain}", "{address}", "{", "}", "{{domain}}"])
    values = {name: data.draw(value, label=name) for name in sorted(pattern.names)}

    expected = "".join(part if isinstance(part, str) else values[part.name] for part in pattern.parts)
    assert expected == pattern.expand(values)
    assert len(expected) == sum(
        len(part) if isinstance(part, str) else len(values[part.name]) for part in pattern.parts
    )


def test_expansion_of_a_value_that_looks_like_a_slot() -> None:
    """A local part `{domain}` stays `{domain}`."""
    expanded = Pattern.parse("{local}.{domain}").expand({"local": "{domain}", "domain": "{local}"})

    assert expanded == "{domain}.{local}"


def defaults_of(**texts: str) -> dict[str, Pattern]:
    """Patterns by name."""
    return {name: Pattern.parse(text) for name, text in texts.items()}


ORDERS = {
    "none": ({}, ()),
    "independent": ({"a": "{domain}", "b": "x"}, ("a", "b")),
    "later first": ({"a": "{b}", "b": "{c}", "c": "{address}"}, ("c", "b", "a")),
    "shared": ({"a": "{c}", "b": "{c}{a}", "c": "x"}, ("c", "a", "b")),
    "undeclared are left out": ({"a": "{zzz}"}, ("a",)),
}


@pytest.mark.parametrize(("defaults", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_order_of(defaults: dict[str, str], order: tuple[str, ...]) -> None:
    """Each param comes after those that its default names."""
    assert order == order_of(defaults_of(**defaults))


def test_order_of_a_ladder() -> None:
    """A param that is reached on many ways is looked at once: thirty rungs would be a billion ways."""
    rungs = {f"{side}{rung}": f"{{a{rung + 1}}}{{b{rung + 1}}}" for rung in range(30) for side in "ab"}
    order = order_of(defaults_of(**rungs, a30="x", b30="y"))

    assert order[:4] == ("a30", "b30", "a29", "b29")
    assert len(order) == 62


CIRCLES = {
    "itself": ({"a": "{a}"}, "a → a"),
    "two": ({"a": "{b}", "b": "{a}"}, "a → b → a"),
    "behind another": ({"z": "{a}", "a": "{b}", "b": "{a}"}, "a → b → a"),
}


@pytest.mark.parametrize(("defaults", "circle"), CIRCLES.values(), ids=CIRCLES.keys())
def test_order_of_a_circle(defaults: dict[str, str], circle: str) -> None:
    """Params that name one another in a circle are refused, and the circle is shown."""
    with pytest.raises(PatternInvalid, match=f"in a circle: {circle}$"):
        order_of(defaults_of(**defaults))
