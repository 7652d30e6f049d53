from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import TimeInvalid
from autoconfig.mapping.times import LATEST, format_time, parse_time

ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Africa/Monrovia", "Pacific/Kiritimati", "Europe/Berlin"]


@pytest.mark.parametrize(
    ("text", "zone", "seconds"),
    [
        pytest.param("1970-01-01T00:00:00Z", "Asia/Tokyo", 0, id="zulu"),
        pytest.param("2026-12-01T09:00+09:00", "UTC", 1_796_083_200, id="offset"),
        pytest.param("2026-12-01T09:00", "Asia/Tokyo", 1_796_083_200, id="in the zone"),
        pytest.param("2026-12-01", "UTC", 1_796_083_200, id="a date is its first second"),
        pytest.param("2026-12-01 00:00", "UTC", 1_796_083_200, id="space"),
        pytest.param(" 2026-12-01\t", "UTC", 1_796_083_200, id="space around"),
        pytest.param("2026-12-01T00:00:00.9", "UTC", 1_796_083_200, id="fractions are cut off"),
        pytest.param("2026-07-01T02:00", "Europe/Berlin", 1_782_864_000, id="summer time"),
        pytest.param("9999-12-31T23:59:59", "UTC", LATEST, id="the last second"),
    ],
)
def test_parse(text: str, zone: str, seconds: int) -> None:
    """ISO 8601 is read with its own offset, else in the zone given."""
    assert seconds == parse_time(text, zone)


@pytest.mark.parametrize(
    "text",
    ["", "now", "1.12.2026", "2026/12/01", "2026-13-01", "09:00", "1969-12-31", "0001-01-01", "9999-12-31T23:00-09:00"],
)
def test_what_is_no_time(text: str) -> None:
    """Anything else, and any time that an engine cannot hold, is an error that shows the text."""
    with pytest.raises(TimeInvalid, match=r"^'.*'"):
        parse_time(text, "America/New_York")


@pytest.mark.parametrize(
    ("seconds", "zone", "text"),
    [
        pytest.param(0, "UTC", "1970-01-01T00:00:00+00:00", id="UTC"),
        pytest.param(0, "America/New_York", "1969-12-31T19:00:00-05:00", id="west"),
        pytest.param(1_796_083_200, "Asia/Tokyo", "2026-12-01T09:00:00+09:00", id="east"),
        pytest.param(LATEST, "Asia/Tokyo", "9999-12-31T23:59:59+00:00", id="the zone's year is 10000"),
        pytest.param(10**18, "UTC", "9999-12-31T23:59:59+00:00", id="written by a stranger, too late"),
        pytest.param(-(10**18), "UTC", "1970-01-01T00:00:00+00:00", id="written by a stranger, too early"),
    ],
)
def test_format(seconds: int, zone: str, text: str) -> None:
    """Times are shown in the zone, always with the offset."""
    assert text == format_time(seconds, zone)


@given(st.integers(0, LATEST), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_round_trip(seconds: int, zone: str, other: str) -> None:
    """What was shown in one zone is read as the same second in any other."""
    assert seconds == parse_time(format_time(seconds, zone), other)


@given(st.text(), st.sampled_from(ZONES))
def test_any_text(text: str, zone: str) -> None:
    """Every text is either a valid time or a `TimeInvalid`."""
    try:
        seconds = parse_time(text, zone)
    except TimeInvalid:
        return

    assert 0 <= seconds <= LATEST
