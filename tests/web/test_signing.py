from __future__ import annotations

import datetime as dt
import os
import plistlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import SigningInvalid
from autoconfig.web.signing import ProfileSigner
from tests.certificates import DAY, KINDS, Chain, chain, key, pem_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import LogLines, OpenSite, Site

NOW = dt.datetime(2026, 11, 24, 12, 0, 0, tzinfo=dt.UTC)
PROFILE = "/email.mobileconfig"
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


def put(path: Path, content: bytes) -> None:
    """Replace a file as certbot does: another file under the same name."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def profile(site: Site) -> bytes:
    """What a person downloads."""
    answer = site.ask(PROFILE, query=b"email=taro@sample.co.jp")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    return answer.content


def readyz(site: Site) -> dict[str, str | None]:
    """What monitoring sees of the certificate."""
    answer = site.ask("/internal/readyz", client=("127.0.0.1", 1))
    assert answer.status_code == 200
    seen = answer.json()["profile_certificate"]
    assert isinstance(seen, dict)
    return seen


def verified(openssl: str, folder: Path, document: bytes, by: Chain) -> bytes:
    """What OpenSSL finds signed, by a device that knows the root alone."""
    (folder / "root.pem").write_bytes(by.root)
    options = ["-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile", "root.pem"]
    ended = subprocess.run([openssl, "cms", *options], input=document, cwd=folder, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_signed(open_site: OpenSite, openssl: str, tmp_path: Path, kind: str) -> None:
    """A profile that is downloaded is the unsigned one, signed: OpenSSL verifies it by the root alone."""
    made = chain(kind)
    private, certificate = made.write(tmp_path)
    unsigned = profile(open_site())
    document = profile(open_site(profile_key=private, profile_certificate=certificate))

    assert verified(openssl, tmp_path, document, made) == unsigned
    assert plistlib.loads(unsigned)["PayloadType"] == "Configuration"


def test_chain_in_a_file_of_its_own(open_site: OpenSite, openssl: str, tmp_path: Path) -> None:
    """The chain may be in a file of its own, as some authorities send it."""
    made = chain()
    private, certificate = made.write(tmp_path)
    certificate.write_bytes(made.leaf)
    (tmp_path / "chain.pem").write_bytes(made.intermediate)
    site = open_site(profile_key=private, profile_certificate=certificate, profile_chain=tmp_path / "chain.pem")

    assert verified(openssl, tmp_path, profile(site), made).startswith(b"<?xml")
    assert readyz(site)["state"] == "good"


def test_unsigned(open_site: OpenSite) -> None:
    """Without a key profiles are not signed, and nothing is watched or told."""
    site = open_site()
    site.run(site.context.tick(), site.context.reload_plans())

    assert profile(site).startswith(b"<?xml")
    assert site.context.signer.status() is None


HALF = {
    "no certificate": ("profile_key",),
    "no key": ("profile_certificate",),
    "a chain alone": ("profile_chain",),
    "no key, but a chain": ("profile_certificate", "profile_chain"),
}


@pytest.mark.parametrize("names", HALF.values(), ids=HALF)
def test_half(open_site: OpenSite, tmp_path: Path, names: tuple[str, ...]) -> None:
    """Half of a pair is told at the start, not ignored."""
    _, certificate = chain().write(tmp_path)

    with pytest.raises(SigningInvalid, match=r"^profile_key and profile_certificate sign together;"):
        open_site(**dict.fromkeys(names, certificate))  # type: ignore[arg-type] # settings, not a finder or clock


def test_bad_at_the_start(open_site: OpenSite, tmp_path: Path) -> None:
    """A key that does not fit stops the start."""
    private, certificate = chain().write(tmp_path)
    private.write_bytes(pem_of(key("EC", 7)))

    with pytest.raises(SigningInvalid, match="fits none of the certificates"):
        open_site(profile_key=private, profile_certificate=certificate)


def test_expired_at_the_start(open_site: OpenSite, tmp_path: Path, log_lines: LogLines) -> None:
    """An expired certificate does not: it is told, and still signs."""
    private, certificate = chain(ends=-DAY).write(tmp_path)
    site = open_site(profile_key=private, profile_certificate=certificate)
    site.run(site.context.tick())
    (line,) = log_lines()

    assert (line["event"], line["level"], line["file"]) == (EXPIRED, "error", str(certificate))
    assert line["expires"] == readyz(site)["expires"]
    assert readyz(site)["state"] == "expired"
    assert not profile(site).startswith(b"<?xml")


def ticks(site: Site, count: int) -> None:
    """Let so many seconds pass."""
    for _ in range(count):
        site.run(site.context.tick())


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
    site.run(site.context.reload_plans())

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


@pytest.fixture
def clock() -> Clock:
    """A clock at `NOW`."""
    return Clock()


def told(signer: ProfileSigner, log_lines: LogLines) -> list[tuple[str, str]]:
    """What one look tells."""
    signer.tick()
    return [(line["event"], line["level"]) for line in log_lines()]


def test_end(clock: Clock, tmp_path: Path, log_lines: LogLines) -> None:
    """From 14 days before its end the certificate is warned of once a day, and complained of when it has ended."""
    signer = ProfileSigner(*chain(ends=20 * DAY, now=NOW).write(tmp_path), None, clock)
    signer.start()
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
    signer.start()

    assert signer.status() == {"expires": (NOW + ends).isoformat(), "state": state, "fault": None}


def test_without_its_chain(clock: Clock, tmp_path: Path, log_lines: LogLines) -> None:
    """The most common mistake, a certificate without its chain, is told with its remedy."""
    made = chain(now=NOW)
    private, certificate = made.write(tmp_path)
    certificate.write_bytes(made.leaf)
    signer = ProfileSigner(private, certificate, None, clock)
    signer.start()
    status = signer.status()

    assert told(signer, log_lines) == [(INCOMPLETE, "warning")]
    assert status is not None
    assert status["state"] == "incomplete"
