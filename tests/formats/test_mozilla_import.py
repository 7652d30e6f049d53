"""Published documents in all their forms, and the plans that they make."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

from autoconfig.errors import DocumentInvalid
from autoconfig.formats import mozilla
from autoconfig.formats.mozilla_import import MAX_OCTETS, Imported, read_document
from autoconfig.mail.account import Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.service import OAuth2
from autoconfig.plans import read_plans
from autoconfig.plans.writing import plan_as_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent / "imports"
IMAP = "imap imap.example.net 993 ssl password-cleartext {address}"
POP3 = "pop3 pop.example.net 995 ssl password-cleartext {address}"
SMTP = "smtp smtp.example.net 465 ssl password-cleartext {address}"
CLEAR = "password-cleartext"


class Form(NamedTuple):
    """What becomes of a file: the servers, and a part of each sentence about what is lost."""

    servers: list[str]
    lost: Sequence[str] = ()
    same: bool = True
    """Whether Thunderbird gets the same servers from the plan as from the file."""


# Every file but `many-domains` has the domain example.net, whose sentence is not repeated here.
FORMS = {
    "simple": Form([IMAP, POP3, SMTP]),
    "no-pop3": Form([IMAP, SMTP]),
    "no-imap": Form([POP3, SMTP]),
    "hosts-with-placeholders": Form(
        [
            "imap {domain} 993 ssl password-cleartext {address}",
            "pop3 pop.{domain} 995 ssl password-cleartext {address}",
            "smtp smtp.{domain}.mail.example.net 587 starttls password-cleartext {address}",
        ]
    ),
    "hosts-that-no-plan-has": Form(
        [POP3, SMTP],
        [
            "this imap section is left out: in 'mail-{domain}' a dot has to stand on each side of {domain}",
            "a host name may use only {domain}, and '{local}.example.net' uses more",
            "'a_b.example.net' is not a host name",
            "a pattern cannot hold the braces of '{host}.example.net'",
            "'-' is not a host name",
            "it has no hostname",
            "it has no hostname; it says type='imap', port '993', socketType 'SSL'",
        ],
        same=False,
    ),
    "hosts-spelled-freely": Form([IMAP, POP3, "smtp 192.0.2.25 465 ssl password-cleartext {address}"]),
    "password-encrypted": Form([line.replace("cleartext", "encrypted") for line in (IMAP, POP3, SMTP)]),
    "old-login-names": Form([IMAP, SMTP.replace(CLEAR, f"password-encrypted+{CLEAR}")]),
    "without-tls": Form(
        [
            "imap imap.example.net 143 plain password-cleartext {local}",
            "pop3 pop.example.net 110 plain password-cleartext {local}",
            "smtp smtp.example.net 587 plain password-cleartext {local}",
        ],
        ["pop3 stands before imap"],
    ),
    "without-tls-beside-tls": Form(
        [
            IMAP,
            "pop3 pop.example.net 110 plain password-cleartext {address}",
            "smtp smtp.example.net 587 starttls password-cleartext {address}",
        ],
        [
            "line 14, <incomingServer>: the imap server imap.example.net 143 without TLS is left out",
            "line 28, <outgoingServer>: the smtp server smtp.example.net 25 without TLS is left out",
        ],
        same=False,
    ),
    "several-of-a-type": Form(
        [
            IMAP,
            "imap imap2.example.net 143 starttls password-cleartext {address}",
            POP3,
            "smtp smtp.example.net 587 starttls password-cleartext {address}",
            SMTP,
        ]
    ),
    "oauth2-and-password": Form([line.replace(CLEAR, f"OAuth2+{CLEAR}") for line in (IMAP, SMTP)]),
    "oauth2-alone": Form([line.replace(CLEAR, "OAuth2") for line in (IMAP, SMTP)]),
    "oauth2-that-is-incomplete": Form(
        [IMAP.replace(CLEAR, "OAuth2"), SMTP],
        [
            "this section is left out: '' in tokenURL is not an https URL",
            "this section is left out: '' is no scope",
            "this section is left out: 'https://%EMAILDOMAIN%/auth?a=1&b=2' in authURL",
            "a second one is left out: issuer 'login.example.net'",
        ],
    ),
    "user-names": Form(
        [
            IMAP.replace("{address}", "{local}.{domain}"),
            POP3.replace("{address}", "{local}"),
            SMTP.replace("{address}", "u-{address}@{domain}"),
        ]
    ),
    "user-names-that-are-literal": Form(
        [
            IMAP.replace("{address}", "shared"),
            POP3.replace("{address}", "0012345"),
            SMTP.replace("{address}", ' 太郎 & "50%" \\ '),
        ]
    ),
    "user-names-that-no-plan-has": Form(
        [IMAP.replace("imap.", "imap3."), POP3, SMTP],
        [
            "this imap section is left out: %REALNAME% is not known to the server",
            "this imap section is left out: a pattern cannot hold the braces of '{local}'",
            "line 21, <incomingServer>: there is no user name; {address} was taken",
            "line 32, <username>: there is no user name; {address} was taken",
        ],
        same=False,
    ),
    "placeholders-misspelt": Form(
        [
            IMAP.replace("{address}", "%EMAILADDRESS"),
            POP3.replace("{address}", "%emailaddress%"),
            SMTP.replace("{address}", "{local}%EMAILDOMAIN"),
        ],
        ["'%EMAILADDRESS' is no placeholder", "'%emailaddress%' is no placeholder", "'%EMAILDOMAIN' is no placeholder"],
    ),
    "non-ascii": Form(
        [IMAP.replace("imap.", "xn--4dkua4c."), SMTP],
        [
            "here stand xn--wgv71a119e.example; put each on the plan",
            r"'日本\u3000語' is not a domain name",
            "'メール.example.net' is written in A-labels: xn--4dkua4c.example.net",
            "this imap section is left out: '☃☃.メール_x.example' is not a domain name",
        ],
        same=False,
    ),
    "many-domains": Form(
        [IMAP, SMTP],
        [
            "here stand example.net, example.com; put each on the plan: `autoconfig mapping set NAME --plan many`",
            "'%EMAILDOMAIN%' is not a domain name",
            "here stand mail.example.net, mx.example.org; for mail hosts write a [[host]] rule",
        ],
    ),
    "exchange": Form(
        [IMAP, SMTP],
        [
            "this ews section is left out: a plan has no Exchange servers; it says type='ews', authentication 'OAuth2'",
            "this owa section is left out",
            "this graph section is left out",
            "owaURL 'https://outlook.example.net/owa/', ewsURL 'https://outlook.example.net/ews/exchange.asmx'",
        ],
    ),
    "languages": Form(
        [IMAP, SMTP],
        [
            "is said twice in this language; this one is left out: 'Example mail again'",
            "'日本' is no language code; the text is kept without one",
            "is said twice in this language; this one is left out: '二度'",
            "'url' is no language code",
            "is said twice in this language; this one is left out: 'trois fois'",
            "the page is left out, for 'help/mail.html' is not a URL: url='help/mail.html', descr lang='en'",
        ],
    ),
    "comments": Form(
        [IMAP, SMTP],
        [
            "line 2: an instruction to programs: 'href=\"x.xsl\"'",
            "line 3: a comment: 'made by hand'",
            "line 10: a comment: 'IMAP is preferred'",
            "line 12: a comment: 'the old one was mail'",
            "line 26: a comment: 'end'",
        ],
    ),
    "unknown-elements": Form(
        [IMAP, SMTP],
        [
            "<clientConfig>: its attribute rev='7' is left out",
            "<idle>: a plan has no place for it: minutes='29', 'yes'",
            "<outgoingServer>: its attribute weight='5' is left out",
            "<hostname>: its attribute ipv6='no' is left out",
            "<b>: a plan has no place for it: 'x'",
            "<identity>: an identity of KMail's: type='kolab', name 'me'",
            "<future>: a plan has no place for it: thing a='1', thing 'x', y 'z'",
            "<nothing>: a plan has no place for it: (empty)",
        ],
    ),
    "stray-text": Form([IMAP, SMTP], ["<emailProvider>: a text that stands between its elements: 'One or two'"]),
    "calendars": Form(
        [
            IMAP.replace("{address}", "{local}"),
            SMTP.replace("{address}", "{local}"),
            "caldav https://dav.example.net/cal/{domain}/ password-cleartext {address}",
            "carddav https://dav.example.net/card/ OAuth2+password-encrypted {local}",
        ],
        ["a plan has no file shares: type='webdav', url 'https://dav.example.net/files/'"],
    ),
    "calendars-that-no-plan-has": Form(
        [IMAP, SMTP, "caldav https://dav.example.net/in-provider/ password-cleartext {address}"],
        [
            "caldav https://dav.example.net/in-provider/ is said twice, with different logins; the first is kept",
            "there is no user name; {address} was taken",
            "a second URL is left out: 'https://dav.example.net/other/'",
            "this caldav section is left out: 'http://dav.example.net/' is not an https URL",
            "this ical section is left out: its type is 'ical', which is not known here",
            "this caldav section is left out: it has no login method",
            "this caldav section is left out: it has no URL",
            "a URL may use only {domain}, and 'https://{local}.example.net/' uses more",
            "a pattern cannot hold the braces of 'https://dav.example.net/{home}/'",
        ],
    ),
    "webmail": Form(
        [IMAP, SMTP],
        [
            "what the customer has to do first: visiturl='https://mail.example.net/settings?a=1&b=2', instruction",
            "how a program fills in the webmail's login page: url='https://mail.example.net/login'",
            "a second one is left out: loginPage url='https://mail2.example.net/'",
            "where updates of the document are: url='https://example.net/config.xml'",
        ],
    ),
    "webmail-without-page": Form(
        [IMAP, SMTP],
        [
            "this section is left out: the webmail's '' is not a URL",
            "how a program fills in the webmail's login page",
            "this section is left out: the webmail's 'https://%EMAILDOMAIN%/' is not a URL",
        ],
    ),
    "namespace": Form([IMAP, SMTP], ["<incomingServer>: a plan has no place for it: type='imap', hostname 'evil"]),
    "prefixes": Form([IMAP, POP3, SMTP]),
    "ports": Form(
        [
            IMAP.replace("imap.", "e."),
            IMAP.replace("imap.", "f."),
            IMAP.replace("imap.", "g."),
            "pop3 i.example.net 110 starttls password-cleartext {address}",
            "smtp k.example.net 65535 starttls password-cleartext {address}",
        ],
        [
            "this imap section is left out: its port is '0', which is none",
            "its port is 'imaps', which is none",
            "its port is '65536', which is none",
            "its port is '-993', which is none",
            "line 35, <incomingServer>: there is no port; 993, the usual one, was taken",
            "<port>: the port '993x' is read as 993, as Thunderbird does",
            "its port is '99999999999999999999', which is none",
            "line 62, <incomingServer>: there is no port; 110, the usual one, was taken",
            "this smtp section is left out: its port is '', which is none",
        ],
        same=False,
    ),
    "socket-types": Form(
        [IMAP.replace("imap.", "e."), "smtp g.example.net 587 starttls password-cleartext {address}"],
        [
            "this imap section is left out: its socketType is 'ssl'",
            "its socketType is 'TLS'",
            "its socketType is ' SSL '",
            "it has no socketType",
            "this smtp section is left out: its socketType is 'starttls'",
        ],
    ),
    "login-methods": Form(
        [
            "imap a.example.net 993 ssl GSSAPI+NTLM+TLS-client-cert+password-cleartext {address}",
            POP3.replace("pop.", "d."),
            "smtp e.example.net 465 ssl client-IP-address {address}",
            "smtp f.example.net 465 ssl none {address}",
        ],
        [
            "the login method 'SCRAM-SHA-256-PLUS' of 'sasl' is not known here",
            "the login method 'http-basic' is not known here",
            "this imap section is left out: it has no login method",
            "the login method 'SCRAM-SHA-256' is not known here",
            "the login method ' password-cleartext ' is not known here",
            "the login method 'Password-Cleartext' is not known here",
            "this imap section is left out: it has no login method",
            "the login method 'none' is for sending only",
            "the login method 'client-IP-address' is for sending only",
            "line 51, <outgoingServer>: there is no user name; {address} was taken",
        ],
        same=False,
    ),
    "smtp-after-pop": Form(
        [POP3, SMTP.replace("465 ssl", "587 starttls")],
        [
            "sending after fetching by POP3 (SMTP-after-POP) is no login method of plans",
            "this smtp section is left out: it has no login method",
            "sending after fetching by POP3 (SMTP-after-POP) is no login method of plans",
        ],
    ),
    "pop3-settings": Form(
        [POP3, SMTP],
        [
            (
                "settings of the POP3 program: leaveMessagesOnServer 'true', downloadOnBiff 'true', "
                "daysToLeaveMessagesOnServer '14', checkInterval minutes='15'"
            )
        ],
    ),
    "pop3-first": Form([IMAP, POP3, SMTP], ["pop3 stands before imap"]),
    "two-providers": Form([IMAP, SMTP], ["a second provider is left out: id='example.org', domain 'example.org'"]),
    "services-among-servers": Form(
        [
            IMAP,
            SMTP,
            "managesieve sieve.example.net 4190 starttls password-cleartext {address}",
            "managesieve sieve2.example.net 4190 starttls password-cleartext {address}",
            "jmap https://jmap.{domain}/session OAuth2+password-cleartext {address}",
            "activesync https://eas.example.net/Microsoft-Server-ActiveSync password-cleartext {address}",
        ],
        [
            "there is no port; 4190, the usual one, was taken",
            "this jmap section is left out: 'ftp://jmap.example.net/' is not an https URL",
        ],
    ),
    "types": Form(
        [IMAP, SMTP],
        [
            "this IMAP section is left out: its type is 'IMAP', and a plan knows imap, pop3, managesieve, jmap",
            "this nntp section is left out: its type is 'nntp'",
            "this smtp section is left out: its type is 'smtp'",
            "this imap section is left out: its type is 'imap', and a plan knows smtp here",
            "this section is left out: its type is ''",
        ],
    ),
    "no-names": Form([IMAP, SMTP], ["it has no displayName; 'many' was taken"]),
    "one-name": Form([IMAP, SMTP], ["it has no displayName; 'Example' was taken"]),
    "long-names": Form(
        [IMAP, SMTP],
        [
            f"'{'例' * 61}' is cut after 60 characters",
            "'<&> \"%EMAILDOMAIN%\" {domain} 1234567890' has a placeholder, which stays as it is",
            "'<&> \"%EMAILDOMAIN%\" {domain} 1234567890' is cut after 20 characters",
        ],
    ),
    "twice": Form(
        [IMAP.replace("imap.", "first.").replace("{address}", "first"), SMTP],
        [
            "<hostname>: is said twice; this one is left out: 'imap.example.net'",
            "<username>: is said twice; this one is left out: '%EMAILADDRESS%'",
        ],
    ),
    "for-people-and-programs": Form(
        [IMAP, SMTP],
        [
            "<restriction>: where the server may be used from: 'clientIPAddress'",
            "<password>: a password, which is not shown here",
            "<addThisServer>: which server for sending the program takes: 'true'",
            "<useGlobalPreferredServer>: which server for sending the program takes: 'false'",
            "<restriction>: where the server may be used from: password (not shown)",
            "<instruction>: an instruction for the customer: url='https://help.example.net/', descr lang='en'",
            "<inputField>: a question to the customer: key='USERNAME', label='Screen name'",
            "<chatServer>: a plan has no chat servers: type='xmpp', url 'wss://chat.example.net/'",
            "<videoConference>: a plan has no video conferences",
            "<setupServer>: a plan has no setup server",
        ],
    ),
}


def imported(name: str) -> Imported:
    """The plan `many` of a file."""
    return read_document((FOLDER / f"{name}.xml").read_bytes(), "many")


def test_every_file_has_its_form() -> None:
    """The table and the folder name the same files."""
    assert {path.stem for path in FOLDER.glob("*.xml")} == FORMS.keys()


@pytest.mark.parametrize(("name", "form"), FORMS.items(), ids=FORMS)
def test_servers(name: str, form: Form) -> None:
    """A document becomes the servers and services that it says, in the order in which they are announced."""
    bound = imported(name).plan.bind({})
    mail = [
        f"{s.protocol} {s.host} {s.port} {s.tls} {'+'.join(s.login)} {s.username}"
        for s in sorted(bound.servers, key=lambda server: server.protocol == "managesieve")
    ]

    assert [*mail, *(f"{s.kind} {s.url} {'+'.join(s.login)} {s.username}" for s in bound.services)] == form.servers


@pytest.mark.parametrize(("name", "form"), FORMS.items(), ids=FORMS)
def test_losses(name: str, form: Form) -> None:
    """All that the plan does not say is reported, in the order of the document, each with its line and what to do."""
    losses = imported(name).losses
    said = [str(loss) for loss in losses if "here stand example.net; put each" not in str(loss)]

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
    served = mozilla.document(imported(name).plan.bind({}).account(address.domain, address if known else None))

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


SIMPLE = (FOLDER / "simple.xml").read_text(encoding="utf-8").replace("Example Net", "例のメール")
ENCODINGS = {
    "UTF-8 with a byte order mark": codecs.BOM_UTF8 + SIMPLE.encode(),
    "blank lines before the declaration": b" \n\n" + SIMPLE.encode(),
    "no declaration": SIMPLE.partition("\n")[2].encode(),
    "UTF-16": SIMPLE.replace("UTF-8", "UTF-16").encode("utf-16"),
    "Shift_JIS": SIMPLE.replace("UTF-8", "Shift_JIS").encode("shift_jis"),
    "EUC-JP": SIMPLE.replace("UTF-8", "EUC-JP").encode("euc_jp"),
    "CDATA": SIMPLE.replace("例のメール", "<![CDATA[例の]]>メール").encode(),
    "character references": SIMPLE.replace("例", "&#x4f8b;").replace("imap.", "im&#97;p.").encode(),
    "CRLF": SIMPLE.replace("\n", "\r\n").encode(),
    "pretty-printed leaves": SIMPLE.replace("例のメール", "\n  例のメール\n\t").encode(),
}


@pytest.mark.parametrize("body", ENCODINGS.values(), ids=ENCODINGS)
def test_encodings(body: bytes) -> None:
    """However the same document is written, it makes the same plan."""
    assert read_document(body).plan == read_document(SIMPLE.encode()).plan


PROVIDER = '<clientConfig version="1.1"><emailProvider id="a.example">{}</emailProvider></clientConfig>'
SERVER = (
    '<{tag} type="{type}"><hostname>m.example</hostname><port>1</port><socketType>SSL</socketType>'
    "<authentication>OAuth2</authentication><username>x</username></{tag}>"
)
INCOMING = SERVER.format(tag="incomingServer", type="imap")
OUTGOING_SERVER = SERVER.format(tag="outgoingServer", type="smtp")
GOOD = PROVIDER.format(INCOMING + OUTGOING_SERVER)
BOMB = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9)) + "]>"
REFUSED = {
    "empty": (b"", "it is not XML: "),
    "blank": (b" \n", "it is not XML: "),
    "no XML": (b"imap.example.net:993", "it is not XML: "),
    "binary": (bytes(range(256)), "it is not XML: "),
    "cut off": (GOOD[:-20].encode(), "it is not XML: "),
    "an unknown entity": (PROVIDER.format("&nbsp;").encode(), "it is not XML: "),
    "another encoding than it says": (SIMPLE.encode("shift_jis"), "it is not XML: "),
    "an encoding that nobody knows": (SIMPLE.replace("UTF-8", "x-klingon").encode(), "it is not XML: "),
    "nested without end": (("<a>" * 100_000).encode(), "it is not XML: "),
    "HTML": (b"<!DOCTYPE html><html><body>404</body></html>", "it has a DOCTYPE"),
    "a DOCTYPE": (b"<!DOCTYPE clientConfig>" + GOOD.encode(), "it has a DOCTYPE"),
    "an external DTD": (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + GOOD.encode(), "it has a DOCTYPE"),
    "an external entity": (
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.replace("m.example", "&x;")).encode(),
        "it has a DOCTYPE",
    ),
    "an entity bomb": ((BOMB + GOOD.replace("m.example", "&e8;")).encode(), "it "),
    "Autodiscover": (b"<Autodiscover/>", "its root element is <Autodiscover>, not <clientConfig>"),
    "no provider": (b'<clientConfig version="1.1"/>', "it has no <emailProvider>"),
    "a provider of another namespace": (
        b'<clientConfig><x:emailProvider xmlns:x="urn:x"/></clientConfig>',
        "it has no <emailProvider>",
    ),
    "no server": (PROVIDER.format("").encode(), "it has no usable server for receiving"),
    "nothing to receive by": (PROVIDER.format(OUTGOING_SERVER).encode(), "it has no usable server for receiving"),
    "nothing to send by": (PROVIDER.format(INCOMING).encode(), "it has no usable server for sending"),
    "ManageSieve alone to receive by": (
        PROVIDER.format(SERVER.format(tag="incomingServer", type="managesieve") + OUTGOING_SERVER).encode(),
        "it has no usable server for receiving",
    ),
    "Exchange alone": (
        PROVIDER.format(SERVER.format(tag="incomingServer", type="exchange") + OUTGOING_SERVER).encode(),
        (
            "it has no usable server for receiving\n"
            "  line 1: this exchange section is left out: a plan has no Exchange servers"
        ),
    ),
    "too long": (GOOD.encode() + b" " * MAX_OCTETS, "it is longer than 1 MiB"),
}


@pytest.mark.parametrize(("body", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(body: bytes, sentence: str) -> None:
    """What is no such document, or has no server that counts, is refused with a sentence that says why."""
    with pytest.raises(DocumentInvalid) as caught:
        read_document(body)

    assert str(caught.value).startswith(sentence)
    assert "<string>" not in str(caught.value)
    assert "root:" not in str(caught.value)


def test_longest() -> None:
    """A document of just 1 MiB is read."""
    assert read_document(GOOD.encode().ljust(MAX_OCTETS)).plan.key == "a-example"
