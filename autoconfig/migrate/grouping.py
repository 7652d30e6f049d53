"""
Group sets of servers into as few plans as possible, so that every domain keeps exactly its servers.

In this order:

1. An existing plan with exactly this set of servers, with params if needed.
2. One new plan for each set of servers. If a host, a user name or a URL contains the domain, the set can be written
   with `{domain}` or without; the form that most domains can share wins.
3. Three or more new plans that differ only in hosts, and not in their names, become one plan with a param for each host
   that differs. A value that at least half of the domains have becomes the default.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from autoconfig.migrate.server_set import Frame, ServerSet, params_for, template_of, writings

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from autoconfig.mail.plan import Plan
    from autoconfig.mapping.progress import StepCounter

SEVERAL = 3
"""From this many on, plans that differ only in hosts become one with params."""

_Choice = TypeVar("_Choice", bound="Hashable")


class Member(NamedTuple):
    """A domain that needs a plan."""

    domain: str
    server_set: ServerSet
    name: str
    """The name that people see; empty if it contains the domain."""


class Existing(NamedTuple):
    """Domains for an existing plan."""

    plan: Plan
    members: Sequence[tuple[Member, Mapping[str, str]]]
    """With the params that each needs."""


class New(NamedTuple):
    """Domains for a new plan."""

    server_set: ServerSet
    """Its hosts have slots for `params`."""
    params: Mapping[str, str | None]
    """The default of each param; `None` if every row must give it."""
    members: Sequence[tuple[Member, Mapping[str, str]]]
    """With the params that each needs."""


def group(
    members: Sequence[Member], plans: Iterable[Plan], counter: StepCounter | None = None
) -> tuple[list[Existing], list[New]]:
    """Find a plan for each member, the largest groups first. `counter` counts each member once."""
    of_all = counter.over(members) if counter else members
    written: list[list[ServerSet]] = [writings(member.server_set, member.domain) for member in of_all]
    existing, left = _existing(members, written, plans)
    chosen: dict[ServerSet, list[Member]] = defaultdict(list)
    for index, server_set in zip(left, cover([written[index] for index in left]), strict=True):
        chosen[server_set].append(members[index])
    return existing, sorted(_merged(chosen), key=lambda new: -len(new.members))


def cover(options: Sequence[Sequence[_Choice]]) -> list[_Choice]:
    """
    Choose one option for each item, with few different ones in total: always the one that most items can share.

    Among equals, the one that an item names earlier wins, then the one that is seen first.
    """
    can: dict[_Choice, list[int]] = defaultdict(list)
    rank: dict[_Choice, tuple[int, int]] = {}
    for item, choices in enumerate(options):
        for place, choice in enumerate(choices):
            can[choice].append(item)
            rank[choice] = min(rank.get(choice, (place, len(rank))), (place, len(rank)))
    count = {choice: len(items) for choice, items in can.items()}
    heap = [(-count[choice], rank[choice], number) for number, choice in enumerate(can)]
    heapq.heapify(heap)
    by_number = list(can)
    found: dict[int, _Choice] = {}
    while heap:
        size, order, number = heapq.heappop(heap)
        choice = by_number[number]
        if count[choice] == 0:
            continue
        if -size != count[choice]:  # others were chosen meanwhile
            heapq.heappush(heap, (-count[choice], order, number))
            continue
        for item in can[choice]:
            if item not in found:
                found[item] = choice
                for other in options[item]:
                    count[other] -= 1
    return [found[item] for item in range(len(options))]


def _existing(
    members: Sequence[Member], written: Sequence[Sequence[ServerSet]], plans: Iterable[Plan]
) -> tuple[list[Existing], list[int]]:
    """Match members with existing plans; return also the indices of members that match none."""
    by_frame: dict[Frame, list[Plan]] = defaultdict(list)
    for plan in plans:
        by_frame[template_of(plan).frame].append(plan)
    known: dict[tuple[str, ServerSet], dict[str, str] | None] = {}
    options: list[list[str]] = []
    served: list[dict[str, Mapping[str, str]]] = []
    for server_sets in written:
        params: dict[str, Mapping[str, str]] = {}
        for server_set in server_sets:
            for plan in by_frame.get(server_set.frame, ()):
                key = (plan.key, server_set)
                if key not in known:
                    known[key] = params_for(plan, server_set)
                if (given := known[key]) is not None:
                    params.setdefault(plan.key, given)
        served.append(params)
        fewest = min(map(bool, params.values()), default=False)  # prefer a plan that needs no params
        options.append([key for key, given in params.items() if bool(given) is fewest])
    fit = [index for index, keys in enumerate(options) if keys]
    found: dict[str, list[tuple[Member, Mapping[str, str]]]] = defaultdict(list)
    for index, chosen in zip(fit, cover([options[index] for index in fit]), strict=True):
        found[chosen].append((members[index], served[index][chosen]))
    by_key = {plan.key: plan for of_frame in by_frame.values() for plan in of_frame}
    left = [index for index, keys in enumerate(options) if not keys]
    return [Existing(by_key[key], domains) for key, domains in found.items()], left


def _merged(chosen: Mapping[ServerSet, Sequence[Member]]) -> Iterable[New]:
    """Merge plans that differ only in hosts into one with params, if there are enough."""
    alike: dict[object, list[ServerSet]] = defaultdict(list)
    for server_set, members in chosen.items():
        name = _name(members)
        same = tuple(map(server_set.hosts.index, server_set.hosts))  # which servers share a host
        blank = server_set.with_hosts(("",) * len(server_set.hosts))
        alike[blank, same, name].append(server_set)
    for server_sets in alike.values():
        if len(server_sets) < SEVERAL:
            for server_set in server_sets:
                yield New(server_set, {}, [(member, {}) for member in chosen[server_set]])
        else:
            yield _with_params(server_sets, chosen)


def _with_params(server_sets: Sequence[ServerSet], chosen: Mapping[ServerSet, Sequence[Member]]) -> New:
    hosts = list(zip(*(server_set.hosts for server_set in server_sets), strict=True))
    first = server_sets[0]
    names: dict[int, str] = {}  # the first place of a host → its param
    for place, varying in enumerate(hosts):
        if first.hosts.index(first.hosts[place]) == place and len(set(varying)) > 1:
            names[place] = _param(first, place, names.values())
    if len(names) == 1:
        names = dict.fromkeys(names, "host")
    total = sum(len(chosen[server_set]) for server_set in server_sets)
    defaults: dict[str, str | None] = {}
    for place, name in names.items():
        value, count = Counter(
            server_set.hosts[place] for server_set in server_sets for _ in chosen[server_set]
        ).most_common(1)[0]
        defaults[name] = value if 2 * count >= total else None
    slots = [f"{{{names[source]}}}" if (source := first.hosts.index(host)) in names else host for host in first.hosts]
    members = [
        (
            member,
            {
                name: server_set.hosts[place]
                for place, name in names.items()
                if server_set.hosts[place] != defaults[name]
            },
        )
        for server_set in server_sets
        for member in chosen[server_set]
    ]
    return New(first.with_hosts(slots), defaults, members)


def _param(server_set: ServerSet, place: int, taken: Iterable[str]) -> str:
    """`imap_host`, or `imap_host_2` for the second one."""
    name = f"{server_set.frame.servers[place][0].value}_host"
    number = sum(other.startswith(name) for other in taken)
    return f"{name}_{number + 1}" if number else name


def _name(members: Sequence[Member]) -> str:
    """The most common name."""
    return Counter(member.name for member in members).most_common(1)[0][0]
