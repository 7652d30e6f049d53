"""The text that `make serve` prints before it serves the demo: what to open and what to try."""

from __future__ import annotations

import sys

EXAMPLES = (
    ("the page for people", "{url}/setup?email=taro@old-shop.example"),
    ("Thunderbird's document", "curl -H 'Host: autoconfig.sample.co.jp' {url}/mail/config-v1.1.xml"),
    ("… of a mailbox", "curl '{url}/mail/config-v1.1.xml?emailaddress=taro@old-shop.example'"),
    ("Outlook's (GET form)", "curl -H 'Host: yamada-law.example' {url}/autodiscover/autodiscover.xml"),
    ("iPhone's profile", "curl '{url}/email.mobileconfig?email=taro@hanako-flowers.example'"),
    ("the support desk", "{url}/desk?address=taro@old-shop.example"),
    ("a letter to a customer", ".venv/bin/autoconfig --config .demo/autoconfig.toml letter taro@old-shop.example"),
    ("why it answers so", ".venv/bin/autoconfig --config .demo/autoconfig.toml show taro@old-shop.example"),
)


def welcome(url: str) -> str:
    """The text, for a server at `url`."""
    width = max(len(what) for what, _ in EXAMPLES)
    lines = (f"  {what:<{width}}  {how.format(url=url)}" for what, how in EXAMPLES)
    return "\n".join([f"Mail autoconfiguration, with the demo's plans and domains, on {url}", "", *lines, ""])


if __name__ == "__main__":
    sys.stdout.write(welcome(sys.argv[1]) + "\n")
