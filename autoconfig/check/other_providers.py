"""Names of other providers' setup servers: a record that leads there belongs to another provider."""

from __future__ import annotations

_DOMAINS = {
    "outlook.com": "Microsoft 365",
    "office365.com": "Microsoft 365",
    "office.com": "Microsoft 365",
    "partner.outlook.cn": "Microsoft 365 (China)",
    "ghs.google.com": "Google",
    "ghs.googlehosted.com": "Google",
    "cpanel.net": "cPanel",
    "plesk.page": "Plesk",
    "secureserver.net": "GoDaddy",
    "1and1.info": "IONOS",
    "ionos.com": "IONOS",
    "ovh.net": "OVHcloud",
    "gandi.net": "Gandi",
    "hostinger.com": "Hostinger",
    "migadu.com": "Migadu",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
    "messagingengine.com": "Fastmail",
    "fastmail.com": "Fastmail",
    "awsapps.com": "Amazon WorkMail",
    "emailsrvr.com": "Rackspace",
    "kasserver.com": "All-Inkl",
    "onamae.com": "お名前.com",
    "sakura.ne.jp": "さくらインターネット",
    "lolipop.jp": "ロリポップ",
    "heteml.jp": "ヘテムル",
    "coreserver.jp": "コアサーバー",
    "xserver.jp": "エックスサーバー",
}


def provider_of(name: str) -> str | None:
    """The other provider that a name belongs to, if it is a known one."""
    labels = name.split(".")
    return next((_DOMAINS[end] for n in range(len(labels)) if (end := ".".join(labels[n:])) in _DOMAINS), None)
