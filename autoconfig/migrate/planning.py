"""Plan a migration: the new plans and rows, and remarks for the operator. Nothing is written."""

from __future__ import annotations

from dataclasses import replace as altered
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DocumentInvalid, PlansInvalid, PlanUnusable
from autoconfig.mail.binding import ANY_DOMAIN, bind
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import encode
from autoconfig.mail.pattern import Pattern
from autoconfig.mapping.progress import StepCounter, silent
from autoconfig.migrate.comparison import differences
from autoconfig.migrate.config_v11 import Imported, Published, read_document, read_published
from autoconfig.migrate.grouping import Member, New, group
from autoconfig.migrate.naming import NEUTRAL, asides_lost, key_for, own_name, with_asides
from autoconfig.migrate.server_set import plan_of, server_set_of, writings
from autoconfig.migrate.source import Remark, RemarkKind, SourceDocument, SourceDomain, printable, some
from autoconfig.plans import read_plans
from autoconfig.plans.writing import plan_as_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.plan import Plan
    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.record import Record
    from autoconfig.migrate.source import MigrationSource
    from autoconfig.plans import Plans

_ANY = Domain(ANY_DOMAIN)
# Every document names its domains; they become rows.
_SAID_OTHERWISE = (", <domain>",)


class Held(NamedTuple):
    """The rows of a name in the mapping."""

    now: Record | None
    later: Record | None
    """The next scheduled row."""


NOTHING_HELD = Held(None, None)


class PlannedRow(NamedTuple):
    """A row to write."""

    name: str
    plan: str
    params: str
    before: Record | None


class Added(NamedTuple):
    """A plan to add."""

    plan: Plan
    text: str
    """The TOML to append to plans.toml."""


class Migration(NamedTuple):
    """The changes to write, and remarks."""

    added: Sequence[Added]
    rows: Sequence[PlannedRow]
    unchanged: Sequence[str]
    """Names that already have the same servers here."""
    remarks: Sequence[Remark]

    @property
    def missed(self) -> int:
        """How many domains will not have the same servers here as at the source."""
        return len({remark.domain for remark in self.remarks if remark.kind.misses})


class _Read(NamedTuple):
    """A document, read word for word and as a plan."""

    published: Published
    imported: Imported
    different: tuple[str, ...]
    """Differences between the two; they apply to every domain with the document."""


def planned(
    source: MigrationSource,
    plans: Plans,
    held: Mapping[str, Held],
    *,
    replace: bool = False,
    accept: bool = False,
    apart: Collection[str] = (),
    on_progress: OnProgress = silent,
) -> Migration:
    """
    Find plans and rows that give every domain of the source the same servers here.

    With `replace`, rows with other servers are replaced; with `accept`, a domain without an exact plan gets the nearest
    one. Plans whose keys are in `apart` are not used. Progress counts three passes over all domains.
    """
    usable = [plan for plan in plans.plans.values() if plan.key not in apart]
    return _Planning(source, plans, held, replace=replace, accept=accept).migration(
        usable, StepCounter(on_progress, "comparing", 3 * len(source.entries))
    )


