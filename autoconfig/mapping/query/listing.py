"""The mapping for the commands that only look at it, where another program's database is the mapping."""

from __future__ import annotations

import asyncio
import itertools
import operator
from typing import TYPE_CHECKING, NamedTuple, Self

from autoconfig.errors import DomainInvalid, Refused, RowInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping.query.columns import NAME, Columns
from autoconfig.mapping.query.database import ROWS, Statement
from autoconfig.mapping.query.finder import NO_ID, check
from autoconfig.mapping.schema import Record
from autoconfig.mapping.timeline import NOTHING, Timeline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from autoconfig.mapping.query.columns import Saying
    from autoconfig.mapping.query.database import Answer, ForeignDatabase
    from autoconfig.mapping.query.finder import Question

BY = "the query"
"""Who wrote each row, as far as we know."""

MAX_FAULTS = 1000
"""Names whose rows cannot be read, that are reported."""


class _Row(NamedTuple):
    name: str | None
    columns: Columns
    values: Sequence[object]


class QueryReading:
    """
    What `journal.Reading` is for a mapping of ours: each name has one row at the most, which holds since `now`.

    Rows that cannot be read are left out, and are in `faults` afterwards.
    """

    def __init__(self, database: ForeignDatabase, question: Question, now: int) -> None:
        """Nothing is asked yet. `now`: Unix seconds."""
        self._database, self._question, self._now = database, question, now
        self._runner = asyncio.Runner()
        self.faults: list[RowInvalid] = []
        self.columns: tuple[str, ...] = ()
        """The params that the query gives; known after `check`."""

    def __enter__(self) -> Self:
        """Ready to be asked."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give everything back."""
        self._runner.run(self._database.close())
        self._runner.close()

    def check(self) -> None:
        """
        Ask for a name that nobody has, and see what columns there are.

        Raises:
            MappingUnavailable, SettingsInvalid: see `QueryFinder.start`.
        """
        self.columns = tuple(self._runner.run(check(self._database, self._question)).params)

    def timeline(self, name: str) -> Timeline[Record]:
        """
        The row of one name.

        Raises:
            RowInvalid: its rows contradict one another, or cannot be read.
            MappingUnavailable, SettingsInvalid: see `ForeignDatabase.answer`.
        """
        answer = self._runner.run(self._question.put(self._database, Domain(name)))
        columns = Columns.of(answer.columns, self._question.plans)
        try:
            said = columns.read(answer.rows)
        except RowInvalid as error:
            raise RowInvalid(error.problem, error.column, name) from error
        return Timeline([self._record(name, said)]) if said else NOTHING

    def timelines(self) -> Iterator[tuple[str, Timeline[Record]]]:
        """
        All names in order, each with its row; streamed.

        Raises:
            Refused: there is no `query_all`.
            MappingUnavailable, SettingsInvalid: see `ForeignDatabase.listing`.
        """
        if self._question.all is None:
            raise Refused("the mapping is the answer of a query, for one name; name one that lists all: query_all")
        self.faults.clear()
        for text, group in itertools.groupby(self._rows(), key=operator.attrgetter("name")):
            rows = list(itertools.islice(group, ROWS))
            name = None
            try:
                name = Domain.parse(text or "").name
                said = rows[0].columns.read([row.values for row in rows])
            except DomainInvalid as error:
                self._fault(RowInvalid(f"is no domain name: {error}", NAME))
            except RowInvalid as error:
                self._fault(RowInvalid(error.problem, error.column, name))
            else:
                if said is not None:  # there is at least one row
                    yield name, Timeline([self._record(name, said)])

    @property
    def can_list(self) -> bool:
        """Whether `timelines` can be asked: there is a `query_all`."""
        return self._question.all is not None

    def _rows(self) -> Iterator[_Row]:
        batches = self._database.listing(Statement(self._question.all or "", {}))
        try:
            while (batch := self._runner.run(_next(batches))) is not None:
                columns = Columns.of(batch.columns, self._question.plans, listing=True)
                for row in batch.rows:
                    try:
                        yield _Row(columns.name_of(row), columns, row)
                    except RowInvalid as error:
                        self._fault(error)
        except SettingsInvalid as error:
            raise SettingsInvalid(f"query_all: {error}") from error
        finally:
            self._runner.run(batches.aclose())

    def _record(self, name: str, said: Saying) -> Record:
        return Record(NO_ID, name, self._now, said.plan, said.params, None, BY, self._now)

    def _fault(self, error: RowInvalid) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(error)


async def _next(batches: AsyncGenerator[Answer, None]) -> Answer | None:
    return await anext(batches, None)
