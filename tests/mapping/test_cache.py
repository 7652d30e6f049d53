from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mapping.cache import NOTED, REMEMBERED, TimelineCache, merged
from autoconfig.mapping.timeline import NOTHING, Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = 2_000_000_000
NAME = "example.com"


def row(identity: int, valid_from: int = 1, plan: str | None = "a", params: str = "{}") -> Row:
    """A row."""
    return Row(identity, valid_from, plan, params)


class NaiveCache:
    """The same, as one would write it first: lists, the newest at the end, and no shared strings."""

    def __init__(self, known: int, unknown: int) -> None:
        self.limits = {True: known, False: unknown}
        self.kept: list[tuple[str, list[Row], float | None]] = []
        self.hits = 0

    def get(self, name: str) -> list[Row] | None:
        """The rows of a name."""
        for entry in self.kept:
            if entry[0] == name:
                self.hits += 1
                if self.hits % NOTED == 0:
                    self.kept.remove(entry)
                    self.kept.append(entry)
                return entry[1]
        return None

    def put(self, name: str, rows: Sequence[Row], moment: float | None) -> None:
        """Keep rows."""
        self.forget(name)
        self.kept.append((name, list(rows), moment))
        alike = [entry for entry in self.kept if bool(entry[1]) is bool(rows)]
        if len(alike) > self.limits[bool(rows)]:
            self.kept.remove(alike[0])

    def merge(self, name: str, appended: Row, now: float) -> None:
        """Add a row."""
        for place, (kept, rows, moment) in enumerate(self.kept):
            if kept == name and rows:
                ordered = sorted({*rows, appended}, key=lambda row: (row.valid_from, row.id))
                holds = Timeline(ordered).at(now - REMEMBERED)
                self.kept[place] = (kept, ordered[ordered.index(holds) if holds else 0 :], moment)
                return
            if kept == name:
                self.put(name, [appended], moment)
                return

    def forget(self, name: str) -> None:
        """Drop a name."""
        self.kept = [entry for entry in self.kept if entry[0] != name]


names = st.sampled_from("abcdefgh")
moments = st.none() | st.floats(0, 10)
valid_froms = st.integers(NOW - 2 * REMEMBERED, NOW + REMEMBERED)
steps = st.one_of(
    st.tuples(st.just("get"), names),
    st.tuples(st.just("put"), names, st.lists(valid_froms, max_size=3), moments),
    st.tuples(st.just("merge"), names, valid_froms, st.booleans()),
    st.tuples(st.just("forget"), names),
    st.tuples(st.just("clear")),
)


@given(st.lists(steps, max_size=100), st.integers(1, 3), st.integers(1, 3))
def test_like_a_naive_one(steps: list[tuple[Any, ...]], known: int, unknown: int) -> None:
    """Whatever is done to it, it has what a cache has that is written without any care for speed."""
    cache, naive = TimelineCache(known, unknown), NaiveCache(known, unknown)
    identity = 0
    for what, *arguments in steps:
        match what, arguments:
            case "get", [name]:
                timeline, rows = cache.get(name), naive.get(name)
                assert rows == (None if timeline is None else list(timeline.rows))
            case "put", [name, valid, moment]:
                made = sorted((row(identity + n, v) for n, v in enumerate(valid)), key=lambda row: row[1::-1])
                identity += len(made)
                cache.put(name, made, moment)
                naive.put(name, made, moment)
            case "merge", [name, valid, again]:
                identity += 1
                for _ in range(1 + again):
                    cache.merge(name, row(identity, valid), NOW)
                    naive.merge(name, row(identity, valid), NOW)
            case "forget", [name]:
                cache.forget(name)
                naive.forget(name)
            case _:
                cache.clear()
                naive.kept = []
        counted = [sum(bool(rows) is known for _, rows, _ in naive.kept) for known in (True, False)]
        assert counted == [cache.known, cache.unknown]
        assert [(name, rows) for name, rows, _ in naive.kept if rows] == [
            (name, list(timeline.rows)) for name, timeline in cache._known.items()
        ]
        assert [name for name, rows, _ in naive.kept if not rows] == list(cache._unknown)
        assert {name: moment for name, _, moment in naive.kept} == {
            name: cache.moment(name) for name, _, _ in naive.kept
        }
        assert len(cache._moments) <= len(naive.kept)


def test_nothing_is_kept_of_a_name_that_was_not_asked_for() -> None:
    """A row that was appended to a name that is not kept changes nothing."""
    cache = TimelineCache()
    cache.merge(NAME, row(1), NOW)

    assert (cache.get(NAME), cache.known, cache.unknown) == (None, 0, 0)


