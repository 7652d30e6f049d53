from __future__ import annotations

from pathlib import Path

import pytest

from autoconfig.errors import PlanUnusable
from autoconfig.mail import params as params_text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.plans import Plans, read_file

PROVIDER = Path(__file__).parent / "provider.toml"


@pytest.fixture(scope="module")
def provider() -> Plans:
    """The provider's plans."""
    return read_file(PROVIDER)


# What the provider's page says, changed only by what the domain's row says: host, port, TLS, login, user name.
IMAP, POP3, SMTP = "imap", "pop3", "smtp"
NORMAL, ENCRYPTED = "password-cleartext", "password-encrypted"
ANSWERS: dict[str, tuple[str, dict[str, str], list[tuple[str, str, int, str, str, str]]]] = {
    "taro@sample.co.jp": (
        "server-maintenance",
        {},
        [
            (IMAP, "sample.co.jp", 993, "ssl", ENCRYPTED, "taro@sample.co.jp"),
            (POP3, "sample.co.jp", 995, "ssl", ENCRYPTED, "taro@sample.co.jp"),
            (SMTP, "sample.co.jp", 465, "ssl", ENCRYPTED, "taro@sample.co.jp"),
        ],
    ),
    "taro@hanako-flowers.example": (
        "shared-standard",
        {"server": "cs312.xbit.jp"},
        [
            (IMAP, "cs312.xbit.jp", 993, "ssl", NORMAL, "taro@hanako-flowers.example"),
            (POP3, "cs312.xbit.jp", 995, "ssl", NORMAL, "taro@hanako-flowers.example"),
            (SMTP, "cs312.xbit.jp", 587, "starttls", NORMAL, "taro@hanako-flowers.example"),
        ],
    ),
    "taro@yamada-law.example": (
        "shared-managed",
        {},
        [
            (IMAP, "pop.yamada-law.example", 993, "ssl", ENCRYPTED, "taro@yamada-law.example"),
            (POP3, "pop.yamada-law.example", 995, "ssl", ENCRYPTED, "taro@yamada-law.example"),
            (SMTP, "smap.yamada-law.example", 465, "ssl", ENCRYPTED, "taro@yamada-law.example"),
        ],
    ),
    "taro@vps-customer.example": (
        "server-setup",
        {"incoming": "mail.{domain}", "outgoing": "smtpd.vps-customer.example"},
        [
            (IMAP, "mail.vps-customer.example", 993, "ssl", ENCRYPTED, "taro@vps-customer.example"),
            (POP3, "mail.vps-customer.example", 995, "ssl", ENCRYPTED, "taro@vps-customer.example"),
            (SMTP, "smtpd.vps-customer.example", 465, "ssl", ENCRYPTED, "taro@vps-customer.example"),
        ],
    ),
    "taro@second-brand.example": (
        "server-maintenance",
        {"incoming": "vps-customer.example", "outgoing": "vps-customer.example"},
        [
            (IMAP, "vps-customer.example", 993, "ssl", ENCRYPTED, "taro@second-brand.example"),
            (POP3, "vps-customer.example", 995, "ssl", ENCRYPTED, "taro@second-brand.example"),
            (SMTP, "vps-customer.example", 465, "ssl", ENCRYPTED, "taro@second-brand.example"),
        ],
    ),
    "info@old-shop.example": (
        "legacy-os",
        {"username": "{local}.{domain}"},
        [
            (IMAP, "old-shop.example", 143, "plain", ENCRYPTED, "info.old-shop.example"),
            (POP3, "old-shop.example", 110, "plain", ENCRYPTED, "info.old-shop.example"),
            (SMTP, "old-shop.example", 587, "starttls", ENCRYPTED, "info.old-shop.example"),
        ],
    ),
    "taro@recommended.example": (
        "xserver",
        {"server": "sv1234.xserver.jp"},
        [
            (IMAP, "sv1234.xserver.jp", 993, "ssl", NORMAL, "taro@recommended.example"),
            (POP3, "sv1234.xserver.jp", 995, "ssl", NORMAL, "taro@recommended.example"),
            (SMTP, "sv1234.xserver.jp", 465, "ssl", NORMAL, "taro@recommended.example"),
        ],
    ),
    "taro@日本語.example": (
        "shared-managed",
        {},
        [
            (IMAP, "pop.xn--wgv71a119e.example", 993, "ssl", ENCRYPTED, "taro@xn--wgv71a119e.example"),
            (POP3, "pop.xn--wgv71a119e.example", 995, "ssl", ENCRYPTED, "taro@xn--wgv71a119e.example"),
            (SMTP, "smap.xn--wgv71a119e.example", 465, "ssl", ENCRYPTED, "taro@xn--wgv71a119e.example"),
        ],
    ),
    "a row for the outgoing user name alone: info@second-shop.example": (
        "legacy-os",
        {"username_outgoing": "{local}.{domain}"},
        [
            (IMAP, "second-shop.example", 143, "plain", ENCRYPTED, "info@second-shop.example"),
            (POP3, "second-shop.example", 110, "plain", ENCRYPTED, "info@second-shop.example"),
            (SMTP, "second-shop.example", 587, "starttls", ENCRYPTED, "info.second-shop.example"),
        ],
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_provider(provider: Plans, case: str) -> None:
    """A domain on each of the provider's plans gets exactly what the page says, changed only by its row."""
    key, params, expected = ANSWERS[case]
    address = EmailAddress.parse(case.rpartition(" ")[2])

    account = provider.bind(key, params_text.encode(params)).account(address.domain, address)

    assert expected == [
        (s.protocol, s.host, s.port, s.tls, ",".join(s.login), account.login_name(s)) for s in account.servers
    ]


def test_provider_warnings(provider: Plans) -> None:
    """Of the provider's plans only the one without TLS earns warnings."""
    assert {"plans.legacy-os"} == {warning.place for warning in provider.warnings}
    assert {"the imap server has no TLS", "the pop3 server has no TLS"} == {
        warning.problem for warning in provider.warnings
    }


SHARE = {
    "the name of the server": ("shared-standard", {"server": "cs1.xbit.jp"}, {"server": "cs2.xbit.jp"}, True),
    "a flag": ("shared-standard", {"server": "cs1.xbit.jp"}, {"server": "cs1.xbit.jp", "subdomains": "yes"}, True),
    "two names": (
        "shared-managed",
        {"incoming": "a.jp", "outgoing": "b.jp"},
        {"incoming": "c.jp", "outgoing": "c.jp"},
        True,
    ),
    "another user name": ("legacy-os", {}, {"username": "{local}.{domain}"}, False),
    "a name that the row leaves to the plan": ("shared-managed", {}, {"incoming": "a.jp"}, False),
}


@pytest.mark.parametrize(("plan", "one", "other", "share"), SHARE.values(), ids=SHARE)
def test_share(provider: Plans, plan: str, one: dict[str, str], other: dict[str, str], share: bool) -> None:
    """Rows that differ in nothing but the names of servers have one bound plan for the documents of all."""
    here, there = (provider.share(params_text.with_plan(plan, params_text.encode(row))) for row in (one, other))

    assert (here.bound is there.bound) is share
    assert [name.encode() for key, name in sorted(one.items()) if "." in name] == [host for _, host in here.values]


def test_share_nothing(provider: Plans) -> None:
    """A row without such names has the bound plan that it has elsewhere, and its faults are those it has elsewhere."""
    assert (provider.bind("shared-managed", "{}"), ()) == provider.share("shared-managed\n{}")
    with pytest.raises(PlanUnusable, match="requires it"):
        provider.share("shared-standard\n{}")
    with pytest.raises(PlanUnusable, match="no such plan"):
        provider.share("gone\n{}")


def test_get(provider: Plans) -> None:
    """A plan is found by its key."""
    assert provider.get("xserver").key == "xserver"


def test_get_unknown(provider: Plans) -> None:
    """A key without a plan is named, and none is made up."""
    with pytest.raises(PlanUnusable, match="there is no such plan") as caught:
        provider.get("gone")

    assert caught.value.plan == "gone"


def test_bind_is_kept(provider: Plans) -> None:
    """The same plan and params are one object, other params are another."""
    one, two = '{"server":"sv1.xserver.jp"}', '{"server":"sv2.xserver.jp"}'

    assert provider.bind("xserver", one) is provider.bind("xserver", one)
    assert provider.bind("xserver", one) is not provider.bind("xserver", two)


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        ("gone", "{}", "no such plan"),
        ("xserver", "{", "not JSON"),
        ("xserver", '{"server":1}', "not a JSON object of strings"),
        ("xserver", "{}", "requires it"),
        ("xserver", '{"server":"\\ud800"}', "half of a surrogate pair"),
    ],
    ids=["no plan", "no JSON", "no text", "missing param", "surrogate"],
)
def test_bind_refuses(provider: Plans, key: str, text: str, problem: str) -> None:
    """A row that leads to no account is refused, and the plan is named."""
    with pytest.raises(PlanUnusable, match=problem) as caught:
        provider.bind(key, text)

    assert caught.value.plan == key


