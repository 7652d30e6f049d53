from __future__ import annotations

import contextlib
import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import ended
from tests.conftest import needs
from tests.support.demo import DOMAINS
from tests.support.published import HOSTS, OTHERS, SOA
from tests.support.servers.knot import Knot, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command

CONTROL = "\\027[31m\\007\\155 \\200"
"""In a zone file: an escape sequence, a bell, and an octet that is not UTF-8."""
HOSTILE = f"""
autoconfig TXT "not an address"
autodiscover CNAME a{CONTROL[:4]}b\\032\\000c.hostile.co.jp.
_imaps._tcp SRV 0 1 993 x{CONTROL[:4]}y
_ua-auto-config TXT "v=UAAC1; {CONTROL}"
"""
MANY = "".join(
    f"autoconfig A 198.51.{number // 250}.{number % 250 + 1}\n_imaps._tcp SRV {number} 0 993 m{number}\n"
    f'@ TXT "mailconf=https://{number}.example/"\nm{number} A 192.0.2.1\n'
    for number in range(400)
)
ENDLESS = "".join(f"autoconfig{'' if n == 0 else n} CNAME autoconfig{n + 1}\n" for n in range(300))
ROWS = {"hostile.co.jp": HOSTILE, "many.co.jp": MANY, "endless.co.jp": ENDLESS, "bare.co.jp": ""}


def printed(folder: Path, domain: str, *arguments: str) -> str:
    """What the command prints of a domain."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert ended(("--config", folder / "autoconfig.toml", "dns", domain, *arguments)) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def knot(made: Path) -> Iterator[Knot]:
    """A name server with the zones of the demo's customers, as the command prints them; and some hostile ones."""
    hosts = f"{HOSTS}smtpd A 192.0.2.12\n"
    zones: dict[str, str | None] = {**OTHERS}
    zones |= {domain: f"{SOA}{hosts}{printed(made, domain, '--format', 'bind')}" for domain in DOMAINS}
    zones |= {name: f"{SOA}{hosts}{lines}" for name, lines in ROWS.items()}
    zones["broken.co.jp"] = None
    server = Knot.made(needs("knotd", "knot"), zones)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture
def nameserver(knot: Knot) -> str:
    """Where it listens, as an option says it."""
    return f"127.0.0.1:{knot.port}"


@pytest.fixture
def mapped(on_demo: Command) -> Command:
    """The demo with the other domains in the mapping, and time for a busy machine."""
    for name in [*ROWS, "broken.co.jp", "gone.co.jp"]:
        on_demo("mapping", "set", name, "--plan", "server-maintenance")
    return on_demo


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCONFIG_MX_TIMEOUT", "20")


@pytest.mark.parametrize("domain", DOMAINS)
def test_as_printed(on_demo: Command, nameserver: str, domain: str) -> None:
    """Whoever publishes what is printed has no finding, on every plan, and with an IDN."""
    result = on_demo("dns", domain, "--check", "--nameserver", nameserver, "--json")

    assert (result.data["ok"], result.data["findings"]) == (True, [])
    assert {record["status"] for record in result.data["records"]} == {"ok"}


def test_formats_agree(on_demo: Command) -> None:
    """All four formats have the same records."""
    as_json = on_demo("dns", "sample.co.jp", "--json").data
    table, as_csv, bind = (on_demo("dns", "sample.co.jp", "--format", form).out for form in ("table", "csv", "bind"))

    assert on_demo("dns", "sample.co.jp", "--format", "json").data == as_json
    assert as_json[0] == {
        "name": "autoconfig.sample.co.jp",
        "type": "CNAME",
        "ttl": 3600,
        "data": "autoconfig.xbit.jp",
        "purpose": {
            "ja": "Thunderbird、Evolution、KMail、FairEmail などの自動設定",
            "en": "automatic setup of Thunderbird, Evolution, KMail, FairEmail and others",
        },
        "needed": True,
    }
    names = [record["name"] for record in as_json]
    assert [row["name"] for row in csv.DictReader(io.StringIO(as_csv))] == names
    assert [line.split(". ")[0] for line in bind.splitlines() if not line.startswith(";")] == names
    assert all(name in table for name in names)


