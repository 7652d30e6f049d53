from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.routing import Route

from autoconfig.web.routes import fast_table, routes

if TYPE_CHECKING:
    from tests.web.conftest import OpenSite, Site


@pytest.mark.parametrize(
    "path",
    [
        "",
        "*",
        "//",
        "/mail",
        "/mail/",
        "/mail/config-v1.1.xml/",
        "/Mail/config-v1.1.xml",
        "/mail/config-v1.1.xml/..",
        "/mail/config-v1.2.xml",
        "/mail/mozilla.xml",
        "/.well-known/",
        "/.well-known/autoconfig/mail/config-v1.1.xml/",
        "/.well-known/user-agent-configuration.json/",
        "/.Well-Known/user-agent-configuration.json",
        "/autodiscover/autodiscover.json/",
        "/autodiscover/autodiscover.json/v2.0/taro@sample.co.jp",
        "/v1.1",
        "/v1.1/",
        "/v1.1/sample.co.jp/",
        "/setup/",
        "/EMAIL.mobileconfig",
        "/robots.txt",
        "/static/../autoconfig.toml",
        "/../autoconfig.toml",
        "/autoconfig.toml",
        "/setup.html",
        "/<script>",
        "/日本語",
        "/\x00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_else(site: Site, path: str, method: str) -> None:
    """There is nothing but what is in the table: no redirects to a path with or without a slash, no files."""
    answer = site.ask(path, method=method)

    assert (answer.status_code, answer.text) == (404, "No mail settings for this name here.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_same_endpoints(open_site: OpenSite) -> None:
    """What the fast table has is the very endpoint that the routes have."""
    services = open_site().services
    table = routes(services)
    endpoints = {route.path: route.endpoint for route in table if isinstance(route, Route)}

    for method_and_path, route in fast_table(services, table).items():
        path = method_and_path.partition(" ")[2]
        assert endpoints[path if path in endpoints else path.lower()] is route.endpoint


def test_every_path_once(open_site: OpenSite) -> None:
    """No path stands in the table twice."""
    paths = [route.path for route in routes(open_site().services) if isinstance(route, Route)]

    assert len(paths) == len(set(paths)) > 20
