from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from autoconfig import errors
from autoconfig.web.error_responses import error_response, method_not_allowed, redirect
from tests.web.conftest import PLANS

if TYPE_CHECKING:
    from autoconfig.mapping.timeline import Finder
    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite

REQUEST = b"<Autodiscover><Request><EMailAddress>taro@%b</EMailAddress></Request></Autodiscover>"
WAYS = [
    pytest.param(lambda name: {"path": "/mail/config-v1.1.xml", "host": f"autoconfig.{name}"}, id="mozilla"),
    pytest.param(
        lambda name: {"path": "/mail/config-v1.1.xml", "query": f"emailaddress=taro@{name}".encode()},
        id="mozilla, address",
    ),
    pytest.param(lambda name: {"path": f"/v1.1/{name}"}, id="mozilla, by path"),
    pytest.param(
        lambda name: {"path": "/autodiscover/autodiscover.xml", "method": "POST", "body": REQUEST % name.encode()},
        id="microsoft",
    ),
    pytest.param(lambda name: {"path": "/autodiscover/autodiscover.xml", "host": name}, id="microsoft, GET"),
    pytest.param(lambda name: {"path": "/email.mobileconfig", "query": f"email=taro@{name}".encode()}, id="apple"),
]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UnknownDomain("x"), 404),
        (errors.Inexpressible("x"), 404),
        (errors.AddressInvalid("x"), 400),
        (errors.DomainInvalid("x"), 400),
        (errors.PlanUnusable("x", plan="p"), 503),
        (errors.RowInvalid("x", "plan", "a.example"), 503),
        (errors.MappingUnavailable("x"), 503),
        (errors.DNSUnavailable("x"), 503),
        (errors.PatternInvalid("x"), 500),
        (errors.Refused("x"), 500),
        (errors.SchemaTooNew("x"), 503),
        (errors.SettingsInvalid("x"), 503),
        (RuntimeError("x"), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_status(log_lines: LogLines, error: Exception, status: int) -> None:
    """Each situation has its status, a short text that nobody keeps, and a log line if the operator has to act."""
    answer = error_response(error)
    headers = dict(answer.headers)

    assert answer.status == status
    assert headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert headers[b"cache-control"] == b"private, no-store"
    assert (b"retry-after" in headers) is (
        isinstance(error, errors.MappingUnavailable | errors.DNSUnavailable | errors.ConfigurationInvalid)
    )
    assert len(answer.body) < 100
    assert answer.body.endswith(b"\n")
    # What the DNS does is told once a minute (`dns.failure_log`): strangers can make it fail as often as they like.
    assert len(log_lines()) == (status >= 500 and not isinstance(error, errors.DNSUnavailable))


@pytest.mark.parametrize("asked", WAYS)
@pytest.mark.parametrize(
    ("plan", "params", "param", "problem"),
    [
        pytest.param("no-such-plan", "{}", None, "there is no such plan", id="no such plan"),
        pytest.param("shared-standard", "{}", "server", "requires it", id="a missing param"),
        pytest.param("shared-standard", '{"server":"a b"}', "server", "is not a host name", id="a bad param"),
        pytest.param("xserver", '{"server":"a.example","x":"y"}', "x", "has no such param", id="an unknown param"),
        pytest.param("xserver", "[]", None, "not a JSON object", id="params of a foreign source"),
    ],
)
def test_unusable(
    open_site: OpenSite, log_lines: LogLines, asked: Any, plan: str, params: str, param: str | None, problem: str
) -> None:
    """A row that makes no account is a 503; the log says which row, plan and param, the answer does not."""
    site = open_site()
    row = site.finder.add("broken.example", plan, params)
    answer = site.ask(**asked("broken.example"))
    (line,) = log_lines()

    assert (answer.status_code, answer.text) == (503, "The settings of this name cannot be given at the moment.\n")
    assert "retry-after" not in answer.headers
    assert (line["event"], line["level"]) == ("a plan cannot be used", "error")
    assert (line["domain"], line["row"], line["plan"], line["param"]) == ("broken.example", row.id, plan, param)
    assert problem in line["problem"]
    assert "taro" not in str(line)


def test_unusable_without_a_row(open_site: OpenSite, log_lines: LogLines) -> None:
    """A plan that a host rule leads to is named as well; there is no row then."""
    rule = '\n[[host]]\nmatch = "(?P<server>.*)[.]bad[.]example"\nplan = "xserver"\n'
    answer = open_site(plans=PLANS + rule).ask("/mail/config-v1.1.xml", "autoconfig.-a.bad.example")
    (line,) = log_lines()

    assert answer.status_code == 503
    assert (line["domain"], line["row"], line["plan"]) == ("-a.bad.example", None, "xserver")


def test_default_plan_that_cannot_answer(open_site: OpenSite) -> None:
    """A server does not start with a default plan that plans.toml does not have."""
    with pytest.raises(errors.PlansInvalid, match="default_plan = 'gone'"):
        open_site(default_plan="gone")


@pytest.mark.parametrize("name", ["-x.example", "a_b.example", f"{'a.' * 121}example"], ids=["hyphen", "_", "long"])
def test_domain_that_makes_no_host(open_site: OpenSite, log_lines: LogLines, name: str) -> None:
    """A domain that makes no host name with its plan is a 503, never a document that programs refuse."""
    site = open_site()
    row = site.finder.add(name, "shared-managed")
    answer = site.ask("/mail/config-v1.1.xml", "autoconfig.xbit.jp", query=f"emailaddress=t@{name}".encode())
    (line,) = log_lines()

    assert answer.status_code == 503
    assert (line["domain"], line["row"], line["plan"]) == (name, row.id, "shared-managed")


@pytest.mark.parametrize("asked", WAYS)
def test_down(open_site: OpenSite, down: Finder, log_lines: LogLines, asked: Any) -> None:
    """While the mapping cannot be asked, every name is a 503 and worth another try, never a 404."""
    answer = open_site(down).ask(**asked("sample.co.jp"))
    (line,) = log_lines()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.text == "The settings cannot be looked up at the moment.\n"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "disk I/O error" in line["problem"]


def test_method_not_allowed() -> None:
    """Who asks by another method is told which there are."""
    answer = method_not_allowed(["GET", "HEAD"])

    assert (answer.status, dict(answer.headers)[b"allow"]) == (405, b"GET, HEAD")


def test_redirect() -> None:
    """A redirect says where to, and nobody keeps it."""
    answer = redirect(302, "https://autoconfig.xbit.jp/")

    assert (answer.status, dict(answer.headers)[b"location"]) == (302, b"https://autoconfig.xbit.jp/")
    assert dict(answer.headers)[b"cache-control"] == b"private, no-store"
