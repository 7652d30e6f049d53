from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Result

SHOP = "old-shop.example"
LATER, LATEST = "2100-01-01T09:00:00+09:00", "2100-02-01T09:00:00+09:00"


def says(row: dict[str, Any] | None) -> tuple[str | None, dict[str, str], str | None] | None:
    """What a row decides."""
    return (row["plan"], row["params"], row["note"]) if row else None


def lines(result: Result) -> list[list[str]]:
    """The words of each line that has some."""
    return [line.split() for line in result.out.splitlines() if line.strip(" ─")]


def test_set(on_demo: Command) -> None:
    """`set` puts a name on a plan, from now on, with what is said and by whom."""
    before = int(time.time())
    done = on_demo("mapping", "set", "new.example", "--plan", "xserver", "--param", "server=sv1.xbiz.ne.jp", "--json")
    row = done.data["after"]

    assert (done.data["before"], done.data["later"]) == (None, None)
    assert row == on_demo("mapping", "show", "new.example", "--json").data["now"]
    assert says(row) == ("xserver", {"server": "sv1.xbiz.ne.jp"}, None)
    assert row["valid_from"] >= format_time(before, "Asia/Tokyo")
    assert row["recorded_at"].endswith("+09:00")
    assert row["changed_by"]


def test_set_replaces_the_whole_row(on_demo: Command) -> None:
    """Params and a note that are not given again are gone, and the difference is printed field by field."""
    on_demo(
        *("mapping", "set", SHOP, "--plan", "legacy-os", "--note", "moved"),
        *("--param", "incoming=mail.{domain}", "--param", "outgoing=smtp.{domain}"),
    )
    done = on_demo("mapping", "set", SHOP, "--plan", "server-setup", "--param", "incoming=pop.{domain}")

    assert says(on_demo("mapping", "show", SHOP, "--json").data["now"]) == (
        "server-setup",
        {"incoming": "pop.{domain}"},
        None,
    )
    shown = [line for line in lines(done) if line[0] != "from"]
    assert shown == [
        [f"{SHOP}:", "row", "10"],
        ["Before", "After"],
        ["plan", "legacy-os", "server-setup"],
        ["incoming", "mail.{domain}", "pop.{domain}"],
        ["outgoing", "smtp.{domain}"],
        ["note", "moved"],
    ]


def test_set_the_same(on_demo: Command) -> None:
    """What holds already is not written again."""
    same = ("mapping", "set", SHOP, "--plan", "legacy-os", "--param", "username={local}.{domain}")

    assert on_demo(*same).out == f"{SHOP}: nothing to change\n"
    assert on_demo(*same, "--note", "", "--json").data["after"] is None
    assert len(on_demo("mapping", "history", SHOP, "--json").data) == 1