class _Planning:
    def __init__(
        self, source: MigrationSource, plans: Plans, held: Mapping[str, Held], *, replace: bool, accept: bool
    ) -> None:
        self._source, self._plans, self._held = source, plans, held
        self._replace, self._accept = replace, accept
        self._remarks: list[Remark] = list(source.remarks)
        self._documents: dict[int, _Read | DocumentInvalid] = {}
        self._entries: dict[str, tuple[SourceDomain, _Read]] = {}
        self._unchanged: list[str] = []
        self._bound: dict[tuple[str, str], BoundPlan] = {}

    def migration(self, usable: Sequence[Plan], counter: StepCounter) -> Migration:
        """Plan the migration; of the existing plans, only `usable` ones get domains."""
        members = []
        for entry in self._source.entries:
            if member := self._member(entry):
                members.append(member)
            else:
                counter.add(2)
            counter.add()
        existing, new = group(members, usable, counter)
        rows: list[PlannedRow] = []
        for there in existing:
            rows += self._rows(there.plan, there.members, counter)
        added: list[Added] = []
        taken = set(self._plans.plans)
        for group_ in new:
            made = self._added(group_, taken)
            if made is None:
                counter.add(len(group_.members))
            elif of_plan := self._rows(made.plan, group_.members, counter):
                added.append(made)
                taken.add(made.plan.key)
                rows += of_plan
        return Migration(added, rows, self._unchanged, self._remarks)

    def _member(self, entry: SourceDomain) -> Member | None:
        """The domain with its set of servers; `None` if it needs no row or cannot have one."""
        name = entry.domain.name
        read = self._read(entry)
        if isinstance(read, DocumentInvalid):
            remedy = "put the domain on a plan by hand if it is still needed"
            self._remark(entry, RemarkKind.LEFT_OUT, str(read).replace("\n  ", "; "), remedy)
            return None
        plan = read.imported.plan
        member = Member(name, server_set_of(bind(plan, {})), own_name(plan.name, entry.domain))
        now, later = self._held.get(name, NOTHING_HELD)
        if now is not None and self._is_right(entry, now, read, member):
            self._unchanged.append(name)
            return None
        for loss in read.imported.losses:
            if not loss.place.endswith(_SAID_OTHERWISE):
                self._remark(entry, RemarkKind.NOT_KEPT, loss.problem, loss.remedy, line=loss.place)
        if entry.obstacle:
            self._remarks.append(entry.obstacle)
        for difference in read.different and self._differences(entry, read):
            self._remark(
                entry, RemarkKind.DIFFERS, difference, "read the reason above, or put the domain on a plan by hand"
            )
        if now is not None and not self._replace:
            says = f"is on the plan {now.plan}" if now.plan else "was ended"
            self._remark(entry, RemarkKind.TAKEN, f"{says} by row {now.id}", "--replace overwrites it")
            return None
        if (entry.obstacle or read.different) and not self._accept:
            return None
        if later is not None:
            says = f"put it on the plan {later.plan}" if later.plan else "end it"
            self._remark(
                entry, RemarkKind.NOT_KEPT, f"row {later.id}, which is scheduled, will {says}", "see mapping show"
            )
        self._entries[name] = (entry, read)
        return member

    def _differences(self, entry: SourceDomain, read: _Read) -> list[str]:
        """What would differ for this domain even on a plan of its own."""
        return differences(entry.domain, read.published, bind(read.imported.plan, {})) or list(read.different)

    def _is_right(self, entry: SourceDomain, now: Record, read: _Read, member: Member) -> bool:
        """Whether the row gives the same servers as the source, or all that a plan can have."""
        if now.plan is None:
            return False
        try:
            bound = self._plans.bind(now.plan, now.params)
        except PlanUnusable:
            return False
        if not differences(entry.domain, read.published, bound):
            return True
        return server_set_of(bound) in writings(member.server_set, member.domain)

    def _read(self, entry: SourceDomain) -> _Read | DocumentInvalid:
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
        """Write the plan as TOML, and read it back."""
        defaults = {name: None if text is None else Pattern.parse(text) for name, text in new.params.items()}
        sources = [
            (entry.domain, read.imported.plan) for entry, read in (self._entries[m.domain] for m, _ in new.members)
        ]
        plan = with_asides(plan_of(new.server_set, "new", NEUTRAL, defaults), sources)
        key = key_for(plan, taken)
        text = plan_as_toml(altered(plan, key=key), self._comments(new))
        try:
            return Added(read_plans(text.encode(), "the new plan").get(key), text)
        except PlansInvalid as error:
            problem = "; ".join(str(fault) for fault in error.faults)
            for member, _ in new.members:
                entry, _ = self._entries[member.domain]
                self._remark(entry, RemarkKind.LEFT_OUT, f"no plan can hold its servers: {problem}", "")
            return None

    def _comments(self, new: New) -> list[str]:
        domains = [member.domain for member, _ in new.members]
        places = dict.fromkeys(self._entries[domain][0].document.place for domain in domains)
        count = "1 domain" if len(domains) == 1 else f"{len(domains)} domains"
        return [
            f"Made by `autoconfig mapping migrate-from {self._source.name}` for {count}: {some(domains)}.",
            f"From {some(list(places))}",
        ]

    def _rows(
        self, plan: Plan, members: Sequence[tuple[Member, Mapping[str, str]]], counter: StepCounter
    ) -> list[PlannedRow]:
        """The rows of the domains that keep their servers on the plan, or of all if differences are accepted."""
        rows = []
        for member, given in counter.over(members):
            entry, read = self._entries[member.domain]
            params = encode(given)
            bound = self._bound.get((plan.key, params))
            if bound is None:
                bound = self._bound[plan.key, params] = bind(plan, given)
            try:
                bound.check(entry.domain)
            except PlanUnusable as error:
                self._remark(entry, RemarkKind.LEFT_OUT, error.problem, "put the domain on a plan by hand")
                continue
            found = differences(entry.domain, read.published, bound)
            if found and not read.different:
                for difference in found:
                    self._remark(entry, RemarkKind.DIFFERS, difference, "put the domain on a plan by hand")
            if not found or self._accept:
                self._remarks += asides_lost(entry.domain, read.imported.plan, plan)
                before = self._held.get(member.domain, NOTHING_HELD).now
                rows.append(PlannedRow(member.domain, plan.key, params, before))
        return rows

    def _remark(self, entry: SourceDomain, kind: RemarkKind, problem: str, remedy: str, line: str = "") -> None:
        document = entry.document
        written = line and document.readable is document.served  # else that line is in no file
        place = f"{document.place}, {line}" if written else document.place
        self._remarks.append(Remark(entry.domain.name, kind, printable(problem), remedy, place))


def _read(document: SourceDocument) -> _Read:
    published = read_published(document.served)
    imported = read_document(document.readable, "migrated")
    return _Read(published, imported, tuple(differences(_ANY, published, bind(imported.plan, {}))))
