"""Times as people write and read them: ISO 8601, in the provider's time zone unless an offset is given."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from autoconfig.errors import TimeInvalid

LATEST = 253_402_300_799
"""The last second of the year 9999, the latest time that all engines and ISO 8601 parsers can represent."""


def parse_time(text: str, zone: str) -> int:
    """
    Parse ISO 8601 into Unix seconds. Without an offset the time is in `zone`; a date alone means its first second.

    Raises:
        TimeInvalid: the text is not ISO 8601, or outside the years 1970 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp())
    except (ValueError, OverflowError) as error:
        raise TimeInvalid(
            f"{text[:80]!r} is not a time; write it like 2026-12-01T09:00 or 2026-12-01T09:00+09:00"
        ) from error
    if not 0 <= seconds <= LATEST:
        raise TimeInvalid(f"{text[:80]!r} is outside the years 1970 to 9999")
    return seconds


def format_time(seconds: int, zone: str) -> str:
    """Unix seconds as ISO 8601 in `zone`, always with the offset."""
    try:
        return datetime.fromtimestamp(seconds, ZoneInfo(zone)).isoformat()
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(min(max(seconds, 0), LATEST), UTC).isoformat()
