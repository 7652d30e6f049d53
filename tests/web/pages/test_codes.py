"""The QR code for Thunderbird on Android, read by zbar off the page and by a strict reader of the format."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from lxml import html

from tests.clients.readers.cases import CASES
from tests.clients.readers.thunderbird_qr import read
from tests.conftest import needs
from tests.web.pages.conftest import RICH, page_for

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.clients.readers.cases import Case
    from tests.web.conftest import OpenSite, Site

KINDS = ("imap", "pop3")
NAMES = ("", "山田 太郎", 'Taro "T." O\'Brien <&> é')


def codes(answer: httpx.Response, folder: Path) -> dict[str, str]:
    """What zbar reads off the codes of a page, by protocol: each is drawn as large as a phone's camera sees it."""
    read_off: dict[str, str] = {}
    for code in html.document_fromstring(answer.text).xpath("//*[@data-code]"):
        (drawing,) = code.iter("svg")
        picture = folder / f"{code.get('data-code')}.pgm"
        picture.write_bytes(bitmap(html.tostring(drawing).decode()))
        command = [needs("zbarimg", "zbar-tools"), "-q", "--raw", str(picture)]
        done = subprocess.run(command, capture_output=True, check=True)
        read_off[code.get("data-code")] = done.stdout.decode().removesuffix("\n")
    return read_off


def bitmap(svg: str) -> bytes:
    """The drawing as a picture of four pixels a dot: segno draws rows of horizontal strokes."""
    size = int(re.search(r'viewbox="0 0 (\d+)', svg, re.IGNORECASE)[1])  # type: ignore[index]
    rows = [[255] * size for _ in range(size)]
    path = re.findall(r' d="([^"]+)"', svg)[-1]
    x = y = 0.0
    for command, numbers in re.findall(r"([MmhH])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for at in range(int(x), int(x + values[0])):
                rows[int(y)][at] = 0
            x += values[0]
    pixels = b"".join(bytes(dot for dot in row for _ in range(4)) * 4 for row in rows)
    return b"P5 %d %d 255\n" % (size * 4, size * 4) + pixels


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_account(site: Site, tmp_path: Path, case: Case, name: str) -> None:
    """The code of each plan and protocol has exactly the account of the provider's table, without TLS too."""
    for domain, rest in ROWS.items():
        site.finder.add(domain, "shared-standard", json.dumps({"server": "cs312.xbit.jp", **rest}))
    answer = page_for(site, case.person.address, program="thunderbird-android", name=name)
    found = codes(answer, tmp_path)

    assert tuple(found) == KINDS
    for kind, text in found.items():
        account = read(text)
        wanted = tuple(server for server in case.servers if server.protocol in {kind, "smtp"})

        assert account.servers == wanted
        assert (account.name, account.address, account.sender) == (case.person.address, case.person.address, name)


ROWS = {
    "local-name.example": {"username": "{local}"},
    "dotted-name.example": {"username": "{local}.{domain}"},
    "two-names.example": {"username_outgoing": "{local}"},
}
"""The rows of `CASES` that the demo does not have."""


def test_one_protocol(site: Site, tmp_path: Path) -> None:
    """Whoever decides on a way of receiving gets its code alone."""
    answer = page_for(site, "taro@old-shop.example", program="thunderbird-android", protocol="pop3")

    assert list(codes(answer, tmp_path)) == ["pop3"]


@pytest.mark.parametrize("typed", ["太郎@sample.co.jp", "sample.co.jp"], ids=["not ASCII", "no address"])
def test_no_code(site: Site, typed: str) -> None:
    """Where the format has no word for an address, there is no code, and the steps do without."""
    answer = page_for(site, typed, program="thunderbird-android")

    assert "data-code" not in answer.text
    assert "Edit configuration" in answer.text


def test_other_logins(open_site: OpenSite, tmp_path: Path) -> None:
    """A password comes before OAuth2, which is for providers that the app knows; other methods have their numbers."""
    site = open_site(plans=RICH)
    site.finder.add("rich.example", "rich")
    found = codes(page_for(site, "taro@rich.example", program="thunderbird-android", protocol="imap"), tmp_path)
    imap, smtp = read(found["imap"]).servers

    assert (imap.logins, smtp.logins) == (("password-cleartext",), ("TLS-client-cert",))
