from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.formats import microsoft, mozilla
from autoconfig.formats.xml_values import differences, is_same, root_name, values
from tests.support.published import account

ACCOUNT = account("shop.example")
CONFIG = mozilla.document(ACCOUNT)
BOM = b"\xef\xbb\xbf"

SAME = {
    "the same": CONFIG,
    "other space": CONFIG.replace(b"\n", b"\r\n\t"),
    "BOM": BOM + CONFIG,
    "comment": CONFIG.replace(b"<domain>", b"<!-- mended --><domain>"),
    "other quotes": CONFIG.replace(b'"', b"'"),
}
OTHER = {
    "a value": CONFIG.replace(b"993", b"143", 1),
    "an attribute": CONFIG.replace(b'"1.1"', b'"1.2"'),
    "an element more": CONFIG.replace(b"</emailProvider>", b"<x/></emailProvider>"),
    "a namespace": CONFIG.replace(b"<clientConfig", b'<clientConfig xmlns="urn:x"'),
    "a DOCTYPE": CONFIG.replace(b"<clientConfig", b"<!DOCTYPE clientConfig><clientConfig", 1),
    "not XML": b"<html><br></html>",
    "nothing": b"",
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_same(body: bytes) -> None:
    """Space between elements, comments and quotation marks make no difference."""
    assert is_same(body, CONFIG)
    assert differences(body, CONFIG) == []


@pytest.mark.parametrize("body", OTHER.values(), ids=OTHER)
def test_other(body: bytes) -> None:
    """Every other value, attribute, element or namespace makes one."""
    assert not is_same(body, CONFIG)


def test_differences() -> None:
    """A difference is named by its section, with both values; one that only one document has is empty in the other."""
    config = CONFIG.replace(b"smtp.shop.example", b"mail.old.example").replace(
        b"<displayName>", b"<x>1</x><displayName>"
    )
    answer = microsoft.document(ACCOUNT)

    assert differences(config, CONFIG) == [
        ("smtp hostname", "mail.old.example", "smtp.shop.example"),
        ("x", "1", ""),
    ]
    assert differences(answer.replace(b"<Port>465", b"<Port>25"), answer) == [("SMTP Port", "25", "465")]
    assert differences(b"<html/>", CONFIG)
    assert differences(b"no XML", CONFIG) == []


@given(st.binary(max_size=200) | st.text("<>/ab &;!-[]\"'", max_size=60).map(str.encode))
@example(b"<a>" * 300)
@example(b"<a b='" + b"x" * 10_000 + b"'/>")
@example(b"<a>&lol;</a>")
def test_any_octets(body: bytes) -> None:
    """Nothing that a stranger sends is an error, and nothing long is kept."""
    assert root_name(body) is None or not is_same(body, CONFIG)
    assert all(len(value) <= 200 for value in values(body).values())
    differences(body, CONFIG)
