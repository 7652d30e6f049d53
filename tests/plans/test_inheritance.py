from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import PlansInvalid
from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from autoconfig.mail.plan import Plan

PARENT = """
[plans.parent]
name = "Parent"
short_name = "P"
webmail = "https://webmail.example/"
documentation = [{ url = "https://help.example/", ja = "説明" }]
params = { in = "in.{domain}", out = "out.{domain}", user = "{address}" }
servers = [
  { protocol = "imap", host = "{in}", port = 993, tls = "ssl", login = ["password-encrypted"], username = "{user}" },
  { protocol = "pop3", host = "{in}", port = 995, tls = "ssl", login = ["password-cleartext"], username = "{user}" },
  { protocol = "smtp", host = "{out}", port = 465, tls = "ssl", login = ["password-encrypted"], username = "{user}" },
]
"""


def child_of(toml: str) -> Plan:
    """The plan that extends the parent by these lines."""
    return read_plans(f'{PARENT}\n[plans.child]\nextends = "parent"\n{toml}'.encode()).get("child")


def written(plan: Plan) -> list[tuple[str, str, int, str, str, str]]:
    """The servers of a plan, in its order."""
    return [(s.protocol, str(s.host), s.port, s.tls, s.login[0], str(s.username)) for s in plan.servers]


IMAP = ("imap", "{in}", 993, "ssl", "password-encrypted", "{user}")
POP3 = ("pop3", "{in}", 995, "ssl", "password-cleartext", "{user}")
SMTP = ("smtp", "{out}", 465, "ssl", "password-encrypted", "{user}")

SERVERS = {
    "nothing said": ("", [IMAP, POP3, SMTP]),
    "no servers named": ("servers = []", [IMAP, POP3, SMTP]),
    "one key": (
        'servers = [{ protocol = "pop3", port = 110 }]',
        [IMAP, ("pop3", "{in}", 110, "ssl", "password-cleartext", "{user}"), SMTP],
    ),
    "replaced in place, in another order": (
        'servers = [{ protocol = "smtp", tls = "starttls", port = 587 }, { protocol = "imap", host = "i.example" }]',
        [
            ("imap", "i.example", 993, "ssl", "password-encrypted", "{user}"),
            POP3,
            ("smtp", "{out}", 587, "starttls", "password-encrypted", "{user}"),
        ],
    ),
    "every key": (
        (
            'servers = [{ protocol = "imap", host = "i.example", port = 143, tls = "plain", login = ["OAuth2"], '
            'username = "x" }]'
        ),
        [("imap", "i.example", 143, "plain", "OAuth2", "x"), POP3, SMTP],
    ),
    "one becomes two": (
        'servers = [{ protocol = "smtp" }, { protocol = "smtp", port = 587, tls = "starttls" }]',
        [IMAP, POP3, SMTP, ("smtp", "{out}", 587, "starttls", "password-encrypted", "{user}")],
    ),
}


@pytest.mark.parametrize(("toml", "servers"), SERVERS.values(), ids=SERVERS.keys())
def test_servers(toml: str, servers: list[tuple[str, str, int, str, str, str]]) -> None:
    """A protocol named again replaces the parent's at its place, and keys that are left out are inherited."""
    assert servers == written(child_of(toml))


def test_new_protocol() -> None:
    """A protocol that the parent has not follows the parent's."""
    source = PARENT.replace('  { protocol = "pop3"', '#  { protocol = "pop3"') + (
        '[plans.child]\nextends = "parent"\nservers = [{ protocol = "pop3", host = "{domain}", port = 995, '
        'tls = "ssl", login = ["password-cleartext"], username = "{address}" }]'
    )

    assert [s.protocol for s in read_plans(source.encode()).get("child").servers] == ["imap", "smtp", "pop3"]


def test_new_protocol_inherits_nothing() -> None:
    """The keys of a protocol that the parent has not must all be written, and the fault says so."""
    source = PARENT.replace('  { protocol = "pop3"', '#  { protocol = "pop3"') + (
        '[plans.child]\nextends = "parent"\nservers = [{ protocol = "pop3" }]'
    )

    with pytest.raises(PlansInvalid) as caught:
        read_plans(source.encode())

    assert [f"plans.child.servers[1].{key}" for key in ("host", "port", "tls", "login", "username")] == [
        fault.place for fault in caught.value.faults
    ]
    assert {"it is not inherited either, so add it"} == {fault.remedy for fault in caught.value.faults}


