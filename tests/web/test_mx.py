from __future__ import annotations

import asyncio
import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.resolver import How
from autoconfig.resources import templates
from tests.support.servers.knot import silent
from tests.web.conftest import STRANGER

if TYPE_CHECKING:
    from tests.support.log_lines import LogLines
    from tests.support.servers.knot import Knot
    from tests.web.conftest import OpenSite, Site

PRIVATE = "private, no-store"
CUSTOMER = "customer.co.jp"
"""Has no row; its MX is cs312.xbit.jp, for which the demo has a host rule."""

REQUEST = b"<Autodiscover><Request><EMailAddress>taro@%b</EMailAddress></Request></Autodiscover>"
MOZILLA, AUTODISCOVER = "/mail/config-v1.1.xml", "/autodiscover/autodiscover.xml"
PACC = "/.well-known/user-agent-configuration.json"
SCOPE: dict[str, Any] = {"client": STRANGER, "headers": []}

PLANS = (templates() / "demo" / "plans.toml").read_text(encoding="utf-8")
NEEDS_DOMAIN = r"""
[plans.own-names]
extends = "server-maintenance"

[[host]]
match = '(?P<incoming>mail\.elsewhere\.jp)'
plan = "own-names"
"""
PLAIN_TLS = r"""
[plans.plain-tls]
extends = "shared-standard"
servers = [{ protocol = "smtp", port = 465, tls = "ssl" }]

[[host]]
match = '(?P<server>mail\.elsewhere\.jp)'
plan = "plain-tls"
"""


def ways(name: str) -> dict[str, dict[str, Any]]:
    """A request of each client for a domain."""
    query = f"emailaddress=taro@{name}".encode()
    return {
        "mozilla": {"path": MOZILLA, "host": f"autoconfig.{name}"},
        "mozilla, its own address": {"path": MOZILLA, "host": f"autoconfig.{name}", "query": query},
        "mozilla, bare": {"path": f"/.well-known/autoconfig{MOZILLA}", "host": name, "query": query},
        "mozilla, under our name": {"path": MOZILLA, "host": "autoconfig.xbit.jp", "query": query},
        "mozilla, by path": {"path": f"/v1.1/{name}", "host": "autoconfig.xbit.jp"},
        "autodiscover": {"path": AUTODISCOVER, "host": name, "method": "POST", "body": REQUEST % name.encode()},
        "autodiscover, GET": {"path": AUTODISCOVER, "host": f"autodiscover.{name}"},
        "apple": {"path": "/email.mobileconfig", "host": "autoconfig.xbit.jp", "query": f"email=taro@{name}".encode()},
    }


every_way = pytest.mark.parametrize("way_in", ways(CUSTOMER))


@pytest.fixture
def asking(open_site: OpenSite, knot: Knot) -> Site:
    """The demo, which asks the real name server for MX."""
    return open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20)


@every_way
def test_customer(asking: Site, way_in: str) -> None:
    """A customer who has only an MX gets its host's settings from every client's request; no cache keeps them."""
    answer = asking.ask(**ways(CUSTOMER)[way_in])

    assert (answer.status_code, answer.headers["cache-control"]) == (200, PRIVATE)
    assert b"cs312.xbit.jp" in answer.content


@every_way
def test_off(open_site: OpenSite, way_in: str) -> None:
    """Where it is not switched on the same customer is unknown, and nobody is asked."""
    site = open_site()

    assert site.ask(**ways(CUSTOMER)[way_in]).status_code == 404
    assert site.services.mx_lookups is None


def test_profile(asking: Site) -> None:
    """The profile is the customer's own: the address, the domain's, the server of the MX."""
    profile = plistlib.loads(asking.ask(**ways(CUSTOMER)["apple"]).content)
    (account,) = (payload for payload in profile["PayloadContent"] if "EmailAddress" in payload)

    assert (
        account["EmailAddress"],
        account["IncomingMailServerHostName"],
    ) == ("taro@customer.co.jp", "cs312.xbit.jp")


