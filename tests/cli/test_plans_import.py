"""`autoconfig plans import`, and what `plans list` and `show` say of services and tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from tests.cli.conftest import Command

FILES = Path(__file__).parents[1] / "formats" / "imports"


def test_import(command: Command) -> None:
    """The plan is printed as plans.toml has it, with what it does not say in comments, and that on stderr too."""
    said = command("plans", "import", FILES / "pop3-settings.xml")

    assert said.out.splitlines()[:6] == [
        "# Made from pop3-settings.xml by `autoconfig plans import`.",
        "# In the document, but not in this plan:",
        (
            "#   line 4, <domain>: a plan has no domains; the document has example.net; put each on the plan: "
            "`autoconfig mapping set NAME --plan example-net`"
        ),
        (
            "#   line 13, <pop3>: settings of the POP3 program: leaveMessagesOnServer 'true', downloadOnBiff 'true', "
            "daysToLeaveMessagesOnServer '14', checkInterval minutes='15'; each program has its own; write it into "
            "notes, or on a page named in documentation"
        ),
        "[plans.example-net]",
        'name = "Example Net"',
    ]
    assert [server.port for server in read_plans(said.out.encode()).get("example-net").servers] == [995, 465]
    assert [line.partition(": line ")[0] for line in said.err.splitlines()] == [str(FILES / "pop3-settings.xml")] * 2


def test_import_with_key(command: Command) -> None:
    """`--key` names the plan."""
    said = command("plans", "import", FILES / "simple.xml", "--key", "other_1").out

    assert list(read_plans(said.encode()).plans) == ["other_1"]
    assert "--plan other_1" in said


def test_import_warns(command: Command) -> None:
    """What some programs will not take as it is meant is said on standard error, as `plans check` says it."""
    said = command("plans", "import", FILES / "several-of-a-type.xml", "--key", "a").err

    assert "\nwarning: plans.a: there are 2 imap servers; most programs take the first, imap.example.net 993" in said


def test_import_without_losses(command: Command, tmp_path: Path) -> None:
    """A document of which everything is kept is kept without further words."""
    file = tmp_path / "x.xml"
    text = (FILES / "simple.xml").read_text(encoding="utf-8")
    file.write_text(text.replace("    <domain>example.net</domain>\n", ""), encoding="utf-8")
    said = command("plans", "import", file)

    assert said.err == ""
    assert said.out.startswith("# Made from x.xml by `autoconfig plans import`.\n[plans.example-net]\n")


REFUSED = {
    "no XML": (b"imap.example.net", "it is not XML: "),
    "a DOCTYPE": (b"<!DOCTYPE a><clientConfig/>", "it has a DOCTYPE"),
    "HTML": (b"<html/>", "its root element is <html>, not <clientConfig>"),
    "no provider": (b"<clientConfig/>", "it has no <emailProvider>"),
    "no server": (
        b"<clientConfig><emailProvider id='a'><incomingServer type='imap'/></emailProvider></clientConfig>",
        "it has no usable server for receiving\n  line 1: this imap section is left out: it has no hostname",
    ),
    "too long": (b"<clientConfig>" + b" " * 1024 * 1024, "it is longer than 1 MiB"),
}


@pytest.mark.parametrize(("body", "sentence"), REFUSED.values(), ids=REFUSED)
def test_import_refuses(command: Command, tmp_path: Path, body: bytes, sentence: str) -> None:
    """A file of which no plan can be made is refused with a sentence that names it: exit code 2, nothing printed."""
    file = tmp_path / "x.xml"
    file.write_bytes(body)
    said = command("plans", "import", file, code=2)

    assert said.out == ""
    assert said.err.startswith(f"autoconfig: {file}: {sentence}")


@pytest.mark.parametrize("key", ["Upper", "a b", "a]\n[plans.b", ""], ids=repr)
def test_import_with_bad_key(command: Command, key: str) -> None:
    """A key that no plan may have is refused as in plans.toml: exit code 2; an empty one is none given."""
    said = command("plans", "import", FILES / "simple.xml", "--key", key, code=2 if key else 0)

    assert ("is not a valid plan key; use lower-case letters, digits, - and _" in said.err) is bool(key)
    assert (said.out == "") is bool(key)


def test_import_of_nothing(command: Command, tmp_path: Path) -> None:
    """A file that cannot be read is named, with exit code 2 as for every file that is given."""
    said = command("plans", "import", tmp_path / "none.xml", code=2).err

    assert said.startswith(f"autoconfig: {tmp_path / 'none.xml'}: cannot be read: No such file or directory; name ")


def test_import_then_serve(on_demo: Command, demo: Path, tmp_path: Path) -> None:
    """An imported plan is appended to plans.toml, a domain put on it, and its document served and imported again."""
    plans = demo / "plans.toml"
    text = on_demo("plans", "import", FILES / "oauth2-and-password.xml", "--key", "theirs").out
    plans.write_text(plans.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    on_demo("plans", "check")
    on_demo("mapping", "set", "example.net", "--plan", "theirs")
    file = tmp_path / "served.xml"
    file.write_text(on_demo("show", "example.net", "--format", "mozilla").out, encoding="utf-8")
    again = on_demo("plans", "import", file, "--key", "theirs").out

    assert text.partition("[plans")[2] == again.partition("[plans")[2]


SUITE = """
[plans.suite]
name = "Suite"
servers = [
  { protocol = "imap", host = "{domain}", port = 993, tls = "ssl", login = ["OAuth2"], username = "{address}" },
  { protocol = "smtp", host = "{domain}", port = 465, tls = "ssl", login = ["OAuth2"], username = "{address}" },
  { protocol = "caldav", url = "https://dav.{domain}/", login = ["OAuth2", "password-cleartext"], username = "{local}"}
]
oauth2 = { issuer = "https://login.example", auth_url = "https://login.example/a", \
           token_url = "https://login.example/t", scope = ["mail"] }