NAMES = {
    "A-label": "xn--wgv71a119e.example",
    "U-label": "日本語.example",
    "full width": "日本語.ｅｘａｍｐｌｅ",  # codespell:ignore
    "ideographic full stop": "日本語。example",
    "upper case": "XN--WGV71A119E.Example",
    "trailing dot": "xn--wgv71a119e.example.",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names(on_demo: Command, name: str) -> None:
    """A name may be typed in every spelling; it is kept as A-label and shown to people as they read it."""
    assert "日本語.example" in on_demo("mapping", "show", name).out
    assert on_demo("mapping", "show", name, "--json").data["now"]["name"] == "xn--wgv71a119e.example"
    assert "日本語.example: row 9" in on_demo("mapping", "end", name).out
    assert len(on_demo("mapping", "history", name, "--json").data) == 2


TIMES = {
    "without an offset": ("2100-01-01T09:00", "2100-01-01T09:00:00+09:00"),
    "a date alone": ("2100-01-01", "2100-01-01T00:00:00+09:00"),
    "in UTC": ("2100-01-01T00:00:00Z", "2100-01-01T09:00:00+09:00"),
    "elsewhere": ("2100-01-01T02:00+02:00", "2100-01-01T09:00:00+09:00"),
    "with a blank": ("2100-01-01 09:00:30", "2100-01-01T09:00:30+09:00"),
    "in the past": ("2001-01-01", "2001-01-01T00:00:00+09:00"),
}


@pytest.mark.parametrize(("typed", "shown"), TIMES.values(), ids=TIMES)
def test_from(on_demo: Command, typed: str, shown: str) -> None:
    """A time without an offset is in the settings' zone, here Tokyo; every time is shown with its offset."""
    row = on_demo("mapping", "set", "new.example", "--plan", "shared-managed", "--from", typed, "--json").data["after"]

    assert shown == row["valid_from"]
    assert shown in on_demo("mapping", "history", "new.example").out


def test_from_in_another_zone(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone is a setting."""
    monkeypatch.setenv("AUTOCONFIG_TIMEZONE", "America/New_York")
    on_demo("mapping", "set", "new.example", "--plan", "shared-managed", "--from", "2100-07-01")

    assert "2100-07-01T00:00:00-04:00" in on_demo("mapping", "history", "new.example").out


def test_scheduled(on_demo: Command) -> None:
    """A row of the future changes nothing yet, is shown as such, and is named when the name is changed before."""
    planned = on_demo("mapping", "set", SHOP, "--plan", "shared-managed", "--from", LATER, "--json").data
    on_demo("mapping", "end", SHOP, "--from", LATEST)
    found = on_demo("mapping", "show", SHOP, "--json").data
    changed = on_demo("mapping", "set", SHOP, "--plan", "server-setup")

    assert planned["before"]["plan"] == found["now"]["plan"] == "legacy-os"
    assert [(row["plan"], row["valid_from"]) for row in found["later"]] == [("shared-managed", LATER), (None, LATEST)]
    assert f"{SHOP}: row 9 is scheduled from {LATER}: shared-managed\n" in changed.out
    assert [line[0] for line in lines(on_demo("mapping", "show", SHOP))] == [SHOP, "Row", "now", "later", "later"]
    assert f"{SHOP}: row 10 is scheduled from {LATEST}: not served\n" in (
        on_demo("mapping", "set", SHOP, "--plan", "xserver", "--param", "server=a.example", "--from", LATER).out
    )


def test_a_name_of_the_future(on_demo: Command) -> None:
    """A name that is ours only later is not ours: exit code 1, with what is scheduled."""
    on_demo("mapping", "set", "new.example", "--plan", "shared-managed", "--from", LATER)
    found = on_demo("mapping", "show", "new.example", "--json", code=1)

    assert found.data["now"] is None
    assert [row["valid_from"] for row in found.data["later"]] == [LATER]
    assert LATER in on_demo("mapping", "show", "new.example", code=1).out


def test_end(on_demo: Command) -> None:
    """`end` makes a name unknown, and keeps why."""
    done = on_demo("mapping", "end", SHOP, "--note", "解約")
    found = on_demo("mapping", "show", SHOP, "--json", code=1).data

    assert ["plan", "legacy-os", "(not", "served)"] in lines(done)
    assert says(found["now"]) == (None, {}, "解約")
    assert "(not served)" in on_demo("mapping", "show", SHOP, code=1).out
    assert SHOP not in on_demo("mapping", "list").out


def test_end_later(on_demo: Command) -> None:
    """An end may be scheduled: until then the name stays ours."""
    done = on_demo("mapping", "end", SHOP, "--from", LATER, "--json").data

    assert (done["after"]["plan"], done["after"]["valid_from"]) == (None, LATER)
    assert SHOP in on_demo("mapping", "list").out
    assert on_demo("mapping", "show", SHOP, "--json").data["now"]["plan"] == "legacy-os"


@pytest.mark.parametrize("name", ["stranger.example", SHOP], ids=["never ours", "ended already"])
def test_nothing_to_end(on_demo: Command, name: str) -> None:
    """What is not ours cannot be ended: exit code 1, and nothing is written."""
    on_demo("mapping", "end", SHOP)
    said = on_demo("mapping", "end", name, code=1).err

    assert said == f"autoconfig: {name} has no row to end at that time; see `autoconfig mapping history {name}`\n"
    assert len(on_demo("mapping", "history", SHOP, "--json").data) == 2


def test_undo(on_demo: Command) -> None:
    """`undo` takes the newest change back by one more row, a second one brings it back."""
    old = says(on_demo("mapping", "show", SHOP, "--json").data["now"])
    on_demo("mapping", "set", SHOP, "--plan", "xserver", "--param", "server=a.example", "--note", "a try")
    new = says(on_demo("mapping", "show", SHOP, "--json").data["now"])
    once = on_demo("mapping", "undo", SHOP, "--json").data
    twice = on_demo("mapping", "undo", SHOP)

    assert (says(once["before"]), says(once["after"])) == (new, old)
    assert ["plan", "legacy-os", "xserver"] in lines(twice)
    assert says(on_demo("mapping", "show", SHOP, "--json").data["now"]) == new
    assert [says(row) for row in on_demo("mapping", "history", SHOP, "--json").data] == [old, new, old, new]


def test_undo_a_first_row(on_demo: Command) -> None:
    """A name without an earlier row is not ours after an undo."""
    on_demo("mapping", "undo", SHOP)

    on_demo("mapping", "show", SHOP, code=1)


def test_undo_a_schedule(on_demo: Command) -> None:
    """A scheduled row is taken back too: from its time on, what held before goes on."""
    on_demo("mapping", "end", SHOP, "--from", LATER)
    done = on_demo("mapping", "undo", SHOP, "--json").data

    assert (done["after"]["plan"], done["after"]["valid_from"]) == ("legacy-os", LATER)


def test_nothing_to_undo(on_demo: Command) -> None:
    """A name without any row has nothing to undo: exit code 1."""
    assert on_demo("mapping", "undo", "stranger.example", code=1).err == (
        "autoconfig: stranger.example has no row; there is nothing to undo\n"
    )


def test_show_a_stranger(on_demo: Command) -> None:
    """A name without any row is not ours: exit code 1, in both forms."""
    assert on_demo("mapping", "show", "stranger.example", "--json", code=1).data == {
        "now": None,
        "later": [],
        "copy_age_seconds": None,
    }
    assert on_demo("mapping", "show", "stranger.example", code=1).out == (
        "stranger.example: no row holds now, and none is scheduled\n"
    )


def test_history(on_demo: Command) -> None:
    """`history` shows all rows in the order in which they were written, whenever they hold."""
    on_demo("mapping", "end", SHOP, "--from", LATER)
    on_demo("mapping", "set", SHOP, "--plan", "server-setup", "--from", "2001-01-01", "--note", "found in a drawer")
    found = on_demo("mapping", "history", SHOP, "--json").data
    shown = lines(on_demo("mapping", "history", SHOP))

    assert [(row["id"], row["plan"]) for row in found] == [(6, "legacy-os"), (9, None), (10, "server-setup")]
    assert shown[1] == ["Row", "Plan", "Params", "From", "Note", "Written", "By"]
    assert [line[:2] for line in shown[2:]] == [["6", "legacy-os"], ["9", "(not"], ["10", "server-setup"]]
    assert "found in a drawer" in " ".join(shown[-1])


def test_no_history(on_demo: Command) -> None:
    """A name without any row has no history: exit code 1."""
    assert on_demo("mapping", "history", "stranger.example", code=1).err == (
        "autoconfig: stranger.example never had a row\n"
    )


def test_list(on_demo: Command) -> None:
    """`list` has the names that are ours now, and what will be, in order; JSON is one row a line."""
    on_demo("mapping", "end", "yamada-law.example")
    on_demo("mapping", "end", SHOP, "--from", LATER)
    on_demo("mapping", "set", SHOP, "--plan", "xserver", "--param", "server=a.example", "--from", LATEST)
    on_demo("mapping", "set", "new.example", "--plan", "shared-managed", "--from", LATER)
    expected = [
        ("hanako-flowers.example", "now", "shared-standard"),
        ("new.example", "later", "shared-managed"),
        (SHOP, "now", "legacy-os"),
        (SHOP, "later", "xserver"),
        ("recommended.example", "now", "xserver"),
        ("sample.co.jp", "now", "server-maintenance"),
        ("second-brand.example", "now", "server-maintenance"),
        ("vps-customer.example", "now", "server-setup"),
        ("xn--wgv71a119e.example", "now", "shared-managed"),
    ]
    printed = on_demo("mapping", "list", "--json").out.splitlines()

    assert expected == [(r["name"], r["state"], r["plan"]) for r in map(_json, printed)]
    assert expected == [tuple(line[:3]) for line in lines(on_demo("mapping", "list"))[1:]]


def test_scheduled_and_undone(on_demo: Command, demo: Path) -> None:
    """A scheduled row that another one replaces at the same moment never holds: nothing lists it, nor checks it."""
    plans = (demo / "plans.toml").read_text()
    (demo / "plans.toml").write_text(f'{plans}\n[plans.mistake]\nextends = "legacy-os"\nname = "A mistake"\n')
    on_demo("mapping", "set", SHOP, "--plan", "mistake", "--from", LATER)
    on_demo("mapping", "undo", SHOP)
    (demo / "plans.toml").write_text(plans)
    shown = on_demo("mapping", "show", SHOP, "--json").data
    listed = [_json(line) for line in on_demo("mapping", "list", "--json").out.splitlines()]

    assert [row["id"] for row in shown["later"]] == [10]
    assert [(row["id"], row["state"]) for row in listed if row["name"] == SHOP] == [(6, "now"), (10, "later")]
    assert on_demo("plans", "check").out.endswith("unfit rows: 0\n")


def test_list_of_a_plan(on_demo: Command) -> None:
    """`--plan` leaves the names of one plan."""
    printed = on_demo("mapping", "list", "--plan", "shared-managed", "--json").out.splitlines()

    assert [_json(line)["name"] for line in printed] == ["xn--wgv71a119e.example", "yamada-law.example"]
    assert on_demo("mapping", "list", "--plan", "no-such", "--json").out == ""
    assert on_demo("mapping", "list", "--plan", "no-such").out == "no domain is on plan 'no-such'\n"


def _json(line: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(line)
    return row


PLAN = ("--plan", "xserver", "--param", "server=a.example")
REFUSED = {
    "unknown plan": (("--plan", "no-such"), "there is no such plan in plans.toml; plans are shared-standard, "),
    "missing param": (("--plan", "xserver"), "param 'server': the plan requires it"),
    "undeclared param": (("--plan", "shared-managed", "--param", "server=a.example"), "'server'"),
    "host that is none": (("--plan", "xserver", "--param", "server=a b"), "'server'"),
    "empty param": (("--plan", "xserver", "--param", "server="), "'server': its value is empty"),
    "slot that a host may not use": (("--plan", "xserver", "--param", "server={local}.example"), "local"),
    "slot that is none": (
        ("--plan", "xserver", "--param", "server={frob}"),
        "'server': a row's value may use only {address}, ",
    ),
    "param of another param": (
        ("--plan", "shared-managed", "--param", "incoming={outgoing}"),
        "'incoming': a row's value may",
    ),
    "open brace": (("--plan", "xserver", "--param", "server={domain"), "server"),
    "param without a value": (("--plan", "xserver", "--param", "server"), "--param server: write KEY=VALUE"),
    "value without a param": (("--plan", "xserver", "--param", "=a"), "--param =a: write KEY=VALUE"),
    "param twice": ((*PLAN, "--param", "server=b.example"), "--param server is given twice"),
    "time that is none": ((*PLAN, "--from", "tomorrow"), "'tomorrow' is not a time; write it like 2026-12-01T09:00"),
    "time that no engine keeps": ((*PLAN, "--from", "1969-01-01"), "is outside the years 1970 to 9999"),
    "bytes that are no text": ((*PLAN, "--note", "\udcff"), "--note '\\udcff': has control characters, or is not"),
    "a note for the terminal": ((*PLAN, "--note", "\x1b[2J"), "--note '\\x1b[2J': has control characters"),
    "user name of such bytes": (("--plan", "shared-managed", "--param", "username=\udcff"), "'username'"),
}


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(on_demo: Command, arguments: tuple[str, ...], sentence: str) -> None:
    """What does not make an account is refused with exit code 2 and one line, and nothing is written."""
    said = on_demo("mapping", "set", "new.example", *arguments, code=2).err

    assert said.startswith("autoconfig: ")
    assert len(said.splitlines()) == 1
    assert sentence in said
    on_demo("mapping", "history", "new.example", code=1)


@pytest.mark.parametrize("name", ["", "a b.example", "a..example", "é" * 300, "-x@sample.co.jp", "\udcff.example"])
@pytest.mark.parametrize("verb", [("set", *PLAN), ("end",), ("undo",), ("show",), ("history",)], ids=lambda v: v[0])
def test_no_name(on_demo: Command, verb: tuple[str, ...], name: str) -> None:
    """What is no domain is refused by every command, with exit code 2."""
    said = on_demo("mapping", verb[0], *verb[1:], "--", name, code=2).err

    assert said.startswith("autoconfig: ")
    assert said.endswith(" is not a domain name\n")


def test_note(on_demo: Command) -> None:
    """A note may have several lines."""
    on_demo("mapping", "set", "new.example", *PLAN, "--note", "電話で\n2 回目")

    assert on_demo("mapping", "show", "new.example", "--json").data["now"]["note"] == "電話で\n2 回目"
    assert "2 回目" in on_demo("mapping", "show", "new.example").out


def test_bad_plans(on_demo: Command, demo: Path) -> None:
    """With a plans file that has faults nothing can be set, but everything can be looked at, ended and undone."""
    (demo / "plans.toml").write_text("[plans.half]\n", encoding="utf-8")
    assert f"{demo / 'plans.toml'}: " in on_demo("mapping", "set", SHOP, *PLAN, code=2).err
    on_demo("mapping", "list")
    on_demo("mapping", "end", SHOP)
    on_demo("mapping", "undo", SHOP)
    on_demo("mapping", "history", SHOP)