def test_pacc(open_site: OpenSite, knot: Knot) -> None:
    """PACC's document is found by MX as well."""
    site = open_site(plans=PLANS + PLAIN_TLS, mx=True, mx_nameservers=(knot.address,), mx_timeout=20)
    answer = site.ask(PACC, "ua-auto-config.stranger.co.jp")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, PRIVATE)
    assert b"mail.elsewhere.jp" in answer.content


def test_autodiscover_json(asking: Site) -> None:
    """Autodiscover v2 leads such a customer to the XML under our name."""
    query = f"Email=taro@{CUSTOMER}&Protocol=AutodiscoverV1".encode()

    assert asking.ask("/autodiscover/autodiscover.json", "autoconfig.xbit.jp", query=query).json() == {
        "Protocol": "AutodiscoverV1",
        "Url": "https://autoconfig.xbit.jp/autodiscover/autodiscover.xml",
    }


def test_page(asking: Site) -> None:
    """So does the page for people, typed or under a name of the customer's."""
    typed = asking.ask("/setup", "autoconfig.xbit.jp", query=f"email=taro@{CUSTOMER}".encode())
    untyped = asking.ask("/", f"autoconfig.{CUSTOMER}")

    assert [typed.status_code, untyped.status_code] == [200, 200]
    assert b"cs312.xbit.jp" in typed.content
    assert b"cs312.xbit.jp" in untyped.content


def test_domain_of_the_plan(open_site: OpenSite, knot: Knot) -> None:
    """A plan that depends on the domain gets the customer's, with an address or without, and the rule's groups."""
    site = open_site(plans=PLANS + NEEDS_DOMAIN, mx=True, mx_nameservers=(knot.address,), mx_timeout=20)
    for query in (b"", b"emailaddress=taro@stranger.co.jp"):
        text = site.ask(MOZILLA, "autoconfig.stranger.co.jp", query=query).text

        assert "<hostname>mail.elsewhere.jp</hostname>" in text
        assert "<hostname>stranger.co.jp</hostname>" in text


def test_redirect(open_site: OpenSite, knot: Knot) -> None:
    """Without TLS it leads to the customer's own path under `public_url`, where the MX answers again."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20, plain_http="redirect")
    answer = site.ask(MOZILLA, f"autoconfig.{CUSTOMER}", scheme="http")

    assert (answer.status_code, answer.headers["location"]) == (302, f"https://autoconfig.xbit.jp/v1.1/{CUSTOMER}")
    assert site.fetch(answer.headers["location"]).status_code == 200


NAMES = {
    "by preference": ("second", 200, b"cs313.xbit.jp"),
    "IDN": ("xn--wgv71a119e", 200, b"cs312.xbit.jp"),
    "mail elsewhere": ("stranger", 404, b""),
    "null MX": ("no-mail", 404, b""),
    "NODATA": ("no-mx", 404, b""),
    "NXDOMAIN": ("no-such-name", 404, b""),
    "no host names": ("names-only", 404, b""),
    "a CNAME that goes in a circle": ("loop", 503, b""),
    "thousands of records": ("too-many", 503, b""),
}


@pytest.mark.parametrize(("name", "status", "host"), NAMES.values(), ids=NAMES)
def test_names(asking: Site, name: str, status: int, host: bytes) -> None:
    """Whatever a zone says, the answer is settings, not ours, or not now."""
    answer = asking.ask(MOZILLA, f"autoconfig.{name}.co.jp")

    assert answer.status_code == status
    assert host in answer.content


@pytest.mark.parametrize("name", ["shop.example", "localhost", "a.local", "cs999.xbit.jp", "autoconfig.invalid"])
def test_never_asked(asking: Site, name: str) -> None:
    """Names of special use, single labels and hosts of ours are answered without the DNS."""
    query = f"emailaddress=taro@{name}".encode()

    assert asking.ask(MOZILLA, "autoconfig.xbit.jp", query=query).status_code == 404
    assert asked(asking) == 0


@pytest.mark.parametrize("name", ["a.broken.jp", "elsewhere.jp"], ids=["SERVFAIL", "REFUSED"])
@pytest.mark.parametrize("way_in", ways(""))
def test_failure(open_site: OpenSite, knot: Knot, log_lines: LogLines, name: str, way_in: str) -> None:
    """A DNS that fails is no reason for a 404 or the default plan: 503, worth another try, without a log line."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20, default_plan="server-maintenance")
    answer = site.ask(**ways(name)[way_in])

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.headers["cache-control"] == PRIVATE
    assert answer.text == "The settings cannot be looked up at the moment.\n"
    assert log_lines() == []


