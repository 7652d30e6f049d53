"""What `plans check` and `plans import` let pass without a word: the numbers are those of the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reported.served import Served

PASSWORD, OAUTH2, BOTH = '["password-cleartext"]', '["OAuth2"]', '["OAuth2", "password-cleartext"]'
TOKENS = (
    'oauth2 = { issuer = "https://login.example", auth_url = "https://login.example/a", '
    'token_url = "https://login.example/t", scope = ["mail"] }\n'
)


def plan(
    *more: str,
    head: str = 'name = "Standard"',
    imap: str = PASSWORD,
    smtp: str = PASSWORD,
    imap_at: str = 'port = 993, tls = "ssl"',
    smtp_at: str = 'port = 465, tls = "ssl"',
    username: str = "{address}",
) -> str:
    """A plan that says nothing strange but what the test wants."""
    servers = [
        f'{{ protocol = "imap", host = "imap.{{domain}}", {imap_at}, login = {imap}, username = "{username}" }}',
        f'{{ protocol = "smtp", host = "smtp.{{domain}}", {smtp_at}, login = {smtp}, username = "{username}" }}',
    ]
    return "\n".join(["[plans.standard]", head, f"servers = [{', '.join([*servers, *more])}]", ""])


PLANS = plan()
ROWS = "name,plan\ncustomer.example,standard\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plans.toml of the test's own."""
    return tmp_path / "plans.toml"


UNFILLED = {
    "name": ('params = { brand = "Acme" }\nname = "{brand} Mail for {domain}"', "has {brand}"),
    "short name": ('name = "A"\nshort_name = "{domain}"', "has {domain}"),
    "documentation": (
        'name = "A"\ndocumentation = [{ url = "https://a.example/", en = "for {local}" }]',
        "has {local}",
    ),
    "webmail": ('name = "A"\nwebmail = "https://webmail.{domain}/"', "has {domain}"),
    "client ID": ("name = 'A'\n" + TOKENS.replace(" }", ', client_id = "{domain}" }'), "has {domain}"),
}


@pytest.mark.parametrize(("head", "said"), UNFILLED.values(), ids=UNFILLED)
def test_9_slots_that_nothing_fills(served: Served, file: Path, head: str, said: str) -> None:
    """A slot in a text that stands in documents as it is does not pass."""
    file.write_text(plan(head=head), encoding="utf-8")

    assert f"{said}, which nothing fills here" in served.run("plans", "check", plans=file, code=2)


WARNED = {
    "10 OAuth2 at one server": (plan(head=f'name = "A"\n{TOKENS}', imap=BOTH), "PACC's document leaves out OAuth2"),
    "10 calendars by password beside OAuth2": (
        plan(
            '{ protocol = "caldav", url = "https://dav.example/x/", login = ["password-cleartext"], '
            'username = "{address}" }',
            head=f'name = "A"\n{TOKENS}',
            imap=BOTH,
            smtp=BOTH,
        ),
        "PACC's document leaves out caldav",
    ),
    "10 OAuth2 alone": (
        plan(head=f'name = "A"\n{TOKENS}', imap=OAUTH2, smtp=OAUTH2),
        "Outlook still gets an ordinary account with a password",
    ),
    "15 nearly a placeholder": (plan(username="%EMAILADRESS%"), "%EMAILADRESS% stands in"),
    "15 143 with ssl": (plan(imap_at='port = 143, tls = "ssl"'), "port 143 with ssl"),
    "15 465 with starttls": (plan(smtp_at='port = 465, tls = "starttls"'), "port 465 with starttls"),
}


@pytest.mark.parametrize(("text", "said"), WARNED.values(), ids=WARNED)
def test_warned(served: Served, file: Path, text: str, said: str) -> None:
    """What some programs will not take as it is meant is a warning of that plan."""
    file.write_text(text, encoding="utf-8")
    warnings = served.json("plans", "check", plans=file)["warnings"]

    assert [said in f"{warning['problem']}; {warning['remedy']}" for warning in warnings] == [True]
    assert {warning["place"] for warning in warnings} == {"plans.standard"}


PUBLISHED = """<clientConfig version="1.1"><emailProvider id="standard"><domain>a.example</domain>
<displayName>Standard</displayName>
<incomingServer type="imap"><hostname>imap.a.example</hostname><port>993</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></incomingServer>
MORE
<outgoingServer type="smtp"><hostname>smtp.a.example</hostname><port>465</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""
URL = "<url>https://a.example/x</url><authentication>http-basic</authentication><username>%EMAILADDRESS%</username>"

IMPORTED = {
    "JMAP": (
        PUBLISHED.replace("MORE", f'<incomingServer type="jmap">{URL}</incomingServer>'),
        "Mozilla's document from here will not have what is in the plan: jmap",
    ),
    "ActiveSync": (
        PUBLISHED.replace("MORE", f'<incomingServer type="activesync">{URL}</incomingServer>'),
        "Mozilla's document from here will not have what is in the plan: activesync",
    ),
    "key": (PUBLISHED, "plans.standard: plans.toml already has this key; choose another: --key standard-2"),
    "login": (
        PUBLISHED.replace("<username>", "<authentication>cleartext</authentication><username>", 1),
        "the login method 'cleartext' is unknown; known ones are password-cleartext, password-encrypted, OAuth2, ",
    ),
    "OAuth2 alone": (
        PUBLISHED.replace("password-cleartext", "OAuth2"),
        "Outlook still gets an ordinary account with a password",
    ),
    "placeholder": (PUBLISHED.replace("%EMAILADDRESS%", "%EMAILADRESS%"), "'%EMAILADRESS%' is not a placeholder"),
    "port": (PUBLISHED.replace(">993<", ">143<"), "port 143 with ssl"),
}


@pytest.mark.parametrize(("document", "said"), IMPORTED.values(), ids=IMPORTED)
def test_15_import(served: Served, tmp_path: Path, document: str, said: str) -> None:
    """What will not be as the document has it is said."""
    (tmp_path / "a.xml").write_text(document.replace("MORE", ""), encoding="utf-8")

    assert said in served.run("plans", "import", tmp_path / "a.xml")