@pytest.mark.parametrize(
    ("host", "params"),
    [
        ("cs312.xbit.jp", '{"server":"cs312.xbit.jp"}'),
        ("CS312.Xbit.JP", '{"server":"cs312.xbit.jp"}'),
        ("cs31.xbit.jp", None),
        ("a.cs312.xbit.jp", None),
        ("cs312.xbit.jp.evil.example", None),
        ("cs312xxbit.jp", None),
    ],
    ids=["matches", "case is ignored", "too few digits", "more in front", "more behind", "another name"],
)
def test_rule_for(provider: Plans, host: str, params: str | None) -> None:
    """A host rule answers for whole names, and gives its groups as a row's params."""
    found = provider.rule_for(Domain.parse(host))

    assert params == (found[1] if found else None)
    assert found is None or found[0].plan == "shared-standard"


def test_check(provider: Plans) -> None:
    """A row is held against its plan and its name; a default plan must do without a row."""
    provider.check(Domain("a.example"), "xserver", '{"server":"sv1.xserver.jp"}')
    provider.check_default("server-maintenance")

    with pytest.raises(PlanUnusable, match="a_b"):
        provider.check(Domain("a.example"), "xserver", '{"server":"a_b.example"}')
    with pytest.raises(PlanUnusable, match="'server'"):
        provider.check_default("xserver")
