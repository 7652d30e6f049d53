from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import Client, Found, Person, Refused
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.exceptions import arrives
from tests.clients.readers.serving import serving
from tests.clients.readers.wire import Request, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CASE = CASES["recommended.example"]
STEPS = [(client, step.name) for client in CLIENTS.values() for step in client.steps(Person(CASE.domain))]

# All that a plan can say beside mail, put into one plan of the demo.
_SMTP = (
    '{ protocol = "smtp", host = "{server}", port = 465, tls = "ssl", login = ["password-cleartext"], '
    'username = "{username_outgoing}" },'
)
_NAME = 'short_name = { ja = "Xサーバー", en = "Xserver" }'
CHANGES = {
    _SMTP: _SMTP.replace('["password', '["OAuth2", "password')
    + """
  { protocol = "managesieve", host = "{server}", port = 4190, tls = "starttls", login = ["password-cleartext"], username = "{address}" },
  { protocol = "caldav", url = "https://{server}/dav/cal/", login = ["OAuth2", "password-cleartext"], username = "{address}" },
  { protocol = "carddav", url = "https://{server}/dav/card/", login = ["password-cleartext"], username = "{address}" },
  { protocol = "jmap", url = "https://{server}/jmap", login = ["OAuth2"], username = "{address}" },
  { protocol = "activesync", url = "https://{server}/as", login = ["password-cleartext"], username = "{address}" },""",  # noqa: E501 (TOML has inline tables on one line)
    _NAME: f"""{_NAME}
webmail = "https://webmail.example/"
documentation = [{{ url = "https://help.example/", ja = "ご案内", en = "Help" }}]
oauth2 = {{ issuer = "https://id.example/", auth_url = "https://id.example/a", token_url = "https://id.example/t", scope = ["mail"], client_id = "x" }}""",  # noqa: E501 (the same)
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The demo with one plan that says all that a plan can say."""
    with serving(tmp_path_factory.mktemp("served") / "demo", CHANGES) as port:
        yield port


def places(servers: Sequence[Found]) -> list[Found]:
    """Without the login methods, which the plan changes."""
    return [replace(server, logins=None) for server in servers]


@pytest.mark.parametrize(("client", "name"), STEPS, ids=[f"{client.name}, {name}" for client, name in STEPS])
def test_more_harms_nobody(port: int, client: Client, name: str) -> None:
    """At each of its steps, a program arrives at the mail servers as if the plan said nothing else."""
    (step,) = (step for step in client.steps(CASE.person) if step.name == name)

    assert places(arrives(client, step, CASE)) == places(step.read(step.ask(Wire(port))))


def test_plan_says_more(port: int) -> None:
    """The documents really have more in them than those of the other plans."""
    wire = Wire(port)
    url = f"https://autoconfig.{CASE.domain}/mail/config-v1.1.xml"

    for word in (b"https://id.example/t", b"https://webmail.example/", b"https://sv1234.xserver.jp/dav/cal/"):
        assert word in wire.send(Request(url)).body


def test_refused_is_not_arrived(port: int) -> None:
    """A program of an unknown domain takes nothing here either."""
    step = next(iter(CLIENTS.values())).steps(Person("nobody.example"))[0]

    with pytest.raises(Refused):
        step.read(step.ask(Wire(port)))
