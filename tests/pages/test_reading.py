from __future__ import annotations

import plistlib
import re
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import httpx
import pytest
from lxml import etree
from playwright.sync_api import expect

from tests.clients.readers.cases import CASES
from tests.clients.readers.thunderbird_qr import read as read_code
from tests.conftest import needs
from tests.pages.serving import IPHONE, WINDOWS
from tests.support.demo import DOMAINS

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Response

    from tests.pages.conftest import OpenPage

ADDRESS = "taro@hanako-flowers.example"
SETUP = f"/setup?email={ADDRESS}"
# A busy machine may show a part of the page before it has read the rest; that is not counted.
SHIFT = """
new Promise(done => {
  const [page] = performance.getEntriesByType("navigation");
  let sum = 0;
  new PerformanceObserver(list => {
    for (const shift of list.getEntries()) if (shift.startTime > page.domInteractive) sum += shift.value;
  })
    .observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum), 150)));
})
"""


WIDER = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML)"


def values_of(page: Page) -> list[list[str]]:
    """The values of each server as they are seen: host, port, user name."""
    return [
        [card.locator("dd:not(.tool)").nth(index).inner_text() for index in (0, 1, 4)]
        for card in page.locator(".card").all()
    ]


def ask(page: Page, address: str) -> None:
    """Type an address, press the button, and wait for the page that answers: a click does not wait for it."""
    page.get_by_label("お使いのメールアドレス").fill(address)
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("設定手順を表示|変更")).click()


def test_an_address_is_typed(open_page: OpenPage, place: str) -> None:
    """Somebody types an address in full-width letters, and reads the values that the document has."""
    page = open_page("/")
    ask(page, "ｔａｒｏ＠ｈａｎａｋｏ－ｆｌｏｗｅｒｓ．ｅｘａｍｐｌｅ")
    document = httpx.get(f"http://127.0.0.1:{place}/mail/config-v1.1.xml?emailaddress={ADDRESS}").content
    servers = etree.fromstring(document).xpath("//incomingServer | //outgoingServer")

    assert page.get_by_role("heading", level=1).inner_text() == f"{ADDRESS} のメール設定"
    assert values_of(page) == [[server.findtext("hostname"), server.findtext("port"), ADDRESS] for server in servers]
    assert page.get_by_label("お使いのメールアドレス").input_value() == ADDRESS


def test_language_is_switched(open_page: OpenPage, place: str) -> None:
    """A click changes the language of the same page, and the browser remembers it without a cookie."""
    page = open_page(SETUP)
    before = values_of(page)
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**lang=en*")

    assert page.locator("html").get_attribute("lang") == "en"
    assert values_of(page) == before
    page.goto(f"http://127.0.0.1:{place}/")
    page.wait_for_url("**lang=en*")
    assert page.get_by_role("button", name="Show the steps").is_visible()
    assert page.context.cookies() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "autoconfig.hanako-flowers.example"], ids=["securely", "by plain http"])
def test_copying(open_page: OpenPage, host: str) -> None:
    """A button copies what stands beside it and says so, also where the browser's clipboard is not to be had."""
    page = open_page(SETUP, host=host, permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="サーバー名をコピー（SMTP）")
    button.click()
    page.get_by_text("コピーしました: cs312.xbit.jp").wait_for()
    page.get_by_label("お使いのメールアドレス").fill("")
    page.get_by_label("お使いのメールアドレス").press("Control+V")

    expect(page.get_by_label("お使いのメールアドレス")).to_have_value("cs312.xbit.jp")


def test_profile_is_downloaded(open_page: OpenPage) -> None:
    """The button downloads the profile of the same account, for IMAP and for POP."""
    page = open_page(SETUP, user_agent=IPHONE, accept_downloads=True)
    kinds = []
    for name in ("IMAP のプロファイルをダウンロード", "POP のプロファイルをダウンロード"):
        with page.expect_download() as downloading:
            page.get_by_role("link", name=name).click()
        profile = plistlib.loads(downloading.value.path().read_bytes())
        kinds.append((profile["PayloadContent"][0]["EmailAccountType"], profile["PayloadContent"][0]["EmailAddress"]))

    assert kinds == [("EmailTypeIMAP", ADDRESS), ("EmailTypePOP", ADDRESS)]


def test_qr_code(open_page: OpenPage, tmp_path: Path) -> None:
    """A camera reads the page with the profile off the code, dark or light; a phone shows none."""
    for theme in ("light", "dark"):
        page = open_page(SETUP, theme=theme, user_agent=WINDOWS)
        read = scanned(page.get_by_role("img", name="このページを iPhone で開く QR コード"), tmp_path / f"{theme}.png")

        assert read == f"https://autoconfig.xbit.jp/setup?email={quote(ADDRESS, safe='')}&program=iphone&lang=ja"
    assert open_page(SETUP, width=390, user_agent=IPHONE).locator(".qr").count() == 0


