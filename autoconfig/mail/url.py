"""Check the URLs that documents carry, once, when they are read."""

from __future__ import annotations

from urllib.parse import urlsplit

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import to_host_name


def is_https_url(text: str) -> bool:
    """Whether `text` is an absolute https URL in ASCII with a host name, without user name or white space."""
    return _is_url(text, {"https"})


def is_web_url(text: str) -> bool:
    """The same for http and https, for links that people follow."""
    return _is_url(text, {"http", "https"})


def _is_url(text: str, schemes: set[str]) -> bool:
    if not text.isascii() or any(not 32 < ord(character) < 127 or character in '<>"\\^`{}|' for character in text):
        return False
    try:
        url = urlsplit(text)
        to_host_name(url.hostname or "")
        port = url.port
    except (ValueError, DomainInvalid):
        return False
    return url.scheme in schemes and url.username is None and port != 0