def test_setting(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`dns_target` names another host for the CNAMEs, and for nothing else."""
    monkeypatch.setenv("AUTOCONFIG_DNS_TARGET", "LB.xbit.jp")
    records = {record["name"]: record["data"] for record in on_demo("dns", "sample.co.jp", "--json").data}

    assert records["autodiscover.sample.co.jp"] == "lb.xbit.jp"
    assert records["_autodiscover._tcp.sample.co.jp"] == "0 0 443 autoconfig.xbit.jp"


def test_no_public_url(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address of the server no record is invented."""
    monkeypatch.setenv("AUTOCONFIG_PUBLIC_URL", "https://autoconfig.invalid")

    assert "public_url is not set" in on_demo("dns", "sample.co.jp", code=2).err


def test_unknown(mapped: Command) -> None:
    """A domain that nobody here answers for has no records, and the reason is said."""
    mapped("mapping", "end", "gone.co.jp")
    mapped("mapping", "set", "later.co.jp", "--plan", "server-maintenance", "--from", "2999-01-01T00:00")

    assert "nobody.co.jp is unknown: it has no row" in mapped("dns", "nobody.co.jp", code=1).err
    assert "gone.co.jp was ended at 20" in mapped("dns", "gone.co.jp", code=1).err
    assert "later.co.jp has no row before 2999-01-01T00:00" in mapped("dns", "later.co.jp", code=1).err


def test_moved(on_demo: Command, demo: Path) -> None:
    """A domain that moved away has no records here."""
    plans = demo / "plans.toml"
    moved = '\n[plans.moved]\nname = "Moved"\nredirect_domain = "new.{domain}"\n'
    plans.write_text(plans.read_text(encoding="utf-8") + moved, encoding="utf-8")
    on_demo("mapping", "set", "moved.co.jp", "--plan", "moved")

    assert "moved.co.jp has moved to new.moved.co.jp" in on_demo("dns", "moved.co.jp", code=1).err
    assert "has moved" in on_demo("dns", "moved.co.jp", "--check", code=1).err


def test_provider(on_demo: Command, demo: Path) -> None:
    """What the provider publishes once for its mail hosts' domains."""
    own, shown = on_demo("dns", "--provider", "--json"), on_demo("dns", "--provider")
    plans = demo / "plans.toml"
    rules = r"""
[[host]]
match = 'mx\d+\.(?P<server>mail\.provider\.example)'
plan = "shared-standard"
[[host]]
match = '(?P<server>a|b)\.example'
plan = "shared-standard"
"""
    plans.write_text(plans.read_text(encoding="utf-8") + rules, encoding="utf-8")
    more = on_demo("dns", "--provider", "--json")

    assert own.data == []
    assert shown.out == "no record is needed\n"
    assert "autoconfig.xbit.jp is this server's own name" in own.err
    assert [(record["name"], record["data"]) for record in more.data] == [
        ("autoconfig.mail.provider.example", "autoconfig.xbit.jp")
    ]
    assert "does not say which domain" in more.err


def test_provider_without_rules(on_demo: Command, demo: Path) -> None:
    """Without a host rule nobody is found by an MX."""
    plans = demo / "plans.toml"
    plans.write_text(plans.read_text(encoding="utf-8").partition("[[host]]")[0], encoding="utf-8")

    assert "no [[host]] rule" in on_demo("dns", "--provider", code=1).err


USAGE = {
    "nothing": [],
    "both": ["sample.co.jp", "--provider"],
    "a check of the provider": ["--provider", "--check"],
    "a check as a zone file": ["sample.co.jp", "--check", "--format", "bind"],
    "two formats": ["sample.co.jp", "--json", "--format", "csv"],
    "a name server without a check": ["sample.co.jp", "--nameserver", "127.0.0.1"],
    "a name server by name": ["sample.co.jp", "--check", "--nameserver", "ns.sample.co.jp"],
    "a name of special use": ["hanako-flowers.example", "--check"],
    "no domain": ["no domain"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_usage(on_demo: Command, arguments: list[str]) -> None:
    """What makes no sense is refused before anybody is asked."""
    assert on_demo("dns", *arguments, code=2).err


def test_nothing_published(mapped: Command, nameserver: str) -> None:
    """A domain without the records: exit code 1, what is missing, and the lines to add."""
    result = mapped("dns", "bare.co.jp", "--check", "--nameserver", nameserver, code=1)

    assert "error: record-missing: autoconfig.bare.co.jp" in result.out
    assert "add: autodiscover.bare.co.jp. 3600 IN CNAME autoconfig.xbit.jp." in result.out
    assert result.out.splitlines()[0].split() == ["Name", "Type", "Status", "Found"]
    assert "a needed record is missing or wrong" in result.out


def test_json(mapped: Command, nameserver: str) -> None:
    """The JSON of a check has records and findings, with advice in both languages."""
    data = mapped("dns", "bare.co.jp", "--check", "--nameserver", nameserver, "--json", code=1).data
    line = "autoconfig.bare.co.jp. 3600 IN CNAME autoconfig.xbit.jp."

    assert (data["domain"], data["ok"]) == ("bare.co.jp", False)
    assert data["records"][0] == {
        "name": "autoconfig.bare.co.jp",
        "type": "CNAME",
        "status": "missing",
        "expected": "autoconfig.xbit.jp",
        "found": [],
        "advice": {"ja": f"追加: {line}", "en": f"add: {line}"},
        "needed": True,
    }
    finding = data["findings"][0]
    assert list(finding) == ["code", "severity", "domain", "server", "seen", "why", "remedy", "clients"]
    assert (finding["code"], finding["severity"]) == ("record-missing", "error")
    assert (finding["domain"], finding["server"]) == ("bare.co.jp", "autoconfig.bare.co.jp")
    assert {*finding["remedy"]} == {"ja", "en"}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_nobody_answers(mapped: Command, options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3 if the DNS cannot be asked: no answer, SERVFAIL for everything, or no name server at all."""
    monkeypatch.setenv("AUTOCONFIG_MX_TIMEOUT", "0.2")
    with silent() as dead:
        host, port = dead.getsockname()
        at = ["--nameserver", f"{host}:{port}"]
        assert "nameserver-timeout" in mapped("dns", "bare.co.jp", "--check", *at, *options, code=3).out
    assert "no resolver" in mapped("dns", "bare.co.jp", "--check", *options, code=3).out


def test_servfail(mapped: Command, nameserver: str) -> None:
    """A server that fails for everything cannot be asked either."""
    result = mapped("dns", "broken.co.jp", "--check", "--nameserver", nameserver, code=3)

    assert "nameserver-servfail" in result.out
    assert "the DNS cannot be asked" in result.out


def test_no_such_domain(mapped: Command, nameserver: str) -> None:
    """A domain that does not exist has one fault, not twenty."""
    mapped("mapping", "set", "lost.co.jp", "--plan", "server-maintenance")
    data = mapped("dns", "lost.co.jp", "--check", "--nameserver", nameserver, "--json", code=1).data

    assert [finding["code"] for finding in data["findings"]] == ["domain-missing"]


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("domain", ["hostile.co.jp", "many.co.jp", "endless.co.jp"])
def test_hostile(mapped: Command, nameserver: str, domain: str, options: list[str]) -> None:
    """Whatever a stranger has in his zone, no more than ten records of a name are shown, and no character acts."""
    result = mapped("dns", domain, "--check", "--nameserver", nameserver, *options, code=1)
    shown: list[dict[str, Any]] = result.data["records"] if options else []

    assert {character for character in result.out if not character.isprintable()} <= {"\n"}
    assert max((len(record["found"]) for record in shown), default=0) <= 10
    assert len(result.out) < 60_000
    assert all(len(finding["seen"]) < 600 for finding in (result.data["findings"] if options else []))


def test_show(on_demo: Command) -> None:
    """`show` names the records that an answer depends on, and how to check them."""
    text, data = on_demo("show", "taro@sample.co.jp").out, on_demo("show", "taro@sample.co.jp", "--json").data
    records = [
        "autoconfig.sample.co.jp CNAME",
        "autodiscover.sample.co.jp CNAME",
        "_autodiscover._tcp.sample.co.jp SRV",
    ]

    assert (data["records"], data["check"]) == (records, "autoconfig dns sample.co.jp --check")
    assert f"{', '.join(records)} (autoconfig dns sample.co.jp --check)" in text
