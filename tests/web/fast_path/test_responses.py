from __future__ import annotations

import gc
import json
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.formats.template import Prepared
from autoconfig.mail.address import EmailAddress
from autoconfig.web.fast_path.responses import own_address, readable
from autoconfig.web.host_header import asked_host
from autoconfig.web.query import address_of
from autoconfig.web.routes import fast_table, routes

if TYPE_CHECKING:
    from autoconfig.web.asgi import ResponseStart
    from autoconfig.web.fast_path.dispatch import FastTable
    from autoconfig.web.services import Services
    from tests.web.conftest import OpenSite, Site

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
LOCAL = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
ODD = st.sampled_from(["", "%", "%40", "@", "+", "&", "=", "_", "A", "é", ".", ":8080", "%2e", "x=1&", "\n", "-"])
HOSTS = st.sampled_from(["", "autoconfig.", "autodiscover.", "ua-auto-config.", "www."])


@given(local=LOCAL, name=NAME, at=st.sampled_from(["@", "%40"]), label=st.sampled_from(["", "autoconfig."]))
def test_common_form_is_read(local: str, name: str, at: str, label: str) -> None:
    """An address under its own domain's name is read, unless the name could be an IPv4 address."""
    read = own_address(f"emailaddress={local}{at}{name}".encode(), f"{label}{name}".encode())

    assert (None if name[-1].isdigit() else (local.encode(), name.encode())) == read


@given(name=NAME, label=st.sampled_from(["", "autoconfig."]))
def test_host_alone_is_read(name: str, label: str) -> None:
    """Without a query the Host's domain is read, unless it could be an IPv4 address."""
    read = own_address(b"", f"{label}{name}".encode())

    assert (None if name[-1].isdigit() else (b"", name.encode())) == read


@given(
    query=st.one_of(
        st.just(b""),
        st.binary(max_size=80),
        st.tuples(ODD, LOCAL, ODD, st.sampled_from(["@", "%40"]), NAME, ODD).map(
            lambda parts: "".join(["emailaddress=", *parts]).encode()
        ),
    ),
    host=st.one_of(
        st.none(), st.binary(max_size=40), st.tuples(HOSTS, ODD, NAME, ODD).map(lambda p: "".join(p).encode())
    ),
    same=st.booleans(),
)
def test_what_is_read_is_read_alike(query: bytes, host: bytes | None, same: bool) -> None:
    """Whatever the fast reader takes, the full readers take with the same result."""
    asked = query.rpartition(b"@")[2] if same and query else host
    read = own_address(query, asked)

    if read is not None:
        local, name = (text.decode() for text in read)
        address = address_of(query, b"emailaddress")
        domain = asked_host({"headers": [] if asked is None else [(b"host", asked)]}).domain
        assert (EmailAddress.parse(f"{local}@{name}") if local else None) == address
        assert domain is not None
        assert name == domain.name


@pytest.mark.parametrize(
    ("query", "host"),
    [
        pytest.param(b"emailaddress=a@d.example", b"autoconfig.e.example", id="another domain's name"),
        pytest.param(b"emailaddress=a@d.example", b"autodiscover.d.example", id="another first label"),
        pytest.param(b"emailaddress=a@d.example", b"d.example:8080", id="a port"),
        pytest.param(b"emailaddress=a@d.example", b"D.example", id="upper case"),
        pytest.param(b"emailaddress=a@d.example", None, id="no host"),
        pytest.param(b"emailaddress=a@d_e.example", b"d_e.example", id="no host name"),
        pytest.param(b"emailaddress=a%2Bb@d.example", b"d.example", id="more to decode"),
        pytest.param(b"emailaddress=a@d.example&x=1", b"d.example", id="more params"),
        pytest.param(b"emailaddress=a@10.0.0.1", b"10.0.0.1", id="IPv4"),
        pytest.param(b"emailaddress=a@autodiscover.d.example", b"autodiscover.d.example", id="a service's name"),
        pytest.param(b"emailaddress=a@autoconfig.d.example", b"autoconfig.autoconfig.d.example", id="twice"),
        pytest.param(b"emailaddress=a@" + b"d." * 126 + b"e", b"d." * 126 + b"e", id="254 octets and one"),
        pytest.param(b"emailaddress=" + b"a" * 65 + b"@d.example", b"d.example", id="65 octets before the @"),
        pytest.param(b"", None, id="nothing at all"),
        pytest.param(b"", b"", id="an empty host"),
        pytest.param(b"", b"autodiscover.d.example", id="no query, another first label"),
        pytest.param(b"", b"autoconfig.autoconfig.d.example", id="no query, twice"),
        pytest.param(b"", b"192.0.2.1", id="no query, IPv4"),
        pytest.param(b"", b"d." * 127 + b"e", id="no query, 255 octets"),
        pytest.param(b"", b"autoconfig." + b"d." * 122 + b"e", id="no query, a Host of 256 octets"),
        pytest.param(
            b"emailaddress=a@" + b"d." * 122 + b"e", b"autoconfig." + b"d." * 122 + b"e", id="a Host of 256 octets"
        ),
    ],
)
def test_rest_is_left(query: bytes, host: bytes | None) -> None:
    """Any other form is left to the endpoint."""
    assert own_address(query, host) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({b"content-length": b"400"}, True, id="as clients send it"),
        pytest.param({}, False, id="in pieces"),
        pytest.param({b"content-length": b"10000"}, False, id="long"),
        pytest.param({b"content-length": b"400", b"content-encoding": b"gzip"}, False, id="compressed"),
        pytest.param({b"content-length": b"400", b"content-encoding": b"identity"}, False, id="for the endpoint"),
    ],
)
def test_readable(headers: dict[bytes, bytes], expected: bool) -> None:
    """A body is read beforehand only where the endpoint would read it too."""
    assert expected is readable(headers)


