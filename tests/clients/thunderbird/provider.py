"""The provider's table, from its public page and its notices to customers, written out for one mailbox a domain."""

from __future__ import annotations

from tests.clients.thunderbird.detection import Server

NORMAL, ENCRYPTED = "password-cleartext", "password-encrypted"
SSL, STARTTLS, PLAIN = "SSL", "STARTTLS", "plain"

JAPANESE = "xn--wgv71a119e.example"
"""日本語.example as mail programs write it."""

PROVIDER: dict[str, tuple[Server, Server, Server]] = {
    # server-maintenance
    "sample.co.jp": (
        Server("imap", "sample.co.jp", 993, SSL, ENCRYPTED, "info@sample.co.jp"),
        Server("pop3", "sample.co.jp", 995, SSL, ENCRYPTED, "info@sample.co.jp"),
        Server("smtp", "sample.co.jp", 465, SSL, ENCRYPTED, "info@sample.co.jp"),
    ),
    # shared-standard
    "hanako-flowers.example": (
        Server("imap", "cs312.xbit.jp", 993, SSL, NORMAL, "info@hanako-flowers.example"),
        Server("pop3", "cs312.xbit.jp", 995, SSL, NORMAL, "info@hanako-flowers.example"),
        Server("smtp", "cs312.xbit.jp", 587, STARTTLS, NORMAL, "info@hanako-flowers.example"),
    ),
    # shared-managed
    "yamada-law.example": (
        Server("imap", "pop.yamada-law.example", 993, SSL, ENCRYPTED, "info@yamada-law.example"),
        Server("pop3", "pop.yamada-law.example", 995, SSL, ENCRYPTED, "info@yamada-law.example"),
        Server("smtp", "smap.yamada-law.example", 465, SSL, ENCRYPTED, "info@yamada-law.example"),
    ),
    # server-setup, whose row names both hosts
    "vps-customer.example": (
        Server("imap", "mail.vps-customer.example", 993, SSL, ENCRYPTED, "info@vps-customer.example"),
        Server("pop3", "mail.vps-customer.example", 995, SSL, ENCRYPTED, "info@vps-customer.example"),
        Server("smtp", "smtpd.vps-customer.example", 465, SSL, ENCRYPTED, "info@vps-customer.example"),
    ),
    # server-maintenance, on another domain's server
    "second-brand.example": (
        Server("imap", "vps-customer.example", 993, SSL, ENCRYPTED, "info@second-brand.example"),
        Server("pop3", "vps-customer.example", 995, SSL, ENCRYPTED, "info@second-brand.example"),
        Server("smtp", "vps-customer.example", 465, SSL, ENCRYPTED, "info@second-brand.example"),
    ),
    # legacy-os, whose row names another form of user name
    "old-shop.example": (
        Server("imap", "old-shop.example", 143, PLAIN, ENCRYPTED, "info.old-shop.example"),
        Server("pop3", "old-shop.example", 110, PLAIN, ENCRYPTED, "info.old-shop.example"),
        Server("smtp", "old-shop.example", 587, STARTTLS, ENCRYPTED, "info.old-shop.example"),
    ),
    # xserver
    "recommended.example": (
        Server("imap", "sv1234.xserver.jp", 993, SSL, NORMAL, "info@recommended.example"),
        Server("pop3", "sv1234.xserver.jp", 995, SSL, NORMAL, "info@recommended.example"),
        Server("smtp", "sv1234.xserver.jp", 465, SSL, NORMAL, "info@recommended.example"),
    ),
    # shared-managed
    JAPANESE: (
        Server("imap", "pop.xn--wgv71a119e.example", 993, SSL, ENCRYPTED, "info@xn--wgv71a119e.example"),
        Server("pop3", "pop.xn--wgv71a119e.example", 995, SSL, ENCRYPTED, "info@xn--wgv71a119e.example"),
        Server("smtp", "smap.xn--wgv71a119e.example", 465, SSL, ENCRYPTED, "info@xn--wgv71a119e.example"),
    ),
}


def web_names(domain: str) -> tuple[str, ...]:
    """The names under which a customer's domain is asked for its configuration."""
    return f"autoconfig.{domain}", f"autodiscover.{domain}", domain
