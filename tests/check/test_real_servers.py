from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from autoconfig.mail.server import Login
from tests.support.peer_certificates import PeerCertificate, trusted
from tests.support.published import PARAMS
from tests.support.server_checks import demo_plan, findings_of, logins_of
from tests.support.servers.mail import PASSWORD, USER, MailSetup, mail_servers

if TYPE_CHECKING:
    from autoconfig.check.finding import Finding
    from autoconfig.check.tls_handshake import Trust

DOMAIN = "sample.co.jp"
HERE = ["127.0.0.1"]
RECORDS = {
    f"{host} A": HERE
    for host in (DOMAIN, f"pop.{DOMAIN}", f"smap.{DOMAIN}", "cs312.xbit.jp", "sv1234.xserver.jp", f"mail.{DOMAIN}")
}
RECORDS[f"{DOMAIN} MX"] = [f"10 mail.{DOMAIN}"]
CS, SV = "cs312.xbit.jp", "sv1234.xserver.jp"


def issue(*names: str) -> PeerCertificate:
    """A right certificate."""
    return trusted().issue(*names)


SHARED = MailSetup(issue(CS), ports=frozenset({993, 995, 587}), mechanisms="plain login")
MAINTAINED = MailSetup(issue(DOMAIN, f"www.{DOMAIN}"), ports=frozenset({993, 995, 465}))
SETUPS: dict[str, MailSetup] = {
    "shared-standard": SHARED,
    "shared-managed": MailSetup(
        issue(f"pop.{DOMAIN}"), issue(f"smap.{DOMAIN}"), frozenset({993, 995, 465}), mechanisms="plain cram-md5"
    ),
    "server-maintenance": MAINTAINED,
    "server-setup": MAINTAINED,
    "legacy-os": MailSetup(None, issue(DOMAIN), frozenset({143, 110, 587})),
    "xserver": MailSetup(issue("*.xserver.jp"), ports=frozenset({993, 995, 465}), mechanisms="plain"),
}


def checked(key: str, setup: MailSetup, trust: Trust, **params: str) -> list[Finding]:
    """The findings about a domain on a plan, whose servers are set up so."""
    with mail_servers(setup) as servers:
        plan = demo_plan(key, servers.ports)
        return findings_of(plan, PARAMS.get(key, {}) | params, RECORDS, trust)


@pytest.mark.parametrize("key", SETUPS)
def test_healthy(key: str, trust: Trust) -> None:
    """A domain of each of the six plans, on servers that are set up as the plan says, has no finding."""
    assert checked(key, SETUPS[key], trust) == []


SNAKEOIL = trusted().issue("localhost", is_self_signed=True)
FAULTS: dict[str, tuple[str, MailSetup, list[tuple[int, str]]]] = {
    "the sending server's certificate does not verify": (
        "shared-standard",
        replace(SHARED, sending=SNAKEOIL),
        [(587, "certificate-self-signed")],
    ),
    "the sending server's certificate is for its own host": (
        "shared-standard",
        replace(SHARED, sending=issue("mail7.datacentre.example")),
        [(587, "certificate-wrong-name")],
    ),
    "no certificate for sending": (
        "shared-standard",
        replace(SHARED, postfix="smtpd_tls_security_level = none\nsmtpd_tls_auth_only = no\n"),
        [(587, "starttls-missing")],
    ),
    "passwords before TLS": (
        "shared-standard",
        replace(SHARED, allows_plain_before_tls=True),
        [(587, "plain-login-before-tls")],
    ),
    "no encrypted passwords": (
        "server-maintenance",
        replace(MAINTAINED, mechanisms="plain login"),
        [(993, "login-not-offered"), (995, "apop-missing"), (465, "login-not-offered")],
    ),
    "closed ports": (
        "server-maintenance",
        replace(MAINTAINED, ports=frozenset({993, 587})),
        [(995, "port-closed"), (465, "port-closed")],
    ),
}


@pytest.mark.parametrize(("key", "setup", "expected"), FAULTS.values(), ids=list(FAULTS))
def test_fault(key: str, setup: MailSetup, expected: list[tuple[int, str]], trust: Trust) -> None:
    """What is wrong with one port of a real server is found there, and nothing besides."""
    with mail_servers(setup) as servers:
        findings = findings_of(demo_plan(key, servers.ports), PARAMS.get(key, {}), RECORDS, trust)

    places = {port: usual for usual, port in servers.ports.items()}
    assert [(places[int(f.server.rpartition(":")[2])], f.code) for f in findings] == expected


def test_login(trust: Trust) -> None:
    """A login by the announced method and user name succeeds on each server; a wrong password does not."""
    with mail_servers(MAINTAINED) as servers:
        plan = demo_plan("server-maintenance", servers.ports)
        right = logins_of(plan, {}, RECORDS, trust, (f"{USER}@{DOMAIN}", PASSWORD))
        wrong = logins_of(plan, {}, RECORDS, trust, (f"{USER}@{DOMAIN}", "guessed"))
        plain = replace(plan, servers=tuple(replace(s, login=(Login.CLEARTEXT,)) for s in plan.servers))
        by_plain = logins_of(plain, {}, RECORDS, trust, (f"{USER}@{DOMAIN}", PASSWORD))

    assert [(finding.code, finding.seen) for finding in [*right, *by_plain]] == []
    assert [finding.code for finding in wrong] == ["login-failed"] * 3
    assert all(f"password-encrypted, user name {USER}@{DOMAIN}: " in finding.seen for finding in wrong)