def test_unknown() -> None:
    """A name without rows is one object, until it has a row."""
    cache = TimelineCache()
    cache.put(NAME, [])
    assert cache.get(NAME) is NOTHING
    cache.merge(NAME, row(1), NOW)
    timeline = cache.get(NAME)

    assert timeline is not None
    assert [row(1)] == list(timeline.rows)
    assert (cache.known, cache.unknown) == (1, 0)


def test_appended() -> None:
    """A name that is kept with rows has the one that was appended, and those that it had."""
    cache = TimelineCache()
    cache.put(NAME, [row(1)])
    cache.merge(NAME, row(2, NOW + 9, None), NOW)
    timeline = cache.get(NAME)

    assert timeline is not None
    assert [row(1), row(2, NOW + 9, None)] == list(timeline.rows)


def test_strangers_push_out_no_customer() -> None:
    """However many names without rows are asked for, those with rows stay."""
    cache = TimelineCache(known=2, unknown=3)
    for name in ("a", "b"):
        cache.put(name, [row(1)])
    for number in range(1000):
        cache.put(f"stranger{number}", [])

    assert (cache.known, cache.unknown) == (2, 3)
    assert all(cache.get(name) for name in ("a", "b", "stranger997", "stranger998", "stranger999"))


@pytest.mark.parametrize(("asked", "kept"), [(0, "bc"), (NOTED - 1, "bc"), (NOTED, "ac")])
def test_the_one_that_was_not_asked_for_longest_goes(asked: int, kept: str) -> None:
    """Asking keeps a name, if that was often enough to be noted; merging does not."""
    cache = TimelineCache(known=2)
    for name in ("a", "b"):
        cache.put(name, [row(1)])
    for _ in range(asked):
        cache.get("a")
    cache.merge("b" if asked else "a", row(2), NOW)
    cache.put("c", [row(3)])

    assert kept == "".join(name for name in "abc" if cache.get(name) is not None)


def test_hits() -> None:
    """Answers are counted."""
    cache = TimelineCache()
    cache.put("a", [row(1)])
    cache.put("b", [])
    for name in "aabc":
        cache.get(name)

    assert cache.hits == 3


def test_equal_texts_are_kept_once() -> None:
    """Plan and params of two names are the same objects where they are equal."""
    cache = TimelineCache()
    for name in ("a", "b"):
        made = json.dumps({"x": "y"})  # an object of its own each time, which a literal is not
        cache.put(name, [row(1, plan=f"plan of {made}", params=made)])
    first, second = (timeline.rows[0] for name in "ab" if (timeline := cache.get(name)))

    assert first.plan == 'plan of {"x": "y"}'
    assert first.plan is second.plan
    assert first.params is second.params


@pytest.mark.parametrize(
    ("rows", "more", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([row(1)], [row(1)], [1], id="the same again"),
        pytest.param([row(1, NOW + 9)], [row(2, NOW + 5)], [2, 1], id="before a scheduled one"),
        pytest.param([row(1, 5)], [row(2, 5)], [2], id="in the same second"),
        pytest.param([row(1, 5)], [row(2, 6)], [2], id="ceased long ago"),
        pytest.param([row(1, 5)], [row(2, NOW - REMEMBERED + 1)], [1, 2], id="ceased a moment ago"),
        pytest.param([row(1, 5)], [row(2, NOW - REMEMBERED)], [2], id="ceased as long ago as is remembered"),
        pytest.param([row(2, 9)], [row(1, 5)], [2], id="never in force"),
        pytest.param([row(1, 5), row(2, 6)], [row(3, NOW + 9)], [2, 3], id="ceased long ago, and one scheduled"),
    ],
)
def test_merged(rows: list[Row], more: list[Row], expected: list[int]) -> None:
    """Rows are in order, each once, from the one that held when the memory begins."""
    assert expected == [kept.id for kept in merged(rows, more, NOW)]


@given(st.lists(valid_froms, max_size=6), st.lists(valid_froms, max_size=6), st.integers(0, REMEMBERED))
def test_merged_loses_nothing(first: list[int], then: list[int], ago: int) -> None:
    """At every moment that is remembered, and later, the same row holds as among all rows."""
    rows = Timeline.of([row(number, valid) for number, valid in enumerate(first)]).rows
    more = [row(len(first) + number, valid) for number, valid in enumerate(then)]
    kept, whole = Timeline(merged(rows, more, NOW)), Timeline.of([*rows, *more])

    for moment in (NOW - ago, NOW, *(valid for valid in [*first, *then] if valid >= NOW - REMEMBERED)):
        assert whole.at(moment) == kept.at(moment)
