from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import PlansInvalid
from autoconfig.mail.account import Recommend
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_file, read_plans
from tests.plans.sources import GOOD, IMAP, MOVED, SMTP, SOURCE, changed

if TYPE_CHECKING:
    from pathlib import Path


def test_good() -> None:
    """A good file becomes plans, in its order, with its bytes kept."""
    plans = read_plans(SOURCE)

    assert plans.source == SOURCE
    assert list(plans.plans) == [
        "shared-standard",
        "shared-managed",
        "server-maintenance",
        "server-setup",
        "legacy-os",
        "xserver",
    ]
    assert [rule.plan for rule in plans.rules] == ["shared-standard"]


def test_byte_order_mark() -> None:
    """Windows editors put a byte order mark in front; it does not matter."""
    assert list(read_plans(b"\xef\xbb\xbf" + GOOD.encode()).plans) == ["a"]


def test_texts() -> None:
    """Names, short names, documentation and webmail are read in the languages that they are given in."""
    plan = read_plans(
        changed('name = "A"', 'name = { ja = "保守", en = "A", zh-Hant = "維護" }\nshort_name = "短"').encode()
        + b'webmail = "https://webmail.example/"\n'
        + 'documentation = [{ url = "https://a.example/", ja = "説明" }, { url = "http://b.example/" }]'.encode()
    ).get("a")

    assert (plan.name.in_language(), plan.name.in_language("en")) == ("保守", "A")
    assert plan.short_name is not None
    assert plan.short_name.in_language("ja") == "短"
    assert plan.webmail == "https://webmail.example/"
    assert [(page.url, page.text.in_language("ja") if page.text else None) for page in plan.documentation] == [
        ("https://a.example/", "説明"),
        ("http://b.example/", None),
    ]


def test_what_customers_read() -> None:
    """Customers read `customer_name` where there is one, and are recommended IMAP where the plan says nothing."""
    plain = read_plans(GOOD.encode()).get("a")
    named = read_plans(GOOD.encode() + 'customer_name = { ja = "メール", en = "Mail" }'.encode()).get("a")
    domain = Domain("sample.example")

    assert bind(plain, {}).account(domain, None).name == plain.name
    assert bind(named, {}).account(domain, None).name.in_language("ja") == "メール"
    assert named.name == plain.name
    assert bind(plain, {}).account(domain, None).recommend is Recommend.IMAP


@pytest.mark.parametrize("way", Recommend)
def test_recommended(way: Recommend) -> None:
    """A plan says which way of receiving its customers are recommended."""
    source = SOURCE.decode().replace("[plans.shared-standard]\n", f'[plans.shared-standard]\nrecommend = "{way}"\n')
    bound = bind(read_plans(source.encode()).get("shared-standard"), {"server": "cs312.xbit.jp"})

    assert bound.account(Domain("sample.example"), None).recommend is way


def test_login_is_ordered() -> None:
    """Login methods stay in order, and one named twice counts once."""
    plan = read_plans(changed('["password-encrypted"]', '["OAuth2", "password-cleartext", "OAuth2"]').encode()).get("a")

    assert plan.servers[0].login == ("OAuth2", "password-cleartext")


def test_outgoing_without_login() -> None:
    """A server for sending may know its users by their place in the network."""
    source = GOOD.replace(SMTP, SMTP.replace("password-encrypted", "client-IP-address"))

    assert read_plans(source.encode()).get("a").servers[1].login == ("client-IP-address",)


def test_required_param() -> None:
    """A required param has no default."""
    plan = read_plans(changed('incoming = "{domain}"', "incoming = { required = true }").encode()).get("a")

    assert plan.params["incoming"] is None
    assert plan.params["username"] is not None


def test_redirect() -> None:
    """A plan of domains that moved away needs no servers."""
    plans = read_plans(
        (
            MOVED + 'redirect_url = "https://{new}/{domain}"\n[plans.b]\nname = "B"\nredirect_domain = "b.example"'
        ).encode()
    )

    assert str(plans.get("a").redirect_url) == "https://{new}/{domain}"
    assert str(plans.get("b").redirect_domain) == "b.example"
    assert plans.warnings == ()


def test_rule() -> None:
    """A rule's groups are params of its plan, and it ignores case."""
    plans = read_plans(f"{GOOD}[[host]]\nmatch = '(?P<incoming>CS\\d\\.example)'\nplan = 'a'".encode())

    assert [rule.groups for rule in plans.rules] == [{"incoming"}]
    assert [rule.expression for rule in plans.rules] == ["(?P<incoming>CS\\d\\.example)"]


def test_warnings() -> None:
    """A plain server is allowed, with a warning that says who will refuse it."""
    plans = read_plans(GOOD.replace(IMAP, IMAP.replace('"ssl"', '"plain"').replace("993", "143")).encode())

    assert [str(warning) for warning in plans.warnings] == [
        "plans.a: the imap server has no TLS; Thunderbird for Android refuses the whole document of such a plan"
    ]


def test_read_file(tmp_path: Path) -> None:
    """A file is read by its path."""
    path = tmp_path / "plans.toml"
    path.write_bytes(SOURCE)

    assert read_file(path).source == SOURCE


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_read_file_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """A file that cannot be read is a fault with the reason."""
    path = tmp_path / "plans.toml"
    if kind == "folder":
        path.mkdir()

    with pytest.raises(PlansInvalid, match=r"file: cannot be read: .+; check path and permissions") as caught:
        read_file(path)

    assert caught.value.file == str(path)


def test_warnings_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another thread warns of while a host rule is read is no error, neither there nor of the rule."""
    compiled = re.compile

    def meanwhile(pattern: str, flags: int = 0) -> re.Pattern[str]:
        warnings.warn_explicit("old", DeprecationWarning, "elsewhere.py", 1, "elsewhere")
        return compiled(pattern, flags)

    monkeypatch.setattr(re, "compile", meanwhile)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plans = read_plans(f'{GOOD}\n[[host]]\nmatch = "a{{5}}"\nplan = "a"\n'.encode())

    assert [rule.plan for rule in plans.rules] == ["a"]
