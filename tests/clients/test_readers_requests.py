from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.readers import kmail_2212
from tests.clients.readers.cases import CASES
from tests.clients.readers.client import Found, Person, Refused, discover
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import arrives
from tests.clients.readers.odd_addresses import ODD_ADDRESSES
from tests.clients.readers.pox import request_body
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Answer, Redirects, Request, Wire, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

D = "sample.co.jp"
MAIN, WELL_KNOWN = f"autoconfig.{D}/mail/config-v1.1.xml", f"{D}/.well-known/autoconfig/mail/config-v1.1.xml"
MAIL_V1 = f"autoconfig.{D}/.well-known/mail-v1.xml"
POX, SUB_POX = f"{D}/autodiscover/autodiscover.xml", f"autodiscover.{D}/autodiscover/autodiscover.xml"
RAW, PERCENT = "a.b+c'd@sample.co.jp", "a.b%2Bc%27d%40sample.co.jp"
MD5 = "&emailmd5=5aad48414b2d480b1dcbff67eca1970b"

# What each program asks for a.b+c'd@sample.co.jp while nobody answers, in its order (client-requests.json).
ASKED = {
    "Thunderbird": [
        f"GET https://{MAIN}?emailaddress={PERCENT}",
        f"GET https://{WELL_KNOWN}?emailaddress={PERCENT}",
        f"GET http://{MAIN}?emailaddress={PERCENT}",
        f"GET http://{WELL_KNOWN}?emailaddress={PERCENT}",
        f"POST https://{SUB_POX}",
        f"POST https://{POX}",
        f"POST http://{SUB_POX}",
    ],
    "Thunderbird Android": [
        f"GET https://{MAIN}",
        f"GET https://{WELL_KNOWN}",
        f"GET http://{MAIN}",
        f"GET http://{WELL_KNOWN}",
    ],
    "Evolution": [
        f"GET https://{MAIN}?emailaddress={PERCENT}{MD5}",
        f"GET http://{MAIN}?emailaddress={PERCENT}{MD5}",
        f"GET https://{WELL_KNOWN}?emailaddress={PERCENT}{MD5}",
        f"GET http://{WELL_KNOWN}?emailaddress={PERCENT}{MD5}",
    ],
    "Evolution 3.46": [
        f"GET https://{MAIN}?emailaddress=EVOLUTIONUSER%40{D}{MD5}",
        f"GET http://{MAIN}?emailaddress=EVOLUTIONUSER%40{D}{MD5}",
        f"GET https://{WELL_KNOWN}?emailaddress=EVOLUTIONUSER%40{D}{MD5}",
        f"GET http://{WELL_KNOWN}?emailaddress=EVOLUTIONUSER%40{D}{MD5}",
    ],
    "GNOME Online Accounts": [
        f"GET https://{MAIL_V1}?emailaddress={RAW}",
        f"GET https://{MAIN}?emailaddress={RAW}",
        f"GET https://{WELL_KNOWN}",
        f"GET http://{MAIN}",
    ],
    "KMail 22.12": [f"GET http://{MAIN}", f"GET http://{WELL_KNOWN}"],
    "aerc": [f"GET https://{MAIN}?emailaddress={PERCENT}", f"GET https://{WELL_KNOWN}?emailaddress={PERCENT}"],
    "SnappyMail": [
        f"GET https://{MAIL_V1}?emailaddress=test%40{D}",
        f"GET https://{WELL_KNOWN}",
        f"GET http://{MAIN}",
        f"POST https://{POX}",
        f"POST https://{SUB_POX}",
        f"POST http://{SUB_POX}",
    ],
    "Horde": [f"GET http://{MAIN}?emailaddress={PERCENT}", f"GET http://{WELL_KNOWN}"],
    "KMail": [f"GET https://{MAIN}", f"GET http://{MAIN}", f"GET https://{WELL_KNOWN}"],
    "Geary": [f"GET https://{MAIN}"],
    "FairEmail": [
        f"GET https://{MAIN}?emailaddress={RAW}",
        f"GET https://{WELL_KNOWN}?emailaddress={RAW}",
        f"GET http://{MAIN}?emailaddress={RAW}",
        f"GET http://{WELL_KNOWN}?emailaddress={RAW}",
        f"POST https://{POX}",
        f"POST https://{SUB_POX}",
    ],
    "Himalaya": [
        f"GET https://{MAIN}?emailaddress={RAW}",
        f"GET http://{MAIN}?emailaddress={RAW}",
        f"GET https://{WELL_KNOWN}",
        f"GET http://{WELL_KNOWN}",
    ],
    "Nextcloud Mail": [
        f"GET https://{MAIN}?emailaddress={RAW}",
        f"GET https://{WELL_KNOWN}?emailaddress={RAW}",
        f"GET http://{MAIN}?emailaddress={RAW}",
        f"GET http://{WELL_KNOWN}?emailaddress={RAW}",
    ],
    "Delta Chat": [
        f"GET https://{MAIN}?emailaddress={PERCENT}",
        f"GET https://{WELL_KNOWN}",
        f"GET https://{POX}",
        f"GET https://{SUB_POX}",
    ],
    "Outlook 2010+": [f"POST https://{POX}", f"POST https://{SUB_POX}", f"GET http://{SUB_POX}"],
}
LOCALS = ["a.b+c'd", "-x_y~z", "A.B", "o'hara", "100%", "a..b", "a=b", "smith&sons", "太郎"]
ODD = {(odd.client, odd.local): odd for odd in ODD_ADDRESSES}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The served demo."""
    with serving(tmp_path_factory.mktemp("served") / "demo") as port:
        yield port


@pytest.mark.parametrize("name", CLIENTS)
def test_requests(port: int, name: str) -> None:
    """Each program asks these URLs in this order, with the address in its own encoding or without it."""
    wire = Wire(port, only=())
    with pytest.raises(Refused, match="no connection"):
        discover(CLIENTS[name], Person(D, "a.b+c'd"), wire)

    assert ASKED[name] == wire.asked


@pytest.mark.parametrize("local", LOCALS)
@pytest.mark.parametrize("name", CLIENTS)
def test_local_parts(port: int, name: str, local: str) -> None:
    """Whatever stands in the local part and however it is sent, a user name made of it is right, exceptions aside."""
    client, case, odd = CLIENTS[name], CASES["dotted-name.example"].of(local), ODD.get((name, local))
    meant = arrives(client, client.steps(Person("sample.co.jp"))[0], case)
    wire = Wire(port)
    found = ended(lambda: discover(client, case.person, wire))

    assert found == (ended(lambda: tuple(odd.change(server, case.person) for server in meant)) if odd else meant)
    assert len(wire.asked) == (odd.requests if odd else 1)
    assert odd is None or found != meant or odd.requests > 1


def ended(ending: Callable[[], tuple[Found, ...]]) -> tuple[Found, ...] | None:
    """What a program ends with; `None` if that is nothing."""
    try:
        return ending()
    except Refused:
        return None


@pytest.mark.parametrize(
    "address", ["taro@日本語.example", "taro@ｘｎ--wgv71a119e．example"], ids=["U-label", "full width"]
)
@pytest.mark.parametrize("name", ["FairEmail", "Outlook 2010+", "Thunderbird"])
def test_unicode_domain_in_a_body(port: int, name: str, address: str) -> None:
    """A domain that the user typed in Japanese and that goes into a body as it is gives the settings of its A-label."""
    client, case = CLIENTS[name], CASES["xn--wgv71a119e.example"]
    step = next(step for step in client.steps(case.person) if step.url.startswith("https://autodiscover."))
    answer = fetch(Wire(port), Request(step.url, "POST", body=request_body(address)), Redirects.FOLLOW)

    assert answer.status == 200
    assert arrives(client, step, case) == step.read(answer.body)


def test_empty_404() -> None:
    """An error with a sentence sends KMail 22.12 to its next place, one without ends its search."""
    silent = Answer("", 404, {}, b"")

    assert kmail_2212.taken(silent) == b""
    with pytest.raises(Refused, match="status 404"):
        kmail_2212.taken(silent._replace(body=b"No mail settings for this name here.\n"))


@pytest.mark.parametrize("name", ["FairEmail", "Himalaya"])
def test_raw_utf8_in_a_target(port: int, name: str) -> None:
    """What a program sends without any encoding is read; only a space ends a target."""
    person = Person("hanako-flowers.example", "太郎")
    step = CLIENTS[name].steps(person)[0]

    assert "太郎" in step.url
    assert step.ask(Wire(port))
