from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.check.advice import RowSource
from tests.support.mail_scripts import imap, pop3, smtp
from tests.support.peer_certificates import DAY, trusted
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.server_checks import DOMAIN, HOST, demo_plan, findings_of, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.check.tls_handshake import Trust

HERE = ["127.0.0.1"]
CS = "cs312.xbit.jp"


@contextlib.contextmanager
def serving(*names: str, smtp_port: int = 465, pop: Sequence[str] = ()) -> Iterator[dict[int, int]]:
    """A mail server with one certificate for all ports, or another one for POP3; where its ports are."""
    context = server_context(trusted().issue(*names))
    pop_context = server_context(trusted().issue(*pop)) if pop else context
    sending = with_tls(context, smtp()) if smtp_port == 465 else smtp(context=context)
    with (
        MailServer(with_tls(context, imap())) as first,
        MailServer(with_tls(pop_context, pop3())) as second,
        MailServer(sending) as third,
    ):
        yield {993: first.port, 995: second.port, smtp_port: third.port}


def advice(trust: Trust, key: str, ports: dict[int, int], records: dict[str, list[str]], **params: str) -> list[str]:
    """What the findings advise; all of them are about the certificate's name."""
    findings = findings_of(demo_plan(key, ports), params, records, trust)
    assert {finding.code for finding in findings} == {"certificate-wrong-name"}
    assert all(finding.advice.in_language("ja") for finding in findings)
    return [finding.advice.in_language("en") for finding in findings]


def test_shared_standard(trust: Trust) -> None:
    """On the shared server mail.DOMAIN is the paper's name, and the certificate's name is to be announced."""
    with serving(CS, smtp_port=587) as ports:
        texts = advice(trust, "shared-standard", ports, {f"{HOST} A": HERE, f"{CS} A": HERE}, server=HOST)

    command = f"autoconfig mapping set {DOMAIN} --plan shared-standard --param server={CS}"
    assert texts == [f"The certificate is for {CS}. {CS} works: {command}"] * 3


def test_maintained(trust: Trust) -> None:
    """On a maintained server it is the web site's name; one command changes all params, and keeps those of the row."""
    records = {f"{DOMAIN} A": HERE, f"www.{DOMAIN} A": HERE}
    with serving(f"www.{DOMAIN}") as ports:
        texts = advice(trust, "server-maintenance", ports, records, username="{local}.{domain}")

    params = f"--param incoming=www.{DOMAIN} --param outgoing=www.{DOMAIN} --param 'username={{local}}.{{domain}}'"
    assert {text.partition("works: ")[2] for text in texts} == {
        f"autoconfig mapping set {DOMAIN} --plan server-maintenance {params}"
    }
    assert len(texts) == 3


@pytest.mark.parametrize(
    ("certificate", "records", "name"),
    [
        ("*.provider.jp", {f"{DOMAIN} MX": ["10 mx7.provider.jp"], "mx7.provider.jp A": HERE}, "mx7.provider.jp"),
        (f"*.{DOMAIN}", {f"{HOST} A": HERE}, HOST),
    ],
    ids=["MX", "usual name"],
)
def test_wildcard(trust: Trust, certificate: str, records: dict[str, list[str]], name: str) -> None:
    """A wildcard names no host: the domain's MX and its usual names are tried."""
    with serving(certificate) as ports:
        texts = advice(trust, "server-maintenance", ports, {f"{DOMAIN} A": HERE, **records})

    assert all(f"{name} works: " in text for text in texts)


def test_host_of_plan(trust: Trust) -> None:
    """Where the plan itself has the host, the change of the plan is printed, as a pattern."""
    context = server_context(trusted().issue(f"pop.{DOMAIN}"))
    with MailServer(with_tls(context, imap())) as server:
        host = f'host = "mail.{{domain}}", port = {server.port}'
        plan = plan_of(f'{{ protocol = "imap", {host}, tls = "ssl", login = ["password-cleartext"], username = "a" }}')
        (finding,) = findings_of(plan, {}, {f"{HOST} A": HERE, f"pop.{DOMAIN} A": HERE}, trust)

    assert finding.advice.in_language("en").endswith(
        f'pop.{DOMAIN} works. In plans.toml: [plans.own] host = "pop.{{domain}}" for port {server.port}'
        "; this changes all domains on the plan."
    )


