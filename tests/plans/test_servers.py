"""The vocabulary: ManageSieve, services with a URL, OAuth2, several login methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import PlansInvalid
from autoconfig.mail.server import Login, Protocol
from autoconfig.mail.service import OAuth2, ServiceKind
from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from autoconfig.mail.plan import Plan

GOOD = """
[plans.a]
name = "A"
params = { dav = "dav.{domain}", user = "{address}" }
servers = [
  { protocol = "imap", host = "{domain}", port = 993, tls = "ssl", login = ["OAuth2", "password-cleartext"], username = "{user}" },
  { protocol = "managesieve", host = "{domain}", port = 4190, tls = "starttls", login = ["password-cleartext"], username = "{user}" },
  { protocol = "smtp", host = "{domain}", port = 465, tls = "ssl", login = ["OAuth2", "password-cleartext"], username = "{user}" },
  { protocol = "caldav", url = "https://{dav}/cal/{domain}/", login = ["OAuth2", "password-cleartext"], username = "{user}" },
  { protocol = "carddav", url = "https://{dav}/card/", login = ["password-encrypted"], username = "{local}" },
  { protocol = "jmap", url = "https://jmap.example:8443/session", login = ["OAuth2"], username = "{user}" },
  { protocol = "activesync", url = "https://eas.example/Microsoft-Server-ActiveSync", login = ["password-cleartext"], username = "{user}" },
]
oauth2 = { issuer = "https://login.example/", auth_url = "https://login.example/auth", token_url = "https://login.example/token", scope = ["mail", "offline_access"], client_id = "id", client_secret = "secret" }
"""  # noqa: E501 (as people write it)


def faults_of(source: str) -> list[tuple[str, str]]:
    """Place and problem of each fault, after seeing that each has a remedy."""
    with pytest.raises(PlansInvalid) as caught:
        read_plans(source.encode())

    assert all(fault.remedy for fault in caught.value.faults)
    return [(fault.place, fault.problem) for fault in caught.value.faults]


def changed(old: str, new: str) -> str:
    """The good plan with one text replaced, at its first place."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def good(source: str = GOOD) -> Plan:
    """The plan of a good file."""
    return read_plans(source.encode()).get("a")


def written(plan: Plan) -> list[tuple[str, str, tuple[str, ...], str]]:
    """The services of a plan."""
    return [(s.kind, str(s.url), s.login, str(s.username)) for s in plan.services]


CALDAV = ("caldav", "https://{dav}/cal/{domain}/", ("OAuth2", "password-cleartext"), "{user}")
CARDDAV = ("carddav", "https://{dav}/card/", ("password-encrypted",), "{local}")
JMAP = ("jmap", "https://jmap.example:8443/session", ("OAuth2",), "{user}")
ACTIVESYNC = (
    "activesync",
    "https://eas.example/Microsoft-Server-ActiveSync",
    ("password-cleartext",),
    "{user}",
)


def test_services() -> None:
    """What has a URL is read beside the servers, in the file's order, with its params and login methods."""
    plan = good()

    assert written(plan) == [CALDAV, CARDDAV, JMAP, ACTIVESYNC]
    assert [server.protocol for server in plan.servers] == [Protocol.IMAP, Protocol.MANAGESIEVE, Protocol.SMTP]
    assert plan.servers[0].login == (Login.OAUTH2, Login.CLEARTEXT)


def test_bound() -> None:
    """Params and the domain are put into URLs as into host names."""
    account = read_plans(GOOD.encode()).bind("a", '{"dav":"d.example"}')

    assert [str(service.url) for service in account.services][:2] == [
        "https://d.example/cal/{domain}/",
        "https://d.example/card/",
    ]
    assert account.needs_domain


def test_oauth2() -> None:
    """The table is read whole; client ID and secret may be left out."""
    urls = ("https://login.example/", "https://login.example/auth", "https://login.example/token")
    without = changed(', client_id = "id", client_secret = "secret"', "")

    assert good().oauth2 == OAuth2(*urls, ("mail", "offline_access"), "id", "secret")
    assert good(without).oauth2 == OAuth2(*urls, ("mail", "offline_access"))


