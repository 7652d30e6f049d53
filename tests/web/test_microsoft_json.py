from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.mail.address import EmailAddress, carriable
from autoconfig.mail.domain import Domain
from autoconfig.visible import is_hidden
from autoconfig.web.microsoft_json import PATH, address_asked_for

if TYPE_CHECKING:
    import httpx

    from autoconfig.mapping.timeline import Finder
    from tests.web.conftest import OpenSite, Site

XML = "https://autoconfig.xbit.jp/autodiscover/autodiscover.xml"
ANSWER = {"Protocol": "AutodiscoverV1", "Url": XML}
INVALID = "The given protocol value is invalid. Supported values are 'AutodiscoverV1'."

GROUPWARE = """
[plans.groupware]
name = "Groupware"
servers = [
  { protocol = "imap", host = "mail.{domain}", port = 993, tls = "ssl", login = ["NTLM"], username = "{address}" },
  { protocol = "smtp", host = "mail.{domain}", port = 465, tls = "ssl", login = ["NTLM"], username = "{address}" },
  { protocol = "activesync", url = "https://eas.{domain}/sync", login = ["NTLM"], username = "{address}" },
]
[plans.moved]
name = "Moved"
redirect_domain = "new.example"
"""


@pytest.fixture
def groupware(open_site: OpenSite) -> Site:
    """A server with a domain that has ActiveSync, and one that moved away."""
    site = open_site(plans=GROUPWARE)
    site.finder.add("customer.example", "groupware")
    site.finder.add("moved.example", "moved")
    return site


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(f"{PATH}?Email=taro%40sample.co.jp&Protocol=Autodiscoverv1&RedirectCount=1", id="Outlook"),
        pytest.param(f"{PATH}?Email=taro@sample.co.jp&Protocol=AutodiscoverV1", id="raw"),
        pytest.param(f"{PATH}?email=taro@sample.co.jp&PROTOCOL=AUTODISCOVERV1", id="another case"),
        pytest.param(f"{PATH}?Protocol=autodiscoverv1&Email=ta+ro@sample.co.jp", id="a plus, and the other order"),
        pytest.param(f"{PATH}?Protocol=%20AutodiscoverV1%09&Email=taro@sample.co.jp", id="spaces"),
        pytest.param(f"{PATH}/v1.0/taro@sample.co.jp?Protocol=Autodiscoverv1", id="Apple"),
        pytest.param(
            "/AutoDiscover/AutoDiscover.JSON/V1.0/Taro@Sample.co.jp?protocol=AutodiscoverV1", id="Apple, case"
        ),
        pytest.param(
            "/Autodiscover/Autodiscover.json?Email=taro@sample.co.jp&Protocol=AutodiscoverV1", id="Outlook, case"
        ),
        pytest.param(f"{PATH}/v1.0/a/b@sample.co.jp?Protocol=AutodiscoverV1", id="a slash in the address"),
        pytest.param(f"{PATH}/v1.0/?Email=taro@sample.co.jp&Protocol=AutodiscoverV1", id="an empty path"),
        pytest.param(
            f"{PATH}/v1.0/nobody?Email=taro@sample.co.jp&Protocol=AutodiscoverV1", id="no address in the path"
        ),
        pytest.param(
            f"{PATH}/v1.0/taro@sample.co.jp?Email=a@stranger.example&Protocol=AutodiscoverV1", id="the path wins"
        ),
        pytest.param(f"{PATH}?Protocol=AutodiscoverV1&Protocol=EWS&Email=taro@sample.co.jp", id="the first of two"),
    ],
)
@pytest.mark.parametrize("host", ["autodiscover.sample.co.jp", "autodiscover.stranger.example", "outlook.example"])
def test_answer(site: Site, target: str, host: str) -> None:
    """However it is spelled and under whatever Host, the answer is our public URL, in Microsoft's spelling."""
    answer = site.fetch(f"https://{host}{target}")

    assert (answer.status_code, answer.json()) == (200, ANSWER)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert host not in answer.text


@pytest.mark.parametrize(
    "email", ["", "&Email=", "&Email=nobody", "&Email=%FF", "&Email=@", "&Mail=a@stranger.example"]
)
def test_without_address(site: Site, email: str) -> None:
    """An address that cannot be read counts as absent, and the Host says which domain is meant."""
    query = f"?Protocol=AutodiscoverV1{email}"

    assert site.fetch(f"https://autodiscover.sample.co.jp{PATH}{query}").json() == ANSWER
    assert site.fetch(f"https://autodiscover.stranger.example{PATH}{query}").status_code == 404


def error(answer: httpx.Response, status: int) -> Any:
    """The name of an error, which came with this status, as JSON that nobody keeps."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.json().keys() == {"ErrorCode", "ErrorMessage"}
    return answer.json()["ErrorCode"]


@pytest.mark.parametrize(
    "protocol", ["EWS", "ews", "REST", "Substrate", "ActiveSync", "MobileSync", "AutodiscoverV2", "%3Cb%3E"]
)
@pytest.mark.parametrize(
    "form", [f"{PATH}?Email=taro@sample.co.jp&Protocol=", f"{PATH}/v1.0/taro@sample.co.jp?Protocol="]
)
def test_no_such_protocol(site: Site, form: str, protocol: str) -> None:
    """Another protocol is 400, with those that there are and nothing of what was sent: Apple's wizard fails cleanly."""
    answer = site.fetch(f"https://autodiscover.sample.co.jp{form}{protocol}")

    assert error(answer, 400) == "InvalidProtocol"
    assert answer.json()["ErrorMessage"] == INVALID