TABLES: weakref.WeakKeyDictionary[Services, FastTable] = weakref.WeakKeyDictionary()
REQUEST = (
    b'<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    b'requestschema/2006"><Request><EMailAddress>taro@NAME</EMailAddress><AcceptableResponseSchema>http://schemas.'
    b"microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request>"
    b"</Autodiscover>"
)


def asked_quickly(site: Site, method: str, name: str, **changed: Any) -> tuple[ResponseStart, bytes] | None:
    """What the short cut of Mozilla's document (GET) or of Autodiscover (POST) answers by itself."""
    path = "/mail/config-v1.1.xml" if method == "GET" else "/autodiscover/autodiscover.xml"
    if site.services not in TABLES:
        TABLES[site.services] = fast_table(site.services, routes(site.services))
    respond = TABLES[site.services][method, path].respond
    scope = {"scheme": "https", "query_string": b"", "headers": [], "client": None, **changed}
    message = {"body": REQUEST.replace(b"NAME", name.encode())}
    return respond(scope, {b"host": name.encode()}, message if method == "POST" else None)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_row_that_holds(open_site: OpenSite, method: str) -> None:
    """The demo's domains are answered by the short cut itself, and a name without a row is not."""
    site = open_site()
    found = {name for name in site.finder._rows if asked_quickly(site, method, name)}

    assert set(site.finder._rows) == found
    assert asked_quickly(site, method, "stranger.example") is None


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

    assert asked_quickly(site, method, "sample.co.jp") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_mapping_that_cannot_be_asked(open_site: OpenSite, down: Any, method: str) -> None:
    """Where the mapping cannot be asked, the endpoint says so."""
    assert asked_quickly(open_site(down), method, "sample.co.jp") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_name_that_is_too_long(open_site: OpenSite, method: str) -> None:
    """A name with which a host name would be too long is left to the endpoint."""
    site = open_site()
    (row,) = site.finder._rows["xn--wgv71a119e.example"]
    names = [".".join(["a" * 60, "b" * 60, "c" * 60, "d" * octets, "example"]) for octets in (50, 60)]
    for name in names:
        site.finder.add(name, row.plan, row.params)

    assert [bool(asked_quickly(site, method, name)) for name in names] == [True, False]


def test_other_plans(open_site: OpenSite) -> None:
    """Another plans.toml is served from the next request on."""
    site = open_site()
    before = asked_quickly(site, "GET", "sample.co.jp")
    text = site.services.plans.path.read_text(encoding="utf-8")
    quick_before = site.ask("/mail/config-v1.1.xml").content
    site.services.plans.path.write_text(text.replace("port = 993", "port = 1993"), encoding="utf-8")
    site.run(site.upkeep.reload())

    assert before is not None
    assert quick_before == before[1]
    assert b"<port>1993</port>" in site.ask("/mail/config-v1.1.xml").content
    assert b"<port>993</port>" not in site.ask("/mail/config-v1.1.xml").content


def test_params_of_each_customer(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each name has params of its own, no more documents are kept than the services keep, whoever asks."""
    monkeypatch.setattr("autoconfig.web.services.PREPARED", 40)
    site = open_site()
    before = prepared_documents()
    for number in range(60):
        name = f"customer{number}.example"
        site.finder.add(name, "shared-standard", json.dumps({"server": f"cs{number}.xbit.jp"}))
        answers = [
            asked_quickly(site, "GET", name),
            asked_quickly(site, "GET", name, query_string=f"emailaddress=a@{name}".encode()),
            asked_quickly(site, "POST", name),
        ]
        assert all(answer is not None and f"cs{number}.xbit.jp".encode() in answer[1] for answer in answers)
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
    answer = asked_quickly(open_site(plain_http=setting), "GET", "sample.co.jp", scheme=scheme, headers=headers)

    assert quickly is (answer is not None)