def test_keys() -> None:
    """Keys that are left out are inherited, keys that are written are the child's own."""
    parent = read_plans(PARENT.encode()).get("parent")
    child = child_of('name = "Child"\nwebmail = "https://other.example/"')

    assert child.name.in_language() == "Child"
    assert child.webmail == "https://other.example/"
    assert (parent.short_name, parent.documentation) == (child.short_name, child.documentation)


def test_customer_name() -> None:
    """What customers read is inherited, but not by a plan with a name of its own: it would hide that one."""
    parent = PARENT.replace('short_name = "P"', 'short_name = "P"\ncustomer_name = "Mail"')
    plans = read_plans(
        f'{parent}\n[plans.same]\nextends = "parent"\n[plans.own]\nextends = "parent"\nname = "Own"'.encode()
    )

    assert plans.get("parent").customer_name is not None
    assert plans.get("same").customer_name == plans.get("parent").customer_name
    assert plans.get("own").customer_name is None


def test_params() -> None:
    """Params are inherited one by one; a default may be replaced, or become a requirement."""
    child = child_of('params = { out = "{domain}", in = { required = true }, extra = "x" }')

    assert {name: str(default) for name, default in child.params.items()} == {
        "in": "None",
        "out": "{domain}",
        "user": "{address}",
        "extra": "x",
    }


def test_chain_in_any_order() -> None:
    """A plan may extend one that extends another, and one that stands further down."""
    chain = '[plans.c]\nextends = "b"\nname = "C"\n[plans.b]\nextends = "parent"\nparams = { in = "b.{domain}" }\n'
    plans = read_plans((chain + PARENT).encode())

    assert list(plans.plans) == ["c", "b", "parent"]
    assert str(plans.get("c").params["in"]) == "b.{domain}"
    assert plans.get("b").name == plans.get("parent").name


def test_redirect_takes_no_servers() -> None:
    """A plan of domains that moved away inherits no servers."""
    child = child_of('redirect_domain = "example.net"')

    assert child.servers == ()
    assert str(child.redirect_domain) == "example.net"


def test_servers_take_no_redirect() -> None:
    """A plan with servers of its own inherits no redirect."""
    source = PARENT + (
        '[plans.moved]\nname = "M"\nredirect_url = "https://example.net/"\n'
        '[plans.back]\nextends = "moved"\nservers = [\n'
        '{ protocol = "imap", host = "{domain}", port = 993, tls = "ssl", login = ["OAuth2"], username = "x" },\n'
        '{ protocol = "smtp", host = "{domain}", port = 465, tls = "ssl", login = ["OAuth2"], username = "x" },\n'
        "]"
    )
    plans = read_plans(source.encode())

    assert plans.get("moved").redirect_url is not None
    assert plans.get("back").redirect_url is None
    assert len(plans.get("back").servers) == 2


CIRCLES = {
    "itself": ('[plans.a]\nextends = "a"', ["plans.a.extends"], "in a circle"),
    "two": ('[plans.a]\nextends = "b"\n[plans.b]\nextends = "a"', ["plans.b.extends"], "in a circle"),
    "behind another": (
        '[plans.z]\nextends = "a"\n[plans.a]\nextends = "b"\n[plans.b]\nextends = "a"',
        ["plans.b.extends"],
        "in a circle",
    ),
    "unknown parent": ('[plans.a]\nextends = "parant"', ["plans.a.extends"], "there is no plan 'parant'"),
}


@pytest.mark.parametrize(("toml", "places", "problem"), CIRCLES.values(), ids=CIRCLES.keys())
def test_circle(toml: str, places: list[str], problem: str) -> None:
    """A circle and an unknown parent are one fault each, at the plan that closes it."""
    with pytest.raises(PlansInvalid) as caught:
        read_plans(f"{PARENT}\n{toml}".encode())

    assert places == [fault.place for fault in caught.value.faults]
    assert problem in caught.value.faults[0].problem


def test_faulty_parent() -> None:
    """A fault that a plan inherits is named once, where it is."""
    source = PARENT.replace("port = 993", "port = 0") + '[plans.child]\nextends = "parent"\nservers = []'

    with pytest.raises(PlansInvalid) as caught:
        read_plans(source.encode())

    assert [fault.place for fault in caught.value.faults] == ["plans.parent.servers[1].port"]


def test_chain_of_hundreds() -> None:
    """A chain so long that Python's stack ends is a fault like any other."""
    chain = "".join(f'[plans.p{n}]\nextends = "p{n + 1}"\n' for n in range(3000))

    with pytest.raises(PlansInvalid, match="build on one another"):
        read_plans((chain + PARENT.replace("plans.parent", "plans.p3000")).encode())
