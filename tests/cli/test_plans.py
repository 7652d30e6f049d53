from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def plans(demo: Path) -> Path:
    """The demo's plans file."""
    return demo / "plans.toml"


def change(plans: Path, old: str, new: str) -> None:
    """Replace a text of the file."""
    text = plans.read_text(encoding="utf-8")
    assert old in text
    plans.write_text(text.replace(old, new), encoding="utf-8")


def test_check(on_demo: Command, plans: Path) -> None:
    """Good plans that fit all rows: exit code 0, what there is, and what will hurt some customers."""
    said = on_demo("plans", "check").out.splitlines()

    assert said[-1] == f"{plans}: plans: 6, host rules: 1, unfit rows: 0"
    assert [line.partition(":")[0] for line in said[:-1]] == ["warning", "warning"]


def test_check_as_json(on_demo: Command) -> None:
    """JSON says the same."""
    found = on_demo("plans", "check", "--json").data

    assert found["plans"][0] == "shared-standard"
    assert (found["faults"], found["rows"]) == ([], [])
    assert [warning["place"] for warning in found["warnings"]] == ["plans.legacy-os", "plans.legacy-os"]
    assert {"place", "problem", "remedy"} == found["warnings"][0].keys()


def test_unsigned_profiles(on_demo: Command, demo: Path, plans: Path) -> None:
    """Where a key for profiles is set, each rule and default by which strangers choose a host is a warning."""
    rule = "\n[[host]]\nmatch = '{}'\nplan = '{}'\n"
    theirs = '\n[plans.theirs]\nextends = "shared-managed"\nservers = [\n'
    for protocol, port in (("imap", 993), ("smtp", 465)):
        theirs += f'{{ protocol = "{protocol}", host = "mail.{{domain}}", port = {port}, tls = "ssl", '
        theirs += 'login = ["password-cleartext"], username = "{address}" },\n'
    with plans.open("a", encoding="utf-8") as file:
        file.write(theirs + "]\n" + rule.format("theirs[.]example", "theirs"))
        file.write(rule.format("(?P<server>cs[.]example)", "shared-standard"))
    settings = demo / "autoconfig.toml"
    before = on_demo("plans", "check", "--json").data["warnings"]
    with settings.open("a", encoding="utf-8") as file:
        file.write('profile_key = "key.pem"\nprofile_certificate = "chain.pem"\ndefault_plan = "server-maintenance"\n')
    after = on_demo("plans", "check", "--json").data["warnings"]

    assert [(warning["place"], warning["problem"]) for warning in after if warning not in before] == [
        ("host[2]", "profiles are not signed: the plan 'theirs' has {domain} in a host, so strangers could choose it"),
        ("default_plan", "profiles of this plan are not signed"),
    ]


def test_unfit_rows(on_demo: Command, plans: Path) -> None:
    """Rows that hold now or will, and do not make an account: each is named, and the exit code is 1."""
    on_demo(
        "mapping", "set", "sample.co.jp", "--plan", "xserver", "--param", "server=a.example", "--from", "2100-01-01"
    )
    on_demo("mapping", "end", "second-brand.example")
    change(plans, "[plans.xserver]", "[plans.xserver2]")
    change(plans, "incoming", "receiving")
    said = on_demo("plans", "check", code=1).out.splitlines()
    found = on_demo("plans", "check", "--json", code=1).data

    assert said[-1].endswith("unfit rows: 3")
    assert said[-4:-1] == [
        "row 7 of recommended.example: plan 'xserver': there is no such plan in plans.toml",
        "row 9 of sample.co.jp: plan 'xserver': there is no such plan in plans.toml",
        (
            "row 4 of vps-customer.example: plan 'server-setup', param 'incoming': the plan has no such param, "
            "only receiving, outgoing, username, username_outgoing"
        ),
    ]
    assert [(row["row"], row["name"], row["plan"], row["param"]) for row in found["rows"]] == [
        (7, "recommended.example", "xserver", None),
        (9, "sample.co.jp", "xserver", None),
        (4, "vps-customer.example", "server-setup", "incoming"),
    ]


def test_many_unfit_rows(on_demo: Command, plans: Path, tmp_path: Path) -> None:
    """Of thousands of rows with the same problem a few are named, and the others counted."""
    file = tmp_path / "names.csv"
    file.write_text("name,plan\n" + "".join(f"c{n}.example,shared-managed\n" for n in range(2000)), encoding="utf-8")
    on_demo("mapping", "sync", file)
    change(plans, "[plans.shared-managed]", "[plans.shared-managed2]")
    said = on_demo("plans", "check", code=1).out.splitlines()
    (more,) = [line for line in said if line.startswith("… and 199")]

    assert len(said) < 30
    assert more.endswith("more rows with the same problem; --json lists them")
    assert len(on_demo("plans", "check", "--json", code=1).data["rows"]) > 2000


def test_row_that_would_move_to_itself(on_demo: Command, plans: Path) -> None:
    """A domain that its plan redirects to itself is named where its row stands, and refused where it is typed."""
    on_demo("mapping", "set", "new.example", "--plan", "shared-managed")
    with plans.open("a", encoding="utf-8") as file:
        file.write('[plans.moved]\nname = "Moved"\nredirect_domain = "New.example"\n')
    change(plans, "[plans.shared-managed]", "[plans.shared-kept]")
    change(plans, "[plans.moved]", "[plans.shared-managed]")
    problem = "plan 'shared-managed': its redirect_domain is this domain, which would move to itself"

    said = on_demo("plans", "check", code=1).out
    assert f"of new.example: {problem}; put it on a plan with servers\n" in said
    on_demo("mapping", "end", "new.example")
    refused = on_demo("mapping", "set", "new.example", "--plan", "shared-managed", code=2).err
    assert f"new.example: {problem}; put it on a plan with servers; nothing was written" in refused
    on_demo("mapping", "set", "old.example", "--plan", "shared-managed")


