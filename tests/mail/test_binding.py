from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import PlanUnusable
from autoconfig.mail.account import Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain, is_host_name
from autoconfig.mail.pattern import VARIABLES, Pattern
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import Login, Protocol, ServerTemplate, TLSMode

LABEL_63 = "a" * 63


def server(
    host: str = "{incoming}",
    username: str = "{username}",
    protocol: Protocol = Protocol.IMAP,
    port: int = 993,
) -> ServerTemplate:
    """A server with TLS from the first byte."""
    return ServerTemplate(protocol, Pattern.parse(host), port, TLSMode.SSL, (Login.ENCRYPTED,), Pattern.parse(username))


def plan_of(*servers: ServerTemplate, **params: str | None) -> Plan:
    """A plan with these params; `None` for one that each row has to give."""
    patterns = {name: None if text is None else Pattern.parse(text) for name, text in params.items()}
    return Plan("maintenance", Text({"en": "Maintained"}), None, patterns, servers or (server(),))


PLAN = plan_of(incoming="{domain}", username="{address}")

HOSTS = {
    "the default": ({}, "{domain}"),
    "a host of the row": ({"incoming": "mail.vps-customer.example"}, "mail.vps-customer.example"),
    "a pattern of the row": ({"incoming": "mail.{domain}"}, "mail.{domain}"),
    "in between": ({"incoming": "a.{domain}.b"}, "a.{domain}.b"),
    "twice": ({"incoming": "{domain}.{domain}"}, "{domain}.{domain}"),
    "spelled in lower case": ({"incoming": "Mail.{domain}"}, "mail.{domain}"),
    "spelled in A-labels": ({"incoming": "日本語.{domain}"}, "xn--wgv71a119e.{domain}"),
    "trailing dot": ({"incoming": "mail.example.jp."}, "mail.example.jp"),
    "trailing dot behind the domain": ({"incoming": "mail.{domain}."}, "mail.{domain}"),
}


@pytest.mark.parametrize(("params", "host"), HOSTS.values(), ids=HOSTS.keys())
def test_bind_host(params: dict[str, str], host: str) -> None:
    """A host comes from the row, else from the default, spelled as mail programs need it; only `{domain}` stays."""
    assert host == str(bind(PLAN, params).servers[0].host)


BAD_HOSTS = {
    "underscore": ("a_b.example", "is not a host name"),
    "space": ("mail example", "is not a host name"),
    "URL": ("https://mail.example", "is not a host name"),
    "port": ("mail.example:993", "is not a host name"),
    "outer hyphen": ("-mail.example", "is not a host name"),
    "empty label": ("mail..{domain}", "is not a host name"),
    "label of 64": ("a" * 64 + ".{domain}", "is not a host name"),
    "local part": ("{local}.example", "may use only {domain}"),
    "address": ("{address}", "may use only {domain}"),
    "domain behind a letter": ("mail{domain}", "a dot has to stand"),
    "domain before a letter": ("{domain}mail", "a dot has to stand"),
    "domain beside the domain": ("{domain}{domain}", "a dot has to stand"),
    "another param": ("{username}", "may use only {address}, {address_lower}, {domain}, {local}, {local_lower}"),
    "stray brace": ("mail.{domain", "without its partner"),
    "empty": ("", "empty or has control characters"),
    "control character": ("mail\n.example", "empty or has control characters"),
}


@pytest.mark.parametrize(("value", "problem"), BAD_HOSTS.values(), ids=BAD_HOSTS.keys())
def test_bind_refuses_a_host(value: str, problem: str) -> None:
    """A row whose param makes no host name that mail programs accept is refused by the name of the param."""
    with pytest.raises(PlanUnusable, match=re.escape(problem)) as caught:
        bind(PLAN, {"incoming": value})

    assert (caught.value.plan, caught.value.param) == ("maintenance", "incoming")
    assert str(caught.value).startswith("plan 'maintenance', param 'incoming': ")


@pytest.mark.parametrize(
    ("params", "username"),
    [
        ({}, "{address}"),
        ({"username": "{local}.{domain}"}, "{local}.{domain}"),
        ({"username": "taro"}, "taro"),
        ({"username": "<&>%s"}, "<&>%s"),
    ],
    ids=["the default", "another form", "fixed", "markup is text"],
)
def test_bind_username(params: dict[str, str], username: str) -> None:
    """A user name comes from the row, else from the default; only variables stay in it."""
    assert username == str(bind(PLAN, params).servers[0].username)


