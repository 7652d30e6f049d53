from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command

LATER = "2100-01-01T09:00:00+09:00"


def test_known(on_demo: Command) -> None:
    """A sheet has what answers and why, what is scheduled, the programs, the documents, links, and the history."""
    on_demo(*("mapping", "set", "old-shop.example", "--plan", "shared-managed", "--note", "電話で", "--from", LATER))
    said = on_demo("desk", "taro@old-shop.example").out
    japanese = on_demo("desk", "taro@old-shop.example", "--lang", "ja").out

    for expected in (
        "row 6, since 20",
        f"row 9 from {LATER}: shared-managed",
        "https://autoconfig.old-shop.example/mail/config-v1.1.xml?emailaddress=taro%40old-shop.example",
        "https://autoconfig.xbit.jp/setup?email=taro%40old-shop.example&program=iphone&lang=ja",
        "New Outlook",
        "This domain has not been checked yet.",
        "電話で",
    ):
        assert expected in said
    for expected in (
        "登録 6、20",
        f"登録 9、{LATER} から: shared-managed",
        "新しい Outlook",
        "まだ確認していません。",
        "電話で",
    ):
        assert expected in japanese


def test_json(on_demo: Command) -> None:
    """JSON has what `show --json` has, and the history, the programs, the documents and the links."""
    on_demo("mapping", "set", "old-shop.example", "--plan", "shared-managed", "--from", LATER)
    shown, found = (on_demo(name, "taro@old-shop.example", "--json").data for name in ("show", "desk"))
    rows = on_demo("mapping", "history", "old-shop.example", "--json").data

    assert {key: found[key] for key in shown} == shown
    assert found.keys() - shown.keys() == {"documents", "programs", "links", "history"}
    assert found["history"] == [{"state": "scheduled", **rows[1]}, {"state": "now", **rows[0]}]
    assert found["documents"]["pacc"] is None
    outlook = next(program for program in found["programs"] if program["program"] == "outlook")
    assert (outlook["verdict"], outlook["source"]) == ("no user name", "none")
    assert outlook["problem"].keys() == {"ja", "en"}


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_unknown(on_demo: Command, lang: str) -> None:
    """A domain that is not served ends with exit code 1 and the reason; one that was ended, with the row that did."""
    on_demo("mapping", "end", "sample.co.jp")
    never = on_demo("desk", "taro@nobody.example", "--lang", lang, code=1).out
    ended = on_demo("desk", "taro@sample.co.jp", "--lang", lang, code=1).out
    data = on_demo("desk", "taro@sample.co.jp", "--json", code=1).data

    assert {"ja": "なし: 有効な登録がなく", "en": "nothing: no row holds now"}[lang] in never
    assert {"ja": "なし: 登録 9 により、", "en": "nothing: row 9 says that the domain is not ours, since "}[
        lang
    ] in ended
    assert (data["how"], data["reason"]) == (None, "row 9 says that the domain is not ours")
    now, before = data["history"]
    assert (now["state"], now["id"], now["plan"]) == ("now", 9, None)
    assert (before["id"], before["plan"]) == (1, "server-maintenance")
    assert before["state"] in {"past", "replaced"}  # the demo was made in this second, or before


def test_unusable(on_demo: Command) -> None:
    """What is no address is refused."""
    assert "has nothing before the @" in on_demo("desk", "@sample.co.jp", code=2).err
