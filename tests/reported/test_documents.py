"""What documents said that was wrong: the numbers are those of the reports."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.reported.served import Served

SERVER = 'port = {port}, tls = "ssl", login = ["password-cleartext"], username = "{user}"'
DAV = 'login = ["password-cleartext"], username = "{address}"'


def _plan(key: str, *more: str, user: str = "{address}") -> str:
    mail = [
        f'{{ protocol = "{protocol}", host = "mail.{{domain}}", '
        + SERVER.replace("{port}", str(port)).replace("{user}", user)
        + " }"
        for protocol, port in (("imap", 993), ("pop3", 995), ("smtp", 465))
    ]
    return f'[plans.{key}]\nname = "{key}"\nservers = [\n  ' + ",\n  ".join([*mail, *more]) + ",\n]\n"


PLANS = "\n".join(
    [
        _plan("standard"),
        _plan("lower", user="{address_lower}"),
        _plan("local-lower", user="{local_lower}"),
        _plan("dotted", user="{local}.{domain}"),
        _plan(
            "dav",
            '{ protocol = "caldav", principal = true, url = "https://dav.{domain}/{address}/{local}/", ' + DAV + " }",
            f'{{ protocol = "carddav", url = "https://dav.{{domain}}/contacts/", {DAV} }}',
            f'{{ protocol = "jmap", url = "https://dav.{{domain}}/jmap/{{address_lower}}", {DAV} }}',
        ),
    ]
)
ROWS = """\
name,plan
customer.example,standard
lower.example,lower
local.example,local-lower
dav.example,dav
dotted.example,dotted
"""
SETTINGS = {"provider_name": "Example Hosting", "rate_limit": 1000, "rate_burst": 1000}


def profile(served: Served, query: str) -> dict[str, Any]:
    """The profile that somebody gets."""
    answer = served.get(f"https://autoconfig.provider.example/email.mobileconfig?email={query}")
    assert answer.status == 200, answer.body
    return dict(plistlib.loads(answer.body))


def user_names(document: bytes) -> set[str]:
    """The user names in a Mozilla document."""
    return {element.text or "" for element in ET.fromstring(document).iter("username")}


def test_6_one_identity(served: Served) -> None:
    """`Info@` and `info@` are one mailbox: the second profile replaces the first; the login is what was typed."""
    typed, lower = profile(served, "Info@customer.example"), profile(served, "info@customer.example")
    (there,), (here,) = typed["PayloadContent"], lower["PayloadContent"]

    assert [typed[key] for key in ("PayloadIdentifier", "PayloadUUID")] == [
        lower[key] for key in ("PayloadIdentifier", "PayloadUUID")
    ]
    assert (there["PayloadIdentifier"], there["PayloadUUID"]) == (here["PayloadIdentifier"], here["PayloadUUID"])
    assert (there["EmailAddress"], there["IncomingMailServerUsername"]) == ("Info@customer.example",) * 2


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("lower.example", "info@lower.example"), ("local.example", "info")],
    ids=["address", "local"],
)
def test_6_lower_case_where_the_plan_says_so(served: Served, domain: str, expected: str) -> None:
    """A plan may have user names in lower case, in every document of an address."""
    (mail,) = profile(served, f"Info@{domain}")["PayloadContent"]
    document = served.get(f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress=Info@{domain}")

    assert mail["IncomingMailServerUsername"] == mail["OutgoingMailServerUsername"] == expected
    assert (user_names(document.body), document.headers["cache-control"]) == ({expected}, "private, no-store")


@pytest.mark.parametrize("host", ["autoconfig.dav.example", "AUTOCONFIG.dav.example"], ids=["at once", "endpoint"])
@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("taro", "taro%40dav.example/taro"),
        ("Ta.ro", "Ta.ro%40dav.example/Ta.ro"),
        ("a%2Fb%3Fc", "a%2Fb%3Fc%40dav.example/a%2Fb%3Fc"),
        ("%E5%A4%AA%E9%83%8E", "%E5%A4%AA%E9%83%8E%40dav.example/%E5%A4%AA%E9%83%8E"),
    ],
    ids=["plain", "upper case", "slash", "Japanese"],
)
def test_7_calendar_of_one_mailbox(served: Served, host: str, typed: str, path: str) -> None:
    """A calendar's URL has the mailbox as segments of its path, and nobody may keep the answer for another one."""
    answer = served.get(f"https://{host}/mail/config-v1.1.xml?emailaddress={typed}%40dav.example")

    assert f"<url>https://dav.dav.example/{path}/</url>" in answer.body.decode()
    assert answer.headers["cache-control"] == "private, no-store"


