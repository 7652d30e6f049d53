from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init
from autoconfig.errors import SettingsInvalid
from autoconfig.settings import PageLanguage, Settings
from autoconfig.web.pages import files, rendering
from autoconfig.web.pages.validation import check_pages
from tests.support import commands
from tests.web.pages.conftest import URL, page_for, words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder for an operator's templates."""
    folder = tmp_path / "own"
    (folder / "parts").mkdir(parents=True)
    (folder / "messages").mkdir()
    return folder


def test_replaced(open_site: OpenSite, own: Path) -> None:
    """A template of the operator stands in the place of ours, the others stay, and a change is seen at once."""
    site = open_site(templates_dir=own)
    (own / "parts" / "support.html").write_text("<p>Ask Hanako.</p>", encoding="utf-8")
    first = page_for(site, "").text
    (own / "parts" / "support.html").write_text("<p>Ask Taro.</p>", encoding="utf-8")
    second = page_for(site, "").text
    (own / "parts" / "support.html").unlink()

    assert ("Ask Hanako." in first, "Ask Taro." in second) == (True, True)
    assert "Ask" not in page_for(site, "").text
    assert "Type your mail address." in words(page_for(site, ""))


def test_style(open_site: OpenSite, own: Path) -> None:
    """So does a style sheet, with the provider's colours after it."""
    (own / "style.css").write_text("p { margin: 0 }\n", encoding="utf-8")
    text = open_site(templates_dir=own).fetch(f"{URL}/style.css").text

    assert text.startswith("p { margin: 0 }\n:root{--accent:")


def test_words(open_site: OpenSite, own: Path) -> None:
    """A catalogue of the operator needs only the messages that are different, or that own templates add."""
    (own / "start.html").write_text(
        '{% extends "layout.html" %}{% block content %}{% trans %}Hello{% endtrans %}|{{ _("Copy") }}{% endblock %}',
        encoding="utf-8",
    )
    (own / "messages" / "ja.po").write_text('msgid "Hello"\nmsgstr "ようこそ"\n', encoding="utf-8")
    site = open_site(templates_dir=own)

    assert words(page_for(site, "", lang="ja")) == "ようこそ|コピー"
    assert words(page_for(site, "", lang="en")) == "Hello|Copy"


BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "unknown name": ("start.html", "<p>\n{{ nobody_knows }}", "start.html, line 2: UndefinedError: 'nobody_knows' is"),
    "syntax": ("start.html", "{% if %}", "start.html, line 1: Expected an expression"),
    "never ended": ("parts/form.html", "a\n{% if 1 %}", "parts/form.html, line 2: Unexpected end of template"),
    "in a part": ("parts/form.html", "\n\n{{ 1 / 0 }}", "parts/form.html, line 3: ZeroDivisionError: division by zero"),
    "unknown part": ("start.html", '{% include "parts/none.html" %}', "start.html, line 1: TemplateNotFound"),
    "not UTF-8": ("start.html", b"\xff", "start.html: 'utf-8' codec can't decode"),
    "catalogue that is not UTF-8": ("messages/en.po", b"\xff", "messages/en.po: 'utf-8' codec can't decode"),
    "catalogue": ("messages/en.po", "msgid never closed", "messages/en.po"),
}


