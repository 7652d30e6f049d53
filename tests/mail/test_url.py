from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mail.url import is_https_url, is_web_url

HTTPS = {
    "host": "https://example.jp",
    "path and query": "https://example.jp/a/b?c=d&e=%20#f",
    "port": "https://example.jp:8443/",
    "upper case": "HTTPS://EXAMPLE.JP/",
    "A-label": "https://xn--wgv71a119e.example/",
}
NONE_AT_ALL = {
    "empty": "",
    "no scheme": "example.jp/a",
    "no host": "https://",
    "path only": "https:///a",
    "script": "javascript:alert(1)",
    "file": "file:///etc/passwd",
    "ftp": "ftp://example.jp/",
    "user name": "https://user@example.jp/",
    "empty user name": "https://@example.jp/",
    "space": "https://example.jp/a b",
    "newline": "https://example.jp/\n",
    "tab": "https://exam\tple.jp/",
    "NUL": "https://example.jp/\0",
    "DEL": "https://example.jp/\x7f",
    "quote": 'https://example.jp/"',
    "angle bracket": "https://example.jp/<script>",
    "brace": "https://{domain}/",
    "backslash": "https://example.jp\\@evil.example/",
    "U-label": "https://日本語.example/",
    "underscore in the host": "https://a_b.example/",
    "port 0": "https://example.jp:0/",
    "port over 65535": "https://example.jp:65536/",
    "port in letters": "https://example.jp:http/",
    "brackets": "https://[::1/",
    "IPv6 address": "https://[::1]/",
}


@pytest.mark.parametrize("text", HTTPS.values(), ids=HTTPS.keys())
def test_https_url(text: str) -> None:
    """An absolute https URL in ASCII may stand in documents and in links."""
    assert is_https_url(text)
    assert is_web_url(text)


def test_http_url() -> None:
    """A link may be plain http; what programs follow may not."""
    assert is_web_url("http://example.jp/help")
    assert not is_https_url("http://example.jp/help")


@pytest.mark.parametrize("text", NONE_AT_ALL.values(), ids=NONE_AT_ALL.keys())
def test_no_url(text: str) -> None:
    """Nothing that programs read apart, and nothing that could leave an attribute, counts as a URL."""
    assert not is_https_url(text)
    assert not is_web_url(text)


@given(st.text() | st.text("htps:/[]@.%#?{}a0 \n", min_size=1).map("https://{}".format))
def test_any_text(text: str) -> None:
    """Any text is judged without an exception, and what is an https URL is also a link."""
    assert is_web_url(text) or not is_https_url(text)