def test_7_no_mailbox_no_calendar(served: Served) -> None:
    """Who asks without an address is told what holds for all mailboxes, and that may be kept."""
    answer = served.get("https://autoconfig.dav.example/mail/config-v1.1.xml")
    dots = served.get("https://autoconfig.dav.example/mail/config-v1.1.xml?emailaddress=..@dav.example")

    for body in (answer.body, dots.body):
        assert b"<calendar" not in body
        assert b"https://dav.dav.example/contacts/" in body
    assert answer.headers["cache-control"].startswith("public")


def test_7_principal(served: Served) -> None:
    """Only what the plan calls a principal is one for Apple's devices."""
    _, calendar, contacts = profile(served, "taro@dav.example")["PayloadContent"]

    assert calendar["CalDAVPrincipalURL"] == "https://dav.dav.example/taro%40dav.example/taro/"
    assert (contacts["CardDAVHostName"], "CardDAVPrincipalURL" in contacts) == ("dav.dav.example", False)


def test_7_mail_alone(served: Served) -> None:
    """`services=mail` gives the same profile without calendars and contacts; other words are refused."""
    whole, mail = profile(served, "taro@dav.example"), profile(served, "taro@dav.example&services=mail")

    assert [content["PayloadType"] for content in mail["PayloadContent"]] == ["com.apple.mail.managed"]
    assert mail["PayloadIdentifier"] == whole["PayloadIdentifier"]
    refused = served.get("https://autoconfig.dav.example/email.mobileconfig?email=taro@dav.example&services=all")
    assert (refused.status, b"services" in refused.body) == (400, True)


def test_8_nothing_is_taken_away(served: Served) -> None:
    """What a person may choose in an account made by hand stays theirs to choose."""
    (mail,) = profile(served, "taro@customer.example")["PayloadContent"]

    assert {key: value for key, value in mail.items() if key.startswith("SMIME") or key == "allowMailDrop"} == {
        "SMIMESigningUserOverrideable": True,
        "SMIMESigningCertificateUUIDUserOverrideable": True,
        "SMIMEEncryptByDefault": False,
        "SMIMEEncryptByDefaultUserOverrideable": True,
        "SMIMEEncryptionCertificateUUIDUserOverrideable": True,
        "SMIMEEnableEncryptionPerMessageSwitch": True,
        "allowMailDrop": True,
    }


def test_8_sender_and_provider(served: Served) -> None:
    """The sender has the name that was given, and the profile is the provider's."""
    named = profile(served, "taro@customer.example&name=%E5%B1%B1%E7%94%B0%20Taro")
    unnamed = profile(served, "taro@customer.example&name=")

    assert named["PayloadContent"][0]["EmailAccountName"] == "山田 Taro"
    assert "EmailAccountName" not in unnamed["PayloadContent"][0]
    assert named["PayloadOrganization"] == unnamed["PayloadOrganization"] == "Example Hosting"


@pytest.mark.parametrize("query", ["", "&emailmd5=x"], ids=["alone", "with the digest"])
def test_13_nobodys_address(served: Served, query: str) -> None:
    """Evolution 3.46 sends one local part for everybody; it gets placeholders, which no proxy keeps for others."""
    url = "https://autoconfig.dotted.example/mail/config-v1.1.xml"
    anybody = served.get(f"{url}?emailaddress=EVOLUTIONUSER%40dotted.example{query}")
    taro = served.get(f"{url}?emailaddress=taro%40dotted.example{query}")

    assert served.get(url).body == anybody.body
    assert (user_names(anybody.body), user_names(taro.body)) == (
        {"%EMAILLOCALPART%.dotted.example"},
        {"taro.dotted.example"},
    )
    assert anybody.headers["cache-control"] == taro.headers["cache-control"] == "private, no-store"
