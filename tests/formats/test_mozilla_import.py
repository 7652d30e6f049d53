"""Published documents in all their forms, and the plans that they make."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from autoconfig.formats import mozilla
from autoconfig.mail.account import Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.mail.service import OAuth2
from autoconfig.migrate.config_v11 import Imported, read_document
from autoconfig.plans import read_plans
from autoconfig.plans.writing import plan_as_toml
from tests.formats.imports.forms import FOLDER, FORMS, Form


def imported(name: str) -> Imported:
    """The plan `many` of a file."""
    return read_document((FOLDER / f"{name}.xml").read_bytes(), "many")


def test_every_file_has_its_form() -> None:
    """The table and the folder name the same files."""
    assert {path.stem for path in FOLDER.glob("*.xml")} == FORMS.keys()


@pytest.mark.parametrize(("name", "form"), FORMS.items(), ids=FORMS)
def test_servers(name: str, form: Form) -> None:
    """A document becomes the servers and services that it says, in the order in which they are announced."""
    bound = bind(imported(name).plan, {})
    mail = [
        f"{s.protocol} {s.host} {s.port} {s.tls} {'+'.join(s.login)} {s.username}"
        for s in sorted(bound.servers, key=lambda server: server.protocol == "managesieve")
    ]

    assert [*mail, *(f"{s.kind} {s.url} {'+'.join(s.login)} {s.username}" for s in bound.services)] == form.servers


@pytest.mark.parametrize(("name", "form"), FORMS.items(), ids=FORMS)
def test_losses(name: str, form: Form) -> None:
    """All that the plan does not say is reported, in the order of the document, each with its line and what to do."""
    losses = imported(name).losses
    said = [str(loss) for loss in losses if "the document has example.net; put each" not in str(loss)]

    assert [part for part, sentence in zip(form.lost, said, strict=False) if part not in sentence] == [], said
    assert len(form.lost) == len(said), said
    assert all(re.match(r"line \d+", loss.place) and loss.problem for loss in losses)
    assert all(loss.remedy for loss in losses if "a comment" not in loss.problem and "to programs" not in loss.problem)
    assert "hunter2" not in str(said)
    assert all(text.isprintable() for text in said)


@pytest.mark.parametrize("name", FORMS)
def test_plans_toml(name: str) -> None:
    """The plan can stand in plans.toml, and is the same when it is read again."""
    plan = imported(name).plan

    assert read_plans(plan_as_toml(plan).encode()).plans == {"many": plan}


KNOWN = {
    "password-cleartext": "password-cleartext",
    "password-encrypted": "password-encrypted",
    "plain": "password-cleartext",
    "secure": "password-encrypted",
    "OAuth2": "OAuth2",
    "NTLM": "NTLM",
    "GSSAPI": "GSSAPI",
    "TLS-client-cert": "TLS-client-cert",  # Thunderbird passes over it; others do not
}
OUTGOING = {"none": "none", "client-IP-address": "client-IP-address"}


def thunderbirds(document: bytes, address: EmailAddress) -> list[tuple[str, ...]]:
    """The servers that Thunderbird takes from a document, by its rules, written down here a second time."""
    root = re.sub(r" xmlns(:\w+)?=\"[^\"]*\"|(?<=<)a:|(?<=</)a:", "", document.decode())
    provider = ET.fromstring(re.sub(r"<x:.*?</x:incomingServer>", "", root, flags=re.DOTALL)).find("emailProvider")
    assert provider is not None
    values = {"ADDRESS": str(address), "LOCALPART": address.local, "DOMAIN": address.domain.name}

    def filled(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"%EMAIL{name}%", value)
        return text

    found = []
    for section in provider:
        kind, outgoing = section.get("type", ""), section.tag == "outgoingServer"
        if (
            section.tag not in {"incomingServer", "outgoingServer"}
            or kind not in (["imap", "pop3"], ["smtp"])[outgoing]
        ):
            continue
        host = filled((section.findtext("hostname") or "").strip()).lower().removesuffix(".")
        port = re.match(r"\s*(\d+)", section.findtext("port") or "")
        socket = section.findtext("socketType") or ""
        known = KNOWN | OUTGOING if outgoing else KNOWN
        login = dict.fromkeys(known[e.text or ""] for e in section.findall("authentication") if e.text in known)
        if (
            re.fullmatch(r"[a-z0-9.-]+", host)
            and port
            and 1 <= int(port[1]) <= 65535
            and socket in {"SSL", "STARTTLS", "plain"}
            and login
        ):
            username = filled(section.findtext("username") or "undefined")
            found.append((kind, host, port[1], socket, *login, username))
    return sorted(found, key=lambda server: ["imap", "pop3", "smtp"].index(server[0]))


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.same])
@pytest.mark.parametrize("domain", ["example.net", "xn--wgv71a119e.example"])
@pytest.mark.parametrize("known", [True, False], ids=["address", "no address"])
def test_serving_gives_the_same_servers(name: str, domain: str, known: bool) -> None:
    """What is served by the plan has the same servers as the document that it was made from, in the same order."""
    address = EmailAddress("taro", Domain(domain))
    served = mozilla.document(bind(imported(name).plan, {}).account(address.domain, address if known else None))

    assert thunderbirds((FOLDER / f"{name}.xml").read_bytes(), address) == thunderbirds(served, address)


def test_texts() -> None:
    """Names and pages are taken in all their languages, the first one first."""
    plan = imported("languages").plan

    assert plan.name == Text({"ja": "例のメール", "en": "Example mail"})
    assert plan.short_name == Text({"und": "例"})
    assert [(page.url, page.text) for page in plan.documentation] == [
        ("https://help.example.net/", Text({"ja": "メール設定のご案内", "zh-tw": "郵件設定", "und": "Mail settings"})),
        ("http://old.example.net/mail", None),
    ]


NAMES = {
    "simple": ("Example Net", "Example"),
    "non-ascii": ("ＢＢにいがた メールサービス", "ＢＢにいがた"),
    "one-name": ("Example", "Example"),
    "no-names": ("many", None),
    "long-names": ("例" * 60, '<&> "%EMAILDOMAIN%" '),
}


@pytest.mark.parametrize(("name", "names"), NAMES.items(), ids=NAMES)
def test_names(name: str, names: tuple[str, str | None]) -> None:
    """Names are taken as they are, as long as documents may have them."""
    plan = imported(name).plan

    assert names == (plan.name.in_language(), plan.short_name.in_language() if plan.short_name else None)


URLS = ("https://login.example.net/auth?a=1&b=2", "https://login.example.net/token")
TOKENS = {
    "oauth2-and-password": OAuth2("https://login.example.net", *URLS, ("mail-r", "mail-w")),
    "oauth2-alone": OAuth2("https://login.example.net/realms/mail", *URLS, ("mail-r", "mail-w"), "thunder", "bird"),
    "oauth2-that-is-incomplete": OAuth2("https://login.example.net", *URLS, ("mail-r", "mail-w")),
    "simple": None,
}


@pytest.mark.parametrize(("name", "tokens"), TOKENS.items(), ids=TOKENS)
def test_oauth2(name: str, tokens: OAuth2 | None) -> None:
    """Where tokens come from is taken from the first element that says all of it."""
    assert tokens == imported(name).plan.oauth2


@pytest.mark.parametrize(
    ("name", "url"), [("webmail", "https://mail.example.net/?a=1&b=2"), ("webmail-without-page", None)]
)
def test_webmail(name: str, url: str | None) -> None:
    """The page of the webmail is taken, if it is one."""
    assert url == imported(name).plan.webmail


KEYS = {
    "example.net": "example-net",
    "MessagingEngine": "messagingengine",
    "Example Net, Inc.": "example-net-inc",
    "xn--wgv71a119e.example": "xn--wgv71a119e-example",
    "日本語.example": "example",
    "--x__y.": "x__y",
    "": "imported",
    "。。": "imported",
    "a" * 100: "a" * 63,
}


@pytest.mark.parametrize(("identity", "key"), KEYS.items(), ids=KEYS)
def test_key(identity: str, key: str) -> None:
    """Without a key the plan has one that the provider's id makes."""
    text = (FOLDER / "simple.xml").read_text(encoding="utf-8").replace('id="example.net"', f'id="{identity}"')

    assert read_document(text.encode()).plan.key == key
