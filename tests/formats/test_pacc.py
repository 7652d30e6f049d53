from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autoconfig.errors import Inexpressible
from autoconfig.formats import pacc
from autoconfig.formats.template import Prepared
from autoconfig.mail.account import Account, Documentation, Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain, is_host_name
from autoconfig.mail.server import Login, Protocol, Server, TLSMode
from autoconfig.mail.service import OAuth2, Service, ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

PORTS = {Protocol.IMAP: 993, Protocol.POP3: 995, Protocol.SMTP: 465}
OAUTH2 = OAuth2("https://login.example.jp/", "https://login.example.jp/a", "https://login.example.jp/t", ("mail",))


@pytest.fixture
def mail(account: Accounts, server: Servers) -> Accounts:
    """An account with IMAP and SMTP as PACC wants them, but for what a test changes of each."""

    def make(imap: dict[str, Any] | None = None, smtp: dict[str, Any] | None = None, **rest: Any) -> Account:
        both = ((Protocol.IMAP, imap or {}), (Protocol.SMTP, smtp or {}))
        return account(*(server(kind, **{"port": PORTS[kind], **change}) for kind, change in both), **rest)

    return make


def read(account: Account) -> dict[str, Any]:
    """The document, read."""
    value = json.loads(pacc.document(account))
    assert isinstance(value, dict)
    return value


def test_reference(account: Accounts, server: Servers) -> None:
    """The document and the digest are those of the reference, byte for byte (K5, K6)."""
    servers = [(Protocol.IMAP, "imap.example.jp", 993), (Protocol.SMTP, "smtp.example.jp", 465)]
    example = account(*(server(kind, host=host, port=port) for kind, host, port in servers))
    document = pacc.document(example).replace("例のメール".encode(), b"Example")

    assert document == (
        b'{"authentication":{"password":true},"info":{"provider":{"name":"Example"}},"protocols":'
        b'{"imap":{"host":"imap.example.jp"},"smtp":{"host":"smtp.example.jp"},"submit":{"host":"smtp.example.jp"}}}'
    )
    assert pacc.txt_record(document) == "v=UAAC1; a=sha256; d=L7Lsxu3JqNXU9TTJtSx4Fg/cXT3SrsEWZLFg5lDZbEQ="


def test_txt_record(suite: BoundPlan) -> None:
    """The record holds the padded base64 of the SHA-256 of exactly these bytes."""
    document = pacc.document(suite.account(Domain("suite.example"), None))
    digest = pacc.txt_record(document).removeprefix("v=UAAC1; a=sha256; d=")

    assert base64.b64decode(digest, validate=True) == hashlib.sha256(document).digest()
    assert pacc.txt_record(document) != pacc.txt_record(document + b"\n")


@given(name=st.from_regex(r"[a-z0-9_-]{1,40}(\.[a-z0-9_-]{1,20}){0,3}", fullmatch=True))
def test_same_bytes(suite: BoundPlan, name: str) -> None:
    """The bytes are compact UTF-8 with sorted keys, the same for every mailbox, and those of the prepared form."""
    domain = Domain(name)
    assume(is_host_name(name))
    document = pacc.document(suite.account(domain, None))
    compact = json.dumps(json.loads(document), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    assert document == compact.encode()
    assert document == pacc.document(suite.account(domain, EmailAddress("taro", domain)))
    assert document == Prepared(pacc.document, suite, with_address=False).fill(domain)


def test_submit(mail: Accounts) -> None:
    """The server for sending stands under its old name and its new one; the address does not matter."""
    for address in (None, "taro@example.jp"):
        protocols = read(mail(smtp={"host": "smtp.example.jp"}, address=address))["protocols"]

        assert protocols["smtp"] == protocols["submit"] == {"host": "smtp.example.jp"}
        assert set(protocols) == {"imap", "smtp", "submit"}


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        pytest.param({}, True, id="as it wants it"),
        pytest.param({"username": "{local}@{domain}"}, True, id="the address in two parts"),
        pytest.param({"tls": TLSMode.STARTTLS}, False, id="STARTTLS"),
        pytest.param({"tls": TLSMode.PLAIN}, False, id="no TLS"),
        pytest.param({"port": 4711}, False, id="another port"),
        pytest.param({"username": "{local}"}, False, id="the local part"),
        pytest.param({"username": "{local}.{domain}"}, False, id="a dot for the at"),
        pytest.param({"username": "{local}@other.example"}, False, id="another domain"),
        pytest.param({"username": "admin"}, False, id="a fixed name"),
    ],
)
@pytest.mark.parametrize("direction", ["imap", "smtp"])
def test_expressible(mail: Accounts, direction: str, change: dict[str, Any], fits: bool) -> None:
    """Only implicit TLS on the default port with the address as user name can be said; else nothing is."""
    account = mail(**{direction: change})

    if fits:
        assert read(account)["protocols"][direction] == {"host": "mail.example.jp"}
    else:
        with pytest.raises(Inexpressible, match=f"^this domain's {direction.upper()} server is not on port"):
            pacc.document(account)


