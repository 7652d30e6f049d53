from __future__ import annotations

import email
from email import policy
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

ADDRESS = "taro@hanako-flowers.example"


def test_text(on_demo: Command) -> None:
    """A letter is a text with its subject, in the language of the settings; its link keeps what was chosen."""
    plain = on_demo("letter", ADDRESS)
    chosen = on_demo("letter", ADDRESS, "--lang", "en", "--program", "thunderbird")

    assert plain.out.startswith(f"件名: 【xbit.jp メールサポート】メール設定のご案内（{ADDRESS}）\n\n{ADDRESS} を")
    assert "\nhttps://autoconfig.xbit.jp/setup?email=taro%40hanako-flowers.example\n" in plain.out
    assert chosen.out.startswith(f"Subject: Your mail settings for {ADDRESS} (xbit.jp mail support)\n\nDear customer,")
    assert "\nhttps://autoconfig.xbit.jp/setup?email=taro%40hanako-flowers.example&program=thunderbird&lang=en\n" in (
        chosen.out
    )
    assert "1. Open the menu “≡” › “New Account” › “Email”." in chosen.out
    assert plain.err + chosen.err == ""


def test_html(on_demo: Command) -> None:
    """As HTML it has the QR code in itself, so that a browser shows it."""
    out = on_demo("letter", ADDRESS, "--format", "html").out

    assert out.startswith("<!DOCTYPE html>")
    assert '<img src="data:image/png;base64,' in out
    assert "cid:" not in out


def test_message(on_demo: Command) -> None:
    """As a message it is a draft for staff; with a sender it can go to a mail server as it is."""
    ways = {"draft": (), "sent": ("--from", "Support <help@xbit.jp>")}
    out = {name: on_demo("letter", ADDRESS, "--format", "eml", *options).out for name, options in ways.items()}
    draft, sent = (email.message_from_string(out[name], policy=policy.default) for name in ways)

    assert "\r\nTo: taro@hanako-flowers.example\r\n" in out["draft"]
    assert [(found["X-Unsent"], found["From"]) for found in (draft, sent)] == [
        ("1", None),
        (None, "Support <help@xbit.jp>"),
    ]
    body = draft.get_body(("plain",))
    assert body is not None
    assert "をご利用のお客様" in body.get_content()


REFUSED = {
    "a domain alone": (("hanako-flowers.example",), 2, "is not a mail address; a letter needs the whole one"),
    "no address": (("a b c",), 2, "is not a domain name"),
    "unknown": (("taro@nobody.co.jp",), 1, "nobody.co.jp is unknown: it has no row"),
    "sender of a text": ((ADDRESS, "--from", "help@xbit.jp"), 2, "--from is for a message"),
    "no sender": ((ADDRESS, "--format", "eml", "--from", "x\nBcc: y@z.jp"), 2, "nor NAME <ADDRESS>"),
    "unknown program": ((ADDRESS, "--program", "pine"), 2, "'pine' is not one of"),
    "unknown language": ((ADDRESS, "--lang", "de"), 2, "'de' is not one of"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(on_demo: Command, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Without an address of a domain that is served here there is no letter; standard error has the reason."""
    found = on_demo("letter", *arguments, code=code)

    assert said in " ".join(found.err.split())
    assert found.out == ""


def test_gone(on_demo: Command, demo: Path) -> None:
    """A domain that has ended or moved away gets no letter either."""
    plans = demo / "plans.toml"
    moved = '\n[plans.moved]\nname = "Moved"\nredirect_domain = "new.{domain}"\n'
    plans.write_text(plans.read_text(encoding="utf-8") + moved, encoding="utf-8")
    on_demo("mapping", "set", "moved.co.jp", "--plan", "moved")
    on_demo("mapping", "end", "old-shop.example")

    assert "old-shop.example was ended at 20" in on_demo("letter", "taro@old-shop.example", code=1).err
    assert "moved.co.jp has moved to new.moved.co.jp" in on_demo("letter", "taro@moved.co.jp", code=1).err


def test_no_public_url(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address of the page no letter is written."""
    monkeypatch.setenv("AUTOCONFIG_PUBLIC_URL", "https://autoconfig.invalid")

    assert "public_url is not set" in on_demo("letter", ADDRESS, code=2).err
