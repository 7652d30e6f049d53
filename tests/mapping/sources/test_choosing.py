from __future__ import annotations

from typing import NamedTuple

import pytest

from autoconfig.errors import AutoconfigError, ConfigurationInvalid, MappingUnavailable, SchemaTooOld
from autoconfig.mapping.sources.choosing import REPLACED, Choosing, behind, why_none
from autoconfig.mapping.sources.source import Position, State

SEEN = Position("g", 5)
STANDS = {"follows": SEEN, "ahead": Position("g", 6), "behind": Position("g", 4), "other": Position("new", 2)}
STANDS["another"] = Position("third", 9)


class Known(NamedTuple):
    """What is known of a host."""

    name: str
    state: State | None
    fault: AutoconfigError | None
    primary: bool


def known(text: str) -> list[Known]:
    """Hosts by `role where it stands` with commas in between, named a, b, c; `gone` was that and does not answer."""
    found = []
    for name, host in zip("abc", text.split(", "), strict=False):
        role, stands = host.split()
        gone = stands == "gone"
        state = None if gone else State(STANDS[stands], role == "standby")
        found.append(Known(name, state, MappingUnavailable(f"{name}: down") if gone else None, role == "primary"))
    return found


class Choices:
    """Choices one after the other, at moments that a test says."""

    def __init__(self) -> None:
        self.now = 100.0
        self.choosing = Choosing(lambda: self.now)

    def at(self, moment: float, hosts: str, *, patient: bool = True, seen: Position | None = SEEN) -> str | None:
        """The name of the one that is chosen."""
        self.now = 100.0 + moment
        chosen = self.choosing.choose(known(hosts), seen, patient=patient)
        return chosen and chosen.name


@pytest.mark.parametrize(
    ("hosts", "at_first", "impatient", "later"),
    [
        ("primary follows", "a", "a", "a"),
        ("primary ahead", "a", "a", "a"),
        ("primary behind", None, "a", "a"),
        ("primary other", "a", "a", "a"),
        ("primary gone", None, None, None),
        ("standby follows", "a", "a", "a"),
        ("standby behind", None, None, None),
        ("standby other", None, None, "a"),
        ("standby gone", None, None, None),
        ("standby follows, primary follows", "b", "b", "b"),
        ("standby ahead, primary follows", "b", "b", "b"),
        ("standby follows, primary behind", "a", "b", "b"),
        ("standby behind, primary behind", None, "b", "b"),
        ("standby follows, primary other", "b", "b", "b"),
        ("standby other, primary behind", None, "b", "b"),
        ("standby follows, primary gone", "a", "a", "a"),
        ("standby other, primary gone", None, None, None),
        ("standby behind, primary gone", None, None, None),
        ("primary follows, primary ahead", "b", "b", "b"),
        ("primary follows, primary follows", "a", "a", "a"),
        ("primary follows, primary other", "a", "a", "a"),
        ("primary behind, primary follows", "b", "b", "b"),
        ("primary behind, primary other", "b", "b", "b"),
        ("primary other, primary another", "b", "b", "b"),
        ("standby follows, standby ahead", "b", "b", "b"),
        ("standby follows, standby other", "a", "a", "a"),
        ("standby other, standby other", None, None, "a"),
        ("standby other, standby another", None, None, None),
        ("standby other, standby behind", None, None, None),
        ("standby other, standby gone", None, None, "a"),
        ("standby follows, primary behind, primary gone", "a", "b", "b"),
    ],
)
def test_choose(hosts: str, at_first: str | None, impatient: str | None, later: str | None) -> None:
    """A primary before a standby, the one that knows most, none that is behind; another history when it lasts."""
    choices = Choices()

    assert at_first == choices.at(0, hosts)
    assert choices.choosing.doubting == (at_first != later)
    assert at_first == choices.at(REPLACED - 0.01, hosts)
    assert later == choices.at(REPLACED, hosts)
    assert impatient == Choices().at(0, hosts, patient=False)


@pytest.mark.parametrize("hosts", ["primary behind", "primary other", "standby behind", "standby other"])
def test_the_first_choice_of_all(hosts: str) -> None:
    """Who has seen nothing yet is behind nothing, and doubts nothing."""
    choices = Choices()

    assert choices.at(0, hosts, seen=None) == "a"
    assert not choices.choosing.doubting


@pytest.mark.parametrize("doubted", ["primary behind", "standby other"])
@pytest.mark.parametrize(
    ("between", "patient"),
    [
        ("primary follows", True),
        ("primary other", True),
        ("primary behind", False),
        ("standby follows", True),
        ("standby behind", True),
        ("standby other, standby another", True),
        ("standby other, primary gone", True),
    ],
)
def test_a_doubt_that_ended(doubted: str, between: str, patient: bool) -> None:
    """What was otherwise meanwhile has to last anew."""
    choices = Choices()
    choices.at(0, doubted)
    assert choices.choosing.doubting
    choices.at(2, between, patient=patient)

    assert not choices.choosing.doubting
    assert [choices.at(moment, doubted) for moment in (3, 5.9, 6)] == [None, None, "a"]


@pytest.mark.parametrize(
    ("host", "believed", "expected"),
    [
        ("primary follows", False, True),
        ("primary ahead", False, True),
        ("primary behind", False, False),
        ("primary other", False, True),
        ("standby follows", False, True),
        ("standby behind", False, False),
        ("standby other", False, False),
        ("standby other", True, True),
        ("standby another", True, False),
        ("standby behind", True, False),
    ],
)
def test_usable(host: str, believed: bool, expected: bool) -> None:
    """An answer counts that is not behind; of another history a primary's, or a standby's if that was believed."""
    choices = Choices()
    if believed:
        for moment in (0, REPLACED):
            choices.at(moment, "standby other")
    (one,) = known(host)

    assert one.state is not None
    assert expected == choices.choosing.usable(one.state, SEEN)


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ("primary gone", "a: down"),
        ("primary gone, standby gone", "a: down; b: down"),
        ("standby behind, primary gone", "b: down; a: is behind what was seen already"),
        ("standby other", "a: is a standby, and has another history of the mapping than was seen already"),
    ],
)
def test_why_none(hosts: str, expected: str) -> None:
    """Each host is named with what keeps it from being read."""
    why = why_none(known(hosts), SEEN, 2.0)

    assert isinstance(why, MappingUnavailable)
    assert str(why).startswith(expected)


def test_why_none_says_anything() -> None:
    """Where none has answered yet, that is said, with the seconds that they had."""
    silent = [Known("a", None, None, primary=False)]

    why = why_none(silent, SEEN, 2.0)

    assert (MappingUnavailable, "no answer within 2.0 seconds") == (type(why), str(why))


@pytest.mark.parametrize(
    ("second", "expected"),
    [(SchemaTooOld("b: old"), ConfigurationInvalid), (MappingUnavailable("b: down"), MappingUnavailable)],
    ids=["both", "one of them"],
)
def test_what_the_operator_has_to_change(second: AutoconfigError, expected: type[AutoconfigError]) -> None:
    """Is told as such where all hosts say so."""
    hosts = [Known("a", None, SchemaTooOld("a: old"), primary=False), Known("b", None, second, primary=False)]

    assert type(why_none(hosts, SEEN, 2.0)) is expected
    assert type(why_none(hosts[:1], SEEN, 2.0)) is SchemaTooOld


def test_behind_nothing() -> None:
    """A host that is behind is never said to have another history where nothing was seen."""
    assert "behind" in str(behind("a", State(SEEN, standby=True), None))