def test_pop3(account: Accounts, server: Servers) -> None:
    """POP3 is said where it fits; one that does not fit keeps the whole document back."""
    imap, smtp = (server(kind, port=PORTS[kind]) for kind in (Protocol.IMAP, Protocol.SMTP))
    good, bad = server(Protocol.POP3, port=995), server(Protocol.POP3, TLSMode.STARTTLS, port=110)

    assert read(account(good, smtp))["protocols"].keys() == {"pop3", "smtp", "submit"}
    assert read(account(imap, good, smtp))["protocols"].keys() == {"imap", "pop3", "smtp", "submit"}
    with pytest.raises(Inexpressible, match="POP3 server is not on port 995"):
        pacc.document(account(imap, bad, smtp))


def test_first_that_fits(account: Accounts, server: Servers) -> None:
    """Of several servers the first is taken that can be said."""
    document = read(
        account(
            server(Protocol.IMAP),
            server(Protocol.SMTP, TLSMode.STARTTLS, "a.example", port=587),
            server(Protocol.SMTP, host="b.example", port=465),
            server(Protocol.SMTP, host="c.example", port=465),
        )
    )

    assert document["protocols"]["submit"] == {"host": "b.example"}


@pytest.mark.parametrize("offered", [[Protocol.IMAP], [Protocol.SMTP], []], ids=["no SMTP", "no IMAP", "nothing"])
def test_half(account: Accounts, server: Servers, offered: list[Protocol]) -> None:
    """Without a server for each direction there is no document."""
    with pytest.raises(Inexpressible, match="no server for incoming or none for outgoing mail"):
        pacc.document(account(*(server(kind, port=PORTS[kind]) for kind in offered)))


@pytest.mark.parametrize("redirect", ["redirect_url", "redirect_domain"])
def test_redirect(account: Accounts, redirect: str) -> None:
    """A domain that moved away has no document."""
    with pytest.raises(Inexpressible, match=r"^this domain has moved to another provider$"):
        pacc.document(account(**{redirect: "new.example"}))


def test_sieve(account: Accounts, server: Servers) -> None:
    """ManageSieve is never said, whatever its port: none of them has implicit TLS."""
    mail = [server(kind, port=PORTS[kind]) for kind in (Protocol.IMAP, Protocol.SMTP)]

    assert "managesieve" not in read(account(*mail, server(Protocol.MANAGESIEVE, port=4190)))["protocols"]


BOTH = (Login.OAUTH2, Login.CLEARTEXT)
AUTHENTICATION = {
    "password": ((Login.CLEARTEXT,), (Login.CLEARTEXT,), True, False),
    "encrypted": ((Login.ENCRYPTED,), (Login.CLEARTEXT,), True, False),
    "both": (BOTH, BOTH, True, True),
    "OAuth2 alone": ((Login.OAUTH2,), (Login.OAUTH2,), False, True),
    "OAuth2 for one": (BOTH, (Login.CLEARTEXT,), True, False),
    "a password for one": (BOTH, (Login.OAUTH2,), False, True),
}


@pytest.mark.parametrize(("imap", "smtp", "password", "oauth"), AUTHENTICATION.values(), ids=AUTHENTICATION)
def test_authentication(
    mail: Accounts, imap: tuple[Login, ...], smtp: tuple[Login, ...], password: bool, oauth: bool
) -> None:
    """A way to log in is said if every server has it."""
    said = read(mail({"login": imap}, {"login": smtp}, oauth2=OAUTH2))["authentication"]

    assert said == {"password": password} | ({"oauth-public": {"issuer": OAUTH2.issuer}} if oauth else {})