FAULTS = {
    "service with a host": (
        changed('"caldav", url', '"caldav", host = "x.example", url'),
        "plans.a.servers[4].host",
        "caldav has no host",
    ),
    "service with a port": (
        changed('"caldav", url', '"caldav", port = 443, url'),
        "plans.a.servers[4].port",
        "caldav has no port",
    ),
    "service with a TLS mode": (
        changed('"jmap", url', '"jmap", tls = "ssl", url'),
        "plans.a.servers[6].tls",
        "jmap has no tls",
    ),
    "server with a URL": (
        changed('"managesieve", host', '"managesieve", url = "https://x.example/", host'),
        "plans.a.servers[2].url",
        "managesieve has no url",
    ),
    "service without URL": (
        changed('url = "https://{dav}/card/", ', ""),
        "plans.a.servers[5].url",
        "this key is missing",
    ),
    "service without login": (
        changed('login = ["password-encrypted"], ', ""),
        "plans.a.servers[5].login",
        "this key is missing",
    ),
    "service without user name": (
        changed(', username = "{local}"', ""),
        "plans.a.servers[5].username",
        "this key is missing",
    ),
    "ManageSieve without port": (changed("port = 4190, ", ""), "plans.a.servers[2].port", "this key is missing"),
    "service without a user": (
        changed('["password-encrypted"]', '["none"]'),
        "plans.a.servers[5].login",
        "none is for sending only",
    ),
    "ManageSieve by the client's address": (
        changed('"starttls", login = ["password-cleartext"]', '"starttls", login = ["client-IP-address"]'),
        "plans.a.servers[2].login",
        "client-IP-address is for sending only",
    ),
    "unknown protocol": (
        changed('"jmap"', '"ews"'),
        "plans.a.servers[6].protocol",
        "should be one of imap, pop3, smtp",
    ),
    "protocol that is no text": (changed('"jmap"', "5"), "plans.a.servers[6].protocol", "should be one of imap"),
    "URL with an undeclared param": (
        changed("{dav}/card/", "{host}/card/"),
        "plans.a.servers[5].url",
        "uses the undeclared param {host}",
    ),
    "URL with a stray brace": (changed("{dav}/card/", "{dav/card/"), "plans.a.servers[5].url", "without its partner"),
    "empty URL": (changed('url = "https://{dav}/card/"', 'url = ""'), "plans.a.servers[5].url", "is empty"),
    "URL without TLS": (changed("https://jmap", "http://jmap"), "plans.a.servers[6].url", "is not an https URL"),
    "URL that is none": (changed("https://jmap", "jmap"), "plans.a.servers[6].url", "is not an https URL"),
    "URL with a space": (changed("/session", "/the session"), "plans.a.servers[6].url", "is not an https URL"),
    "ActiveSync of one mailbox": (
        changed("/Microsoft-Server-ActiveSync", "/{address}"),
        "plans.a.servers[7].url",
        "this URL may use only {domain}",
    ),
    "URL with the mailbox in its host": (
        changed("jmap.example", "{local}.example"),
        "plans.a.servers[6].url",
        "only in the path",
    ),
    "URL with the mailbox in its query": (
        changed("/session", "/?u={address}"),
        "plans.a.servers[6].url",
        "only in the path",
    ),
    "URL with the mailbox in its fragment": (
        changed("/session", "/#{local}"),
        "plans.a.servers[6].url",
        "only in the path",
    ),
    "principal of JMAP": (
        changed('/session"', '/session", principal = true'),
        "plans.a.servers[6].principal",
        "jmap has no principal",
    ),
    "principal of IMAP": (
        changed('"imap"', '"imap", principal = false'),
        "plans.a.servers[1].principal",
        "imap has no principal",
    ),
    "URL with half a label": (
        changed("jmap.example:", "jmap{domain}:"),
        "plans.a.servers[6].url",
        "a dot has to stand on each side",
    ),
    "param that makes no URL": (
        changed('dav = "dav.{domain}"', 'dav = "a b"'),
        "plans.a.params.dav",
        "is not an https URL",
    ),
    "issuer without TLS": (
        changed("https://login.example/", "http://login.example/"),
        "plans.a.oauth2.issuer",
        "is not an https URL",
    ),
    "authorization that is no URL": (
        changed("https://login.example/auth", "login.example"),
        "plans.a.oauth2.auth_url",
        "is not an https URL",
    ),
    "token URL with a slot": (
        changed("https://login.example/token", "https://{domain}/token"),
        "plans.a.oauth2.token_url",
        "has {domain}, which nothing fills here",
    ),
    "no token URL": (
        changed('token_url = "https://login.example/token", ', ""),
        "plans.a.oauth2.token_url",
        "this key is missing",
    ),
    "no scope": (changed('["mail", "offline_access"]', "[]"), "plans.a.oauth2.scope", "at least 1 item"),
    "scope with a space": (
        changed('["mail", "offline_access"]', '["mail offline_access"]'),
        "plans.a.oauth2.scope[1]",
        "should match pattern",
    ),
    "scope as a text": (changed('["mail", "offline_access"]', '"mail"'), "plans.a.oauth2.scope", "valid list"),
    "scope with a slot": (changed('["mail", ', '["{user}", '), "plans.a.oauth2.scope[1]", "has {user}, which nothing"),
    "client ID with a slot": (
        changed('"id"', '"{domain}-id"'),
        "plans.a.oauth2.client_id",
        "has {domain}, which nothing",
    ),
    "client secret with a slot": (
        changed('"secret"', '"x{address}"'),
        "plans.a.oauth2.client_secret",
        "has {address}, which nothing",
    ),
    "empty client ID": (changed('"id"', '""'), "plans.a.oauth2.client_id", "at least 1 character"),
    "control character in the client ID": (
        changed('"id"', r'"i\u0001d"'),
        "plans.a.oauth2.client_id",
        "characters that no document can carry",
    ),
    "control character in the client secret": (
        changed('"secret"', r'"\u0000"'),
        "plans.a.oauth2.client_secret",
        "characters that no document can carry",
    ),
    "unknown key of oauth2": (changed("client_id", "client"), "plans.a.oauth2.client", "unknown key"),
    "services alone": (
        (
            '[plans.a]\nname = "A"\nservers = [{ protocol = "jmap", url = "https://x.example/", login = ["OAuth2"], '
            'username = "{address}" }]'
        ),
        "plans.a.servers",
        "no incoming server",
    ),
}