"""
OAUTH2 = {
    "issuer": "https://login.example",
    "auth_url": "https://login.example/a",
    "token_url": "https://login.example/t",
    "scope": ["mail"],
    "client_id": None,
    "client_secret": None,
}


@pytest.fixture
def suite(on_demo: Command, demo: Path) -> Command:
    """The demo with a plan that has more than mail, and a domain on it."""
    with (demo / "plans.toml").open("a", encoding="utf-8") as file:
        file.write(SUITE)
    on_demo("mapping", "set", "suite.example", "--plan", "suite")
    return on_demo


def test_list_with_services(suite: Command) -> None:
    """`plans list` shows what has a URL, and where tokens come from."""
    said = suite("plans", "list").out

    assert "caldav https://dav.{domain}/ OAuth2+password-cleartext" in said
    assert "tokens from https://login.example" in said


def test_list_with_services_as_json(suite: Command) -> None:
    """JSON has all of it."""
    [found] = [plan for plan in suite("plans", "list", "--json").data if plan["plan"] == "suite"]

    assert found["oauth2"] == OAUTH2
    assert found["services"] == [
        {
            "protocol": "caldav",
            "url": "https://dav.{domain}/",
            "principal": False,
            "login": ["OAuth2", "password-cleartext"],
            "username": "{local}",
        }
    ]


@pytest.mark.parametrize(
    ("asked", "username"), [("taro@suite.example", "taro"), ("suite.example", "{local}")], ids=["address", "domain"]
)
def test_show_with_services(suite: Command, asked: str, username: str) -> None:
    """`show` has them with this domain's values, as text and as JSON."""
    said, found = suite("show", asked).out, suite("show", asked, "--json").data
    [line] = [line.split() for line in said.splitlines() if line.startswith("caldav")]

    assert line == ["caldav", "https://dav.suite.example/", "OAuth2+password-cleartext", username]
    assert ["Tokens", "from", "https://login.example"] in [line.split() for line in said.splitlines()]
    assert found["oauth2"] == OAUTH2
    assert found["services"] == [
        {
            "protocol": "caldav",
            "url": "https://dav.suite.example/",
            "login": ["OAuth2", "password-cleartext"],
            "username": username,
        }
    ]