def test_bind_refuses_a_username() -> None:
    """A user name that documents cannot carry is refused by the name of the param."""
    with pytest.raises(PlanUnusable, match="control characters") as caught:
        bind(PLAN, {"username": "a\0b"})

    assert caught.value.param == "username"


def test_defaults_may_name_params() -> None:
    """A default that names another param follows what the row says about that one."""
    plan = plan_of(server(username="{outgoing}"), incoming="{domain}", outgoing="{username}", username="{address}")

    assert str(bind(plan, {"username": "{local}"}).servers[0].username) == "{local}"


def test_bind_cuts_a_circle() -> None:
    """A circle of defaults makes a plan unusable, unless the row gives one of them."""
    plan = plan_of(incoming="{domain}", username="{outgoing}", outgoing="{username}")

    with pytest.raises(PlanUnusable, match="in a circle: username → outgoing → username"):
        bind(plan, {})
    assert str(bind(plan, {"outgoing": "x"}).servers[0].username) == "x"


def test_bind_default_of_an_undeclared_param() -> None:
    """A default that names a param that the plan has not makes it unusable."""
    with pytest.raises(PlanUnusable, match="its default cannot be worked out: 'nobody'"):
        bind(plan_of(incoming="{nobody}", username="x"), {})


def test_bind_requires() -> None:
    """A required param that the row does not give is named."""
    with pytest.raises(PlanUnusable, match="the plan requires it and the row does not give it") as caught:
        bind(plan_of(incoming=None, username="x"), {})

    assert caught.value.param == "incoming"


@pytest.mark.parametrize(
    ("plan", "known"),
    [(PLAN, "only incoming, username"), (plan_of(server("a.example", "x")), "only none")],
    ids=["with params", "without"],
)
def test_bind_unknown(plan: Plan, known: str) -> None:
    """A param that the plan has not is named, beside those that it has."""
    with pytest.raises(PlanUnusable, match=known) as caught:
        bind(plan, {"outgiong": "x"})

    assert caught.value.param == "outgiong"


def test_bind_puts_imap_first() -> None:
    """IMAP, POP3, SMTP, whatever the plan's order; within a protocol the plan's own order stays."""
    written = [(Protocol.SMTP, 465), (Protocol.POP3, 995), (Protocol.SMTP, 587), (Protocol.IMAP, 993)]
    bound = bind(plan_of(*(server("a.example", "x", protocol, port) for protocol, port in written)), {})

    assert [template.port for template in bound.servers] == [993, 995, 465, 587]


@given(st.dictionaries(st.sampled_from(["incoming", "username", "x"]), st.text() | st.text("{}domainlc._-")))
def test_bind_any(params: dict[str, str]) -> None:
    """Any params make a bound plan whose patterns have only variables left, or `PlanUnusable`."""
    try:
        bound = bind(PLAN, params)
    except PlanUnusable as error:
        assert error.plan == "maintenance"  # noqa: PT017 (else the other half has nothing to look at)
        return

    template = bound.servers[0]
    assert template.host.names <= {"domain"}
    assert template.username.names <= VARIABLES
    assert is_host_name(bound.account(Domain("example.jp"), None).servers[0].host)


def redirecting(url: str | None = None, domain: str | None = None, **params: str | None) -> Plan:
    """A plan without servers, for domains that moved away."""
    return replace(
        plan_of(**params),
        servers=(),
        redirect_url=None if url is None else Pattern.parse(url),
        redirect_domain=None if domain is None else Pattern.parse(domain),
    )


def test_redirect_url() -> None:
    """A plan of domains that moved away says where to, with params and the domain in it."""
    bound = bind(redirecting("https://{new}/{domain}.xml", new=None), {"new": "autoconfig.example.net"})
    account = bound.account(Domain("moved.example"), None)

    assert bound.needs_domain
    assert account.redirects
    assert account.redirect_url == "https://autoconfig.example.net/moved.example.xml"
    assert (account.servers, account.redirect_domain) == ((), None)


