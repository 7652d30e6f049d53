from __future__ import annotations

import email
import email.policy
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from autoconfig.settings import PageLanguage, Settings
from autoconfig.web.pages.letter.message import message
from autoconfig.web.pages.programs import Program
from tests.support.demo import DOMAINS
from tests.support.letters import letter_for, resolution_of
from tests.web.conftest import PLANS
from tests.web.desk.asking import HOST, INSIDE, STRANGER, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from tests.web.conftest import Site

NAME = "sample.co.jp"
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def written(site: Site, address: str, form: str = "text", more: str = "", **rest: Any) -> httpx.Response:
    """A letter as somebody at the desk gets it."""
    query = f"address={quote(address)}&format={form}{more}".encode()
    return site.ask("/desk/letter", HOST, query=query, **{"client": INSIDE, **rest})


def contents(content: bytes) -> list[tuple[str, bytes]]:
    """The headers and parts of a message, without the boundaries, which differ each time."""
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert [part.defects for part in found.walk() if part.defects] == []
    headers = [(name, str(value).encode()) for name, value in found.items() if name != "Content-Type"]
    leaves = [part for part in found.walk() if not part.is_multipart()]
    return headers + [(part.get_content_type(), str(part.get_content()).encode()) for part in leaves]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", PageLanguage)
def test_same(desk: Site, domain: str, language: PageLanguage) -> None:
    """The letter at the desk is that of the command, in all formats; it names no other customer."""
    address = f"taro@{domain}"
    made = letter_for(address, Program.OTHER, language, desk.services.settings)
    text, page, draft = (
        written(desk, address, form, f"&program=other&lang={language}") for form in ("text", "html", "eml")
    )

    assert text.text == made.plain_text
    assert page.text == made.html_alone
    assert contents(draft.content) == contents(message(made))
    own = {domain, *resolution_of(made.address.domain).params.split('"')}
    shown = text.text + text_of(page) + draft.text
    assert [other for other in DOMAINS if other not in own and other in shown] == []


def test_not_chosen(desk: Site) -> None:
    """Without a choice the letter is text, in the provider's language and without steps, whatever the browser wants."""
    made = letter_for(f"taro@{NAME}", None, None, desk.services.settings)
    english = [(b"accept-language", b"en")]

    assert written(desk, f"taro@{NAME}", "", headers=english).text == made.plain_text
    assert written(desk, f"taro@{NAME}", "pdf", "&program=pine&lang=fr", headers=english).text == made.plain_text


@pytest.mark.parametrize(
    ("form", "kind", "policy"),
    [
        ("text", "text/plain; charset=utf-8", NOTHING),
        ("html", "text/html; charset=utf-8", f"{NOTHING}; style-src 'unsafe-inline'; img-src data:"),
        ("eml", "message/rfc822", NOTHING),
    ],
)
def test_headers(desk: Site, form: str, kind: str, policy: str) -> None:
    """No letter is kept, framed or indexed, and none loads or runs anything."""
    headers = written(desk, f"taro@{NAME}", form).headers

    assert headers["content-type"] == kind
    assert headers["content-security-policy"] == policy
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"taro@{NAME}", f"letter-taro@{NAME}.eml"),
        (f"山田@{NAME}", f"letter-_@{NAME}.eml"),
        (f"a/../b\\c;d\"e'%0d%0a@{NAME}", None),
        (f"{'a' * 64}@{NAME}", f"letter-{'a' * 64}@{NAME}.eml"),
    ],
)
def test_file_name(desk: Site, address: str, name: str | None) -> None:
    """The message is a file whose name is safe in a header and in any folder."""
    answer = written(desk, address, "eml")
    if name is None:
        assert answer.status_code in {200, 400}
        assert re.fullmatch(
            r"(attachment; filename=\"letter-[\w@.-]+\")?", answer.headers.get("content-disposition", "")
        )
    else:
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        pytest.param("taro@nobody.example", 404, "Domains that begin so", id="unknown"),
        pytest.param(NAME, 400, "A letter needs the whole mail address.", id="a domain"),
        pytest.param("", 400, "A letter needs the whole mail address.", id="nothing"),
        pytest.param("@@<script>", 400, "A letter needs the whole mail address.", id="unreadable"),
    ],
)
def test_no_letter(desk: Site, address: str, status: int, sentence: str) -> None:
    """Without a letter the desk's page says why, to correct what was typed."""
    answer = written(desk, address, more="&lang=en")

    assert answer.status_code == status
    assert 'action="/desk"' in answer.text
    assert sentence in text_of(answer)
    assert "<script>" not in answer.text


