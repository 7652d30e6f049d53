"""Ask a zone's own name servers and resolvers, with limits on time and number."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from autoconfig.dns.exchange import NameserverAddress, exchange
from autoconfig.dns.question import LONGEST_CHAIN, Answer, AnswerStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.dns.exchange_pool import ExchangePool

TOTAL = 30.0
"""Seconds of asking after which no more questions are sent; time in which no question is under way does not count."""
AT_ONCE = 32
"""Questions under way at a time."""
MOST_QUESTIONS = 1000
"""Questions in total, far more than a domain has records; each may lead to others."""
MOST_SERVERS = 8
"""Name servers of a zone that are asked."""
MOST_CUTS = 3
"""Delegations in a row that are followed below the domain's zone."""
PORT = 53


class DomainAsker:
    """
    Ask about one domain. Each question is sent once, and its answer is kept.

    The machine's hosts file is not read. With `given`, only the resolvers are asked, in place of the zone's name
    servers too.
    """

    def __init__(
        self,
        domain: str,
        resolvers: Sequence[tuple[str, int]],
        limit: float,
        *,
        given: bool,
        port: int = PORT,
        turns: asyncio.Semaphore | None = None,
        pool: ExchangePool | None = None,
    ) -> None:
        """
        Store the arguments; send nothing yet.

        Args:
            domain: in A-labels.
            resolvers: addresses and ports of resolvers, or of name servers given by the operator.
            limit: seconds that a question may take.
            given: whether the operator gave them.
            port: the port of the zone's name servers.
            turns: one for each question that may be under way, shared with other askers; without it `AT_ONCE`.
            pool: processes that ask; without it this one does.
        """
        self._domain, self._limit, self._given, self._port = domain, limit, given, port
        self._resolvers = [NameserverAddress(*resolver) for resolver in resolvers]
        self._answers: dict[tuple[NameserverAddress, str, str, bool], asyncio.Task[Answer]] = {}
        self._zones: dict[str, asyncio.Task[list[NameserverAddress] | Answer]] = {}
        self._zone: asyncio.Task[list[NameserverAddress] | Answer] | None = None
        self._turns = turns or asyncio.Semaphore(AT_ONCE)
        self._exchange = exchange if pool is None else pool.exchange
        self._left = MOST_QUESTIONS
        self._seconds_left, self._under_way, self._since = TOTAL, 0, 0.0

    async def authorities(self, name: str, kind: str) -> Sequence[Answer]:
        """The answer of each name server of the zone, or one that says why there is none."""
        if self._given:
            return await self._each(tuple(self._resolvers), name, kind, recursive=True)
        if self._zone is None:
            self._zone = asyncio.create_task(self._servers_of_domain())
        found = await self._zone
        for _ in range(MOST_CUTS):
            if isinstance(found, Answer):
                return [found]
            answers = await self._each(found, name, kind, recursive=False)
            cut = next((answer.cut for answer in answers if answer.cut), "")
            if not cut or (below := await self._servers(cut)) == found:
                return answers
            found = below
        return [Answer(AnswerStatus.LAME, server=name)]

    async def follow(self, name: str, kind: str) -> Answer:
        """
        The answer of a resolver. CNAMEs that it does not follow are followed here. If it fails, it is asked for each
        CNAME by itself, because resolvers fail if CNAMEs form a circle.
        """
        chain: list[str] = []
        current = name
        while True:
            answer = await self._resolved(current, kind)
            step = answer.chain
            if answer.status is AnswerStatus.SERVFAIL and not step:
                alias = await self._resolved(current, "CNAME")
                step = alias.data[:1] if alias.status is AnswerStatus.FOUND else ()
            for target in step:
                chain.append(target)
                if target == name or target in chain[:-1]:
                    return Answer(AnswerStatus.LOOP, chain=tuple(chain), server=answer.server)
            if len(chain) > LONGEST_CHAIN:
                return Answer(AnswerStatus.TOO_LONG, chain=tuple(chain[: LONGEST_CHAIN + 1]), server=answer.server)
            if not step or answer.status not in {AnswerStatus.NO_DATA, AnswerStatus.SERVFAIL}:
                return Answer(answer.status, answer.data, tuple(chain), answer.server)
            current = chain[-1]

    async def _servers_of_domain(self) -> list[NameserverAddress] | Answer:
        labels = self._domain.split(".")
        answer = Answer(AnswerStatus.NO_NAME)
        for number in range(len(labels)):
            zone = ".".join(labels[number:])
            answer = await self._resolved(zone, "SOA")
            if answer.status is AnswerStatus.FOUND and not answer.chain:
                return await self._servers(zone)
            if answer.status is not AnswerStatus.NO_DATA and not answer.chain:
                return answer
        return answer

    async def _servers(self, zone: str) -> list[NameserverAddress] | Answer:
        if zone not in self._zones:
            self._zones[zone] = asyncio.create_task(self._look_up_servers(zone))
        return await self._zones[zone]

    async def _look_up_servers(self, zone: str) -> list[NameserverAddress] | Answer:
        answer = await self._resolved(zone, "NS")
        if answer.status is not AnswerStatus.FOUND:
            return Answer(answer.status if answer.status.failed else AnswerStatus.LAME, server=answer.server)
        found = await asyncio.gather(*(self._addresses(name) for name in answer.data[:MOST_SERVERS]))
        return [server for servers in found for server in servers][:MOST_SERVERS]

    async def _addresses(self, name: str) -> list[NameserverAddress]:
        """A name server's addresses: IPv6 only if there is no IPv4, because not every machine that checks has it."""
        for kind in ("A", "AAAA"):
            answer = await self.follow(name, kind)
            if answer.status is AnswerStatus.FOUND:
                return [NameserverAddress(address, self._port, name) for address in answer.data]
        return [NameserverAddress("", self._port, name)]

    async def _resolved(self, name: str, kind: str) -> Answer:
        """The first answer that did not fail, else the first; the resolver that gave it is asked first from then on."""
        failures = []
        for server in tuple(self._resolvers):
            answer = await self._ask(server, name, kind, recursive=True)
            if not answer.status.failed:
                self._resolvers.sort(key=lambda other: other != server)
                return answer
            failures.append(answer)
        return failures[0] if failures else Answer(AnswerStatus.TIMED_OUT, server="no resolver")

    async def _each(
        self, servers: Sequence[NameserverAddress], name: str, kind: str, *, recursive: bool
    ) -> list[Answer]:
        if len(servers) == 1:  # as for most questions of a check with `--nameserver`: no task is needed
            return [await self._ask(servers[0], name, kind, recursive=recursive)]
        return list(await asyncio.gather(*(self._ask(s, name, kind, recursive=recursive) for s in servers)))

    async def _ask(self, server: NameserverAddress, name: str, kind: str, *, recursive: bool) -> Answer:
        if not server.address:
            return Answer(AnswerStatus.LAME, server=f"{server.name} (without an address)")
        key = (server, name, kind, recursive)
        if key not in self._answers:
            self._answers[key] = asyncio.create_task(self._put(server, name, kind, recursive=recursive))
        return await self._answers[key]

    async def _put(self, server: NameserverAddress, name: str, kind: str, *, recursive: bool) -> Answer:
        async with self._turns:
            with self._timed() as left:
                if self._left <= 0 or left <= 0:
                    return Answer(AnswerStatus.TIMED_OUT, server=str(server))
                self._left -= 1
                return await self._exchange(server, name, kind, min(self._limit, left), recursive=recursive)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[float]:
        """Count the time while questions are under way; yield the seconds that are left."""
        now = time.monotonic()
        if not self._under_way:
            self._since = now
        self._under_way += 1
        try:
            yield self._seconds_left - (now - self._since)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._seconds_left -= time.monotonic() - self._since
