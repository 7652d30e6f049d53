"""The form of the desk's page that starts a check."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.results.single import newest_result
from autoconfig.single_check import start as starting
from autoconfig.web.desk.form_token import _digest, token
from tests.web.desk.asking import HOST, INSIDE, asked, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.support.log_lines import LogLines
    from tests.web.conftest import Site

ORIGIN = (b"origin", f"https://{HOST}".encode())
SAME_SITE = (b"sec-fetch-site", b"same-origin")
NAME = "sample.co.jp"


def posted(site: Site, headers: list[tuple[bytes, bytes]], **fields: str) -> httpx.Response:
    """The answer to the page's form."""
    body = urlencode(fields).encode()
    return site.ask("/desk", HOST, method="POST", headers=headers, body=body, client=INSIDE)


def form_token(site: Site, person: str = "", name: str = NAME, days: int = 0) -> str:
    """The token that the page had so many days ago."""
    return token(site.services.settings.state_dir, person, name, time.time() - days * 86_400)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param([], 403, id="no browser"),
        pytest.param([(b"origin", b"null")], 403, id="a hidden page"),
        pytest.param([(b"origin", b"https://evil.example")], 403, id="another site"),
        pytest.param([(b"origin", f"https://{HOST}.evil.example".encode())], 403, id="a longer name"),
        pytest.param([(b"origin", f"https://{HOST}:8443".encode())], 403, id="another port"),
        pytest.param([ORIGIN, (b"origin", b"https://evil.example")], 403, id="two origins, and no site"),
        pytest.param([ORIGIN, (b"sec-fetch-site", b"cross-site")], 403, id="cross-site"),
        pytest.param([ORIGIN, (b"sec-fetch-site", b"same-site")], 403, id="a neighbour's page"),
        pytest.param([(b"sec-fetch-site", b"none")], 403, id="typed"),
        pytest.param([ORIGIN], 303, id="an older browser"),
        pytest.param([SAME_SITE], 303, id="without an origin"),
        pytest.param([ORIGIN, SAME_SITE], 303, id="a browser"),
    ],
)
def test_origin(desk: Site, headers: list[tuple[bytes, bytes]], status: int) -> None:
    """Only the desk's own page can send the form."""
    answer = posted(desk, headers, address=NAME, token="none")

    assert answer.status_code == status


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(lambda _: "", id="none"),
        pytest.param(lambda _: "f" * 64, id="guessed"),
        pytest.param(lambda site: form_token(site, name="hanako-flowers.example"), id="of another domain"),
        pytest.param(lambda site: form_token(site, "taro"), id="of another person"),
        pytest.param(lambda site: form_token(site, days=2), id="too old"),
        pytest.param(lambda site: form_token(site, days=-1), id="of tomorrow"),
        pytest.param(lambda _: "日本", id="not ASCII"),
    ],
)
def test_token(desk: Site, given: Any) -> None:
    """Without the token of the page nothing is started, and the page says so."""
    answer = posted(desk, [ORIGIN], address=NAME, token=given(desk))

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/desk?address={NAME}&said=again"
    assert "The page was too old" in asked(desk, NAME, more="&said=again").text
    assert not (desk.services.settings.state_dir / starting._STARTED).exists()


def test_check(open_desk: Callable[..., Site], log_lines: LogLines) -> None:
    """
    The button starts a check in the background: its page shows progress, and then the result with machine and time. A
    second one has to wait. The log names the domain and the person, and no address.
    """
    site = open_desk(desk_user_header="X-Remote-User")
    state_dir = site.services.settings.state_dir
    headers = [ORIGIN, SAME_SITE, (b"x-remote-user", b"hanako")]
    page = asked(site, f"taro@{NAME}", headers=headers[2:])
    (given,) = re.findall(r'name="token" value="([0-9a-f]+)"', page.text)
    assert "This domain has not been checked yet." in page.text
    answer = posted(site, headers, address=f"taro@{NAME}", token=given)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk?address=taro%40{NAME}")
    waiting = asked(site, f"taro@{NAME}")
    assert "A check of this domain is under way." in waiting.text
    assert waiting.headers["refresh"] == f"3;url=/desk?address=taro%40{NAME}"
    assert "under way" not in asked(site, "taro@hanako-flowers.example").text
    deadline = time.monotonic() + 60
    while "under way" in asked(site, NAME).text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    result, page = newest_result(state_dir, NAME), asked(site, NAME)
    assert result is not None
    assert f"by the machine {result.machine}." in text_of(page)
    assert "refresh" not in page.headers
    again = posted(site, headers, address=NAME, token=given)
    assert again.headers["location"] == f"/desk?address={NAME}&said=soon"
    (line,) = [line for line in log_lines() if "check" in line["event"]]
    assert (line["domain"], line["by"]) == (NAME, "hanako")
    assert "taro" not in str(line)


@pytest.mark.parametrize(
    ("typed", "status"), [("taro@old-shop.example", 303), ("nobody.example", 404), ("@@", 400), ("", 400)]
)
def test_nothing_to_check(desk: Site, typed: str, status: int) -> None:
    """A name that the public DNS cannot know has no button, and nothing is started for what is not served."""
    try:
        name = Domain.parse(typed.rpartition("@")[2]).name
    except DomainInvalid:
        name = NAME
    answer = posted(desk, [ORIGIN], address=typed, token=form_token(desk, name=name))

    assert answer.status_code == status
    assert 'method="post"' not in asked(desk, typed or "x").text
    assert not (desk.services.settings.state_dir / starting._STARTED).exists()


@pytest.mark.parametrize("content", [b"", b"short", b"long" * 9])
def test_damaged_key(open_desk: Callable[..., Site], content: bytes) -> None:
    """A key that a power cut left empty or cut off is replaced, because others could guess it."""
    site = open_desk()
    key = site.services.settings.state_dir / "desk.key"
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(content)
    guessed = _digest(content, int(time.time()) // 86_400, "", NAME)

    assert posted(site, [ORIGIN], address=NAME, token=guessed).headers["location"].endswith("&said=again")
    assert len(key.read_bytes()) == 32
    assert form_token(site) in asked(site, NAME).text


@pytest.mark.parametrize("name", ["desk.key", starting._STARTED, starting._LOCK])
def test_unusable_folder(open_desk: Callable[..., Site], log_lines: LogLines, name: str) -> None:
    """What is wrong with the state folder is no bug: the page says that no check can start, and the log why."""
    site = open_desk()
    given = form_token(site)
    (site.services.settings.state_dir / name).unlink(missing_ok=True)
    (site.services.settings.state_dir / name).mkdir()
    answer = posted(site, [ORIGIN], address=NAME, token=given)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk?address={NAME}&said=unable")
    page = asked(site, NAME, more="&said=unable")
    assert page.status_code == 200
    assert page.text.count("The server cannot start a check.") == 1
    assert asked(site, NAME).text.count("The server cannot start a check.") == (name == "desk.key")
    assert [line["problem"] for line in log_lines() if line["event"] == "the desk can start no check"] != []
