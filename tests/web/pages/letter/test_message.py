from __future__ import annotations

import email
import functools
import subprocess
from email import policy
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from lxml import html as lxml_html

from autoconfig.errors import AddressInvalid, PlanUnusable
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.settings import PageLanguage
from autoconfig.web.pages.letter.letter import letter_to
from autoconfig.web.pages.letter.message import Sender, message
from autoconfig.web.pages.programs import Program
from tests.conftest import needs
from tests.support import strategies
from tests.support.demo import DOMAINS
from tests.support.letters import PLANS, SETTINGS, letter_for

if TYPE_CHECKING:
    from email.message import EmailMessage
    from email.policy import EmailPolicy
    from pathlib import Path

    from autoconfig.web.pages.letter.letter import Letter

# RFC 2047 and 5322 as strictly as the library knows them: every defect is an error.
STRICT = policy.default.clone(raise_on_defect=True)
DRAFT = ["X-Unsent", "To", "Subject", "MIME-Version", "Content-Type"]
ELEMENTS = ("script", "img", "a", "b", "form", "style", "title")


def parsed(written: bytes, how: EmailPolicy[EmailMessage] = STRICT) -> EmailMessage:
    """A message as the standard library reads it."""
    return email.message_from_bytes(written, policy=how)


def as_utf8(text: str) -> str:
    """A value of an internationalized header (RFC 6532), which the library reads as ASCII with surrogates."""
    return text.encode("utf-8", "surrogateescape").decode()


def parts(found: EmailMessage) -> list[EmailMessage]:
    """The text, the HTML and the picture, if that is the structure."""
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    return [part for part in found.walk() if not part.is_multipart()]


@pytest.mark.parametrize("language", PageLanguage)
@pytest.mark.parametrize("domain", DOMAINS)
def test_parts(domain: str, language: PageLanguage) -> None:
    """A message has the letter as text and as HTML, and the picture that the HTML names; it is ASCII with CR LF."""
    written = letter_for(f"taro@{domain}", Program.GMAIL, language)
    raw = message(written)
    found = parsed(raw)
    text, html, picture = parts(found)

    assert found.keys() == DRAFT
    assert (found["X-Unsent"], found["Subject"].strip()) == ("1", written.subject)
    assert [(one.username, one.domain) for one in found["To"].addresses] == [("taro", domain)]
    assert text.get_content().replace("\r\n", "\n") == written.text
    assert html.get_content().replace("\r\n", "\n") == written.html + "\n"
    assert picture.get_content() == written.picture
    sources = lxml_html.document_fromstring(html.get_content()).xpath("//img/@src")
    assert sources == [f"cid:{picture['Content-ID'][1:-1]}"]
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("address", ["taro@sample.co.jp", "a-long-name-of-a-mailbox@hanako-flowers.example"])
def test_picture(tmp_path: Path, address: str) -> None:
    """A phone reads the link off the picture."""
    written, picture = letter_for(address, Program.THUNDERBIRD_ANDROID), tmp_path / "qr.png"
    picture.write_bytes(written.picture)
    command = [needs("zbarimg", "zbar-tools"), "-q", "--raw", str(picture)]

    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == written.link


def test_sender() -> None:
    """With a sender it is a message to be sent, with the date that it then needs."""
    found = parsed(message(letter_for("taro@sample.co.jp"), Sender.parse("サポート <help@日本語.example>")))
    (sender,) = found["From"].addresses

    assert found.keys() == ["From", "Date", *DRAFT[1:]]
    assert (sender.display_name, sender.addr_spec) == ("サポート", "help@xn--wgv71a119e.example")
    assert found["Date"].datetime.tzinfo is not None


SENDERS = {
    "alone": ("help@xbit.jp", Sender("", EmailAddress.parse("help@xbit.jp"))),
    "named": ("Help, Inc. <help@xbit.jp>", Sender("Help, Inc.", EmailAddress.parse("help@xbit.jp"))),
    "quoted": ('"Help" <help@xbit.jp>', Sender("Help", EmailAddress.parse("help@xbit.jp"))),
    "another header": ("help@xbit.jp\r\nBcc: all@xbit.jp", None),
    "another header in the name": ("Help\nBcc: all@xbit.jp <help@xbit.jp>", None),
    "two": ("help@xbit.jp, all@xbit.jp", None),
    "name alone": ("Help", None),
    "empty": ("", None),
    "no domain": ("Help <help>", None),
}


