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
NOT_ALL = "plans.a: PACC's document leaves out OAuth2; smtp has no OAuth2, and OAuth2 must work for all servers or none"
NO_PATH = "plans.a: PACC's document leaves out caldav; its URL has no path"
IMAP, SMTP = server("imap", CLEARTEXT), server("smtp", CLEARTEXT, port=465)
CASES: dict[str, tuple[list[str], str, list[str]]] = {
    "nothing to say": ([IMAP, SMTP], "", []),
    "plain": (
        [server("pop3", CLEARTEXT, port=110, tls="plain"), SMTP],
        "",
        ["plans.a: the pop3 server has no TLS; Thunderbird for Android refuses the whole document of such a plan"],
    ),
    "OAuth2 first, then one password method": (
        [server("imap", f"OAuth2,{CLEARTEXT}"), server("smtp", f"OAuth2,{CLEARTEXT}", port=465)],
        OAUTH2,
        [],
    ),
    "OAuth2 at one server": ([server("imap", f"OAuth2,{CLEARTEXT}"), SMTP], OAUTH2, [NOT_ALL]),
    "OAuth2 alone": (
        [server("imap", "OAuth2"), server("smtp", "OAuth2", port=465)],
        OAUTH2,
        [
            (
                "plans.a: no password opens imap, smtp, only OAuth2; Outlook still gets an ordinary account with a "
                "password, because Autodiscover has no word for it"
            )
        ],
    ),
    "no way in that all share": (
        [server("imap", "OAuth2"), SMTP],
        OAUTH2,
        [
            (
                "plans.a: no password opens imap, only OAuth2; Outlook still gets an ordinary account with a "
                "password, because Autodiscover has no word for it"
            ),
            NOT_ALL,
            "plans.a: PACC's document leaves out the whole domain; its mail servers share no way to log in",
        ],
    ),
    "calendars by password beside OAuth2": (
        [
            server("imap", f"OAuth2,{CLEARTEXT}"),
            server("smtp", f"OAuth2,{CLEARTEXT}", port=465),
            service("caldav", CLEARTEXT).replace("x.example/", "x.example/dav/"),
            service("jmap", "OAuth2"),
        ],
        OAUTH2,
        [
            "plans.a: PACC's document leaves out jmap; no password opens it, and the mail servers take one",
            "plans.a: PACC's document leaves out caldav; it has no OAuth2, and the mail servers have",
        ],
    ),
    "calendars of one mailbox": (
        [IMAP, SMTP, service("caldav", CLEARTEXT).replace("x.example/", "x.example/{local}/")],
        "",
        ["plans.a: PACC's document leaves out caldav; each mailbox has a URL of its own"],
    ),
    "calendars at a port": (
        [IMAP, SMTP, service("caldav", CLEARTEXT).replace("x.example/", "x.example:8443/dav/")],
        "",
        ["plans.a: PACC's document leaves out caldav; its port is not 443"],
    ),
    "no document for readers of PACC": (
        [server("imap", f"OAuth2,{CLEARTEXT}"), server("smtp", CLEARTEXT, port=587, tls="starttls")],
        OAUTH2,
        [],
    ),
    "ports of other kinds of TLS": (
        [server("imap", CLEARTEXT, port=143), server("smtp", CLEARTEXT, port=465, tls="starttls")],
        "",
        [
            (
                "plans.a: the imap server has port 143 with ssl; that port is for imap with starttls or imap with "
                "plain; check which is right"
            ),
            "plans.a: the smtp server has port 465 with starttls; that port is for smtp with ssl; check which is right",
        ],
    ),
    "a port of another protocol": (
        [server("imap", CLEARTEXT, port=995), SMTP],
        "",
        ["plans.a: the imap server has port 995 with ssl; that port is for pop3 with ssl; check which is right"],
    ),
    "a port of nobody's": ([server("imap", CLEARTEXT, port=10993), server("smtp", CLEARTEXT, port=2525)], "", []),
    "a placeholder": (
        [IMAP.replace("{address}", "%EMAILADRESS%"), SMTP.replace("{address}", "%EMAILADDRESS%")],
        'notes = [{ en = "%EMAILLOCALPART" }]',
        [
            "plans.a: %EMAILADRESS% stands in '%EMAILADRESS%'; plans have slots: {address}, {local} and {domain}",
            "plans.a: %EMAILADDRESS% stands in '%EMAILADDRESS%'; plans have slots: {address}, {local} and {domain}",
            "plans.a: %EMAILLOCALPART stands in '%EMAILLOCALPART'; plans have slots: {address}, {local} and {domain}",
        ],
    ),
    "a password before OAuth2": (
        [server("imap", f"{CLEARTEXT},OAuth2"), SMTP],
        OAUTH2,
        [
            (
                "plans.a: the imap server has password-cleartext before OAuth2; Thunderbird chooses "
                "password-cleartext, Evolution password-cleartext, KMail OAuth2; OAuth2 belongs first"
            ),
            NOT_ALL,
        ],
    ),
    "two password methods": (
        [IMAP, server("smtp", f"password-encrypted,{CLEARTEXT}", port=465)],
        "",
        [
            (
                "plans.a: the smtp server has two password methods; Thunderbird chooses password-encrypted, "
                "Evolution password-cleartext, KMail password-encrypted; keep one of them"
            )
        ],
    ),
    "OAuth2 between two password methods": (
        [server("imap", f"{CLEARTEXT},OAuth2,password-encrypted"), SMTP],
        OAUTH2,
        [
            (
                "plans.a: the imap server has password-cleartext before OAuth2; Thunderbird chooses "
                "password-cleartext, Evolution password-encrypted, KMail OAuth2; OAuth2 belongs first"
            ),
            (
                "plans.a: the imap server has two password methods; Thunderbird chooses password-cleartext, "
                "Evolution password-encrypted, KMail OAuth2; keep one of them"
            ),
            NOT_ALL,
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
        [
            server("imap", f"OAuth2,{CLEARTEXT}"),
            SMTP,
            server("managesieve", "OAuth2", port=4190, tls="starttls"),
            service("jmap", "OAuth2"),
        ],
        "",
        [
            (
                "plans.a: OAuth2 is offered (imap, managesieve, jmap) without a table oauth2; only programs that have "
                "this provider built in can use it; add oauth2"
            ),
            NOT_ALL,
            "plans.a: PACC's document leaves out jmap; no password opens it, and the mail servers take one",
        ],
    ),
    "the table without OAuth2": (
        [IMAP, SMTP],
        OAUTH2,
        [
            (
                "plans.a: there is a table oauth2, but no server has OAuth2 among its login methods; "
                "add OAuth2, or remove oauth2"
            )
        ],
    ),
    "OAuth2 for a calendar alone": ([IMAP, SMTP, service("caldav", "OAuth2")], OAUTH2, [NO_PATH]),
    "another user name for calendars": (
        [IMAP, SMTP, service("caldav", CLEARTEXT, "{local}"), service("jmap", CLEARTEXT, "{local}")],
        "",
        [
            (
                "plans.a: the user name for caldav is not that of the smtp server; Mozilla's document leaves it out, "
                "because FairEmail would log in to the mail servers with it"
            ),
            "plans.a: PACC's document leaves out jmap; its user name is not the mail address",
            NO_PATH,
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
