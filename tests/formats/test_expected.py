"""
Golden documents. After a change that is meant, write them anew and read the difference before it is committed:

    AUTOCONFIG_REWRITE_EXPECTED=1 pytest tests/formats/test_expected.py && git diff tests/formats/expected
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.formats import apple, microsoft, microsoft_json, mozilla, pacc
from autoconfig.formats.microsoft import ErrorCode
from autoconfig.mail.account import Account
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.server import Protocol
from tests.support.demo import DOMAINS

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

EXPECTED = Path(__file__).parent / "expected"
REWRITE = "AUTOCONFIG_REWRITE_EXPECTED" in os.environ
IDENTIFIER = "jp.xbit.autoconfig"
NOW = datetime(2026, 11, 24, 16, 56, 32, 616402, UTC)

Accounts = Callable[..., Account]

FORMS: dict[str, Callable[[Account], bytes]] = {
    "xml": mozilla.document,
    "autodiscover.xml": microsoft.document,
    "imap.mobileconfig": lambda account: apple.document(account, IDENTIFIER, Protocol.IMAP),
    "pop3.mobileconfig": lambda account: apple.document(account, IDENTIFIER, Protocol.POP3),
}

WITHOUT_ADDRESS: dict[str, tuple[str, Callable[[Account], bytes]]] = {
    "old-shop.example.without-address.xml": ("old-shop.example", mozilla.document),
    "sample.co.jp.without-address.autodiscover.xml": ("sample.co.jp", microsoft.document),
}

# The domains whose plans PACC has words for.
PACC = ["sample.co.jp", "yamada-law.example", "recommended.example", "xn--wgv71a119e.example"]

# Of a plan with everything.
SUITE: dict[str, Callable[[Account], bytes]] = {
    "suite.example.autodiscover.xml": microsoft.document,
    "suite.example.mobilesync.autodiscover.xml": microsoft.mobilesync_document,
    "suite.example.pacc.json": pacc.document,
    "suite.example.imap.mobileconfig": lambda account: apple.document(account, IDENTIFIER),
    "suite.example.en.mobileconfig": lambda account: apple.document(account, IDENTIFIER, language="en"),
}

URL = "https://autoconfig.xbit.jp/autodiscover/autodiscover.xml"
V2 = {
    "v2.json": microsoft_json.document("AutodiscoverV1", URL),
    "v2-no-protocol.json": microsoft_json.error_document(microsoft_json.JSONErrorCode.MandatoryParameterMissing),
    "v2-no-such-protocol.json": microsoft_json.error_document(
        microsoft_json.JSONErrorCode.InvalidProtocol, ("AutodiscoverV1", "ActiveSync")
    ),
    "v2-no-such-user.json": microsoft_json.error_document(microsoft_json.JSONErrorCode.UserNotFound),
}

ERRORS = {f"error-{code.value[0]}.autodiscover.xml": code for code in ErrorCode}


def check(name: str, document: bytes) -> None:
    """Compare with the file, or write it."""
    path = EXPECTED / name
    if REWRITE:
        path.write_bytes(document)
    assert path.read_bytes() == document


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_expected(customer: Accounts, domain: str, form: str) -> None:
    """Each example domain is answered with exactly the document that was read and accepted."""
    check(f"{domain}.{form}", FORMS[form](customer(domain)))


@pytest.mark.parametrize("name", WITHOUT_ADDRESS)
def test_expected_without_address(customer: Accounts, name: str) -> None:
    """Who asks without an address gets exactly the document that was read and accepted."""
    domain, document = WITHOUT_ADDRESS[name]

    check(name, document(customer(domain, None)))


@pytest.mark.parametrize("domain", PACC)
def test_expected_pacc(customer: Accounts, domain: str) -> None:
    """Each example domain that PACC has words for has exactly the document that was read and accepted."""
    check(f"{domain}.pacc.json", pacc.document(customer(domain)))


@pytest.mark.parametrize("name", SUITE)
def test_expected_suite(suite: BoundPlan, name: str) -> None:
    """Calendars, contacts, ActiveSync and OAuth2 are in exactly the documents that were read and accepted."""
    address = EmailAddress.parse("taro@suite.example")

    check(name, SUITE[name](suite.account(address.domain, address)))


@pytest.mark.parametrize("name", V2)
def test_expected_v2(name: str) -> None:
    """An answer of Autodiscover v2 is exactly the document that was read and accepted."""
    check(name, V2[name])


@pytest.mark.parametrize("name", ERRORS)
def test_expected_errors(name: str) -> None:
    """An error is exactly the document that was read and accepted."""
    check(name, microsoft.error_document(ERRORS[name], NOW))


@pytest.mark.parametrize("domain", [domain for domain in DOMAINS if domain != "old-shop.example"])
def test_same_without_address(customer: Accounts, domain: str) -> None:
    """Where the user name is the address, Mozilla's document is the same for every mailbox and can be shared."""
    assert mozilla.document(customer(domain)) == mozilla.document(customer(domain, None))


def test_every_file_is_compared() -> None:
    """No golden document is left behind that nothing compares with."""
    named = {f"{domain}.{form}" for domain in DOMAINS for form in FORMS} | set(WITHOUT_ADDRESS) | set(ERRORS)
    named |= {f"{domain}.pacc.json" for domain in PACC} | set(SUITE) | set(V2)

    assert named == {path.name for path in EXPECTED.iterdir()}
