from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.mapping.memory import MemoryFinder

if TYPE_CHECKING:
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Row, Timeline
    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite, Site

MOZILLA, MICROSOFT, APPLE = "/mail/config-v1.1.xml", "/autodiscover/autodiscover.xml", "/email.mobileconfig"
MACHINES = [MOZILLA, f"/.well-known/autoconfig{MOZILLA}", "/v1.1/sample.co.jp", MICROSOFT, APPLE, "/mobileconfig"]
ADDRESS = b"emailaddress=taro@sample.co.jp"

POST = b"""<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>
<EMailAddress>%b</EMailAddress>
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
</Request></Autodiscover>"""


class Broken(MemoryFinder):
    """A finder with a bug."""

    async def find(self, name: Domain) -> Timeline[Row]:
        """See `Finder`."""
        raise RuntimeError(f"no row of {name}")


@pytest.mark.parametrize("path", MACHINES)
def test_head(site: Site, path: str) -> None:
    """HEAD gets what GET gets, but for the body."""
    get, head = (site.ask(path, method=method, query=ADDRESS) for method in ("GET", "HEAD"))

    assert (head.status_code, head.headers) == (get.status_code, get.headers)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(get.content)


@pytest.mark.parametrize("path", MACHINES)
def test_head_of_an_error(site: Site, path: str) -> None:
    """HEAD of an error has no body either."""
    path = path.replace("sample.co.jp", "stranger.example")
    get, head = (
        site.ask(path, "stranger.example", method=method, query=b"email=a@stranger.example")
        for method in ("GET", "HEAD")
    )

    assert (head.status_code, head.headers) == (get.status_code, get.headers)
    assert (head.status_code, head.content) == (404, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get", ""])
@pytest.mark.parametrize("path", MACHINES)
def test_other_methods(site: Site, path: str, method: str) -> None:
    """Another method is told which ones there are."""
    if (path, method) == (MICROSOFT, "POST"):
        return
    answer = site.ask(path, method=method, query=ADDRESS)

    assert answer.status_code == 405
    assert answer.headers["allow"] == ("GET, HEAD, POST" if path == MICROSOFT else "GET, HEAD")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"path": MOZILLA, "query": ADDRESS}, id="mozilla"),
        pytest.param({"path": "/v1.1/sample.co.jp"}, id="by path"),
        pytest.param({"path": MICROSOFT, "method": "POST", "body": POST % b"taro@sample.co.jp"}, id="microsoft"),
        pytest.param({"path": APPLE, "query": ADDRESS}, id="apple"),
    ],
)
def test_bug(open_site: OpenSite, log_lines: LogLines, asked: dict[str, Any]) -> None:
    """A bug of ours is a 500 that tells nothing, and a log line that tells all but who asked."""
    answer = open_site(Broken()).ask(**asked)
    (line,) = log_lines()

    assert (answer.status_code, answer.text) == (500, "Something went wrong here.\n")
    assert answer.headers["cache-control"] == "private, no-store"
    assert (line["event"], line["level"]) == ("a bug", "error")
    assert "no row of sample.co.jp" in line["exception"]
    assert "taro" not in str(line)
    assert "emailaddress" not in str(line)


