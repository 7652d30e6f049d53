"""What the log and monitoring say of the certificate of profiles."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from autoconfig.web.signing import ProfileSigner
from tests.support.certificates import DAY, chain
from tests.web.signed_profiles import profile, readyz

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite

NOW = dt.datetime(2026, 11, 24, 12, 0, 0, tzinfo=dt.UTC)

EXPIRED = "the certificate for profiles has expired: devices call them unverified"

SOON = "the certificate for profiles expires soon"

INCOMPLETE = "the issuer of the certificate for profiles is missing"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        """Unix seconds."""
        return self.now.timestamp()


def test_expired_at_the_start(open_site: OpenSite, tmp_path: Path, log_lines: LogLines) -> None:
    """An expired certificate does not: it is told, and still signs."""
    private, certificate = chain(ends=-DAY).write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    site.run(site.upkeep.tick())
    (line,) = log_lines()

    assert (line["event"], line["level"], line["file"]) == (EXPIRED, "error", str(certificate))
    assert line["expires"] == readyz(site)["expires"]
    assert readyz(site)["state"] == "expired"
    assert not profile(site).startswith(b"<?xml")


@pytest.fixture
def clock() -> Clock:
    """A clock at `NOW`."""
    return Clock()


def told(signer: ProfileSigner, log_lines: LogLines) -> list[tuple[str, str]]:
    """What one look tells."""
    asyncio.run(signer.tick())
    return [(line["event"], line["level"]) for line in log_lines()]


def test_end(clock: Clock, tmp_path: Path, log_lines: LogLines) -> None:
    """From 14 days before its end the certificate is warned of once a day, and complained of when it has ended."""
    signer = ProfileSigner(*chain(ends=20 * DAY, now=NOW).write(tmp_path), None, clock)
    asyncio.run(signer.start())
    seen = {}
    for days in (0, 5, 6, 7, 19, 20, 21):
        clock.now = NOW + days * DAY
        seen[days] = [*told(signer, log_lines), *told(signer, log_lines)]

    assert seen == {
        0: [],
        5: [],
        6: [(SOON, "warning")],
        7: [(SOON, "warning")],
        19: [(SOON, "warning")],
        20: [(EXPIRED, "error")],
        21: [(EXPIRED, "error")],
    }


@pytest.mark.parametrize(
    ("ends", "state"),
    [(20 * DAY, "good"), (14 * DAY, "expires soon"), (DAY, "expires soon"), (0 * DAY, "expired"), (-DAY, "expired")],
    ids=str,
)
def test_state(clock: Clock, tmp_path: Path, ends: dt.timedelta, state: str) -> None:
    """Monitoring sees when the certificate ends, and whether that is soon."""
    signer = ProfileSigner(*chain(ends=ends, now=NOW).write(tmp_path), None, clock)
    asyncio.run(signer.start())

    assert signer.status() == {"expires": (NOW + ends).isoformat(), "state": state, "fault": None}


def test_without_its_chain(clock: Clock, tmp_path: Path, log_lines: LogLines) -> None:
    """The most common mistake, a certificate without its chain, is told with its remedy."""
    made = chain(now=NOW)
    private, certificate = made.write(tmp_path)
    certificate.write_bytes(made.leaf)
    signer = ProfileSigner(private, certificate, None, clock)
    asyncio.run(signer.start())
    status = signer.status()

    assert told(signer, log_lines) == [(INCOMPLETE, "warning")]
    assert status is not None
    assert status["state"] == "incomplete"
