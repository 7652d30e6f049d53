"""From a source to new plans and rows, nothing of which is written yet; and what the operator has to know of each."""

from __future__ import annotations

from dataclasses import replace as altered
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DocumentInvalid, PlansInvalid, PlanUnusable
from autoconfig.formats.mozilla_import import Imported, Published, read_document, read_published
from autoconfig.mail.bound import ANY_DOMAIN
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import encode
from autoconfig.mail.pattern import Pattern
from autoconfig.migrate.grouping import Member, New, group
from autoconfig.migrate.naming import NEUTRAL, asides_lost, key_for, own_name, with_asides
from autoconfig.migrate.shape import plan_of, shape_of, writings
from autoconfig.migrate.source import Document, Entry, Kind, Remark, printable
from autoconfig.migrate.verifying import differences
from autoconfig.plans import read_plans
from autoconfig.plans.writing import plan_as_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mail.plan import Plan
    from autoconfig.mapping.schema import Record
    from autoconfig.migrate.source import Source
    from autoconfig.plans import Plans

_NAMED = 3  # domains and files in the comment of a plan
_ANY = Domain(ANY_DOMAIN)
# Every document names its domains; they are what becomes rows.
_SAID_OTHERWISE = (", <domain>",)


class Held(NamedTuple):
    """What the mapping says of a name."""

    now: Record | None
    later: Record | None
    """The next row that is scheduled."""


NOTHING_HELD = Held(None, None)


class Row(NamedTuple):
    """A row to be written."""

    name: str
    plan: str
    params: str
    before: Record | None


class Added(NamedTuple):
    """A plan to be added."""

    plan: Plan
    text: str
    """As it is appended to plans.toml."""


class Migration(NamedTuple):
    """What is to be done, and what cannot be."""

    added: Sequence[Added]
    rows: Sequence[Row]
    unchanged: Sequence[str]
    """Names that are given the same servers here already."""
    remarks: Sequence[Remark]

    @property
    def missed(self) -> int:
        """How many domains are not served here as they are there, after all is written."""
        return len({remark.domain for remark in self.remarks if remark.kind.misses})


class _Read(NamedTuple):
    """A document, read twice: word for word, and as a plan."""

    published: Published
    imported: Imported
    different: tuple[str, ...]
    """What is lost between the two; it is so for every domain that has the document."""


def planned(
    source: Source,
    plans: Plans,
    held: Mapping[str, Held],
    *,
    replace: bool = False,
    accept: bool = False,
    advance: Callable[[int], None] = lambda _domains: None,
) -> Migration:
    """
    Work out which plans and rows give every domain of the source the same servers here.

    With `replace` rows that say something else are replaced, with `accept` domains are put on the plan that comes
    nearest where none gives them the same. `advance` is told three times of each domain.
    """
    return _Planning(source, plans, held, replace=replace, accept=accept).migration(advance)


