"""What the tests of resolving ask with: the demo's plans, and host rules to plans that need the mail domain."""

from __future__ import annotations

from autoconfig.mail.domain import Domain
from autoconfig.plans import Plans, read_plans
from autoconfig.resources import templates

NOW = 1_000
SHOP = Domain("shop.example")
CELL = Domain("cs312.xbit.jp")

# Beside the demo's rule, which leads to a plan that needs no domain: rules to plans that need it, each in another way.
RULES = r"""
[plans.by-host]
extends = "server-maintenance"

[plans.by-user]
extends = "shared-standard"
params = { server = "mail.xbit.jp", username = "{local}.{domain}" }

[plans.by-address]
extends = "shared-standard"
params = { server = "mail.xbit.jp", username = "{local}" }

[plans.by-redirect]
name = "Moved"
redirect_domain = "new.{domain}"

[plans.by-url]
name = "Moved"
redirect_url = "https://new.example/{domain}"

[[host]]
match = 'by-host\.xbit\.jp'
plan = "by-host"
[[host]]
match = 'by-user\.xbit\.jp'
plan = "by-user"
[[host]]
match = 'by-address\.xbit\.jp'
plan = "by-address"
[[host]]
match = 'by-redirect\.xbit\.jp'
plan = "by-redirect"
[[host]]
match = 'by-url\.xbit\.jp'
plan = "by-url"
[[host]]
match = '(?P<server>.*\.bad\.xbit\.jp)'
plan = "shared-standard"
[[host]]
match = 'cell(?P<server>.*)\.xbit\.jp'
plan = "shared-standard"
"""


def demo_and_rules() -> Plans:
    """The demo's plans, and some more."""
    demo = (templates() / "demo" / "plans.toml").read_text(encoding="utf-8")
    return read_plans((demo + RULES).encode())