def test_redirect_domain() -> None:
    """A plan of domains that moved away names the domain to ask for instead."""
    bound = bind(redirecting(domain="{new}", new=None), {"new": "日本語.example"})
    account = bound.account(Domain("moved.example"), None)

    assert not bound.needs_domain
    assert account.redirects
    assert account.redirect_domain == Domain("xn--wgv71a119e.example")


def test_check_row_of_the_redirect_domain() -> None:
    """A row may not redirect its own domain to itself, however the plan spells it; any other domain may be on it."""
    bound = bind(redirecting(domain="{new}", new=None), {"new": "日本語.Example"})

    with pytest.raises(PlanUnusable, match="which would move to itself; put it on a plan with servers"):
        bound.check_row(Domain("xn--wgv71a119e.example"))
    bound.check_row(Domain("mail.xn--wgv71a119e.example"))


def test_check_row_checks() -> None:
    """A row is seen to as a request is."""
    with pytest.raises(PlanUnusable, match="not allowed in a host name"):
        bind(plan_of(server("{domain}", "x")), {}).check_row(Domain("a_b.example"))


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://{new}/", None),
        ("{new}", None),
        ("https://{new}:0/", None),
        ("https://{new}/{local}", None),
        (None, "{new}/"),
        (None, "{local}.{new}"),
    ],
    ids=["http", "no URL", "port 0", "the local part", "no host", "the local part in a host"],
)
def test_redirect_refuses(url: str | None, domain: str | None) -> None:
    """A place that is no https URL, or no host name, or says who asks, is refused by the name of the param."""
    with pytest.raises(PlanUnusable) as caught:
        bind(redirecting(url, domain, new=None), {"new": "example.net"})

    assert caught.value.param == "new"


NEEDS = {
    "host": (server("mail.{domain}", "x"), True, True),
    "user name": (server("mail.example", "{local}.{domain}"), False, True),
    "neither": (server("mail.example", "{address}"), False, False),
}


@pytest.mark.parametrize(("template", "in_host", "needs"), NEEDS.values(), ids=NEEDS.keys())
def test_needs_domain(template: ServerTemplate, in_host: bool, needs: bool) -> None:
    """A bound plan knows whether its hosts, and whether anything, depend on the domain."""
    bound = bind(plan_of(template), {})

    assert (in_host, needs) == (bound.host_names_domain, bound.needs_domain)


def name_of(octets: int) -> str:
    """A domain of so many octets, between 193 and 253."""
    return ".".join([LABEL_63, LABEL_63, LABEL_63, "a" * (octets - 192)])


@pytest.mark.parametrize(
    ("host", "longest"),
    [("{domain}", 253), ("mail.{domain}", 248), ("a.{domain}.b", 249), ("{domain}.{domain}", 126), ("a.example", 253)],
    ids=["alone", "behind a label", "between labels", "twice", "not at all"],
)
def test_longest_domain(host: str, longest: int) -> None:
    """A bound plan knows the longest domain with which all its hosts fit into 253 octets."""
    assert longest == bind(plan_of(server(host, "x")), {}).longest_domain


def test_check_the_length() -> None:
    """A domain that makes a host of 253 octets is served; one octet more is not."""
    bound = bind(plan_of(server("mail.{domain}", "x")), {})

    assert len(bound.account(Domain(name_of(248)), None).servers[0].host) == 253
    with pytest.raises(PlanUnusable, match="longer than 253 octets"):
        bound.account(Domain(name_of(249)), None)


def test_check_the_spelling() -> None:
    """A domain with an underscore is served by hosts of their own names, not by hosts that name the domain."""
    domain = Domain("a_b.example")

    with pytest.raises(PlanUnusable, match="not allowed in a host name"):
        bind(plan_of(server("{domain}", "x")), {}).check(domain)
    assert bind(plan_of(server("mail.example", "x")), {}).account(domain, None).domain == domain


def test_account() -> None:
    """An account has everything of its plan, and hosts with the domain in them."""
    address = EmailAddress.parse("hanako@old-shop.example")
    account = bind(PLAN, {"incoming": "pop.{domain}"}).account(address.domain, address)

    assert (address.domain, address, PLAN.name) == (account.domain, account.address, account.name)
    assert account.servers[0].host == "pop.old-shop.example"
    assert not account.redirects
