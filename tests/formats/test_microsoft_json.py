from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from autoconfig.formats import microsoft_json
from autoconfig.formats.microsoft_json import ACTIVESYNC, AUTODISCOVER, JSONErrorCode
from autoconfig.mail.account import Account
from autoconfig.mail.service import Service, ServiceKind

Accounts = Callable[..., Account]
Services = Callable[..., Service]

URL = "https://autoconfig.provider.example/autodiscover/autodiscover.xml"


@pytest.mark.parametrize(
    ("protocol", "spelled"),
    [
        ("AutodiscoverV1", AUTODISCOVER),
        ("Autodiscoverv1", AUTODISCOVER),
        ("autodiscoverv1", AUTODISCOVER),
        (" AUTODISCOVERV1\t", AUTODISCOVER),
        ("activesync", ACTIVESYNC),
        ("ActiveSync", ACTIVESYNC),
        ("MobileSync", ACTIVESYNC),
        ("EWS", "EWS"),
        ("", ""),
        ("<script>", "<script>"),
    ],
)
def test_canonical(protocol: str, spelled: str) -> None:
    """A protocol is known in any letter case, with spaces around it."""
    assert spelled == microsoft_json.canonical(protocol)


def test_urls(account: Accounts, service: Services) -> None:
    """ActiveSync is offered where the plan has it, under its own URL; Autodiscover's XML always, under ours."""
    activesync = service(ServiceKind.ACTIVESYNC, "https://eas.example.jp/Microsoft-Server-ActiveSync")
    others = [service(kind) for kind in ServiceKind if kind is not ServiceKind.ACTIVESYNC]

    assert microsoft_json.urls(account(services=tuple(others)), URL) == {AUTODISCOVER: URL}
    assert microsoft_json.urls(account(services=(*others, activesync)), URL) == {
        AUTODISCOVER: URL,
        ACTIVESYNC: "https://eas.example.jp/Microsoft-Server-ActiveSync",
    }


def test_document() -> None:
    """An answer has two members, spelled as Microsoft does."""
    assert json.loads(microsoft_json.document(AUTODISCOVER, URL)) == {"Protocol": "AutodiscoverV1", "Url": URL}


@pytest.mark.parametrize("code", JSONErrorCode, ids=lambda code: code.name)
def test_errors(code: JSONErrorCode) -> None:
    """An error has a name and a sentence; only the one for unknown protocols names those that there are."""
    error = json.loads(microsoft_json.error_document(code, (AUTODISCOVER, ACTIVESYNC)))

    assert error["ErrorCode"] == code.name
    assert error.keys() == {"ErrorCode", "ErrorMessage"}
    assert "{" not in error["ErrorMessage"]
    named = "'AutodiscoverV1,ActiveSync'" in error["ErrorMessage"]
    assert named is (code is JSONErrorCode.InvalidProtocol)
    assert code.status == (404 if code is JSONErrorCode.UserNotFound else 400)