def test_silence(open_site: OpenSite) -> None:
    """A name server that never answers makes a 503 in time, and costs known names nothing."""
    with silent() as dead:
        site = open_site(mx=True, mx_nameservers=(dead.getsockname(),), mx_timeout=0.2)

        assert site.ask(**ways(CUSTOMER)["mozilla"]).status_code == 503
        assert site.ask(MOZILLA, "autoconfig.sample.co.jp").status_code == 200


def test_page_of_a_host_while_the_dns_fails(open_site: OpenSite, knot: Knot) -> None:
    """Under a host that is nobody's the empty form is shown, whether the DNS answers or not."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20)

    assert site.ask("/", "a.broken.jp").status_code == 200
    assert site.ask("/", "autoconfig.a.broken.jp").status_code == 503


def test_default_plan(open_site: OpenSite, knot: Knot) -> None:
    """Whose mail goes elsewhere is on the default plan, if there is one; whose goes to us is not."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20, default_plan="server-maintenance")

    assert "<hostname>stranger.co.jp</hostname>" in site.ask(MOZILLA, "autoconfig.stranger.co.jp").text
    assert "<hostname>cs312.xbit.jp</hostname>" in site.ask(MOZILLA, f"autoconfig.{CUSTOMER}").text


def test_ended(asking: Site) -> None:
    """A customer that was ended is unknown, though the MX still leads here; one with a row is on its plan."""
    asking.finder.add(CUSTOMER, "shared-managed")
    assert b"pop.customer.co.jp" in asking.ask(**ways(CUSTOMER)["mozilla"]).content
    asking.finder.add(CUSTOMER, None, valid_from=1)

    assert asking.ask(**ways(CUSTOMER)["mozilla"]).status_code == 404
    assert asked(asking) == 0


def test_no_certificate(asking: Site) -> None:
    """No certificate is allowed because of an MX, also after it has answered."""
    assert asking.ask(**ways(CUSTOMER)["mozilla"]).status_code == 200
    for label in ("autoconfig", "autodiscover", "ua-auto-config"):
        query = f"domain={label}.{CUSTOMER}".encode()
        answer = asking.ask("/internal/tls-allowed", "localhost", query=query, client=("127.0.0.1", 4000))

        assert answer.status_code == 404


