"""Domains of other well-known mail services, and misspellings of these and of the provider's own domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from autoconfig.settings import Settings


@dataclass(frozen=True, slots=True)
class MailService:
    """A mail service, with its page on setting up mail programs."""

    name: str
    help_url: str
    domains: tuple[str, ...]


SERVICES = (
    MailService("Gmail", "https://support.google.com/mail/", ("gmail.com", "googlemail.com")),
    MailService(
        "Yahoo!メール",
        "https://support.yahoo-net.jp/PccMail/s/",
        ("yahoo.co.jp", "ymail.ne.jp", "ybb.ne.jp"),
    ),
    MailService("ドコモメール", "https://www.docomo.ne.jp/service/docomo_mail/", ("docomo.ne.jp",)),
    MailService("au メール", "https://www.au.com/mobile/service/email/", ("ezweb.ne.jp", "au.com")),
    MailService(
        "SoftBank メール",
        "https://www.softbank.jp/mobile/service/mail/",
        ("softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp"),
    ),
    MailService("iCloud", "https://support.apple.com/102525", ("icloud.com", "me.com", "mac.com")),
    MailService(
        "Outlook.com",
        "https://support.microsoft.com/outlook",
        ("outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.jp", "live.com", "msn.com"),
    ),
)

_BY_DOMAIN = {domain: service for service in SERVICES for domain in service.domains}
# Shorter names, such as `me.com`, are one letter away from too many others.
_SHORTEST = 8


def service_of(domain: str) -> MailService | None:
    """The well-known service that has this domain."""
    return _BY_DOMAIN.get(domain)


def near_miss(domain: str, settings: Settings) -> str | None:
    """
    The domain of a well-known service or of the provider that `domain` probably means: it is one typing error away
    (`gmial.com`), or has another ending (`gmail.co.jp`).
    """
    known = [name for name in _BY_DOMAIN if len(name) >= _SHORTEST]
    slipped = (name for name in [*own_domains(settings), *known] if one_slip(domain, name))
    ended_otherwise = (name for name in known if _first_label(name) == _first_label(domain))
    return next(slipped, None) or next(ended_otherwise, None)


def own_domains(settings: Settings) -> list[str]:
    """The provider's domains: hosts in the settings without their first label."""
    hosts = (urlsplit(url).hostname or "" for url in (settings.public_url, settings.support_url) if url)
    return list(dict.fromkeys(host.partition(".")[2] for host in hosts if host.count(".") > 1))


def one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, extra, wrong, or swapped with the next one."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    here, there = typed[start:], meant[start:]
    return (
        here[1:] == there[1:]
        or here[1:] == there
        or here == there[1:]
        or (here[:2] == there[1::-1] and here[2:] == there[2:])
    )


def _first_label(domain: str) -> str:
    return domain.partition(".")[0]