def test_faults(on_demo: Command, plans: Path) -> None:
    """Every fault of the file is listed with its place and remedy, and the exit code is 2."""
    change(plans, "port = 993", "port = 99300")
    change(plans, 'short_name = { ja = "共用 通常"', 'short_nam = { ja = "共用 通常"')
    said = on_demo("plans", "check", code=2)
    found = on_demo("plans", "check", "--json", code=2)
    lines = said.err.splitlines()

    assert said.out == ""
    assert lines[0] == f"autoconfig: {plans}: 5 faults"
    assert len(lines) == 6
    assert lines[1].startswith("  plans.shared-standard.servers[1].port: ")
    assert "  plans.shared-standard.short_nam: unknown key; did you mean 'short_name'?" in lines
    assert found.data["plans"] == found.data["rows"] == []
    assert len(found.data["faults"]) == 5


HALF = {
    "cut off": (lambda text: text[: len(text) // 2], "is not TOML"),
    "empty": (lambda _text: "", "there is no plan"),
}


@pytest.mark.parametrize(("cut", "sentence"), HALF.values(), ids=HALF)
@pytest.mark.parametrize("verb", ["check", "list"])
def test_half_a_file(on_demo: Command, plans: Path, cut: object, sentence: str, verb: str) -> None:
    """A file that was not saved whole is refused with exit code 2."""
    assert callable(cut)
    plans.write_text(cut(plans.read_text(encoding="utf-8")), encoding="utf-8")

    assert sentence in on_demo("plans", verb, code=2).err


@pytest.mark.parametrize("verb", ["check", "list"])
def test_no_file(on_demo: Command, plans: Path, verb: str) -> None:
    """A file that is not there is refused with exit code 2."""
    plans.unlink()

    assert on_demo("plans", verb, code=2).err == (
        f"autoconfig: {plans}: 1 fault\n  file: cannot be read: No such file or directory; check path and permissions\n"
    )


DEFAULTS = {
    "missing": (
        "no-such",
        "default_plan = 'no-such': plan 'no-such': there is no such plan in plans.toml; name a plan that",
    ),
    "requires a param": ("xserver", "default_plan = 'xserver': plan 'xserver', param 'server': "),
}


@pytest.mark.parametrize(("plan", "sentence"), DEFAULTS.values(), ids=DEFAULTS)
def test_default_plan(on_demo: Command, plans: Path, monkeypatch: pytest.MonkeyPatch, plan: str, sentence: str) -> None:
    """A default plan that can answer for nobody is a fault, as `serve` calls it too: exit code 2."""
    monkeypatch.setenv("AUTOCONFIG_DEFAULT_PLAN", plan)
    said = on_demo("plans", "check", code=2).err

    assert said.startswith(f"autoconfig: {plans}: 1 fault\n  {sentence}")
    assert len(said.splitlines()) == 2
    assert sentence in on_demo("show", "sample.co.jp", code=2).err
    assert on_demo("plans", "check", "--json", code=2).data["faults"][0]["place"] == f"default_plan = {plan!r}"


def test_good_default_plan(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default plan that requires nothing is fine."""
    monkeypatch.setenv("AUTOCONFIG_DEFAULT_PLAN", "server-maintenance")
    on_demo("plans", "check")


def test_check_without_database(on_demo: Command, demo: Path) -> None:
    """Without a database the rows cannot be checked: exit code 3."""
    (demo / "mapping.db").unlink()

    assert "there is no such database" in on_demo("plans", "check", code=3).err


MOVED = """
[plans.moved]
name = "Moved"
params = { to = { required = true } }
redirect_url = "https://{to}/autodiscover/autodiscover.xml"

[plans.merged]
name = "Merged"
redirect_domain = "new.example"
"""


def test_list(on_demo: Command, plans: Path) -> None:
    """`list` shows each plan with its servers and params, or where it moved."""
    with plans.open("a", encoding="utf-8") as file:
        file.write(MOVED)
    said = on_demo("plans", "list").out

    assert "imap {server} 993 ssl password-cleartext" in said
    assert "server (required)" in said
    assert "username = {address}" in said
    assert "共用サーバー 通常プラン" in said
    assert "moved to https://{to}/autodiscover/autodiscover.xml" in said
    assert "moved to new.example" in said


def test_list_as_json(on_demo: Command, plans: Path) -> None:
    """JSON has every plan, what it inherited included."""
    with plans.open("a", encoding="utf-8") as file:
        file.write(MOVED)
    found = {plan.pop("plan"): plan for plan in on_demo("plans", "list", "--json").data}

    expected = {
        "name": {"ja": "サーバ保守 (古いOS)", "en": "Maintained server, old system"},
        "params": {
            "incoming": "{domain}",
            "outgoing": "{domain}",
            "username": "{address}",
            "username_outgoing": "{username}",
        },
        "servers": [
            {"protocol": p, "host": h, "port": n, "tls": t, "login": ["password-encrypted"], "username": u}
            for p, h, n, t, u in [
                ("imap", "{incoming}", 143, "plain", "{username}"),
                ("pop3", "{incoming}", 110, "plain", "{username}"),
                ("smtp", "{outgoing}", 587, "starttls", "{username_outgoing}"),
            ]
        ],
        "redirect_url": None,
        "redirect_domain": None,
    }

    assert len(found) == 8
    assert expected.items() <= found["legacy-os"].items()
    assert found["moved"]["redirect_url"] == "https://{to}/autodiscover/autodiscover.xml"
    assert (found["merged"]["redirect_domain"], found["moved"]["params"]) == ("new.example", {"to": None})
