"""Letters to customers of the demo, made in this process."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from autoconfig.mail.address import EmailAddress
from autoconfig.plans import read_plans
from autoconfig.resolver import FixedPlans, Policy, Resolver
from autoconfig.resources import templates
from autoconfig.settings import PageLanguage, Settings
from autoconfig.web.pages.letter.letter import letter
from tests.support.demo import demo_rows

if TYPE_CHECKING:
    from autoconfig.mail.domain import Domain
    from autoconfig.plans import Plans
    from autoconfig.resolver import Resolution
    from autoconfig.web.pages.letter.letter import Letter
    from autoconfig.web.pages.programs import Program

PLANS = read_plans((templates() / "demo" / "plans.toml").read_bytes())
SETTINGS = Settings.model_validate(
    {
        "public_url": "https://autoconfig.xbit.jp",
        "provider_name": {"ja": "エックスビット", "en": "xbit.jp mail support"},
        "support_url": "https://www.xbit.jp/support",
        "support_phone": "03-1234-5678",
        "password_reset_url": "https://www.xbit.jp/password",
    }
)


def resolution_of(
    domain: Domain, settings: Settings = SETTINGS, asked: Domain | None = None, plans: Plans = PLANS
) -> Resolution:
    """What answers for a domain of the demo."""
    resolver = Resolver(demo_rows(), FixedPlans(plans), Policy.of(settings))
    return asyncio.run(resolver.resolve(domain, asked or domain, time.time()))


def letter_for(
    address: str,
    program: Program | None = None,
    language: PageLanguage | None = PageLanguage.JA,
    settings: Settings = SETTINGS,
) -> Letter:
    """The letter to an address of the demo."""
    mailbox = EmailAddress.parse(address)
    return letter(settings, resolution_of(mailbox.domain, settings), mailbox, program, language)