def test_service(trust: Trust) -> None:
    """A service has a `url`, of which only the certificate was looked at; a name of our own is not advised."""
    names = (f"autoconfig.{DOMAIN}", f"calendar.{DOMAIN}")
    with MailServer(with_tls(server_context(trusted().issue(*names)), imap())) as server:
        url = f"https://dav.{{domain}}:{server.port}/"
        plan = plan_of(f'{{ protocol = "caldav", url = "{url}", login = ["password-cleartext"], username = "a" }}')
        records = {f"{name} A": HERE for name in (*names, f"dav.{DOMAIN}")}
        (finding,) = findings_of(plan, {}, records, trust)

    assert finding.advice.in_language("en").endswith(
        f". The certificate fits calendar.{DOMAIN}. In plans.toml, [plans.own]: calendar.{{domain}} as the host of the "
        "`url`; this changes all domains on the plan."
    )


def test_expired_too(trust: Trust) -> None:
    """Where the certificate has also expired, no name works, and its renewal is the time to include the right one."""
    context = server_context(trusted().issue(CS, begins=-9 * DAY, ends=-DAY))
    with MailServer(with_tls(context, imap())) as server:
        plan = plan_of(
            f'{{ protocol = "imap", host = "{HOST}", port = {server.port}, tls = "ssl", '
            'login = ["password-cleartext"], username = "a" }'
        )
        (finding,) = findings_of(plan, {}, {f"{HOST} A": HERE, f"{CS} A": HERE}, trust)

    assert finding.advice.in_language("en") == (
        f"The certificate is for {CS}. It has expired, too: when you renew it, include {HOST}."
    )


def test_private_name(trust: Trust) -> None:
    """A name that leads to a private address which the row names itself was not asked, and is not advised."""
    records = {f"{DOMAIN} A": HERE, "other.example A": HERE}
    with serving("other.example") as ports:
        findings = findings_of(
            demo_plan("xserver", ports), {"server": "127.0.0.1"}, records, trust, allow_private=False
        )

    assert {finding.code for finding in findings} == {"certificate-wrong-name"}
    assert not any(" works" in finding.advice.in_language("en") for finding in findings)


def test_one_port_only(trust: Trust) -> None:
    """Where other ports have the right certificate, it is to be used here too, and no name is changed for it."""
    records = {f"{DOMAIN} A": HERE, "other.example A": HERE}
    with serving(DOMAIN, pop=["other.example"]) as ports:
        (text,) = advice(trust, "server-maintenance", ports, records)

    assert text.endswith(
        f"Ports {ports[993]}, {ports[465]} of {DOMAIN} present the right one: use that certificate here, too."
    )


@pytest.mark.parametrize(
    "records",
    [{}, {f"{CS} A": ["127.0.0.2"]}, {f"{CS} A": [*HERE, "127.0.0.2"]}],
    ids=["unknown name", "another server", "also another server"],
)
def test_no_name(trust: Trust, records: dict[str, list[str]]) -> None:
    """A name that does not lead to this very server is not advised, because the mailbox may not be there."""
    with serving(CS) as ports:
        texts = advice(trust, "server-maintenance", ports, {f"{DOMAIN} A": HERE, **records})

    assert {text.partition(f"for {CS}. ")[2] for text in texts} == {
        "No other name that was tried leads to this server with a certificate that fits."
    }


def test_change() -> None:
    """The command keeps params and flags of the row; of another program's row, the columns are named."""
    plan = demo_plan("shared-standard", {})
    row = RowSource(DOMAIN, plan, {"server": HOST, "username": "{local} x"}, ("subdomains",))
    foreign = RowSource(DOMAIN, plan, {"server": HOST}, is_editable=False)

    assert row.change({"server": CS}) == (
        f"autoconfig mapping set {DOMAIN} --plan shared-standard --param server={CS} "
        "--param 'username={local} x' --subdomains"
    )
    assert foreign.change({"server": CS}) == f"server = {CS}"
