from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import SigningInvalid
from tests.support.certificates import KINDS, chain, key, pem_of
from tests.web.signed_profiles import PROFILE, profile, put, readyz, ticks, verified

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite


@pytest.mark.parametrize("kind", KINDS)
def test_signed(open_site: OpenSite, openssl: str, tmp_path: Path, kind: str) -> None:
    """A profile that is downloaded is the unsigned one, signed: OpenSSL verifies it by the root alone."""
    made = chain(kind)
    private, certificate = made.write(tmp_path)
    unsigned = profile(open_site())
    document = profile(open_site(profile_key=private, profile_certificate=certificate))

    assert verified(openssl, tmp_path, document, made) == unsigned
    assert plistlib.loads(unsigned)["PayloadType"] == "Configuration"


def test_page_says_whether_it_is_signed(open_site: OpenSite, tmp_path: Path) -> None:
    """The page for iPhones announces "Not Signed" only where the profile that it links is not signed."""
    private, certificate = chain(next(iter(KINDS))).write(tmp_path)
    query = b"email=taro@sample.co.jp&program=iphone&lang=en"
    unsigned = open_site().ask("/setup", query=query)
    signed = open_site(profile_key=private, profile_certificate=certificate).ask("/setup", query=query)

    assert ("Not Signed" in unsigned.text, "Not Signed" in signed.text) == (True, False)


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
    site.run(site.upkeep.tick(), site.upkeep.reload())

    assert profile(site).startswith(b"<?xml")
    assert site.services.signer.status() is None


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


BAD: dict[str, tuple[bytes | None, str]] = {
    "no key": (None, "cannot be read: No such file or directory"),
    "another key": (pem_of(key("EC", 7)), "fits none of the certificates"),
    "an empty file": (b"", "is not a private key in PEM"),
}


@pytest.mark.parametrize(("private_key", "problem"), BAD.values(), ids=BAD)
def test_bad_at_the_start(
    open_site: OpenSite, tmp_path: Path, log_lines: LogLines, private_key: bytes | None, problem: str
) -> None:
    """With a key that is missing or cannot sign, profiles are served unsigned, which is seen; once mended they are."""
    private, certificate = chain().write(tmp_path)
    good = private.read_bytes()
    private.unlink() if private_key is None else private.write_bytes(private_key)
    site = open_site(profile_key=private, profile_certificate=certificate)
    ticks(site, 3)
    (line,) = log_lines()
    seen, unsigned, metrics = readyz(site), profile(site), site.services.gauges()
    put(private, good)
    ticks(site, 2)

    assert (line["event"], line["level"]) == ("profiles are not signed", "error")
    assert problem in line["problem"]
    assert seen == {"expires": None, "state": "unsigned", "fault": line["problem"]}
    assert unsigned.startswith(b"<?xml")
    assert metrics["profile_certificate_fault"] == 1
    assert readyz(site)["state"] == "good"
    assert site.services.gauges()["profile_certificate_fault"] == 0
    assert not profile(site).startswith(b"<?xml")


PLAN = """
[plans.{key}]
name = "A"
[[plans.{key}.servers]]
protocol = "imap"
host = "{host}"
port = 993
tls = "ssl"
login = ["password-cleartext"]
username = "{{address}}"
[[plans.{key}.servers]]
protocol = "smtp"
host = "{host}"
port = 465
tls = "ssl"
login = ["password-cleartext"]
username = "{{address}}"
"""
RULES = r"""
[[host]]
match = 'fixed\.example'
plan = "fixed"
[[host]]
match = 'theirs\.example'
plan = "theirs"
"""


@pytest.mark.parametrize(
    ("address", "host", "signs"),
    [
        pytest.param("taro@row.example", "autoconfig.row.example", True, id="a row"),
        pytest.param("taro@row-of-theirs.example", "autoconfig.row.example", True, id="a row, the domain in a host"),
        pytest.param("a@attacker.example", "autoconfig.fixed.example", True, id="a host rule"),
        pytest.param("a@attacker.example", "autoconfig.theirs.example", False, id="a host rule, the domain in a host"),
        pytest.param("a@attacker.example", "autoconfig.example", False, id="the default plan"),
    ],
)
def test_whose_choice(open_site: OpenSite, tmp_path: Path, address: str, host: str, *, signs: bool) -> None:
    """The provider signs what the provider chose: no stranger gets a signature under hosts of their own domain."""
    private, certificate = chain().write(tmp_path)
    hosts = {"fixed": "mail.fixed.example", "theirs": "mail.{domain}"}
    plans = "".join(PLAN.format(key=name, host=where) for name, where in hosts.items()) + RULES
    site = open_site(profile_key=private, profile_certificate=certificate, plans=plans, default_plan="fixed")
    site.finder.add("row.example", "fixed")
    site.finder.add("row-of-theirs.example", "theirs")
    answer = site.ask(PROFILE, host, query=b"email=" + address.encode())

    assert answer.status_code == 200
    assert answer.content.startswith(b"<?xml") is not signs
