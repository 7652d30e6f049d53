from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.question import Answer, AnswerStatus
from autoconfig.dns.shared_asker import SharedAnswers

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = "autoconf.provider.example"


class Recorder:
    """Answers for one domain, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def authorities(self, name: str, kind: str) -> Sequence[Answer]:
        """The answer as the only one."""
        return [await self.follow(name, kind)]

    async def follow(self, name: str, kind: str) -> Answer:
        """Names of the domain lead to the provider, but for one; the provider has no IPv6."""
        self.asked.append((name, kind))
        if "broken" in name:
            return Answer(AnswerStatus.TIMED_OUT)
        chain = () if name == HERE else (HERE,)
        found = ("192.0.2.1",) if kind == "A" else ()
        return Answer(AnswerStatus.FOUND if found else AnswerStatus.NO_DATA, found, chain)


def asked_for(*questions: tuple[str, str]) -> tuple[list[Answer], list[tuple[str, str]]]:
    """The answers to questions of two domains' askers, and what was really asked."""

    async def ask() -> tuple[list[Answer], list[tuple[str, str]]]:
        shared, own = SharedAnswers(), Recorder()
        askers = [shared.asker(domain, own) for domain in ("customer.example", "other.example")]
        return [await asker.follow(*question) for asker in askers for question in questions], own.asked

    return asyncio.run(ask())


def test_once_for_all_domains() -> None:
    """A name outside of both domains is asked once for both, unless that failed; their own names by each."""
    broken = "mail.broken.example"
    _, asked = asked_for((HERE, "A"), ("customer.example", "A"), (broken, "A"))

    assert [asked.count((name, "A")) for name in (HERE, "customer.example", broken)] == [1, 2, 2]


def test_known_alias() -> None:
    """A name whose CNAME leads out of the domain is not asked for the next type; the answer is the same."""
    name = "autoconfig.customer.example"
    (a, aaaa, *_), asked = asked_for((name, "A"), (name, "AAAA"))

    assert (a.data, a.chain) == (("192.0.2.1",), (HERE,))
    assert (aaaa.status, aaaa.data, aaaa.chain) == (AnswerStatus.NO_DATA, (), (HERE,))
    assert asked[:2] == [(name, "A"), (HERE, "AAAA")]


def test_failure_is_asked_again() -> None:
    """A name of which nothing is known yet is asked for each type."""
    name = "broken.customer.example"
    _, asked = asked_for((name, "A"), (name, "AAAA"))

    assert asked[:2] == [(name, "A"), (name, "AAAA")]