class _Planning:
    def __init__(self, source: Source, plans: Plans, held: Mapping[str, Held], *, replace: bool, accept: bool) -> None:
        self._source, self._plans, self._held = source, plans, held
        self._replace, self._accept = replace, accept
        self._remarks: list[Remark] = list(source.remarks)
        self._documents: dict[int, _Read | DocumentInvalid] = {}
        self._entries: dict[str, tuple[Entry, _Read]] = {}
        self._unchanged: list[str] = []
        self._bound: dict[tuple[str, str], BoundPlan] = {}

    def migration(self, advance: Callable[[int], None]) -> Migration:
        """All of it."""
        members = []
        for entry in self._source.entries:
            if member := self._member(entry):
                members.append(member)
            else:
                advance(2)
            advance(1)
        existing, new = group(members, self._plans.plans.values(), advance)
        rows: list[Row] = []
        for there in existing:
            rows += self._rows(there.plan, there.members, advance)
        added: list[Added] = []
        taken = set(self._plans.plans)
        for group_ in new:
            made = self._added(group_, taken)
            if made is None:
                advance(len(group_.members))
            elif of_plan := self._rows(made.plan, group_.members, advance):
                added.append(made)
                taken.add(made.plan.key)
                rows += of_plan
        return Migration(added, rows, self._unchanged, self._remarks)

    def _member(self, entry: Entry) -> Member | None:
        """The domain with its set of servers, unless there is nothing to do or nothing that can be done."""
        name = entry.domain.name
        read = self._read(entry)
        if isinstance(read, DocumentInvalid):
            remedy = "put the domain on a plan by hand if it is still needed"
            self._remark(entry, Kind.LEFT_OUT, str(read).replace("\n  ", "; "), remedy)
            return None
        plan = read.imported.plan
        member = Member(name, shape_of(plan.bind({})), own_name(plan.name, entry.domain))
        now, later = self._held.get(name, NOTHING_HELD)
        if now is not None and self._is_right(entry, now, read, member):
            self._unchanged.append(name)
            return None
        for loss in read.imported.losses:
            if not loss.place.endswith(_SAID_OTHERWISE):
                self._remark(entry, Kind.NOT_KEPT, loss.problem, loss.remedy, line=loss.place)
        if entry.obstacle:
            self._remarks.append(entry.obstacle)
        for difference in read.different and self._differences(entry, read):
            self._remark(entry, Kind.DIFFERS, difference, "see why above, or put the domain on a plan by hand")
        if now is not None and not self._replace:
            says = f"is on the plan {now.plan}" if now.plan else "was ended"
            self._remark(entry, Kind.TAKEN, f"{says} by row {now.id}", "--replace overwrites it")
            return None
        if (entry.obstacle or read.different) and not self._accept:
            return None
        if later is not None:
            says = f"put it on the plan {later.plan}" if later.plan else "end it"
            self._remark(entry, Kind.NOT_KEPT, f"row {later.id}, which is scheduled, will {says}", "see mapping show")
        self._entries[name] = (entry, read)
        return member

    def _differences(self, entry: Entry, read: _Read) -> list[str]:
        """What this domain would get otherwise on a plan of its own."""
        return differences(entry.domain, read.published, read.imported.plan.bind({})) or list(read.different)

    def _is_right(self, entry: Entry, now: Record, read: _Read, member: Member) -> bool:
        """Whether the row gives the same servers as the source, or all of them that a plan can hold."""
        if now.plan is None:
            return False
        try:
            bound = self._plans.bind(now.plan, now.params)
        except PlanUnusable:
            return False
        if not differences(entry.domain, read.published, bound):
            return True
        return shape_of(bound) in writings(member.shape, member.domain)

    def _read(self, entry: Entry) -> _Read | DocumentInvalid:
        document = entry.document
        found = self._documents.get(id(document))
        if found is None:
            try:
                found = _read(document)
            except DocumentInvalid as error:
                found = error
            self._documents[id(document)] = found
        return found

    def _added(self, new: New, taken: set[str]) -> Added | None:
        """The plan as plans.toml will have it, read back from there."""
        defaults = {name: None if text is None else Pattern.parse(text) for name, text in new.params.items()}
        sources = [
            (entry.domain, read.imported.plan) for entry, read in (self._entries[m.domain] for m, _ in new.members)
        ]
        plan = with_asides(plan_of(new.shape, "new", NEUTRAL, defaults), sources)
        key = key_for(plan, taken)
        text = plan_as_toml(altered(plan, key=key), self._comments(new))
        try:
            return Added(read_plans(text.encode(), "the new plan").get(key), text)
        except PlansInvalid as error:
            problem = "; ".join(str(fault) for fault in error.faults)
            for member, _ in new.members:
                entry, _ = self._entries[member.domain]
                self._remark(entry, Kind.LEFT_OUT, f"no plan can hold its servers: {problem}", "")
            return None

    def _comments(self, new: New) -> list[str]:
        domains = [member.domain for member, _ in new.members]
        places = dict.fromkeys(self._entries[domain][0].document.place for domain in domains)
        count = "1 domain" if len(domains) == 1 else f"{len(domains)} domains"
        return [
            f"Made by `autoconfig mapping migrate-from {self._source.name}` for {count}: {_some(domains)}.",
            f"From {_some(list(places))}",
        ]

    def _rows(
        self, plan: Plan, members: Sequence[tuple[Member, Mapping[str, str]]], advance: Callable[[int], None]
    ) -> list[Row]:
        """The rows of those domains that are served the same on the plan, or nearly the same if that is accepted."""
        rows = []
        for member, given in members:
            entry, read = self._entries[member.domain]
            params = encode(given)
            bound = self._bound.get((plan.key, params))
            if bound is None:
                bound = self._bound[plan.key, params] = plan.bind(given)
            advance(1)
            try:
                bound.check(entry.domain)
            except PlanUnusable as error:
                self._remark(entry, Kind.LEFT_OUT, error.problem, "put the domain on a plan by hand")
                continue
            found = differences(entry.domain, read.published, bound)
            if found and not read.different:
                for difference in found:
                    self._remark(entry, Kind.DIFFERS, difference, "put the domain on a plan by hand")
            if not found or self._accept:
                self._remarks += asides_lost(entry.domain, read.imported.plan, plan)
                before = self._held.get(member.domain, NOTHING_HELD).now
                rows.append(Row(member.domain, plan.key, params, before))
        return rows

    def _remark(self, entry: Entry, kind: Kind, problem: str, remedy: str, line: str = "") -> None:
        document = entry.document
        written = line and document.readable is document.served  # else nobody can see that line
        place = f"{document.place}, {line}" if written else document.place
        self._remarks.append(Remark(entry.domain.name, kind, printable(problem), remedy, place))


def _read(document: Document) -> _Read:
    published = read_published(document.served)
    imported = read_document(document.readable, "migrated")
    return _Read(published, imported, tuple(differences(_ANY, published, imported.plan.bind({}))))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
