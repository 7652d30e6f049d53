"""What a provider adds to plans.toml works in every format, without a line of code."""

from __future__ import annotations

import plistlib
import re
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import Inexpressible
from autoconfig.formats import apple, microsoft, mozilla
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from autoconfig.mail.account import Account

SEVENTH = """
[plans.groupware]
name = { ja = "グループウェア", en = "Groupware" }
documentation = [
  { url = "https://www.xbit.jp/groupware/", ja = "設定のご案内", en = "How to set it up" },
  { url = "https://www.xbit.jp/q-and-a/", und = "Q & A" },
  { url = "http://status.xbit.jp/" },
]
params = { cell = { required = true }, incoming = "imap.{cell}.xbit.jp", username = "{local}@{cell}" }

[[plans.groupware.servers]]
protocol = "smtp"
host = "smtp.{cell}.xbit.jp"
port = 2525
tls = "starttls"
login = ["OAuth2", "password-cleartext"]
username = "{address}"

[[plans.groupware.servers]]
protocol = "pop3"
host = "{incoming}"
port = 1995
tls = "ssl"
login = ["password-cleartext"]
username = "{username}"

[[plans.groupware.servers]]
protocol = "imap"
host = "{incoming}"
port = 1143
tls = "starttls"
login = ["password-cleartext"]
username = "{username}"

[plans.moved-by-url]
name = "Moved"
params = { to = "new.example" }
redirect_url = "https://autodiscover.{to}/autodiscover/autodiscover.xml"

[plans.moved-to-domain]
name = "Moved"
params = { to = "{domain}" }
redirect_domain = "mail.{to}"
"""

MOZILLA = """<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="cell.example">
    <domain>cell.example</domain>
    <displayName>グループウェア</displayName>
    <incomingServer type="imap">
      <hostname>imap.c7.xbit.jp</hostname>
      <port>1143</port>
      <socketType>STARTTLS</socketType>
      <authentication>password-cleartext</authentication>
      <username>taro@c7</username>
    </incomingServer>
    <incomingServer type="pop3">
      <hostname>imap.c7.xbit.jp</hostname>
      <port>1995</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>taro@c7</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.c7.xbit.jp</hostname>
      <port>2525</port>
      <socketType>STARTTLS</socketType>
      <authentication>OAuth2</authentication>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
    <documentation url="https://www.xbit.jp/groupware/">
      <descr lang="ja">設定のご案内</descr>
      <descr lang="en">How to set it up</descr>
    </documentation>
    <documentation url="https://www.xbit.jp/q-and-a/">
      <descr>Q &amp; A</descr>
    </documentation>
    <documentation url="http://status.xbit.jp/"/>
  </emailProvider>
</clientConfig>
"""

MICROSOFT = """<?xml version="1.0" encoding="UTF-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User>
      <DisplayName>taro@cell.example</DisplayName>
    </User>
    <Account>
      <AccountType>email</AccountType>
      <Action>{action}</Action>
      <{element}>{target}</{element}>
    </Account>
  </Response>
</Autodiscover>
"""


@pytest.fixture
def account(demo_plans: str, request: pytest.FixtureRequest) -> Account:
    """taro@cell.example on the plan, with the params, that the test names."""
    plan, params = request.param
    plans = read_plans((demo_plans.replace("[[host]]", SEVENTH + "[[host]]")).encode())
    domain = Domain("cell.example")
    return plans.bind(plan, params).account(domain, EmailAddress("taro", domain))


groupware = pytest.mark.parametrize("account", [("groupware", '{"cell":"c7"}')], indirect=True, ids=["groupware"])
moved_by_url = pytest.mark.parametrize("account", [("moved-by-url", "{}")], indirect=True, ids=["by URL"])
moved_to_domain = pytest.mark.parametrize("account", [("moved-to-domain", "{}")], indirect=True, ids=["to domain"])
moved = pytest.mark.parametrize(
    "account",
    [("moved-by-url", "{}"), ("moved-to-domain", '{"to":"new.example"}')],
    indirect=True,
    ids=["URL", "domain"],
)


@groupware
def test_mozilla(account: Account) -> None:
    """A seventh plan is written as the six that ship, IMAP first, with its pages of documentation."""
    assert mozilla.document(account).decode() == MOZILLA


@groupware
def test_microsoft(account: Account) -> None:
    """IMAP comes first though the plan lists it last, and login names that differ are not reused."""
    document = microsoft.document(account).decode()

    assert re.findall("<Type>(.*)</Type>", document) == ["IMAP", "POP3", "SMTP"]
    assert "<LoginName>taro@c7</LoginName>" in document
    assert "<LoginName>taro@cell.example</LoginName>" in document
    assert "<UsePOPAuth>off</UsePOPAuth>" in document


@groupware
def test_apple(account: Account) -> None:
    """IMAP is chosen though the plan lists it last, and the password though the plan prefers OAuth."""
    profile = plistlib.loads(apple.document(account, "jp.xbit.autoconfig", language="en"))
    payload = profile["PayloadContent"][0]

    assert profile["PayloadDisplayName"] == "Groupware taro@cell.example"
    assert (payload["EmailAccountType"], payload["IncomingMailServerPortNumber"]) == ("EmailTypeIMAP", 1143)
    assert (payload["OutgoingMailServerAuthentication"], payload["OutgoingMailServerPortNumber"]) == (
        "EmailAuthPassword",
        2525,
    )
    assert payload["OutgoingPasswordSameAsIncomingPassword"] is False


@moved_by_url
def test_microsoft_moved_by_url(account: Account) -> None:
    """A domain that moved away is sent to the new server's Autodiscover."""
    assert microsoft.document(account).decode() == MICROSOFT.format(
        action="redirectUrl",
        element="RedirectUrl",
        target="https://autodiscover.new.example/autodiscover/autodiscover.xml",
    )


@moved_to_domain
def test_microsoft_moved_to_domain(account: Account) -> None:
    """A domain that moved away is sent to the same mailbox of the other domain."""
    assert microsoft.document(account).decode() == MICROSOFT.format(
        action="redirectAddr", element="RedirectAddr", target="taro@mail.cell.example"
    )


@moved
def test_moved_elsewhere(account: Account) -> None:
    """Mozilla's and Apple's formats cannot say that a domain moved away, so there is no document."""
    with pytest.raises(Inexpressible, match="moved"):
        mozilla.document(account)
    with pytest.raises(Inexpressible, match="moved"):
        apple.document(account, "jp.xbit.autoconfig")
