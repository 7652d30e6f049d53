from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.check.domain_records import check_records
from autoconfig.dns.asker import DomainAsker
from tests.support.limits import LIMIT
from tests.support.published import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.domain_records import DomainCheck
    from autoconfig.formats.zone import Places
    from autoconfig.mail.account import Account


def checked(
    account: Account,
    servers: Sequence[tuple[str, int]],
    *,
    limit: float = LIMIT,
    given: bool = True,
    port: int = 53,
    places: Places = PLACES,
) -> DomainCheck:
    """The check of an account's domain, by these servers."""

    async def check() -> DomainCheck:
        asker = DomainAsker(account.domain.name, servers, limit, given=given, port=port)
        return await check_records(account, places, asker)

    return asyncio.run(check())


def codes(check: DomainCheck) -> set[str]:
    """The codes of all findings."""
    return {finding.code for finding in check.findings}
