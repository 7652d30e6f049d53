from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.formats.template import Prepared
from autoconfig.web.app import application
from autoconfig.web.fast_path.request_bytes import common_request
from tests.support.as_server import octets_of

if TYPE_CHECKING:
    from autoconfig.web.fast_path.responses import FastResponse
    from autoconfig.web.services import Services
    from tests.web.conftest import OpenSite

BODY = (
    b'<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    b'requestschema/2006"><Request><EMailAddress>a@NAME</EMailAddress><AcceptableResponseSchema>http://schemas.'
    b"microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request>"
    b"</Autodiscover>"
)
PATHS = {"GET": "/mail/config-v1.1.xml", "POST": "/autodiscover/autodiscover.xml"}


class Quick:
    """An application that is asked for nothing but what it answers at once."""

    def __init__(self, services: Services) -> None:
        self._entry = application(services)

    def ask(
        self, method: str, name: str, query: str = "", *headers: tuple[bytes, bytes], scheme: str = "https"
    ) -> FastResponse | None:
        """What the short cut of Mozilla's document (GET) or of Autodiscover (POST) answers by itself."""
        body = BODY.replace(b"NAME", name.encode()) if method == "POST" else b""
        length = [(b"content-length", b"%d" % len(body))] if body else []
        scope = {
            "method": method,
            "raw_path": PATHS[method].encode(),
            "query_string": query.encode(),
            "headers": [(b"host", name.encode()), *length, *headers],
        }
        asked = common_request(octets_of(scope, body))
        assert asked is not None
        return self._entry.respond_at_once(self._entry.table[asked.route], asked, None, scheme)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_row_that_holds(open_site: OpenSite, method: str) -> None:
    """The demo's domains are answered by the short cut itself, and a name without a row is not."""
    site = open_site()
    quick = Quick(site.services)
    found = {name for name in site.finder._rows if quick.ask(method, name)}

    assert set(site.finder._rows) == found
    assert quick.ask(method, "stranger.example") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("plan", "valid_from"),
    [
        pytest.param(None, 1, id="ended"),
        pytest.param(None, 4_000_000_000, id="will end"),
        pytest.param("shared-managed", 4_000_000_000, id="will be on another plan"),
        pytest.param("no-such-plan", 1, id="on a plan that is missing"),
        pytest.param("shared-standard", 1, id="without the params that its plan needs"),
    ],
)
def test_any_other_row(open_site: OpenSite, method: str, plan: str | None, valid_from: int) -> None:
    """A name that ended, is scheduled to change, or cannot be answered, is left to the endpoint."""
    site = open_site()
    site.finder.add("sample.co.jp", plan, valid_from=valid_from)

    assert Quick(site.services).ask(method, "sample.co.jp") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_mapping_that_cannot_be_asked(open_site: OpenSite, down: Any, method: str) -> None:
    """Where the mapping cannot be asked, the endpoint says so."""
    assert Quick(open_site(down).services).ask(method, "sample.co.jp") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_name_that_is_too_long(open_site: OpenSite, method: str) -> None:
    """A name with which a host name would be too long is left to the endpoint."""
    site = open_site()
    (row,) = site.finder._rows["xn--wgv71a119e.example"]
    names = [".".join(["a" * 60, "b" * 60, "c" * 60, "d" * octets, "example"]) for octets in (50, 60)]
    for name in names:
        site.finder.add(name, row.plan, row.params)

    quick = Quick(site.services)

    assert [bool(quick.ask(method, name)) for name in names] == [True, False]


def test_other_plans(open_site: OpenSite) -> None:
    """Another plans.toml is served from the next request on."""
    site = open_site()
    before = Quick(site.services).ask("GET", "sample.co.jp")
    text = site.services.plans.path.read_text(encoding="utf-8")
    quick_before = site.ask("/mail/config-v1.1.xml").content
    site.services.plans.path.write_text(text.replace("port = 993", "port = 1993"), encoding="utf-8")
    site.run(site.upkeep.reload())

    assert before is not None
    assert quick_before == before[2]
    assert b"<port>1993</port>" in site.ask("/mail/config-v1.1.xml").content
    assert b"<port>993</port>" not in site.ask("/mail/config-v1.1.xml").content


def test_params_of_each_customer(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each name has params of its own, no more documents are kept than the services keep, whoever asks."""
    monkeypatch.setattr("autoconfig.web.services.PREPARED", 40)
    site = open_site()
    before, quick = prepared_documents(), Quick(site.services)
    for number in range(60):
        name = f"customer{number}.example"
        site.finder.add(name, "shared-standard", json.dumps({"server": f"cs{number}.xbit.jp"}))
        answers = [
            quick.ask("GET", name),
            quick.ask("GET", name, f"emailaddress=a@{name}"),
            quick.ask("POST", name),
        ]
        assert all(answer is not None and f"cs{number}.xbit.jp".encode() in answer[2] for answer in answers)
        site.ask("/v1.1/" + name)

    assert prepared_documents() - before <= 40


def prepared_documents() -> int:
    """How many documents this process keeps."""
    gc.collect()
    return sum(isinstance(found, Prepared) for found in gc.get_objects())


@pytest.mark.parametrize(
    ("setting", "scheme", "headers", "quickly"),
    [
        pytest.param("serve", "http", [], True, id="plain http is served"),
        pytest.param("redirect", "https", [], True, id="TLS"),
        pytest.param("redirect", "http", [], False, id="plain http is redirected"),
        pytest.param("redirect", "http", [(b"x-forwarded-proto", b"https")], True, id="TLS at the proxy"),
        pytest.param("refuse", "http", [], False, id="plain http is refused"),
    ],
)
def test_plain_http(
    open_site: OpenSite, setting: str, scheme: str, headers: list[tuple[bytes, bytes]], quickly: bool
) -> None:
    """Where plain http is not served, only what came by TLS is answered here."""
    quick = Quick(open_site(plain_http=setting).services)
    answer = quick.ask("GET", "sample.co.jp", "", *headers, scheme=scheme)

    assert quickly is (answer is not None)
