"""Certificates of profiles that are replaced while the server runs."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.certificates import DAY, Chain, chain
from tests.web.signed_profiles import profile, put, readyz, ticks, verified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite


def not_yet() -> Chain:
    """A certificate that begins tomorrow."""
    return chain(number=1, now=dt.datetime.now(dt.UTC) + 401 * DAY)


@pytest.mark.parametrize("make", [lambda: chain(number=1, ends=-DAY), not_yet], ids=["expired", "not yet valid"])
def test_worse_pair(open_site: OpenSite, tmp_path: Path, make: Callable[[], Chain]) -> None:
    """A pair that is not valid now does not replace one that is."""
    private, certificate = chain().write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    before = readyz(site)
    make().write(tmp_path)
    ticks(site, 3)
    after = readyz(site)

    assert (after["expires"], after["state"]) == (before["expires"], "good")
    assert after["fault"] is not None
    assert "which is not now" in after["fault"]


def test_expired_pair_after_an_expired_one(open_site: OpenSite, tmp_path: Path) -> None:
    """Of two pairs that have expired the one in the files counts."""
    private, certificate = chain(ends=-2 * DAY).write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    before = readyz(site)
    chain(number=1, ends=-DAY).write(tmp_path)
    ticks(site, 3)

    assert before["expires"] != readyz(site)["expires"]
    assert readyz(site)["fault"] is None


def test_renewed(open_site: OpenSite, openssl: str, tmp_path: Path, log_lines: LogLines) -> None:
    """A renewed pair is taken over by itself once it has been left alone for a second."""
    old, new = chain(number=0, ends=20 * DAY), chain(number=1)
    private, certificate = old.write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    ticks(site, 2)
    before = readyz(site)["expires"]
    put(private, new.key)
    put(certificate, new.leaf + new.intermediate)
    ticks(site, 1)
    assert readyz(site)["expires"] == before
    ticks(site, 1)
    document = profile(site)
    (line,) = log_lines()

    assert verified(openssl, tmp_path, document, new).startswith(b"<?xml")
    assert line["event"] == "the certificate for profiles was loaded"
    assert before != line["expires"] == readyz(site)["expires"]


def test_renewed_in_steps(open_site: OpenSite, openssl: str, tmp_path: Path, log_lines: LogLines) -> None:
    """Between the new key and its certificate the old pair goes on signing; then the new one does."""
    old, new = chain(number=0), chain(number=1)
    private, certificate = old.write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    put(private, new.key)
    ticks(site, 3)
    (line,) = log_lines()
    fault = readyz(site)["fault"]

    assert (line["event"], line["level"]) == ("profiles are signed with the certificate from before", "error")
    assert fault is not None
    assert "fits none of the certificates" in fault == line["problem"]
    assert verified(openssl, tmp_path, profile(site), old).startswith(b"<?xml")
    put(certificate, new.leaf + new.intermediate)
    ticks(site, 2)
    assert readyz(site)["fault"] is None
    assert verified(openssl, tmp_path, profile(site), new).startswith(b"<?xml")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="gone"),
        pytest.param(b"", "has no certificates in PEM", id="empty"),
        pytest.param(chain().leaf[:100], "has no certificates in PEM", id="cut off"),
        pytest.param(chain(number=7).leaf, "fits none of the certificates", id="another's"),
    ],
)
def test_never_worse(open_site: OpenSite, tmp_path: Path, content: bytes | None, problem: str) -> None:
    """Whatever becomes of the file, what signed before goes on signing, and the fault is seen."""
    private, certificate = chain().write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    good = certificate.read_bytes()
    if content is None:
        certificate.unlink()
    else:
        put(certificate, content)
    ticks(site, 5)
    fault = readyz(site)["fault"]

    assert fault is not None
    assert problem in fault
    assert not profile(site).startswith(b"<?xml")
    put(certificate, good)
    ticks(site, 2)
    assert readyz(site)["fault"] is None


def test_reload(open_site: OpenSite, tmp_path: Path) -> None:
    """SIGHUP, which certbot's hook may send, takes a renewed pair over at once."""
    old, new = chain(number=0, ends=20 * DAY), chain(number=1)
    private, certificate = old.write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    before = readyz(site)["expires"]
    new.write(tmp_path)
    site.run(site.upkeep.reload())

    assert before != readyz(site)["expires"]


def test_same_file_again(open_site: OpenSite, tmp_path: Path, log_lines: LogLines) -> None:
    """A file that is only touched is read again without harm; one that stays as it is is not."""
    private, certificate = chain().write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    ticks(site, 3)
    assert log_lines() == []
    os.utime(certificate, (0, 0))
    ticks(site, 3)

    assert [line["event"] for line in log_lines()] == ["the certificate for profiles was loaded"]