@pytest.mark.parametrize(
    ("imap", "smtp", "oauth2"),
    [
        pytest.param((Login.OAUTH2,), (Login.OAUTH2,), None, id="OAuth2 of nobody knows whom"),
        pytest.param((Login.OAUTH2,), (Login.CLEARTEXT,), OAUTH2, id="nothing in common"),
        pytest.param((Login.NTLM,), (Login.NTLM,), OAUTH2, id="another way"),
        pytest.param((Login.CLEARTEXT,), (Login.CLIENT_IP_ADDRESS,), OAUTH2, id="by IP address"),
    ],
)
def test_no_authentication(
    mail: Accounts, imap: tuple[Login, ...], smtp: tuple[Login, ...], oauth2: OAuth2 | None
) -> None:
    """Servers that share no way to log in that the format has are not published."""
    with pytest.raises(Inexpressible, match="share no way to log in by a password or by OAuth2"):
        pacc.document(mail({"login": imap}, {"login": smtp}, oauth2=oauth2))


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        pytest.param({}, True, id="as it wants it"),
        pytest.param({"url": "https://dav.example.jp:443/dav"}, True, id="its own port, written out"),
        pytest.param({"url": "https://dav.example.jp:8443/dav/"}, False, id="another port"),
        pytest.param({"url": "https://dav.example.jp"}, False, id="a bare origin"),
        pytest.param({"url": "https://dav.example.jp/"}, False, id="a bare origin with a slash"),
        pytest.param({"url": "https://dav.example.jp//?a=b"}, False, id="no path to speak of"),
        pytest.param({"username": "{local}"}, False, id="another user name"),
        pytest.param({"login": (Login.OAUTH2,)}, False, id="no password"),
        pytest.param({"login": (Login.ENCRYPTED,)}, True, id="an encrypted password"),
    ],
)
@pytest.mark.parametrize("kind", [ServiceKind.CALDAV, ServiceKind.CARDDAV, ServiceKind.JMAP])
def test_services(mail: Accounts, service: Services, kind: ServiceKind, change: dict[str, Any], fits: bool) -> None:
    """A service that can be said stands beside the mail servers; another one is left out. JMAP may be at a root."""
    said = read(mail(services=(service(kind, **change),)))["protocols"]
    expected = fits or (kind is ServiceKind.JMAP and ":8443" not in change.get("url", ":8443"))

    assert expected is (kind.value in said)
    if expected:
        assert said[kind.value] == {"url": change.get("url", "https://dav.example.jp/dav/")}


@pytest.mark.parametrize(("login", "fits"), [(BOTH, True), ((Login.CLEARTEXT,), False), ((Login.OAUTH2,), False)])
def test_service_login(mail: Accounts, service: Services, login: tuple[Login, ...], fits: bool) -> None:
    """A service has to take every way to log in that is said, for it is said of all."""
    dav = service(ServiceKind.CALDAV, login=login)
    said = read(mail({"login": BOTH}, {"login": BOTH}, oauth2=OAUTH2, services=(dav,)))["protocols"]

    assert fits is ("caldav" in said)


def test_activesync(mail: Accounts, service: Services) -> None:
    """ActiveSync has no place in it."""
    assert read(mail(services=(service(ServiceKind.ACTIVESYNC),)))["protocols"].keys() == {"imap", "smtp", "submit"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("https://www.example.jp/mail/", True, id="https"),
        pytest.param("http://www.example.jp/mail/", False, id="http"),
    ],
)
def test_help(mail: Accounts, url: str, said: bool) -> None:
    """The first page of documentation that is reached by https is linked."""
    info = read(mail(documentation=(Documentation(url, None), Documentation("ftp://x.example/", None))))["info"]

    assert info.get("help") == ({"documentation": url} if said else None)


def test_names(account: Accounts, server: Servers) -> None:
    """Names have at most 60 and 20 characters, of the plan's own language."""
    mail = [server(kind, port=PORTS[kind]) for kind in (Protocol.IMAP, Protocol.SMTP)]
    whole = account(*mail)
    long = Account(
        whole.domain,
        None,
        Text({"ja": "名" * 61, "en": "no"}),
        Text({"ja": "短" * 21, "en": "no"}),
        whole.servers,
    )

    assert read(long)["info"]["provider"] == {"name": "名" * 60, "shortName": "短" * 20}
    assert read(whole)["info"]["provider"] == {"name": "例のメール"}


@pytest.mark.parametrize("domain", ["old-shop.example", "hanako-flowers.example"])
def test_demo_without(customer: Accounts, domain: str) -> None:
    """The example domains without TLS from the first byte have no document."""
    with pytest.raises(Inexpressible):
        pacc.document(customer(domain))