@pytest.mark.parametrize(("source", "place", "problem"), FAULTS.values(), ids=FAULTS)
def test_fault(source: str, place: str, problem: str) -> None:
    """Each kind of fault is named by its place and with a remedy."""
    found = faults_of(source)

    assert [problem] == [problem for at, text in found if at == place and problem in text], found


def test_unknown_key_of_oauth2() -> None:
    """The remedy of an unknown key is the near one of the same table."""
    with pytest.raises(PlansInvalid, match="did you mean 'client_secret'"):
        read_plans(changed("client_secret", "client_secrat").encode())


def child(toml: str) -> Plan:
    """The plan that extends the good one by these lines."""
    return read_plans(f'{GOOD}\n[plans.child]\nextends = "a"\n{toml}'.encode()).get("child")


def test_extends() -> None:
    """Services and tokens are inherited like servers."""
    plan = child('name = "Child"')

    assert (plan.services, plan.servers, plan.oauth2) == (good().services, good().servers, good().oauth2)


def test_extends_with_a_service() -> None:
    """A kind of service named again replaces the parent's at its place, and keys left out are inherited."""
    plan = child('servers = [{ protocol = "carddav", url = "https://x.example/" }, { protocol = "imap", port = 143 }]')

    assert written(plan) == [CALDAV, ("carddav", "https://x.example/", *CARDDAV[2:]), JMAP, ACTIVESYNC]
    assert [server.port for server in plan.servers] == [143, 4190, 465]


def test_extends_with_tokens_of_its_own() -> None:
    """A table oauth2 replaces the parent's as a whole."""
    urls = 'issuer = "https://b.example", auth_url = "https://b.example/a", token_url = "https://b.example/t"'
    plan = child(f'oauth2 = {{ {urls}, scope = ["x"] }}')

    assert plan.oauth2 == OAuth2("https://b.example", "https://b.example/a", "https://b.example/t", ("x",))


def test_moved_has_no_services() -> None:
    """A domain that moved away has nothing of its parent's servers and services."""
    plan = child('redirect_domain = "example.net"')

    assert (plan.servers, plan.services) == ((), ())


def test_every_kind() -> None:
    """Every kind of service can be written."""
    assert {service.kind for service in good().services} == set(ServiceKind)