@pytest.mark.parametrize(("form", "status"), [("text", 200), ("html", 200), ("eml", 400)])
def test_misread(desk: Site, form: str, status: int) -> None:
    """An address that mail programs would misread in a message has a letter, but no message; the page says so."""
    answer = written(desk, f"=?utf-8?q?a?=@{NAME}", form, more="&lang=en")

    assert answer.status_code == status
    assert ("Copy the text of the letter instead." in text_of(answer)) is (status == 400)


MOVED = '[plans.moved]\nname = "Moved"\nredirect_domain = "new.example"\n'


@pytest.mark.parametrize(
    ("address", "plan", "sentence"),
    [
        ("taro@any.example", "moved", "This domain has moved, so there is no letter to write."),
        ("taro@gmail.com", "shared-managed", "This is an address of another mail service"),
    ],
)
def test_nothing_to_write(open_desk: Callable[..., Site], address: str, plan: str, sentence: str) -> None:
    """Of a domain that moved, and of another service's where the default plan answers, there are no values to send."""
    site = open_desk(plans=PLANS + MOVED, default_plan=plan)
    answer = written(site, address)

    assert answer.status_code == 404
    assert sentence in text_of(answer)


BROKEN = {
    "template": ({"templates_dir": "own"}, "letter/en.txt, line 1: UndefinedError: 'nobody_knows' is undefined"),
    "no URL": ({"public_url": Settings.model_fields["public_url"].default}, "public_url is not set"),
}


@pytest.mark.parametrize(("settings", "reason"), BROKEN.values(), ids=BROKEN)
def test_settings(tmp_path: Path, open_desk: Callable[..., Site], settings: dict[str, str], reason: str) -> None:
    """What the operator has to correct is on the page, for the staff to tell him."""
    own = tmp_path / "own" / "letter"
    own.mkdir(parents=True)
    site = open_desk(**{name: str(tmp_path / text) if text == "own" else text for name, text in settings.items()})
    (own / "en.txt").write_text("{{ nobody_knows }}", encoding="utf-8")
    answer = written(site, f"taro@{NAME}")

    assert answer.status_code == 500
    assert reason in text_of(answer)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "BREW"])
@pytest.mark.parametrize(
    "path", ["/desk/letter", "/desk/letter/", "/desk/LETTER", "/for/autoconfig.sample.co.jp/desk/letter"]
)
def test_strangers(desk: Site, path: str, method: str) -> None:
    """For strangers there is no letter: not a byte differs from any other path."""
    query = f"address=taro@{NAME}&format=eml".encode()
    lies = [(b"x-forwarded-for", b"127.0.0.1")]
    hidden, nothing = (
        desk.ask(asked, HOST, method=method, query=query, client=STRANGER, headers=lies)
        for asked in (path, "/no-such-path")
    )

    assert hidden.status_code == nothing.status_code == 404
    assert hidden.headers.raw == nothing.headers.raw
    assert hidden.content == nothing.content


def test_counted(desk: Site) -> None:
    """A letter counts as a request of the desk."""
    before = desk.services.counters.named()
    written(desk, f"taro@{NAME}")
    written(desk, f"taro@{NAME}", method="POST")
    after = desk.services.counters.named()

    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "requests desk served": 1,
        "requests desk refused": 1,
    }


@pytest.mark.parametrize(("typed", "offered"), [(f"taro@{NAME}", True), (NAME, False), ("taro@nobody.example", False)])
def test_offered(desk: Site, typed: str, offered: bool) -> None:
    """The desk's page of an address has the form for a letter, with every program; that of a domain has none."""
    page = desk.ask("/desk", HOST, query=f"address={typed}&lang=ja".encode(), client=INSIDE).text
    form = page.partition('<form action="/desk/letter"')[2].partition("</form>")[0]

    assert bool(form) is offered
    if offered:
        assert re.findall(r'<option value="([^"]+)">', form) == list(Program)
        assert re.findall(r'name="format" value="(\w+)"', form) == ["text", "html", "eml"]
        assert f'name="address" value="{typed}"' in form
