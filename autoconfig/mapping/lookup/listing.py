"""Read the answers of a query for commands that show the mapping."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import operator
from typing import TYPE_CHECKING, NamedTuple, Self

from autoconfig.errors import DomainInvalid, Refused, RowInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import DOMAIN
from autoconfig.mapping.lookup.columns import Columns
from autoconfig.mapping.lookup.connection import ROWS, Statement
from autoconfig.mapping.lookup.finder import NO_ID, check
from autoconfig.mapping.record import Record
from autoconfig.mapping.timeline import NOTHING, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.lookup.columns import PlanAndParams
    from autoconfig.mapping.lookup.database import ForeignDatabase
    from autoconfig.mapping.lookup.finder import Question

BY = "the query"
"""The author of each row: the real one is unknown."""

MAX_FAULTS = 1000
"""At most this many names with unreadable rows are reported."""


class _Row(NamedTuple):
    name: str | None
    columns: Columns
    values: Sequence[object]


class QueryReading:
    """
    Like `store.Reading`, for a query: each name has at most one row, which takes effect at `now`.

    Rows that cannot be read are skipped and collected in `faults`.
    """

    def __init__(self, database: ForeignDatabase, question: Question, now: int) -> None:
        """Does not connect yet. `now` is in Unix seconds."""
        self._database, self._question, self._now = database, question, now
        self._runner = asyncio.Runner()
        self.faults: list[RowInvalid] = []
        self.columns: tuple[str, ...] = ()
        """The params among the columns of the query; known after `check`."""

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self._runner.run(self._database.close())
        self._runner.close()

    def check(self) -> None:
        """
        Ask for a name that cannot exist, to learn the columns of the result.

        Raises:
            MappingUnavailable, SettingsInvalid: as `QueryFinder.start`.
        """
        self.columns = tuple(self._runner.run(check(self._database, self._question)).params)

    def timeline(self, name: str) -> Timeline[Record]:
        """
        The row of one name.

        Raises:
            RowInvalid: its rows contradict each other, or cannot be read.
            MappingUnavailable, SettingsInvalid: as `ForeignDatabase.answer`.
        """
        answer = self._runner.run(self._question.put(self._database, Domain(name)))
        columns = Columns.of(answer.columns, self._question.plans)
        try:
            content = columns.read(answer.rows)
        except RowInvalid as error:
            raise RowInvalid(error.problem, error.column, name) from error
        return Timeline([self._record(name, content)]) if content else NOTHING

    def timelines(self) -> Iterator[tuple[str, Timeline[Record]]]:
        """
        All names in order, each with its row. The rows are streamed.

        Raises:
            Refused: there is no `query_all`.
            MappingUnavailable, SettingsInvalid: as `ForeignDatabase.listing`.
        """
        if self._question.all is None:
            raise Refused("the setting query finds single names only; set query_all, a query that lists all names")
        self.faults.clear()
        for text, group in itertools.groupby(self._rows(), key=operator.attrgetter("name")):
            rows = list(itertools.islice(group, ROWS))
            name = None
            try:
                name = Domain.parse(text or "").name
                content = rows[0].columns.read([row.values for row in rows])
            except DomainInvalid as error:
                self._fault(RowInvalid(f"is not a domain name: {error}", DOMAIN))
            except RowInvalid as error:
                self._fault(RowInvalid(error.problem, error.column, name))
            else:
                if content is not None:  # there is at least one row
                    yield name, Timeline([self._record(name, content)])

    @property
    def can_list(self) -> bool:
        """Whether there is a `query_all`, which `timelines` needs."""
        return self._question.all is not None

    def _rows(self) -> Iterator[_Row]:
        try:
            statement = Statement(self._question.sorted_by(self._domain_column()), {})
            with contextlib.closing(self._database.listing(statement)) as batches:
                for batch in batches:
                    columns = Columns.of(batch.columns, self._question.plans, listing=True)
                    for row in batch.rows:
                        try:
                            yield _Row(columns.name_of(row), columns, row)
                        except RowInvalid as error:
                            self._fault(error)
        except SettingsInvalid as error:
            raise SettingsInvalid(f"query_all: {error}") from error

    def _domain_column(self) -> str:
        """The database's name of the column with the domain."""
        names = self._runner.run(self._database.answer(Statement(self._question.none_of_all, {}))).columns
        domain = Columns.of(names, self._question.plans, listing=True).domain
        return DOMAIN if domain is None else names[domain]

    def _record(self, name: str, content: PlanAndParams) -> Record:
        return Record(NO_ID, name, self._now, content.plan, content.params, None, BY, self._now)

    def _fault(self, error: RowInvalid) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(error)
