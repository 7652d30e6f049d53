"""The names that lead to the served program, asked through a front with TLS that does everything right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.own_names import ACCOUNTS, HOST, own_names

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mail.account import Account
    from tests.support.web_front import WebFront


@pytest.mark.parametrize("one", ACCOUNTS.values(), ids=ACCOUNTS)
def test_healthy(front: WebFront, ca_file: Path, one: Account) -> None:
    """A healthy domain of each plan gives no finding, and each name is asked as programs ask it."""
    domain = one.domain.name

    assert own_names(one, front, ca_file) == []
    config, pox = "/mail/config-v1.1.xml", "/autodiscover/autodiscover.xml"
    query = f"emailaddress=any%40{domain}"
    expected = {
        ("GET", f"https://autoconfig.{domain}{config}", query),
        ("GET", f"https://autoconfig.{domain}{config}", ""),
        ("GET", f"http://autoconfig.{domain}{config}", ""),
        ("GET", f"https://{domain}/.well-known/autoconfig{config}", query),
        ("POST", f"https://{domain}{pox}", ""),
        ("POST", f"https://autodiscover.{domain}{pox}", ""),
        ("GET", f"http://autodiscover.{domain}{pox}", ""),
        ("POST", f"https://{HOST}{pox}", ""),
    }
    assert expected <= set(front.asked)