def test_flood(open_site: OpenSite, knot: Knot, log_lines: LogLines) -> None:
    """A flood of invented names asks the DNS no more than the budget; rows and what is known are served meanwhile."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=5)
    assert site.ask(**ways(CUSTOMER)["mozilla"]).status_code == 200
    statuses = []
    for number in range(40):
        statuses.append(site.ask(MOZILLA, f"autoconfig.invented{number}.co.jp").status_code)
        assert site.ask(MOZILLA, "autoconfig.sample.co.jp").status_code == 200
        assert site.ask(**ways(CUSTOMER)["mozilla"]).status_code == 200
    site.run(*(site.upkeep.tick() for _ in range(30)))
    (line,) = log_lines()

    assert statuses == [404] * 4 + [503] * 36
    assert asked(site) == 5
    assert (line["level"], line["failed"], line["over_budget"]) == ("warning", 0, 36)
    assert "mx_budget" in line["remedy"]


OTHERS = {
    "an address": {"client": ("198.51.100.7", 40000)},
    "another IPv6 network": {"client": ("2001:db8:0:2::1", 40000)},
    "behind a proxy": {"client": ("127.0.0.1", 40000), "headers": [(b"x-forwarded-for", b"203.0.113.9, 198.51.100.7")]},
    "behind a proxy that says nothing": {"client": ("127.0.0.1", 40000)},
    "the Unix socket": {"client": None},
}
SAME = {
    "an address": [{"client": ("203.0.113.9", port)} for port in (1, 2)],
    "an IPv6 network": [{"client": (f"2001:db8:0:1::{host}", 1)} for host in (1, 2)],
    "behind proxies": [
        {"client": (proxy, 1), "headers": [(b"x-forwarded-for", said)]}
        for proxy, said in (("127.0.0.1", b"203.0.113.9"), ("::1", b"198.51.100.7, ::ffff:203.0.113.9"))
    ],
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("same", SAME.values(), ids=SAME)
def test_share(
    open_site: OpenSite, knot: Knot, log_lines: LogLines, same: list[dict[str, Any]], other: dict[str, Any]
) -> None:
    """One client uses up its tenth of the budget and then gets 503; others are answered, what is kept is for all."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=120)
    statuses = [
        site.ask(MOZILLA, f"autoconfig.invented{number}.co.jp", **same[number % 2]).status_code for number in range(20)
    ]
    refused = site.ask(MOZILLA, f"autoconfig.{CUSTOMER}", **same[0])

    assert statuses == [404] * 12 + [503] * 8
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert refused.headers["cache-control"] == PRIVATE
    assert site.ask(MOZILLA, f"autoconfig.{CUSTOMER}", **other).status_code == 200
    assert site.ask(MOZILLA, f"autoconfig.{CUSTOMER}", **same[0]).status_code == 200
    assert asked(site) == 13
    site.run(site.upkeep.tick())
    (line,) = log_lines()
    shown = site.ask("/internal/metrics", "localhost", client=("127.0.0.1", 40000)).text

    assert (line["failed"], line["over_budget"], line["example"]) == (0, 9, CUSTOMER)
    assert 'autoconfig_mx_questions_total{answer="over_share"} 9.0\n' in shown
    assert 'autoconfig_mx_questions_total{answer="over_budget"} 0.0\n' in shown


@pytest.mark.parametrize("way_in", ways(""))
def test_share_of_each_way(open_site: OpenSite, knot: Knot, way_in: str) -> None:
    """Whatever a client asks for, what it makes us ask counts for it."""
    site = open_site(mx=True, mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=600)
    statuses = [site.ask(**ways(f"invented{number}.co.jp")[way_in]).status_code for number in range(61)]

    assert [asked(site), statuses.count(503), statuses[-1]] == [60, 1, 503]


def test_together(asking: Site) -> None:
    """Many requests for one name at once are one question."""

    async def request() -> How:
        return (await asking.services.resolve(SCOPE, Domain(CUSTOMER), None)).how

    async def together() -> list[How]:
        return await asyncio.gather(*(request() for _ in range(100)))

    assert {How.MX} == set(asking.runner.run(together()))
    assert asked(asking) == 1


def test_metrics(asking: Site) -> None:
    """What came of each question is in the metrics; an answer that is kept is no question."""
    for name in (CUSTOMER, CUSTOMER, "nothing-here.co.jp"):
        asking.ask(**ways(name)["mozilla"])
    shown = asking.ask("/internal/metrics", "localhost", client=("127.0.0.1", 40000)).text

    assert 'autoconfig_mx_questions_total{answer="found"} 1.0\n' in shown
    assert 'autoconfig_mx_questions_total{answer="over_budget"} 0.0\n' in shown
    assert 'autoconfig_resolved_total{how="mx"} 2.0\n' in shown


def test_close(open_site: OpenSite) -> None:
    """A server that stops does not wait for the DNS."""
    with silent() as dead:
        site = open_site(mx=True, mx_nameservers=(dead.getsockname(),), mx_timeout=30)

        async def stopping() -> object:
            waiting = asyncio.create_task(site.services.resolve(SCOPE, Domain(CUSTOMER), None))
            await asyncio.sleep(0.05)
            await site.services.close()
            return (await asyncio.gather(waiting, return_exceptions=True))[0]

        assert "could not be asked" in str(site.runner.run(stopping()))


def asked(site: Site) -> int:
    """How many questions went to the DNS."""
    counts = {name: count for name, count in site.services.counters.named().items() if name.startswith("mx ")}
    return sum(counts.values()) - counts["mx over_budget"] - counts["mx over_share"]