def test_broken(open_site: OpenSite, own: Path, log_lines: LogLines, subtests: pytest.Subtests) -> None:
    """
    A template that an operator broke stops a start with a sentence; broken later, its page is made of ours and says
    sorry, and the log says where the fault is. Without it the page is as before.
    """
    site = open_site(templates_dir=own)  # once, as it makes every page
    whole = page_for(site, "").text
    for case, (name, text, problem) in BROKEN.items():
        with subtests.test(case):
            (own / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            with pytest.raises(SettingsInvalid) as caught:
                check_pages(site.services.settings)
            answer = page_for(site, "")
            (line,) = log_lines()
            (own / name).unlink()

            assert str(caught.value).startswith(f"templates_dir = '{own}': ")
            assert problem in str(caught.value)
            assert (answer.status_code, answer.headers["cache-control"]) == (500, "private, no-store")
            assert "This page cannot be shown at the moment" in words(answer)
            assert problem in line["problem"]
            assert (line["event"], line["templates"]) == ("a page cannot be made", str(own))
            assert page_for(site, "").text == whole


def test_address_is_not_logged(open_site: OpenSite, own: Path, log_lines: LogLines) -> None:
    """What the log says of a broken template has nothing of the customer in it."""
    site = open_site(templates_dir=own)
    (own / "account.html").write_text("{{ view.nothing }}", encoding="utf-8")  # a server with it would not start
    answer = page_for(site, "taro@sample.co.jp")
    (line,) = log_lines()

    assert answer.status_code == 500
    assert "account.html, line 1: UndefinedError" in line["problem"]
    assert "taro" not in str(line)


def test_ours_broken_too(open_site: OpenSite, own: Path, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any template that works there is a sentence, and no traceback."""
    site = open_site()
    monkeypatch.setattr(files, "shipped", lambda: own)
    for name in ("style.css", "page.js", "messages/en.po"):
        (own / name).touch()
    answer = page_for(site, "")

    assert (answer.status_code, answer.text) == (500, "Something went wrong here.\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert [line["event"] for line in log_lines()] == [
        "a page cannot be made",
        "the error page cannot be made either",
    ]


def test_check(own: Path) -> None:
    """What works passes, with own templates and without; a folder that is not there is refused."""
    check_pages(Settings())
    check_pages(Settings(templates_dir=own))

    with pytest.raises(SettingsInvalid, match="there is no such folder"):
        check_pages(Settings(templates_dir=own / "none"))


@pytest.mark.parametrize("name", ["problem.html", "programs/mac.html", "parts/topics.html", "parts/trouble.html"])
def test_check_sees_every_page(own: Path, name: str) -> None:
    """Every template is tried, in every case that it has."""
    text = files.read(name, None).decode()
    (own / "programs").mkdir()
    (own / name).write_text(text.replace("{% trans %}", "{% trans %}{{ typo }}", 1), encoding="utf-8")

    with pytest.raises(SettingsInvalid, match=name):
        check_pages(Settings(templates_dir=own))


def test_check_sees_the_data(own: Path) -> None:
    """A template without a macro that /setup.json needs is refused with its name."""
    (own / "parts" / "sources.html").write_text("", encoding="utf-8")

    with pytest.raises(SettingsInvalid, match=r"parts/sources\.html has no macro 'source', .*\(in /setup\.json\)"):
        check_pages(Settings(templates_dir=own))


def test_check_reads_the_logo(tmp_path: Path) -> None:
    """A logo that cannot be shown stops a start."""
    with pytest.raises(SettingsInvalid, match="provider_logo"):
        check_pages(Settings(provider_logo=tmp_path / "none.png"))


def test_catalogue_that_was_edited(own: Path) -> None:
    """Another catalogue makes another page, though the templates are the same."""
    path = own / "messages" / "en.po"
    pages = []
    for word in ("One", "Two"):
        path.write_text(f'msgid "Copy"\nmsgstr "{word}"\n', encoding="utf-8")
        (own / "word.html").write_text("{{ _('Copy') }} {{ language }}", encoding="utf-8")
        pages.append(rendering.render("word.html", PageLanguage.EN, own))

    assert pages == ["One en", "Two en"]


def test_template_taken_away(own: Path) -> None:
    """A template that was there and is no longer is missed."""
    (own / "word.html").write_text("word", encoding="utf-8")

    assert rendering.render("word.html", PageLanguage.EN, own) == "word"
    (own / "word.html").unlink()
    with pytest.raises(Exception, match=r"word\.html") as caught:
        rendering.render("word.html", PageLanguage.EN, own)
    assert rendering.fault(caught.value) == "TemplateNotFound: word.html"


def test_start(own: Path, tmp_path: Path) -> None:
    """`autoconfig serve` says which template is broken, and does not start."""
    init(tmp_path / "demo", demo=True)
    (own / "parts" / "support.html").write_text("\n{{ typo }}", encoding="utf-8")
    command = ["--config", str(tmp_path / "demo" / "autoconfig.toml"), "serve", "--port", "0"]
    ended = commands.run(*command, environment={**os.environ, "AUTOCONFIG_TEMPLATES_DIR": str(own)}, code=2)

    assert f"templates_dir = '{own}': parts/support.html, line 2: UndefinedError: 'typo' is undefined" in ended.stderr
    assert "Traceback" not in ended.stderr
