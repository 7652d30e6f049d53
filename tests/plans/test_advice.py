"""Warnings: what a plan may say, and who will not take it as it is meant."""

from __future__ import annotations

import pytest

from autoconfig.plans import read_plans

OAUTH2 = (
    'oauth2 = { issuer = "https://login.example", auth_url = "https://login.example/a", '
    'token_url = "https://login.example/t", scope = ["mail"] }\n'
)


def server(protocol: str, login: str, *, host: str = "mail.example", port: int = 993, tls: str = "ssl") -> str:
    """A server as plans.toml has it; `login` with commas."""
    methods = ", ".join(f'"{method}"' for method in login.split(","))
    return (
        f'{{ protocol = "{protocol}", host = "{host}", port = {port}, tls = "{tls}", login = [{methods}], '
        'username = "{address}" },\n'
    )


def service(kind: str, login: str, username: str = "{address}") -> str:
    """A service as plans.toml has it."""
    return f'{{ protocol = "{kind}", url = "https://x.example/", login = ["{login}"], username = "{username}" }},\n'


def warnings_of(*servers: str, rest: str = "") -> list[str]:
    """What is said about a plan with these servers."""
    source = f'[plans.a]\nname = "A"\nservers = [\n{"".join(servers)}]\n{rest}'
    return [str(warning) for warning in read_plans(source.encode()).warnings]


CLEARTEXT = "password-cleartext"
IMAP, SMTP = server("imap", CLEARTEXT), server("smtp", CLEARTEXT, port=465)
CASES: dict[str, tuple[list[str], str, list[str]]] = {
    "nothing to say": ([IMAP, SMTP], "", []),
    "plain": (
        [server("pop3", CLEARTEXT, port=110, tls="plain"), SMTP],
        "",
        ["plans.a: the pop3 server has no TLS; Thunderbird for Android refuses the whole document of such a plan"],
    ),
    "OAuth2 first, then one password method": ([server("imap", f"OAuth2,{CLEARTEXT}"), SMTP], OAUTH2, []),
    "a password before OAuth2": (
        [server("imap", f"{CLEARTEXT},OAuth2"), SMTP],
        OAUTH2,
        [
            (
                "plans.a: the imap server has password-cleartext before OAuth2; Thunderbird ends with "
                "password-cleartext, Evolution with password-cleartext, KMail with OAuth2; OAuth2 belongs first"
            )
        ],
    ),
    "two password methods": (
        [IMAP, server("smtp", f"password-encrypted,{CLEARTEXT}")],
        "",
        [
            (
                "plans.a: the smtp server has two password methods; Thunderbird ends with password-encrypted, "
                "Evolution with password-cleartext, KMail with password-encrypted; keep one of them"
            )
        ],
    ),
    "OAuth2 between two password methods": (
        [server("imap", f"{CLEARTEXT},OAuth2,password-encrypted"), SMTP],
        OAUTH2,
        [
            (
                "plans.a: the imap server has password-cleartext before OAuth2; Thunderbird ends with "
                "password-cleartext, Evolution with password-encrypted, KMail with OAuth2; OAuth2 belongs first"
            ),
            (
                "plans.a: the imap server has two password methods; Thunderbird ends with password-cleartext, "
                "Evolution with password-encrypted, KMail with OAuth2; keep one of them"
            ),
        ],
    ),
    "GSSAPI": (
        [server("imap", f"GSSAPI,{CLEARTEXT}"), SMTP],
        "",
        ["plans.a: the imap server has GSSAPI; Himalaya refuses the whole document of such a plan"],
    ),
    "several servers of a protocol": (
        [IMAP, server("imap", CLEARTEXT, host="b.example"), server("imap", CLEARTEXT, host="c.example", port=1), SMTP],
        "",
        [
            (
                "plans.a: there are 3 imap servers; most programs take the first, mail.example 993, "
                "Evolution the last, c.example 1"
            )
        ],
    ),
    "OAuth2 without its table": (
        [server("imap", "OAuth2"), SMTP, server("managesieve", "OAuth2"), service("jmap", "OAuth2")],
        "",
        [
            (
                "plans.a: OAuth2 is offered (imap, managesieve, jmap) without a table oauth2; only programs that have "
                "this provider built in can use it; add oauth2"
            )
        ],
    ),
    "the table without OAuth2": (
        [IMAP, SMTP],
        OAUTH2,
        [
            (
                "plans.a: there is a table oauth2, and no server has OAuth2 among its login methods; "
                "add OAuth2, or remove oauth2"
            )
        ],
    ),
    "OAuth2 for a calendar alone": ([IMAP, SMTP, service("caldav", "OAuth2")], OAUTH2, []),
    "another user name for calendars": (
        [IMAP, SMTP, service("caldav", CLEARTEXT, "{local}"), service("jmap", CLEARTEXT, "{local}")],
        "",
        [
            (
                "plans.a: the user name for caldav is not that of the smtp server; Mozilla's document leaves it out, "
                "for FairEmail would log in to the mail servers with it"
            )
        ],
    ),
    "ManageSieve is not mail": (
        [IMAP, SMTP, server("managesieve", f"{CLEARTEXT},password-encrypted", port=4190, tls="plain")],
        "",
        [],
    ),
}


@pytest.mark.parametrize(("servers", "rest", "expected"), CASES.values(), ids=CASES)
def test_warnings(servers: list[str], rest: str, expected: list[str]) -> None:
    """Each warning names the plan, what it says, and which programs end with what."""
    assert expected == warnings_of(*servers, rest=rest)


def test_moved() -> None:
    """There is nothing to say about a plan that only says where a domain moved to."""
    assert read_plans(b'[plans.a]\nname = "A"\nredirect_domain = "b.example"').warnings == ()