@pytest.mark.parametrize(
    "query", ["", "&Protocol", "&Protocol=", "&Protocol=&Protocol=EWS", "&Protocol=%FF", "&P=AutodiscoverV1"]
)
def test_no_protocol(site: Site, query: str) -> None:
    """Who names no protocol is told which parameter is missing."""
    answer = site.fetch(f"https://autodiscover.sample.co.jp{PATH}?Email=taro@sample.co.jp{query}")

    assert error(answer, 400) == "MandatoryParameterMissing"


@pytest.mark.parametrize("protocol", ["AutodiscoverV1", "EWS", ""])
@pytest.mark.parametrize("form", [f"{PATH}?Email=taro@stranger.example&", f"{PATH}/v1.0/taro@stranger.example?"])
def test_unknown(site: Site, form: str, protocol: str) -> None:
    """A domain that is not ours is 404, whatever it is asked for and under whatever Host."""
    for host in ("autodiscover.stranger.example", "autodiscover.sample.co.jp"):
        answer = site.fetch(f"https://{host}{form}Protocol={protocol}")

        assert error(answer, 404) == "UserNotFound"
        assert "stranger" not in answer.text


@pytest.mark.parametrize("protocol", ["ActiveSync", "activesync", "MobileSync"])
def test_activesync(groupware: Site, protocol: str) -> None:
    """Where the plan has ActiveSync, its URL is the answer, and it is named among the supported."""
    url = f"https://x.example{PATH}?Email=taro@customer.example&Protocol="

    assert groupware.fetch(url + protocol).json() == {
        "Protocol": "ActiveSync",
        "Url": "https://eas.customer.example/sync",
    }
    assert groupware.fetch(url + "AutodiscoverV1").json() == ANSWER
    assert "'AutodiscoverV1,ActiveSync'" in groupware.fetch(url + "EWS").json()["ErrorMessage"]


def test_moved_away(groupware: Site) -> None:
    """A domain that moved away has Autodiscover's XML here, which says where to."""
    url = f"https://x.example{PATH}?Email=taro@moved.example&Protocol="

    assert groupware.fetch(url + "AutodiscoverV1").json() == ANSWER
    assert error(groupware.fetch(url + "ActiveSync"), 400) == "InvalidProtocol"


def test_public_url(open_site: OpenSite) -> None:
    """The URL comes from the setting."""
    site = open_site(public_url="https://mail.provider.example:8443/base/")
    answer = site.fetch(f"https://x.example{PATH}?Email=taro@sample.co.jp&Protocol=AutodiscoverV1")

    assert answer.json()["Url"] == "https://mail.provider.example:8443/base/autodiscover/autodiscover.xml"


def test_down(open_site: OpenSite, down: Finder) -> None:
    """A mapping that cannot be asked is 503, not a user that does not exist."""
    answer = open_site(down).fetch(f"https://x.example{PATH}?Email=taro@sample.co.jp&Protocol=AutodiscoverV1")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize("path", [PATH, f"{PATH}/v1.0/taro@sample.co.jp", "/AutoDiscover/AutoDiscover.json"])
def test_methods(site: Site, path: str) -> None:
    """It is only read; HEAD gets the headers of GET."""
    query = b"Email=taro@sample.co.jp&Protocol=AutodiscoverV1"
    posted, head = (site.ask(path, method=method, query=query) for method in ("POST", "HEAD"))

    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(json.dumps(ANSWER, separators=(",", ":"))))


locals_ = st.text(min_size=1, max_size=16).filter(lambda text: carriable(text) and not any(map(is_hidden, text)))


@given(
    local=locals_, safe=st.sampled_from(["", "@", "@+/", "+"]), case=st.sampled_from([str.lower, str.upper, str.title])
)
def test_address_is_read(local: str, safe: str, case: Any) -> None:
    """Any address is read from the query, however it is encoded, and from the decoded path."""
    address = EmailAddress(local, Domain("sample.co.jp"))
    in_query = f"{case('email')}={quote(str(address), safe=safe)}&Protocol=x".encode()

    assert address_asked_for({"path": PATH, "query_string": in_query}) == address
    assert address_asked_for({"path": f"{case(PATH)}/v1.0/{address}", "query_string": b"Email=x@y.example"}) == address


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rest=st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=30), query=st.binary(max_size=60))
def test_anything(site: Site, rest: str, query: bytes) -> None:
    """Whatever stands in path and query, the answer is one of the few that there are. (No route has a line break.)"""
    answer = site.ask(f"{PATH}/v1.0/{rest}", "autodiscover.sample.co.jp", query=query)

    assert answer.status_code in {200, 400, 404}
    assert answer.json() == ANSWER or answer.json().keys() == {"ErrorCode", "ErrorMessage"}
