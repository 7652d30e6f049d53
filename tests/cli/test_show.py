from __future__ import annotations

import base64
import hashlib
import plistlib
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.support.servers.knot import silent

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.support.servers.knot import Knot

EXPECTED = Path(__file__).parents[1] / "formats" / "expected"
LATER = "2100-01-01T09:00:00+09:00"


@pytest.fixture
def nameserver(knot: Knot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real name server, which the settings name; MX are not switched on."""
    monkeypatch.setenv("AUTOCONFIG_MX_NAMESERVERS", f"127.0.0.1:{knot.port}")
    monkeypatch.setenv("AUTOCONFIG_MX_TIMEOUT", "20")


@pytest.fixture
def mx(nameserver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, and MX are switched on."""
    assert nameserver is None
    monkeypatch.setenv("AUTOCONFIG_MX", "true")


def pairs(text: str) -> dict[str, str]:
    """The lines of an explanation, by what they are about."""
    split = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {name: value.strip() for name, value in split}


def test_row(on_demo: Command) -> None:
    """A name with a row is explained: which, since when, by whom and why, and what the customer is told."""
    on_demo(*("mapping", "set", "old-shop.example", "--plan", "legacy-os", "--note", "電話で"))
    on_demo("mapping", "end", "old-shop.example", "--from", LATER)
    said = on_demo("show", "taro@old-shop.example").out
    explained = pairs(said)

    assert explained["Domain"] == "old-shop.example"
    assert explained["Answered by"].startswith("row 9, since 20")
    assert explained["Answered by"].endswith(" (電話で)")
    assert explained["Plan"] == "legacy-os: サーバ保守 (古いOS)"
    assert explained["Params"] == "none"
    assert explained["Next"] == f"row 10 from {LATER}: not served"
    assert ["imap", "old-shop.example", "143", "plain", "password-encrypted", "taro@old-shop.example"] in [
        line.split() for line in said.splitlines()
    ]


def test_row_as_json(on_demo: Command) -> None:
    """JSON says the same."""
    (row,) = on_demo("mapping", "history", "old-shop.example", "--json").data
    on_demo("mapping", "set", "old-shop.example", "--plan", "shared-managed", "--from", LATER)
    found = on_demo("show", "taro@old-shop.example", "--json").data
    servers = found.pop("servers")

    expected = {
        "domain": "old-shop.example",
        "address": "taro@old-shop.example",
        "how": "row",
        "row": row["id"],
        "rule": None,
        "exchanger": None,
        "since": row["valid_from"],
        "plan": "legacy-os",
        "params": {"username": "{local}.{domain}"},
        "next": {"row": 9, "from": LATER, "plan": "shared-managed"},
        "mx": {"status": "is never asked for", "hosts": []},
        "moved_to": None,
    }

    assert expected.items() <= found.items()
    assert [(server["protocol"], server["port"], server["username"]) for server in servers] == [
        ("imap", 143, "taro.old-shop.example"),
        ("pop3", 110, "taro.old-shop.example"),
        ("smtp", 587, "taro.old-shop.example"),
    ]
    assert servers[0] == {
        "protocol": "imap",
        "host": "old-shop.example",
        "port": 143,
        "tls": "plain",
        "login": ["password-encrypted"],
        "username": "taro.old-shop.example",
    }


def test_domain_alone(on_demo: Command) -> None:
    """Without an address the user name is shown as the pattern that it is."""
    found = on_demo("show", "日本語.example", "--json").data

    assert (found["address"], found["domain"]) == (None, "xn--wgv71a119e.example")
    assert found["servers"][0]["host"] == "pop.xn--wgv71a119e.example"
    assert "{" in found["servers"][0]["username"] or "%" in found["servers"][0]["username"]
    assert pairs(on_demo("show", "taro@日本語.example").out)["Domain"] == "日本語.example (xn--wgv71a119e.example)"


def test_host_rule(on_demo: Command) -> None:
    """A name that a host rule answers for is explained by the rule."""
    explained = pairs(on_demo("show", "taro@cs312.xbit.jp").out)
    found = on_demo("show", "cs312.xbit.jp", "--json").data

    assert explained["Answered by"] == r"the host rule (?P<server>cs\d{3}\.xbit\.jp)"
    assert explained["Params"] == "server = cs312.xbit.jp"
    assert (found["how"], found["row"], found["since"]) == ("host rule", None, None)
    assert found["rule"] == r"(?P<server>cs\d{3}\.xbit\.jp)"


def test_default_plan(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nothing else answers for is on the default plan, if there is one."""
    monkeypatch.setenv("AUTOCONFIG_DEFAULT_PLAN", "server-maintenance")
    explained = pairs(on_demo("show", "taro@stranger.example").out)

    assert explained["Answered by"] == "the default plan"
    assert explained["Next"] == "nothing is scheduled"
    assert on_demo("show", "stranger.example", "--json").data["how"] == "default plan"


@pytest.mark.parametrize("name", ["stranger.co.jp", "no-mail.co.jp"], ids=["never ours", "ended"])
@pytest.mark.usefixtures("nameserver")
def test_unknown(on_demo: Command, name: str) -> None:
    """Where nobody answers, the exit code is 1, and it is still said where the mail goes."""
    on_demo("mapping", "set", "no-mail.co.jp", "--plan", "shared-managed")
    on_demo("mapping", "end", "no-mail.co.jp")
    explained = pairs(on_demo("show", f"taro@{name}", code=1).out)
    found = on_demo("show", name, "--json", code=1).data

    assert explained["Answered by"].startswith("nothing: ")
    assert explained["Mail goes to"] in {"mail.elsewhere.jp (10)", "nowhere: its MX says that it accepts no mail"}
    assert (found["domain"], found["how"]) == (name, None)
    assert found["mx"]["status"] in {"found", "accepts no mail"}


MAIL = {
    "found": ("preferred.co.jp", "cs316.xbit.jp (5), cs315.xbit.jp (30)"),
    "null MX": ("no-mail.co.jp", "nowhere: its MX says that it accepts no mail"),
    "no MX": ("no-mx.co.jp", "the domain itself: it has no MX"),
    "no domain": ("recommended.co.jp", "nowhere: the DNS does not know the domain"),
    "no host name": ("names-only.co.jp", "nowhere: none of its MX is a host name"),
    "special use": ("old-shop.example", "not looked up: special-use name, or one of our own hosts"),
    "failure": ("a.broken.jp", "unknown: the DNS could not be asked"),
}


@pytest.mark.parametrize(("name", "text"), MAIL.values(), ids=MAIL)
@pytest.mark.usefixtures("nameserver")
def test_mail(on_demo: Command, name: str, text: str) -> None:
    """It is said where a domain's mail goes, or why not."""
    on_demo("mapping", "set", name, "--plan", "shared-managed")

    assert text == pairs(on_demo("show", name).out)["Mail goes to"]


@pytest.mark.usefixtures("nameserver")
def test_mail_as_json(on_demo: Command) -> None:
    """JSON has the exchangers in order; where MX are not switched on they lead to nothing."""
    assert on_demo("show", "preferred.co.jp", "--json", code=1).data["mx"] == {
        "status": "found",
        "hosts": [{"preference": 5, "host": "cs316.xbit.jp"}, {"preference": 30, "host": "cs315.xbit.jp"}],
    }


@pytest.mark.usefixtures("mx")
def test_mx(on_demo: Command) -> None:
    """A customer who is placed by the MX is explained by it, and shown as clients see it."""
    explained = pairs(on_demo("show", "taro@second.co.jp").out)
    found = on_demo("show", "second.co.jp", "--json").data

    assert explained["Answered by"] == r"MX cs313.xbit.jp, host rule (?P<server>cs\d{3}\.xbit\.jp)"
    assert explained["Params"] == "server = cs313.xbit.jp"
    assert explained["Mail goes to"] == "mail.elsewhere.jp (10), cs313.xbit.jp (20), cs314.xbit.jp (30)"
    assert (found["how"], found["exchanger"], found["row"]) == ("MX", "cs313.xbit.jp", None)
    assert found["rule"] == r"(?P<server>cs\d{3}\.xbit\.jp)"
    assert "cs313.xbit.jp" in on_demo("show", "taro@second.co.jp", "--format", "mozilla").out


@pytest.mark.usefixtures("mx")
def test_mx_elsewhere(on_demo: Command) -> None:
    """Whose mail goes elsewhere is nobody's, as without asking; a row or a rule is explained as always."""
    assert pairs(on_demo("show", "stranger.co.jp", code=1).out)["Answered by"].startswith("nothing: no row holds now")
    assert on_demo("show", "sample.co.jp", "--json").data["how"] == "row"
    assert on_demo("show", "cs312.xbit.jp", "--json").data["how"] == "host rule"


@pytest.mark.usefixtures("mx")
def test_mx_fails(on_demo: Command) -> None:
    """Where the DNS cannot say whose name it is, that is said, with what to look at; exit code 3."""
    explained = pairs(on_demo("show", "a.broken.jp", code=3).out)

    assert explained["Answered by"].startswith("nothing now: the MX of a.broken.jp could not be asked; see `mx_name")
    assert explained["Mail goes to"] == "unknown: the DNS could not be asked"
    assert on_demo("show", "a.broken.jp", "--json", code=3).data["how"] is None
    said = on_demo("show", "taro@a.broken.jp", "--format", "mozilla", code=3)
    assert (said.out, said.err[:36]) == ("", "autoconfig: the MX of a.broken.jp co")


def test_mx_in_time(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that says nothing is left after the time of the settings."""
    with silent() as dead:
        monkeypatch.setenv("AUTOCONFIG_MX_NAMESERVERS", f"127.0.0.1:{dead.getsockname()[1]}")
        monkeypatch.setenv("AUTOCONFIG_MX_TIMEOUT", "0.2")
        explained = pairs(on_demo("show", "taro@sample.co.jp").out)

    assert explained["Mail goes to"] == "unknown: the DNS did not answer in time"


def test_no_dns(on_demo: Command) -> None:
    """A DNS that cannot be asked never hides the answer."""
    explained = pairs(on_demo("show", "taro@sample.co.jp").out)

    assert explained["Mail goes to"] == "unknown: the DNS could not be asked"
    assert explained["Plan"].startswith("server-maintenance: ")


def test_documents(on_demo: Command) -> None:
    """`--format` prints the document that clients get, byte for byte."""
    for form, ending in {"mozilla": "xml", "microsoft": "autodiscover.xml"}.items():
        said = on_demo("show", "taro@old-shop.example", "--format", form).out
        assert said.encode() == (EXPECTED / f"old-shop.example.{ending}").read_bytes()
    profile = plistlib.loads(on_demo("show", "taro@old-shop.example", "--format", "apple").out.encode())
    assert profile["PayloadContent"][0]["EmailAddress"] == "taro@old-shop.example"


@pytest.mark.parametrize("form", ["mozilla", "microsoft"])
def test_documents_of_a_domain(on_demo: Command, form: str) -> None:
    """Without an address there are the documents that a client gets that did not say its address."""
    said = on_demo("show", "yamada-law.example", "--format", form).out

    assert ET.fromstring(said) is not None
    assert "pop.yamada-law.example" in said


def test_no_profile_of_a_domain(on_demo: Command) -> None:
    """A profile is for a mailbox: exit code 1, and a sentence."""
    assert on_demo("show", "yamada-law.example", "--format", "apple", code=1).err == (
        "autoconfig: a profile is for one mailbox; ask with an address\n"
    )


@pytest.mark.parametrize("asked", ["taro@sample.co.jp", "sample.co.jp"])
def test_pacc(on_demo: Command, asked: str) -> None:
    """`--format pacc` prints the document on one line, and on the next the TXT record with the digest of its bytes."""
    document, record, rest = on_demo("show", asked, "--format", "pacc").out.split("\n")
    digest = base64.b64encode(hashlib.sha256(document.encode()).digest()).decode()

    assert document.encode() == (EXPECTED / "sample.co.jp.pacc.json").read_bytes()
    assert record == f'_ua-auto-config.sample.co.jp. TXT "v=UAAC1; a=sha256; d={digest}"'
    assert rest == ""


def test_no_pacc(on_demo: Command) -> None:
    """A plan that the format has no words for is told so: exit code 1, and a sentence."""
    said = on_demo("show", "taro@old-shop.example", "--format", "pacc", code=1)

    assert said.out == ""
    assert said.err.startswith("autoconfig: this domain's IMAP server is not on port 993 with TLS from the first byte")


def test_document_as_json(on_demo: Command) -> None:
    """A document is not JSON, so `--json` with it is refused."""
    found = on_demo("show", "taro@sample.co.jp", "--format", "mozilla", "--json", code=2)

    assert found.err == "autoconfig: --json is for the explanation: leave out --json or --format mozilla\n"
    assert found.out == ""


@pytest.mark.parametrize("form", ["mozilla", "microsoft", "apple", "pacc"])
def test_no_document(on_demo: Command, form: str) -> None:
    """There is no document of an unknown domain: exit code 1, nothing on standard output."""
    said = on_demo("show", "taro@stranger.example", "--format", form, code=1)

    assert said.out == ""
    assert said.err.startswith("autoconfig: ")
    assert "stranger.example" in said.err


MOVED = """
[plans.moved]
name = "Moved"
params = { to = { required = true } }
redirect_url = "https://{to}/autodiscover/autodiscover.xml"

[plans.merged]
name = "Merged"
params = { to = { required = true } }
redirect_domain = "{to}"
"""


def test_moved(on_demo: Command, demo: Path) -> None:
    """A domain that moved away is shown with where to; Mozilla's document cannot say that."""
    with (demo / "plans.toml").open("a", encoding="utf-8") as file:
        file.write(MOVED)
    on_demo("mapping", "set", "gone.example", "--plan", "moved", "--param", "to=new.example")
    on_demo("mapping", "set", "eaten.example", "--plan", "merged", "--param", "to=new.example")
    explained = pairs(on_demo("show", "taro@gone.example").out)

    assert explained["Moved to"] == "https://new.example/autodiscover/autodiscover.xml"
    assert on_demo("show", "taro@eaten.example", "--json").data["moved_to"] == "new.example"
    assert on_demo("show", "taro@gone.example", "--json").data["servers"] == []
    assert "https://new.example/" in on_demo("show", "taro@gone.example", "--format", "microsoft").out
    for form in ("mozilla", "apple", "pacc"):
        said = on_demo("show", "taro@gone.example", "--format", form, code=1).err
        assert said.startswith("autoconfig: this domain has moved to another provider")


@pytest.mark.parametrize("form", ["explain", "mozilla"])
def test_unfit_row(on_demo: Command, demo: Path, form: str) -> None:
    """A row that does not make an account is named, with its plan and param; exit code 1."""
    plans = demo / "plans.toml"
    plans.write_text(plans.read_text(encoding="utf-8").replace("incoming", "receiving"), encoding="utf-8")
    said = on_demo("show", "taro@vps-customer.example", "--format", form, code=1)

    assert said.out == ""
    assert said.err.startswith("autoconfig: row 4 of vps-customer.example: plan 'server-setup', param 'incoming': ")
    assert said.err.endswith("; `autoconfig plans check` lists all such rows\n")


@pytest.mark.parametrize(
    "address", ["taro@", "@sample.co.jp", "ta\x00ro@sample.co.jp", "a b", "", "x" * 65 + "@a.example"]
)
def test_no_address(on_demo: Command, address: str) -> None:
    """What is neither an address nor a domain is a mistake: exit code 2 and one line."""
    said = on_demo("show", address, code=2).err

    assert said.startswith("autoconfig: ")
    assert len(said.splitlines()) == 1


def test_bad_plans(on_demo: Command, demo: Path) -> None:
    """With a bad plans file nothing can be explained: exit code 2."""
    (demo / "plans.toml").write_bytes(b"[plans")

    assert on_demo("show", "taro@sample.co.jp", code=2).err.startswith(f"autoconfig: {demo / 'plans.toml'}: 1 fault\n")