@pytest.mark.parametrize("path", [*MACHINES, "/", "/setup", "/style.css"])
@pytest.mark.parametrize(
    ("host", "headers", "version", "status"),
    [
        pytest.param("autoconfig.sample.co.jp", [], "1.1", 200, id="one"),
        pytest.param(None, [], "1.1", 400, id="none"),
        pytest.param("autoconfig.sample.co.jp", [(b"host", b"autoconfig.sample.co.jp")], "1.1", 400, id="one twice"),
        pytest.param("autoconfig.sample.co.jp", [(b"host", b"old-shop.example")], "1.0", 400, id="two, HTTP/1.0"),
        pytest.param(None, [], "1.0", 200, id="none, HTTP/1.0"),
        pytest.param("autoconfig.sample.co.jp:8080", [], "1.1", 200, id="a port"),
        pytest.param("autoconfig.sample.co.jp:", [], "1.1", 200, id="an empty port"),
        pytest.param("autoconfig.日本語.example", [], "1.1", 200, id="as it was typed"),
        pytest.param("[2001:db8::1]:8080", [], "1.1", 200, id="IPv6"),
        pytest.param("", [], "1.1", 200, id="nothing, for the address says which domain"),
        *(
            pytest.param(host, [], version, 400, id=f"{host}, HTTP/{version}")
            for host in ("a b", "a/b", "user@sample.co.jp", "[::1", "a]", "a:b", "a:1:2", "a\\b", "a?b", "a\x7f")
            for version in ("1.0", "1.1")
        ),
    ],
)
def test_one_host(
    site: Site, path: str, host: str | None, headers: list[tuple[bytes, bytes]], version: str, status: int
) -> None:
    """A request has one valid Host header (RFC 9112 section 3.2); HTTP/1.0 knew none, and there the address tells."""
    body = POST % b"taro@sample.co.jp" if path == MICROSOFT else b""
    sent = [(b"content-length", b"%d" % len(body)), *headers]
    method = "POST" if body else "GET"
    query = b"email=taro@sample.co.jp&" + ADDRESS
    answer = site.ask(path, host, method=method, body=body, query=query, headers=sent, version=version)

    assert answer.status_code == status
    if status == 400:
        assert answer.text == "Send the request with one valid Host header.\n"
        assert (answer.headers["connection"], answer.headers["cache-control"]) == ("close", "private, no-store")


NAMES = [b"autoconfig.sample.co.jp", b"autodiscover.old-shop.example", b"cs312.xbit.jp"]
HOSTS = st.one_of(
    st.none(),
    st.binary(max_size=80),
    st.sampled_from(NAMES),
    st.text(max_size=20).map(lambda text: b"autoconfig." + text.encode("utf-8", "replace")),
)
QUERIES = st.one_of(
    st.binary(max_size=80),
    st.binary(max_size=80).map(lambda value: b"emailaddress=" + value),
    st.binary(max_size=80).map(lambda value: b"email=" + value + b"@old-shop.example"),
    st.text(max_size=40).map(lambda text: b"email=" + text.encode("utf-8", "replace") + b"@sample.co.jp"),
)
PATHS = st.one_of(
    st.sampled_from([*MACHINES, "/", "/setup", "/style.css", "/internal/tls-allowed", "/internal/readyz"]),
    st.text(max_size=30),
    st.text(max_size=30).map(lambda text: f"/v1.1/{text}"),
    st.text(max_size=30).map(lambda text: f"/{text}"),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=60).map(lambda text: POST % text.encode("utf-8", "replace")),
    st.binary(max_size=60).map(lambda octets: POST % octets),
    st.lists(st.sampled_from([b"<", b">", b"&", b"]]>", b"<!DOCTYPE", b"<a", b"/>", b"xmlns:", b'"', b"\0"])).map(
        b"".join
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(path=PATHS, host=HOSTS, query=QUERIES, internal=st.booleans(), method=st.sampled_from(["GET", "HEAD"]))
def test_any_request(site: Site, path: str, host: bytes | None, query: bytes, internal: bool, method: str) -> None:
    """Whatever octets a request has, it is answered without a traceback, and never by a 5xx."""
    client = ("127.0.0.1" if internal else "203.0.113.9", 40000)

    assert site.ask(path, host, query=query, client=client, method=method).status_code < 500


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(body=BODIES, host=HOSTS, cut=st.integers(0, 200), schema=st.booleans())
def test_any_body(site: Site, body: bytes, host: bytes | None, cut: int, schema: bool) -> None:
    """Whatever octets an Autodiscover request has, however cut: a document or a 404, and 400 without a valid Host."""
    headers = [(b"content-type", b"text/xml" if schema else b"\xff")]
    answer = site.ask(MICROSOFT, host, method="POST", body=[body[:cut], body[cut:]], headers=headers)

    assert answer.status_code in ({400} if host is None else {200, 404} if host in NAMES else {200, 400, 404})
    assert answer.status_code != 200 or answer.content.startswith(b"<?xml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(headers=st.lists(st.tuples(st.sampled_from([b"content-length", b"content-encoding", b"host"]), st.binary())))
def test_any_headers(site: Site, headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever the headers say about the body, it is answered without a traceback."""
    answer = site.ask(MICROSOFT, method="POST", body=POST % b"taro@sample.co.jp", headers=headers)

    assert answer.status_code in {200, 400, 404, 413, 415}