@pytest.mark.parametrize(("text", "sender"), SENDERS.values(), ids=SENDERS)
def test_sender_is_read(text: str, sender: Sender | None) -> None:
    """A sender is one address with a name or without; whatever else is refused."""
    if sender is not None:
        assert Sender.parse(text) == sender
        return
    with pytest.raises(AddressInvalid):
        Sender.parse(text)


def written_to(local: str, domain: Domain, provider: str = "Provider") -> Letter:
    """A letter to an address of any domain, by any provider."""
    address = EmailAddress.parse(f"{local}@{domain.name}")
    named = SETTINGS.model_copy(update={"provider_name": provider})
    account = bind(PLANS.get("shared-managed"), {}).account(domain, address)
    return letter_to(named, account, address, Program.BECKY, PageLanguage.EN)


def elements(html: str) -> dict[str, int]:
    """How many elements of some kinds a page has."""
    page = lxml_html.document_fromstring(html)
    return {name: len(list(page.iter(name))) for name in ELEMENTS}


@functools.cache
def usual_elements() -> dict[str, int]:
    """Those of a letter to a usual address."""
    return elements(written_to("taro", Domain("sample.co.jp")).html)


@given(local=strategies.locals_, domain=strategies.domains, provider=strategies.people_read)
def test_hostile(local: str, domain: Domain, provider: str) -> None:
    """No address and no name adds a header, a recipient, a part of the message or an element of the HTML."""
    try:
        written = written_to(local, domain, provider)
    except (AddressInvalid, PlanUnusable):  # no address, or too long with the plan's hosts
        assume(False)
    assume("=?" not in local)
    found = parsed(message(written), policy.default)
    text, html, _picture = parts(found)

    assert found.keys() == DRAFT
    assert [(as_utf8(one.username), one.domain) for one in found["To"].addresses] == [(local, domain.name)]
    assert as_utf8(found["Subject"]).strip() == written.subject.replace("=?", "= ?")
    assert text.get_content().replace("\r\n", "\n") == written.text
    assert elements(html.get_content()) == usual_elements()


@pytest.mark.parametrize(
    "local",
    [
        "=?utf-8?q?=0D=0ABcc=3A_all=40evil.example?=",
        "=?utf-8?q?all=40evil.example=2C?=",
        "taro=?utf-8?b?LA==?=",
        "花子=?utf-8?q?=2C?=",
    ],
)
def test_encoded_words(local: str) -> None:
    """What mail programs would decode to another recipient or another header gets no message, as To or as From."""
    with pytest.raises(AddressInvalid, match="encoded word"):
        message(written_to(local, Domain("sample.co.jp")))
    usual, address = written_to("taro", Domain("sample.co.jp")), EmailAddress.parse("help@xbit.jp")
    with pytest.raises(AddressInvalid, match="encoded word"):
        message(usual, Sender(local, address))
    with pytest.raises(AddressInvalid, match="encoded word"):
        message(usual, Sender("Help", EmailAddress(local, address.domain)))


@pytest.mark.parametrize("name", ["=?utf-8?q?=0D=0ABcc=3A_all=40evil.example?=", "A\u2028Bcc: x@evil.example"])
def test_hostile_brand(name: str) -> None:
    """A brand's name in the subject adds no header."""
    assert parsed(message(written_to("taro", Domain("sample.co.jp"), name)), policy.default).keys() == DRAFT


@pytest.mark.parametrize("local", ["<script>alert(1)</script>", '"><img src=x>', "&lt;b&gt;", "{{ 7 * 7 }}"])
def test_escaped(local: str) -> None:
    """What looks like HTML or like a template in an address is shown as it is."""
    written = letter_for(f"{local}@sample.co.jp", language=PageLanguage.JA)

    assert f"{local}@sample.co.jp をご利用のお客様" in written.text
    assert f"{local}@sample.co.jp をご利用のお客様" in lxml_html.document_fromstring(written.html).text_content()