@pytest.mark.parametrize("domain", DOMAINS)
def test_thunderbird_qr_codes(open_page: OpenPage, tmp_path: Path, domain: str) -> None:
    """Thunderbird's camera reads the accounts off the screen, of a computer and of a phone, dark too."""
    for width, theme in ((1280, "light"), (390, "dark")):
        page = open_page(f"/setup?email=taro@{domain}&program=thunderbird-android", width=width, theme=theme)
        for kind in ("imap", "pop3"):
            text = scanned(page.locator(f"[data-code={kind}]"), tmp_path / f"{kind}.png")
            account = read_code(text)

            assert [server.protocol for server in account.servers] == [kind, "smtp"]
            assert account.servers == tuple(s for s in CASES[domain].servers if s.protocol in {kind, "smtp"})


def scanned(code: Locator, picture: Path) -> str:
    """What zbar reads off a code as it is on the screen."""
    code.screenshot(path=picture)
    command = [needs("zbarimg", "zbar-tools"), "-q", "--raw", str(picture)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_sender_name(open_page: OpenPage) -> None:
    """A name that is typed once stands in the profile's link and in the codes, also without JavaScript."""
    page = open_page(SETUP, user_agent=IPHONE, java_script_enabled=False)
    page.get_by_label("差出人名（任意）").fill("山田 花子")
    page.get_by_role("button", name="反映").click()
    link = page.get_by_role("link", name="IMAP のプロファイルをダウンロード").get_attribute("href") or ""

    assert f"name={quote('山田 花子')}" in link
    page.locator("nav.devices").get_by_text("Android").click()
    page.locator("nav.variants").get_by_text("Thunderbird").click()
    expect(page.get_by_label("差出人名（任意）").first).to_have_value("山田 花子")


def test_without_javascript(open_page: OpenPage) -> None:
    """Without JavaScript everything is there but the buttons for copying; devices are chosen all the same."""
    page = open_page(SETUP, java_script_enabled=False)

    assert len(values_of(page)) == 3
    assert page.get_by_role("button", name="コピー").count() == 0
    page.locator("nav.devices").get_by_text("Outlook").click()
    expect(page.locator("article")).to_have_attribute("data-program", "outlook")
    page.locator("summary").first.click()
    assert page.locator("details .which").is_visible()
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("article")).to_have_attribute("data-program", "outlook")


def test_choice(open_page: OpenPage) -> None:
    """Device, program and way of receiving are chosen one after the other, and each choice keeps the others."""
    page = open_page(SETUP, user_agent=WINDOWS)
    page.locator("nav.devices").get_by_text("Outlook").click()
    page.locator("nav.variants").get_by_text("従来の Outlook").click()
    page.locator(".ways").get_by_text("POP", exact=True).click()
    expect(page.locator(".ways [aria-current]")).to_contain_text("POP")
    page.get_by_role("link", name="English").click()
    expect(page.locator("article")).to_have_attribute("data-program", "outlook-classic")

    assert page.locator("nav.devices [aria-current]").inner_text() == "Outlook"
    assert page.locator(".ways [aria-current]").inner_text().startswith("POP")
    assert page.locator("[data-step] [data-value='993']").count() == 0
    assert page.locator("[data-step] [data-value='995']").count() == 1


def test_name_of_the_domain(open_page: OpenPage) -> None:
    """`autoconfig.DOMAIN` in a browser shows that domain's page."""
    page = open_page("/", host="autoconfig.old-shop.example")

    assert page.get_by_role("heading", level=1).inner_text() == "old-shop.example のメール設定"
    assert "このサーバーは通信の暗号化に対応していません" in page.locator("main").inner_text()


@pytest.mark.parametrize("typed", ["taro@stranger.example", "taro"], ids=["unknown", "unreadable"])
def test_problems(open_page: OpenPage, typed: str) -> None:
    """What cannot be answered has a page in the same layout, from which to try again."""
    page = open_page(f"/setup?email={typed}")
    ask(page, ADDRESS)

    assert len(values_of(page)) == 3


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("domain", [*DOMAINS, "stranger.example"])
def test_narrow(open_page: OpenPage, domain: str, language: str) -> None:
    """At 320 pixels nothing is cut off and nothing has to be scrolled sideways, however long the address."""
    page = open_page(f"/setup?email=a-rather-long-name.of.somebody@{domain}", width=320, language=language)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

    assert page.evaluate("document.documentElement.scrollWidth") == 320
    blocks = page.locator("main :not(code, i, b, a, span, input, .unseen, h1.paper)")
    assert blocks.evaluate_all(WIDER) == []


@pytest.mark.parametrize("path", ["/", SETUP, "/setup?email=taro@stranger.example"], ids=["form", "values", "unknown"])
@pytest.mark.parametrize("width", [390, 1280])
def test_weight(open_page: OpenPage, path: str, width: int) -> None:
    """Everything comes from the page's own host, weighs less than 60 kB, and moves nothing of the page."""
    page = open_page("/style.css", width=width, language="ja")
    loaded: list[Response] = []
    page.on("response", lambda answer: loaded.append(answer))  # noqa: PLW0108 (Playwright marks what it is given)
    page.goto(f"{page.url.removesuffix('/style.css')}{path}")

    assert page.evaluate(SHIFT) == 0
    assert {urlsplit(answer.url).hostname for answer in loaded} == {"127.0.0.1"}
    weights = {answer.url: len(answer.body()) for answer in loaded}  # the logo stands there twice, as the icon too
    assert {urlsplit(url).path for url in weights} == {urlsplit(path).path, "/logo", "/page.js", "/style.css"}
    assert sum(weights.values()) < 60_000
